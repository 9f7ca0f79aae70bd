"""Seal one-time codes in the outbox; note who was told of an outage and what was credited for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.guarding import guard

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

POLICY = ("tells_customers", "gives_credit", "credit_after_hours", "credit_unit")


def upgrade() -> None:
    op.add_column("outbound_message", sa.Column("sealed", sa.String(), nullable=True))
    op.add_column("inbound_message", sa.Column("read_as", JSONB(), nullable=True))
    op.create_index(
        "ix_outbound_message_sealed", "outbound_message", ["company_id", "expires_at"],
        postgresql_where=sa.text("sealed IS NOT NULL"),
    )  # fmt: skip
    op.add_column("outage", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    _policy()
    _told()
    _credit()


def _policy() -> None:
    for column in (
        sa.Column("tells_customers", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("gives_credit", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("credit_after_hours", sa.Integer(), server_default="24", nullable=False),
        sa.Column("credit_unit", sa.String(), server_default="day", nullable=False),
    ):
        op.add_column("outage_policy", column)
    op.create_check_constraint(op.f("ck_outage_policy_credit_unit"), "outage_policy", "credit_unit IN ('hour', 'day')")
    op.create_check_constraint(
        op.f("ck_outage_policy_credit_after"), "outage_policy", "credit_after_hours BETWEEN 0 AND 720"
    )


def _told() -> None:
    op.create_table(
        "outage_told",
        sa.Column("outage_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("business_number_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        *_owned(),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_outage_told_outage_id")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_outage_told_contact_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["business_number_id"], ["business_number.id"], name=op.f("fk_outage_told_business_number_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage_told")),
        sa.UniqueConstraint(
            "company_id", "outage_id", "contact_id", name=op.f("uq_outage_told_company_id_outage_id_contact_id")
        ),
    )
    op.create_index(op.f("ix_outage_told_contact_id"), "outage_told", ["contact_id"])
    guard("outage_told", audited=(), may_delete=False)


def _credit() -> None:
    op.create_table(
        "outage_credit",
        sa.Column("outage_id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("credit_note_id", sa.Uuid(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("net", sa.Numeric(14, 2), nullable=False),
        *_owned(),
        sa.CheckConstraint("units > 0 AND net > 0", name=op.f("ck_outage_credit_some")),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_outage_credit_outage_id")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_outage_credit_subscription_id")
        ),
        sa.ForeignKeyConstraint(["credit_note_id"], ["credit_note.id"], name=op.f("fk_outage_credit_credit_note_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage_credit")),
        sa.UniqueConstraint(
            "company_id",
            "outage_id",
            "subscription_id",
            name=op.f("uq_outage_credit_company_id_outage_id_subscription_id"),
        ),
    )
    op.create_index(op.f("ix_outage_credit_subscription_id"), "outage_credit", ["subscription_id"])
    guard("outage_credit", append_only=True)


def _owned() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("outage_credit")
    op.drop_table("outage_told")
    op.drop_constraint(op.f("ck_outage_policy_credit_after"), "outage_policy")
    op.drop_constraint(op.f("ck_outage_policy_credit_unit"), "outage_policy")
    for column in reversed(POLICY):
        op.drop_column("outage_policy", column)
    op.drop_column("outage", "told_at")
    op.drop_index("ix_outbound_message_sealed", table_name="outbound_message")
    op.drop_column("inbound_message", "read_as")
    op.drop_column("outbound_message", "sealed")
