"""Defer what is billed in advance, settle cards nobody will use, carry out what recovery proposed, credit bills, reopen
reconciliations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.guarding import guard
from migrations.kinds import renew_kinds

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _owned() -> tuple[sa.Column, sa.Column, sa.Column]:
    return (
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )


def _money(name: str) -> sa.Column:
    return sa.Column(name, sa.Numeric(precision=14, scale=2), nullable=False)


def upgrade() -> None:
    _defer()
    _settle_cards()
    _carry_out_proposals()
    _credit_bills()
    _reopen_reconciliations()
    renew_kinds()


def downgrade() -> None:
    _keep_reconciliations()
    _uncredit_bills()
    _forget_outcomes()
    op.drop_column("voucher", "settlement_id")
    op.drop_table("card_settlement")
    op.drop_column("billing_policy", "cards_expire_to_income")
    op.drop_column("billing_policy", "deferral_over_months")
    op.drop_table("deferral_move")
    op.drop_table("deferral")
    op.drop_table("revenue_month")


def _defer() -> None:
    op.create_table(
        "deferral",
        sa.Column("invoice_line_id", sa.Uuid(), nullable=False),
        _money("amount"),
        _money("earned"),
        _money("taken"),
        *_owned(),
        sa.CheckConstraint("amount > 0", name=op.f("ck_deferral_amount")),
        sa.CheckConstraint("earned >= 0 AND taken >= 0 AND earned + taken <= amount", name=op.f("ck_deferral_parts")),
        sa.ForeignKeyConstraint(["invoice_line_id"], ["invoice_line.id"], name=op.f("fk_deferral_invoice_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deferral")),
        sa.UniqueConstraint("company_id", "invoice_line_id", name=op.f("uq_deferral_company_id_invoice_line_id")),
    )
    op.create_index(
        "ix_deferral_open", "deferral", ["company_id", "id"], postgresql_where=sa.text("earned + taken < amount")
    )
    op.create_table(
        "deferral_move",
        sa.Column("deferral_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("moved_on", sa.Date(), nullable=False),
        _money("amount"),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        *_owned(),
        sa.CheckConstraint(
            "kind IN ('earned', 'credited', 'written_off', 'voided')", name=op.f("ck_deferral_move_kind")
        ),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_deferral_move_amount")),
        sa.ForeignKeyConstraint(["deferral_id"], ["deferral.id"], name=op.f("fk_deferral_move_deferral_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deferral_move")),
    )
    op.create_index(
        "ix_deferral_move_day", "deferral_move", ["company_id", "moved_on"],
        postgresql_include=["deferral_id", "amount"],
    )  # fmt: skip
    op.create_index(op.f("ix_deferral_move_deferral_id"), "deferral_move", ["deferral_id"])
    op.create_index(op.f("ix_deferral_move_source_id"), "deferral_move", ["source_id"])
    op.create_table(
        "revenue_month",
        sa.Column("month", sa.Date(), nullable=False),
        _money("earned"),
        sa.Column("lines", sa.Integer(), nullable=False),
        *_owned(),
        sa.CheckConstraint("earned >= 0", name=op.f("ck_revenue_month_earned")),
        sa.CheckConstraint("extract(day FROM month) = 1", name=op.f("ck_revenue_month_month")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revenue_month")),
        sa.UniqueConstraint("company_id", "month", name=op.f("uq_revenue_month_company_id_month")),
    )
    op.add_column("billing_policy", sa.Column("deferral_over_months", sa.Integer(), server_default="1", nullable=False))
    op.create_check_constraint(
        op.f("ck_billing_policy_deferral_over_months"), "billing_policy", "deferral_over_months BETWEEN 1 AND 36"
    )
    guard("deferral", audited=(), may_delete=False)
    guard("deferral_move", audited=(), append_only=True)
    guard("revenue_month", audited=(), append_only=True)
    op.execute(
        "CREATE TRIGGER frozen BEFORE UPDATE ON deferral"
        " FOR EACH ROW EXECUTE FUNCTION taar_only_columns('earned', 'taken')"
    )


def _settle_cards() -> None:
    op.create_table(
        "card_settlement",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=False),
        sa.Column("cards", sa.Integer(), nullable=False),
        _money("amount"),
        _money("refunded"),
        sa.Column("settled_by", sa.String(), nullable=False),
        *_owned(),
        sa.CheckConstraint("kind IN ('expired', 'refunded')", name=op.f("ck_card_settlement_kind")),
        sa.CheckConstraint("cards > 0", name=op.f("ck_card_settlement_cards")),
        sa.CheckConstraint("amount > 0 AND refunded BETWEEN 0 AND amount", name=op.f("ck_card_settlement_amount")),
        sa.ForeignKeyConstraint(["batch_id"], ["voucher_batch.id"], name=op.f("fk_card_settlement_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_settlement")),
    )
    op.create_index(op.f("ix_card_settlement_batch_id"), "card_settlement", ["batch_id"])
    op.add_column("voucher", sa.Column("settlement_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_voucher_settlement_id"), "voucher", "card_settlement", ["settlement_id"], ["id"])
    op.add_column(
        "billing_policy", sa.Column("cards_expire_to_income", sa.Boolean(), server_default="true", nullable=False)
    )
    guard("card_settlement", append_only=True)


def _carry_out_proposals() -> None:
    """What was accepted before was carried out by hand, and is not done again."""
    op.add_column("recovery_proposal", sa.Column("origin", sa.String(), server_default="", nullable=False))
    op.add_column("recovery_proposal", sa.Column("outcome", sa.String(), server_default="", nullable=False))
    op.add_column("recovery_proposal", sa.Column("carried_out_at", sa.DateTime(timezone=True), nullable=True))
    _proposal_states("'open', 'accepted', 'refused', 'lapsed'")
    op.execute(
        "UPDATE recovery_proposal SET carried_out_at = decided_at, outcome = 'Left to the office'"
        " WHERE state = 'accepted'"
    )


def _forget_outcomes() -> None:
    op.execute("UPDATE recovery_proposal SET state = 'refused' WHERE state = 'lapsed'")
    _proposal_states("'open', 'accepted', 'refused'")
    for column in ("origin", "outcome", "carried_out_at"):
        op.drop_column("recovery_proposal", column)


def _proposal_states(states: str) -> None:
    op.drop_constraint(op.f("ck_recovery_proposal_state"), "recovery_proposal")
    op.create_check_constraint(op.f("ck_recovery_proposal_state"), "recovery_proposal", f"state IN ({states})")


def _credit_bills() -> None:
    op.create_table(
        "vendor_credit",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("vendor_ref", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("credited_on", sa.Date(), nullable=False),
        _money("net"),
        _money("tax"),
        _money("total"),
        _money("unallocated"),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        *_owned(),
        sa.CheckConstraint("total > 0 AND total = net + tax", name=op.f("ck_vendor_credit_total")),
        sa.CheckConstraint("unallocated BETWEEN 0 AND total", name=op.f("ck_vendor_credit_unallocated")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_vendor_credit_reason")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_vendor_credit_vendor_id")),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_vendor_credit_bill_id")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_vendor_credit_document_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_credit")),
        sa.UniqueConstraint("company_id", "number", name=op.f("uq_vendor_credit_company_id_number")),
        sa.UniqueConstraint("company_id", "idempotency_key", name=op.f("uq_vendor_credit_company_id_idempotency_key")),
    )
    op.create_index(op.f("ix_vendor_credit_vendor_id"), "vendor_credit", ["vendor_id"])
    op.create_index(op.f("ix_vendor_credit_bill_id"), "vendor_credit", ["bill_id"])
    op.create_table(
        "vendor_credit_line",
        sa.Column("credit_id", sa.Uuid(), nullable=False),
        sa.Column("bill_line_id", sa.Uuid(), nullable=False),
        _money("amount"),
        _money("tax"),
        *_owned(),
        sa.ForeignKeyConstraint(["credit_id"], ["vendor_credit.id"], name=op.f("fk_vendor_credit_line_credit_id")),
        sa.ForeignKeyConstraint(["bill_line_id"], ["bill_line.id"], name=op.f("fk_vendor_credit_line_bill_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_credit_line")),
        sa.UniqueConstraint(
            "company_id", "credit_id", "bill_line_id",
            name=op.f("uq_vendor_credit_line_company_id_credit_id_bill_line_id"),
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_vendor_credit_line_bill_line_id"), "vendor_credit_line", ["bill_line_id"])
    op.alter_column("vendor_allocation", "payment_id", nullable=True)
    op.add_column("vendor_allocation", sa.Column("credit_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_vendor_allocation_credit_id"), "vendor_allocation", "vendor_credit", ["credit_id"], ["id"]
    )
    op.create_index(op.f("ix_vendor_allocation_credit_id"), "vendor_allocation", ["credit_id"])
    op.create_check_constraint(
        op.f("ck_vendor_allocation_source"), "vendor_allocation", "(payment_id IS NULL) <> (credit_id IS NULL)"
    )
    guard("vendor_credit", may_delete=False)
    guard("vendor_credit_line", audited=(), append_only=True)
    op.execute(
        "CREATE TRIGGER frozen BEFORE UPDATE ON vendor_credit"
        " FOR EACH ROW EXECUTE FUNCTION taar_only_columns('unallocated', 'document_id')"
    )


def _uncredit_bills() -> None:
    """Only while nothing was credited: an allocation has to come from a payment again."""
    op.drop_constraint(op.f("ck_vendor_allocation_source"), "vendor_allocation")
    op.drop_column("vendor_allocation", "credit_id")
    op.alter_column("vendor_allocation", "payment_id", nullable=False)
    op.drop_table("vendor_credit_line")
    op.drop_table("vendor_credit")


UNLOCK = """
-- What a saved reconciliation covers stays as it was, until the owner has reopened it.
CREATE FUNCTION taar_unlock_reconciled() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved text[];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT coalesce(array_agg(o.key), '{}') INTO moved
          FROM jsonb_each(to_jsonb(OLD)) AS o WHERE o.value IS DISTINCT FROM to_jsonb(NEW) -> o.key;
        IF moved <@ TG_ARGV::text[] THEN
            RETURN NEW;
        END IF;
        IF moved = ARRAY['reconciliation_id'] AND NEW.reconciliation_id IS NULL AND EXISTS (
            SELECT 1 FROM reconciliation WHERE id = OLD.reconciliation_id AND reopened_at IS NOT NULL) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'This is part of a saved reconciliation' USING ERRCODE = 'restrict_violation';
