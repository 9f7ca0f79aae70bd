"""Know who is talking: links to accounts, leads, papers by a link, chats answered by people, consent, invitations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guarding import guard

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_links()
    create_invites()
    create_leads()
    create_papers()
    add_columns()
    guard("link_request", may_delete=False)
    guard("consent_change", audited=(), may_delete=False)
    guard("desk_settings", may_delete=False)
    guard("staff_invite", may_delete=False)
    guard("invite_try", audited=(), may_delete=False)
    guard("lead", may_delete=False)
    guard("lead_note", audited=(), append_only=True)
    guard("upload_link", may_delete=False)
    guard("lead_document", may_delete=False)
    guard("document_access", audited=(), append_only=True)


def downgrade() -> None:
    drop_columns()
    drop_tables()


def create_links() -> None:
    op.create_table(
        "link_request",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("wanted", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("code_expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_to", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decision_note", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "state IN ('code', 'linked', 'waiting', 'approved', 'refused', 'cancelled', 'undone', 'over')",
            name=op.f("ck_link_request_state"),
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_link_request_contact_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_link_request_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_request")),
    )
    op.create_index("ix_link_request_contact", "link_request", ["company_id", "contact_id", "asked_at"], unique=False)
    op.create_index("ix_link_request_customer", "link_request", ["company_id", "customer_id", "asked_at"], unique=False)
    op.create_index(
        "ix_link_request_waiting",
        "link_request",
        ["company_id", "asked_at"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "consent_change",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("choice", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("category IN ('marketing', 'notices')", name=op.f("ck_consent_change_category")),
        sa.CheckConstraint("choice IN ('stop', 'resume')", name=op.f("ck_consent_change_choice")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_consent_change_contact_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_change")),
        sa.UniqueConstraint(
            "company_id",
            "contact_id",
            "category",
            "choice",
            "told_at",
            name=op.f("uq_consent_change_company_id_contact_id_category_choice_told_at"),
        ),
    )
    op.create_index("ix_consent_change_contact", "consent_change", ["company_id", "contact_id"], unique=False)
    op.create_table(
        "desk_settings",
        sa.Column("office_hours", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("answer_hours", sa.Integer(), nullable=False),
        sa.Column("coverage_metres", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("answer_hours BETWEEN 1 AND 72", name=op.f("ck_desk_settings_answer_hours")),
        sa.CheckConstraint("coverage_metres BETWEEN 10 AND 20000", name=op.f("ck_desk_settings_coverage_metres")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_settings")),
        sa.UniqueConstraint("company_id", name=op.f("uq_desk_settings_company_id")),
    )


def create_invites() -> None:
    op.create_table(
        "staff_invite",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_staff_invite_contact_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_invite_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_invite")),
        sa.UniqueConstraint("company_id", "code_hash", name=op.f("uq_staff_invite_company_id_code_hash")),
    )
    op.create_index(op.f("ix_staff_invite_staff_id"), "staff_invite", ["staff_id"], unique=False)
    op.create_table(
        "invite_try",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_invite_try_contact_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invite_try")),
    )
    op.create_index("ix_invite_try_contact", "invite_try", ["company_id", "contact_id", "tried_at"], unique=False)


def create_leads() -> None:
    op.create_table(
        "lead",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("sub_zone_id", sa.Uuid(), nullable=True),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("latitude", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("longitude", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("wished_on", sa.Date(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "state IN ('new', 'survey', 'approved', 'refused', 'installed')", name=op.f("ck_lead_state")
        ),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name=op.f("ck_lead_place")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_lead_contact_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_lead_customer_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_lead_plan_id")),
        sa.ForeignKeyConstraint(["sub_zone_id"], ["sub_zone.id"], name=op.f("fk_lead_sub_zone_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead")),
        sa.UniqueConstraint("company_id", "number", name=op.f("uq_lead_company_id_number")),
    )
    op.create_index(op.f("ix_lead_contact_id"), "lead", ["contact_id"], unique=False)
    op.create_index(op.f("ix_lead_customer_id"), "lead", ["customer_id"], unique=False)
    op.create_index(
        "ix_lead_open",
        "lead",
        ["company_id", "asked_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('new', 'survey', 'approved')"),
    )
    op.create_index(op.f("ix_lead_phone"), "lead", ["phone"], unique=False)
    op.create_table(
        "lead_note",
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_lead_note_lead_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_note")),
    )
    op.create_index(op.f("ix_lead_note_lead_id"), "lead_note", ["lead_id"], unique=False)


def create_papers() -> None:
    op.create_table(
        "upload_link",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_upload_link_contact_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_upload_link_customer_id")),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_upload_link_lead_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_link")),
        sa.UniqueConstraint("company_id", "token_hash", name=op.f("uq_upload_link_company_id_token_hash")),
    )
    op.create_index("ix_upload_link_contact", "upload_link", ["company_id", "contact_id", "made_at"], unique=False)
    op.create_table(
        "lead_document",
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_lead_document_document_id")),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_lead_document_lead_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_document")),
        sa.UniqueConstraint(
            "company_id", "lead_id", "document_id", name=op.f("uq_lead_document_company_id_lead_id_document_id")
        ),
    )
    op.create_index(op.f("ix_lead_document_document_id"), "lead_document", ["document_id"], unique=False)
    op.create_index(op.f("ix_lead_document_lead_id"), "lead_document", ["lead_id"], unique=False)
    op.create_table(
        "document_access",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_document_access_document_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_access")),
    )
    op.create_index("ix_document_access_document", "document_access", ["company_id", "document_id", "at"], unique=False)


def add_columns() -> None:
    op.add_column("contact", sa.Column("marketing_stopped_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("conversation", sa.Column("human_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("conversation", sa.Column("human_staff_id", sa.Uuid(), nullable=True))
    op.add_column("conversation", sa.Column("human_by", sa.String(), server_default="", nullable=False))
    op.add_column("conversation", sa.Column("human_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("conversation", sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_conversation_human",
        "conversation",
        ["company_id", "human_since"],
        unique=False,
        postgresql_where=sa.text("human_since IS NOT NULL"),
    )
    op.create_foreign_key(op.f("fk_conversation_human_staff_id"), "conversation", "staff", ["human_staff_id"], ["id"])
    op.add_column("customer_phone", sa.Column("opens_account", sa.Boolean(), server_default="true", nullable=False))
    op.add_column("outbound_message", sa.Column("marketing", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("staff", sa.Column("phone_opens_chat", sa.Boolean(), server_default="true", nullable=False))
    op.add_column("sub_zone", sa.Column("other_names", sa.ARRAY(sa.String()), server_default="{}", nullable=False))
    op.add_column("sub_zone", sa.Column("coverage", sa.String(), server_default="served", nullable=False))
    op.add_column("sub_zone", sa.Column("latitude", sa.Numeric(precision=9, scale=6), nullable=True))
    op.add_column("sub_zone", sa.Column("longitude", sa.Numeric(precision=9, scale=6), nullable=True))
    op.create_check_constraint(op.f("ck_sub_zone_coverage"), "sub_zone", "coverage IN ('served', 'planned', 'closed')")
    op.create_check_constraint(op.f("ck_sub_zone_place"), "sub_zone", "(latitude IS NULL) = (longitude IS NULL)")


def drop_columns() -> None:
    op.drop_column("sub_zone", "longitude")
    op.drop_column("sub_zone", "latitude")
    op.drop_column("sub_zone", "coverage")
    op.drop_column("sub_zone", "other_names")
    op.drop_column("staff", "phone_opens_chat")
    op.drop_column("outbound_message", "marketing")
    op.drop_column("customer_phone", "opens_account")
    op.drop_constraint(op.f("fk_conversation_human_staff_id"), "conversation", type_="foreignkey")
    op.drop_index(
        "ix_conversation_human", table_name="conversation", postgresql_where=sa.text("human_since IS NOT NULL")
    )
    op.drop_column("conversation", "answered_at")
    op.drop_column("conversation", "human_due_at")
    op.drop_column("conversation", "human_by")
    op.drop_column("conversation", "human_staff_id")
    op.drop_column("conversation", "human_since")
    op.drop_column("contact", "marketing_stopped_at")


def drop_tables() -> None:
    op.drop_index("ix_upload_link_contact", table_name="upload_link")
    op.drop_table("upload_link")
    op.drop_index(op.f("ix_lead_note_lead_id"), table_name="lead_note")
    op.drop_table("lead_note")
    op.drop_index(op.f("ix_lead_document_lead_id"), table_name="lead_document")
    op.drop_index(op.f("ix_lead_document_document_id"), table_name="lead_document")
    op.drop_table("lead_document")
    op.drop_index("ix_document_access_document", table_name="document_access")
    op.drop_table("document_access")
    op.drop_index(op.f("ix_staff_invite_staff_id"), table_name="staff_invite")
    op.drop_table("staff_invite")
    op.drop_index("ix_link_request_waiting", table_name="link_request", postgresql_where=sa.text("state = 'waiting'"))
    op.drop_index("ix_link_request_customer", table_name="link_request")
    op.drop_index("ix_link_request_contact", table_name="link_request")
    op.drop_table("link_request")
    op.drop_index(op.f("ix_lead_phone"), table_name="lead")
    op.drop_index("ix_lead_open", table_name="lead", postgresql_where=sa.text("state IN ('new', 'survey', 'approved')"))
    op.drop_index(op.f("ix_lead_customer_id"), table_name="lead")
    op.drop_index(op.f("ix_lead_contact_id"), table_name="lead")
    op.drop_table("lead")
    op.drop_index("ix_invite_try_contact", table_name="invite_try")
    op.drop_table("invite_try")
    op.drop_index("ix_consent_change_contact", table_name="consent_change")
    op.drop_table("consent_change")
    op.drop_table("desk_settings")
