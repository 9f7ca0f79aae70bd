"""People whom Meta does not let us advertise to any more: noted as if they had told us themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.db import array_of
from core.ids import Id

STOPPED_CODE = 131050
"""Meta's refusal of marketing to a person who has stopped it."""

_STOP = text("""
    WITH stopped AS (
        UPDATE contact SET marketing_stopped_at = :now
         WHERE id = ANY(CAST(:ids AS uuid[])) AND marketing_stopped_at IS NULL RETURNING id
    )
    INSERT INTO consent_change (contact_id, category, choice, how, told_at)
    SELECT id, 'marketing', 'stop', 'refused', :now FROM stopped ON CONFLICT DO NOTHING
""")


def stop_marketing(session: Session, *, contact_ids: Sequence[Id], now: datetime) -> None:
    """These people get no marketing from now on; who has stopped it before is left as he is."""
    if contact_ids:
        session.execute(_STOP, {"ids": array_of(contact_ids), "now": now})