END $$;
DROP TRIGGER locked ON bank_match;
CREATE TRIGGER locked BEFORE UPDATE OR DELETE ON bank_match FOR EACH ROW
    WHEN (OLD.reconciliation_id IS NOT NULL) EXECUTE FUNCTION taar_unlock_reconciled();
DROP TRIGGER locked ON bank_line;
CREATE TRIGGER locked BEFORE UPDATE ON bank_line FOR EACH ROW
    WHEN (OLD.reconciliation_id IS NOT NULL) EXECUTE FUNCTION taar_unlock_reconciled('position');
GRANT UPDATE ON reconciliation TO taar_app;
DROP TRIGGER frozen ON reconciliation;
CREATE TRIGGER frozen BEFORE UPDATE ON reconciliation FOR EACH ROW WHEN (OLD.reopened_at IS NULL)
    EXECUTE FUNCTION taar_only_columns('reopened_at', 'reopened_by', 'reopen_reason');
CREATE TRIGGER done BEFORE UPDATE ON reconciliation FOR EACH ROW WHEN (OLD.reopened_at IS NOT NULL)
    EXECUTE FUNCTION taar_refuse_change();
CREATE TRIGGER kept BEFORE DELETE ON reconciliation FOR EACH ROW EXECUTE FUNCTION taar_refuse_change();
CREATE TRIGGER audit AFTER UPDATE ON reconciliation FOR EACH ROW EXECUTE FUNCTION taar_audit();
"""
LOCK = """
DROP TRIGGER locked ON bank_match;
CREATE TRIGGER locked BEFORE UPDATE OR DELETE ON bank_match FOR EACH ROW
    WHEN (OLD.reconciliation_id IS NOT NULL) EXECUTE FUNCTION taar_refuse_change();
