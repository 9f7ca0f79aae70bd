"""Give the company its bank accounts, vendors, bills, expenses and transfers, and the bank's side of the books."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guarding import guard

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

GUARDED = (
    "treasury_policy", "cash_account", "vendor", "vendor_contract", "expense_category", "recurring_expense",
    "bank_rule",
)  # fmt: skip
KEPT = ("transfer", "expense", "vendor_payment", "statement_import")
FROZEN = ("cash_movement", "vendor_allocation", "reconciliation", "reconciliation_item")

MAY_MOVE = (
    ("bill", "WHEN (OLD.state <> 'draft')", ("state", "balance", "document_id", "voided_on")),
    ("vendor_payment", "", ("state", "unallocated", "reversed_on")),
    ("transfer", "", ("state", "arrived_on", "arrival_fee", "arrival_id", "note")),
    ("statement_import", "", ("new_count", "warnings", "withdrawn_by")),
    ("expense", "WHEN (OLD.state = 'paid')", ("document_id", "note")),
    ("bank_line", "WHEN (OLD.kind = 'line')", ("match_id", "reconciliation_id", "position", "booked_times")),
)
"""A table, when it is frozen, and the columns that may change even then."""

FUNCTIONS = """
-- The lines of an accepted bill are frozen with it.
CREATE FUNCTION taar_freeze_bill_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM bill WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.bill_id ELSE NEW.bill_id END
                                    AND state <> 'draft') THEN
        RAISE EXCEPTION 'The lines of an accepted bill are frozen: void the bill and enter it again'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON bill_line
    FOR EACH ROW EXECUTE FUNCTION taar_freeze_bill_lines();

CREATE TRIGGER kept BEFORE DELETE ON bill FOR EACH ROW
    WHEN (OLD.state <> 'draft') EXECUTE FUNCTION taar_refuse_change();

-- What a saved reconciliation covers stays as it was.
CREATE FUNCTION taar_refuse_reconciled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM bank_match WHERE id = OLD.match_id AND reconciliation_id IS NOT NULL) THEN
        RAISE EXCEPTION 'This is part of a saved reconciliation' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER locked BEFORE UPDATE OR DELETE ON matched_posting
    FOR EACH ROW EXECUTE FUNCTION taar_refuse_reconciled();
CREATE TRIGGER locked BEFORE UPDATE OR DELETE ON bank_match FOR EACH ROW
    WHEN (OLD.reconciliation_id IS NOT NULL) EXECUTE FUNCTION taar_refuse_change();
CREATE TRIGGER locked BEFORE UPDATE ON bank_line FOR EACH ROW
    WHEN (OLD.reconciliation_id IS NOT NULL) EXECUTE FUNCTION taar_only_columns('position');
CREATE TRIGGER kept BEFORE DELETE ON bank_line FOR EACH ROW
    WHEN (OLD.match_id IS NOT NULL) EXECUTE FUNCTION taar_refuse_change();
