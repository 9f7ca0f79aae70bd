"""Messages about money: to whom, when, how often, in the open window or as a template (reference money 4.7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import business_day
from core.companies import BusinessNumber, Company
from core.crm.contacts import meet_by_phone
from core.crm.models import Contact, ContactAccount, Customer, CustomerPhone
from core.db import run_flushed
from core.ids import Id
from core.messaging import payloads, window
from core.messaging.models import Conversation, OutboundMessage
from core.messaging.outbox import message_row, queue_message, queue_rows
from core.recovery.calendar import WorkCalendar
from core.recovery.words import MESSAGES, Debt, said, said_restored, twin

WEEK = timedelta(days=7)
GONE = ("failed", "expired", "cancelled")
"""Messages that reached nobody count for no limit."""


@dataclass(frozen=True)
class Recipient:
    """The person who hears about an account, or why nobody does."""

    customer_id: Id
    contact_id: Id | None
    business_number_id: Id | None
    language: str
    last_inbound_at: datetime | None = None
    silence: str = ""
    """opted_out or unreachable; empty when he may be written to."""


@dataclass
class Queued:
    """A message of a batch, or why there is none (opted_out, unreachable, too_many)."""

    refused: str = ""
    message_id: Id | None = None
    """Known once the batch is sent."""


def recipients(session: Session, customers: Sequence[Customer], *, company: Company) -> dict[Id, Recipient]:
    """Whom to write to for each customer: the linked person who wrote last, else his first number on file.

    Only the account's own people are written to, and none who opted out. A number that changed hands is nobody's.
    """
    number = session.scalar(select(BusinessNumber.id).order_by(BusinessNumber.id).limit(1))
    people = _linked(session, [customer.id for customer in customers])
    people |= _on_file(session, [customer.id for customer in customers if customer.id not in people])
    return {
        customer.id: _chosen(customer.id, people.get(customer.id, []), number, company.default_language)
        for customer in customers
    }


Person = tuple[Contact, Conversation | None]


def _linked(session: Session, customer_ids: Sequence[Id]) -> dict[Id, list[Person]]:
    rows = session.execute(
        select(ContactAccount.customer_id, Contact, Conversation)
        .join(Contact, Contact.id == ContactAccount.contact_id)
        .outerjoin(Conversation, Conversation.contact_id == Contact.id)
        .where(ContactAccount.customer_id.in_(customer_ids))
        .order_by(Conversation.last_inbound_at.desc().nulls_last(), ContactAccount.id)
    )
    people: dict[Id, list[Person]] = defaultdict(list)
    for customer_id, contact, conversation in rows:
        people[customer_id].append((contact, conversation))
    return people


def _on_file(session: Session, customer_ids: Sequence[Id]) -> dict[Id, list[Person]]:
    numbers = (
        select(CustomerPhone.customer_id, CustomerPhone.phone)
        .where(CustomerPhone.customer_id.in_(customer_ids), CustomerPhone.opens_account)
        .order_by(CustomerPhone.id.desc())
    )
    phones = {row.customer_id: row.phone for row in session.execute(numbers)}  # the first one stays
    known = _known(session, set(phones.values()))
    if missing := set(phones.values()) - known.keys():
        meet_by_phone(session, missing)
        known |= _known(session, missing)
    trusted = {phone: person for phone, person in known.items() if person[0].phone_trusted}
    return {customer_id: [trusted[phone]] for customer_id, phone in phones.items() if phone in trusted}


# OFFSET 0 keeps the look-ups by key, whatever the statistics say.
_BY_PHONE = """
    SELECT c.id FROM unnest(%(phones)s::text[]) AS wanted(phone)
     CROSS JOIN LATERAL (
        SELECT id FROM contact WHERE company_id = taar_company() AND phone = wanted.phone OFFSET 0) c
