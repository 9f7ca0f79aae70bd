"""A customer's fault and the outage of his sub-zone: his report is counted, and several of them make a suspicion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.companies import BusinessNumber, Company, current_company
from core.crm.contacts import meet_by_phone
from core.crm.models import Contact, Customer
from core.ids import Id
from core.messaging import payloads, window
from core.messaging.models import Conversation
from core.messaging.outbox import queue_message
from core.network import outage_words, outages
from core.network.outage_models import Outage
from core.network.outages import open_outage, outage_of_zone, outage_policy_of
from core.service_desk.models import Ticket
from core.staff.models import Staff

CATEGORIES = ("no_internet", "intermittent", "slow_speed")
"""Faults that an outage explains."""
SUSPICIOUS = "no_internet"
ALERTED = ("manager", "owner")


@dataclass(frozen=True)
class Reporter:
    """Who wrote, and to which of our numbers."""

    contact_id: Id
    business_number_id: Id


def outage_at(session: Session, *, customer_id: Id) -> Outage | None:
    """The outage that runs where the customer lives."""
    zone = session.scalar(select(Customer.sub_zone_id).where(Customer.id == customer_id))
    return outage_of_zone(session, sub_zone_id=zone) if zone is not None else None


def report_outage(session: Session, *, customer_id: Id, reporter: Reporter, now: datetime) -> Outage | None:
    """Count the customer, once, for the outage that runs where he lives; None where none does."""
    outage = outage_at(session, customer_id=customer_id)
    if outage is not None:
        outages.report_outage(
            session, outage_id=outage.id, customer_id=customer_id, contact_id=reporter.contact_id,
            business_number_id=reporter.business_number_id, now=now,
        )  # fmt: skip
    return outage


def suspect_outage(session: Session, *, customer_id: Id, reporter: Reporter, now: datetime) -> Outage | None:
    """Open a suspicion where so many customers of his sub-zone are without internet as the company's policy says.

    Those who told of it are its reporters. Managers and owners are alerted, once an outage. None where nothing is
    suspected, or an outage runs there already.
    """
    customer = session.get_one(Customer, customer_id)
    if outage_of_zone(session, sub_zone_id=customer.sub_zone_id) is not None:
        return None
    policy = outage_policy_of(session)
    since = now - timedelta(minutes=policy.within_minutes)
    tickets = session.scalars(
        select(Ticket)
        .join(Customer, Customer.id == Ticket.customer_id)
        .where(Customer.sub_zone_id == customer.sub_zone_id, Ticket.category == SUSPICIOUS, Ticket.opened_at > since)
        .order_by(Ticket.opened_at)
    ).all()
    if len({ticket.customer_id for ticket in tickets}) < policy.reports_min:
        return None
    try:
        with session.begin_nested():
            outage = open_outage(
                session, sub_zone_ids=[customer.sub_zone_id], opened_by="system", now=now,
                started_at=tickets[0].opened_at,
            )  # fmt: skip
    except outages.OutageRunning:
        return None  # another report was quicker
    for ticket in tickets:
        outages.report_outage(
            session, outage_id=outage.id, customer_id=ticket.customer_id, contact_id=_writer(ticket),
            business_number_id=reporter.business_number_id, now=ticket.opened_at,
        )  # fmt: skip
    alert_office(
        session, "outage_suspected",
        {"place": customer.sub_zone.name, "count": str(len({ticket.customer_id for ticket in tickets}))},
        choices=((f"outage_confirm:{outage.id}", "confirm"), (f"outage_dismiss:{outage.id}", "dismiss")),
        dedupe_key=f"outage_suspected:{outage.id}", now=now, business_number_id=reporter.business_number_id,
    )  # fmt: skip
    return outage


def _writer(ticket: Ticket) -> Id | None:
    kind, _, identifier = ticket.opened_by.partition(":")
    return Id(identifier) if kind == "contact" else None


def alert_office(
    session: Session, key: str, facts: dict[str, str], *, choices: Sequence[tuple[str, str]], dedupe_key: str,
    now: datetime, business_number_id: Id | None = None,
) -> None:  # fmt: skip
    """Tell managers and owners one of `core.network.outage_words`, each once for a `dedupe_key`.

    From the company's first number where none is given; nobody hears in a company without a number.
    """
    company, number_id = current_company(session), business_number_id or first_number(session)
    if number_id is None:
        return
    phones = session.scalars(select(Staff.phone).where(Staff.role.in_(ALERTED), Staff.state == "active")).all()
    meet_by_phone(session, phones)
    for contact, heard_at in _people(session, phones, number_id):
        tell(
            session, key, {"company": company.name, **facts}, contact, company, choices=choices,
            business_number_id=number_id, heard_at=heard_at, lane="urgent", dedupe_key=f"{dedupe_key}:{contact.id}",
            now=now,
        )  # fmt: skip


def _people(
    session: Session, phones: Sequence[str], business_number_id: Id
) -> Sequence[tuple[Contact, datetime | None]]:
    rows = session.execute(
        select(Contact, Conversation.last_inbound_at)
        .outerjoin(
            Conversation,
            (Conversation.contact_id == Contact.id) & (Conversation.business_number_id == business_number_id),
        )
        .where(Contact.phone.in_(phones))
        .order_by(Contact.id)
    )
    return [(contact, heard_at) for contact, heard_at in rows]


def tell(
    session: Session, key: str, facts: dict[str, str], contact: Contact, company: Company, *,
    choices: Sequence[tuple[str, str]], business_number_id: Id, heard_at: datetime | None, lane: str, dedupe_key: str,
    now: datetime, not_before: datetime | None = None, expires_in: timedelta | None = None,
) -> Id:  # fmt: skip
    """Queue one of `core.network.outage_words`, as a template where the window is shut; `choices` are (id, button)."""
    language = contact.language or company.default_language
    words = outage_words.said(key, language, facts)
    template = outage_words.twin(key, language, facts, [action for action, _ in choices])
    in_window = window.is_open(heard_at, now)
    plain = payloads.buttons(words, [(action, outage_words.button(name, language)) for action, name in choices])
    return queue_message(
        session, contact_id=contact.id, business_number_id=business_number_id, lane=lane,
        payload=plain if in_window else payloads.template(**template), text=words, dedupe_key=dedupe_key, now=now,
        template=template if in_window else None, not_before=not_before, expires_in=expires_in,
    )  # fmt: skip


def first_number(session: Session) -> Id | None:
    """The company's first business number, for messages that answer none."""
    return session.scalar(select(BusinessNumber.id).order_by(BusinessNumber.id).limit(1))
