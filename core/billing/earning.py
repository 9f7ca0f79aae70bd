"""Deferred revenue becomes income: the days of a month, of every invoice at once (reference money 5.2)."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core.billing.deferral_models import Deferral, RevenueMonth
from core.billing.deferrals import DEFERRED
from core.billing.invoice_models import Invoice, InvoiceLine
from core.errors import DomainError
from core.ids import new_id
from core.ledger.journal import Line, post_entry
from core.ledger.periods import PeriodClosed
from core.money import ZERO


class MonthNotOver(DomainError):
    """The days of a month are earned once they are over."""


class RevenueNotEarned(DomainError):
    """The month is closed in the books although its deferred revenue was never released."""


def month_to_earn(session: Session) -> date | None:
    """The first day of the next month whose deferred revenue is to be earned, over or not; None where none is left."""
    began = func.greatest(Invoice.issued_on, InvoiceLine.period_start)
    first: date | None = session.scalar(
        select(func.min(began))
        .select_from(Deferral)
        .join(InvoiceLine, InvoiceLine.id == Deferral.invoice_line_id)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(Deferral.earned + Deferral.taken < Deferral.amount)
    )
    if first is None:
        return None
    last = session.scalar(select(func.max(RevenueMonth.month)))
    return first.replace(day=1) if last is None else max(first.replace(day=1), _next_month(last))


def earn_month(session: Session, *, month: date, today: date, actor: str) -> RevenueMonth:
    """Release the part of every deferral that is earned by the end of the month, in one entry on its last day.

    By the end of a month a line has earned what it is still worth times its days so far over all its days, rounded
    once; with its last day it has earned all. A service that ended early has fewer days. The line's days before the
    month that were never released, because the invoice came late, come with it. Locks the open deferrals.
    Raises MonthNotOver, RevenueNotEarned.
    """
    last = _next_month(month) - timedelta(days=1)
    if last >= today:
        raise MonthNotOver(f"{month:%B %Y} is not over: its revenue is earned after {last}")
    session.flush()
    session.execute(_LOCK)
    earned = RevenueMonth(id=new_id(), month=month.replace(day=1), earned=ZERO, lines=0)
    try:
        with session.begin_nested():
            _release(session, earned, last, actor)
    except PeriodClosed as closed:
        raise RevenueNotEarned(
            f"The deferred revenue of {month:%B %Y} is not released yet ({earned.earned}), but its books are closed: "
            "let the owner reopen that month, release the revenue and close it again"
        ) from closed
    return earned


def _release(session: Session, earned: RevenueMonth, last: date, actor: str) -> None:
    rows = session.execute(_EARN, {"last": last, "after": last + timedelta(days=1), "source_id": earned.id}).all()
    earned.lines = sum(row.lines for row in rows)
    earned.earned = sum((row.amount for row in rows), ZERO)
    if rows:
        income = [Line(r.account_code, -r.amount, None, r.area_id, r.plan_id) for r in rows]
        post_entry(
            session, kind="deferred_revenue", source_id=earned.id, posted_on=last, actor=actor,
            origin=f"run:revenue:{earned.month:%Y-%m}", memo=f"Revenue of {earned.month:%B %Y}",
            lines=[Line(DEFERRED, earned.earned), *income],
        )  # fmt: skip
    session.add(earned)
    session.flush()


def _next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


_LOCK = text("""
    SELECT count(*) FROM (
        SELECT 1 FROM deferral WHERE earned + taken < amount ORDER BY id FOR UPDATE) locked
""")
_EARN = text("""
    WITH served AS (
        SELECT d.id, d.earned, d.amount - d.taken AS worth, l.period_start AS starts,
               greatest(least(l.period_end, n.ends_on, s.ended_on), l.period_start) AS ends,
               l.account_code, l.plan_id, i.area_id
          FROM deferral d
          JOIN invoice_line l ON l.id = d.invoice_line_id
          JOIN invoice i ON i.id = l.invoice_id
          LEFT JOIN subscription_line n ON n.id = l.subscription_line_id
          LEFT JOIN subscription s ON s.id = i.subscription_id
         WHERE d.earned + d.taken < d.amount AND i.issued_on <= :last AND l.period_start <= :last
    ), due AS (
        SELECT *, CASE WHEN ends <= :after THEN worth
                       ELSE round(worth * (CAST(:after AS date) - starts) / (ends - starts), 2) END - earned AS part
          FROM served
    ), released AS (
        UPDATE deferral d SET earned = d.earned + due.part FROM due WHERE d.id = due.id AND due.part > 0
        RETURNING d.id, due.part, due.account_code, due.area_id, due.plan_id
    ), moved AS (
        INSERT INTO deferral_move (deferral_id, kind, moved_on, amount, source_id)
        SELECT id, 'earned', :last, part, CAST(:source_id AS uuid) FROM released ORDER BY id
    )
    SELECT account_code, area_id, plan_id, sum(part) AS amount, count(*) AS lines
      FROM released GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
""")
