"""People whose money is talked about in chat, and a walk through every question of the flows about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.claims import claim_payment
from core.billing.refunds import ask_refund
from core.billing.subscriptions import start_subscription
from core.billing.write_offs import write_off_invoice
from core.clock import business_day, utc_now
from core.crm.models import Customer
from core.db import company_session
from core.ledger.expenses import add_expense_category, ask_expense
from core.messaging.models import OutboundMessage
from core.printing.figures import day_text as day
from core.recovery.assignment import reassign_case
from core.recovery.case_models import Promise, RecoveryCase
from core.staff.handovers import announce_handover
from core.staff.models import Staff
from core.usecases.collect_cash import collect_cash
from core.usecases.log_promise import log_promise
from core.usecases.run_recovery import run_recovery
from tests.builders import a_phone, customer_who_owes, make_customer, make_plan, make_staff
from tests.cast import TestCompany
from tests.core.billing.life import pay, prepaid_plan
from tests.core.recovery.town import bill
from tests.phones import Phone, choices


def in_days(count: int) -> date:
    """A day from the present one on: chats happen now."""
    return business_day(utc_now(), "Asia/Karachi") + timedelta(days=count)


def promises(company: TestCompany) -> list[tuple[str, date, str]]:
    with company_session(company.id) as session:
        return [(str(p.amount), p.due_on, p.state) for p in session.scalars(select(Promise).order_by(Promise.id))]


def said(days: int, language: str = "en") -> str:
    """A day as people read it."""
    return day(in_days(days), language)


def option(message: OutboundMessage, ending: str) -> str:
    """The title of the button or row whose id ends so."""
    return next(title for title, action in choices(message).items() if action.endswith(ending))


def debtor(session: Session, company: TestCompany, phone: str) -> None:
    """Ayesha owes Rs 3,435.63 since the 10th; there are faster plans than hers."""
    customer_who_owes(session, company, phone)
    make_plan(session, price="4000.00", mbps=50)
    make_plan(session, price="6000.00", mbps=100)


def debtor_who_promised(session: Session, company: TestCompany, phone: str) -> None:
    customer = customer_who_owes(session, company, phone)
    log_promise(session, customer_id=customer.id, amount=Decimal("2000.00"), due_on=in_days(2),
                taken_by="contact:1", channel="chat", now=utc_now())  # fmt: skip


def prepaid_customer(session: Session, company: TestCompany, phone: str) -> Customer:
    """Bilal, whose plan of 30 days costs Rs 1,374.25 with taxes."""
    customer = make_customer(session, company, name="Bilal Butt", phone=phone)
    start_subscription(
        session, customer_id=customer.id, site_id=customer.sites[0].id, plan_id=prepaid_plan(session).id,
        started_on=in_days(0),
    )  # fmt: skip
    return customer


def agent_with_cases(session: Session, company: TestCompany, phone: str) -> Staff:
    """Rabia has the cases of Ayesha (Rs 3,435.63) and of Kamran (Rs 2,000)."""
    agent = make_staff(session, company, role="recovery_agent", name="Rabia", phone=phone)
    customer_who_owes(session, company, a_phone())
    kamran = make_customer(session, company, name="Kamran Shah")
    bill(session, kamran.id, "2000.00", date(2026, 11, 5))
    run_recovery(session, today=in_days(0), now=utc_now())
    for case in session.scalars(select(RecoveryCase)).all():
        reassign_case(session, case_id=case.id, agent_id=agent.id, reason="test", assigned_by="test", now=utc_now())
    return agent


def agent_whose_customer_promised(session: Session, company: TestCompany, phone: str) -> None:
    agent_with_cases(session, company, phone)
    customer = session.scalars(select(Customer).where(Customer.name == "Ayesha Khan")).one()
    log_promise(session, customer_id=customer.id, amount=Decimal("2000.00"), due_on=in_days(2),
                taken_by="test", channel="call", now=utc_now())  # fmt: skip


def agent_with_cash(session: Session, company: TestCompany, phone: str) -> Staff:
    """Rabia holds Rs 1,500 of Kamran's."""
    agent = agent_with_cases(session, company, phone)
    kamran = session.scalars(select(Customer).where(Customer.name == "Kamran Shah")).one()
    collect_cash(session, agent_id=agent.id, customer_id=kamran.id, amount=Decimal("1500.00"), idempotency_key="test",
                 actor=f"staff:{agent.id}", now=utc_now())  # fmt: skip
    return agent


