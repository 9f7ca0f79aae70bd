"""A manager's question "how is today": collected, owed, overdue, open complaints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.invoice_models import Invoice
from core.billing.payment_models import Payment
from core.money import ZERO
from core.service_desk.models import OPEN_STATES, Ticket


@dataclass(frozen=True)
class FiguresOfDay:
    """Amounts in the company's currency."""

    collected: Decimal
    owed: Decimal
    overdue: Decimal
    overdue_customers: int
    open_tickets: int


def figures_of_day(session: Session, *, today: date) -> FiguresOfDay:
    """The figures as they stand on `today`, a day of the company's calendar."""
    collected = session.scalar(
        select(func.sum(Payment.amount)).where(Payment.received_on == today, Payment.state == "received")
    )
    late = Invoice.due_on < today
    owed, overdue, late_customers = session.execute(
        select(
            func.sum(Invoice.balance),
            func.sum(Invoice.balance).filter(late),
            func.count(Invoice.customer_id.distinct()).filter(late),
        ).where(Invoice.balance > 0, Invoice.state.in_(("issued", "part_paid")))
    ).one()
    tickets = session.scalar(select(func.count()).select_from(Ticket).where(Ticket.state.in_(OPEN_STATES)))
    return FiguresOfDay(collected or ZERO, owed or ZERO, overdue or ZERO, late_customers, tickets or 0)