"""


def _known(session: Session, phones: set[str]) -> dict[str, Person]:
    contact_ids = [row[0] for row in run_flushed(session, _BY_PHONE, {"phones": list(phones)})]
    rows = session.execute(
        select(Contact, Conversation)
        .outerjoin(Conversation, Conversation.contact_id == Contact.id)
        .where(Contact.id.in_(contact_ids))
        .order_by(Conversation.last_inbound_at.nulls_first())
    )
    return {contact.phone: (contact, conversation) for contact, conversation in rows if contact.phone}


def _chosen(customer_id: Id, people: Sequence[Person], number: Id | None, language: str) -> Recipient:
    willing = [person for person in people if person[0].opted_out_at is None]
    if number is None or not willing:
        silence = "opted_out" if people else "unreachable"
        return Recipient(customer_id, None, None, language, silence=silence)
    contact, conversation = willing[0]
    return Recipient(
        customer_id, contact.id, conversation.business_number_id if conversation else number,
        contact.language or language, conversation.last_inbound_at if conversation else None,
    )  # fmt: skip


def told_on(session: Session, contact_ids: Sequence[Id], *, since: datetime, timezone: str) -> dict[Id, list[date]]:
    """The days on which each person was, or will be, written to about money since an instant: real outbox rows."""
    rows = session.execute(
        select(OutboundMessage.contact_id, OutboundMessage.not_before).where(
            OutboundMessage.contact_id.in_(contact_ids), OutboundMessage.lane == "billing",
            OutboundMessage.state.not_in(GONE), OutboundMessage.not_before > since,
        )
    )  # fmt: skip
    days: dict[Id, list[date]] = defaultdict(list)
    for contact_id, at in rows:
        days[contact_id].append(business_day(at, timezone))
    return days


def debt_of(company: Company, customer: Customer, *, amount: Decimal, due_on: date, today: date) -> Debt:
    """The facts of a message about what a customer owes."""
    ways = "; ".join(f"{name} {where}" for name, where in company.payment_methods.items())
    return Debt(
        company.name, company.currency, customer.name, customer.number, amount, due_on, max((today - due_on).days, 0),
        ways or company.support_phone or company.address or company.name,
    )  # fmt: skip


@dataclass
class Writer:
    """Writes one batch's messages about money and keeps count of the limits; `send` queues them all at once."""

    session: Session
    company: Company
    calendar: WorkCalendar
    now: datetime
    people: Mapping[Id, Recipient]
    told: dict[Id, list[date]]
    waiting: list[tuple[dict[str, Any], Queued]] = field(default_factory=list)

    def remind(self, key: str, debt: Debt, customer_id: Id, *, dedupe_key: str, cut_on: date | None = None) -> Queued:
        """Write a reminder or notice within contact hours, limits and opt-out; a repeat of the key changes nothing.

        It is not sent after the contact hours it was made for: a late reminder is no reminder.
        """
        person = self.people[customer_id]
        if person.silence or person.contact_id is None or person.business_number_id is None:
            return Queued(refused=person.silence or "unreachable")
        hours = self.calendar.contact_hours(self.now)
        day = business_day(hours.start, self.calendar.timezone)
        if self._too_many(person.contact_id, day):
            return Queued(refused="too_many")
        debt = replace(debt, cut_on=cut_on)
        template = twin(key, person.language, debt)
        body = said(key, person.language, debt)
        in_window = window.is_open(person.last_inbound_at, hours.start)
        row = message_row(
            contact_id=person.contact_id, business_number_id=person.business_number_id, lane="billing",
            payload=payloads.text(body) if in_window else payloads.template(**template),
            text=body, dedupe_key=dedupe_key, now=self.now, template=template if in_window else None,
            not_before=hours.start, expires_in=hours.until - hours.start,
        )  # fmt: skip
        self.told.setdefault(person.contact_id, []).append(day)
        queued = Queued()
        self.waiting.append((row, queued))
        return queued

    def send(self) -> None:
        """Queue what was written; each `Queued` then knows its message."""
        ids = queue_rows(self.session, [row for row, _ in self.waiting], now=self.now)
        for (_, queued), message_id in zip(self.waiting, ids, strict=True):
            queued.message_id = message_id
        self.waiting.clear()

    def _too_many(self, contact_id: Id, day: date) -> bool:
        policy = self.calendar.policy
        days = self.told.get(contact_id, [])
        this_week = [each for each in days if day - WEEK < each <= day]
        return days.count(day) >= policy.messages_a_day_max or len(this_week) >= policy.messages_a_week_max


def writer_for(
    session: Session, customers: Sequence[Customer], *, company: Company, calendar: WorkCalendar, now: datetime
) -> Writer:  # fmt: skip
    """A writer for these customers: recipients and what they were told lately, read in sets."""
    people = recipients(session, customers, company=company)
    contact_ids = [person.contact_id for person in people.values() if person.contact_id]
    told = told_on(session, contact_ids, since=now - WEEK - timedelta(days=1), timezone=calendar.timezone)
    return Writer(session, company, calendar, now, people, told)


def tell_service(
    session: Session, key: str, debt: Debt, person: Recipient, *, dedupe_key: str, now: datetime
) -> Id | None:  # fmt: skip
    """Tell at once that a service was cut (`service_cut`) or comes back (`service_restored`): news, no reminder.

    None for who opted out or cannot be reached.
    """
    if person.silence or person.contact_id is None or person.business_number_id is None:
        return None
    words = said(key, person.language, debt) if key in MESSAGES else said_restored(person.language, debt)
    template = twin(key, person.language, debt)
    in_window = window.is_open(person.last_inbound_at, now)
    return queue_message(
        session, contact_id=person.contact_id, business_number_id=person.business_number_id, lane="notice",
        payload=payloads.text(words) if in_window else payloads.template(**template),
        text=words, dedupe_key=dedupe_key, now=now, template=template if in_window else None,
    )  # fmt: skip
