"""Guard the journal, and give the books their closings, monthly totals, manual entries and opening balances."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from migrations.guarding import guard
from migrations.kinds import renew_kinds

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"

CHECKS = (
    ("reversal", "(kind = 'reversal') = (reverses_id IS NOT NULL)"),
    ("posted_on", "posted_on BETWEEN '2000-01-01' AND '2099-12-31'"),
)
FUNCTIONS = (
    "taar_guard_entries()", "taar_guard_postings()", "taar_guard_closed(uuid, date, date, date)",
    "taar_is_closing(uuid)", "taar_entry_kinds()", "taar_books_lock()",
)  # fmt: skip
POSTING_INDEX = (("amount", "area_id", "plan_id"), ("amount",))
"""What the index of an account's postings carries, after and before: reports by area and plan read nothing else."""


def upgrade() -> None:
    create_tables()
    for name, condition in CHECKS:
        op.execute(f"ALTER TABLE journal_entry ADD CONSTRAINT ck_journal_entry_{name} CHECK ({condition})")
    replace_posting_index(POSTING_INDEX[0])
    guard("period_event", audited=(), append_only=True)
    guard("account_month", audited=())
    guard("ledger_policy", may_delete=False)
    guard("manual_entry", may_delete=False)
    guard("manual_entry_line", audited=(), append_only=True)
    guard("opening_balance", audited=("update",), may_delete=False)
    freeze_but("manual_entry", "state", "decided_by", "decided_at", "decision_note")
    freeze_but("opening_balance", "withdrawn_on")
    renew_kinds()
    op.execute((SQL / "ledger.sql").read_text())
    op.execute("ALTER TABLE ledger_policy NO FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE company NO FORCE ROW LEVEL SECURITY")
    op.execute("INSERT INTO ledger_policy (company_id, manual_limit, accountants) SELECT id, 50000, '{}' FROM company")
    op.execute("ALTER TABLE company FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE ledger_policy FORCE ROW LEVEL SECURITY")


def freeze_but(table: str, *moving: str) -> None:
    columns = ", ".join(f"'{column}'" for column in moving)
    op.execute(f"CREATE TRIGGER frozen BEFORE UPDATE ON {table}"
               f" FOR EACH ROW EXECUTE FUNCTION taar_only_columns({columns})")  # fmt: skip


def replace_posting_index(carried: tuple[str, ...]) -> None:
    op.drop_index("ix_posting_account", table_name="posting")
    op.create_index("ix_posting_account", "posting", ["company_id", "account_id", "posted_on"],
                    postgresql_include=list(carried))  # fmt: skip


def downgrade() -> None:
    for table in ("posting", "journal_entry"):
        op.execute(f"DROP TRIGGER guarded ON {table}")
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    replace_posting_index(POSTING_INDEX[1])
    for name, _ in CHECKS:
        op.execute(f"ALTER TABLE journal_entry DROP CONSTRAINT ck_journal_entry_{name}")
    drop_tables()


