"""Putting messages into the outbox; a worker sends them once the transaction is committed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, LiteralString

from sqlalchemy.orm import Session

from core import jobs, vault
from core.db import Json, run, run_flushed
from core.ids import Id
from core.messaging import payloads
from core.messaging.lanes import RULES

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
    code: str | None = None,
) -> Id:
    """Queue a message and ring for it after the commit; the caller owns the transaction.

    `payload` comes from `core.messaging.payloads`; `text` is its words for people who read the panel.
    `template` is the twin `{"name", "language", "parameters"}` to send once the 24-hour window is closed.
    `marketing` is what who stopped marketing does not get; unless told, whatever goes in the lane `bulk`.
    `code` is a one-time code for the places that `payloads.CODE_PLACE` keeps; it is stored sealed until it is sent.
    `expires_in` counts from `not_before` (or `now`) and has a default per lane. The same `dedupe_key`
    again changes nothing and returns the first message's id. Raises PayloadInvalid for a bad twin.
    """
    row = message_row(
        contact_id=contact_id, business_number_id=business_number_id, lane=lane, payload=payload, text=text,
        dedupe_key=dedupe_key, now=now, attachment=attachment, template=template, expires_in=expires_in,
        not_before=not_before, marketing=marketing, code=code,
    )  # fmt: skip
    return queue_rows(session, [row], now=now)[0]


def queue_rows(session: Session, rows: Sequence[Mapping[str, Any]], *, now: datetime) -> list[Id]:
    """Queue rows of `message_row` in one statement, each as `queue_message` does; returns their ids in that order."""
    if not rows:
        return []
    keys = [row["dedupe_key"] for row in rows]
    known = run_flushed(session, _QUEUE, {"messages": rows_json(rows), "keys": keys}).fetchall()
    ids = {key: message_id for key, message_id, _ in known}
    if missing := [key for key in keys if key not in ids]:
        # Another transaction queued them while this one did.
        known += run(session, _QUEUED, {"keys": missing}).fetchall()
        ids = {key: message_id for key, message_id, _ in known}
    for row in rows:
        if row["not_before"] <= now:
            ring_for(session, row["lane"], known[0][2], row["business_number_id"])
    return [ids[key] for key in keys]


def queue_read_mark(
    session: Session, *, contact_id: Id, business_number_id: Id, wamid: str, typing: bool, now: datetime
) -> None:
    """Queue the blue ticks for the person's message `wamid`, with "typing…" if an answer is being made."""
    row = read_mark_row(
        contact_id=contact_id, business_number_id=business_number_id, wamid=wamid, typing=typing, now=now
    )
    queue_rows(session, [row], now=now)


def message_row(
    *, contact_id: Id, business_number_id: Id, lane: str, payload: Json, text: str, dedupe_key: str, now: datetime,
    attachment: Mapping[str, Any] | None = None, template: Mapping[str, Any] | None = None,
    expires_in: timedelta | None = None, not_before: datetime | None = None, marketing: bool | None = None,
    code: str | None = None,
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
        "sealed": vault.seal(code) if code is not None else None,
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


COLUMNS: LiteralString = (
    "business_number_id, contact_id, lane, kind, payload, text, attachment, template, dedupe_key, state,"
    " state_since, not_before, expires_at, attempts, error, marketing, sealed"
)
ROWS: LiteralString = f"INSERT INTO outbound_message ({COLUMNS}) SELECT {COLUMNS} FROM jsonb_populate_recordset"  # noqa: S608
"""To be gone on with `(NULL::outbound_message, <the JSON of rows_json>)`, in a statement of `core.db.run`."""


def rows_json(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of `message_row` as `ROWS` takes them."""
    return json.dumps(rows, default=str, ensure_ascii=False)


_QUEUED: LiteralString = """
    SELECT dedupe_key, id, company_id FROM outbound_message
     WHERE company_id = taar_company() AND dedupe_key = ANY(%(keys)s)
"""
_QUEUE: LiteralString = f"""
    WITH queued AS (
        {ROWS}(NULL::outbound_message, %(messages)s::jsonb)
        ON CONFLICT (company_id, dedupe_key) DO NOTHING
        RETURNING dedupe_key, id, company_id
    )
    SELECT * FROM queued UNION ALL {_QUEUED}
"""  # noqa: S608
"""The database's clock alone gives the ids, since messages go out in their order."""


def ring_for(session: Session, lane: str, company_id: Id, business_number_id: Id) -> None:
    """Once this transaction commits, ask for the number's outbox to be sent; one ring serves every lane of it."""
    jobs.ring(
        session,
        "drain_number",
        queue=lane,
        company_id=str(company_id),
        business_number_id=str(business_number_id),
    )
