"""What a customer owes, taken apart: every line of every open bill, what was paid of it when, how it adds up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Row, func, or_, select
from sqlalchemy.orm import Session, aliased

from core.billing.debt_models import LateFee
from core.billing.invoice_models import OPEN_STATES, CreditNote, Invoice, InvoiceLine
from core.billing.payment_models import Allocation, Payment
from core.billing.plan_models import Plan
from core.billing.subscription_models import SubscriptionLine
from core.ids import Id
from core.money import ZERO, rounded

CLASSES = ("installation", "equipment", "deposit", "fee", "tv")


@dataclass(frozen=True)
class Part:
    """One line of a bill.

    `kind` is plan, addon, site, usage, late_fee, installation, equipment, deposit, fee, tv, opening, other, tax or
    rounding.
    """

    kind: str
    name: str
    """The plan's or the tax's own name; for everything else what is printed."""
    amount: Decimal
    whole: Decimal
    """The amount before it was shared by days and before discount."""
    discount: Decimal
    first: date | None
    last: date | None
    """The last day that is charged."""
    days: int | None
    """Set where only a part of the period is charged."""
    percent: Decimal | None
    """Of a tax, or of the base."""
    about: str
    """The bill that a late fee was charged for."""


@dataclass(frozen=True)
class Settled:
    """What was taken off a bill: `kind` is payment, advance, credit or rest (a small rest that was forgiven)."""

    kind: str
    day: date
    amount: Decimal
    number: str
    """The receipt or the credit note."""
    reason: str
    """Of a credit note."""


@dataclass(frozen=True)
class ExplainedInvoice:
    """One bill: its parts add up to `total`, and `total` less what was settled is `balance`."""

    id: Id
    number: str
    reason: str
    issued_on: date
    due_on: date
    total: Decimal
    balance: Decimal
    parts: Sequence[Part]
    settled: Sequence[Settled]


@dataclass(frozen=True)
class Change:
    """What one kind of charge came to in the last period bill and in this one."""

    kind: str
    name: str
    before: Decimal
    now: Decimal


@dataclass(frozen=True)
class Comparison:
    """The newest period bill beside the one before it; only what differs."""

    number: str
    total: Decimal
    earlier_number: str
    earlier_total: Decimal
    changes: Sequence[Change]


def explain_invoices(session: Session, *, customer_id: Id, limit: int = 12) -> list[ExplainedInvoice]:
    """The bills with something left to pay, the oldest due first; where none is, the newest bill alone."""
    mine = select(Invoice).where(Invoice.customer_id == customer_id)
    unpaid = mine.where(Invoice.balance > 0, Invoice.state.in_(OPEN_STATES)).order_by(Invoice.due_on, Invoice.number)
    found = session.scalars(unpaid.limit(limit)).all()
    if not found:
        issued = mine.where(Invoice.state.not_in(("draft", "void")))
        found = session.scalars(issued.order_by(Invoice.issued_on.desc(), Invoice.number.desc()).limit(1)).all()
    return _explained(session, found)


def explain_invoice(session: Session, *, customer_id: Id, number: str) -> ExplainedInvoice | None:
    """One bill of the customer, or None where he has none of that number."""
    found = session.scalars(
        select(Invoice).where(
            Invoice.customer_id == customer_id, Invoice.number == number, Invoice.state.not_in(("draft", "void"))
        )
    ).all()
    explained = _explained(session, found)
    return explained[0] if explained else None


def compare_with_last(session: Session, *, customer_id: Id) -> Comparison | None:
    """Why the newest period bill differs from the one before; None without two bills, or where they are alike."""
    period = select(Invoice).where(
        Invoice.customer_id == customer_id, Invoice.reason == "period", Invoice.state.not_in(("draft", "void"))
    )
    newest = session.scalars(period.order_by(Invoice.period_start.desc(), Invoice.number.desc()).limit(1)).first()
    if newest is None:
        return None
    earlier = session.scalars(
        period.where(
            Invoice.subscription_id == newest.subscription_id, Invoice.period_start < newest.period_start
        ).order_by(Invoice.period_start.desc()).limit(1)
    ).first()  # fmt: skip
    if earlier is None or earlier.total == newest.total:
        return None
    now, before = _explained(session, [newest])[0], _explained(session, [earlier])[0]
    here, there = _by_kind(now.parts), _by_kind(before.parts)
    changes = [
        Change(kind, name, there.get((kind, name), ZERO), here.get((kind, name), ZERO))
        for kind, name in dict.fromkeys([*here, *there])
    ]
    differing = [change for change in changes if change.now != change.before]
    return Comparison(now.number, now.total, before.number, before.total, differing)


def parts_of_amount(explained: Iterable[ExplainedInvoice], amount: Decimal) -> list[tuple[ExplainedInvoice, Part]]:
    """The lines that come to an amount as a person says it: to the paisa, or rounded to rupees; late fees first."""
    found = [
        (invoice, part) for invoice in explained for part in invoice.parts
        if amount in _ways(part.amount) or (part.discount and amount in _ways(part.discount))
    ]  # fmt: skip
    return sorted(found, key=lambda pair: pair[1].kind != "late_fee")


def invoices_of_amount(explained: Iterable[ExplainedInvoice], amount: Decimal) -> list[ExplainedInvoice]:
    """The bills whose total or rest is that amount."""
    return [invoice for invoice in explained if amount in _ways(invoice.total) | _ways(invoice.balance)]


def _ways(value: Decimal) -> set[Decimal]:
    """How a person may say an amount."""
    return {value, rounded(value), value.quantize(Decimal(1)), Decimal(int(value))}


def _by_kind(parts: Sequence[Part]) -> dict[tuple[str, str], Decimal]:
    sums: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for part in parts:
        sums[part.kind, part.name] += part.amount
    return dict(sums)


def _explained(session: Session, invoices: Sequence[Invoice]) -> list[ExplainedInvoice]:
    ids = [invoice.id for invoice in invoices]
    if not ids:
        return []
    lines = _lines(session, ids)
    about = _fees_about(session, ids)
    settled = _settled(session, ids)
    return [
        ExplainedInvoice(
            invoice.id, invoice.number or "", invoice.reason, invoice.issued_on or date.min,
            invoice.due_on or date.min, invoice.total, invoice.balance,
            [_part(row, about.get(invoice.id, ""), invoice.reason) for row in lines[invoice.id]], settled[invoice.id],
        )
        for invoice in invoices
    ]  # fmt: skip


def _lines(session: Session, ids: Sequence[Id]) -> Mapping[Id, list[Row[InvoiceLine, str, str, str]]]:
    rows = session.execute(
        select(InvoiceLine, SubscriptionLine.role, Plan.name, Plan.kind)
        .outerjoin(SubscriptionLine, SubscriptionLine.id == InvoiceLine.subscription_line_id)
        .outerjoin(Plan, Plan.id == InvoiceLine.plan_id)
        .where(InvoiceLine.invoice_id.in_(ids))
        .order_by(InvoiceLine.position)
    )
    found: dict[Id, list[Row[InvoiceLine, str, str, str]]] = defaultdict(list)
    for row in rows:
        found[row[0].invoice_id].append(row)
    return found


def _part(row: Row[InvoiceLine, str, str, str], about: str, reason: str) -> Part:
    line, role, plan, plan_kind = row
    whole = rounded(line.unit_price * line.quantity)
    last = date.fromordinal(line.period_end.toordinal() - 1) if line.period_end else None
    prorated = line.period_start is not None and role is not None and line.amount + line.discount != whole
    return Part(
        kind="opening" if reason == "opening" else _kind(line, role, plan_kind, about), name=plan or line.description,
        amount=line.amount, whole=whole, discount=line.discount, first=line.period_start, last=last,
        days=(line.period_end - line.period_start).days if prorated and line.period_end and line.period_start else None,
        percent=line.tax_percent, about=about,
    )  # fmt: skip


def _kind(line: InvoiceLine, role: str | None, plan_kind: str | None, about: str) -> str:
    if line.kind != "charge":
        return line.kind
    if plan_kind == "metered" and " usage, " in line.description:
        return "usage"
    if role is not None:
        return {"main": "plan"}.get(role, role)
    if about:
        return "late_fee"
    return line.service_class if line.service_class in CLASSES else "other"


def _fees_about(session: Session, ids: Sequence[Id]) -> dict[Id, str]:
    """Late-fee bill → the bill that it was charged for."""
    late = aliased(Invoice)
    rows = session.execute(
        select(LateFee.fee_invoice_id, late.number)
        .join(late, late.id == LateFee.invoice_id)
        .where(LateFee.fee_invoice_id.in_(ids))
    )
    return {fee_invoice: number or "" for fee_invoice, number in rows}


def _settled(session: Session, ids: Sequence[Id]) -> Mapping[Id, list[Settled]]:
    """What is left of each source's allocations after those that were taken back."""
    rows = session.execute(
        select(
            Allocation.invoice_id, Payment.number, CreditNote.number, func.max(CreditNote.reason),
            func.min(Allocation.allocated_on), func.sum(Allocation.amount), func.sum(Allocation.written_off),
            func.bool_and(Allocation.from_advance),
        )
        .outerjoin(Payment, Payment.id == Allocation.payment_id)
        .outerjoin(CreditNote, CreditNote.id == Allocation.credit_note_id)
        .where(Allocation.invoice_id.in_(ids))
        .group_by(Allocation.invoice_id, Payment.number, CreditNote.number)
        .having(or_(func.sum(Allocation.amount) != 0, func.sum(Allocation.written_off) != 0))
        .order_by(func.min(Allocation.allocated_on))
    )  # fmt: skip
    found: dict[Id, list[Settled]] = defaultdict(list)
    for invoice_id, payment, note, reason, day, amount, forgiven, from_advance in rows:
        kind = "credit" if note else "advance" if from_advance else "payment"
        if amount:
            found[invoice_id].append(Settled(kind, day, amount, note or payment or "", reason or ""))
        if forgiven:
            found[invoice_id].append(Settled("rest", day, forgiven, payment or "", ""))
    return found
