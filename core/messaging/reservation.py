"""What a message needs besides its second: a place among the day's people, and money. Counted where it is claimed.

The messages themselves are the ledger: each carries when it took a place and what it costs, so a number can neither
drift nor be counted twice. Reservations of a company take turns on its policy's row, and count after they have it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import business_day, day_begins
from core.companies import Company, current_company
from core.db import array_of
from core.ids import Id
from core.messaging import window
from core.messaging.batches import SENT_AGAIN, Claimed
from core.messaging.holds import hold_lanes
from core.messaging.prices import PriceList, category_of, country_of, price_list, spent_on
from core.messaging.sending_models import SendingPolicy
from core.messaging.sending_policy import QUIET_LANES, allowance, budget_of, quiet_ends, sending_policy

QUOTA_LENGTH = timedelta(hours=24, minutes=1)
"""Meta's moving day, and a minute for its clock."""
QUOTA = "waits for room among the people of 24 hours"
BUDGET = "waits for tomorrow's budget"
QUIET = "waits for the end of the quiet hours"
POSTPONED_AT_ONCE = 1000


@dataclass(frozen=True)
class Rules:
    """What a run needs to know of the company; read anew for each run, the policy also under its lock."""

    company: Company
    policy: SendingPolicy
    prices: PriceList
    today: date


def read_rules(session: Session, *, now: datetime) -> Rules:
    """The company's rules for sending as they are now."""
    company = current_company(session)
    today = business_day(now, company.timezone)
    rules = Rules(company, sending_policy(session), price_list(session, day=today), today)
    session.expunge(company)
    session.expunge(rules.policy)
    return rules


@dataclass
class _Room:
    """What is left while a batch is gone through."""

    policy: SendingPolicy
    counted: set[Id]
    used: int
    spent: Decimal
    go: list[tuple[Claimed, bool]] = field(default_factory=list)
    """Each with whether it takes a place."""
    over_quota: list[Claimed] = field(default_factory=list)
    over_budget: list[Claimed] = field(default_factory=list)

    def place(self, message: Claimed, outside: bool) -> None:
        budget, most = budget_of(self.policy, message.lane), allowance(self.policy, message.lane)
        if budget is not None and message.charge and self.spent + message.charge > budget:
            self.over_budget.append(message)
            return
        if outside and message.contact_id not in self.counted:
            if most is not None and self.used >= most:
                self.over_quota.append(message)
                return
            self.counted.add(message.contact_id)
            self.used += 1
        self.spent += message.charge
        self.go.append((message, outside))


def reserve(
    session: Session, *, number: Id, messages: Sequence[Claimed], rules: Rules, now: datetime
) -> list[Claimed]:  # fmt: skip
    """Set aside a place and the money for each message, in their order; returns those that may go, with their charge.

    They must be `sending` in this transaction and of the kind in which they go. The others are queued again with
    `not_before` when there will be room; of what waits behind them up to a thousand messages with them, so that the
    queue is not gone through one batch after the other.
    """
    priced = [_priced(message, rules) for message in messages]
    outside = [message.kind == "template" and not window.is_open(message.last_inbound_at, now) for message in priced]
    room = _room(session, rules, priced, outside, now)
    for message, is_outside in zip(priced, outside, strict=True):
        room.place(message, is_outside)
    _take(session, room.go, rules, now)
    if room.over_quota:
        _wait_for_room(session, number, room, now)
    if room.over_budget:
        _wait_for_tomorrow(session, number, room.over_budget, rules, now)
    return [message for message, _ in room.go]


def _priced(message: Claimed, rules: Rules) -> Claimed:
    category = category_of(kind=message.kind, marketing=message.marketing, is_code=message.sealed is not None)
    price = rules.prices.price(category, country_of(message.phone, message.user_id))
    return replace(message, category=category, charge=price)


_COUNTED = text("""
SELECT (SELECT count(*) FROM (SELECT DISTINCT contact_id FROM outbound_message
         WHERE company_id = taar_company() AND quota_at > :since) AS people) AS used,
       ARRAY(SELECT DISTINCT contact_id FROM outbound_message WHERE company_id = taar_company()
              AND contact_id = ANY(CAST(:people AS uuid[])) AND quota_at > :since) AS counted
""")


