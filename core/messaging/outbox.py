"""Putting messages into the outbox; a worker sends them once the transaction is committed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import jobs
from core.db import Json, table_of
from core.ids import Id, new_id
from core.messaging import payloads
from core.messaging.lanes import RULES
from core.messaging.models import OutboundMessage

READ_MARK = "read"
READ_MARK_LIFETIME = timedelta(minutes=10)
"""Telling somebody after this long that his message was read tells him nothing."""


def queue_message(
    session: Session,
    *,
    contact_id: Id,
    business_number_id: Id,
    lane: str,
    payload: Json,
    text: str,
    dedupe_key: str,
    now: datetime,
    attachment: Mapping[str, Any] | None = None,
    template: Mapping[str, Any] | None = None,
    expires_in: timedelta | None = None,
    not_before: datetime | None = None,
) -> Id:
    """Queue a message and ring for it after the commit; the caller owns the transaction.

    `payload` comes from `core.messaging.payloads`; `text` is its words for people who read the panel.
    `template` is the twin `{"name", "language", "parameters"}` to send once the 24-hour window is closed.
    `expires_in` counts from `not_before` (or `now`) and has a default per lane. The same `dedupe_key`
    again changes nothing and returns the first message's id. Raises PayloadInvalid for a bad twin.
    """
    if template is not None:
        payloads.template(**template)
    start = not_before or now
    row = {
        "business_number_id": business_number_id,
        "contact_id": contact_id,
        "lane": lane,
        "kind": payload["type"],
        "payload": payload,
        "text": text,
        "dedupe_key": dedupe_key,
        "state_since": now,
        "not_before": start,
        "expires_at": start + (expires_in or RULES[lane].lifetime),
    }
    # Left out rather than None, which JSONB would keep as the JSON value null.
    extras = {"attachment": attachment, "template": template}
    row |= {name: dict(value) for name, value in extras.items() if value}
    message_id, company_id = _insert(session, row)
    if start <= now:
        _ring(session, lane, company_id, business_number_id)
    return message_id


def queue_read_mark(
    session: Session, *, contact_id: Id, business_number_id: Id, wamid: str, typing: bool, now: datetime
) -> None:
    """Queue the blue ticks for the person's message `wamid`, with "typing…" if an answer is being made."""
    row = {
        "business_number_id": business_number_id,
        "contact_id": contact_id,
        "lane": "urgent",
        "kind": READ_MARK,
        "payload": {"message_id": wamid, "typing": typing},
        "dedupe_key": f"read:{wamid}",
        "state_since": now,
        "not_before": now,
        "expires_at": now + READ_MARK_LIFETIME,
    }
    _, company_id = _insert(session, row)
    _ring(session, "urgent", company_id, business_number_id)


OUTBOX = table_of(OutboundMessage)


def _insert(session: Session, row: dict[str, Any]) -> tuple[Id, Id]:
    statement = (
        insert(OUTBOX)
        .values(id=new_id(), **row)
        .on_conflict_do_nothing(index_elements=["company_id", "dedupe_key"])
        .returning(OUTBOX.c.id, OUTBOX.c.company_id)
    )
    written = session.execute(statement).one_or_none()
    if written is None:
        first = select(OutboundMessage.id, OutboundMessage.company_id).where(
            OutboundMessage.dedupe_key == row["dedupe_key"]
        )
        written = session.execute(first).one()
    return written[0], written[1]


def _ring(session: Session, lane: str, company_id: Id, business_number_id: Id) -> None:
    jobs.ring(
        session,
        "drain_number",
        queue=lane,
        company_id=str(company_id),
        business_number_id=str(business_number_id),
    )
