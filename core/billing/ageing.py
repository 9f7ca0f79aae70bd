"""What customers owe by the age of the debt, as of any day: documents and settlements of later days do not count.

Open then = open now, plus what was settled after that day. So today's ageing reads the unpaid invoices alone, and a
past day adds the allocations since (reference money 4.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import CTE, ColumnElement, Date, Select, Subquery, case, cast, func, literal, null, select, union_all
from sqlalchemy.orm import Session, aliased

from core.billing.debt_models import WriteOff
from core.billing.invoice_models import OPEN_STATES, Invoice
from core.billing.payment_models import Allocation
from core.crm.models import Customer, SubZone
from core.ids import Id
from core.ledger.accounts import account_of
from core.ledger.models import JournalEntry, Posting
from core.money import ZERO

BUCKETS = ("current", "1-30", "31-60", "61-90", "over 90")
"""Days overdue = as-of day less due day; current is due that day or later."""
OF_INVOICE = ("invoice", "opening_invoice")


@dataclass(frozen=True)
class AgeingRow:
    """What is owed under one key, by bucket in the order of BUCKETS; `advance` stands beside, never netted."""

    key: Id | None
    buckets: Sequence[Decimal]
    invoices: int
    advance: Decimal

    @property
    def total(self) -> Decimal:
        """Over all buckets; ties to account 1100."""
        return sum(self.buckets, ZERO)

    @property
    def overdue(self) -> Decimal:
        """Over the buckets past the due date."""
        return sum(self.buckets[1:], ZERO)


@dataclass(frozen=True)
class AgedInvoice:
    """An invoice that was open on the day, with what was open of it then."""

    invoice_id: Id
    number: str
    customer_id: Id
    area_id: Id
    issued_on: date
    due_on: date
    balance: Decimal
    days: int

    @property
    def bucket(self) -> str:
        """One of BUCKETS."""
        return BUCKETS[0] if self.days <= 0 else BUCKETS[min(4, (self.days - 1) // 30 + 1)]


def receivable_ageing(session: Session, *, as_of: date, by: str = "") -> list[AgeingRow]:
    """Over all (`by` empty: at most one row), by `area` or by `customer`; the largest debt first.

    The area is that of the invoice, and of the customer for an advance.
    """
    then = open_invoices_then(as_of)
    nobody = cast(null(), Invoice.id.type)
    key = {"": nobody, "area": then.c.area_id, "customer": then.c.customer_id}[by]
    paid_by = {"": nobody, "area": SubZone.area_id, "customer": Posting.party_id}[by]
    query = select(key, *(_within(then, bucket) for bucket in range(len(BUCKETS))), func.count())
    aged = session.execute(query.select_from(then).group_by(*([key] if by else []))).all()
    advances = _advances(session, as_of, paid_by)
    rows = [AgeingRow(row[0], tuple(row[1:6]), row[6], advances.pop(row[0], ZERO)) for row in aged if row[6]]
    rows += [AgeingRow(key, (ZERO,) * len(BUCKETS), 0, advance) for key, advance in advances.items()]
    return sorted(rows, key=lambda row: row.total, reverse=True)


def regrouped(rows: Iterable[AgeingRow], key_of: Mapping[Id, Id | None]) -> list[AgeingRow]:
    """Rows by customer, added up by another key, such as the agent who is after him; None for who has none."""
    grouped: dict[Id | None, AgeingRow] = {}
    for row in rows:
        key = key_of.get(row.key) if row.key else None
        known = grouped.get(key, AgeingRow(key, (ZERO,) * len(BUCKETS), 0, ZERO))
        buckets = tuple(left + right for left, right in zip(known.buckets, row.buckets, strict=True))
        grouped[key] = AgeingRow(key, buckets, known.invoices + row.invoices, known.advance + row.advance)
    return sorted(grouped.values(), key=lambda row: row.total, reverse=True)


def aged_invoices(
    session: Session, *, as_of: date, customer_id: Id | None = None, area_id: Id | None = None, limit: int = 1000
) -> list[AgedInvoice]:
    """The invoices behind a figure, the oldest due first."""
    then = open_invoices_then(as_of, customer_id)
    query = select(then).order_by(then.c.due_on, then.c.number).limit(limit)
    if area_id is not None:
        query = query.where(then.c.area_id == area_id)
    return [AgedInvoice(*row) for row in session.execute(query)]


def open_invoices_then(as_of: date, customer_id: Id | None = None) -> Subquery:
    """Invoices that were open at the end of the day, of all or one, in the order of AgedInvoice."""
    since = (
        select(Allocation.invoice_id, func.sum(Allocation.amount + Allocation.written_off).label("amount"))
        .where(Allocation.allocated_on > as_of, Allocation.invoice_id.is_not(None))
        .group_by(Allocation.invoice_id)
    )
    if customer_id is not None:
        since = since.where(Allocation.invoice_id.in_(select(Invoice.id).where(Invoice.customer_id == customer_id)))
    settled = since.cte("settled")
    then = union_all(_open_now(settled), _paid_since(settled, as_of), _given_up_since(settled, as_of)).cte("then")
    days = literal(as_of, Date) - then.c.due_on
    query = (
        select(then.c.id, then.c.number, then.c.customer_id,
               func.coalesce(then.c.area_id, SubZone.area_id).label("area_id"), then.c.issued_on, then.c.due_on,
               then.c.balance, days.label("days"))
        .join(Customer, Customer.id == then.c.customer_id)
        .join(SubZone, SubZone.id == Customer.sub_zone_id)
        .where(then.c.balance > 0, then.c.issued_on <= as_of)
    )  # fmt: skip
    return (query if customer_id is None else query.where(then.c.customer_id == customer_id)).subquery()


def _invoices(balance: ColumnElement[Decimal]) -> Select[*tuple[Any, ...]]:
    return select(Invoice.id, Invoice.number, Invoice.customer_id, Invoice.area_id, Invoice.issued_on, Invoice.due_on,
                  balance.label("balance"))  # fmt: skip


def _open_now(settled: CTE) -> Select[*tuple[Any, ...]]:
    return (
        _invoices(Invoice.balance + func.coalesce(settled.c.amount, 0))
        .outerjoin(settled, settled.c.invoice_id == Invoice.id)
        .where(Invoice.balance > 0, Invoice.state.in_(OPEN_STATES))
    )


def _paid_since(settled: CTE, as_of: date) -> Select[*tuple[Any, ...]]:
    """Without debts that were written off by then and recovered since."""
    written_off = _written_off().where(JournalEntry.posted_on <= as_of)
    return (
        _invoices(settled.c.amount)
        .join(settled, settled.c.invoice_id == Invoice.id)
        .where(Invoice.balance == 0, Invoice.state == "paid", ~written_off.exists())
    )


def _given_up_since(settled: CTE, as_of: date) -> Select[*tuple[Any, ...]]:
    """What is void or written off now, and was not yet; a void invoice owed its whole total before.

    But for a deposit brought into these books, which was never owed.
    """
    booked, reversal = aliased(JournalEntry), aliased(JournalEntry)
    voided = (
        select(booked.id)
        .join(reversal, reversal.reverses_id == booked.id)
        .where(booked.kind.in_(OF_INVOICE), booked.source_id == Invoice.id, reversal.posted_on > as_of)
    )
    written_off = _written_off().where(JournalEntry.posted_on > as_of)
    deposit_brought_in = (Invoice.reason == "opening") & (Invoice.kind == "equipment")
    owed = case((deposit_brought_in, 0), (Invoice.state == "void", Invoice.total), else_=Invoice.balance)
    return (
        _invoices(owed + func.coalesce(settled.c.amount, 0))
        .outerjoin(settled, settled.c.invoice_id == Invoice.id)
        .where(Invoice.state.in_(("void", "written_off")), Invoice.issued_on <= as_of,
               ((Invoice.state == "void") & voided.exists()) | ((Invoice.state != "void") & written_off.exists()))
    )  # fmt: skip


def _written_off() -> Select[Id]:
    """The entry that gave up the debt of the invoice."""
    return (
        select(JournalEntry.id)
        .join(WriteOff, WriteOff.id == JournalEntry.source_id)
        .where(JournalEntry.kind == "write_off", WriteOff.invoice_id == Invoice.id)
        .correlate(Invoice)
    )


def _within(then: Subquery, bucket: int) -> ColumnElement[Decimal]:
    days = then.c.days
    bounds = (days <= 0, days.between(1, 30), days.between(31, 60), days.between(61, 90), days > 90)
    return func.coalesce(func.sum(then.c.balance).filter(bounds[bucket]), ZERO)


def _advances(session: Session, as_of: date, key: Any) -> dict[Id | None, Decimal]:
    """Account 2200 by customer, added up by the key."""
    query = (
        select(key, -func.sum(Posting.amount))
        .select_from(Posting)
        .outerjoin(Customer, Customer.id == Posting.party_id)
        .outerjoin(SubZone, SubZone.id == Customer.sub_zone_id)
        .where(Posting.account_id == account_of(session, "2200").id, Posting.posted_on <= as_of)
        .group_by(key)
        .having(func.sum(Posting.amount) != 0)
    )
    return {row[0]: row[1] for row in session.execute(query)}
