"""Let a run write in sets: guards that look once at a statement's rows, and the order in which bills fall due."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from migrations.guarding import guard

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
DUE = sa.text("next_bill_on IS NOT NULL")
WITH_PARTY = sa.text("party_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "entry_check",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry_check")),
    )
    guard("entry_check", audited=())
    replace_index("subscription", "ix_subscription_due", ["company_id", "next_bill_on", "id"], postgresql_where=DUE)
    replace_index("posting", "ix_posting_party", ["company_id", "party_id", "account_id"],
                  postgresql_include=["amount"], postgresql_where=WITH_PARTY)  # fmt: skip
    # A check at commit must never choose the company's index over the entry's, whatever the statistics say.
    op.create_index("ix_posting_entry", "posting", ["company_id", "entry_id"])
    op.drop_index("ix_posting_entry_id", table_name="posting")
    # The unique key of company, invoice and position serves the same questions.
    op.drop_index("ix_invoice_line_invoice_id", table_name="invoice_line")
    op.execute((SQL / "run.sql").read_text())


def replace_index(table: str, name: str, columns: list[str], **options: object) -> None:
    op.drop_index(name, table_name=table)
    op.create_index(name, table, columns, **options)


def downgrade() -> None:
    op.execute("DROP TRIGGER audit ON subscription")
    op.execute("DROP TRIGGER audit_update ON subscription")
    op.execute("CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON subscription"
               " FOR EACH ROW EXECUTE FUNCTION taar_audit()")  # fmt: skip
    op.execute("DROP TRIGGER complete ON invoice_line")
    op.execute("DROP FUNCTION taar_lines_complete()")
    op.execute("DROP TRIGGER frozen ON invoice_line")
    op.execute("CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON invoice_line"
               " FOR EACH ROW EXECUTE FUNCTION taar_freeze_lines()")  # fmt: skip
    op.execute("DROP TRIGGER checked ON posting")
    op.execute("DROP FUNCTION taar_check_postings()")
    op.execute("DROP FUNCTION taar_is_written_now(xid)")
    op.drop_table("entry_check")
    op.execute(BALANCES_BEFORE)
    op.execute("CREATE CONSTRAINT TRIGGER posting_balances AFTER INSERT ON posting"
               " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION taar_entry_balances()")  # fmt: skip
    op.create_index("ix_invoice_line_invoice_id", "invoice_line", ["invoice_id"])
    op.create_index("ix_posting_entry_id", "posting", ["entry_id"])
    op.drop_index("ix_posting_entry", table_name="posting")
    replace_index("posting", "ix_posting_party", ["company_id", "party_id", "account_id"],
                  postgresql_include=["amount"])  # fmt: skip
    replace_index("subscription", "ix_subscription_due", ["company_id", "next_bill_on"], postgresql_where=DUE)


BALANCES_BEFORE = """
CREATE OR REPLACE FUNCTION taar_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entry uuid := CASE WHEN TG_TABLE_NAME = 'posting' THEN (to_jsonb(NEW) ->> 'entry_id')::uuid ELSE NEW.id END;
    total numeric;
    sides integer;
BEGIN
    SELECT coalesce(sum(amount), 0), count(*) INTO total, sides FROM posting WHERE entry_id = entry;
    IF total <> 0 THEN
        RAISE EXCEPTION 'Journal entry % does not balance: off by %', entry, total USING ERRCODE = 'check_violation';
    END IF;
    IF sides < 2 THEN
        RAISE EXCEPTION 'Journal entry % has % posting(s), needs two', entry, sides USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$
"""
