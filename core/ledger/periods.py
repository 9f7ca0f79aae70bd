"""Closing and reopening the books: softly (an accountant may still adjust) or hard (nobody posts).

Closing builds the monthly totals that reports read; reopening throws them away. Both wait for every transaction that
is posting, and posting waits for them, so the totals of a closed month are exact (migrations/sql/ledger.sql).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from core.clock import business_day
from core.companies import current_company
from core.errors import DomainError
from core.ids import new_id
from core.ledger.book_models import LedgerPolicy, PeriodEvent
from core.ledger.kinds import KINDS
from core.money import parse_amount

REOPENING_ROLES = ("owner", "super_admin")
LOCK_NOT_AVAILABLE = "55P03"
_KEY = "books_state"


class PeriodClosed(DomainError):
    """The day lies in a closed period."""


class PeriodNotOver(DomainError):
    """A day that is not past cannot be closed."""


class AlreadyClosed(DomainError):
    """The books are closed that far already, as hard or harder."""


class NothingClosed(DomainError):
    """No closed day lies there."""


class OwnerOnly(DomainError):
    """Only the owner may do it."""


class ReasonMissing(DomainError):
    """It is logged with a reason, and there is none."""


class BooksBusy(DomainError):
    """Somebody is posting or closing at this moment."""


@dataclass(frozen=True)
class BooksState:
    """The last closed days, None while all is open; totals cover the whole months within."""

    soft_through: date | None = None
    hard_through: date | None = None
    totals_through: date | None = None


def books_state(session: Session) -> BooksState:
    """What is closed, read once per session; holds off closings and reopenings until the transaction ends."""
    if _KEY not in session.info:
        _lock(session, "SELECT pg_advisory_xact_lock_shared(taar_books_lock())")
        newest = select(PeriodEvent.soft_through, PeriodEvent.hard_through, PeriodEvent.totals_through)
        row = session.execute(newest.order_by(PeriodEvent.serial.desc()).limit(1)).one_or_none()
        session.info[_KEY] = BooksState(*row) if row else BooksState()
    state: BooksState = session.info[_KEY]
    return state


def remember_state(session: Session, state: BooksState) -> None:
    """Keep what is closed for the rest of the session; the caller read it while he held closings off."""
    session.info[_KEY] = state


def refuse_closed(session: Session, *, posted_on: date, kind: str, actor: str) -> None:
    """Raise PeriodClosed where the database would; an accountant's adjusting kinds pass a soft closing."""
    state = books_state(session)
    if state.soft_through is None or posted_on > state.soft_through:
        return
    if state.hard_through is not None and posted_on <= state.hard_through:
        raise PeriodClosed(f"The books are closed through {state.hard_through}: {posted_on} takes no entry. "
                           "Use a later day, or ask the owner to reopen")  # fmt: skip
    if not KINDS[kind].adjusting or actor not in policy_of(session).accountants:
        raise PeriodClosed(f"The books are closed through {state.soft_through}: into {posted_on} only an accountant "
                           "posts adjustments. Use a later day, or ask the owner to reopen")  # fmt: skip


def close_period(session: Session, *, through: date, hard: bool = False, by: str, now: datetime) -> PeriodEvent:
    """Close all days up to and including `through`, and make the totals of the whole months among them.

    Locks the books until the transaction ends. Raises PeriodNotOver, AlreadyClosed, BooksBusy.
    """
    if through >= business_day(now, current_company(session).timezone):
        raise PeriodNotOver(f"{through} is not over: close up to a day before today")
    state = _locked_state(session)
    reached = state.hard_through if hard else state.soft_through
    if reached is not None and through <= reached:
        raise AlreadyClosed(f"The books are closed through {reached} already")
    soft = max(through, state.soft_through or through)
    totals = last_whole_month_end(soft)
    if totals is not None and (state.totals_through is None or totals > state.totals_through):
        session.execute(_BUILD_TOTALS, {"after": state.totals_through or date.min, "through": totals})
    else:
        totals = state.totals_through
    return _record(
        session, action="close", done_by=by, done_at=now, reason="", soft_through=soft, totals_through=totals,
        hard_through=through if hard else state.hard_through,
    )  # fmt: skip


