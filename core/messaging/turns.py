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

NEWEST = 200
"""So many of the person's messages are looked at, the newest; the index of all that is queued would be gone through
whole, which `state || ''` keeps the planner from."""

_ANSWER = f"""
    WITH talk AS (
        UPDATE conversation SET state = %(state)s WHERE id = %(conversation_id)s AND state <> %(state)s
    ), heard AS (
        UPDATE inbound_message SET read_as = %(read_as)s WHERE id = %(message_id)s
    ), event AS (
        UPDATE webhook_event SET state = 'done', error = '' WHERE id = %(event_id)s
    ), talk_of AS (
        SELECT v.company_id, v.contact_id, v.business_number_id, p.quiet_from, p.quiet_until,
               %(now)s + make_interval(hours => p.window_hours) AS until,
               (%(now)s AT TIME ZONE c.timezone)::time AS clock
          FROM conversation AS v, sending_policy AS p, company AS c
         WHERE v.id = %(conversation_id)s AND p.company_id = v.company_id AND c.id = v.company_id
    ), newest AS MATERIALIZED (
        SELECT id, business_number_id, state, attempts, lane, kind, error, not_before FROM outbound_message
         WHERE company_id = taar_company() AND contact_id = (SELECT contact_id FROM talk_of)
         ORDER BY id DESC LIMIT {NEWEST}
    ), early AS (
        UPDATE outbound_message AS m SET not_before = %(now)s, error = ''
          FROM newest AS n, talk_of AS t
         WHERE m.id = n.id AND m.state || '' = 'queued'
           AND n.business_number_id = t.business_number_id AND n.state = 'queued' AND n.attempts = 0
           AND n.lane = ANY(%(early_lanes)s) AND n.kind NOT IN ('template', 'read') AND n.error IN ('', %(quota)s)
           AND n.not_before > %(now)s AND n.not_before <= t.until
           AND (n.lane <> ALL(%(quiet_lanes)s) OR t.quiet_from IS NULL OR NOT CASE WHEN t.quiet_from < t.quiet_until
                THEN t.clock >= t.quiet_from AND t.clock < t.quiet_until
                ELSE t.clock >= t.quiet_from OR t.clock < t.quiet_until END)
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
