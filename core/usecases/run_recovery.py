"""The ageing run of a company's day: overdue customers get a case, paid ones lose it, agents get their share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import CursorResult, text
from sqlalchemy.orm import Session

from core.recovery.policy import policy_of
from core.usecases.assign_cases import assign_cases


@dataclass(frozen=True)
class Ageing:
    """What one run changed; a second run of the day changes nothing."""

    opened: int
    joined: int
    changed: int
    closed: int
    assigned: int
    without_agent: int


def run_recovery(session: Session, *, today: date, now: datetime, actor: str = "system") -> Ageing:
    """Bring the cases in line with the invoices, in a few statements whatever their number.

    Idempotent, and safe beside payments: a case is opened once per customer. Days that were missed are caught up with
    the next run, since cases follow from what is unpaid. Restoring services is `restore_all_clear`'s, afterwards.
    """
    policy = policy_of(session)
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('recovery:' || taar_company(), 0))"))
    facts = {"today": today, "now": now, "grace": policy.grace_days, "tolerance": policy.tolerance}
    # Each statement goes over whole tables. Before their first ANALYZE the planner takes them for nearly empty, and a
    # nested loop then costs the square of the debtors.
    session.execute(text("SET LOCAL enable_nestloop = off"))
    opened = _count(session, _OPEN, facts)
    changed = _count(session, _REFRESH, facts)
    joined = _count(session, _JOIN, facts)
    closed = _count(session, _CLOSE, facts)
    _count(session, _END_ASSIGNMENTS, facts)
    session.execute(text("SET LOCAL enable_nestloop = on"))
    session.expire_all()
    assigned = assign_cases(session, reason="ageing", assigned_by=actor, now=now)
    return Ageing(opened, joined, changed, closed, assigned.given, assigned.without_agent)


def _count(session: Session, statement: str, facts: dict[str, Any]) -> int:
    used = {name: value for name, value in facts.items() if f":{name}" in statement}
    result = session.execute(text(statement), used)
    assert isinstance(result, CursorResult)
    return result.rowcount


_DEBTS = """
WITH debt AS (
    SELECT customer_id, sum(balance) AS amount, min(due_on) AS oldest
      FROM invoice
     WHERE state IN ('issued', 'part_paid') AND balance > 0 AND due_on < CAST(:today AS date)
     GROUP BY customer_id
)
"""
_OPEN = f"""{_DEBTS}
INSERT INTO recovery_case (customer_id, area_id, sub_zone_id, state, opened_on, close_reason, amount_opened, amount,
                           oldest_due_on, stage, held_by, hastened)
SELECT d.customer_id, z.area_id, z.id, 'open', CAST(:today AS date), '', d.amount, d.amount, d.oldest, 'new', '', false
  FROM debt d
  JOIN customer c ON c.id = d.customer_id
  JOIN sub_zone z ON z.id = c.sub_zone_id
 WHERE d.amount > :tolerance AND d.oldest < CAST(:today AS date) - CAST(:grace AS integer)
   AND NOT EXISTS (SELECT FROM recovery_case r WHERE r.customer_id = d.customer_id AND r.state = 'open')
 ORDER BY d.customer_id
ON CONFLICT DO NOTHING
"""  # noqa: S608 - constants only
_REFRESH = f"""{_DEBTS}
UPDATE recovery_case r SET amount = d.amount, oldest_due_on = d.oldest
  FROM debt d
 WHERE r.customer_id = d.customer_id AND r.state = 'open' AND (r.amount, r.oldest_due_on) <> (d.amount, d.oldest)
"""  # noqa: S608 - constants only
_JOIN = """
INSERT INTO case_invoice (case_id, invoice_id, joined_on, amount)
SELECT r.id, i.id, CAST(:today AS date), i.balance
  FROM recovery_case r
  JOIN invoice i ON i.customer_id = r.customer_id
 WHERE r.state = 'open' AND i.state IN ('issued', 'part_paid') AND i.balance > 0 AND i.due_on < CAST(:today AS date)
   AND NOT EXISTS (SELECT FROM case_invoice x WHERE x.case_id = r.id AND x.invoice_id = i.id)
ON CONFLICT DO NOTHING
"""
_CLOSE = f"""{_DEBTS}
UPDATE recovery_case r
   SET state = 'closed', closed_on = CAST(:today AS date), held_by = '', hastened = false,
       amount = coalesce((SELECT d.amount FROM debt d WHERE d.customer_id = r.customer_id), 0),
       close_reason = CASE WHEN EXISTS (
           SELECT FROM case_invoice x JOIN invoice i ON i.id = x.invoice_id
            WHERE x.case_id = r.id AND i.state = 'written_off') THEN 'written_off' ELSE 'paid' END
 WHERE r.state = 'open'
   AND NOT EXISTS (SELECT FROM debt d WHERE d.customer_id = r.customer_id AND d.amount > :tolerance)
"""  # noqa: S608 - constants only
_END_ASSIGNMENTS = """
UPDATE case_assignment a SET until_at = :now
  FROM recovery_case r
 WHERE r.id = a.case_id AND a.until_at IS NULL AND r.state = 'closed'
"""
