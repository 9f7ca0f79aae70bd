"""Putting messages into the outbox; a worker sends them once the transaction is committed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import jobs
from core.db import Json, table_of
from core.ids import Id
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
    marketing: bool | None = None,
) -> Id:
    """Queue a message and ring for it after the commit; the caller owns the transaction.

    `payload` comes from `core.messaging.payloads`; `text` is its words for people who read the panel.
    `template` is the twin `{"name", "language", "parameters"}` to send once the 24-hour window is closed.
    `marketing` is what who stopped marketing does not get; unless told, whatever goes in the lane `bulk`.
    `expires_in` counts from `not_before` (or `now`) and has a default per lane. The same `dedupe_key`
    again changes nothing and returns the first message's id. Raises PayloadInvalid for a bad twin.
    """
    row = message_row(
        contact_id=contact_id, business_number_id=business_number_id, lane=lane, payload=payload, text=text,
        dedupe_key=dedupe_key, now=now, attachment=attachment, template=template, expires_in=expires_in,
        not_before=not_before, marketing=marketing,
    )  # fmt: skip
    message_id, company_id = _insert(session, row)
    if row["not_before"] <= now:
        ring_for(session, lane, company_id, business_number_id)
    return message_id


def queue_read_mark(
    session: Session, *, contact_id: Id, business_number_id: Id, wamid: str, typing: bool, now: datetime
) -> None:
    """Queue the blue ticks for the person's message `wamid`, with "typing…" if an answer is being made."""
    row = read_mark_row(
        contact_id=contact_id, business_number_id=business_number_id, wamid=wamid, typing=typing, now=now
    )
    _, company_id = _insert(session, row)
    ring_for(session, "urgent", company_id, business_number_id)


def message_row(
    *, contact_id: Id, business_number_id: Id, lane: str, payload: Json, text: str, dedupe_key: str, now: datetime,
    attachment: Mapping[str, Any] | None = None, template: Mapping[str, Any] | None = None,
    expires_in: timedelta | None = None, not_before: datetime | None = None, marketing: bool | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The outbox row of a message without its company and id; arguments as of `queue_message`."""
    if template is not None:
        payloads.template(**template)
    start = not_before or now
    return {
        "business_number_id": business_number_id,
        "contact_id": contact_id,
        "lane": lane,
        "kind": payload["type"],
        "payload": payload,
        "text": text,
        "attachment": dict(attachment) if attachment else None,
        "template": dict(template) if template else None,
        "marketing": lane == "bulk" if marketing is None else marketing,
        "dedupe_key": dedupe_key,
        "state": "queued",
        "state_since": now,
        "not_before": start,
        "expires_at": start + (expires_in or RULES[lane].lifetime),
        "attempts": 0,
        "error": "",
    }


def read_mark_row(*, contact_id: Id, business_number_id: Id, wamid: str, typing: bool, now: datetime) -> dict[str, Any]:
    """The outbox row of a read mark without its company and id."""
    return message_row(
        contact_id=contact_id, business_number_id=business_number_id, lane="urgent", text="",
        payload={"type": READ_MARK, "message_id": wamid, "typing": typing}, dedupe_key=f"read:{wamid}", now=now,
        expires_in=READ_MARK_LIFETIME,
    )  # fmt: skip


_OUTBOX = table_of(OutboundMessage)
_INSERT = (
    insert(_OUTBOX)
    .values(id=func.uuidv7())  # by the database's clock alone, since messages go out in the order of their ids
    .on_conflict_do_nothing(index_elements=["company_id", "dedupe_key"])
    .returning(_OUTBOX.c.id, _OUTBOX.c.company_id)
)
_BY_KEY = select(_OUTBOX.c.id, _OUTBOX.c.company_id).where(_OUTBOX.c.dedupe_key == bindparam("dedupe_key"))


def _insert(session: Session, row: dict[str, Any]) -> tuple[Id, Id]:
    # What is None is left out, or JSONB would keep it as the JSON value null.
    written = session.execute(_INSERT, {name: value for name, value in row.items() if value is not None}).one_or_none()
    if written is None:
        written = session.execute(_BY_KEY, {"dedupe_key": row["dedupe_key"]}).one()
    return written[0], written[1]


def ring_for(session: Session, lane: str, company_id: Id, business_number_id: Id) -> None:
    """Once this transaction commits, ask for the number's outbox to be sent; one ring serves every lane of it."""
    jobs.ring(
        session,
        "drain_number",
        queue=lane,
        company_id=str(company_id),
        business_number_id=str(business_number_id),
    )