def create_tables() -> None:
    op.create_table(
        "ledger_policy",
        sa.Column("manual_limit", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("accountants", sa.ARRAY(sa.String()), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("manual_limit >= 0", name=op.f("ck_ledger_policy_manual_limit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_policy")),
        sa.UniqueConstraint("company_id", name=op.f("uq_ledger_policy_company_id")),
    )
    op.create_table(
        "manual_entry",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_note", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_manual_entry_reason")),
        sa.CheckConstraint("state IN ('waiting', 'posted', 'refused')", name=op.f("ck_manual_entry_state")),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> asked_by", name=op.f("ck_manual_entry_two_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_manual_entry")),
        sa.UniqueConstraint("company_id", "number", name=op.f("uq_manual_entry_company_id_number")),
    )
    op.create_index(
        "ix_manual_entry_waiting",
        "manual_entry",
        ["company_id", "posted_on"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "period_event",
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("soft_through", sa.Date(), nullable=True),
        sa.Column("hard_through", sa.Date(), nullable=True),
        sa.Column("totals_through", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("done_by", sa.String(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("action <> 'reopen' OR reason <> ''", name=op.f("ck_period_event_reopened_with_reason")),
        sa.CheckConstraint("action IN ('close', 'reopen')", name=op.f("ck_period_event_action")),
        sa.CheckConstraint(
            "hard_through IS NULL OR soft_through >= hard_through", name=op.f("ck_period_event_hard_within_soft")
        ),
        sa.CheckConstraint(
            "totals_through IS NULL OR totals_through <= soft_through", name=op.f("ck_period_event_totals_within_soft")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period_event")),
        sa.UniqueConstraint("company_id", "serial", name=op.f("uq_period_event_company_id_serial")),
    )
    op.create_table(
        "account_month",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=True),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("closing", sa.Boolean(), nullable=False),
        sa.Column("debit", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("credit", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("extract(day FROM month) = 1", name=op.f("ck_account_month_month")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_month_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_month")),
        sa.UniqueConstraint(
            "company_id",
            "account_id",
            "month",
            "area_id",
            "plan_id",
            "closing",
            name="uq_account_month_row",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "manual_entry_line",
        sa.Column("manual_entry_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("account_code", sa.String(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=True),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_manual_entry_line_amount")),
        sa.ForeignKeyConstraint(
            ["manual_entry_id"], ["manual_entry.id"], name=op.f("fk_manual_entry_line_manual_entry_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_manual_entry_line")),
        sa.UniqueConstraint(
            "company_id",
            "manual_entry_id",
            "position",
            name=op.f("uq_manual_entry_line_company_id_manual_entry_id_position"),
        ),
    )
    op.create_index(
        op.f("ix_manual_entry_line_manual_entry_id"), "manual_entry_line", ["manual_entry_id"], unique=False
    )
    op.create_table(
        "opening_balance",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_opening_balance_amount")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_opening_balance_account_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entry.id"], name=op.f("fk_opening_balance_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening_balance")),
    )
    op.create_index(op.f("ix_opening_balance_entry_id"), "opening_balance", ["entry_id"], unique=False)
    op.create_index(
        "uq_opening_balance_live",
        "opening_balance",
        ["company_id", "account_id", "party_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("withdrawn_on IS NULL"),
    )
    op.create_index("ix_allocation_day", "allocation", ["company_id", "allocated_on"], unique=False)
    op.create_index(
        "ix_invoice_given_up",
        "invoice",
        ["company_id", "issued_on"],
        unique=False,
        postgresql_where=sa.text("state IN ('void', 'written_off')"),
    )
    op.create_index(
        "ix_journal_entry_origin",
        "journal_entry",
        ["company_id", "origin"],
        unique=False,
        postgresql_where=sa.text("origin <> ''"),
    )


def drop_tables() -> None:
    op.drop_index("ix_journal_entry_origin", table_name="journal_entry", postgresql_where=sa.text("origin <> ''"))
    op.drop_index(
        "ix_invoice_given_up", table_name="invoice", postgresql_where=sa.text("state IN ('void', 'written_off')")
    )
    op.drop_index("ix_allocation_day", table_name="allocation")
    op.drop_index(
        "uq_opening_balance_live",
        table_name="opening_balance",
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("withdrawn_on IS NULL"),
    )
    op.drop_index(op.f("ix_opening_balance_entry_id"), table_name="opening_balance")
    op.drop_table("opening_balance")
    op.drop_index(op.f("ix_manual_entry_line_manual_entry_id"), table_name="manual_entry_line")
    op.drop_table("manual_entry_line")
    op.drop_table("account_month")
    op.drop_table("period_event")
    op.drop_index("ix_manual_entry_waiting", table_name="manual_entry", postgresql_where=sa.text("state = 'waiting'"))
    op.drop_table("manual_entry")
    op.drop_table("ledger_policy")
