"""The panel's first page in figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from core.billing.invoice_models import Invoice
from core.billing.payment_models import Payment
from core.crm.models import Customer
from core.ledger.statements import trial_balance
from core.messaging.models import OutboundMessage
from core.money import ZERO
from core.service_desk.models import OPEN_STATES, Ticket
from core.usecases.figures_of_day import FiguresOfDay, figures_of_day


@dataclass(frozen=True)
class Dashboard:
    """Counts and amounts as they stand; `books_off_by` is zero when the books balance."""

    customers: Mapping[str, int]
    billed_this_month: Decimal
    collected_this_month: Decimal
    day: FiguresOfDay
    tickets: Mapping[str, int]
    outbox: Mapping[str, int]
    books_off_by: Decimal


def dashboard(session: Session, *, today: date) -> Dashboard:
    """The figures of the company on its day `today`."""
    first = today.replace(day=1)
    billed = select(func.sum(Invoice.total)).where(
        Invoice.issued_on >= first, Invoice.issued_on <= today, Invoice.state != "void"
    )
    collected = select(func.sum(Payment.amount)).where(
        Payment.received_on >= first, Payment.received_on <= today, Payment.state == "received"
    )
    rows = trial_balance(session, as_of=today)
    return Dashboard(
        customers=_counted(session, select(Customer.state, func.count()).group_by(Customer.state)),
        billed_this_month=session.scalar(billed) or ZERO,
        collected_this_month=session.scalar(collected) or ZERO,
        day=figures_of_day(session, today=today),
        tickets=_counted(
            session,
            select(Ticket.category, func.count()).where(Ticket.state.in_(OPEN_STATES)).group_by(Ticket.category),
        ),
        outbox=_counted(
            session,
            select(OutboundMessage.state, func.count())
            .where(OutboundMessage.kind != "read")
            .group_by(OutboundMessage.state),
        ),
        books_off_by=sum((row.debit - row.credit for row in rows), ZERO),
    )


def _counted(session: Session, query: Select[str, int]) -> dict[str, int]:
    return {row[0]: row[1] for row in session.execute(query)}
