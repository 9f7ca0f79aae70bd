"""A small town for recovery: customers with services and bills, agents, and the days that pass."""

from __future__ import annotations

import itertools
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.billing.invoice_models import Invoice
from core.billing.payment_models import Payment
from core.billing.payments import record_payment
from core.billing.plan_models import Plan
from core.billing.subscription_models import Subscription
from core.billing.taking_back import bounce_payment
from core.crm.models import Customer, Site
from core.db import company_session
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry
from core.messaging.models import OutboundMessage
from core.network.access import want_access
from core.network.models import Access
from core.numbering import next_number
from core.recovery.case_models import RecoveryCase, StepRecord
from core.staff.models import Staff
from core.usecases.climb_ladder import announce_due, climb_ladder
from core.usecases.follow_payment import Followed, follow_payment
from core.usecases.judge_promises import judge_promises
from core.usecases.restore_service import restore_all_clear
from core.usecases.run_recovery import Ageing, run_recovery
from core.usecases.suspend_overdue import CutReport, suspend_overdue
from tests.builders import a_phone, make_customer, make_plan, make_subscription
from tests.cast import TestCompany

_keys = itertools.count(1)


def at(day: date, hour: int = 10, minute: int = 0) -> datetime:
    """A moment of the day in Lahore."""
    return datetime.combine(day, time(hour, minute), ZoneInfo("Asia/Karachi")).astimezone(UTC)


