"""Guard what the tables hold: company isolation, frozen books, audit trail, rights of the restricted role."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"

OWN_ROWS = "company_id = taar_company()"
PLATFORM = "current_setting('taar.scope', true) = 'platform'"
POLICIES = {
    "company": f"id = taar_company() OR {PLATFORM}",
    "business_number": f"{OWN_ROWS} OR {PLATFORM}",
    "panel_login": f"{OWN_ROWS} OR {PLATFORM}",
    "webhook_event": f"{PLATFORM} OR id = nullif(current_setting('taar.event_id', true), '')::uuid",
}
AUDIT_VISIBLE = f"{OWN_ROWS} OR ({PLATFORM} AND company_id IS NULL)"
COMPANY_TABLES = (
    "access", "account", "allocation", "area", "contact", "contact_account", "conversation",
    "customer", "customer_phone", "document", "inbound_message", "invoice", "invoice_line", "item",
    "journal_entry", "movement", "number_series", "outbound_message", "payment", "payment_claim", "plan",
    "plan_price", "posting", "site", "staff", "status_update", "sub_zone", "subscription", "tax_rate",
    "ticket", "ticket_document", "ticket_note",
)  # fmt: skip
AUDITED = (
    "access", "account", "allocation", "area", "business_number", "company", "contact", "contact_account",
    "customer", "customer_phone", "document", "invoice", "item", "journal_entry", "panel_login", "payment",
    "payment_claim", "plan", "plan_price", "site", "staff", "sub_zone", "subscription", "tax_rate",
    "ticket", "ticket_document", "ticket_note",
)  # fmt: skip
FUNCTIONS = (
    "taar_audit()", "taar_refuse_change()", "taar_only_columns()", "taar_freeze_lines()",
    "taar_entry_balances()", "taar_prepare_audit(integer)", "taar_isolate(regclass, text, text)",
)  # fmt: skip


def upgrade() -> None:
    op.execute((SQL / "guards.sql").read_text())
    for table, condition in {**dict.fromkeys(COMPANY_TABLES, OWN_ROWS), **POLICIES}.items():
        op.execute(f"SELECT taar_isolate('{table}', $${condition}$$, $${condition}$$)")
    op.execute(f"SELECT taar_isolate('audit_entry', $${AUDIT_VISIBLE}$$, $${OWN_ROWS} OR {PLATFORM}$$)")
    for table in AUDITED:
        op.execute(
            f"CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION taar_audit()"
        )
    op.execute("SELECT taar_prepare_audit(3)")
    op.execute("GRANT USAGE ON SCHEMA public TO taar_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO taar_app")
    op.execute("REVOKE UPDATE, DELETE ON journal_entry, posting, allocation, movement, audit_entry FROM taar_app")
    op.execute("REVOKE DELETE ON payment, customer, company FROM taar_app")
    op.execute("REVOKE ALL ON alembic_version FROM taar_app")
    op.execute(
        "DO $$ DECLARE p record; BEGIN FOR p IN SELECT inhrelid::regclass AS name FROM pg_inherits"
        " WHERE inhparent = 'audit_entry'::regclass LOOP EXECUTE format('REVOKE ALL ON %s FROM taar_app', p.name);"
        " END LOOP; END $$"
    )


def downgrade() -> None:
    op.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM taar_app")
    op.execute("REVOKE USAGE ON SCHEMA public FROM taar_app")
    op.execute(
        "DO $$ DECLARE p record; BEGIN FOR p IN SELECT inhrelid::regclass AS name FROM pg_inherits"
        " WHERE inhparent = 'audit_entry'::regclass LOOP EXECUTE format('DROP TABLE %s', p.name);"
        " END LOOP; END $$"
    )
    for table in (*COMPANY_TABLES, *POLICIES, "audit_entry"):
        op.execute(f"DROP POLICY company ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function} CASCADE")
