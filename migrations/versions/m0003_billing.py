"""Complete the tables of billing: lines and contracts, bands, discounts, credit notes, refunds, vouchers, policy."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guarding import guard

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CHECKS = (
    ("subscription", "state", "state IN ('active', 'suspended', 'ended')",
     "state IN ('active', 'suspended', 'paused', 'ended')"),
    ("subscription", "interval_months", "", "interval_months BETWEEN 1 AND 36"),
    ("plan", "kind", "", "kind IN ('flat', 'tier', 'metered')"),
    ("plan", "rating", "", "rating IN ('', 'graduated', 'volume')"),
    ("plan", "unit", "", "unit IN ('GB', 'GiB')"),
    ("plan", "interval_months", "", "interval_months BETWEEN 1 AND 36"),
    ("tax_rate", "kind", "", "kind IN ('sales_tax', 'excise', 'advance_income_tax')"),
    ("invoice", "reason", "", "reason IN ('period', 'change', 'one_off', 'late_fee', 'renewal', 'opening')"),
    ("invoice_line", "kind", "kind IN ('charge', 'discount', 'tax')", "kind IN ('charge', 'tax', 'rounding')"),
    ("payment", "amount", "amount > 0", "amount >= 0 AND withheld_income_tax >= 0 AND withheld_sales_tax >= 0"),
    ("payment", "settles", "", "amount + withheld_income_tax + withheld_sales_tax > 0"),
    ("payment", "unallocated", "unallocated BETWEEN 0 AND amount",
     "unallocated BETWEEN 0 AND amount + withheld_income_tax + withheld_sales_tax"),
    ("allocation", "amount", "amount > 0", "amount <> 0"),
    ("allocation", "one_source", "", "(payment_id IS NULL) <> (credit_note_id IS NULL)"),
    ("allocation", "one_target", "", "(invoice_id IS NULL) <> (refund_id IS NULL)"),
)  # fmt: skip
GUARDED = (
    "billing_policy",
    "invoice_run",
    "plan_band",
    "voucher_batch",
    "refund",
    "gateway_event",
    "tax_exemption",
    "voucher",
    "invoice_run_problem",
    "service_pause",
    "subscription_line",
    "usage_event",
    "credit_note",
    "discount",
    "pending_charge",
    "credit_note_line",
)
MOVING = (
    ("invoice", "WHEN (OLD.state <> 'draft') ", ("state", "balance"),
     ("state", "balance", "fiscal_state", "fiscal_number")),
    ("payment", "", ("state", "unallocated"), ("state", "unallocated", "state_reason", "certificate_no", "suspect")),
)  # fmt: skip
SELF_DOCUMENTING = ("invoice", "allocation", "journal_entry")
"""Their rows say themselves who wrote them and when, so only later changes go to the audit trail."""
EXISTING = ("subscription", "invoice", "company", "billing_policy", "subscription_line")


def upgrade() -> None:
    create_tables()
    replace_checks(new=True)
    for table in GUARDED:
        guard(table)
    guard_documents()
    carry_over()


def guard_documents() -> None:
    for table, condition, _, columns in MOVING:
        replace_frozen(table, condition, columns)
    replace_frozen("credit_note", "", ("unallocated",))
    replace_frozen("refund", "", ("state", "approved_by", "paid_on"))
    for table in ("credit_note", "credit_note_line", "refund"):
        op.execute(f"CREATE TRIGGER kept BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION taar_refuse_change()")
        op.execute(f"REVOKE DELETE ON {table} FROM taar_app")
    op.execute("CREATE TRIGGER frozen BEFORE UPDATE ON credit_note_line"
               " FOR EACH ROW EXECUTE FUNCTION taar_refuse_change()")  # fmt: skip
    for table in SELF_DOCUMENTING:
        audit(table, "UPDATE OR DELETE")


def replace_frozen(table: str, condition: str, columns: tuple[str, ...]) -> None:
    moving = ", ".join(f"'{column}'" for column in columns)
    op.execute(f"DROP TRIGGER IF EXISTS frozen ON {table}")
    op.execute(
        f"CREATE TRIGGER frozen BEFORE UPDATE ON {table} FOR EACH ROW {condition}"
        f"EXECUTE FUNCTION taar_only_columns({moving})"
    )


def audit(table: str, statements: str) -> None:
    op.execute(f"DROP TRIGGER IF EXISTS audit ON {table}")
    op.execute(f"CREATE TRIGGER audit AFTER {statements} ON {table} FOR EACH ROW EXECUTE FUNCTION taar_audit()")


def replace_checks(*, new: bool) -> None:
    for table, name, before, after in CHECKS:
        condition = after if new else before
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS ck_{table}_{name}")
        if condition:
            op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{name} CHECK ({condition})")


def carry_over() -> None:
    """Give what was there before its lines, its reason and its policy. The owner sees rows only without FORCE."""
    for table in EXISTING:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE invoice DISABLE TRIGGER frozen")
    op.execute("UPDATE invoice SET reason = 'period' WHERE subscription_id IS NOT NULL AND period_start IS NOT NULL")
    op.execute("ALTER TABLE invoice ENABLE TRIGGER frozen")
    op.execute(
        "INSERT INTO subscription_line (company_id, subscription_id, position, role, plan_id, site_id, description,"
        " quantity, starts_on, ends_on)"
        " SELECT company_id, id, 1, 'main', plan_id, site_id, '', 1, started_on, ended_on FROM subscription"
    )
    op.execute(
        "UPDATE subscription s SET billed_until = b.until, next_bill_on = coalesce(b.until, s.started_on)"
        " FROM (SELECT x.id, max(i.period_end) AS until FROM subscription x"
        " LEFT JOIN invoice i ON i.subscription_id = x.id AND i.state <> 'void' GROUP BY x.id) b"
        " WHERE b.id = s.id AND s.state <> 'ended'"
    )
    op.execute(POLICIES)
    for table in EXISTING:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


POLICIES = (
    "INSERT INTO billing_policy (company_id, alignment, calendar_day, due_days, proration, end_day_charged,"
    " short_first_period_days, tax_rounding, tax_point, whole_rupees, late_fee_kind, late_fee_amount,"
    " late_fee_percent, late_fee_grace_days, reconnection_fee, pause_credit_days_min, suspended_days_billed,"
    " unused_days_refunded, fees_settle, small_difference, bounce_fee, notices)"
    " SELECT id, 'calendar', 1, 9, 'actual', false, 0, 'line', 'invoice_date', false, 'none', 0, 0, 5, 0, 3, true,"
    " true, 'by_date', 0, 0, true FROM company"
)


def downgrade() -> None:
    for table in SELF_DOCUMENTING:
        audit(table, "INSERT OR UPDATE OR DELETE")
    for table, condition, columns, _ in MOVING:
        replace_frozen(table, condition, columns)
    drop_tables()
    replace_checks(new=False)


def create_tables() -> None:
    op.create_table(
        "billing_policy",
        sa.Column("alignment", sa.String(), nullable=False),
        sa.Column("calendar_day", sa.Integer(), nullable=False),
        sa.Column("due_days", sa.Integer(), nullable=False),
        sa.Column("proration", sa.String(), nullable=False),
        sa.Column("end_day_charged", sa.Boolean(), nullable=False),
        sa.Column("short_first_period_days", sa.Integer(), nullable=False),
        sa.Column("tax_rounding", sa.String(), nullable=False),
        sa.Column("tax_point", sa.String(), nullable=False),
        sa.Column("whole_rupees", sa.Boolean(), nullable=False),
        sa.Column("late_fee_kind", sa.String(), nullable=False),
        sa.Column("late_fee_amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("late_fee_percent", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("late_fee_grace_days", sa.Integer(), nullable=False),
        sa.Column("late_fee_cap", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("late_fee_repeat_days", sa.Integer(), nullable=True),
        sa.Column("reconnection_fee", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("pause_credit_days_min", sa.Integer(), nullable=False),
        sa.Column("suspended_days_billed", sa.Boolean(), nullable=False),
        sa.Column("unused_days_refunded", sa.Boolean(), nullable=False),
        sa.Column("fees_settle", sa.String(), nullable=False),
        sa.Column("small_difference", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("bounce_fee", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("notices", sa.Boolean(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("alignment IN ('calendar', 'anniversary')", name=op.f("ck_billing_policy_alignment")),
        sa.CheckConstraint("fees_settle IN ('by_date', 'first', 'last')", name=op.f("ck_billing_policy_fees_settle")),
        sa.CheckConstraint(
            "late_fee_kind IN ('none', 'fixed', 'percent')", name=op.f("ck_billing_policy_late_fee_kind")
        ),
        sa.CheckConstraint("proration IN ('actual', 'thirty')", name=op.f("ck_billing_policy_proration")),
        sa.CheckConstraint("tax_point IN ('invoice_date', 'period_start')", name=op.f("ck_billing_policy_tax_point")),
        sa.CheckConstraint("tax_rounding IN ('line', 'total')", name=op.f("ck_billing_policy_tax_rounding")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_policy")),
        sa.UniqueConstraint("company_id", name=op.f("uq_billing_policy_company_id")),
    )
    op.create_table(
        "invoice_run",
        sa.Column("run_day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due", sa.Integer(), nullable=False),
        sa.Column("invoiced", sa.Integer(), nullable=False),
        sa.Column("problems", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('running', 'done', 'failed')", name=op.f("ck_invoice_run_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_run")),
    )
    op.create_index(
        "uq_invoice_run_running",
        "invoice_run",
        ["company_id", "run_day"],
        unique=True,
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "plan_band",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("above_units", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=14, scale=6), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("above_units >= 0", name=op.f("ck_plan_band_above_units")),
        sa.CheckConstraint("unit_price >= 0", name=op.f("ck_plan_band_unit_price")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_band_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_band")),
        sa.UniqueConstraint(
            "company_id",
            "plan_id",
            "valid_from",
            "above_units",
            name=op.f("uq_plan_band_company_id_plan_id_valid_from_above_units"),
        ),
    )
    op.create_index(op.f("ix_plan_band_plan_id"), "plan_band", ["plan_id"], unique=False)
    op.create_table(
        "voucher_batch",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_voucher_batch_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher_batch")),
    )
    op.create_table(
        "refund",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("account_code", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('asked', 'paid', 'refused')", name=op.f("ck_refund_state")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refund_amount")),
        sa.CheckConstraint("approved_by IS NULL OR approved_by <> asked_by", name=op.f("ck_refund_two_persons")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_refund_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("company_id", "idempotency_key", name=op.f("uq_refund_company_id_idempotency_key")),
        sa.UniqueConstraint("company_id", "number", name=op.f("uq_refund_company_id_number")),
    )
    op.create_index(op.f("ix_refund_customer_id"), "refund", ["customer_id"], unique=False)
    op.create_table(
        "gateway_event",
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("transaction_id", sa.String(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('booked', 'ignored', 'waiting')", name=op.f("ck_gateway_event_state")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_gateway_event_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_event")),
        sa.UniqueConstraint(
            "company_id",
            "gateway",
            "transaction_id",
            "kind",
            name=op.f("uq_gateway_event_company_id_gateway_transaction_id_kind"),
        ),
    )
    op.create_table(
        "tax_exemption",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("tax_code", sa.String(), nullable=False),
        sa.Column("certificate_no", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_tax_exemption_customer_id")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_tax_exemption_document_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_exemption")),
    )
    op.create_index(op.f("ix_tax_exemption_customer_id"), "tax_exemption", ["customer_id"], unique=False)
    op.create_table(
        "voucher",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("used_by", sa.Uuid(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('made', 'sold', 'used', 'cancelled')", name=op.f("ck_voucher_state")),
        sa.ForeignKeyConstraint(["batch_id"], ["voucher_batch.id"], name=op.f("fk_voucher_batch_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_voucher_payment_id")),
        sa.ForeignKeyConstraint(["used_by"], ["customer.id"], name=op.f("fk_voucher_used_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher")),
        sa.UniqueConstraint("company_id", "batch_id", "serial", name=op.f("uq_voucher_company_id_batch_id_serial")),
        sa.UniqueConstraint("company_id", "code_hash", name=op.f("uq_voucher_company_id_code_hash")),
    )
    op.create_table(
        "invoice_run_problem",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("customer_number", sa.String(), nullable=False),
        sa.Column("customer_name", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["invoice_run.id"], name=op.f("fk_invoice_run_problem_run_id")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_invoice_run_problem_subscription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_run_problem")),
    )
    op.create_index(op.f("ix_invoice_run_problem_run_id"), "invoice_run_problem", ["run_id"], unique=False)
    op.create_index(
        op.f("ix_invoice_run_problem_subscription_id"), "invoice_run_problem", ["subscription_id"], unique=False
    )
    op.create_table(
        "service_pause",
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "reason IN ('customer_request', 'outage', 'non_payment')", name=op.f("ck_service_pause_reason")
        ),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_service_pause_span")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_service_pause_subscription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_pause")),
    )
    op.create_index(op.f("ix_service_pause_subscription_id"), "service_pause", ["subscription_id"], unique=False)
    op.create_table(
        "subscription_line",
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("agreed_price", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_subscription_line_span")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_subscription_line_quantity")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_subscription_line_plan_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_subscription_line_site_id")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_subscription_line_subscription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_line")),
        sa.UniqueConstraint(
            "company_id",
            "subscription_id",
            "position",
            name=op.f("uq_subscription_line_company_id_subscription_id_position"),
        ),
    )
    op.create_index(
        op.f("ix_subscription_line_subscription_id"), "subscription_line", ["subscription_id"], unique=False
    )
    op.create_table(
        "usage_event",
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("bytes >= 0", name=op.f("ck_usage_event_bytes")),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"], name=op.f("fk_usage_event_subscription_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_event")),
        sa.UniqueConstraint("company_id", "source_id", name=op.f("uq_usage_event_company_id_source_id")),
    )
    op.create_index(
        "ix_usage_event_day",
        "usage_event",
        ["company_id", "subscription_id", "day"],
        unique=False,
        postgresql_include=["bytes"],
    )
    op.create_table(
        "credit_note",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("net", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("tax", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("total", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("unallocated", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("total > 0", name=op.f("ck_credit_note_total")),
        sa.CheckConstraint("unallocated BETWEEN 0 AND total", name=op.f("ck_credit_note_unallocated")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_credit_note_customer_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_credit_note_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_note")),
        sa.UniqueConstraint("company_id", "idempotency_key", name=op.f("uq_credit_note_company_id_idempotency_key")),
        sa.UniqueConstraint("company_id", "number", name=op.f("uq_credit_note_company_id_number")),
    )
    op.create_index(op.f("ix_credit_note_customer_id"), "credit_note", ["customer_id"], unique=False)
    op.create_index(op.f("ix_credit_note_invoice_id"), "credit_note", ["invoice_id"], unique=False)
    op.create_table(
        "discount",
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=True),
        sa.Column("percent", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(percent IS NULL) <> (amount IS NULL)", name=op.f("ck_discount_percent_or_amount")),
        sa.CheckConstraint("amount IS NULL OR amount > 0", name=op.f("ck_discount_amount")),
        sa.CheckConstraint("percent IS NULL OR percent BETWEEN 0 AND 100", name=op.f("ck_discount_percent")),
        sa.ForeignKeyConstraint(["line_id"], ["subscription_line.id"], name=op.f("fk_discount_line_id")),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"], name=op.f("fk_discount_subscription_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discount")),
    )
    op.create_index(op.f("ix_discount_subscription_id"), "discount", ["subscription_id"], unique=False)
    op.create_table(
        "pending_charge",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=True),
        sa.Column("invoice_kind", sa.String(), nullable=False),
        sa.Column("service_class", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("tax_inclusive", sa.Boolean(), nullable=False),
        sa.Column("account_code", sa.String(), nullable=False),
        sa.Column("bill_from", sa.Date(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_pending_charge_amount")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_pending_charge_customer_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_pending_charge_invoice_id")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_pending_charge_subscription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending_charge")),
        sa.UniqueConstraint("company_id", "idempotency_key", name=op.f("uq_pending_charge_company_id_idempotency_key")),
    )
    op.create_index(
        "ix_pending_charge_waiting",
        "pending_charge",
        ["company_id", "customer_id"],
        unique=False,
        postgresql_where=sa.text("invoice_id IS NULL AND cancelled_at IS NULL"),
    )
    op.create_table(
        "credit_note_line",
        sa.Column("credit_note_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_line_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("account_code", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["credit_note_id"], ["credit_note.id"], name=op.f("fk_credit_note_line_credit_note_id")
        ),
        sa.ForeignKeyConstraint(
            ["invoice_line_id"], ["invoice_line.id"], name=op.f("fk_credit_note_line_invoice_line_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_note_line")),
        sa.UniqueConstraint(
            "company_id",
            "credit_note_id",
            "position",
            name=op.f("uq_credit_note_line_company_id_credit_note_id_position"),
        ),
    )
    op.create_index(op.f("ix_credit_note_line_credit_note_id"), "credit_note_line", ["credit_note_id"], unique=False)
    op.create_index(op.f("ix_credit_note_line_invoice_line_id"), "credit_note_line", ["invoice_line_id"], unique=False)
    op.add_column("allocation", sa.Column("credit_note_id", sa.Uuid(), nullable=True))
    op.add_column("allocation", sa.Column("refund_id", sa.Uuid(), nullable=True))
    op.add_column("allocation", sa.Column("from_advance", sa.Boolean(), nullable=False, server_default="false"))
    op.add_column("allocation", sa.Column("reverses_id", sa.Uuid(), nullable=True))
    op.alter_column("allocation", "payment_id", existing_type=sa.UUID(), nullable=True)
    op.alter_column("allocation", "invoice_id", existing_type=sa.UUID(), nullable=True)
    op.create_index(op.f("ix_allocation_credit_note_id"), "allocation", ["credit_note_id"], unique=False)
    op.create_index(op.f("ix_allocation_refund_id"), "allocation", ["refund_id"], unique=False)
    op.create_unique_constraint(
        op.f("uq_allocation_company_id_reverses_id"), "allocation", ["company_id", "reverses_id"]
    )
    op.create_foreign_key(op.f("fk_allocation_reverses_id"), "allocation", "allocation", ["reverses_id"], ["id"])
    op.create_foreign_key(op.f("fk_allocation_credit_note_id"), "allocation", "credit_note", ["credit_note_id"], ["id"])
    op.create_foreign_key(op.f("fk_allocation_refund_id"), "allocation", "refund", ["refund_id"], ["id"])
    op.add_column("area", sa.Column("jurisdiction", sa.String(), server_default="", nullable=False))
    op.add_column("company", sa.Column("logo_sha256", sa.String(), server_default="", nullable=False))
    op.add_column("invoice", sa.Column("token", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False))
    op.add_column("invoice", sa.Column("run_id", sa.Uuid(), nullable=True))
    op.add_column("invoice", sa.Column("reason", sa.String(), nullable=False, server_default="one_off"))
    op.add_column("invoice", sa.Column("seller_name", sa.String(), nullable=False, server_default=""))
    op.add_column("invoice", sa.Column("seller_address", sa.String(), nullable=False, server_default=""))
    op.add_column("invoice", sa.Column("seller_tax_number", sa.String(), nullable=False, server_default=""))
    op.add_column("invoice", sa.Column("seller_sales_tax_number", sa.String(), nullable=False, server_default=""))
    op.add_column("invoice", sa.Column("customer_tax_number", sa.String(), nullable=False, server_default=""))
    op.add_column("invoice", sa.Column("area_id", sa.Uuid(), nullable=True))
    op.add_column("invoice", sa.Column("tax_rounding", sa.String(), nullable=False, server_default="line"))
    op.add_column(
        "invoice", sa.Column("rounding", sa.Numeric(precision=14, scale=2), nullable=False, server_default="0.00")
    )
    op.add_column(
        "invoice",
        sa.Column("earlier_balance", sa.Numeric(precision=14, scale=2), nullable=False, server_default="0.00"),
    )
    op.add_column("invoice", sa.Column("fiscal_state", sa.String(), nullable=False, server_default="not_required"))
    op.add_column("invoice", sa.Column("fiscal_number", sa.String(), nullable=False, server_default=""))
    op.drop_constraint(op.f("uq_invoice_company_id_subscription_id_period_start"), "invoice", type_="unique")
    op.create_unique_constraint(op.f("uq_invoice_company_id_token"), "invoice", ["company_id", "token"])
    op.create_index(
        "uq_invoice_period",
        "invoice",
        ["company_id", "subscription_id", "period_start"],
        unique=True,
        postgresql_where=sa.text("reason = 'period' AND state <> 'void'"),
    )
    op.create_foreign_key(op.f("fk_invoice_run_id"), "invoice", "invoice_run", ["run_id"], ["id"])
    op.add_column(
        "invoice_line", sa.Column("discount", sa.Numeric(precision=14, scale=2), nullable=False, server_default="0.00")
    )
    op.add_column("invoice_line", sa.Column("period_start", sa.Date(), nullable=True))
    op.add_column("invoice_line", sa.Column("period_end", sa.Date(), nullable=True))
    op.add_column("invoice_line", sa.Column("subscription_line_id", sa.Uuid(), nullable=True))
    op.add_column("invoice_line", sa.Column("plan_id", sa.Uuid(), nullable=True))
    op.add_column("invoice_line", sa.Column("service_class", sa.String(), nullable=False, server_default=""))
    op.create_foreign_key(
        op.f("fk_invoice_line_subscription_line_id"),
        "invoice_line",
        "subscription_line",
        ["subscription_line_id"],
        ["id"],
    )
    op.add_column(
        "payment",
        sa.Column("withheld_income_tax", sa.Numeric(precision=14, scale=2), nullable=False, server_default="0.00"),
    )
    op.add_column(
        "payment",
        sa.Column("withheld_sales_tax", sa.Numeric(precision=14, scale=2), nullable=False, server_default="0.00"),
    )
    op.add_column("payment", sa.Column("certificate_no", sa.String(), nullable=False, server_default=""))
    op.add_column("payment", sa.Column("collected_by", sa.Uuid(), nullable=True))
    op.add_column("payment", sa.Column("place", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("payment", sa.Column("state_reason", sa.String(), nullable=False, server_default=""))
    op.add_column("payment", sa.Column("suspect", sa.Boolean(), nullable=False, server_default="false"))
    op.create_index(op.f("ix_payment_collected_by"), "payment", ["collected_by"], unique=False)
    op.create_index(
        "ix_payment_left",
        "payment",
        ["company_id", "customer_id"],
        unique=False,
        postgresql_where=sa.text("unallocated > 0"),
    )
    op.create_foreign_key(op.f("fk_payment_collected_by"), "payment", "staff", ["collected_by"], ["id"])
    op.add_column("payment_claim", sa.Column("image_hash", sa.String(), nullable=False, server_default=""))
    op.add_column("payment_claim", sa.Column("duplicate_of", sa.Uuid(), nullable=True))
    op.add_column("payment_claim", sa.Column("decided_by", sa.String(), nullable=False, server_default=""))
    op.add_column("payment_claim", sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("payment_claim", sa.Column("decision_note", sa.String(), nullable=False, server_default=""))
    op.create_index(
        "ix_payment_claim_pending",
        "payment_claim",
        ["company_id", "customer_id"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_foreign_key(
        op.f("fk_payment_claim_duplicate_of"), "payment_claim", "payment_claim", ["duplicate_of"], ["id"]
    )
    op.add_column("plan", sa.Column("service_class", sa.String(), nullable=False, server_default="internet"))
    op.add_column("plan", sa.Column("income_account", sa.String(), nullable=False, server_default="4000"))
    op.add_column("plan", sa.Column("interval_months", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("plan", sa.Column("validity_days", sa.Integer(), nullable=True))
    op.add_column("plan", sa.Column("tax_inclusive", sa.Boolean(), nullable=False, server_default="false"))
    op.add_column("plan", sa.Column("throttled_mbps", sa.Integer(), nullable=True))
    op.add_column("plan", sa.Column("unit", sa.String(), nullable=False, server_default="GB"))
    op.add_column("plan", sa.Column("rating", sa.String(), nullable=False, server_default=""))
    op.add_column("posting", sa.Column("area_id", sa.Uuid(), nullable=True))
    op.add_column("posting", sa.Column("plan_id", sa.Uuid(), nullable=True))
    op.add_column("subscription", sa.Column("payer_id", sa.Uuid(), nullable=True))
    op.add_column("subscription", sa.Column("interval_months", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("subscription", sa.Column("due_days", sa.Integer(), nullable=True))
    op.add_column("subscription", sa.Column("billed_until", sa.Date(), nullable=True))
    op.add_column("subscription", sa.Column("next_bill_on", sa.Date(), nullable=True))
    op.add_column("subscription", sa.Column("paid_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("subscription", sa.Column("contract_no", sa.String(), nullable=False, server_default=""))
    op.add_column("subscription", sa.Column("contract_until", sa.Date(), nullable=True))
    op.create_index(
        "ix_subscription_due",
        "subscription",
        ["company_id", "next_bill_on"],
        unique=False,
        postgresql_where=sa.text("next_bill_on IS NOT NULL"),
    )
    op.create_foreign_key(op.f("fk_subscription_payer_id"), "subscription", "customer", ["payer_id"], ["id"])
    op.add_column(
        "tax_rate", sa.Column("threshold", sa.Numeric(precision=14, scale=2), nullable=False, server_default="0.00")
    )
    op.add_column("tax_rate", sa.Column("jurisdiction", sa.String(), nullable=False, server_default=""))
    op.add_column("tax_rate", sa.Column("service_class", sa.String(), nullable=False, server_default=""))
    op.add_column("tax_rate", sa.Column("customer_class", sa.String(), nullable=False, server_default=""))
    op.drop_constraint(op.f("uq_tax_rate_company_id_code_valid_from"), "tax_rate", type_="unique")
    op.create_unique_constraint(
        "uq_tax_rate_row",
        "tax_rate",
        ["company_id", "code", "jurisdiction", "service_class", "customer_class", "valid_from"],
    )


def drop_tables() -> None:
    op.drop_constraint("uq_tax_rate_row", "tax_rate", type_="unique")
    op.create_unique_constraint(
        op.f("uq_tax_rate_company_id_code_valid_from"), "tax_rate", ["company_id", "code", "valid_from"]
    )
    op.drop_column("tax_rate", "customer_class")
    op.drop_column("tax_rate", "service_class")
    op.drop_column("tax_rate", "jurisdiction")
    op.drop_column("tax_rate", "threshold")
    op.drop_constraint(op.f("fk_subscription_payer_id"), "subscription", type_="foreignkey")
    op.drop_index(
        "ix_subscription_due", table_name="subscription", postgresql_where=sa.text("next_bill_on IS NOT NULL")
    )
    op.drop_column("subscription", "contract_until")
    op.drop_column("subscription", "contract_no")
    op.drop_column("subscription", "paid_until")
    op.drop_column("subscription", "next_bill_on")
    op.drop_column("subscription", "billed_until")
    op.drop_column("subscription", "due_days")
    op.drop_column("subscription", "interval_months")
    op.drop_column("subscription", "payer_id")
    op.drop_column("posting", "plan_id")
    op.drop_column("posting", "area_id")
    op.drop_column("plan", "rating")
    op.drop_column("plan", "unit")
    op.drop_column("plan", "throttled_mbps")
    op.drop_column("plan", "tax_inclusive")
    op.drop_column("plan", "validity_days")
    op.drop_column("plan", "interval_months")
    op.drop_column("plan", "income_account")
    op.drop_column("plan", "service_class")
    op.drop_constraint(op.f("fk_payment_claim_duplicate_of"), "payment_claim", type_="foreignkey")
    op.drop_index("ix_payment_claim_pending", table_name="payment_claim", postgresql_where=sa.text("state = 'pending'"))
    op.drop_column("payment_claim", "decision_note")
    op.drop_column("payment_claim", "decided_at")
    op.drop_column("payment_claim", "decided_by")
    op.drop_column("payment_claim", "duplicate_of")
    op.drop_column("payment_claim", "image_hash")
    op.drop_constraint(op.f("fk_payment_collected_by"), "payment", type_="foreignkey")
    op.drop_index("ix_payment_left", table_name="payment", postgresql_where=sa.text("unallocated > 0"))
    op.drop_index(op.f("ix_payment_collected_by"), table_name="payment")
    op.drop_column("payment", "suspect")
    op.drop_column("payment", "state_reason")
    op.drop_column("payment", "place")
    op.drop_column("payment", "collected_by")
    op.drop_column("payment", "certificate_no")
    op.drop_column("payment", "withheld_sales_tax")
    op.drop_column("payment", "withheld_income_tax")
    op.drop_constraint(op.f("fk_invoice_line_subscription_line_id"), "invoice_line", type_="foreignkey")
    op.drop_column("invoice_line", "service_class")
    op.drop_column("invoice_line", "plan_id")
    op.drop_column("invoice_line", "subscription_line_id")
    op.drop_column("invoice_line", "period_end")
    op.drop_column("invoice_line", "period_start")
    op.drop_column("invoice_line", "discount")
    op.drop_constraint(op.f("fk_invoice_run_id"), "invoice", type_="foreignkey")
    op.drop_index(
        "uq_invoice_period", table_name="invoice", postgresql_where=sa.text("reason = 'period' AND state <> 'void'")
    )
    op.drop_constraint(op.f("uq_invoice_company_id_token"), "invoice", type_="unique")
    op.create_unique_constraint(
        op.f("uq_invoice_company_id_subscription_id_period_start"),
        "invoice",
        ["company_id", "subscription_id", "period_start"],
    )
    op.drop_column("invoice", "fiscal_number")
    op.drop_column("invoice", "fiscal_state")
    op.drop_column("invoice", "earlier_balance")
    op.drop_column("invoice", "rounding")
    op.drop_column("invoice", "tax_rounding")
    op.drop_column("invoice", "area_id")
    op.drop_column("invoice", "customer_tax_number")
    op.drop_column("invoice", "seller_sales_tax_number")
    op.drop_column("invoice", "seller_tax_number")
    op.drop_column("invoice", "seller_address")
    op.drop_column("invoice", "seller_name")
    op.drop_column("invoice", "reason")
    op.drop_column("invoice", "run_id")
    op.drop_column("invoice", "token")
    op.drop_column("company", "logo_sha256")
    op.drop_column("area", "jurisdiction")
    op.drop_constraint(op.f("fk_allocation_refund_id"), "allocation", type_="foreignkey")
    op.drop_constraint(op.f("fk_allocation_credit_note_id"), "allocation", type_="foreignkey")
    op.drop_constraint(op.f("fk_allocation_reverses_id"), "allocation", type_="foreignkey")
    op.drop_constraint(op.f("uq_allocation_company_id_reverses_id"), "allocation", type_="unique")
    op.drop_index(op.f("ix_allocation_refund_id"), table_name="allocation")
    op.drop_index(op.f("ix_allocation_credit_note_id"), table_name="allocation")
    op.alter_column("allocation", "invoice_id", existing_type=sa.UUID(), nullable=False)
    op.alter_column("allocation", "payment_id", existing_type=sa.UUID(), nullable=False)
    op.drop_column("allocation", "reverses_id")
    op.drop_column("allocation", "from_advance")
    op.drop_column("allocation", "refund_id")
    op.drop_column("allocation", "credit_note_id")
    op.drop_index(op.f("ix_credit_note_line_invoice_line_id"), table_name="credit_note_line")
    op.drop_index(op.f("ix_credit_note_line_credit_note_id"), table_name="credit_note_line")
    op.drop_table("credit_note_line")
    op.drop_index(
        "ix_pending_charge_waiting",
        table_name="pending_charge",
        postgresql_where=sa.text("invoice_id IS NULL AND cancelled_at IS NULL"),
    )
    op.drop_table("pending_charge")
    op.drop_index(op.f("ix_discount_subscription_id"), table_name="discount")
    op.drop_table("discount")
    op.drop_index(op.f("ix_credit_note_invoice_id"), table_name="credit_note")
    op.drop_index(op.f("ix_credit_note_customer_id"), table_name="credit_note")
    op.drop_table("credit_note")
    op.drop_index("ix_usage_event_day", table_name="usage_event", postgresql_include=["bytes"])
    op.drop_table("usage_event")
    op.drop_index(op.f("ix_subscription_line_subscription_id"), table_name="subscription_line")
    op.drop_table("subscription_line")
    op.drop_index(op.f("ix_service_pause_subscription_id"), table_name="service_pause")
    op.drop_table("service_pause")
    op.drop_index(op.f("ix_invoice_run_problem_subscription_id"), table_name="invoice_run_problem")
    op.drop_index(op.f("ix_invoice_run_problem_run_id"), table_name="invoice_run_problem")
    op.drop_table("invoice_run_problem")
    op.drop_table("voucher")
    op.drop_index(op.f("ix_tax_exemption_customer_id"), table_name="tax_exemption")
    op.drop_table("tax_exemption")
    op.drop_table("gateway_event")
    op.drop_index(op.f("ix_refund_customer_id"), table_name="refund")
    op.drop_table("refund")
    op.drop_table("voucher_batch")
    op.drop_index(op.f("ix_plan_band_plan_id"), table_name="plan_band")
    op.drop_table("plan_band")
    op.drop_index("uq_invoice_run_running", table_name="invoice_run", postgresql_where=sa.text("state = 'running'"))
    op.drop_table("invoice_run")
    op.drop_table("billing_policy")
