"""Count whom sending reaches and what it costs; keep the state of numbers, holds of lanes, and acts on the queue."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guarding import guard

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

STATES = "'queued', 'sending', 'accepted', 'sent', 'delivered', 'read', 'failed', 'unknown', 'expired'"
LANES = "lane IN ('urgent', 'reply', 'notice', 'billing', 'bulk')"


def upgrade() -> None:
    op.drop_constraint(op.f("ck_outbound_message_state"), "outbound_message", type_="check")
    op.create_check_constraint(
        op.f("ck_outbound_message_state"), "outbound_message", f"state IN ({STATES}, 'cancelled')"
    )
    op.add_column("outbound_message", sa.Column("category", sa.String(), server_default="", nullable=False))
    op.add_column("outbound_message", sa.Column("in_window", sa.Boolean(), nullable=True))
    op.add_column("outbound_message", sa.Column("price", sa.Numeric(12, 4), server_default="0", nullable=False))
    op.add_column("outbound_message", sa.Column("cost_state", sa.String(), server_default="", nullable=False))
    op.add_column("outbound_message", sa.Column("charged_on", sa.Date(), nullable=True))
    op.add_column("outbound_message", sa.Column("quota_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_outbound_message_cost_state"), "outbound_message",
        "cost_state IN ('', 'reserved', 'spent', 'released')",
    )  # fmt: skip
    op.create_index(
        "ix_outbound_message_charged", "outbound_message", ["company_id", "charged_on"],
        postgresql_where=sa.text("charged_on IS NOT NULL"),
    )  # fmt: skip
    op.create_index(
        "ix_outbound_message_quota", "outbound_message", ["company_id", "quota_at", "contact_id"],
        postgresql_where=sa.text("quota_at IS NOT NULL"),
    )  # fmt: skip
    _policy()
    _number_state()
    _holds()
    guard("sending_policy", may_delete=False)
    guard("message_price")
    guard("number_state", audited=())
    guard("lane_hold", may_delete=False)
    guard("queue_action", append_only=True, audited=())


def _policy() -> None:
    op.create_table(
        "sending_policy",
        sa.Column("recipients_per_day", sa.Integer(), nullable=True),
        sa.Column("recipients_from", sa.String(), nullable=False),
        sa.Column("reserve_percent", sa.Integer(), nullable=False),
        sa.Column("budget_per_day", sa.Numeric(14, 2), nullable=True),
        sa.Column("bulk_percent", sa.Integer(), nullable=False),
        sa.Column("quiet_from", sa.Time(), nullable=True),
        sa.Column("quiet_until", sa.Time(), nullable=True),
        sa.Column("window_hours", sa.Integer(), nullable=False),
        *_owned(),
        sa.CheckConstraint("recipients_per_day > 0", name=op.f("ck_sending_policy_recipients")),
        sa.CheckConstraint(
            "reserve_percent BETWEEN 0 AND 90 AND bulk_percent BETWEEN 1 AND 100",
            name=op.f("ck_sending_policy_shares"),
        ),
        sa.CheckConstraint("budget_per_day >= 0", name=op.f("ck_sending_policy_budget")),
        sa.CheckConstraint(
            "(quiet_from IS NULL) = (quiet_until IS NULL) AND quiet_from <> quiet_until",
            name=op.f("ck_sending_policy_quiet"),
        ),
        sa.CheckConstraint("window_hours BETWEEN 0 AND 72", name=op.f("ck_sending_policy_window_hours")),
        sa.CheckConstraint(
            "recipients_from IN ('start', 'meta', 'person')", name=op.f("ck_sending_policy_recipients_from")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sending_policy")),
        sa.UniqueConstraint("company_id", name=op.f("uq_sending_policy_company_id")),
    )
    op.create_table(
        "message_price",
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("price", sa.Numeric(12, 4), nullable=False),
        *_owned(),
        sa.CheckConstraint(
            "category IN ('marketing', 'utility', 'authentication', 'service')",
            name=op.f("ck_message_price_category"),
        ),
        sa.CheckConstraint("price >= 0", name=op.f("ck_message_price_price")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_price")),
        sa.UniqueConstraint(
            "company_id", "country", "category", "from_day",
            name=op.f("uq_message_price_company_id_country_category_from_day"),
        ),
    )  # fmt: skip


def _number_state() -> None:
    op.create_table(
        "number_state",
        sa.Column("business_number_id", sa.Uuid(), nullable=False),
        sa.Column("quality", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("throughput", sa.Integer(), nullable=False),
        sa.Column("review", sa.String(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        *_owned(),
        sa.ForeignKeyConstraint(
            ["business_number_id"], ["business_number.id"], name=op.f("fk_number_state_business_number_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_state")),
        sa.UniqueConstraint(
            "company_id", "business_number_id", name=op.f("uq_number_state_company_id_business_number_id")
        ),
    )


def _holds() -> None:
    op.create_table(
        "lane_hold",
        sa.Column("business_number_id", sa.Uuid(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("end_reason", sa.String(), nullable=False),
        *_owned(),
        sa.CheckConstraint(LANES, name=op.f("ck_lane_hold_lane")),
        sa.CheckConstraint(
            "cause IN ('code', 'quality', 'account', 'budget', 'person')", name=op.f("ck_lane_hold_cause")
        ),
        sa.ForeignKeyConstraint(
            ["business_number_id"], ["business_number.id"], name=op.f("fk_lane_hold_business_number_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lane_hold")),
    )
    op.create_index(
        "uq_lane_hold_open", "lane_hold", ["company_id", "business_number_id", "lane", "cause"], unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )  # fmt: skip
    op.create_table(
        "queue_action",
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("chosen", postgresql.JSONB(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        *_owned(),
        sa.CheckConstraint(
            "action IN ('cancel', 'reprioritise', 'hold', 'resume')", name=op.f("ck_queue_action_action")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_action")),
    )


def downgrade() -> None:
    for table in ("queue_action", "lane_hold", "number_state", "message_price", "sending_policy"):
        op.drop_table(table)
    op.drop_index("ix_outbound_message_quota", "outbound_message")
    op.drop_index("ix_outbound_message_charged", "outbound_message")
    op.drop_constraint(op.f("ck_outbound_message_cost_state"), "outbound_message", type_="check")
    for column in ("quota_at", "charged_on", "cost_state", "price", "in_window", "category"):
        op.drop_column("outbound_message", column)
    op.execute("UPDATE outbound_message SET state = 'expired' WHERE state = 'cancelled'")
    op.drop_constraint(op.f("ck_outbound_message_state"), "outbound_message", type_="check")
    op.create_check_constraint(op.f("ck_outbound_message_state"), "outbound_message", f"state IN ({STATES})")


def _owned() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
