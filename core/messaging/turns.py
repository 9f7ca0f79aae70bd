"""The statement that ends a turn: the answer is queued, and kept where the conversation stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy.orm import Session

from core.db import Json, run
from core.ids import Id
from core.messaging.outbox import ROWS, rows_json
from core.messaging.reservation import QUOTA
from core.messaging.sending_policy import QUIET_LANES

EARLY_LANES = ("notice", "billing")
"""Lanes whose messages are sent before their time to a person who is writing anyway."""

_ANSWER = f"""
    WITH talk AS (
        UPDATE conversation SET state = %(state)s WHERE id = %(conversation_id)s AND state <> %(state)s
    ), heard AS (
        UPDATE inbound_message SET read_as = %(read_as)s WHERE id = %(message_id)s
    ), event AS (
        UPDATE webhook_event SET state = 'done', error = '' WHERE id = %(event_id)s
    ), early AS (
        UPDATE outbound_message AS m SET not_before = %(now)s, error = ''
          FROM conversation AS v, sending_policy AS p, company AS c, LATERAL (
              SELECT (%(now)s AT TIME ZONE c.timezone)::time AS clock) AS here
         WHERE v.id = %(conversation_id)s AND p.company_id = v.company_id AND c.id = v.company_id
           AND m.company_id = v.company_id AND m.contact_id = v.contact_id
           AND m.business_number_id = v.business_number_id AND m.state = 'queued' AND m.attempts = 0
           AND m.lane = ANY(%(early_lanes)s) AND m.kind NOT IN ('template', 'read') AND m.error IN ('', %(quota)s)
           AND m.not_before > %(now)s AND m.not_before <= %(now)s + make_interval(hours => p.window_hours)
           AND (m.lane <> ALL(%(quiet_lanes)s) OR p.quiet_from IS NULL OR NOT CASE WHEN p.quiet_from < p.quiet_until
                THEN here.clock >= p.quiet_from AND here.clock < p.quiet_until
                ELSE here.clock >= p.quiet_from OR here.clock < p.quiet_until END)
    )
    {ROWS}(NULL::outbound_message, %(messages)s::jsonb)
    ON CONFLICT (company_id, dedupe_key) DO NOTHING
"""  # noqa: S608 - a constant


def answer(
    session: Session, *, conversation_id: Id, state: Json, messages: Sequence[dict[str, Any]], event_id: Id | None,
    message_id: Id, read_as: Json, now: datetime,
) -> None:  # fmt: skip
    """Queue the answers, keep the conversation's state and what the message was taken for, and end the event if any.

    `messages` are rows of `core.messaging.outbox`; the caller rings for them. What the person was to be told within
    the policy's `window_hours` anyway follows the answers: in the window that he has opened it is free.
    """
    kept = {
        "conversation_id": conversation_id, "state": Jsonb(state), "event_id": event_id, "message_id": message_id,
        "read_as": Jsonb(read_as), "now": now, "early_lanes": list(EARLY_LANES if messages else ()),
        "quiet_lanes": list(QUIET_LANES), "quota": QUOTA,
    }  # fmt: skip
    run(session, _ANSWER, {**kept, "messages": rows_json(messages)})
