"""Fees for invoices that stay unpaid: once a round, up to a cap, not while the customer is held (money 5.2)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from core.billing.allocation import lock_customers
from core.billing.charges import add_charge
from core.billing.credit_notes import credit_invoice
from core.billing.debt_models import LateFee
from core.billing.invoice_models import OPEN_STATES, CreditNote, Invoice
from core.billing.invoices import issue_charges
from core.billing.plan_models import BillingPolicy
from core.billing.tariffs import read_tariffs
from core.billing.terms import Tariffs
from core.clock import business_day
from core.companies import current_company
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.money import ZERO, rounded

HUNDRED = Decimal(100)
WITHOUT_FEE = ("late_fee",)
"""A fee bears no fee."""


class FeeWaived(DomainError):
    """The fee was waived before."""


@dataclass(frozen=True)
class FeeProblem:
    """A fee that could not be invoiced, and why."""

    customer_id: Id
    number: str
    why: str


@dataclass(frozen=True)
class FeeBatch:
    """What one call charged, and what it could not; both empty once nothing is left."""

    charged: tuple[LateFee, ...] = ()
    problems: tuple[FeeProblem, ...] = ()


@dataclass(frozen=True)
class DueFee:
    """A fee that an overdue invoice has come to."""

    invoice_id: Id
    customer_id: Id
    number: str
    round: int
    amount: Decimal


def late_fees_due(session: Session, *, day: date, held: Collection[Id] = (), limit: int | None = None) -> list[DueFee]:
    """What the policy charges on `day`, the oldest debt first; customers in `held` are left out. Writes nothing.

    The first round is the day after the grace, each next one `late_fee_repeat_days` later. A round in which nobody
    asked, or the customer was held to its end, is not made up for. A percent is of what is unpaid on the day.
    """
    policy = session.scalars(select(BillingPolicy)).one()
    if policy.late_fee_kind == "none":
        return []
    charged = (
        select(
            LateFee.invoice_id, func.max(LateFee.round).label("round"),
            func.coalesce(func.sum(LateFee.amount).filter(LateFee.waived_at.is_(None)), ZERO).label("amount"),
        )
        .group_by(LateFee.invoice_id)
        .subquery()
    )  # fmt: skip
    overdue = (
        select(
            Invoice.id, Invoice.customer_id, Invoice.number, Invoice.balance, Invoice.due_on, charged.c.round,
            charged.c.amount,
        )
        .outerjoin(charged, charged.c.invoice_id == Invoice.id)
        .where(
            Invoice.balance > 0, Invoice.state.in_(OPEN_STATES), Invoice.reason.not_in(WITHOUT_FEE),
            Invoice.due_on < day - timedelta(days=policy.late_fee_grace_days), Invoice.customer_id.not_in(held),
        )
        .order_by(Invoice.due_on, Invoice.id)
    )  # fmt: skip
    due = []
    for invoice_id, customer_id, number, balance, due_on, last_round, so_far in session.execute(overdue):
        this_round = _round_on(policy, due_on, day)
        amount = _fee(policy, balance, so_far or ZERO)
        if this_round > (last_round or 0) and amount > ZERO:
            due.append(DueFee(invoice_id, customer_id, number, this_round, amount))
    return due if limit is None else due[:limit]


def charge_late_fees(
    session: Session, *, day: date, actor: str, held: Collection[Id] = (), limit: int | None = None, origin: str = ""
) -> FeeBatch:
    """Charge every fee that is due, each on an invoice of its own with reason `late_fee` (1100 to 4050 and its tax).

    Once an invoice and round, however often it is called. With a `limit` call again in a new transaction, holding who
    had a problem, until the batch is empty; a customer who cannot be invoiced holds nobody up. Locks the customers.
    """
    customers = {fee.customer_id for fee in late_fees_due(session, day=day, held=held, limit=limit)}
    if not customers:
        return FeeBatch()
    lock_customers(session, customers)
    tariffs = read_tariffs(session)
    charged, problems = [], []
    for fee in late_fees_due(session, day=day, held=held, limit=limit):
        if fee.customer_id not in customers:
            continue
        try:
            with session.begin_nested():
                charged.append(_charge(session, fee, tariffs, day, actor, origin))
        except DomainError as refusal:
            problems.append(FeeProblem(fee.customer_id, fee.number, str(refusal)))
    return FeeBatch(tuple(charged), tuple(problems))


def waive_late_fee(
    session: Session, *, late_fee_id: Id, reason: str, now: datetime, actor: str, origin: str = ""
) -> CreditNote:
    """Take a late fee back with a credit note on its invoice; if it was paid, the customer has an advance.

    The company's day of `now` is the accounting day. Raises NotFound, FeeWaived, NotCreditable.
    """
    fee = session.get(LateFee, late_fee_id, with_for_update=True)
    if fee is None:
        raise NotFound("There is no such late fee")
    if fee.waived_at is not None:
        raise FeeWaived(f"The fee of {fee.amount} of {fee.charged_on} was waived by {fee.waived_by}")
    note = credit_invoice(
        session, invoice_id=fee.fee_invoice_id, reason=f"Late fee waived: {reason}", made_by=actor, origin=origin,
        issued_on=business_day(now, current_company(session).timezone), idempotency_key=f"waive:{fee.id}",
    )  # fmt: skip
    fee.waived_by, fee.waived_at = actor, now
    session.flush()
    return note


def late_fees_of(session: Session, *, customer_id: Id) -> list[LateFee]:
    """The customer's late fees, the newest first."""
    fees = select(LateFee).join(Invoice, and_(Invoice.id == LateFee.invoice_id, Invoice.customer_id == customer_id))
    return list(session.scalars(fees.order_by(LateFee.charged_on.desc(), LateFee.id.desc())))


def _round_on(policy: BillingPolicy, due_on: date, day: date) -> int:
    late = (day - due_on).days - policy.late_fee_grace_days - 1
    return 1 + late // policy.late_fee_repeat_days if policy.late_fee_repeat_days else 1


def _fee(policy: BillingPolicy, balance: Decimal, so_far: Decimal) -> Decimal:
    fee = policy.late_fee_amount
    if policy.late_fee_kind == "percent":
        fee = rounded(balance * policy.late_fee_percent / HUNDRED)
    return fee if policy.late_fee_cap is None else min(fee, policy.late_fee_cap - so_far)


def _charge(session: Session, due: DueFee, tariffs: Tariffs, day: date, actor: str, origin: str) -> LateFee:
    charge = add_charge(
        session, customer_id=due.customer_id, what="late_fee", amount=due.amount, bill_from=day, created_by=actor,
        idempotency_key=f"late_fee:{due.invoice_id}:{due.round}", description=f"Late fee for {due.number}",
    )  # fmt: skip
    invoice = issue_charges(
        session, customer_id=due.customer_id, issued_on=day, actor=actor, charge_ids=[charge.id], reason="late_fee",
        origin=origin, tariffs=tariffs,
    )  # fmt: skip
    fee = LateFee(
        id=new_id(), invoice_id=due.invoice_id, round=due.round, amount=due.amount, charged_on=day,
        fee_invoice_id=invoice.id, waived_by="",
    )  # fmt: skip
    session.add(fee)
    session.flush()
    return fee
