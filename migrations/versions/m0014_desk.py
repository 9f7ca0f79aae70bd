"""Keep recharge codes that were guessed, and invoice runs that were asked for by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.guarding import guard

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

WAITING = "state IN ('asked', 'running')"


def upgrade() -> None:
    op.create_table(
        "invoice_run_request",
        sa.Column("run_day", sa.Date(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        *_owned(),
        sa.CheckConstraint(
            "state IN ('asked', 'running', 'done', 'failed')", name=op.f("ck_invoice_run_request_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_run_request")),
    )
    op.create_index(
        "uq_invoice_run_request_waiting", "invoice_run_request", ["company_id", "run_day"], unique=True,
        postgresql_where=sa.text(WAITING),
    )  # fmt: skip
    op.create_table(
        "wrong_card",
        sa.Column("tried_by", sa.String(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        *_owned(),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_wrong_card_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wrong_card")),
    )
    op.create_index("ix_wrong_card_tried_by", "wrong_card", ["company_id", "tried_by", "tried_at"])
    op.add_column("billing_policy", sa.Column("wrong_cards_max", sa.Integer(), server_default="5", nullable=False))
    op.add_column("billing_policy", sa.Column("card_pause_minutes", sa.Integer(), server_default="60", nullable=False))
    guard("invoice_run_request", may_delete=False)
    guard("wrong_card", audited=(), append_only=True)


def _owned() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("billing_policy", "card_pause_minutes")
    op.drop_column("billing_policy", "wrong_cards_max")
    op.drop_table("wrong_card")
    op.drop_table("invoice_run_request")