def _room(
    session: Session, rules: Rules, messages: Sequence[Claimed], outside: Sequence[bool], now: datetime
) -> _Room:  # fmt: skip
    """Locks the policy where something may be over, and counts afterwards: a count before the lock would be old."""
    for_money = rules.policy.budget_per_day is not None and any(each.lane in QUIET_LANES for each in messages)
    if not for_money and not any(outside):
        return _Room(rules.policy, set(), 0, Decimal(0))
    policy = sending_policy(session, lock=True)
    spent = spent_on(session, day=rules.today) if policy.budget_per_day is not None else Decimal(0)
    people = array_of(each.contact_id for each, is_outside in zip(messages, outside, strict=True) if is_outside)
    if policy.recipients_per_day is None or not any(outside):
        return _Room(policy, set(), 0, spent)
    row = session.execute(_COUNTED, {"since": now - QUOTA_LENGTH, "people": people}).one()
    return _Room(policy, set(row.counted), row.used, spent)


_TAKE = text("""
UPDATE outbound_message AS m SET category = t.category, in_window = t.in_window, charged_on = :today,
    price = CASE WHEN m.cost_state IN ('reserved', 'spent') THEN m.price + t.price ELSE t.price END,
    cost_state = 'reserved', quota_at = CASE WHEN t.outside THEN :now ELSE m.quota_at END
FROM jsonb_to_recordset(CAST(:taken AS jsonb))
    AS t (id uuid, category text, in_window boolean, price numeric, outside boolean)
WHERE m.id = t.id
""")


def _take(session: Session, go: Sequence[tuple[Claimed, bool]], rules: Rules, now: datetime) -> None:
    if not go:
        return
    taken = [
        {"id": str(message.id), "category": message.category, "price": str(message.charge), "outside": outside,
         "in_window": window.is_open(message.last_inbound_at, now)}
        for message, outside in go
    ]  # fmt: skip
    session.execute(_TAKE, {"taken": json.dumps(taken), "today": rules.today, "now": now})


_FREED = text("""
SELECT max(quota_at) AS last FROM outbound_message
 WHERE company_id = taar_company() AND quota_at > :since GROUP BY contact_id ORDER BY last
""")
_WAITING = text("""
SELECT count(*) FROM outbound_message WHERE company_id = taar_company() AND business_number_id = :number
   AND state = 'queued' AND error = :words AND lane = ANY(CAST(:lanes AS text[]))
""")
_POSTPONE = text("""
WITH over AS (
    SELECT id, row_number() OVER (ORDER BY array_position(CAST(:lanes AS text[]), lane), id) - 1 AS n FROM (
        SELECT m.id, m.lane FROM outbound_message AS m
         WHERE m.company_id = taar_company() AND m.business_number_id = :number AND m.lane = ANY(CAST(:lanes AS text[]))
           AND m.not_before <= :now AND m.kind <> 'read'
           AND (m.id = ANY(CAST(:claimed AS uuid[])) OR (m.state = 'queued'
                AND NOT EXISTS (SELECT FROM conversation AS v WHERE v.company_id = m.company_id
                    AND v.contact_id = m.contact_id AND v.business_number_id = :number
                    AND v.last_inbound_at > :window_since)
                AND NOT EXISTS (SELECT FROM outbound_message AS q WHERE q.company_id = m.company_id
                    AND q.contact_id = m.contact_id AND q.quota_at > :since)))
         ORDER BY m.state DESC, m.id LIMIT :most FOR UPDATE OF m SKIP LOCKED) AS waiting
)
UPDATE outbound_message AS m SET state = 'queued', state_since = CASE WHEN m.state = 'queued' THEN m.state_since
        ELSE :now END, error = CASE WHEN m.error = '' THEN :words ELSE m.error END,
    not_before = greatest(:soonest, least(m.expires_at, (CAST(:slots AS timestamptz[]))[1 + over.n % :size]
        + make_interval(days => CAST(over.n / :size AS int))))
FROM over WHERE m.id = over.id
""")


