"""People of a field day: a technician and his customers on their phones, each with his own messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from flask.testing import FlaskClient
from sqlalchemy import select

from core.clock import utc_now
from core.crm.leads import Wish, open_lead
from core.crm.models import Contact
from core.db import company_session
from core.ids import Id, new_id
from core.messaging.models import OutboundMessage
from core.service_desk.jobs import Window
from core.service_desk.tickets import open_ticket
from core.usecases.connect_lead import approve_lead
from core.usecases.plan_visit import give_visit, plan_ticket_visit
from tests.builders import a_phone, make_customer, make_plan
from tests.cast import TestCompany
from tests.core.inventory.store import open_store
from tests.phones import Phone, choices

GATE = (Decimal("31.520400"), Decimal("74.358700"))


class Hand(Phone):
    """A phone that sees only what was sent to it."""

    def heard(self) -> list[OutboundMessage]:
        """What came since the last look, in order."""
        with company_session(self.company.id, "test") as session:
            mine = select(Contact.id).where(Contact.phone == self.phone)
            rows = session.scalars(
                select(OutboundMessage).where(OutboundMessage.kind != "read", OutboundMessage.contact_id.in_(mine))
                .order_by(OutboundMessage.id)
            ).all()  # fmt: skip
        new = [row for row in rows if row.id not in self.seen]
        self.seen |= {row.id for row in new}
        return new

    def reply(self) -> OutboundMessage:
        self.last = self.heard()[-1]
        return self.last

    def taps_action(self, action: str) -> str:
        """Tap whatever carries this action, or one that begins with it, in the last message or template."""
        if self.last.kind == "template":
            payload = next(key for key in template_buttons(self.last) if key.startswith(action))
            assert self.sends("button", {"payload": payload, "text": "tapped"}) == 200
            return self.reply().text
        title = next(title for title, act in choices(self.last).items() if act.startswith(action))
        return self.taps(title).text

    def shares(self, place: tuple[Decimal, Decimal]) -> str:
        assert self.sends("location", {"latitude": float(place[0]), "longitude": float(place[1])}) == 200
        return self.reply().text

    def tells(self, words: str) -> str:
        return self.says(words).text


def template_buttons(message: OutboundMessage) -> list[str]:
    """What the quick replies of a template carry."""
    components = message.payload["template"]["components"]
    return [each["parameters"][0]["payload"] for each in components if each["type"] == "button"]


@dataclass
class FieldDay:
    """A technician with a stocked bag, and who waits for him."""

    client: FlaskClient
    company: TestCompany
    technician_id: Id
    tariq: Hand
    plan_id: Id

    def customer_with_a_complaint(self, language: str = "ur_Latn") -> tuple[Hand, str]:
        """His phone, and the number of the job that Tariq has for it."""
        phone, now = a_phone(), utc_now()
        with company_session(self.company.id, "test") as session:
            customer = make_customer(session, self.company, name="Ayesha Khan", phone=phone)
            customer.sites[0].latitude, customer.sites[0].longitude = GATE
            session.add(Contact(id=new_id(), phone=phone, name="Ayesha", language=language))
            session.flush()
            ticket = open_ticket(session, customer_id=customer.id, category="no_internet", opened_by="test", now=now,
                                 description="Laal light jal rahi hai")  # fmt: skip
            job = plan_ticket_visit(session, ticket_id=ticket.id, actor="test", now=now,
                                    window=Window(now, now + timedelta(hours=2)))  # fmt: skip
            give_visit(session, job_id=job.id, staff_id=self.technician_id, actor="test", now=now)
            number = job.number
        return Hand(self.client, self.company, phone), number

    def prospect_who_was_approved(self, language: str = "ur") -> tuple[Hand, str]:
        """His phone, and the number of the installation that Tariq has for it."""
        phone, now = a_phone(), utc_now()
        with company_session(self.company.id, "test") as session:
            contact = Contact(id=new_id(), phone=phone, name="Sidra", language=language)
            session.add(contact)
            session.flush()
            wish = Wish(name="Sidra Tariq", phone=phone, sub_zone_id=self.company.sub_zone_id, address="House 9",
                        latitude=GATE[0], longitude=GATE[1], plan_id=self.plan_id)  # fmt: skip
            lead = open_lead(
                session, wish=wish, contact_id=contact.id, customer_id=None, opened_by="test", now=now
            ).lead
            job = approve_lead(session, number=lead.number, actor="test", now=now, fee=Decimal(3000))
            give_visit(session, job_id=job.id, staff_id=self.technician_id, actor="test", now=now)
            number = job.number
        return Hand(self.client, self.company, phone, name="Sidra"), number


def field_day(client: FlaskClient, company: TestCompany, *, language: str = "ur_Latn") -> FieldDay:
    with company_session(company.id, "test") as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000.00", "HWTC12345678", "HWTC87654321")
        store.buy(store.fibre, "12.00", quantity="500")
        store.buy(store.cord, "150.00", quantity="20")
        store.issue("HWTC12345678", "HWTC87654321", fibre="200", cord=5)
        session.add(Contact(id=new_id(), phone=store.tariq.phone, name="Tariq", staff_id=store.tariq.id,
                            language=language))  # fmt: skip
        plan = make_plan(session)
        technician_id, phone, plan_id = store.tariq.id, store.tariq.phone, plan.id
    return FieldDay(client, company, technician_id, Hand(client, company, phone, name="Tariq"), plan_id)
