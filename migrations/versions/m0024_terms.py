"""Keep terms that are asked for and decided by somebody else."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guarding import guard

revision = "0024"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "terms_request",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        *_owned(),
        sa.CheckConstraint(
            "kind IN ('discount', 'plan_price', 'promise_extension')", name=op.f("ck_terms_request_kind")
        ),
        sa.CheckConstraint(
            "state IN ('asked', 'approved', 'refused', 'withdrawn')", name=op.f("ck_terms_request_state")
        ),
        sa.CheckConstraint("(state = 'asked') = (decided_at IS NULL)", name=op.f("ck_terms_request_decided")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms_request")),
        sa.UniqueConstraint("company_id", "number", name=op.f("uq_terms_request_company_id_number")),
        sa.UniqueConstraint("company_id", "idempotency_key", name=op.f("uq_terms_request_company_id_idempotency_key")),
    )
    op.create_index(
        "ix_terms_request_asked", "terms_request", ["company_id", "asked_at"],
        postgresql_where=sa.text("state = 'asked'"),
    )  # fmt: skip
    op.create_table(
        "terms_policy",
        sa.Column("discount_percent_free", sa.Integer(), nullable=False),
        sa.Column("discount_amount_free", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("price_needs_owner", sa.Boolean(), nullable=False),
        *_owned(),
        sa.CheckConstraint(
            "discount_percent_free BETWEEN 0 AND 100 AND discount_amount_free >= 0",
            name=op.f("ck_terms_policy_sensible"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms_policy")),
        sa.UniqueConstraint("company_id", name=op.f("uq_terms_policy_company_id")),
    )
    guard("terms_request", may_delete=False)
    guard("terms_policy")
    op.execute("""
        CREATE FUNCTION taar_terms_decided() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'Request % is % already', OLD.number, OLD.state USING ERRCODE = 'check_violation';
        END $$
    """)
    op.execute(
        "CREATE TRIGGER decided_once BEFORE UPDATE ON terms_request FOR EACH ROW WHEN (OLD.state <> 'asked')"
        " EXECUTE FUNCTION taar_terms_decided()"
    )


def downgrade() -> None:
    op.drop_table("terms_policy")
    op.drop_table("terms_request")
    op.execute("DROP FUNCTION taar_terms_decided()")


def _owned() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
