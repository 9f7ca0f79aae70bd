"""The people of these tests, and money that passes through an agent's hands."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.invoice_models import OPEN_STATES, Invoice
from core.billing.payment_models import Allocation, Payment
from core.billing.subscription_models import Subscription
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry, reverse_entry
from core.ledger.models import Account, JournalEntry, Posting
from core.money import ZERO
from core.numbering import next_number
from core.staff.commission_rules import Conditions, Measure, Tier, add_plan, add_rule
from core.staff.handovers import announce_handover, confirm_handover
from core.staff.models import Staff
from core.staff.pay_terms import Tax, set_pay_terms
from tests.builders import make_customer, make_plan, make_staff, make_subscription
from tests.cast import TestCompany

NOVEMBER = date(2026, 11, 1)
D = Decimal


def nov(day: int) -> date:
    return date(2026, 11, day)


def at(day: date) -> datetime:
    """Eleven in the morning in Lahore."""
    return datetime(day.year, day.month, day.day, 6, 0, tzinfo=UTC)


def rabia(session: Session, company: TestCompany) -> Staff:
    """Collects cash."""
    return make_staff(session, company, role="recovery_agent", name="Rabia")


def tariq(session: Session, company: TestCompany) -> Staff:
    """Installs and repairs."""
    return make_staff(session, company, role="technician", name="Tariq")


def hamid(session: Session, company: TestCompany) -> Staff:
    """Owns the company, and counts."""
    return make_staff(session, company, role="owner", name="Hamid")


def saima(session: Session, company: TestCompany) -> Staff:
    """Manages, and counts."""
    return make_staff(session, company, role="manager", name="Saima")


def employ(
    session: Session, staff: Staff, *, salary: str = "30000.00", starts_on: date = date(2026, 1, 1),
    plan_id: Id | None = None, tax: Tax | None = None, **allowances: str,
) -> None:  # fmt: skip
    set_pay_terms(
        session, staff_id=staff.id, starts_on=starts_on, monthly_salary=D(salary), tax=tax, plan_id=plan_id,
        allowances={name: D(amount) for name, amount in allowances.items()},
    )  # fmt: skip


AGES = Measure(tier_by="age", tiers=(Tier(D(30), percent=D(1)), Tier(D(90), percent=D(3)), Tier(None, percent=D(6))))


def plan_with(session: Session, kind: str, measure: Measure, conditions: Conditions | None = None) -> Id:
    plan = add_plan(session, name=f"Plan {new_id()}")
    add_rule(
        session, plan_id=plan.id, kind=kind, name=f"By {kind}", valid_from=date(2026, 1, 1), measure=measure,
        conditions=conditions,
    )  # fmt: skip
    return plan.id


def connect(session: Session, company: TestCompany, *, price: str = "2500.00") -> Subscription:
    mbps = session.scalar(select(func.count()).select_from(Subscription)) or 0
    return make_subscription(session, make_customer(session, company), make_plan(session, price=price, mbps=mbps + 1))


def collect(
    session: Session, agent: Staff, subscription: Subscription, amount: str, day: date, *, method: str = "cash"
) -> Payment:
    """Cash through the agent, as recording a payment books it: 1040 to 1100, the oldest invoice first, then 2200."""
    code = "1040" if method == "cash" else "1020"
    payment = Payment(
        id=new_id(), number=next_number(session, "receipt"), customer_id=subscription.customer_id, method=method,
        account_code=code, amount=D(amount), unallocated=D(amount), received_on=day, idempotency_key=str(new_id()),
        taken_by=f"staff:{agent.id}", collected_by=agent.id, state="received",
    )  # fmt: skip
    session.add(payment)
    session.flush()
    bills = select(Invoice).where(Invoice.customer_id == payment.customer_id, Invoice.state.in_(OPEN_STATES))
    for invoice in session.scalars(bills.order_by(Invoice.due_on)).all():
        part = min(payment.unallocated, invoice.balance)
        if part > 0:
            payment.unallocated -= part
            invoice.balance -= part
            invoice.state = "part_paid" if invoice.balance else "paid"
            session.add(
                Allocation(id=new_id(), payment_id=payment.id, invoice_id=invoice.id, amount=part, allocated_on=day)
            )
    session.flush()
    settled = payment.amount - payment.unallocated
    post_entry(
        session, kind="payment", source_id=payment.id, posted_on=day, actor="test", origin="test",
        lines=[
            Line(code, payment.amount, agent.id if code == "1040" else None),
            Line("1100", -settled, payment.customer_id), Line("2200", -payment.unallocated, payment.customer_id),
        ],
    )  # fmt: skip
    return payment


def bounce(session: Session, payment: Payment, day: date) -> None:
    """The payment was not there: its entry reversed, its allocations undone, its invoices owed again."""
    entry = session.scalars(
        select(JournalEntry.id).where(JournalEntry.kind == "payment", JournalEntry.source_id == payment.id)
    ).one()
    reverse_entry(session, entry_id=entry, posted_on=day, actor="test", origin="test")
    payment.state, payment.state_reason, payment.unallocated = "bounced", "forged note", ZERO
    for row in session.scalars(select(Allocation).where(Allocation.payment_id == payment.id)).all():
        session.add(
            Allocation(
                id=new_id(), payment_id=payment.id, invoice_id=row.invoice_id, amount=-row.amount, allocated_on=day,
                reverses_id=row.id,
            )
        )  # fmt: skip
        invoice = session.get_one(Invoice, row.invoice_id)
        invoice.balance += row.amount
        invoice.state = "issued" if invoice.balance == invoice.total else "part_paid"
    session.flush()


def hand_over(
    session: Session, agent: Staff, cashier: Staff, amount: str, day: date, *, counted: str = "", code: str = "1010"
) -> Id:
    handover = announce_handover(
        session, staff_id=agent.id, amount=D(amount), idempotency_key=str(new_id()), now=at(day), account_code=code,
        slip=str(new_id()) if code != "1010" else "",
    )  # fmt: skip
    confirm_handover(
        session, handover_id=handover.id, counted=D(counted or amount), counted_by=cashier.id, now=at(day), actor="test"
    )
    return handover.id


def booked(session: Session, code: str, party_id: Id | None = None) -> Decimal:
    """Debits less credits of an account, or of one person on it."""
    query = select(func.sum(Posting.amount)).join(Account, Account.id == Posting.account_id).where(Account.code == code)
    if party_id is not None:
        query = query.where(Posting.party_id == party_id)
    return session.scalar(query) or ZERO
