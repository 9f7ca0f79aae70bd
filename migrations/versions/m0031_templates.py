"""Message templates with their versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guarding import guard

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

TABLES = ("message_template", "template_version")


def upgrade() -> None:
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
    guard("message_template", audited=("update", "delete"))
    guard("template_version", audited=(), may_delete=False)
    op.execute(
        "CREATE TRIGGER frozen BEFORE UPDATE ON template_version FOR EACH ROW EXECUTE FUNCTION taar_refuse_change()"
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _owned() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
