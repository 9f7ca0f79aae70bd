"""Know a router's passwords again without unsealing every one of them in every pass."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("access_sync", sa.Column("password_print", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("access_sync", "password_print")
