"""People who wish for something, and what several stories about them look at."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.late_fees import charge_late_fees
from core.billing.plan_models import BillingPolicy
from core.billing.subscription_models import Subscription
from core.crm.models import Contact, Customer
from core.db import company_session
from core.messaging.models import OutboundMessage
from core.service_desk.models import Ticket
from tests.builders import a_phone, customer_who_owes, make_customer, make_plan, make_subscription
from tests.cast import TestCompany
from tests.phones import Phone, choices

CANNOT_LOOK = {"en": "I cannot look now", "ur_Latn": "Abhi nahi dekh sakta", "ur": "ابھی نہیں دیکھ سکتا"}
SKIP = {"en": "Skip", "ur_Latn": "Chhorein", "ur": "چھوڑیں"}
YES = {"en": "Yes", "ur_Latn": "Haan", "ur": "ہاں"}
NO_NET = {"en": "my internet is not working", "ur_Latn": "net nahi chal raha", "ur": "انٹرنیٹ بند ہے"}


def debtor(client: FlaskClient, company: TestCompany) -> Phone:
    """Ayesha owes Rs 3,435.63 for November."""
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, phone)
    return Phone(client, company, phone)


def paid_up(client: FlaskClient, company: TestCompany, name: str = "Bilal Butt") -> Phone:
    """Who owes nothing and has a running line."""
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company, name=name, phone=phone)
        known = session.scalars(select(Subscription).limit(1)).first()
        make_subscription(session, customer, known.plan if known else make_plan(session))
    return Phone(client, company, phone)


def with_late_fee(session: Session, amount: str) -> None:
    """The fee for each bill that was overdue on 23 November."""
    policy = session.scalars(select(BillingPolicy)).one()
    policy.late_fee_kind, policy.late_fee_amount = "fixed", Decimal(amount)
    session.flush()
    charge_late_fees(session, day=date(2026, 11, 23), actor="test")


def heard_by(company: TestCompany, phone: str) -> list[OutboundMessage]:
    """Everything that one person was told, in order."""
    with company_session(company.id) as session:
        rows = select(OutboundMessage).join(Contact, Contact.id == OutboundMessage.contact_id)
        mine = rows.where(Contact.phone == phone, OutboundMessage.kind != "read")
        return list(session.scalars(mine.order_by(OutboundMessage.id)))


def tap(speaker: Phone, action: str) -> OutboundMessage:
    """Tap what may have gone from the screen; the last thing he was told afterwards."""
    speaker.touches(action)
    assert speaker.phone is not None
    speaker.replies()
    speaker.last = heard_by(speaker.company, speaker.phone)[-1]
    return speaker.last


def complains(speaker: Phone, language: str = "ur_Latn") -> OutboundMessage:
    """Report that nothing works, without looking at the lights."""
    assert speaker.phone is not None
    speaker.replies()
    speaker.says(NO_NET[language])
    speaker.taps(CANNOT_LOOK[language])
    asked = speaker.taps(SKIP[language])
    return tap(speaker, choices(asked)[YES[language]])


def tickets_of(company: TestCompany) -> list[Ticket]:
    with company_session(company.id) as session:
        return list(session.scalars(select(Ticket).order_by(Ticket.number)))


def customer_at(session: Session, phone: str) -> Customer:
    return (
        session.scalars(select(Customer).join(Customer.phones).where(Customer.phones.any(phone=phone))).unique().one()
    )


def edit(speaker: Phone, wamid: str, text: str) -> int:
    """Change the words of an earlier message, as WhatsApp tells it."""
    content: dict[str, Any] = {"original_message_id": wamid, "message": {"type": "text", "text": {"body": text}}}
    return speaker.sends("edit", content)
