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
    ), heard AS (
        UPDATE inbound_message SET read_as = %(read_as)s WHERE id = %(message_id)s
    ), event AS (
        UPDATE webhook_event SET state = 'done', error = '' WHERE id = %(event_id)s
    )
    {ROWS}(NULL::outbound_message, %(messages)s::jsonb)
    ON CONFLICT (company_id, dedupe_key) DO NOTHING
"""  # noqa: S608 - a constant


def answer(
    session: Session, *, conversation_id: Id, state: Json, messages: Sequence[dict[str, Any]], event_id: Id | None,
    message_id: Id, read_as: Json,
) -> None:  # fmt: skip
    """Queue the answers, keep the conversation's state and what the message was taken for, and end the event if any.

    `messages` are rows of `core.messaging.outbox`; the caller rings for them.
    """
    kept = {
        "conversation_id": conversation_id, "state": Jsonb(state), "event_id": event_id, "message_id": message_id,
        "read_as": Jsonb(read_as),
    }  # fmt: skip
    run(session, _ANSWER, {**kept, "messages": rows_json(messages)})
