"""The end of a fiscal year: its result moves to retained earnings in one entry that reports can leave out."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from core.clock import business_day
from core.companies import current_company
from core.errors import DomainError
from core.ledger.journal import Line, post_entry
from core.ledger.kinds import YEAR_CLOSE
from core.ledger.models import JournalEntry
from core.ledger.periods import PeriodNotOver
from core.ledger.sums import Span, sums
from core.money import ZERO
from core.numbering import fiscal_year_of

RETAINED_EARNINGS = "3900"


class YearClosed(DomainError):
    """The year, or a later one, has its closing entry."""


class NothingToClose(DomainError):
    """No income or expense stands on that day."""


def fiscal_year_span(day: date, start_month: int) -> tuple[date, date]:
    """The first and the last day of the fiscal year that holds `day`."""
    first = date(day.year if day.month >= start_month else day.year - 1, start_month, 1)
    return first, first.replace(year=first.year + 1) - timedelta(days=1)


def close_year(session: Session, *, year_of: date, by: str, origin: str, now: datetime) -> JournalEntry:
    """Move every income and expense balance of the fiscal year that holds `year_of` to 3900, on its last day.

    Undone by `reverse_entry`, after which it can be closed again. The months may be closed softly before it by an
    accountant, or after it by anybody. Raises PeriodNotOver, YearClosed, NothingToClose, PeriodClosed.
    """
    company = current_company(session)
    _, last = fiscal_year_span(year_of, company.fiscal_year_start_month)
    if last >= business_day(now, company.timezone):
        raise PeriodNotOver(f"The fiscal year ends on {last}: it is closed after that day")
    _refuse_closed_year(session, last)
    balances = [(row.account, row.amount) for row in sums(session, span=Span(None, last), closings=True)
                if row.account.type in ("income", "expense") and row.amount]  # fmt: skip
    if not balances:
        raise NothingToClose(f"Nothing was earned or spent up to {last} that is not closed already")
    result = sum((amount for _, amount in balances), ZERO)
    year = fiscal_year_of(last, company.fiscal_year_start_month)
    lines = [Line(account.code, -amount) for account, amount in balances]
    return post_entry(
        session, kind=YEAR_CLOSE, source_id=_source(session, company.id, last), posted_on=last, actor=by, origin=origin,
        memo=f"Close of the year {year}", lines=[*lines, Line(RETAINED_EARNINGS, Decimal(result))],
    )  # fmt: skip


def year_closings(session: Session) -> Sequence[JournalEntry]:
    """The closing entries that hold, the newest year first."""
    undone = aliased(JournalEntry)
    hold = (
        select(JournalEntry)
        .outerjoin(undone, undone.reverses_id == JournalEntry.id)
        .where(JournalEntry.kind == YEAR_CLOSE, undone.id.is_(None))
    )
    return session.scalars(hold.order_by(JournalEntry.posted_on.desc())).all()


def _refuse_closed_year(session: Session, last: date) -> None:
    later = next((entry for entry in year_closings(session) if entry.posted_on >= last), None)
    if later is not None:
        raise YearClosed(f"{later.memo}, on {later.posted_on}: reverse that entry before this year is closed anew")


def _source(session: Session, company_id: uuid.UUID, last: date) -> uuid.UUID:
    """The same for two who close at once, another after a closing was reversed."""
    before = select(func.count()).where(JournalEntry.kind == YEAR_CLOSE, JournalEntry.posted_on == last)
    return uuid.uuid5(company_id, f"{YEAR_CLOSE}:{last}:{session.scalar(before)}")
