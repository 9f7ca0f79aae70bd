"""Message templates with their versions, rules for automatic notices, and campaigns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guarding import guard

revision = "0030"
down_revision = "0026"
branch_labels = None
depends_on = None

TABLES = ("message_template", "template_version", "notice_rule", "campaign_policy", "campaign", "campaign_person")


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
        sa.Column("marketing", sa.Boolean(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_by", sa.String(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("expected_cost", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("reached", sa.Uuid(), nullable=True),
        sa.Column("queued", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        *_owned(),
        sa.CheckConstraint("(template_b = '') = (share_b = 0)", name=op.f("ck_campaign_template_b")),
        sa.CheckConstraint("approved_by = '' OR approved_by <> written_by", name=op.f("ck_campaign_second_person")),
        sa.CheckConstraint(
            "state IN ('draft', 'waiting', 'running', 'paused', 'done', 'cancelled', 'refused')",
            name=op.f("ck_campaign_state"),
        ),
        sa.CheckConstraint("share_b BETWEEN 0 AND 100", name=op.f("ck_campaign_share_b")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
    )
    op.create_index(
        "ix_campaign_running", "campaign", ["company_id"], unique=False, postgresql_where=sa.text("state = 'running'")
    )
    op.create_table(
        "campaign_policy",
        sa.Column("people_a_day", sa.Integer(), nullable=False),
        sa.Column("utility_price", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("marketing_price", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("authentication_price", sa.Numeric(precision=12, scale=4), nullable=False),
        *_owned(),
        sa.CheckConstraint("people_a_day BETWEEN 1 AND 10000000", name=op.f("ck_campaign_policy_people_a_day")),
        sa.CheckConstraint(
            "utility_price >= 0 AND marketing_price >= 0 AND authentication_price >= 0",
            name=op.f("ck_campaign_policy_prices"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_policy")),
        sa.UniqueConstraint("company_id", name=op.f("uq_campaign_policy_company_id")),
    )
    op.create_table(
        "message_template",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("quality", sa.String(), nullable=False),
        sa.Column("meta_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("live_version", sa.Integer(), nullable=True),
        sa.Column("asked", sa.String(), server_default="", nullable=False),
        sa.Column("asked_by", sa.String(), server_default="", nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        *_owned(),
        sa.CheckConstraint("asked IN ('', 'submit', 'delete')", name=op.f("ck_message_template_asked")),
        sa.CheckConstraint(
            "category IN ('UTILITY', 'MARKETING', 'AUTHENTICATION')", name=op.f("ck_message_template_category")
        ),
        sa.CheckConstraint(
            "quality IN ('GREEN', 'YELLOW', 'RED', 'UNKNOWN')", name=op.f("ck_message_template_quality")
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'approved', 'rejected', 'paused', 'disabled')",
            name=op.f("ck_message_template_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_template")),
        sa.UniqueConstraint(
            "company_id", "name", "language", name=op.f("uq_message_template_company_id_name_language")
        ),
    )
    op.create_index(
        "ix_message_template_asked",
        "message_template",
        ["company_id"],
        unique=False,
        postgresql_where=sa.text("asked <> ''"),
    )
    op.create_table(
        "notice_rule",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("send_hour", sa.Integer(), nullable=True),
        sa.Column("words", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        *_owned(),
        sa.CheckConstraint("send_hour IS NULL OR send_hour BETWEEN 0 AND 23", name=op.f("ck_notice_rule_send_hour")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_rule")),
        sa.UniqueConstraint("company_id", "kind", name=op.f("uq_notice_rule_company_id_kind")),
    )
    op.create_table(
        "template_version",
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("variables", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("header_kind", sa.String(), nullable=False),
        sa.Column("header", sa.String(), nullable=False),
        sa.Column("header_example", sa.String(), nullable=False),
        sa.Column("footer", sa.String(), nullable=False),
        sa.Column("buttons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("session_body", sa.String(), nullable=False),
        sa.Column("code_minutes", sa.Integer(), nullable=True),
        sa.Column("written_by", sa.String(), nullable=False),
        *_owned(),
        sa.CheckConstraint(
            "header_kind IN ('none', 'text', 'document', 'image')", name=op.f("ck_template_version_header_kind")
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["message_template.id"], name=op.f("fk_template_version_template_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template_version")),
        sa.UniqueConstraint(
            "company_id", "template_id", "number", name=op.f("uq_template_version_company_id_template_id_number")
        ),
    )
    op.create_index(op.f("ix_template_version_template_id"), "template_version", ["template_id"], unique=False)
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
    op.create_index(op.f("ix_campaign_person_message_id"), "campaign_person", ["message_id"], unique=False)
    guard("message_template", audited=("update", "delete"))
    guard("template_version", audited=(), may_delete=False)
    op.execute(
        "CREATE TRIGGER frozen BEFORE UPDATE ON template_version FOR EACH ROW EXECUTE FUNCTION taar_refuse_change()"
    )
    guard("notice_rule")
    guard("campaign_policy")
    guard("campaign")
    guard("campaign_person", audited=())


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _owned() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
