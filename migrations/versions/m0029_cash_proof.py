"""Customers confirm the cash that agents receive from them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.guarding import guard

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

FOLLOW_EVENT = """
    CREATE FUNCTION taar_proof_follows_event() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (NEW.payment_id, NEW.customer_id, NEW.agent_id, NEW.asked_at)
           IS DISTINCT FROM (OLD.payment_id, OLD.customer_id, OLD.agent_id, OLD.asked_at) THEN
            RAISE EXCEPTION 'a proof stays with its receipt';
        END IF;
        IF NEW.state IS DISTINCT FROM (
            SELECT state FROM cash_proof_event WHERE company_id = NEW.company_id AND proof_id = NEW.id
             ORDER BY position DESC LIMIT 1
        ) THEN
            RAISE EXCEPTION 'proof % cannot become % without an event', NEW.id, NEW.state;
        END IF;
        RETURN NEW;
    END $$
"""


def upgrade() -> None:
    op.create_table(
        "cash_proof",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("said", sa.String(), server_default="", nullable=False),
        sa.Column("amount_said", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("confirmed_by", sa.String(), server_default="", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        *_owned(),
        sa.CheckConstraint(
            "state IN ('waiting', 'unreachable', 'disputed', 'confirmed', 'settled', 'ended')",
            name=op.f("ck_cash_proof_state"),
        ),
        sa.CheckConstraint("said IN ('', 'other_amount', 'not_paid')", name=op.f("ck_cash_proof_said")),
        sa.CheckConstraint("confirmed_by IN ('', 'tap', 'words', 'office')", name=op.f("ck_cash_proof_confirmed_by")),
        sa.CheckConstraint("(state = 'confirmed') = (confirmed_by <> '')", name=op.f("ck_cash_proof_confirmed")),
        sa.CheckConstraint("state <> 'disputed' OR said <> ''", name=op.f("ck_cash_proof_disputed")),
        sa.CheckConstraint("amount_said IS NULL OR said = 'other_amount'", name=op.f("ck_cash_proof_amount_said")),
        sa.ForeignKeyConstraint(["agent_id"], ["staff.id"], name=op.f("fk_cash_proof_agent_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_cash_proof_customer_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_cash_proof_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_proof")),
        sa.UniqueConstraint("company_id", "payment_id", name=op.f("uq_cash_proof_company_id_payment_id")),
    )
    op.create_index("ix_cash_proof_agent", "cash_proof", ["company_id", "agent_id", "state"])
    op.create_index("ix_cash_proof_customer", "cash_proof", ["company_id", "customer_id", "asked_at"])
    op.create_index("ix_cash_proof_state", "cash_proof", ["company_id", "state", "asked_at"])
    op.create_table(
        "cash_proof_event",
        sa.Column("proof_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("amount_said", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        *_owned(),
        sa.CheckConstraint(
            "what IN ('asked', 'confirmed', 'other_amount', 'not_paid', 'settled', 'ended')",
            name=op.f("ck_cash_proof_event_what"),
        ),
        sa.ForeignKeyConstraint(["proof_id"], ["cash_proof.id"], name=op.f("fk_cash_proof_event_proof_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_proof_event")),
        sa.UniqueConstraint(
            "company_id", "proof_id", "position", name=op.f("uq_cash_proof_event_company_id_proof_id_position")
        ),
    )
    op.add_column(
        "billing_policy", sa.Column("cash_callback_percent", sa.Integer(), server_default="10", nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_billing_policy_cash_callback_percent"), "billing_policy", "cash_callback_percent BETWEEN 0 AND 100"
    )
    guard("cash_proof", audited=("update",), may_delete=False)
    guard("cash_proof_event", append_only=True, audited=())
    op.execute(FOLLOW_EVENT)
    op.execute(
        "CREATE TRIGGER follows_event BEFORE UPDATE ON cash_proof"
        " FOR EACH ROW EXECUTE FUNCTION taar_proof_follows_event()"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_billing_policy_cash_callback_percent"), "billing_policy", type_="check")
    op.drop_column("billing_policy", "cash_callback_percent")
    op.drop_table("cash_proof_event")
    op.drop_table("cash_proof")
    op.execute("DROP FUNCTION taar_proof_follows_event()")


def _owned() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
