"""Suspect an outage from what the network shows: which device, how many lines, since when they are back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

LIMITS = {"drop_min": "5", "drop_share": "30", "drop_within_minutes": "10", "dead_after_minutes": "10"}
CHECK = (
    "drop_min >= 2 AND drop_share BETWEEN 1 AND 100 AND drop_within_minutes BETWEEN 6 AND 60"
    " AND dead_after_minutes BETWEEN 1 AND 1440"
)


def upgrade() -> None:
    for name, usual in LIMITS.items():
        op.add_column("outage_policy", sa.Column(name, sa.Integer(), server_default=usual, nullable=False))
    op.create_check_constraint(op.f("ck_outage_policy_seen"), "outage_policy", CHECK)
    op.add_column("outage", sa.Column("device_id", sa.Uuid(), nullable=True))
    op.add_column("outage", sa.Column("lines_before", sa.Integer(), server_default="0", nullable=False))
    op.add_column("outage", sa.Column("recovered_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(op.f("fk_outage_device_id"), "outage", "network_device", ["device_id"], ["id"])
    op.create_index(op.f("ix_outage_device_id"), "outage", ["device_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_outage_device_id"), "outage")
    op.drop_constraint(op.f("fk_outage_device_id"), "outage")
    for name in ("recovered_at", "lines_before", "device_id"):
        op.drop_column("outage", name)
    op.drop_constraint(op.f("ck_outage_policy_seen"), "outage_policy")
    for name in LIMITS:
        op.drop_column("outage_policy", name)
