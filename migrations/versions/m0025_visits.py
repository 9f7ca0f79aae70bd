"""Keep how far from the customer's site an agent was at an attempt, and what tells pictures of one hash apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("recovery_attempt", sa.Column("metres", sa.Integer(), nullable=True))
    op.add_column("document", sa.Column("image_print", sa.LargeBinary(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("document", "image_print")
    op.drop_column("recovery_attempt", "metres")
