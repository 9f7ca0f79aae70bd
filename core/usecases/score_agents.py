"""Scorecards of a period: what agents and areas were given, collected, were promised and cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.companies import current_company
from core.ids import Id
from core.money import ZERO, rounded
from core.recovery.policy import policy_of


@dataclass(frozen=True)
class Scorecard:
    """One agent's, or one area's, period. Amounts in the company's currency."""

    id: Id
    name: str
    cases: int = 0
    assigned: Decimal = ZERO
    """What was overdue in the cases when they were given."""
    collected: Decimal = ZERO
    """Money that settled invoices of those cases while they were given, and did not bounce."""
    kept: int = 0
    promises: int = 0
    """Judged ones whose limit fell into the period."""
    money_promised: Decimal = ZERO
    money_kept: Decimal = ZERO
    attempts: Mapping[str, int] = field(default_factory=dict)
    """By channel."""
    cost: Decimal = ZERO

    @property
    def collection_rate(self) -> Decimal | None:
        """Collected of assigned, in percent; None where nothing was assigned."""
        return _percent(self.collected, self.assigned)

    @property
    def kept_rate(self) -> Decimal | None:
        """Promises kept of those judged, in percent, by count."""
        return _percent(Decimal(self.kept), Decimal(self.promises))

    @property
    def kept_rate_by_money(self) -> Decimal | None:
        """The same by money: what came in time of what was promised."""
        return _percent(self.money_kept, self.money_promised)


def _percent(part: Decimal, whole: Decimal) -> Decimal | None:
    return rounded(100 * part / whole) if whole > ZERO else None


def score_agents(session: Session, *, first: date, last: date) -> list[Scorecard]:
    """Every agent with a case, a promise or an attempt between the two days (both included), the best first."""
    return _scorecards(session, "a.agent_id", "staff", first, last)


def score_areas(session: Session, *, first: date, last: date) -> list[Scorecard]:
    """The same by the areas of the cases."""
    return _scorecards(session, "c.area_id", "area", first, last)


def _scorecards(session: Session, key: str, table: str, first: date, last: date) -> list[Scorecard]:
    policy = policy_of(session)
    facts = {"first": first, "last": last, "zone": current_company(session).timezone}
    cards: dict[Id, Scorecard] = {}
    for row in session.execute(text(_ASSIGNED.format(key=key, table=table)), facts):
        cards[row.id] = Scorecard(row.id, row.name, row.cases, row.assigned)
    for row in session.execute(text(_COLLECTED.format(key=key)), facts):
        if row.id in cards:
            cards[row.id] = replace(cards[row.id], collected=row.collected)
    for row in session.execute(text(_PROMISED.format(key=key.replace("a.", "p."), table=table)), facts):
        cards[row.id] = replace(
            cards.get(row.id, Scorecard(row.id, row.name)), kept=row.kept, promises=row.judged,
            money_promised=row.promised, money_kept=row.in_time,
        )  # fmt: skip
    costs = {"call": policy.cost_of_call, "visit": policy.cost_of_visit, "chat": policy.cost_of_chat}
    for ident, name, by_channel in _attempts(session, key, table, facts):
        cost = sum((costs[channel] * count for channel, count in by_channel.items()), ZERO)
        cards[ident] = replace(cards.get(ident, Scorecard(ident, name)), attempts=by_channel, cost=cost)
    return sorted(cards.values(), key=lambda card: (-card.collected, card.name))


def _attempts(session: Session, key: str, table: str, facts: dict[str, Any]) -> list[tuple[Id, str, dict[str, int]]]:
    counted: dict[Id, dict[str, int]] = defaultdict(lambda: {"call": 0, "visit": 0, "chat": 0})
    names: dict[Id, str] = {}
    for row in session.execute(text(_TRIED.format(key=key.replace("a.", "t."), table=table)), facts):
        counted[row.id][row.channel] = row.tries
        names[row.id] = row.name
    return [(ident, names[ident], by_channel) for ident, by_channel in counted.items()]


_ASSIGNED = """
SELECT w.id, w.name, count(*) AS cases, sum(had.amount) AS assigned
  FROM (
    SELECT DISTINCT ON ({key}, a.case_id) {key} AS id, a.amount
      FROM case_assignment a
      JOIN recovery_case c ON c.id = a.case_id
     WHERE (a.from_at AT TIME ZONE :zone)::date <= :last
       AND (a.until_at IS NULL OR (a.until_at AT TIME ZONE :zone)::date >= :first)
     ORDER BY {key}, a.case_id, a.from_at
  ) AS had
  JOIN {table} w ON w.id = had.id
 GROUP BY w.id
"""
_COLLECTED = """
SELECT id, sum(amount) AS collected
  FROM (
    SELECT DISTINCT ON (al.id) {key} AS id, al.amount
      FROM allocation al
      JOIN payment p ON p.id = al.payment_id AND p.state = 'received'
      JOIN case_invoice x ON x.invoice_id = al.invoice_id
      JOIN recovery_case c ON c.id = x.case_id
      JOIN case_assignment a ON a.case_id = c.id
     WHERE al.allocated_on BETWEEN :first AND :last
       AND (a.from_at AT TIME ZONE :zone)::date <= al.allocated_on
       AND (a.until_at IS NULL OR (a.until_at AT TIME ZONE :zone)::date >= al.allocated_on)
     ORDER BY al.id, a.from_at DESC
  ) AS settled
 GROUP BY id
"""
_PROMISED = """
SELECT w.id, w.name, count(*) FILTER (WHERE p.state = 'kept') AS kept, count(*) AS judged, sum(p.amount) AS promised,
       sum(least(p.received, p.amount)) AS in_time
  FROM promise p
  LEFT JOIN recovery_case c ON c.id = p.case_id
  JOIN {table} w ON w.id = {key}
 WHERE p.state IN ('kept', 'partial', 'broken') AND p.limit_on BETWEEN :first AND :last
 GROUP BY w.id
"""
_TRIED = """
SELECT w.id, w.name, t.channel, count(*) AS tries
  FROM recovery_attempt t
  JOIN recovery_case c ON c.id = t.case_id
  JOIN {table} w ON w.id = {key}
 WHERE (t.attempted_at AT TIME ZONE :zone)::date BETWEEN :first AND :last
 GROUP BY w.id, t.channel
"""
