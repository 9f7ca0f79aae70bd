"""Recover debts: cases, the ladder and its records, promises, protections, suspensions, the company's policy."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guarding import guard

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KEPT = (
    "never_cut",
    "recovery_case",
    "case_assignment",
    "promise",
    "recovery_proposal",
    "service_cut",
    "step_record",
)
"""History: changed at most in the columns that move, never deleted."""
FREE = ("ladder_step", "holiday_change", "agent_zone", "agent_terms", "recovery_policy")
MOVING = {
    "case_assignment": ("until_at",),
    "promise": ("state", "received", "judged_at", "limit_on"),
    "service_cut": ("restored_at", "restored_by", "restore_reason"),
    "never_cut": ("ended_at", "ended_by"),
    "step_record": ("state", "done_on", "note", "message_id"),
}


def upgrade() -> None:
    create_tables()
    guard("recovery_attempt", audited=("delete",), append_only=True)
    guard("cut_approval", append_only=True)
    guard("case_invoice", audited=())
    guard("recovery_run", audited=())
    for table in KEPT:
        guard(table, may_delete=False)
    for table in FREE:
        guard(table)
    for table, columns in MOVING.items():
        moving = ", ".join(f"'{column}'" for column in columns)
        op.execute(
            f"CREATE TRIGGER frozen BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION taar_only_columns({moving})"
        )


def downgrade() -> None:
    drop_tables()


def create_tables() -> None:
    op.create_table(
        "holiday_change",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("is_holiday", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holiday_change")),
        sa.UniqueConstraint("company_id", "day", name=op.f("uq_holiday_change_company_id_day")),
    )
    op.create_table(
        "ladder_step",
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("min_balance", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("message_key", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(message_key = '') = (kind NOT IN ('reminder', 'final_notice'))", name=op.f("ck_ladder_step_message_key")
        ),
        sa.CheckConstraint("day > 0 OR kind = 'reminder'", name=op.f("ck_ladder_step_only_reminders_before_due")),
        sa.CheckConstraint(
            "kind IN ('reminder', 'agent', 'final_notice', 'suspension', 'supervisor', 'pick_up', "
            "'termination', 'write_off_proposal')",
            name=op.f("ck_ladder_step_kind"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ladder_step")),
        sa.UniqueConstraint("company_id", "day", "kind", name=op.f("uq_ladder_step_company_id_day_kind")),
    )
    op.create_table(
        "recovery_policy",
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.Column("tolerance", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("suspension_notice_days", sa.Integer(), nullable=False),
        sa.Column("contact_from", sa.Time(), nullable=False),
        sa.Column("contact_to", sa.Time(), nullable=False),
        sa.Column("break_weekday", sa.Integer(), nullable=False),
        sa.Column("break_from", sa.Time(), nullable=False),
        sa.Column("break_to", sa.Time(), nullable=False),
        sa.Column("messages_a_day_max", sa.Integer(), nullable=False),
        sa.Column("messages_a_week_max", sa.Integer(), nullable=False),
        sa.Column("rest_weekdays", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("no_cut_weekdays", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("no_cut_on_holidays", sa.Boolean(), nullable=False),
        sa.Column("no_cut_before_holidays", sa.Boolean(), nullable=False),
        sa.Column("uncut_classes", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("ticket_hold_days", sa.Integer(), nullable=False),
        sa.Column("cut_share_max", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("cut_count_free", sa.Integer(), nullable=False),
        sa.Column("promise_days_max", sa.Integer(), nullable=False),
        sa.Column("promise_share_min", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("promise_grace_days", sa.Integer(), nullable=False),
        sa.Column("promise_extensions_max", sa.Integer(), nullable=False),
        sa.Column("unreliable_below", sa.Integer(), nullable=False),
        sa.Column("unreliable_days_max", sa.Integer(), nullable=False),
        sa.Column("broken_max", sa.Integer(), nullable=False),
        sa.Column("broken_window_days", sa.Integer(), nullable=False),
        sa.Column("restore_on_promise", sa.Boolean(), nullable=False),
        sa.Column("weight_promises", sa.Integer(), nullable=False),
        sa.Column("weight_timeliness", sa.Integer(), nullable=False),
        sa.Column("weight_bounces", sa.Integer(), nullable=False),
        sa.Column("agent_cases_max", sa.Integer(), nullable=False),
        sa.Column("agent_amount_max", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("agent_cash_max", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("cost_of_call", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("cost_of_visit", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("cost_of_chat", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("age_at", sa.Time(), nullable=False),
        sa.Column("remind_at", sa.Time(), nullable=False),
        sa.Column("cut_at", sa.Time(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("break_from < break_to", name=op.f("ck_recovery_policy_break_hours")),
        sa.CheckConstraint("contact_from < contact_to", name=op.f("ck_recovery_policy_contact_hours")),
        sa.CheckConstraint("cut_share_max BETWEEN 0 AND 100", name=op.f("ck_recovery_policy_cut_share_max")),
        sa.CheckConstraint(
            "least(grace_days, suspension_notice_days, promise_days_max, promise_grace_days, "
            "promise_extensions_max, messages_a_day_max, messages_a_week_max, cut_count_free, "
            "ticket_hold_days) >= 0",
            name=op.f("ck_recovery_policy_counts"),
        ),
        sa.CheckConstraint(
            "least(weight_promises, weight_timeliness, weight_bounces) >= 0 AND weight_promises + "
            "weight_timeliness + weight_bounces > 0",
            name=op.f("ck_recovery_policy_weights"),
        ),
        sa.CheckConstraint("promise_share_min BETWEEN 0 AND 100", name=op.f("ck_recovery_policy_promise_share_min")),
        sa.CheckConstraint("tolerance >= 0", name=op.f("ck_recovery_policy_tolerance")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_policy")),
        sa.UniqueConstraint("company_id", name=op.f("uq_recovery_policy_company_id")),
    )
    op.create_table(
        "recovery_run",
        sa.Column("run_day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('ageing', 'ladder', 'suspension')", name=op.f("ck_recovery_run_kind")),
        sa.CheckConstraint("state IN ('running', 'done', 'failed')", name=op.f("ck_recovery_run_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_run")),
        sa.UniqueConstraint("company_id", "run_day", "kind", name=op.f("uq_recovery_run_company_id_run_day_kind")),
    )
    op.create_table(
        "cut_approval",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=True),
        sa.Column("count_max", sa.Integer(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_cut_approval_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cut_approval")),
    )
    op.create_index("ix_cut_approval_day", "cut_approval", ["company_id", "day"], unique=False)
    op.create_table(
        "agent_terms",
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("cases_max", sa.Integer(), nullable=True),
        sa.Column("amount_max", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("cash_max", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["staff.id"], name=op.f("fk_agent_terms_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_terms")),
        sa.UniqueConstraint("company_id", "agent_id", name=op.f("uq_agent_terms_company_id_agent_id")),
    )
    op.create_table(
        "agent_zone",
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("sub_zone_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["staff.id"], name=op.f("fk_agent_zone_agent_id")),
        sa.ForeignKeyConstraint(["sub_zone_id"], ["sub_zone.id"], name=op.f("fk_agent_zone_sub_zone_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_zone")),
        sa.UniqueConstraint(
            "company_id", "agent_id", "sub_zone_id", name=op.f("uq_agent_zone_company_id_agent_id_sub_zone_id")
        ),
    )
    op.create_index(op.f("ix_agent_zone_sub_zone_id"), "agent_zone", ["sub_zone_id"], unique=False)
    op.create_table(
        "never_cut",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("reason <> '' AND approved_by <> ''", name=op.f("ck_never_cut_explained")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_never_cut_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_never_cut")),
    )
    op.create_index(op.f("ix_never_cut_customer_id"), "never_cut", ["customer_id"], unique=False)
    op.create_table(
        "recovery_case",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("sub_zone_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("close_reason", sa.String(), nullable=False),
        sa.Column("amount_opened", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("oldest_due_on", sa.Date(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("held_by", sa.String(), nullable=False),
        sa.Column("hastened", sa.Boolean(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("next_action_on", sa.Date(), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(state = 'closed') = (closed_on IS NOT NULL)", name=op.f("ck_recovery_case_closed_on")),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_recovery_case_state")),
        sa.ForeignKeyConstraint(["agent_id"], ["staff.id"], name=op.f("fk_recovery_case_agent_id")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_recovery_case_area_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_recovery_case_customer_id")),
        sa.ForeignKeyConstraint(["sub_zone_id"], ["sub_zone.id"], name=op.f("fk_recovery_case_sub_zone_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_case")),
    )
    op.create_index(
        "ix_recovery_case_agent",
        "recovery_case",
        ["company_id", "agent_id"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(op.f("ix_recovery_case_customer_id"), "recovery_case", ["customer_id"], unique=False)
    op.create_index(
        "uq_recovery_case_open",
        "recovery_case",
        ["company_id", "customer_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "case_assignment",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("assigned_by", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["staff.id"], name=op.f("fk_case_assignment_agent_id")),
        sa.ForeignKeyConstraint(["case_id"], ["recovery_case.id"], name=op.f("fk_case_assignment_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_assignment")),
    )
    op.create_index(op.f("ix_case_assignment_agent_id"), "case_assignment", ["agent_id"], unique=False)
    op.create_index(op.f("ix_case_assignment_case_id"), "case_assignment", ["case_id"], unique=False)
    op.create_index(
        "uq_case_assignment_running",
        "case_assignment",
        ["company_id", "case_id"],
        unique=True,
        postgresql_where=sa.text("until_at IS NULL"),
    )
    op.create_table(
        "promise",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("limit_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("received", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_by", sa.String(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("extension_no", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('open', 'kept', 'partial', 'broken', 'replaced')", name=op.f("ck_promise_state")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_promise_amount")),
        sa.CheckConstraint("limit_on >= due_on AND due_on >= made_on", name=op.f("ck_promise_days")),
        sa.ForeignKeyConstraint(["agent_id"], ["staff.id"], name=op.f("fk_promise_agent_id")),
        sa.ForeignKeyConstraint(["case_id"], ["recovery_case.id"], name=op.f("fk_promise_case_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_promise_customer_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["promise.id"], name=op.f("fk_promise_replaces_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise")),
        sa.UniqueConstraint("company_id", "replaces_id", name=op.f("uq_promise_company_id_replaces_id")),
    )
    op.create_index(op.f("ix_promise_agent_id"), "promise", ["agent_id"], unique=False)
    op.create_index(op.f("ix_promise_customer_id"), "promise", ["customer_id"], unique=False)
    op.create_index(
        "uq_promise_open",
        "promise",
        ["company_id", "customer_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "recovery_attempt",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("place", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("next_action_on", sa.Date(), nullable=True),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("channel IN ('call', 'visit', 'chat')", name=op.f("ck_recovery_attempt_channel")),
        sa.CheckConstraint("outcome <> 'disputes' OR note <> ''", name=op.f("ck_recovery_attempt_dispute_has_reason")),
        sa.CheckConstraint(
            "outcome IN ('no_answer', 'wrong_number', 'not_at_home', 'left_message', 'refuses', "
            "'disputes', 'promised', 'part_paid', 'paid', 'moved_away', 'equipment_returned')",
            name=op.f("ck_recovery_attempt_outcome"),
        ),
        sa.ForeignKeyConstraint(["agent_id"], ["staff.id"], name=op.f("fk_recovery_attempt_agent_id")),
        sa.ForeignKeyConstraint(["case_id"], ["recovery_case.id"], name=op.f("fk_recovery_attempt_case_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_recovery_attempt_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_attempt")),
    )
    op.create_index(
        "ix_recovery_attempt_agent", "recovery_attempt", ["company_id", "agent_id", "attempted_at"], unique=False
    )
    op.create_index(op.f("ix_recovery_attempt_customer_id"), "recovery_attempt", ["customer_id"], unique=False)
    op.create_table(
        "recovery_proposal",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("proposed_on", sa.Date(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_note", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('pick_up', 'termination', 'write_off_proposal')", name=op.f("ck_recovery_proposal_kind")
        ),
        sa.CheckConstraint("state IN ('open', 'accepted', 'refused')", name=op.f("ck_recovery_proposal_state")),
        sa.ForeignKeyConstraint(["case_id"], ["recovery_case.id"], name=op.f("fk_recovery_proposal_case_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_recovery_proposal_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_proposal")),
    )
    op.create_index(op.f("ix_recovery_proposal_customer_id"), "recovery_proposal", ["customer_id"], unique=False)
    op.create_index(
        "uq_recovery_proposal_open",
        "recovery_proposal",
        ["company_id", "case_id", "kind"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "service_cut",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("cut_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cut_on", sa.Date(), nullable=False),
        sa.Column("cut_by", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("owed", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("restored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("restored_by", sa.String(), nullable=False),
        sa.Column("restore_reason", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["recovery_case.id"], name=op.f("fk_service_cut_case_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_service_cut_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_cut")),
    )
    op.create_index(op.f("ix_service_cut_case_id"), "service_cut", ["case_id"], unique=False)
    op.create_index(op.f("ix_service_cut_cut_on"), "service_cut", ["cut_on"], unique=False)
    op.create_index(
        "uq_service_cut_running",
        "service_cut",
        ["company_id", "customer_id"],
        unique=True,
        postgresql_where=sa.text("restored_at IS NULL"),
    )
    op.create_table(
        "step_record",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("counted_from", sa.Date(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("announced_for", sa.Date(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('done', 'skipped', 'by_hand', 'withdrawn')", name=op.f("ck_step_record_state")),
        sa.ForeignKeyConstraint(["case_id"], ["recovery_case.id"], name=op.f("fk_step_record_case_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_step_record_customer_id")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["outbound_message.id"], name=op.f("fk_step_record_message_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_record")),
    )
    op.create_index(op.f("ix_step_record_case_id"), "step_record", ["case_id"], unique=False)
    op.create_index(
        "uq_step_record_once",
        "step_record",
        ["company_id", "customer_id", "counted_from", "day", "kind"],
        unique=True,
        postgresql_where=sa.text("state <> 'withdrawn'"),
    )
    op.create_table(
        "case_invoice",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["recovery_case.id"], name=op.f("fk_case_invoice_case_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_case_invoice_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_invoice")),
        sa.UniqueConstraint(
            "company_id", "case_id", "invoice_id", name=op.f("uq_case_invoice_company_id_case_id_invoice_id")
        ),
    )
    op.create_index(op.f("ix_case_invoice_invoice_id"), "case_invoice", ["invoice_id"], unique=False)


def drop_tables() -> None:
    op.drop_index(op.f("ix_case_invoice_invoice_id"), table_name="case_invoice")
    op.drop_table("case_invoice")
    op.drop_index("uq_step_record_once", table_name="step_record", postgresql_where=sa.text("state <> 'withdrawn'"))
    op.drop_index(op.f("ix_step_record_case_id"), table_name="step_record")
    op.drop_table("step_record")
    op.drop_index("uq_service_cut_running", table_name="service_cut", postgresql_where=sa.text("restored_at IS NULL"))
    op.drop_index(op.f("ix_service_cut_cut_on"), table_name="service_cut")
    op.drop_index(op.f("ix_service_cut_case_id"), table_name="service_cut")
    op.drop_table("service_cut")
    op.drop_index(
        "uq_recovery_proposal_open", table_name="recovery_proposal", postgresql_where=sa.text("state = 'open'")
    )
    op.drop_index(op.f("ix_recovery_proposal_customer_id"), table_name="recovery_proposal")
    op.drop_table("recovery_proposal")
    op.drop_index(op.f("ix_recovery_attempt_customer_id"), table_name="recovery_attempt")
    op.drop_index("ix_recovery_attempt_agent", table_name="recovery_attempt")
    op.drop_table("recovery_attempt")
    op.drop_index("uq_promise_open", table_name="promise", postgresql_where=sa.text("state = 'open'"))
    op.drop_index(op.f("ix_promise_customer_id"), table_name="promise")
    op.drop_index(op.f("ix_promise_agent_id"), table_name="promise")
    op.drop_table("promise")
    op.drop_index(
        "uq_case_assignment_running", table_name="case_assignment", postgresql_where=sa.text("until_at IS NULL")
    )
    op.drop_index(op.f("ix_case_assignment_case_id"), table_name="case_assignment")
    op.drop_index(op.f("ix_case_assignment_agent_id"), table_name="case_assignment")
    op.drop_table("case_assignment")
    op.drop_index("uq_recovery_case_open", table_name="recovery_case", postgresql_where=sa.text("state = 'open'"))
    op.drop_index(op.f("ix_recovery_case_customer_id"), table_name="recovery_case")
    op.drop_index("ix_recovery_case_agent", table_name="recovery_case", postgresql_where=sa.text("state = 'open'"))
    op.drop_table("recovery_case")
    op.drop_index(op.f("ix_never_cut_customer_id"), table_name="never_cut")
    op.drop_table("never_cut")
    op.drop_index(op.f("ix_agent_zone_sub_zone_id"), table_name="agent_zone")
    op.drop_table("agent_zone")
    op.drop_table("agent_terms")
    op.drop_index("ix_cut_approval_day", table_name="cut_approval")
    op.drop_table("cut_approval")
    op.drop_table("recovery_run")
    op.drop_table("recovery_policy")
    op.drop_table("ladder_step")
    op.drop_table("holiday_change")
