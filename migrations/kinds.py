"""The database's list of entry kinds is made from the code's; a migration that comes with new kinds renews it."""

from __future__ import annotations

from alembic import op

from core.ledger.kinds import KINDS


def renew_kinds() -> None:
    """`taar_entry_kinds()` gives every kind, who may cause it, and whether it adjusts a softly closed period."""
    rows = ",\n    ".join(
        f"('{name}', '{{{','.join(kind.origins)}}}'::text[], {str(kind.adjusting).lower()})"
        for name, kind in KINDS.items()
    )
    op.execute(
        "CREATE OR REPLACE FUNCTION taar_entry_kinds()"
        " RETURNS TABLE (kind text, origins text[], adjusting boolean) LANGUAGE sql IMMUTABLE PARALLEL SAFE"
        f" AS $kinds$ VALUES\n    {rows} $kinds$"
    )
