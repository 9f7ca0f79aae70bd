"""A company with a manager, an owner, agents, technicians and customers who owe, paid and complain."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.payments import record_payment
from core.clock import utc_now
from core.crm.desk import change_desk_settings
from core.crm.desk_models import WEEKDAYS
from core.crm.models import Contact, Customer
from core.db import company_session
from core.messaging.models import OutboundMessage
from core.recovery.assignment import reassign_case
from core.recovery.case_models import RecoveryCase
from core.service_desk.tickets import open_ticket
from core.usecases.collect_cash import collect_cash
from core.usecases.run_recovery import run_recovery
from tests.builders import a_phone, customer_who_owes, make_customer, make_staff
from tests.cast import TestCompany
from tests.core.recovery.town import bill
from tests.phones import Phone, choices, envelope, new_wamid, post
from tests.stories.money import in_days

ALWAYS = {day: ["00:00", "23:59"] for day in WEEKDAYS}


@dataclass
class Office:
    """Phones of the people."""

    company: TestCompany
    saima: Phone
    """The manager."""
    hamid: Phone
    """The owner."""
    rabia: Phone
    saleem: Phone
    asif: Phone
    ayesha: Phone
    """C-2001 Ayesha Khan owes Rs 3,435.63 less Rs 1,000 paid to the bank today, and has ticket T-1001."""


def prepare_office(session: Session, company: TestCompany, phones: dict[str, str]) -> None:
    """Rabia has both cases and took Rs 1,500 of Kamran's Rs 2,000 in cash today; Ayesha paid Rs 1,000 to the bank."""
    change_desk_settings(session, office_hours=ALWAYS, answer_hours=4)
    make_staff(session, company, role="manager", name="Saima", phone=phones["Saima"])
    make_staff(session, company, role="owner", name="Hamid", phone=phones["Hamid"])
    rabia = make_staff(session, company, role="recovery_agent", name="Rabia", phone=phones["Rabia"])
    make_staff(session, company, role="recovery_agent", name="Saleem", phone=phones["Saleem"])
    make_staff(session, company, role="technician", name="Asif", phone=phones["Asif"])
    make_staff(session, company, role="technician", name="Nadeem", phone=a_phone())
    ayesha = customer_who_owes(session, company, phones["Ayesha"])
    kamran = make_customer(session, company, name="Kamran Shah")
    bill(session, kamran.id, "2000.00", in_days(-20))
    run_recovery(session, today=in_days(0), now=utc_now())
    for case in session.scalars(select(RecoveryCase)).all():
        reassign_case(session, case_id=case.id, agent_id=rabia.id, reason="test", assigned_by="test", now=utc_now())
    collect_cash(session, agent_id=rabia.id, customer_id=kamran.id, amount=Decimal("1500.00"), idempotency_key="cash",
                 actor=f"staff:{rabia.id}", now=utc_now())  # fmt: skip
    record_payment(session, customer_id=ayesha.id, amount=Decimal("1000.00"), method="bank", received_on=in_days(0),
                   idempotency_key="bank", taken_by="test", now=utc_now())  # fmt: skip
    open_ticket(session, customer_id=ayesha.id, category="no_internet", description="", opened_by="test",
                now=utc_now())  # fmt: skip


def an_office(client: FlaskClient, company: TestCompany) -> Office:
    names = ("Saima", "Hamid", "Rabia", "Saleem", "Asif", "Ayesha")
    phones = {name: a_phone() for name in names}
    with company_session(company.id, "test") as session:
        prepare_office(session, company, phones)
    return Office(company, *(Phone(client, company, phones[name], name=name) for name in names))


def heard(person: Phone) -> list[OutboundMessage]:
    """What is new for this one person, whatever others were told."""
    with company_session(person.company.id) as session:
        mine = set(session.scalars(select(Contact.id).where(Contact.phone == person.phone)))
    return [message for message in person.replies() if message.contact_id in mine]


def says(person: Phone, words: str, *, quoting: str = "") -> OutboundMessage:
    """Words, in answer to the message of that Meta id if one is given; the last that is told to him in answer."""
    if quoting:
        assert sends_quoting(person, words, quoting) == 200
    else:
        assert person.sends("text", {"body": words}) == 200
    return _last(person)


def taps(person: Phone, title: str) -> OutboundMessage:
    """A button of the last message told to him."""
    content = {"type": "button_reply", "button_reply": {"id": choices(person.last)[title], "title": title}}
    assert person.sends("interactive", content) == 200
    return _last(person)


def _last(person: Phone) -> OutboundMessage:
    person.last = heard(person)[-1]
    return person.last


def sends_quoting(person: Phone, words: str, wamid: str) -> int:
    """A message in answer to another, as WhatsApp delivers it."""
    assert person.phone is not None
    digits = person.phone.lstrip("+")
    message = {
        "id": new_wamid(), "timestamp": str(int(utc_now().timestamp())), "type": "text", "text": {"body": words},
        "from": digits, "context": {"id": wamid, "from": "924235550100"},
    }  # fmt: skip
    contacts = [{"profile": {"name": person.name}, "wa_id": digits}]
    return post(person.client, envelope(person.company.phone_number_id, contacts=contacts, messages=[message]))


def customer_named(session: Session, name: str) -> Customer:
    return session.scalars(select(Customer).where(Customer.name == name)).one()