DROP TRIGGER locked ON bank_line;
CREATE TRIGGER locked BEFORE UPDATE ON bank_line FOR EACH ROW
    WHEN (OLD.reconciliation_id IS NOT NULL) EXECUTE FUNCTION taar_only_columns('position');
DROP FUNCTION taar_unlock_reconciled();
DROP TRIGGER audit ON reconciliation;
DROP TRIGGER kept ON reconciliation;
DROP TRIGGER done ON reconciliation;
DROP TRIGGER frozen ON reconciliation;
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON reconciliation
    FOR EACH ROW EXECUTE FUNCTION taar_refuse_change();
REVOKE UPDATE ON reconciliation FROM taar_app;
"""
ONE_A_DAY = "uq_reconciliation_company_id_cash_account_id_statement_on"


def _reopen_reconciliations() -> None:
    op.add_column("reconciliation", sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("reconciliation", sa.Column("reopened_by", sa.String(), server_default="", nullable=False))
    op.add_column("reconciliation", sa.Column("reopen_reason", sa.String(), server_default="", nullable=False))
    op.create_check_constraint(
        op.f("ck_reconciliation_reopen_reason"), "reconciliation", "reopened_at IS NULL OR reopen_reason <> ''"
    )
    op.drop_constraint(op.f(ONE_A_DAY), "reconciliation")
    op.create_index(
        "uq_reconciliation_standing", "reconciliation", ["company_id", "cash_account_id", "statement_on"], unique=True,
        postgresql_where=sa.text("reopened_at IS NULL"),
    )  # fmt: skip
    op.execute(UNLOCK)


def _keep_reconciliations() -> None:
    """Only while no day was reopened and saved again."""
    op.execute(LOCK)
    op.drop_index("uq_reconciliation_standing", "reconciliation")
    op.create_unique_constraint(op.f(ONE_A_DAY), "reconciliation", ["company_id", "cash_account_id", "statement_on"])
    op.drop_constraint(op.f("ck_reconciliation_reopen_reason"), "reconciliation")
    for column in ("reopened_at", "reopened_by", "reopen_reason"):
        op.drop_column("reconciliation", column)
