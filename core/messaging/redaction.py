"""Taking a secret out of what is kept of a message: the chat's record, and the raw event that brought it.

What stands there afterwards is of the same kind as the secret, so that a replay asks and answers as the talk did.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import Uuid, cast, func, select, update
from sqlalchemy.orm import Session

from core.db import Json, table_of
from core.messaging.models import InboundMessage, WebhookEvent

WORDS = frozenset({"body", "caption", "text", "title", "description", "filename"})
"""Keys of a message under which a person's own words stand."""
EVENTS = table_of(WebhookEvent)


def redact_message(
    session: Session, *, wamid: str, words: Callable[[str], str], shown: Callable[[str], str], hidden: bool = False
) -> None:
    """Rewrite what is kept of the message that this turn heard; the caller owns the transaction.

    `words` gives the stand-in for any words in the message as it came, `shown` for those the office reads. A `hidden`
    message stays so when it is edited. The message acts on nothing again: its id, sender and time stay.
    """
    kept = session.scalar(select(InboundMessage).where(InboundMessage.wamid == wamid).with_for_update())
    if kept is not None:
        kept.text = shown(kept.text)
        kept.content = {**_rewritten(kept.content, words), "redacted": True} | ({"hidden": True} if hidden else {})
        session.flush()
    redact_event(session, wamid=wamid, words=words)


def redact_event(session: Session, *, wamid: str, words: Callable[[str], str]) -> None:
    """Rewrite the words of one message in the raw event of this session; the other items of the event stay as sent."""
    this = EVENTS.c.id == cast(func.nullif(func.current_setting("taar.event_id", True), ""), Uuid)
    row = session.execute(select(EVENTS.c.id, EVENTS.c.body).where(this).with_for_update()).one_or_none()
    if row is None:
        return
    document = json.loads(row.body)
    _rewrite_message(document, wamid, words)
    session.execute(update(EVENTS).where(this).values(body=json.dumps(document, ensure_ascii=False).encode()))


def _rewrite_message(document: Any, wamid: str, words: Callable[[str], str]) -> None:
    """Every object that carries the message's id, wherever it stands, is rewritten in place."""
    if isinstance(document, dict):
        for key, value in document.items():
            if isinstance(value, dict) and value.get("id") == wamid:
                document[key] = _rewritten(value, words)
            else:
                _rewrite_message(value, wamid, words)
    elif isinstance(document, list):
        for place, value in enumerate(document):
            if isinstance(value, dict) and value.get("id") == wamid:
                document[place] = _rewritten(value, words)
            else:
                _rewrite_message(value, wamid, words)


def _rewritten(message: Json, words: Callable[[str], str]) -> Json:
    return {key: _part(key, value, words) for key, value in message.items()}


def _part(key: str, value: Any, words: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return words(value) if key in WORDS else value
    if isinstance(value, dict):
        return _rewritten(value, words)
    return [_part(key, each, words) for each in value] if isinstance(value, list) else value