@dataclass
class Town:
    company: TestCompany

    def open(self) -> AbstractContextManager[Session]:
        return company_session(self.company.id, "test")

    def customer(self, name: str = "Ayesha Khan", *, sub_zone_id: Id | None = None, line: bool = True) -> Id:
        """A customer with one running postpaid line and its account on the network."""
        with self.open() as session:
            customer = make_customer(session, self.company, name=name)
            customer.sub_zone_id = sub_zone_id or self.company.sub_zone_id
            session.flush()
            if line:
                self.line(session, customer)
            return customer.id

    def line(self, session: Session, customer: Customer, *, payer_id: Id | None = None) -> Subscription:
        plan = session.scalars(select(Plan).limit(1)).first() or make_plan(session)
        session.refresh(customer)
        subscription = make_subscription(session, customer, plan)
        subscription.payer_id = payer_id
        want_access(session, subscription_id=subscription.id, username=f"{customer.number}-{next(_keys)}",
                    profile="20M", allowed=True)  # fmt: skip
        return subscription

    def owes(self, customer_id: Id, amount: str, due_on: date) -> Id:
        """An issued invoice with its journal entry."""
        with self.open() as session:
            return bill(session, customer_id, amount, due_on)

    def pays(self, customer_id: Id, amount: str, day: date, hour: int = 12) -> tuple[Id, Followed]:
        """A payment and what recovery makes of it, in one transaction."""
        with self.open() as session:
            payment = pay(session, customer_id, amount, day)
            return payment.id, follow_payment(session, customer_id=customer_id, now=at(day, hour))

    def bounces(self, payment_id: Id, day: date) -> Followed:
        """The payment is taken back, and the invoices it settled are open again."""
        with self.open() as session:
            taken = bounce_payment(session, payment_id=payment_id, reason="returned", actor="test", now=at(day))
            return follow_payment(session, customer_id=taken.payment.customer_id, now=at(day))

    def agent(self, name: str, *, area_id: Id | None = None) -> Id:
        with self.open() as session:
            staff = Staff(id=new_id(), name=name, role="recovery_agent", phone=a_phone(), area_id=area_id)
            session.add(staff)
            return staff.id

    def ages(self, day: date) -> Ageing:
        """The night: promises judged, cases aged, missed restorations made good."""
        with self.open() as session:
            judge_promises(session, today=day, now=at(day, 1))
        with self.open() as session:
            ageing = run_recovery(session, today=day, now=at(day, 1))
        with self.open() as session:
            restore_all_clear(session, now=at(day, 1))
        return ageing

    def climbs(self, day: date, hour: int = 10) -> dict[str, int]:
        """The morning: what the ladder did, by kind of step."""
        taken: dict[str, int] = {}
        for batch in (announce_due, climb_ladder):
            with self.open() as session:
                for kind, count in batch(session, today=day, now=at(day, hour), limit=1000).taken.items():
                    taken[kind] = taken.get(kind, 0) + count
        return taken

    def cuts(self, day: date, hour: int = 11) -> CutReport:
        with self.open() as session:
            return suspend_overdue(session, today=day, now=at(day, hour), actor="system", origin=f"run:{day}")

    def day(self, day: date) -> dict[str, int]:
        """A whole day, messages delivered; what happened, by kind."""
        self.ages(day)
        happened = self.climbs(day)
        self.deliver()
        cut = self.cuts(day).cut
        self.deliver()
        return happened | ({"suspension": cut} if cut else {})

    def deliver(self) -> None:
        """Everything that waits in the outbox arrives at its time."""
        with self.open() as session:
            for message in session.scalars(select(OutboundMessage).where(OutboundMessage.state == "queued")):
                message.state, message.sent_at, message.state_since = (
                    "delivered",
                    message.not_before,
                    message.not_before,
                )

    def fails(self, state: str) -> None:
        """Everything that waits in the outbox ends as failed or expired."""
        with self.open() as session:
            session.execute(update(OutboundMessage).where(OutboundMessage.state == "queued").values(state=state))

    def messages(self, lane: str = "billing") -> list[OutboundMessage]:
        with self.open() as session:
            return list(session.scalars(
                select(OutboundMessage).where(OutboundMessage.lane == lane).order_by(OutboundMessage.id)
            ))  # fmt: skip

    def case(self, customer_id: Id) -> RecoveryCase | None:
        with self.open() as session:
            return session.scalar(
                select(RecoveryCase).where(RecoveryCase.customer_id == customer_id, RecoveryCase.state == "open")
            )

    def steps(self, customer_id: Id) -> list[tuple[int, str, str]]:
        with self.open() as session:
            records = select(StepRecord).where(StepRecord.customer_id == customer_id).order_by(StepRecord.id)
            return [(record.day, record.kind, record.state) for record in session.scalars(records)]

    def service(self, customer_id: Id) -> tuple[str, set[str], set[str]]:
        """The customer's state, his subscriptions' states, and what is asked of the network."""
        with self.open() as session:
            customer = session.get_one(Customer, customer_id)
            subscriptions = session.scalars(select(Subscription).where(Subscription.customer_id == customer_id)).all()
            access = session.scalars(
                select(Access.state).where(Access.subscription_id.in_([each.id for each in subscriptions]))
            )
            return customer.state, {each.state for each in subscriptions}, set(access)


def bill(session: Session, customer_id: Id, amount: str, due_on: date) -> Id:
    total = Decimal(amount)
    invoice = Invoice(
        id=new_id(), number=next_number(session, "invoice", fiscal_year="2026-27"), customer_id=customer_id,
        state="issued", kind="other", issued_on=due_on, due_on=due_on, net=total, tax=Decimal(0), total=total,
        balance=total,
    )  # fmt: skip
    session.add(invoice)
    post_entry(session, kind="invoice", source_id=invoice.id, posted_on=due_on, actor="test",
               lines=[Line("1100", total, customer_id), Line("4000", -total)])  # fmt: skip
    return invoice.id


def pay(session: Session, customer_id: Id, amount: str, day: date) -> Payment:
    return record_payment(
        session, customer_id=customer_id, amount=Decimal(amount), method="cash", received_on=day,
        idempotency_key=f"test-{next(_keys)}-{new_id()}", taken_by="test", now=at(day),
    )  # fmt: skip


def place(session: Session, customer_id: Id, latitude: str, longitude: str) -> None:
    site = session.scalars(select(Site).where(Site.customer_id == customer_id)).one()
    site.latitude, site.longitude = Decimal(latitude), Decimal(longitude)
