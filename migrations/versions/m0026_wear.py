"""Rented equipment loses its worth over the life of its type."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.guarding import guard
from migrations.kinds import renew_kinds

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("item_type", sa.Column("life_months", sa.Integer(), server_default="0", nullable=False))
    op.create_check_constraint(op.f("ck_item_type_life_months"), "item_type", "life_months BETWEEN 0 AND 240")
    op.add_column("movement", sa.Column("worn", sa.Numeric(precision=14, scale=2), server_default="0", nullable=False))
    op.create_check_constraint(op.f("ck_movement_worn"), "movement", "worn BETWEEN 0 AND cost")
    op.create_table(
        "wear_month",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        *_owned(),
        sa.CheckConstraint("extract(day FROM month) = 1", name=op.f("ck_wear_month_month")),
        sa.CheckConstraint("amount >= 0 AND pieces >= 0", name=op.f("ck_wear_month_amount")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wear_month")),
        sa.UniqueConstraint("company_id", "month", name=op.f("uq_wear_month_company_id_month")),
    )
    op.create_table(
        "item_wear",
        sa.Column("movement_id", sa.Uuid(), nullable=False),
        sa.Column("worn_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        *_owned(),
        sa.CheckConstraint("amount > 0", name=op.f("ck_item_wear_amount")),
        sa.ForeignKeyConstraint(["movement_id"], ["movement.id"], name=op.f("fk_item_wear_movement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_wear")),
        sa.UniqueConstraint(
            "company_id", "movement_id", "worn_on", name=op.f("uq_item_wear_company_id_movement_id_worn_on")
        ),
    )
    guard("wear_month", append_only=True, audited=())
    guard("item_wear", append_only=True, audited=())
    renew_kinds()


def downgrade() -> None:
    op.drop_table("item_wear")
    op.drop_table("wear_month")
    op.drop_constraint(op.f("ck_movement_worn"), "movement", type_="check")
    op.drop_column("movement", "worn")
    op.drop_constraint(op.f("ck_item_type_life_months"), "item_type", type_="check")
    op.drop_column("item_type", "life_months")


def _owned() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
