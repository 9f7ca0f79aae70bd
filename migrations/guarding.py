"""What every new table needs beside its columns: isolation, rights, audit, append-only guards."""

from __future__ import annotations

from collections.abc import Sequence

from alembic import op

OWN_ROWS = "company_id = taar_company()"


def guard(table: str, *, audited: Sequence[str] = ("insert", "update", "delete"), append_only: bool = False,
          may_delete: bool = True) -> None:  # fmt: skip
    """Isolate a company's table, let the program use it, and write its changes to the audit trail.

    `audited` names the statements that leave a trace; rows that never change need none for their insert.
    """
    op.execute(f"SELECT taar_isolate('{table}', $${OWN_ROWS}$$, $${OWN_ROWS}$$)")
    rights = "SELECT, INSERT" if append_only else "SELECT, INSERT, UPDATE" + (", DELETE" if may_delete else "")
    op.execute(f"GRANT {rights} ON {table} TO taar_app")
    if append_only:
        op.execute(
            f"CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION taar_refuse_change()"
        )
    if audited:
        op.execute(
            f"CREATE TRIGGER audit AFTER {' OR '.join(audited).upper()} ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION taar_audit()"
        )
