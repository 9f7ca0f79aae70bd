"""Taking queued messages for sending, and letting go of those whose sender is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.db import Json
from core.ids import Id
from core.messaging import lanes
from core.messaging.models import LANES

UNKNOWN_BLOCKS = timedelta(seconds=30)
"""How long a message of unknown fate holds back the person's next one, to keep their order."""
SENDER_GONE = timedelta(minutes=5)
"""No send lasts this long, so whoever took the message has died."""
STATUS_WAIT = timedelta(minutes=10)
"""How long a status may come that names a message of unknown fate."""
SENT_AGAIN = "sent again after an unknown outcome"


@dataclass(frozen=True)
class Claimed:
    """A message taken for sending, with what the send needs to know of the person."""

    id: Id
    contact_id: Id
    lane: str
    kind: str
    payload: Json
    attachment: Json | None
    template: Json | None
    attempts: int
    error: str
    expires_at: datetime
    phone: str | None
    user_id: str | None
    last_inbound_at: datetime | None
    sealed: str | None = None
    unwanted: bool = False
    """It sells something to a person who has stopped that."""
    marketing: bool = False
    category: str = ""
    charge: Decimal = Decimal(0)
    """What this attempt is billed as and costs, once it is reserved."""


_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(CAST(:number AS text), 1))")

_CLAIM = text("""
WITH lane AS (
    SELECT * FROM unnest(CAST(:lanes AS text[]), CAST(:shares AS int[]), CAST(:sizes AS int[]))
        WITH ORDINALITY AS l (name, share, size, rank)
    WHERE NOT EXISTS (SELECT FROM lane_hold AS h WHERE h.company_id = :company AND h.business_number_id = :number
        AND h.lane = l.name AND h.ended_at IS NULL AND (h.until IS NULL OR h.until > :now))
), ready AS (
    SELECT due.id, lane.rank, due.kind = 'read' AS is_mark,
           row_number() OVER (PARTITION BY lane.name ORDER BY due.id) <= lane.share AS reserved
    FROM lane CROSS JOIN LATERAL (
        SELECT m.id, m.kind FROM outbound_message AS m
        WHERE m.company_id = :company AND m.business_number_id = :number AND m.lane = lane.name
          AND m.state = 'queued' AND m.not_before <= :now
          AND (m.kind = 'read' OR NOT EXISTS (
              SELECT FROM outbound_message AS o
              WHERE o.company_id = :company AND o.contact_id = m.contact_id
                AND o.business_number_id = :number AND o.id <> m.id AND o.kind <> 'read'
                AND (o.state = 'sending'
                     OR (o.state = 'unknown' AND o.state_since > :doubtful_since)
                     OR (o.state = 'queued' AND (array_position(:lanes, o.lane), o.id) < (lane.rank, m.id)
                         AND (o.not_before <= :now OR o.attempts > 0 OR o.error <> '')))))
        ORDER BY m.id LIMIT lane.size) AS due
), taken AS (
    SELECT id FROM outbound_message
    WHERE state = 'queued'
      AND id = ANY(ARRAY(SELECT id FROM ready ORDER BY is_mark DESC, reserved DESC, rank, id LIMIT :size))
    FOR UPDATE SKIP LOCKED
)
UPDATE outbound_message AS m SET state = 'sending', state_since = :now
FROM taken, contact AS c
WHERE m.id = taken.id AND c.id = m.contact_id
RETURNING m.id, m.contact_id, m.lane, m.kind, m.payload, m.attachment, m.template, m.attempts, m.error,
    m.expires_at, m.sealed, m.marketing, c.phone, c.user_id,
    m.marketing AND coalesce(c.marketing_stopped_at, c.opted_out_at) IS NOT NULL AS unwanted,
    (SELECT v.last_inbound_at FROM conversation AS v
     WHERE v.company_id = :company AND v.contact_id = m.contact_id AND v.business_number_id = :number)
    AS last_inbound_at
""")


