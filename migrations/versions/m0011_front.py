"""Let an employee work in several roles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("staff", sa.Column("extra_roles", postgresql.ARRAY(sa.String()), server_default="{}", nullable=False))
    op.create_check_constraint(
        op.f("ck_staff_extra_roles"),
        "staff",
        "extra_roles <@ ARRAY['owner', 'manager', 'recovery_agent', 'technician']::varchar[]",
    )


def downgrade() -> None:
    op.drop_column("staff", "extra_roles")