def reopen_periods(session: Session, *, since: date, reason: str, by: str, by_role: str, now: datetime) -> PeriodEvent:
    """Open every day from `since` on; the caller has made sure that `by` acts in the role `by_role`.

    Closing entries of years stay: reverse them first if the year's result will change.
    Raises OwnerOnly, ReasonMissing, NothingClosed, BooksBusy.
    """
    if by_role not in REOPENING_ROLES:
        raise OwnerOnly("Closed books are reopened by the owner only")
    if not reason.strip():
        raise ReasonMissing("Say why the books are reopened: the reason is kept with it")
    state = _locked_state(session)
    if state.soft_through is None or since > state.soft_through:
        raise NothingClosed(f"No day from {since} on is closed")
    last_closed = since - timedelta(days=1)
    totals = state.totals_through and min(state.totals_through, last_whole_month_end(last_closed))
    session.execute(text("DELETE FROM account_month WHERE month > :kept"), {"kept": totals or date.min})
    return _record(
        session, action="reopen", done_by=by, done_at=now, reason=reason.strip(), soft_through=last_closed,
        hard_through=state.hard_through and min(state.hard_through, last_closed), totals_through=totals,
    )  # fmt: skip


def period_history(session: Session) -> Sequence[PeriodEvent]:
    """Every closing and reopening, the newest first."""
    return session.scalars(select(PeriodEvent).order_by(PeriodEvent.serial.desc())).all()


def policy_of(session: Session) -> LedgerPolicy:
    """The company's choices for its books."""
    return session.scalars(select(LedgerPolicy)).one()


def set_policy(
    session: Session, *, manual_limit: Decimal | None = None, accountants: Sequence[str] | None = None
) -> LedgerPolicy:
    """Change what is given: above which amount a manual entry needs two persons, which actors adjust closed periods."""
    policy = policy_of(session)
    if manual_limit is not None:
        policy.manual_limit = parse_amount(manual_limit)
    if accountants is not None:
        policy.accountants = list(accountants)
    session.flush()
    return policy


def last_whole_month_end(day: date) -> date:
    """The last month end on or before `day`."""
    following = day + timedelta(days=1)
    return following.replace(day=1) - timedelta(days=1)


def _locked_state(session: Session) -> BooksState:
    _lock(session, "SELECT pg_advisory_xact_lock(taar_books_lock())")
    session.info.pop(_KEY, None)
    return books_state(session)


def _lock(session: Session, statement: str) -> None:
    try:
        session.execute(text(statement))
    except OperationalError as fault:
        if getattr(fault.orig, "sqlstate", "") != LOCK_NOT_AVAILABLE:
            raise
        raise BooksBusy("Somebody is posting or closing at this moment: try again") from fault


def _record(session: Session, **facts: object) -> PeriodEvent:
    serial = (session.scalar(select(PeriodEvent.serial).order_by(PeriodEvent.serial.desc()).limit(1)) or 0) + 1
    event = PeriodEvent(id=new_id(), serial=serial, **facts)
    session.add(event)
    session.flush()
    session.info.pop(_KEY, None)
    return event


_BUILD_TOTALS = text("""
    INSERT INTO account_month (account_id, month, area_id, plan_id, closing, debit, credit)
    SELECT p.account_id, date_trunc('month', p.posted_on::timestamp)::date, p.area_id, p.plan_id, c.id IS NOT NULL,
           coalesce(sum(p.amount) FILTER (WHERE p.amount > 0), 0),
           coalesce(-sum(p.amount) FILTER (WHERE p.amount < 0), 0)
      FROM posting p
      LEFT JOIN (SELECT id FROM journal_entry WHERE kind = 'year_close'
                 UNION SELECT r.id FROM journal_entry r JOIN journal_entry y ON y.id = r.reverses_id
                        WHERE y.kind = 'year_close') c ON c.id = p.entry_id
     WHERE p.posted_on > :after AND p.posted_on <= :through
     GROUP BY 1, 2, 3, 4, 5
""")