def _wait_for_room(session: Session, number: Id, room: _Room, now: datetime) -> None:
    """Each gets the instant at which a place falls free for it, the ones that wait already counted before it."""
    freed = [row.last + QUOTA_LENGTH for row in session.execute(_FREED, {"since": now - QUOTA_LENGTH})]
    groups: dict[int, list[Claimed]] = {}
    for message in room.over_quota:
        groups.setdefault(allowance(room.policy, message.lane) or 1, []).append(message)
    for most, over in groups.items():
        slots = freed[max(0, room.used - most) :] or [now + timedelta(minutes=1)]
        lanes = sorted({message.lane for message in over})
        values = {"number": number, "lanes": lanes, "words": QUOTA}
        before = session.execute(_WAITING, values).scalar_one() % len(slots)
        session.execute(
            _POSTPONE,
            {**values, "slots": slots[before:] + [at + timedelta(days=1) for at in slots[:before]], "size": len(slots),
             "now": now, "since": now - QUOTA_LENGTH, "window_since": now - window.LENGTH + window.GUARD,
             "claimed": array_of(message.id for message in over), "most": POSTPONED_AT_ONCE + len(over),
             "soonest": now + timedelta(seconds=1)},
        )  # fmt: skip


_QUEUE_AGAIN = text("""
UPDATE outbound_message SET state = 'queued', state_since = :now, not_before = least(expires_at, :until),
    error = CASE WHEN error = '' THEN :words ELSE error END
WHERE id = ANY(CAST(:ids AS uuid[]))
""")


def _wait_for_tomorrow(
    session: Session, number: Id, over: Sequence[Claimed], rules: Rules, now: datetime
) -> None:  # fmt: skip
    tomorrow = day_begins(rules.today + timedelta(days=1), rules.company.timezone)
    ids = array_of(message.id for message in over)
    session.execute(_QUEUE_AGAIN, {"now": now, "until": tomorrow, "words": BUDGET, "ids": ids})
    lanes = sorted({message.lane for message in over})
    hold_lanes(
        session, business_number_id=number, lanes=lanes, cause="budget", now=now, until=tomorrow,
        detail=f"The budget of {rules.policy.budget_per_day} for {rules.today} is used up",
    )  # fmt: skip


_KEEP_QUIET = text("""
UPDATE outbound_message SET not_before = :until, error = CASE WHEN error = '' THEN :words ELSE error END
WHERE id = ANY(ARRAY(
    SELECT id FROM outbound_message WHERE company_id = taar_company() AND business_number_id = :number
       AND lane = ANY(CAST(:lanes AS text[])) AND state = 'queued' AND not_before <= :now AND expires_at > :until
     LIMIT :most FOR UPDATE SKIP LOCKED))
""")


def keep_quiet(session: Session, *, number: Id, rules: Rules, now: datetime) -> Sequence[str]:
    """In quiet hours let billing and bulk wait until they end; returns the lanes that are not to be sent from now.

    What would expire by then stays as it is, and expires.
    """
    until = quiet_ends(rules.policy, now, rules.company.timezone)
    if until is None:
        return ()
    session.execute(
        _KEEP_QUIET,
        {"until": until, "words": QUIET, "number": number, "lanes": list(QUIET_LANES), "now": now,
         "most": POSTPONED_AT_ONCE * 5},
    )  # fmt: skip
    return QUIET_LANES


def is_doubled(message: Claimed) -> bool:
    """Whether an earlier attempt may have arrived: its place and its price stay taken."""
    return message.error.startswith(SENT_AGAIN)


@dataclass(frozen=True)
class Quota:
    """Whom the portfolio reached in the last 24 hours, outside the window; `most` of None is without limit."""

    used: int
    most: int | None
    for_bulk: int | None
    """What billing and bulk may use of it."""
    waiting: int
    next_room_at: datetime | None


_OVER = text("""
SELECT count(*) AS waiting, min(not_before) AS soonest FROM outbound_message
 WHERE company_id = taar_company() AND state = 'queued' AND error = :words
""")


def quota_now(session: Session, *, now: datetime) -> Quota:
    """The portfolio's allowance and what is left of it."""
    policy = sending_policy(session)
    used = session.execute(_COUNTED, {"since": now - QUOTA_LENGTH, "people": "{}"}).one().used
    over = session.execute(_OVER, {"words": QUOTA}).one()
    return Quota(used, policy.recipients_per_day, allowance(policy, "bulk"), over.waiting, over.soonest)
