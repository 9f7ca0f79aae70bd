"""Keep jobs with their checklists, readings and proofs, and pick-ups as the jobs they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guarding import guard

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    make_jobs()
    make_parts_of_jobs()
    make_rules()
    grow_leads()
    for table in ("job", "job_line", "job_template_line", "job_proof", "technician_card", "job_policy"):
        guard(table)
    for table in ("job_reading", "job_event"):
        guard(table, audited=(), append_only=True)


def make_jobs() -> None:
    op.create_table(
        "job",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column("ticket_id", sa.Uuid(), nullable=True),
        sa.Column("subscription_id", sa.Uuid(), nullable=True),
        sa.Column("area_id", sa.Uuid(), nullable=True),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("latitude", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("longitude", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("window_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assigned_to", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrival_metres", sa.Integer(), nullable=True),
        sa.Column("arrival_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("code_fingerprint", sa.String(), nullable=False),
        sa.Column("code_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        sa.Column("confirmed_by", sa.String(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("doubt", sa.String(), nullable=False),
        sa.Column("looked_at_by", sa.String(), nullable=False),
        *_owned(),
        sa.CheckConstraint("confirmed_by IN ('', 'code', 'tap', 'office', 'nobody')", name=op.f("ck_job_confirmed_by")),
        sa.CheckConstraint(
            "kind IN ('installation', 'repair', 'relocation', 'pick_up', 'survey')", name=op.f("ck_job_kind")
        ),
        sa.CheckConstraint(
            "state IN ('planned', 'assigned', 'on_the_way', 'arrived', 'done', 'blocked', 'no_show', 'cancelled')",
            name=op.f("ck_job_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('assigned', 'on_the_way', 'arrived') OR assigned_to IS NOT NULL", name=op.f("ck_job_given")
        ),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name=op.f("ck_job_place")),
        sa.CheckConstraint("(window_start IS NULL) = (window_end IS NULL)", name=op.f("ck_job_window")),
        sa.CheckConstraint("customer_id IS NOT NULL OR lead_id IS NOT NULL", name=op.f("ck_job_for_somebody")),
        sa.CheckConstraint("window_end > window_start", name=op.f("ck_job_window_order")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_job_area_id")),
        sa.ForeignKeyConstraint(["assigned_to"], ["staff.id"], name=op.f("fk_job_assigned_to")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_job_customer_id")),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_job_lead_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_job_site_id")),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"], name=op.f("fk_job_subscription_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_job_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("company_id", "number", name=op.f("uq_job_company_id_number")),
    )
    op.create_index(op.f("ix_job_area_id"), "job", ["area_id"], unique=False)
    op.create_index(op.f("ix_job_customer_id"), "job", ["customer_id"], unique=False)
    op.create_index(op.f("ix_job_lead_id"), "job", ["lead_id"], unique=False)
    op.create_index(
        "ix_job_technician",
        "job",
        ["company_id", "assigned_to", "window_start"],
        unique=False,
        postgresql_where=sa.text("state NOT IN ('done', 'cancelled')"),
    )
    op.create_index(
        "uq_job_ticket_open",
        "job",
        ["company_id", "ticket_id"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('done', 'cancelled')"),
    )


def make_parts_of_jobs() -> None:
    op.create_table(
        "job_event",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        *_owned(),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_event_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_event")),
    )
    op.create_index(op.f("ix_job_event_job_id"), "job_event", ["job_id"], unique=False)
    op.create_table(
        "job_line",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        *_owned(),
        sa.CheckConstraint("kind IN ('reading', 'photo', 'serial', 'metres', 'tick')", name=op.f("ck_job_line_kind")),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_line_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_line")),
        sa.UniqueConstraint("company_id", "job_id", "position", name=op.f("uq_job_line_company_id_job_id_position")),
    )
    op.create_table(
        "job_proof",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("twin_id", sa.Uuid(), nullable=True),
        *_owned(),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_job_proof_document_id")),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_proof_job_id")),
        sa.ForeignKeyConstraint(["twin_id"], ["document.id"], name=op.f("fk_job_proof_twin_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_proof")),
        sa.UniqueConstraint(
            "company_id", "job_id", "document_id", name=op.f("uq_job_proof_company_id_job_id_document_id")
        ),
    )
    op.create_index(op.f("ix_job_proof_document_id"), "job_proof", ["document_id"], unique=False)
    op.create_table(
        "job_reading",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column("dbm", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("measured_by", sa.String(), nullable=False),
        *_owned(),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_reading_job_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_job_reading_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_reading")),
    )
    op.create_index(op.f("ix_job_reading_job_id"), "job_reading", ["job_id"], unique=False)
    op.create_index(op.f("ix_job_reading_site_id"), "job_reading", ["site_id"], unique=False)


def make_rules() -> None:
    op.create_table(
        "job_policy",
        sa.Column("arrival_metres", sa.Integer(), nullable=False),
        sa.Column("code_hours", sa.Integer(), nullable=False),
        sa.Column("installation_fee", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("callback_percent", sa.Integer(), nullable=False),
        sa.Column("visit_hours", sa.Integer(), nullable=False),
        sa.Column("overload", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("very_good", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("good", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("acceptable", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("weak", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("dead", sa.Numeric(precision=5, scale=2), nullable=False),
        *_owned(),
        sa.CheckConstraint("arrival_metres > 0 AND code_hours > 0", name=op.f("ck_job_policy_sensible")),
        sa.CheckConstraint("callback_percent BETWEEN 0 AND 100", name=op.f("ck_job_policy_callback_percent")),
        sa.CheckConstraint(
            "overload > very_good AND very_good > good AND good > acceptable AND acceptable > weak AND weak > dead",
            name=op.f("ck_job_policy_thresholds"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_policy")),
        sa.UniqueConstraint("company_id", name=op.f("uq_job_policy_company_id")),
    )
    op.create_table(
        "job_template_line",
        sa.Column("job_kind", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        *_owned(),
        sa.CheckConstraint(
            "kind IN ('reading', 'photo', 'serial', 'metres', 'tick')", name=op.f("ck_job_template_line_kind")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_template_line")),
        sa.UniqueConstraint(
            "company_id", "job_kind", "position", name=op.f("uq_job_template_line_company_id_job_kind_position")
        ),
    )
    op.create_table(
        "technician_card",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("skills", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("jobs_a_day", sa.Integer(), nullable=False),
        *_owned(),
        sa.CheckConstraint("jobs_a_day BETWEEN 1 AND 50", name=op.f("ck_technician_card_jobs_a_day")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_technician_card_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_technician_card")),
        sa.UniqueConstraint("company_id", "staff_id", name=op.f("uq_technician_card_company_id_staff_id")),
    )


def grow_leads() -> None:
    op.add_column("lead", sa.Column("installation_fee", sa.Numeric(precision=14, scale=2), nullable=True))
    op.add_column("lead", sa.Column("site_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_lead_site_id"), "lead", "site", ["site_id"], ["id"])


def downgrade() -> None:
    op.drop_constraint(op.f("fk_lead_site_id"), "lead", type_="foreignkey")
    op.drop_column("lead", "site_id")
    op.drop_column("lead", "installation_fee")
    op.drop_index(op.f("ix_job_reading_site_id"), table_name="job_reading")
    op.drop_index(op.f("ix_job_reading_job_id"), table_name="job_reading")
    op.drop_table("job_reading")
    op.drop_index(op.f("ix_job_proof_document_id"), table_name="job_proof")
    op.drop_table("job_proof")
    op.drop_table("job_line")
    op.drop_index(op.f("ix_job_event_job_id"), table_name="job_event")
    op.drop_table("job_event")
    op.drop_index(
        "uq_job_ticket_open", table_name="job", postgresql_where=sa.text("state NOT IN ('done', 'cancelled')")
    )
    op.drop_index("ix_job_technician", table_name="job", postgresql_where=sa.text("state NOT IN ('done', 'cancelled')"))
    op.drop_index(op.f("ix_job_lead_id"), table_name="job")
    op.drop_index(op.f("ix_job_customer_id"), table_name="job")
    op.drop_index(op.f("ix_job_area_id"), table_name="job")
    op.drop_table("job")
    op.drop_table("technician_card")
    op.drop_table("job_template_line")
    op.drop_table("job_policy")


def _owned() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