def claim(
    session: Session,
    *,
    company_id: Id,
    business_number_id: Id,
    open_lanes: Sequence[str],
    shares: lanes.Shares,
    size: int,
    now: datetime,
    slow: Mapping[str, int] | None = None,
) -> list[Claimed]:
    """Mark up to `size` messages `sending` and return them, read marks first, then in lane order.

    Of one person at most one message is in flight. An older message holds back a newer one of the same or
    a lower lane, unless it is planned for later; an answer never waits for a campaign. Lanes that are held give
    nothing, and those of `slow` at most so many at once. Claims of one number take turns, which is what keeps two
    drainers from taking two messages of one person.
    """
    if not open_lanes or size < 1:
        return []
    session.execute(_TURN, {"number": str(business_number_id)})
    names = tuple(open_lanes)
    found = session.execute(
        _CLAIM,
        {
            "lanes": list(names),
            "shares": shares.places(names),
            "sizes": [min(size, (slow or {}).get(name, size)) for name in names],
            "company": company_id,
            "number": business_number_id,
            "now": now,
            "doubtful_since": now - UNKNOWN_BLOCKS,
            "size": size,
        },
    )
    taken = [Claimed(**row._mapping) for row in found]
    shares.spend([each.lane for each in taken])
    return sorted(taken, key=lambda each: (each.kind != "read", names.index(each.lane), each.id))


_GONE = text("""
UPDATE outbound_message SET state = 'unknown', state_since = :now, error = CASE
    WHEN error LIKE :marked THEN error ELSE 'the sender stopped before it could tell the outcome' END
WHERE state = 'sending' AND state_since < :gone_since
""")
_AGAIN = text("""
UPDATE outbound_message SET state = 'queued', state_since = :now, not_before = :now, error = :again
WHERE state = 'unknown' AND wamid IS NULL AND state_since < :waited_since AND expires_at > :now
  AND lane = ANY(:doubling) AND kind <> 'read' AND error NOT LIKE :marked
""")


def release_doubtful(session: Session, *, now: datetime) -> None:
    """Settle this company's messages whose outcome nobody told.

    A message whose sender died becomes `unknown`. One `unknown` for ten minutes is queued again, once, in
    lanes where twice is better than never; in the others it stays `unknown` for a person to look at. Codes that have
    expired are forgotten, sent or not.
    """
    marked = f"{SENT_AGAIN}%"
    session.execute(_GONE, {"now": now, "gone_since": now - SENDER_GONE, "marked": marked})
    session.execute(
        _AGAIN,
        {
            "now": now,
            "waited_since": now - STATUS_WAIT,
            "doubling": list(lanes.DOUBLING),
            "again": SENT_AGAIN,
            "marked": marked,
        },
    )
    session.execute(_FORGET, {"now": now})


_FORGET = text("""
UPDATE outbound_message SET sealed = NULL WHERE sealed IS NOT NULL AND expires_at <= :now AND state <> 'sending'
""")
_WAITING = text("""
SELECT n.id, (SELECT lane.name FROM unnest(CAST(:lanes AS text[])) WITH ORDINALITY AS lane (name, rank)
    WHERE EXISTS (SELECT FROM outbound_message AS m
                  WHERE m.company_id = n.company_id AND m.business_number_id = n.id AND m.lane = lane.name
                    AND m.state = 'queued' AND m.not_before <= :now)
      AND NOT EXISTS (SELECT FROM lane_hold AS h WHERE h.company_id = n.company_id AND h.business_number_id = n.id
                      AND h.lane = lane.name AND h.ended_at IS NULL AND (h.until IS NULL OR h.until > :now))
    ORDER BY lane.rank LIMIT 1) AS lane
FROM business_number AS n
""")


def waiting_numbers(session: Session, *, now: datetime) -> dict[Id, str]:
    """This company's business numbers that have messages due, each with the foremost lane of them."""
    found = session.execute(_WAITING, {"lanes": list(LANES), "now": now})
    return {row.id: row.lane for row in found if row.lane is not None}