def manager_with_work(session: Session, company: TestCompany, phone: str) -> None:
    """Saima has a payment to check and cash to count."""
    make_staff(session, company, role="manager", name="Saima", phone=phone)
    agent = agent_with_cash(session, company, a_phone())
    announce_handover(session, staff_id=agent.id, amount=Decimal("1500.00"), idempotency_key="test", now=utc_now())
    ayesha = session.scalars(select(Customer).where(Customer.name == "Ayesha Khan")).one()
    claim_payment(session, customer_id=ayesha.id, amount=Decimal("3435.63"), reference="JC-8844", method="",
                  document_id=None, now=utc_now())  # fmt: skip


def manager_with_requests(session: Session, company: TestCompany, phone: str) -> None:
    """Saima has a refund of Bilal's advance, a debt of Kamran's and an expense to decide."""
    make_staff(session, company, role="manager", name="Saima", phone=phone)
    bilal, kamran = (make_customer(session, company, name=name) for name in ("Bilal Butt", "Kamran Shah"))
    pay(session, bilal.id, "900.00")
    ask_refund(session, customer_id=bilal.id, amount=Decimal("400.00"), account_code="1010", reason="moved away",
               asked_by="staff:1", idempotency_key="test")  # fmt: skip
    lost = bill(session, kamran.id, "700.00", date(2026, 11, 5))
    write_off_invoice(session, invoice_id=lost, reason="left the country", asked_by="staff:1", now=utc_now())
    category = add_expense_category(session, name="Diesel")
    ask_expense(session, category_id=category.id, net=Decimal("30000.00"), description="Generator", actor="staff:1",
                asked_on=in_days(0), idempotency_key="test")  # fmt: skip


def person(client: FlaskClient, company: TestCompany, prepare: Callable[[Session, TestCompany, str], object]) -> Phone:
    """Who writes, with the books as `prepare` leaves them."""
    phone = a_phone()
    with company_session(company.id, "test") as session:
        prepare(session, company, phone)
    return Phone(client, company, phone)


@dataclass(frozen=True)
class Walk:
    """Questions of a flow in the order they are asked, with the value of a button, or words, that answers each."""

    flow: str
    prepare: Callable[[Session, TestCompany, str], object]
    steps: tuple[tuple[str, str], ...]


MONEY_WALKS = (
    Walk("promise_to_pay", debtor_who_promised,
         (("move", "yes"), ("day", in_days(3).isoformat()), ("amount", "3435.63"), ("confirmed", "yes"))),
    Walk("change_plan", debtor, (("plan", "F50"), ("confirmed", "yes"))),
    Walk("redeem_card", prepaid_customer, (("code", "0000"),)),
    Walk("promise_log", agent_whose_customer_promised,
         (("customer", "C-2001"), ("move", "yes"), ("day", in_days(3).isoformat()), ("amount", "3435.63"),
          ("channel", "call"), ("confirmed", "yes"))),
    Walk("attempt_log", agent_with_cases,
         (("customer", "C-2001"), ("outcome", "disputes"), ("channel", "call"), ("note", "bill ghalat hai"))),
    Walk("cash_collected", agent_with_cases, (("customer", "C-2001"), ("amount", "2000"), ("confirmed", "yes"))),
    Walk("cash_handover", agent_with_cash, (("amount", "1500.00"), ("confirmed", "yes"))),
)  # fmt: skip