"""


def upgrade() -> None:
    op.create_table(
        "treasury_policy",
        sa.Column("expense_approval_above", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("match_days", sa.Integer(), nullable=False),
        sa.Column("gateway_fee_percent_max", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_treasury_policy")),
        sa.UniqueConstraint("company_id", name=op.f("uq_treasury_policy_company_id")),
    )
    op.create_table(
        "vendor",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("tax_number", sa.String(), nullable=False),
        sa.Column("bank_details", sa.String(), nullable=False),
        sa.Column("terms_days", sa.Integer(), nullable=False),
        sa.Column("withholding_percent", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("terms_days BETWEEN 0 AND 365", name=op.f("ck_vendor_terms_days")),
        sa.CheckConstraint("withholding_percent BETWEEN 0 AND 100", name=op.f("ck_vendor_withholding_percent")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor")),
        sa.UniqueConstraint("company_id", "name", name=op.f("uq_vendor_company_id_name")),
        sa.UniqueConstraint("company_id", "number", name=op.f("uq_vendor_company_id_number")),
    )
    op.create_table(
        "cash_account",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("account_code", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("bank_name", sa.String(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("bank_number", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("statement_mapping", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('bank', 'cash', 'wallet', 'gateway')", name=op.f("ck_cash_account_kind")),
        sa.ForeignKeyConstraint(
            ["company_id", "account_code"],
            ["account.company_id", "account.code"],
            name=op.f("fk_cash_account_company_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_account")),
        sa.UniqueConstraint("company_id", "account_code", name=op.f("uq_cash_account_company_id_account_code")),
        sa.UniqueConstraint("company_id", "name", name=op.f("uq_cash_account_company_id_name")),
    )
    op.create_table(
        "expense_category",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("account_code", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "account_code"],
            ["account.company_id", "account.code"],
            name=op.f("fk_expense_category_company_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expense_category")),
        sa.UniqueConstraint("company_id", "name", name=op.f("uq_expense_category_company_id_name")),
    )
    op.create_table(
        "vendor_contract",
        sa.Column("vendor_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("pricing", sa.String(), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("units", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("tax_percent", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("account_code", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("pricing IN ('fixed', 'per_mbps', 'per_gb')", name=op.f("ck_vendor_contract_pricing")),
        sa.CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name=op.f("ck_vendor_contract_term")),
        sa.CheckConstraint(
            "unit_price >= 0 AND units >= 0 AND tax_percent BETWEEN 0 AND 100", name=op.f("ck_vendor_contract_price")
        ),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_vendor_contract_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_contract")),
        sa.UniqueConstraint(
            "company_id", "vendor_id", "name", name=op.f("uq_vendor_contract_company_id_vendor_id_name")
        ),
    )
    op.create_index(op.f("ix_vendor_contract_vendor_id"), "vendor_contract", ["vendor_id"], unique=False)
    op.create_table(
        "bank_rule",
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("account_code", sa.String(), nullable=False),
        sa.Column("cash_account_id", sa.Uuid(), nullable=True),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_bank_rule_direction")),
        sa.ForeignKeyConstraint(["cash_account_id"], ["cash_account.id"], name=op.f("fk_bank_rule_cash_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_rule")),
        sa.UniqueConstraint(
            "company_id",
            "words",
            "direction",
            "cash_account_id",
            name=op.f("uq_bank_rule_company_id_words_direction_cash_account_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "reconciliation",
        sa.Column("cash_account_id", sa.Uuid(), nullable=False),
        sa.Column("statement_on", sa.Date(), nullable=False),
        sa.Column("book_balance", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("statement_balance", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("book_only", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("statement_only", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("closed_by", sa.String(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["cash_account_id"], ["cash_account.id"], name=op.f("fk_reconciliation_cash_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation")),
        sa.UniqueConstraint(
            "company_id",
            "cash_account_id",
            "statement_on",
            name=op.f("uq_reconciliation_company_id_cash_account_id_statement_on"),
        ),
    )
    op.create_table(
        "recurring_expense",
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=True),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("net", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("tax", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("interval_months", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("interval_months BETWEEN 1 AND 36", name=op.f("ck_recurring_expense_interval_months")),
        sa.CheckConstraint("net > 0 AND tax >= 0", name=op.f("ck_recurring_expense_amount")),
        sa.ForeignKeyConstraint(
            ["category_id"], ["expense_category.id"], name=op.f("fk_recurring_expense_category_id")
        ),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_recurring_expense_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recurring_expense")),
    )
    op.create_table(
        "statement_import",
        sa.Column("cash_account_id", sa.Uuid(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("opening", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("closing", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("new_count", sa.Integer(), nullable=False),
        sa.Column("warnings", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("withdrawn_by", sa.String(), nullable=False),
        sa.Column("imported_by", sa.String(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["cash_account_id"], ["cash_account.id"], name=op.f("fk_statement_import_cash_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_import")),
    )
    op.create_index(op.f("ix_statement_import_cash_account_id"), "statement_import", ["cash_account_id"], unique=False)
    op.create_table(
        "transfer",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("from_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("fee", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("arrival_fee", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("arrived_on", sa.Date(), nullable=True),
        sa.Column("arrival_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(state = 'arrived') = (arrived_on IS NOT NULL)", name=op.f("ck_transfer_arrived")),
        sa.CheckConstraint("state IN ('sent', 'arrived', 'cancelled')", name=op.f("ck_transfer_state")),
        sa.CheckConstraint(
            "amount > 0 AND fee >= 0 AND arrival_fee >= 0 AND arrival_fee < amount", name=op.f("ck_transfer_amount")
        ),
        sa.CheckConstraint("from_id <> to_id", name=op.f("ck_transfer_two_accounts")),
        sa.ForeignKeyConstraint(["from_id"], ["cash_account.id"], name=op.f("fk_transfer_from_id")),
        sa.ForeignKeyConstraint(["to_id"], ["cash_account.id"], name=op.f("fk_transfer_to_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer")),
        sa.UniqueConstraint("company_id", "idempotency_key", name=op.f("uq_transfer_company_id_idempotency_key")),
        sa.UniqueConstraint("company_id", "number", name=op.f("uq_transfer_company_id_number")),
    )
    op.create_index(op.f("ix_transfer_from_id"), "transfer", ["from_id"], unique=False)
    op.create_index(op.f("ix_transfer_to_id"), "transfer", ["to_id"], unique=False)
    op.create_table(
        "vendor_payment",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=False),
        sa.Column("cash_account_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("withheld", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("unallocated", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reversed_on", sa.Date(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(state = 'reversed') = (reversed_on IS NOT NULL)", name=op.f("ck_vendor_payment_reversed")),
        sa.CheckConstraint("state IN ('paid', 'reversed')", name=op.f("ck_vendor_payment_state")),
        sa.CheckConstraint(
            "amount >= 0 AND withheld >= 0 AND amount + withheld > 0", name=op.f("ck_vendor_payment_amount")
        ),
        sa.CheckConstraint("unallocated BETWEEN 0 AND amount + withheld", name=op.f("ck_vendor_payment_unallocated")),
        sa.ForeignKeyConstraint(
            ["cash_account_id"], ["cash_account.id"], name=op.f("fk_vendor_payment_cash_account_id")
        ),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_vendor_payment_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_payment")),
        sa.UniqueConstraint("company_id", "idempotency_key", name=op.f("uq_vendor_payment_company_id_idempotency_key")),
        sa.UniqueConstraint("company_id", "number", name=op.f("uq_vendor_payment_company_id_number")),
    )
    op.create_index(op.f("ix_vendor_payment_cash_account_id"), "vendor_payment", ["cash_account_id"], unique=False)
    op.create_index(op.f("ix_vendor_payment_vendor_id"), "vendor_payment", ["vendor_id"], unique=False)
    op.create_table(
        "bank_match",
        sa.Column("cash_account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("matched_by", sa.String(), nullable=False),
        sa.Column("matched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reconciliation_id", sa.Uuid(), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('existing', 'payment', 'claim', 'movement', 'expense', 'vendor_payment', 'transfer',"
            " 'settlement', 'set_off')",
            name=op.f("ck_bank_match_kind"),
        ),
        sa.ForeignKeyConstraint(["cash_account_id"], ["cash_account.id"], name=op.f("fk_bank_match_cash_account_id")),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"], ["reconciliation.id"], name=op.f("fk_bank_match_reconciliation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_match")),
    )
    op.create_index(op.f("ix_bank_match_cash_account_id"), "bank_match", ["cash_account_id"], unique=False)
    op.create_index(op.f("ix_bank_match_reconciliation_id"), "bank_match", ["reconciliation_id"], unique=False)
    op.create_table(
        "bank_line",
        sa.Column("cash_account_id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("payer_name", sa.String(), nullable=False),
        sa.Column("payer_account", sa.String(), nullable=False),
        sa.Column("bank_id", sa.String(), nullable=False),
        sa.Column("raw", sa.String(), nullable=False),
        sa.Column("balance_after", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("booked_times", sa.Integer(), server_default="0", nullable=False),
        sa.Column("match_id", sa.Uuid(), nullable=True),
        sa.Column("reconciliation_id", sa.Uuid(), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount <> 0 OR kind = 'opening'", name=op.f("ck_bank_line_amount")),
        sa.CheckConstraint("kind IN ('line', 'opening')", name=op.f("ck_bank_line_kind")),
        sa.ForeignKeyConstraint(["cash_account_id"], ["cash_account.id"], name=op.f("fk_bank_line_cash_account_id")),
        sa.ForeignKeyConstraint(["import_id"], ["statement_import.id"], name=op.f("fk_bank_line_import_id")),
        sa.ForeignKeyConstraint(["match_id"], ["bank_match.id"], name=op.f("fk_bank_line_match_id")),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"], ["reconciliation.id"], name=op.f("fk_bank_line_reconciliation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_line")),
        sa.UniqueConstraint(
            "company_id",
            "cash_account_id",
            "fingerprint",
            "ordinal",
            name=op.f("uq_bank_line_company_id_cash_account_id_fingerprint_ordinal"),
        ),
    )
    op.create_index(
        "ix_bank_line_day", "bank_line", ["company_id", "cash_account_id", "booked_on", "position"], unique=False
    )
    op.create_index(op.f("ix_bank_line_import_id"), "bank_line", ["import_id"], unique=False)
    op.create_index(op.f("ix_bank_line_match_id"), "bank_line", ["match_id"], unique=False)
    op.create_index(
        "ix_bank_line_open",
        "bank_line",
        ["company_id", "cash_account_id"],
        unique=False,
        postgresql_where=sa.text("match_id IS NULL"),
    )
    op.create_index(
        "uq_bank_line_opening",
        "bank_line",
        ["company_id", "cash_account_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'opening'"),
    )
    op.create_table(
        "bill",
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("vendor_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=True),
        sa.Column("vendor_ref", sa.String(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=True),
        sa.Column("period_end", sa.Date(), nullable=True),
        sa.Column("billed_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("net", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("tax", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("total", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("balance", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("voided_on", sa.Date(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("idempotency_key", sa.String(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(state = 'draft') = (number IS NULL)", name=op.f("ck_bill_numbered_when_accepted")),
        sa.CheckConstraint("(state = 'void') = (voided_on IS NOT NULL)", name=op.f("ck_bill_voided")),
        sa.CheckConstraint("state IN ('draft', 'open', 'part_paid', 'paid', 'void')", name=op.f("ck_bill_state")),
        sa.CheckConstraint("balance BETWEEN 0 AND total AND total = net + tax", name=op.f("ck_bill_balance")),
        sa.ForeignKeyConstraint(["contract_id"], ["vendor_contract.id"], name=op.f("fk_bill_contract_id")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_bill_document_id")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_bill_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bill")),
        sa.UniqueConstraint("company_id", "idempotency_key", name=op.f("uq_bill_company_id_idempotency_key")),
        sa.UniqueConstraint("company_id", "number", name=op.f("uq_bill_company_id_number")),
    )
    op.create_index(
        "ix_bill_unpaid",
        "bill",
        ["company_id", "vendor_id", "due_on"],
        unique=False,
        postgresql_where=sa.text("balance > 0"),
    )
    op.create_index(op.f("ix_bill_vendor_id"), "bill", ["vendor_id"], unique=False)
    op.create_index(
        "uq_bill_contract",
        "bill",
        ["company_id", "contract_id", "period_start"],
        unique=True,
        postgresql_where=sa.text("state <> 'void'"),
    )
    op.create_index(
        "uq_bill_vendor_ref",
        "bill",
        ["company_id", "vendor_id", sa.literal_column("lower(vendor_ref)")],
        unique=True,
        postgresql_where=sa.text("vendor_ref <> '' AND state <> 'void'"),
    )
    op.create_table(
        "cash_movement",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("cash_account_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("account_code", sa.String(), nullable=False),
        sa.Column("moved_on", sa.Date(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('other_income', 'owner_capital', 'owner_drawing', 'bank_fee', 'bank_profit', 'tax_payment',"
            " 'unidentified_receipt', 'gateway_settlement', 'expense')",
            name=op.f("ck_cash_movement_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["cash_account_id"], ["cash_account.id"], name=op.f("fk_cash_movement_cash_account_id")
        ),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_cash_movement_document_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_movement")),
        sa.UniqueConstraint("company_id", "idempotency_key", name=op.f("uq_cash_movement_company_id_idempotency_key")),
        sa.UniqueConstraint("company_id", "number", name=op.f("uq_cash_movement_company_id_number")),
    )
    op.create_index(op.f("ix_cash_movement_cash_account_id"), "cash_movement", ["cash_account_id"], unique=False)
    op.create_table(
        "matched_posting",
        sa.Column("match_id", sa.Uuid(), nullable=False),
        sa.Column("posting_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["match_id"], ["bank_match.id"], name=op.f("fk_matched_posting_match_id")),
        sa.ForeignKeyConstraint(["posting_id"], ["posting.id"], name=op.f("fk_matched_posting_posting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matched_posting")),
        sa.UniqueConstraint("company_id", "posting_id", name=op.f("uq_matched_posting_company_id_posting_id")),
    )
    op.create_index(op.f("ix_matched_posting_match_id"), "matched_posting", ["match_id"], unique=False)
    op.create_table(
        "bill_line",
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("tax", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("account_code", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_bill_line_bill_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bill_line")),
        sa.UniqueConstraint("company_id", "bill_id", "position", name=op.f("uq_bill_line_company_id_bill_id_position")),
    )
    op.create_index(op.f("ix_bill_line_bill_id"), "bill_line", ["bill_id"], unique=False)
    op.create_table(
        "expense",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column("recurring_id", sa.Uuid(), nullable=True),
        sa.Column("vendor_id", sa.Uuid(), nullable=True),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("net", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("tax", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("total", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("cash_account_id", sa.Uuid(), nullable=True),
        sa.Column("bill_id", sa.Uuid(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(state = 'paid') = (paid_on IS NOT NULL)", name=op.f("ck_expense_paid_on")),
        sa.CheckConstraint("state IN ('asked', 'approved', 'paid', 'refused')", name=op.f("ck_expense_state")),
        sa.CheckConstraint("approved_by IS NULL OR approved_by <> asked_by", name=op.f("ck_expense_two_persons")),
        sa.CheckConstraint("cash_account_id IS NULL OR bill_id IS NULL", name=op.f("ck_expense_cash_or_credit")),
        sa.CheckConstraint("net > 0 AND tax >= 0 AND total = net + tax", name=op.f("ck_expense_amount")),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_expense_bill_id")),
        sa.ForeignKeyConstraint(["cash_account_id"], ["cash_account.id"], name=op.f("fk_expense_cash_account_id")),
        sa.ForeignKeyConstraint(["category_id"], ["expense_category.id"], name=op.f("fk_expense_category_id")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_expense_document_id")),
        sa.ForeignKeyConstraint(["recurring_id"], ["recurring_expense.id"], name=op.f("fk_expense_recurring_id")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_expense_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expense")),
        sa.UniqueConstraint("company_id", "idempotency_key", name=op.f("uq_expense_company_id_idempotency_key")),
        sa.UniqueConstraint("company_id", "number", name=op.f("uq_expense_company_id_number")),
        sa.UniqueConstraint(
            "company_id", "recurring_id", "asked_on", name=op.f("uq_expense_company_id_recurring_id_asked_on")
        ),
    )
    op.create_index(op.f("ix_expense_cash_account_id"), "expense", ["cash_account_id"], unique=False)
    op.create_index(op.f("ix_expense_category_id"), "expense", ["category_id"], unique=False)
    op.create_table(
        "reconciliation_item",
        sa.Column("reconciliation_id", sa.Uuid(), nullable=False),
        sa.Column("posting_id", sa.Uuid(), nullable=True),
        sa.Column("line_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(posting_id IS NULL) <> (line_id IS NULL)", name=op.f("ck_reconciliation_item_one_side")),
        sa.ForeignKeyConstraint(["line_id"], ["bank_line.id"], name=op.f("fk_reconciliation_item_line_id")),
        sa.ForeignKeyConstraint(["posting_id"], ["posting.id"], name=op.f("fk_reconciliation_item_posting_id")),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"], ["reconciliation.id"], name=op.f("fk_reconciliation_item_reconciliation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_item")),
    )
    op.create_index(
        op.f("ix_reconciliation_item_reconciliation_id"), "reconciliation_item", ["reconciliation_id"], unique=False
    )
    op.create_table(
        "vendor_allocation",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("allocated_on", sa.Date(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_vendor_allocation_amount")),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_vendor_allocation_bill_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["vendor_payment.id"], name=op.f("fk_vendor_allocation_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_allocation")),
    )
    op.create_index(op.f("ix_vendor_allocation_bill_id"), "vendor_allocation", ["bill_id"], unique=False)
    op.create_index(op.f("ix_vendor_allocation_payment_id"), "vendor_allocation", ["payment_id"], unique=False)
    for table in GUARDED:
        guard(table)
    for table in KEPT:
        guard(table, may_delete=False)
    for table in FROZEN:
        guard(table, audited=(), append_only=True)
    for table in ("bill", "bill_line", "bank_match", "matched_posting"):
        guard(table)
    guard("bank_line", audited=("update", "delete"))
    op.execute(FUNCTIONS)
    for table, when, columns in MAY_MOVE:
        names = ", ".join(f"'{column}'" for column in columns)
        op.execute(
            f"CREATE TRIGGER frozen BEFORE UPDATE ON {table} FOR EACH ROW {when}"
            f" EXECUTE FUNCTION taar_only_columns({names})"
        )


def downgrade() -> None:
    op.drop_index(op.f("ix_vendor_allocation_payment_id"), table_name="vendor_allocation")
    op.drop_index(op.f("ix_vendor_allocation_bill_id"), table_name="vendor_allocation")
    op.drop_table("vendor_allocation")
    op.drop_index(op.f("ix_reconciliation_item_reconciliation_id"), table_name="reconciliation_item")
    op.drop_table("reconciliation_item")
    op.drop_index(op.f("ix_expense_category_id"), table_name="expense")
    op.drop_index(op.f("ix_expense_cash_account_id"), table_name="expense")
    op.drop_table("expense")
    op.drop_index(op.f("ix_bill_line_bill_id"), table_name="bill_line")
    op.drop_table("bill_line")
    op.drop_index(op.f("ix_matched_posting_match_id"), table_name="matched_posting")
    op.drop_table("matched_posting")
    op.drop_index(op.f("ix_cash_movement_cash_account_id"), table_name="cash_movement")
    op.drop_table("cash_movement")
    op.drop_index(
        "uq_bill_vendor_ref", table_name="bill", postgresql_where=sa.text("vendor_ref <> '' AND state <> 'void'")
    )
    op.drop_index("uq_bill_contract", table_name="bill", postgresql_where=sa.text("state <> 'void'"))
    op.drop_index(op.f("ix_bill_vendor_id"), table_name="bill")
    op.drop_index("ix_bill_unpaid", table_name="bill", postgresql_where=sa.text("balance > 0"))
    op.drop_table("bill")
    op.drop_index("uq_bank_line_opening", table_name="bank_line", postgresql_where=sa.text("kind = 'opening'"))
    op.drop_index("ix_bank_line_open", table_name="bank_line", postgresql_where=sa.text("match_id IS NULL"))
    op.drop_index(op.f("ix_bank_line_match_id"), table_name="bank_line")
    op.drop_index(op.f("ix_bank_line_import_id"), table_name="bank_line")
    op.drop_index("ix_bank_line_day", table_name="bank_line")
    op.drop_table("bank_line")
    op.drop_index(op.f("ix_bank_match_reconciliation_id"), table_name="bank_match")
    op.drop_index(op.f("ix_bank_match_cash_account_id"), table_name="bank_match")
    op.drop_table("bank_match")
    op.drop_index(op.f("ix_vendor_payment_vendor_id"), table_name="vendor_payment")
    op.drop_index(op.f("ix_vendor_payment_cash_account_id"), table_name="vendor_payment")
    op.drop_table("vendor_payment")
    op.drop_index(op.f("ix_transfer_to_id"), table_name="transfer")
    op.drop_index(op.f("ix_transfer_from_id"), table_name="transfer")
    op.drop_table("transfer")
    op.drop_index(op.f("ix_statement_import_cash_account_id"), table_name="statement_import")
    op.drop_table("statement_import")
    op.drop_table("recurring_expense")
    op.drop_table("reconciliation")
    op.drop_table("bank_rule")
    op.drop_index(op.f("ix_vendor_contract_vendor_id"), table_name="vendor_contract")
    op.drop_table("vendor_contract")
    op.drop_table("expense_category")
    op.drop_table("cash_account")
    op.drop_table("vendor")
    op.drop_table("treasury_policy")
    op.execute("DROP FUNCTION taar_freeze_bill_lines() CASCADE")
    op.execute("DROP FUNCTION taar_refuse_reconciled() CASCADE")
