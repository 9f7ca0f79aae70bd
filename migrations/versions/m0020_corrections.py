"""Keep which message a change or deletion names, for it may come before that message."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inbound_message", sa.Column("corrects", sa.String(), nullable=True))
    op.create_index(
        "ix_inbound_message_corrects", "inbound_message", ["company_id", "corrects"],
        postgresql_where=sa.text("corrects IS NOT NULL"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_inbound_message_corrects", table_name="inbound_message")
    op.drop_column("inbound_message", "corrects")
