"""Customers' deposits: given back as credit of the deposit that was invoiced, less what is kept for lost equipment."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.advance import use_advance
from core.billing.allocation import lock_customers
from core.billing.charges import add_charge
from core.billing.credit_notes import CREDITABLE_STATES, DEPOSITS, credit_invoice
from core.billing.invoice_models import CreditNote, CreditNoteLine, Invoice, InvoiceLine
from core.billing.invoices import issue_charges
from core.errors import DomainError
from core.ids import Id, new_id
from core.money import ZERO, parse_amount


class DepositTooSmall(DomainError):
    """More would be kept than the deposit is."""


@dataclass(frozen=True)
class DepositReturn:
    """A deposit given back: the notes that made it an advance, and the invoice of what was kept."""

    credits: tuple[CreditNote, ...]
    kept: Invoice | None


def deposit_held(session: Session, *, customer_id: Id) -> Decimal:
    """The deposits that were invoiced to the customer and not given back, also those he has not paid."""
    return sum((amount for _, _, amount in _held(session, customer_id)), ZERO)


def return_deposit(
    session: Session, *, customer_id: Id, day: date, actor: str, kept: Decimal = ZERO, kept_for: str = "",
    origin: str = "",
) -> DepositReturn:  # fmt: skip
    """Release every deposit of the customer (2210), keep a part as other income (4090), set the rest off.

    A deposit that was never paid only cancels its own invoice. What is left after all open invoices is the customer's
    advance, to be refunded on request. Raises DepositTooSmall, AmountInvalid.
    """
    lock_customers(session, [customer_id])
    held = _held(session, customer_id)
    deposit = sum((amount for _, _, amount in held), ZERO)
    if not ZERO <= parse_amount(kept) <= deposit:
        raise DepositTooSmall(f"{kept} cannot be kept of a deposit of {deposit}")
    by_invoice: dict[Id, dict[Id, Decimal]] = defaultdict(dict)
    for invoice_id, line_id, amount in held:
        by_invoice[invoice_id][line_id] = amount
    credits = tuple(
        credit_invoice(
            session, invoice_id=invoice_id, reason="Deposit returned", issued_on=day, made_by=actor, origin=origin,
            idempotency_key=f"deposit:{new_id()}", amounts=amounts, keep_as_advance=True,
        )
        for invoice_id, amounts in by_invoice.items()
    )  # fmt: skip
    invoice = _keep(session, customer_id, kept, kept_for, day, actor, origin) if kept else None
    use_advance(session, customer_id=customer_id, day=day, actor=actor, origin=origin)
    return DepositReturn(credits, invoice)


def _held(session: Session, customer_id: Id) -> list[tuple[Id, Id, Decimal]]:
    """(invoice, line, what is left of it) of each deposit, the oldest first."""
    taken = (
        select(func.coalesce(func.sum(CreditNoteLine.amount), ZERO))
        .where(CreditNoteLine.invoice_line_id == InvoiceLine.id)
        .scalar_subquery()
    )
    left = InvoiceLine.amount - taken
    rows = session.execute(
        select(Invoice.id, InvoiceLine.id, left)
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .where(
            Invoice.customer_id == customer_id, Invoice.state.in_(CREDITABLE_STATES), left > 0,
            InvoiceLine.kind == "charge", InvoiceLine.account_code == DEPOSITS,
        )
        .order_by(Invoice.issued_on, Invoice.id, InvoiceLine.position)
    )  # fmt: skip
    return [(invoice_id, line_id, amount) for invoice_id, line_id, amount in rows]


def _keep(
    session: Session, customer_id: Id, kept: Decimal, kept_for: str, day: date, actor: str, origin: str
) -> Invoice:
    """Compensation bears no tax, so that the customer is left the deposit less exactly what is kept."""
    charge = add_charge(
        session, customer_id=customer_id, what="kept_deposit", amount=kept, bill_from=day, created_by=actor,
        idempotency_key=f"kept:{new_id()}", description=kept_for,
    )  # fmt: skip
    return issue_charges(
        session, customer_id=customer_id, issued_on=day, actor=actor, charge_ids=[charge.id], due_on=day, origin=origin
    )
