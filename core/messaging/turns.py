"""The statements that frame a turn: hear a message and lock its conversation; answer, and keep where it stands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy.orm import Session

from core.db import Json, run
from core.ids import Id, new_id


@dataclass(frozen=True)
class Heard:
    """A message kept for the first time, and the conversation it belongs to, locked."""

    message_id: Id
    conversation_id: Id
    state: Json


_KEEP = """
    INSERT INTO inbound_message
           (id, wamid, contact_id, business_number_id, event_id, type, text, content, sent_at)
    VALUES (%(message_id)s, %(wamid)s, %(contact_id)s, %(business_number_id)s, %(event_id)s, %(type)s, %(text)s,
            %(content)s, %(sent_at)s)
    ON CONFLICT (company_id, wamid) DO NOTHING
    RETURNING id
"""
_HEAR = f"""
    WITH kept AS ({_KEEP})
    INSERT INTO conversation (contact_id, business_number_id, state, last_inbound_at)
    SELECT %(contact_id)s, %(business_number_id)s, '{{}}', %(heard_at)s FROM kept
    ON CONFLICT (company_id, contact_id, business_number_id)
    DO UPDATE SET last_inbound_at = greatest(conversation.last_inbound_at, excluded.last_inbound_at)
    RETURNING id, state, set_config('taar.actor', 'contact:' || contact_id, true)
"""  # noqa: S608 - both halves are constants


def is_kept(session: Session, wamid: str) -> bool:
    """Whether the message was heard before."""
    return (
        run(session, "SELECT 1 FROM inbound_message WHERE wamid = %(wamid)s", {"wamid": wamid}).fetchone() is not None
    )


def keep_message(session: Session, *, message: Json) -> bool:
    """Keep a message that is no part of the talk; False when it is kept already. `message` as of `hear`."""
    return run(session, _KEEP, _told(message, new_id())).fetchone() is not None


def hear(session: Session, *, message: Json, heard_at: datetime) -> Heard | None:
    """Keep a message under Meta's id and lock its conversation until the transaction ends.

    None when it is kept already, also by a transaction that runs now. The window never moves backwards.
    `message` has wamid, contact_id, business_number_id, event_id, type, text, content and sent_at. From here on the
    audit trail names the person as the actor.
    """
    message_id = new_id()
    row = run(session, _HEAR, {**_told(message, message_id), "heard_at": heard_at}).fetchone()
    return Heard(message_id, row[0], row[1]) if row else None


def _told(message: Json, message_id: Id) -> Json:
    return {**message, "message_id": message_id, "content": Jsonb(message["content"])}


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
