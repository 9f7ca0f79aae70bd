"""Entries a person writes: with a reason, never on a control account, above a limit with a second person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import business_day
from core.companies import current_company
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.book_models import ManualEntry, ManualEntryLine
from core.ledger.guards import DayInvalid, refuse_entry
from core.ledger.journal import EntryUnbalanced, Line, post_entry
from core.ledger.kinds import MANUAL
from core.ledger.periods import ReasonMissing, policy_of
from core.money import ZERO, parse_amount
from core.numbering import fiscal_year_of, next_number


class SecondPersonNeeded(DomainError):
    """Who asked for an entry does not approve it."""


class AlreadyDecided(DomainError):
    """The entry waits for nobody."""


def write_manual_entry(
    session: Session, *, posted_on: date, lines: Sequence[Line], reason: str, by: str, origin: str, now: datetime,
    document_id: Id | None = None,
) -> ManualEntry:  # fmt: skip
    """Post it at once, or keep it `waiting` when its debits exceed the policy's limit (reference money 5.3).

    Raises ReasonMissing, EntryUnbalanced, AmountInvalid, DayInvalid for a day to come, and what
    core.ledger.guards refuses.
    """
    if not reason.strip():
        raise ReasonMissing("A manual entry needs a reason that can be read years later")
    company = current_company(session)
    if posted_on > business_day(now, company.timezone):
        raise DayInvalid(f"{posted_on} is yet to come: a manual entry is dated today or before")
    sides = [line for line in lines if parse_amount(line.amount) != 0]
    if len(sides) < 2 or sum((line.amount for line in sides), ZERO) != 0:
        off = sum((line.amount for line in sides), ZERO)
        raise EntryUnbalanced(f"The entry has {len(sides)} lines and is off by {off}: debits must equal credits")
    refuse_entry(session, kind=MANUAL, posted_on=posted_on, actor=by, origin=origin,
                 sides=[(line.account_code, line.party_id) for line in sides])  # fmt: skip
    amount = sum((line.amount for line in sides if line.amount > 0), ZERO)
    year = fiscal_year_of(posted_on, company.fiscal_year_start_month)
    within = amount <= policy_of(session).manual_limit
    entry = ManualEntry(
        id=new_id(), number=next_number(session, "journal", fiscal_year=year), posted_on=posted_on,
        reason=reason.strip(), amount=amount, document_id=document_id, state="posted" if within else "waiting",
        asked_by=by, asked_at=now, lines=[_kept(position, line) for position, line in enumerate(sides, 1)],
    )  # fmt: skip
    session.add(entry)
    session.flush()
    if within:
        _post(session, entry, by=by, origin=origin)
    return entry


def approve_manual_entry(session: Session, *, entry_id: Id, by: str, origin: str, now: datetime) -> ManualEntry:
    """Post an entry that waits; raises SecondPersonNeeded, AlreadyDecided, PeriodClosed."""
    entry = _decide(session, entry_id, "posted", by, now)
    _post(session, entry, by=by, origin=origin)
    return entry


def refuse_manual_entry(session: Session, *, entry_id: Id, by: str, note: str, now: datetime) -> ManualEntry:
    """Nothing is posted, its number stays used; raises SecondPersonNeeded, AlreadyDecided, ReasonMissing."""
    if not note.strip():
        raise ReasonMissing("Say why the entry is refused")
    entry = _decide(session, entry_id, "refused", by, now)
    entry.decision_note = note.strip()
    session.flush()
    return entry


def waiting_manual_entries(session: Session) -> Sequence[ManualEntry]:
    """Entries that wait for a second person, the oldest first."""
    waiting = select(ManualEntry).where(ManualEntry.state == "waiting")
    return session.scalars(waiting.order_by(ManualEntry.posted_on, ManualEntry.number)).all()


def _decide(session: Session, entry_id: Id, state: str, by: str, now: datetime) -> ManualEntry:
    entry = session.scalar(select(ManualEntry).where(ManualEntry.id == entry_id).with_for_update())
    if entry is None:
        raise NotFound("There is no such manual entry")
    if entry.state != "waiting":
        raise AlreadyDecided(f"{entry.number} is {entry.state} already")
    if entry.asked_by == by:
        raise SecondPersonNeeded(f"{entry.number} over {entry.amount} is decided by somebody else than who wrote it")
    entry.state, entry.decided_by, entry.decided_at = state, by, now
    session.flush()
    return entry


def _kept(position: int, line: Line) -> ManualEntryLine:
    return ManualEntryLine(
        id=new_id(), position=position, account_code=line.account_code, amount=Decimal(line.amount),
        area_id=line.area_id, plan_id=line.plan_id,
    )  # fmt: skip


def _post(session: Session, entry: ManualEntry, *, by: str, origin: str) -> None:
    lines = [Line(k.account_code, k.amount, area_id=k.area_id, plan_id=k.plan_id) for k in entry.lines]
    post_entry(session, kind=MANUAL, source_id=entry.id, posted_on=entry.posted_on, actor=by, origin=origin,
               memo=f"{entry.number}: {entry.reason}", lines=lines)  # fmt: skip
