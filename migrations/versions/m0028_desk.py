"""Tickets of one customer become one, and rules say which are urgent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ticket", sa.Column("priority_why", sa.String(), server_default="", nullable=False))
    op.add_column("ticket", sa.Column("merged_into_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_ticket_merged_into_id"), "ticket", "ticket", ["merged_into_id"], ["id"])
    op.create_check_constraint(
        op.f("ck_ticket_merged"), "ticket", "merged_into_id IS NULL OR (state = 'closed' AND merged_into_id <> id)"
    )
    for column in (
        sa.Column("urgent_categories", postgresql.ARRAY(sa.String()), server_default="{}", nullable=False),
        sa.Column("urgent_classes", postgresql.ARRAY(sa.String()), server_default="{hospital,corporate}",
                  nullable=False),
        sa.Column("repeat_count", sa.Integer(), server_default="3", nullable=False),
        sa.Column("repeat_days", sa.Integer(), server_default="30", nullable=False),
    ):  # fmt: skip
        op.add_column("desk_policy", column)
    op.create_check_constraint(op.f("ck_desk_policy_repeats"), "desk_policy", "repeat_count >= 0 AND repeat_days > 0")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_desk_policy_repeats"), "desk_policy", type_="check")
    for name in ("urgent_categories", "urgent_classes", "repeat_count", "repeat_days"):
        op.drop_column("desk_policy", name)
    op.drop_constraint(op.f("ck_ticket_merged"), "ticket", type_="check")
    op.drop_constraint(op.f("fk_ticket_merged_into_id"), "ticket", type_="foreignkey")
    op.drop_column("ticket", "merged_into_id")
    op.drop_column("ticket", "priority_why")
