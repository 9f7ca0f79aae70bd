"""Pay the people: terms, salaries, advances, commissions and incentives, and agents' cash with its handovers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guarding import guard

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

APPEND_ONLY = ("debt_repayment", "rule_tier", "commission_accrual")
MOVING = {
    "bonus": ("state",),
    "salary_accrual": ("state",),
    "salary_payment": ("state",),
    "employee_debt": ("outstanding", "instalment"),
    "commission_rule": ("valid_until",),
    "connection_credit": ("until_on",),
    "pay_terms": ("ends_on",),
    "handover": ("state", "counted", "counted_by", "decided_at", "posted_on", "note"),
    "cash_difference": ("state", "booked", "decided_by", "decided_on", "reason"),
}
"""What may still change in a row that stands behind the books; none of these rows is ever deleted."""
EDITABLE = ("pay_policy", "commission_plan", "cash_limit", "absence")
DROP_ORDER = (
    "cash_difference", "handover", "cash_limit", "commission_accrual", "connection_credit", "rule_tier",
    "debt_repayment", "salary_payment", "employee_debt", "bonus", "absence", "salary_accrual", "pay_terms",
    "commission_rule", "pay_policy", "commission_plan",
)  # fmt: skip


def upgrade() -> None:
    create_tables()
    for table in APPEND_ONLY:
        guard(table, audited=(), append_only=True)
    for table, columns in MOVING.items():
        guard(table, may_delete=False)
        moving = ", ".join(f"'{column}'" for column in columns)
        op.execute(
            f"CREATE TRIGGER frozen BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION taar_only_columns({moving})"
        )
        op.execute(f"CREATE TRIGGER kept BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION taar_refuse_change()")
    for table in EDITABLE:
        guard(table)


def downgrade() -> None:
    for table in DROP_ORDER:
        op.drop_table(table)


def create_tables() -> None:
    op.create_table(
        "commission_plan",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_plan")),
        sa.UniqueConstraint("company_id", "name", name=op.f("uq_commission_plan_company_id_name")),
    )
    op.create_table(
        "pay_policy",
        sa.Column("day_basis", sa.String(), nullable=False),
        sa.Column("advance_limit_salaries", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("deductions_percent_max", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("cash_limit", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("cash_age_days", sa.Integer(), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("day_basis IN ('actual', 'thirty')", name=op.f("ck_pay_policy_day_basis")),
        sa.CheckConstraint("advance_limit_salaries >= 0", name=op.f("ck_pay_policy_advance_limit_salaries")),
        sa.CheckConstraint(
            "deductions_percent_max BETWEEN 0 AND 100", name=op.f("ck_pay_policy_deductions_percent_max")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pay_policy")),
        sa.UniqueConstraint("company_id", name=op.f("uq_pay_policy_company_id")),
    )
    op.create_table(
        "commission_rule",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("percent", sa.Numeric(precision=12, scale=4), nullable=True),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("reopen_days", sa.Integer(), nullable=False),
        sa.Column("credit", sa.String(), nullable=False),
        sa.Column("invoice_event", sa.String(), nullable=False),
        sa.Column("months_max", sa.Integer(), nullable=True),
        sa.Column("days_late_min", sa.Integer(), nullable=True),
        sa.Column("tier_by", sa.String(), nullable=False),
        sa.Column("graduated", sa.Boolean(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("credit IN ('sold', 'installed')", name=op.f("ck_commission_rule_credit")),
        sa.CheckConstraint("invoice_event IN ('issued', 'paid')", name=op.f("ck_commission_rule_invoice_event")),
        sa.CheckConstraint(
            "kind IN ('new_connection', 'complaint', 'invoice', 'recovery')", name=op.f("ck_commission_rule_kind")
        ),
        sa.CheckConstraint(
            "num_nonnulls(percent, amount) + CASE WHEN tier_by = '' THEN 0 ELSE 1 END = 1",
            name=op.f("ck_commission_rule_one_measure"),
        ),
        sa.CheckConstraint(
            "percent IS NULL OR kind IN ('invoice', 'recovery')", name=op.f("ck_commission_rule_percent_of_money")
        ),
        sa.CheckConstraint("tier_by = '' OR kind = 'recovery'", name=op.f("ck_commission_rule_tiers_of_recovery")),
        sa.CheckConstraint("tier_by IN ('', 'age', 'month')", name=op.f("ck_commission_rule_tier_by")),
        sa.CheckConstraint("amount IS NULL OR amount > 0", name=op.f("ck_commission_rule_amount")),
        sa.CheckConstraint("percent IS NULL OR percent > 0", name=op.f("ck_commission_rule_percent")),
        sa.CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name=op.f("ck_commission_rule_span")),
        sa.ForeignKeyConstraint(["plan_id"], ["commission_plan.id"], name=op.f("fk_commission_rule_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_rule")),
    )
    op.create_index(op.f("ix_commission_rule_plan_id"), "commission_rule", ["plan_id"], unique=False)
    op.create_table(
        "bonus",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("tax", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('given', 'reversed')", name=op.f("ck_bonus_state")),
        sa.CheckConstraint("amount > 0 AND tax >= 0 AND tax < amount", name=op.f("ck_bonus_amount")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_bonus_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bonus")),
        sa.UniqueConstraint("company_id", "idempotency_key", name=op.f("uq_bonus_company_id_idempotency_key")),
    )
    op.create_index(op.f("ix_bonus_staff_id"), "bonus", ["staff_id"], unique=False)
    op.create_table(
        "cash_limit",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("age_days", sa.Integer(), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("age_days IS NULL OR age_days >= 0", name=op.f("ck_cash_limit_age_days")),
        sa.CheckConstraint("amount IS NULL OR amount >= 0", name=op.f("ck_cash_limit_amount")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_cash_limit_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_limit")),
        sa.UniqueConstraint("company_id", "staff_id", name=op.f("uq_cash_limit_company_id_staff_id")),
    )
    op.create_table(
        "commission_accrual",
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("source_kind", sa.String(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("earned_on", sa.Date(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("account_code", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_commission_accrual_amount")),
        sa.ForeignKeyConstraint(["rule_id"], ["commission_rule.id"], name=op.f("fk_commission_accrual_rule_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_commission_accrual_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_accrual")),
        sa.UniqueConstraint(
            "company_id",
            "rule_id",
            "source_id",
            "part",
            name=op.f("uq_commission_accrual_company_id_rule_id_source_id_part"),
        ),
    )
    op.create_index("ix_commission_accrual_source", "commission_accrual", ["company_id", "source_id"], unique=False)
    op.create_index(
        "ix_commission_accrual_staff", "commission_accrual", ["company_id", "staff_id", "posted_on"], unique=False
    )
    op.create_table(
        "employee_debt",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("outstanding", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("instalment", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("deduct_from", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("account_code", sa.String(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("approved_by", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('advance', 'damage', 'cash_short', 'other')", name=op.f("ck_employee_debt_kind")),
        sa.CheckConstraint(
            "amount > 0 AND outstanding BETWEEN 0 AND amount", name=op.f("ck_employee_debt_outstanding")
        ),
        sa.CheckConstraint("approved_by <> staff_id", name=op.f("ck_employee_debt_two_persons")),
        sa.CheckConstraint("instalment IS NULL OR instalment > 0", name=op.f("ck_employee_debt_instalment")),
        sa.ForeignKeyConstraint(["approved_by"], ["staff.id"], name=op.f("fk_employee_debt_approved_by")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_employee_debt_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employee_debt")),
        sa.UniqueConstraint("company_id", "idempotency_key", name=op.f("uq_employee_debt_company_id_idempotency_key")),
        sa.UniqueConstraint("company_id", "number", name=op.f("uq_employee_debt_company_id_number")),
    )
    op.create_index(
        "ix_employee_debt_open",
        "employee_debt",
        ["company_id", "staff_id"],
        unique=False,
        postgresql_where=sa.text("outstanding > 0"),
    )
    op.create_table(
        "pay_terms",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("monthly_salary", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("allowances", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("tax_kind", sa.String(), nullable=False),
        sa.Column("tax_amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("tax_percent", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("tax_kind IN ('none', 'fixed', 'percent')", name=op.f("ck_pay_terms_tax_kind")),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_pay_terms_span")),
        sa.CheckConstraint("monthly_salary >= 0", name=op.f("ck_pay_terms_monthly_salary")),
        sa.CheckConstraint("tax_amount >= 0 AND tax_percent BETWEEN 0 AND 100", name=op.f("ck_pay_terms_tax")),
        sa.ForeignKeyConstraint(["plan_id"], ["commission_plan.id"], name=op.f("fk_pay_terms_plan_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_pay_terms_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pay_terms")),
        sa.UniqueConstraint(
            "company_id", "staff_id", "starts_on", name=op.f("uq_pay_terms_company_id_staff_id_starts_on")
        ),
    )
    op.create_table(
        "rule_tier",
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("up_to", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("percent", sa.Numeric(precision=12, scale=4), nullable=True),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "coalesce(percent, 0) >= 0 AND coalesce(amount, 0) >= 0", name=op.f("ck_rule_tier_not_negative")
        ),
        sa.CheckConstraint("num_nonnulls(percent, amount) = 1", name=op.f("ck_rule_tier_one_measure")),
        sa.ForeignKeyConstraint(["rule_id"], ["commission_rule.id"], name=op.f("fk_rule_tier_rule_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_tier")),
        sa.UniqueConstraint("company_id", "rule_id", "position", name=op.f("uq_rule_tier_company_id_rule_id_position")),
    )
    op.create_table(
        "salary_accrual",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("days", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("salary", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("allowances", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("allowance_lines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("absence_days", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("absence", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("tax", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("net", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('posted', 'reversed')", name=op.f("ck_salary_accrual_state")),
        sa.CheckConstraint("extract(day FROM month) = 1", name=op.f("ck_salary_accrual_month")),
        sa.CheckConstraint(
            "net = salary + allowances - absence - tax AND net >= 0", name=op.f("ck_salary_accrual_net")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_salary_accrual_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_salary_accrual")),
    )
    op.create_index(op.f("ix_salary_accrual_staff_id"), "salary_accrual", ["staff_id"], unique=False)
    op.create_index(
        "uq_salary_accrual_month",
        "salary_accrual",
        ["company_id", "staff_id", "month"],
        unique=True,
        postgresql_where=sa.text("state = 'posted'"),
    )
    op.create_table(
        "salary_payment",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("account_code", sa.String(), nullable=False),
        sa.Column("settled", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("paid", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("advances", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("charges", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('paid', 'reversed')", name=op.f("ck_salary_payment_state")),
        sa.CheckConstraint("extract(day FROM month) = 1", name=op.f("ck_salary_payment_month")),
        sa.CheckConstraint("paid >= 0 AND advances >= 0 AND charges >= 0", name=op.f("ck_salary_payment_parts")),
        sa.CheckConstraint(
            "settled > 0 AND settled = paid + advances + charges", name=op.f("ck_salary_payment_settled")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_salary_payment_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_salary_payment")),
        sa.UniqueConstraint("company_id", "idempotency_key", name=op.f("uq_salary_payment_company_id_idempotency_key")),
        sa.UniqueConstraint("company_id", "number", name=op.f("uq_salary_payment_company_id_number")),
    )
    op.create_index(op.f("ix_salary_payment_staff_id"), "salary_payment", ["staff_id"], unique=False)
    op.create_table(
        "absence",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("part", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("accrual_id", sa.Uuid(), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("part > 0 AND part <= 1", name=op.f("ck_absence_part")),
        sa.ForeignKeyConstraint(["accrual_id"], ["salary_accrual.id"], name=op.f("fk_absence_accrual_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_absence_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
        sa.UniqueConstraint("company_id", "staff_id", "day", name=op.f("uq_absence_company_id_staff_id_day")),
    )
    op.create_index(op.f("ix_absence_accrual_id"), "absence", ["accrual_id"], unique=False)
    op.create_table(
        "debt_repayment",
        sa.Column("debt_id", sa.Uuid(), nullable=False),
        sa.Column("salary_payment_id", sa.Uuid(), nullable=True),
        sa.Column("account_code", sa.String(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("repaid_on", sa.Date(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(salary_payment_id IS NULL) = (account_code IS NOT NULL)", name=op.f("ck_debt_repayment_one_source")
        ),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_debt_repayment_amount")),
        sa.ForeignKeyConstraint(["debt_id"], ["employee_debt.id"], name=op.f("fk_debt_repayment_debt_id")),
        sa.ForeignKeyConstraint(
            ["salary_payment_id"], ["salary_payment.id"], name=op.f("fk_debt_repayment_salary_payment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_debt_repayment")),
        sa.UniqueConstraint("company_id", "idempotency_key", name=op.f("uq_debt_repayment_company_id_idempotency_key")),
    )
    op.create_index(op.f("ix_debt_repayment_debt_id"), "debt_repayment", ["debt_id"], unique=False)
    op.create_index(op.f("ix_debt_repayment_salary_payment_id"), "debt_repayment", ["salary_payment_id"], unique=False)
    op.create_table(
        "handover",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("announced", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("account_code", sa.String(), nullable=False),
        sa.Column("slip", sa.String(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("counted", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("counted_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("posted_on", sa.Date(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(state = 'confirmed') = (counted IS NOT NULL)", name=op.f("ck_handover_counted_when_confirmed")
        ),
        sa.CheckConstraint("state <> 'confirmed' OR counted_by IS NOT NULL", name=op.f("ck_handover_counted_by")),
        sa.CheckConstraint(
            "state IN ('announced', 'confirmed', 'refused', 'cancelled')", name=op.f("ck_handover_state")
        ),
        sa.CheckConstraint("announced > 0 AND (counted IS NULL OR counted > 0)", name=op.f("ck_handover_amount")),
        sa.CheckConstraint("counted_by <> staff_id", name=op.f("ck_handover_two_persons")),
        sa.ForeignKeyConstraint(["counted_by"], ["staff.id"], name=op.f("fk_handover_counted_by")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_handover_document_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_handover_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
        sa.UniqueConstraint("company_id", "idempotency_key", name=op.f("uq_handover_company_id_idempotency_key")),
        sa.UniqueConstraint("company_id", "number", name=op.f("uq_handover_company_id_number")),
    )
    op.create_index(op.f("ix_handover_staff_id"), "handover", ["staff_id"], unique=False)
    op.create_index(
        "ix_handover_waiting",
        "handover",
        ["company_id", "staff_id"],
        unique=False,
        postgresql_where=sa.text("state = 'announced'"),
    )
    op.create_index(
        "uq_handover_slip",
        "handover",
        ["company_id", "account_code", "slip"],
        unique=True,
        postgresql_where=sa.text("slip <> '' AND state IN ('announced', 'confirmed')"),
    )
    op.create_table(
        "cash_difference",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("handover_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.Column("found_by", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("booked", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(state = 'open') = (decided_by IS NULL)", name=op.f("ck_cash_difference_decided")),
        sa.CheckConstraint("kind IN ('short', 'over')", name=op.f("ck_cash_difference_kind")),
        sa.CheckConstraint("state IN ('open', 'left', 'booked')", name=op.f("ck_cash_difference_state")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_cash_difference_amount")),
        sa.CheckConstraint("decided_by <> staff_id", name=op.f("ck_cash_difference_two_persons")),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_cash_difference_decided_by")),
        sa.ForeignKeyConstraint(["found_by"], ["staff.id"], name=op.f("fk_cash_difference_found_by")),
        sa.ForeignKeyConstraint(["handover_id"], ["handover.id"], name=op.f("fk_cash_difference_handover_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_cash_difference_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_difference")),
    )
    op.create_index(op.f("ix_cash_difference_handover_id"), "cash_difference", ["handover_id"], unique=False)
    op.create_index(
        "ix_cash_difference_open",
        "cash_difference",
        ["company_id", "staff_id"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "connection_credit",
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("role IN ('sold', 'installed')", name=op.f("ck_connection_credit_role")),
        sa.CheckConstraint("until_on IS NULL OR until_on >= from_on", name=op.f("ck_connection_credit_span")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_connection_credit_staff_id")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_connection_credit_subscription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection_credit")),
        sa.UniqueConstraint(
            "company_id",
            "subscription_id",
            "role",
            "from_on",
            name=op.f("uq_connection_credit_company_id_subscription_id_role_from_on"),
        ),
    )
    op.create_index(op.f("ix_connection_credit_staff_id"), "connection_credit", ["staff_id"], unique=False)
    op.create_index(
        "uq_connection_credit_running",
        "connection_credit",
        ["company_id", "subscription_id", "role"],
        unique=True,
        postgresql_where=sa.text("until_on IS NULL"),
    )
