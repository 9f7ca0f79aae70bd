"""Whom an outage hits hears of it once, and the same people hear when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.billing.subscription_models import Subscription
from core.companies import Company, current_company
from core.crm.models import Contact, Customer
from core.ids import Id, new_id
from core.messaging.models import Conversation, OutboundMessage
from core.network import outage_words, outages
from core.network.outage_models import Outage, OutageSubZone, OutageTold
from core.recovery.calendar import calendar_of
from core.recovery.reminders import Recipient, recipients
from core.usecases.report_fault import first_number, tell

MENU = (("menu", "menu"),)
STILL_OFF = (("flow:file_complaint", "still_off"), ("menu", "menu"))


def customers_hit(session: Session, outage_id: Id) -> Sequence[Customer]:
    """The customers of its sub-zones who have a running line."""
    zones = select(OutageSubZone.sub_zone_id).where(OutageSubZone.outage_id == outage_id)
    running = select(Subscription.customer_id).where(Subscription.state == "active")
    hit = select(Customer).where(Customer.sub_zone_id.in_(zones), Customer.state != "left", Customer.id.in_(running))
    return session.scalars(hit.order_by(Customer.number)).all()


def people_to_tell(session: Session, outage_id: Id, company: Company) -> list[Recipient]:
    """One person for each customer hit, each once; who opted out or cannot be reached is not among them."""
    found = recipients(session, customers_hit(session, outage_id), company=company).values()
    chosen = {person.contact_id: person for person in found if not person.silence and person.contact_id}
    return list(chosen.values())


def tell_outage(session: Session, *, outage: Outage, now: datetime) -> int:
    """Tell everybody whom a confirmed outage hits, in the hours in which people may be written to; once an outage.

    Returns how many hear. The caller holds the outage's row; nobody where the company's policy says so.
    """
    if outage.state != "confirmed" or outage.told_at is not None:
        return 0
    if not outages.outage_policy_of(session).tells_customers:
        return 0
    outage.told_at = now
    calendar = calendar_of(session)
    company, hours = current_company(session), calendar.contact_hours(now)
    people = people_to_tell(session, outage.id, company)
    place = ", ".join(outages.zones_of(session, outage.id))
    for person in people:
        contact = session.get_one(Contact, person.contact_id)
        assert person.business_number_id is not None
        known = outage_words.known_of(outage, person.language, company.timezone)
        facts = {"company": company.name, "place": place, "known": known}
        message_id = tell(
            session, "outage_confirmed", facts, contact, company, choices=MENU,
            business_number_id=person.business_number_id, heard_at=person.last_inbound_at, lane="notice",
            dedupe_key=f"outage_confirmed:{outage.id}:{contact.id}", now=now, not_before=hours.start,
            expires_in=hours.until - hours.start,
        )  # fmt: skip
        session.add(
            OutageTold(id=new_id(), outage_id=outage.id, contact_id=contact.id, message_id=message_id,
                       business_number_id=person.business_number_id)
        )  # fmt: skip
    session.flush()
    return len(people)


def tell_end(session: Session, *, outage: Outage, key: str, now: datetime) -> int:
    """Tell who reported it, at once, and who was told of it, in decent hours; each once. How many hear.

    A message about the outage that has not left by now never does, and its person hears nothing.
    """
    reporters = {report.contact_id: report.business_number_id for report in outages.reporters_of(session, outage.id)}
    told = session.scalars(select(OutageTold).where(OutageTold.outage_id == outage.id).order_by(OutageTold.id)).all()
    unheard = _withdraw(session, [each.message_id for each in told], now)
    company, hours = current_company(session), calendar_of(session).contact_hours(now)
    heard = 0
    for contact_id, number_id in reporters.items():
        heard += _tell(session, outage, key, contact_id, number_id, company, now)
    for each in told:
        if each.contact_id in reporters or each.message_id in unheard:
            continue
        heard += _tell(
            session, outage, key, each.contact_id, each.business_number_id, company, now, not_before=hours.start,
            expires_in=hours.until - hours.start,
        )  # fmt: skip
    return heard


def _withdraw(session: Session, message_ids: Sequence[Id], now: datetime) -> set[Id]:
    waiting = (
        update(OutboundMessage)
        .where(OutboundMessage.id.in_(message_ids), OutboundMessage.state == "queued")
        .values(state="expired", state_since=now, error="the outage was over first")
        .returning(OutboundMessage.id)
    )
    return set(session.scalars(waiting))


def _tell(
    session: Session, outage: Outage, key: str, contact_id: Id | None, number_id: Id | None, company: Company,
    now: datetime, *, not_before: datetime | None = None, expires_in: timedelta | None = None,
) -> int:  # fmt: skip
    contact = session.get(Contact, contact_id) if contact_id else None
    number_id = number_id or first_number(session)
    unasked = not_before is not None
    if contact is None or number_id is None or (unasked and contact.opted_out_at is not None):
        return 0
    talk = select(Conversation.last_inbound_at).where(
        Conversation.contact_id == contact.id, Conversation.business_number_id == number_id
    )
    facts = {"company": company.name, "place": ", ".join(outages.zones_of(session, outage.id))}
    tell(
        session, key, facts, contact, company, choices=STILL_OFF, business_number_id=number_id,
        heard_at=session.scalar(talk), lane="notice", dedupe_key=f"{key}:{outage.id}:{contact.id}", now=now,
        not_before=not_before, expires_in=expires_in,
    )  # fmt: skip
    return 1
