"""Guard payments and invoices once a statement: what each row paid for is looked at in sets."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.execute((SQL / "guards_in_sets.sql").read_text())
    # Every payment asks what its payer's lines wait for.
    op.create_index("ix_subscription_payer", "subscription", ["payer_id"],
                    postgresql_where=sa.text("payer_id IS NOT NULL"))  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_subscription_payer", table_name="subscription")
    op.execute("DROP TRIGGER kept ON account; DROP TRIGGER kept_id ON account; DROP FUNCTION taar_keep_used_account()")
    op.create_foreign_key("fk_posting_account_id", "posting", "account", ["account_id"], ["id"])
    op.create_foreign_key("fk_posting_entry_id", "posting", "journal_entry", ["entry_id"], ["id"])
    op.execute("DROP TRIGGER checked ON journal_entry; DROP FUNCTION taar_check_entries()")
    op.execute("CREATE CONSTRAINT TRIGGER entry_balances AFTER INSERT ON journal_entry"
               " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION taar_entry_balances()")  # fmt: skip
    restore("run.sql", "taar_check_postings")
    op.execute("CREATE TRIGGER checked AFTER INSERT ON posting REFERENCING NEW TABLE AS added"
               " FOR EACH STATEMENT EXECUTE FUNCTION taar_check_postings()")  # fmt: skip
    restore("ledger.sql", "taar_guard_postings")
    op.execute("DROP FUNCTION taar_refuse_line(uuid, uuid, text, text, text, text)")
    restore("guards.sql", "taar_audit")
    restore("guards.sql", "taar_only_columns")


def restore(file: str, function: str) -> None:
    """The function as the file of an earlier step has it."""
    text = (SQL / file).read_text()
    start = text.index(f"FUNCTION {function}(")
    op.execute("CREATE OR REPLACE " + text[start : text.index("END $$;", start)] + "END $$")
