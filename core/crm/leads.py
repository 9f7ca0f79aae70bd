"""Requests for a connection: opened once, moved from survey to installed, noted upon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from core.crm.lead_models import LEAD_STATES, OPEN_LEADS, Lead, LeadNote
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.numbering import next_number

MOVES = {
    "new": ("survey", "approved", "refused"),
    "survey": ("approved", "refused"),
    "approved": ("survey", "installed", "refused"),
    "refused": ("new",),
    "installed": (),
}
"""From a state to the states it may move to."""
PAGE = 50


class LeadMoveRefused(DomainError):
    """A request in this state does not move to that one."""


@dataclass(frozen=True)
class Wish:
    """What a person says about the connection he wants; empty where he has not said."""

    name: str
    phone: str = ""
    place: str = ""
    sub_zone_id: Id | None = None
    address: str = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    plan_id: Id | None = None
    wished_on: date | None = None


@dataclass(frozen=True)
class Opened:
    """The request, and whether it joined one that was open."""

    lead: Lead
    joined: bool


def open_lead(
    session: Session, *, wish: Wish, contact_id: Id | None, customer_id: Id | None, opened_by: str, now: datetime
) -> Opened:
    """Register a request with its number, or join the person's open one.

    Another person's with the same phone is left alone: a phone that is typed proves nothing. A join takes over what was
    not known yet and keeps the new words as a note. Locks the person's requests, so that two messages open one.
    """
    key = f"lead:{contact_id or wish.phone}"
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})
    running = _running(session, contact_id) if contact_id is not None else None
    if running is not None:
        _complete(session, running, wish, opened_by, now)
        return Opened(running, joined=True)
    lead = Lead(
        id=new_id(), number=next_number(session, "lead"), contact_id=contact_id, customer_id=customer_id, state="new",
        asked_at=now, opened_by=opened_by, **_said(wish),
    )  # fmt: skip
    session.add(lead)
    session.flush()
    return Opened(lead, joined=False)


def _said(wish: Wish) -> dict[str, Any]:
    return {field.name: getattr(wish, field.name) for field in fields(wish)}


def _running(session: Session, contact_id: Id) -> Lead | None:
    mine = select(Lead).where(Lead.contact_id == contact_id, Lead.state.in_(OPEN_LEADS))
    return session.scalars(mine.order_by(Lead.asked_at.desc()).limit(1).with_for_update(of=Lead)).one_or_none()


def same_phone(session: Session, *, lead: Lead) -> Sequence[Lead]:
    """Other requests with the phone of this one, for the office to see."""
    query = select(Lead).where(Lead.phone == lead.phone, Lead.id != lead.id, Lead.phone != "")
    return session.scalars(query.order_by(Lead.asked_at.desc()).limit(5)).all()


def _complete(session: Session, lead: Lead, wish: Wish, author: str, now: datetime) -> None:
    changed = []
    for name, value in _said(wish).items():
        if value in (None, "") or value == getattr(lead, name):
            continue
        if getattr(lead, name) in (None, ""):
            setattr(lead, name, value)
        elif name in ("address", "place", "phone", "name"):
            changed.append(f"{name}: {value}")
        else:
            setattr(lead, name, value)
    note_lead(session, lead=lead, author=author, body="Asked again. " + "; ".join(changed), now=now)


def note_lead(session: Session, *, lead: Lead, author: str, body: str, now: datetime) -> LeadNote:
    """Write a note about a request."""
    note = LeadNote(id=new_id(), lead_id=lead.id, author=author, body=body.strip(), state="", written_at=now)
    session.add(note)
    session.flush()
    return note


def move_lead(
    session: Session, *, number: str, state: str, author: str, note: str, now: datetime, customer_id: Id | None = None
) -> Lead:
    """Move a request on as MOVES allows; one that is installed may name the account it became.

    Raises NotFound, LeadMoveRefused.
    """
    lead = lead_by_number(session, number=number, lock=True)
    if state not in MOVES[lead.state]:
        raise LeadMoveRefused(f"{number} is {lead.state}: it cannot become {state}")
    lead.state = state
    if customer_id is not None:
        lead.customer_id = customer_id
    session.add(LeadNote(id=new_id(), lead_id=lead.id, author=author, body=note.strip(), state=state, written_at=now))
    session.flush()
    return lead


def lead_by_number(session: Session, *, number: str, lock: bool = False) -> Lead:
    """The request people call `number`; raises NotFound."""
    query = select(Lead).where(Lead.number == number)
    lead = session.scalar(query.with_for_update(of=Lead) if lock else query)
    if lead is None:
        raise NotFound(f"There is no request {number}")
    return lead


def leads_of(session: Session, *, contact_id: Id, limit: int = 5) -> Sequence[Lead]:
    """A person's requests: open ones first, then the newest."""
    mine = select(Lead).where(Lead.contact_id == contact_id)
    return session.scalars(mine.order_by(Lead.state.in_(OPEN_LEADS).desc(), Lead.asked_at.desc()).limit(limit)).all()


def search_leads(session: Session, *, state: str = "", wanted: str = "", limit: int = PAGE) -> Sequence[Lead]:
    """Requests for the office, the newest first; `state` may be `open`. `wanted` is in name, number, phone or place."""
    query = select(Lead).order_by(Lead.asked_at.desc(), Lead.id.desc()).limit(limit)
    if state == "open":
        query = query.where(Lead.state.in_(OPEN_LEADS))
    elif state in LEAD_STATES:
        query = query.where(Lead.state == state)
    if plain := wanted.strip().replace("%", "").replace("_", ""):
        within = (Lead.name, Lead.number, Lead.phone, Lead.place, Lead.address)
        query = query.where(or_(*(column.ilike(f"%{plain}%") for column in within)))
    return session.scalars(query).all()


def count_leads(session: Session) -> dict[str, int]:
    """How many requests stand in each state."""
    return {row[0]: row[1] for row in session.execute(select(Lead.state, func.count()).group_by(Lead.state))}
