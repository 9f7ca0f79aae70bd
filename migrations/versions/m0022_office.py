"""Tell managers and owners unasked: summary and alerts by choice; and let them talk to customers from their phones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

from migrations.guarding import guard

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TABLES = ("alert_policy", "alert_told", "summary_choice", "summary_sent", "desk_talk")


def upgrade() -> None:
    op.create_table(
        "alert_policy",
        sa.Column("summary_on", sa.Boolean(), nullable=False),
        sa.Column("summary_at", sa.Time(), nullable=False),
        sa.Column("summary_weekdays", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.Column("summary_to", sa.String(), nullable=False),
        sa.Column("alerts_to", sa.String(), nullable=False),
        sa.Column("off", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.Column("inbound_min", sa.Integer(), nullable=False),
        sa.Column("outbox_min", sa.Integer(), nullable=False),
        sa.Column("sla_min", sa.Integer(), nullable=False),
        sa.Column("cash_percent", sa.Integer(), nullable=False),
        sa.Column("quiet_minutes", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("alerts_to IN ('managers', 'owners', 'both')", name=op.f("ck_alert_policy_alerts_to")),
        sa.CheckConstraint("summary_to IN ('managers', 'owners', 'both')", name=op.f("ck_alert_policy_summary_to")),
        sa.CheckConstraint(
            "inbound_min > 0 AND outbox_min > 0 AND sla_min > 0 AND cash_percent BETWEEN 1 AND 1000"
            " AND quiet_minutes BETWEEN 5 AND 1440",
            name=op.f("ck_alert_policy_thresholds"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_policy")),
        sa.UniqueConstraint("company_id", name=op.f("uq_alert_policy_company_id")),
    )
    op.create_table(
        "alert_told",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("fact", sa.String(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_told")),
        sa.UniqueConstraint("company_id", "kind", "fact", name=op.f("uq_alert_told_company_id_kind_fact")),
    )
    op.create_table(
        "summary_choice",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=True),
        sa.Column("at", sa.Time(), nullable=True),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_summary_choice_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_summary_choice")),
        sa.UniqueConstraint("company_id", "staff_id", name=op.f("uq_summary_choice_company_id_staff_id")),
    )
    op.create_table(
        "summary_sent",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_summary_sent_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_summary_sent")),
        sa.UniqueConstraint("company_id", "staff_id", "day", name=op.f("uq_summary_sent_company_id_staff_id_day")),
    )
    op.create_table(
        "desk_talk",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("business_number_id", sa.Uuid(), nullable=False),
        sa.Column("speaking", sa.Boolean(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_number_id"], ["business_number.id"], name=op.f("fk_desk_talk_business_number_id")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_desk_talk_contact_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_desk_talk_conversation_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_desk_talk_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_talk")),
        sa.UniqueConstraint("company_id", "conversation_id", name=op.f("uq_desk_talk_company_id_conversation_id")),
    )
    op.create_index(
        "uq_desk_talk_speaking",
        "desk_talk",
        ["company_id", "staff_id"],
        unique=True,
        postgresql_where=sa.text("speaking"),
    )
    for table in TABLES:
        guard(table, audited=() if table in ("alert_told", "summary_sent") else ("insert", "update", "delete"))


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
