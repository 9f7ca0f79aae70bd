"""Let a run write in sets: guards that look once at a statement's rows, and the order in which bills fall due."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0004"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.drop_index("ix_subscription_due", table_name="subscription")
    op.create_index("ix_subscription_due", "subscription", ["company_id", "next_bill_on", "id"],
                    postgresql_where="next_bill_on IS NOT NULL")  # fmt: skip
    op.execute((SQL / "run.sql").read_text())


def downgrade() -> None:
    op.execute("DROP TRIGGER complete ON invoice_line")
    op.execute("DROP FUNCTION taar_lines_complete()")
    op.execute("DROP TRIGGER frozen ON invoice_line")
    op.execute("CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON invoice_line"
               " FOR EACH ROW EXECUTE FUNCTION taar_freeze_lines()")  # fmt: skip
    op.drop_index("ix_subscription_due", table_name="subscription")
    op.create_index("ix_subscription_due", "subscription", ["company_id", "next_bill_on"],
                    postgresql_where="next_bill_on IS NOT NULL")  # fmt: skip
