"""Usage by day, outages with who told of them, and what a ticket carries beyond its text."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guarding import guard

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NEW_TABLES = (
    "desk_policy", "outage", "outage_policy", "outage_sub_zone", "outage_report", "usage_day", "guided_check",
    "ticket_secret",
)  # fmt: skip
UNAUDITED = ("usage_day", "outage_report", "guided_check")
"""Written by machines or once: their rows are their own trail."""


def _owned() -> list[sa.Column]:
    return [
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    ]


def _to(table: str, column: str, target: str, **how: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"), **how)


def _key(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))


def upgrade() -> None:
    _policies()
    _outages()
    _usage()
    _tickets()
    op.add_column("inbound_message", sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("inbound_message", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    for table in NEW_TABLES:
        guard(table, audited=() if table in UNAUDITED else ("insert", "update", "delete"))


def _policies() -> None:
    op.create_table(
        "desk_policy",
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.Column("rest_weekdays", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("reopen_days", sa.Integer(), nullable=False),
        *_owned(),
        sa.CheckConstraint("cardinality(rest_weekdays) < 7", name=op.f("ck_desk_policy_rest_weekdays")),
        sa.CheckConstraint("opens < closes", name=op.f("ck_desk_policy_hours")),
        sa.CheckConstraint("reopen_days >= 0", name=op.f("ck_desk_policy_reopen_days")),
        _key("desk_policy"),
        sa.UniqueConstraint("company_id", name=op.f("uq_desk_policy_company_id")),
    )
    op.create_table(
        "outage_policy",
        sa.Column("reports_min", sa.Integer(), nullable=False),
        sa.Column("within_minutes", sa.Integer(), nullable=False),
        *_owned(),
        sa.CheckConstraint("reports_min >= 2 AND within_minutes > 0", name=op.f("ck_outage_policy_sensible")),
        _key("outage_policy"),
        sa.UniqueConstraint("company_id", name=op.f("uq_outage_policy_company_id")),
    )


def _outages() -> None:
    op.create_table(
        "outage",
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expected_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("confirmed_by", sa.String(), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=False),
        *_owned(),
        sa.CheckConstraint(
            "(state IN ('ended', 'dismissed')) = (ended_at IS NOT NULL)", name=op.f("ck_outage_ended_when_over")
        ),
        sa.CheckConstraint("state IN ('suspected', 'confirmed', 'ended', 'dismissed')", name=op.f("ck_outage_state")),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name=op.f("ck_outage_span")),
        _key("outage"),
    )
    op.create_index(
        "ix_outage_running", "outage", ["company_id"], postgresql_where=sa.text("state IN ('suspected', 'confirmed')")
    )
    op.create_table(
        "outage_sub_zone",
        sa.Column("outage_id", sa.Uuid(), nullable=False),
        sa.Column("sub_zone_id", sa.Uuid(), nullable=False),
        *_owned(),
        _to("outage_sub_zone", "outage_id", "outage"),
        _to("outage_sub_zone", "sub_zone_id", "sub_zone"),
        _key("outage_sub_zone"),
        sa.UniqueConstraint(
            "company_id", "outage_id", "sub_zone_id", name=op.f("uq_outage_sub_zone_company_id_outage_id_sub_zone_id")
        ),
    )
    op.create_index(op.f("ix_outage_sub_zone_sub_zone_id"), "outage_sub_zone", ["sub_zone_id"])
    op.create_table(
        "outage_report",
        sa.Column("outage_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("business_number_id", sa.Uuid(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        *_owned(),
        _to("outage_report", "business_number_id", "business_number"),
        _to("outage_report", "contact_id", "contact", ondelete="SET NULL"),
        _to("outage_report", "customer_id", "customer"),
        _to("outage_report", "outage_id", "outage"),
        _key("outage_report"),
        sa.UniqueConstraint(
            "company_id", "outage_id", "customer_id", name=op.f("uq_outage_report_company_id_outage_id_customer_id")
        ),
    )
    op.create_index(op.f("ix_outage_report_customer_id"), "outage_report", ["customer_id"])


def _usage() -> None:
    op.create_table(
        "usage_day",
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("bytes_down", sa.BigInteger(), nullable=False),
        sa.Column("bytes_up", sa.BigInteger(), nullable=False),
        sa.Column("session_seconds", sa.BigInteger(), nullable=False),
        *_owned(),
        sa.CheckConstraint(
            "bytes_down >= 0 AND bytes_up >= 0 AND session_seconds >= 0", name=op.f("ck_usage_day_never_negative")
        ),
        _to("usage_day", "subscription_id", "subscription"),
        _key("usage_day"),
        sa.UniqueConstraint(
            "company_id", "subscription_id", "day", name=op.f("uq_usage_day_company_id_subscription_id_day")
        ),
    )


def _tickets() -> None:
    for column in (
        sa.Column("latitude", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("longitude", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("outage_id", sa.Uuid(), nullable=True),
        sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("times_reopened", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("rating_comment", sa.String(), server_default="", nullable=False),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column("ticket", column)
    op.create_foreign_key(op.f("fk_ticket_invoice_id"), "ticket", "invoice", ["invoice_id"], ["id"])
    op.create_foreign_key(op.f("fk_ticket_outage_id"), "ticket", "outage", ["outage_id"], ["id"])
    op.create_check_constraint(op.f("ck_ticket_rating"), "ticket", "rating BETWEEN 1 AND 5")
    op.create_check_constraint(op.f("ck_ticket_priority"), "ticket", "priority IN ('normal', 'high')")
    op.create_table(
        "ticket_secret",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.String(), nullable=False),
        *_owned(),
        _to("ticket_secret", "ticket_id", "ticket"),
        _key("ticket_secret"),
        sa.UniqueConstraint("company_id", "ticket_id", name=op.f("uq_ticket_secret_company_id_ticket_id")),
    )
    op.create_table(
        "guided_check",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("light", sa.String(), nullable=False),
        sa.Column("helped", sa.Boolean(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        *_owned(),
        _to("guided_check", "customer_id", "customer"),
        _to("guided_check", "ticket_id", "ticket"),
        _key("guided_check"),
    )
    op.create_index(op.f("ix_guided_check_customer_id"), "guided_check", ["customer_id"])


def downgrade() -> None:
    op.drop_table("ticket_secret")
    op.drop_table("guided_check")
    op.drop_constraint(op.f("ck_ticket_priority"), "ticket", type_="check")
    op.drop_constraint(op.f("ck_ticket_rating"), "ticket", type_="check")
    op.drop_constraint(op.f("fk_ticket_outage_id"), "ticket", type_="foreignkey")
    op.drop_constraint(op.f("fk_ticket_invoice_id"), "ticket", type_="foreignkey")
    for column in (
        "rated_at", "rating_comment", "rating", "times_reopened", "reopened_at", "outage_id", "invoice_id", "longitude",
        "latitude",
    ):  # fmt: skip
        op.drop_column("ticket", column)
    op.drop_column("inbound_message", "deleted_at")
    op.drop_column("inbound_message", "edited_at")
    for table in ("usage_day", "outage_report", "outage_sub_zone", "outage", "outage_policy", "desk_policy"):
        op.drop_table(table)
