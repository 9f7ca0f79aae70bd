"""A manager's question "how is today": collected, owed, overdue, open complaints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.invoice_models import Invoice
from core.billing.payment_models import Payment
from core.money import ZERO
from core.recovery.case_models import Promise
from core.service_desk.models import OPEN_STATES, Ticket
from core.staff.balances import CASH_IN_HAND, balances_of


@dataclass(frozen=True)
class FiguresOfDay:
    """Amounts in the company's currency."""

    collected: Decimal
    owed: Decimal
    overdue: Decimal
    overdue_customers: int
    open_tickets: int
    by_method: Mapping[str, Decimal]
    """What was collected, by how it was paid, the most first."""
    promises: int
    promised: Decimal
    """What is still to come of the promises whose day is today."""
    cash_in_hand: Decimal
    """Held by agents, not handed over."""


def figures_of_day(session: Session, *, today: date) -> FiguresOfDay:
    """The figures as they stand on `today`, a day of the company's calendar."""
    total = func.sum(Payment.amount)
    received = session.execute(
        select(Payment.method, total).where(Payment.received_on == today, Payment.state == "received")
        .group_by(Payment.method).order_by(total.desc(), Payment.method)
    )  # fmt: skip
    by_method = {row[0]: row[1] for row in received}
    promises, promised = session.execute(
        select(func.count(), func.sum(Promise.amount - Promise.received))
        .where(Promise.state == "open", Promise.due_on == today)
    ).one()  # fmt: skip
    late = Invoice.due_on < today
    owed, overdue, late_customers = session.execute(
        select(
            func.sum(Invoice.balance),
            func.sum(Invoice.balance).filter(late),
            func.count(Invoice.customer_id.distinct()).filter(late),
        ).where(Invoice.balance > 0, Invoice.state.in_(("issued", "part_paid")))
    ).one()
    tickets = session.scalar(select(func.count()).select_from(Ticket).where(Ticket.state.in_(OPEN_STATES)))
    return FiguresOfDay(
        collected=sum(by_method.values(), ZERO), owed=owed or ZERO, overdue=overdue or ZERO,
        overdue_customers=late_customers, open_tickets=tickets or 0, by_method=by_method, promises=promises,
        promised=promised or ZERO, cash_in_hand=sum(balances_of(session, CASH_IN_HAND, as_of=today).values(), ZERO),
    )  # fmt: skip
