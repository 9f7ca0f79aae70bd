"""The life of invoices: late fees by round, write-offs with their approval, the day a recharge card was sold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.guarding import guard

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "late_fee",
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("charged_on", sa.Date(), nullable=False),
        sa.Column("fee_invoice_id", sa.Uuid(), nullable=False),
        sa.Column("waived_by", sa.String(), nullable=False),
        sa.Column("waived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_late_fee_amount")),
        sa.CheckConstraint("round >= 1", name=op.f("ck_late_fee_round")),
        sa.ForeignKeyConstraint(["fee_invoice_id"], ["invoice.id"], name=op.f("fk_late_fee_fee_invoice_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_late_fee_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_fee")),
        sa.UniqueConstraint("company_id", "invoice_id", "round", name=op.f("uq_late_fee_company_id_invoice_id_round")),
    )
    op.create_index(op.f("ix_late_fee_fee_invoice_id"), "late_fee", ["fee_invoice_id"])
    op.create_table(
        "write_off",
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_write_off_reason")),
        sa.CheckConstraint("state IN ('asked', 'booked', 'refused')", name=op.f("ck_write_off_state")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_write_off_amount")),
        sa.CheckConstraint("approved_by IS NULL OR approved_by <> asked_by", name=op.f("ck_write_off_two_persons")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_write_off_customer_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_write_off_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_write_off")),
    )
    op.create_index(op.f("ix_write_off_customer_id"), "write_off", ["customer_id"])
    op.create_index(op.f("ix_write_off_invoice_id"), "write_off", ["invoice_id"])
    op.create_index(
        "uq_write_off_open", "write_off", ["company_id", "invoice_id"], unique=True,
        postgresql_where=sa.text("state = 'asked'"),
    )  # fmt: skip
    op.add_column(
        "billing_policy",
        sa.Column("write_off_limit", sa.Numeric(precision=14, scale=2), server_default="0.00", nullable=False),
    )
    op.add_column("voucher", sa.Column("sold_on", sa.Date(), nullable=True))
    for table in ("late_fee", "write_off"):
        guard(table, may_delete=False)


def downgrade() -> None:
    op.drop_column("voucher", "sold_on")
    op.drop_column("billing_policy", "write_off_limit")
    op.drop_table("write_off")
    op.drop_table("late_fee")
