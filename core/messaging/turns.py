"""The statement that ends a turn: the answer is queued, and kept where the conversation stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy.orm import Session

from core.db import Json, run
from core.ids import Id
from core.messaging.outbox import ROWS, rows_json

_ANSWER = f"""
    WITH talk AS (
        UPDATE conversation SET state = %(state)s WHERE id = %(conversation_id)s AND state <> %(state)s
    ), event AS (
        UPDATE webhook_event SET state = 'done', error = '' WHERE id = %(event_id)s
    )
    {ROWS}(NULL::outbound_message, %(messages)s::jsonb)
    ON CONFLICT (company_id, dedupe_key) DO NOTHING
"""  # noqa: S608 - a constant


def answer(
    session: Session, *, conversation_id: Id, state: Json, messages: Sequence[dict[str, Any]], event_id: Id | None
) -> None:
    """Queue the answers, keep the conversation's state and, where one is given, note that the event is done.

    `messages` are rows of `core.messaging.outbox`; the caller rings for them.
    """
    kept = {"conversation_id": conversation_id, "state": Jsonb(state), "event_id": event_id}
    run(session, _ANSWER, {**kept, "messages": rows_json(messages)})
