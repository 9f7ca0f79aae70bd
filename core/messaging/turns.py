"""The statement that ends a turn: the answer is queued, and kept where the conversation stands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy.orm import Session

from core.db import Json, run
from core.ids import Id

_COLUMNS = (
    "business_number_id, contact_id, lane, kind, payload, text, attachment, template, dedupe_key, state,"
    " state_since, not_before, expires_at, attempts, error"
)
_ANSWER = f"""
    WITH talk AS (
        UPDATE conversation SET state = %(state)s WHERE id = %(conversation_id)s AND state <> %(state)s
    ), event AS (
        UPDATE webhook_event SET state = 'done', error = '' WHERE id = %(event_id)s
    )
    INSERT INTO outbound_message ({_COLUMNS})
    SELECT {_COLUMNS} FROM jsonb_populate_recordset(NULL::outbound_message, %(messages)s::jsonb)
    ON CONFLICT (company_id, dedupe_key) DO NOTHING
"""  # noqa: S608 - the columns are a constant


def answer(
    session: Session, *, conversation_id: Id, state: Json, messages: Sequence[dict[str, Any]], event_id: Id | None
) -> None:
    """Queue the answers, keep the conversation's state and, where one is given, note that the event is done.

    `messages` are rows of `core.messaging.outbox`; the caller rings for them.
    """
    kept = {"conversation_id": conversation_id, "state": Jsonb(state), "event_id": event_id}
    run(session, _ANSWER, {**kept, "messages": json.dumps(messages, default=str, ensure_ascii=False)})
