"""Campaigns and whom they have written to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guarding import guard

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaign",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("template_b", sa.String(), nullable=False),
        sa.Column("share_b", sa.Integer(), nullable=False),
        sa.Column("values", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("segment", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_by", sa.String(), nullable=False),
        sa.Column("handed_in_by", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("expected_cost", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("reached", sa.Uuid(), nullable=True),
        sa.Column("queued", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("all_queued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        *_owned(),
        sa.CheckConstraint("decided_by = '' OR decided_by <> handed_in_by", name=op.f("ck_campaign_second_person")),
        sa.CheckConstraint(
            "share_b BETWEEN 0 AND 99 AND (template_b = '') = (share_b = 0)", name=op.f("ck_campaign_second_wording")
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'waiting', 'cancelled') OR decided_by <> ''", name=op.f("ck_campaign_decided")
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'waiting', 'running', 'paused', 'done', 'cancelled', 'refused')",
            name=op.f("ck_campaign_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
    )
    op.create_index(
        "ix_campaign_running", "campaign", ["company_id"], unique=False, postgresql_where=sa.text("state = 'running'")
    )
    op.create_table(
        "campaign_person",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("variant", sa.String(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        *_owned(),
        sa.CheckConstraint("variant IN ('a', 'b')", name=op.f("ck_campaign_person_variant")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_person_campaign_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_campaign_person_contact_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_campaign_person_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_person")),
        sa.UniqueConstraint(
            "company_id", "campaign_id", "contact_id", name=op.f("uq_campaign_person_company_id_campaign_id_contact_id")
        ),
    )
    op.create_index(op.f("ix_campaign_person_contact_id"), "campaign_person", ["contact_id"], unique=False)
    op.create_index("ix_campaign_person_message", "campaign_person", ["company_id", "message_id"], unique=False)
    guard("campaign")
    guard("campaign_person", audited=())


def downgrade() -> None:
    op.drop_table("campaign_person")
    op.drop_table("campaign")


def _owned() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
