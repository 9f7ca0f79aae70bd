"""Money coming in: small rests forgiven, bad debt recovered, refused cheques, references that can be compared."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guarding import guard

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

REFERENCED = ("payment", "payment_claim")
KEY = (
    "CASE WHEN length(regexp_replace(reference, '[^0-9]', '', 'g')) >= 6 THEN"
    " regexp_replace(lower(regexp_replace(reference, '[^[:alnum:]]', '', 'g')), '(?<![0-9])0+(?=[0-9])', '', 'g')"
    " ELSE '' END"
)


def upgrade() -> None:
    create_tables()
    guard("cheque_refusal", may_delete=False)
    audit_payments("UPDATE OR DELETE")
    for table in REFERENCED:
        fill_keys(table)


def audit_payments(statements: str) -> None:
    """A payment's own row says who took it and when, so only later changes go to the audit trail."""
    op.execute("DROP TRIGGER audit ON payment")
    op.execute(f"CREATE TRIGGER audit AFTER {statements} ON payment FOR EACH ROW EXECUTE FUNCTION taar_audit()")


def fill_keys(table: str) -> None:
    """The owner sees the rows only without FORCE, and the column is new to the rows that are frozen."""
    op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    op.execute(f"UPDATE {table} SET reference_key = {KEY} WHERE reference <> ''")  # noqa: S608
    op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def create_tables() -> None:
    op.create_table(
        "cheque_refusal",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_cheque_refusal_customer_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_cheque_refusal_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cheque_refusal")),
    )
    op.create_index(
        "uq_cheque_refusal_standing", "cheque_refusal", ["company_id", "customer_id"], unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )  # fmt: skip
    op.add_column("allocation", sa.Column("written_off", sa.Numeric(14, 2), server_default="0.00", nullable=False))
    op.add_column("allocation", sa.Column("recovers", sa.Boolean(), server_default="false", nullable=False))
    op.add_column(
        "billing_policy", sa.Column("method_accounts", postgresql.JSONB(), server_default="{}", nullable=False)
    )
    op.add_column("gateway_event", sa.Column("currency", sa.String(), server_default="", nullable=False))
    op.add_column("document", sa.Column("image_hash", sa.String(), server_default="", nullable=False))
    op.add_column("payment_claim", sa.Column("paid_already", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_payment_claim_paid_already"), "payment_claim", "payment", ["paid_already"], ["id"]
    )  # fmt: skip
    for table in REFERENCED:
        op.add_column(table, sa.Column("reference_key", sa.String(), server_default="", nullable=False))
        op.create_index(
            f"ix_{table}_reference", table, ["company_id", "reference_key"],
            postgresql_where=sa.text("reference_key <> ''"),
        )  # fmt: skip


def downgrade() -> None:
    audit_payments("INSERT OR UPDATE OR DELETE")
    for table in REFERENCED:
        op.drop_index(f"ix_{table}_reference", table_name=table, postgresql_where=sa.text("reference_key <> ''"))
        op.drop_column(table, "reference_key")
    op.drop_constraint(op.f("fk_payment_claim_paid_already"), "payment_claim", type_="foreignkey")
    op.drop_column("payment_claim", "paid_already")
    op.drop_column("document", "image_hash")
    op.drop_column("gateway_event", "currency")
    op.drop_column("billing_policy", "method_accounts")
    op.drop_column("allocation", "recovers")
    op.drop_column("allocation", "written_off")
    op.drop_table("cheque_refusal")
