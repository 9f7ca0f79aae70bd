"""Which invoices money settles, and the rows that say so (reference money 3).

Whoever moves a customer's money locks the customer first, then his invoices by id, then what pays them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import inspect, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.billing.invoice_models import OPEN_STATES, CreditNote, Invoice
from core.billing.payment_models import Allocation, Payment
from core.db import table_of
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.money import ZERO

PAYABLE_STATES = (*OPEN_STATES, "written_off")
ALLOCATIONS = table_of(Allocation)
INVOICES = table_of(Invoice)


class OverAllocated(DomainError):
    """More would be settled than the invoice owes, or than the money is."""


@dataclass(frozen=True)
class OpenInvoice:
    """An invoice that can still be paid, its row locked."""

    id: Id
    number: str
    reason: str
    state: str
    balance: Decimal
    due_on: date
    issued_on: date


@dataclass(frozen=True)
class Share:
    """What one invoice gets; `written_off` is the small rest that is forgiven with it."""

    invoice: OpenInvoice
    amount: Decimal
    written_off: Decimal = ZERO

    @property
    def recovers(self) -> bool:
        """Whether it pays a debt that was written off, so that 6820 is credited in place of 1100."""
        return self.invoice.state == "written_off"

    @property
    def balance_after(self) -> Decimal:
        return self.invoice.balance - self.amount - self.written_off

    @property
    def state_after(self) -> str:
        if self.balance_after == ZERO:
            return "paid"
        return "written_off" if self.recovers else "part_paid"


def lock_customers(session: Session, customer_ids: Collection[Id]) -> None:
    """Make this transaction the only one that moves these customers' money; call it before numbers are reserved.

    The rows are locked in the order of their ids, so that two batches never wait for each other. Raises NotFound.
    """
    locked = session.execute(
        text("SELECT id FROM customer WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE"),
        {"ids": list(set(customer_ids))},
    ).all()
    if len(locked) < len(set(customer_ids)):
        raise NotFound("There is no such customer in this company")


_OPEN = (
    select(*(INVOICES.c[name] for name in ("id", "number", "reason", "state", "balance", "due_on", "issued_on")))
    .where(INVOICES.c.balance > 0, INVOICES.c.state.in_(PAYABLE_STATES))
    .order_by(INVOICES.c.id)
    .with_for_update(key_share=True)
)


def open_invoices(session: Session, *, customer_id: Id) -> list[OpenInvoice]:
    """What the customer can still pay, written-off debts included; the rows are locked in the order of their ids."""
    return [OpenInvoice(*row) for row in session.execute(_OPEN.where(INVOICES.c.customer_id == customer_id))]


def open_invoice(session: Session, *, invoice_id: Id) -> OpenInvoice | None:
    """One invoice as it stands now, its row locked; None where nothing can be paid on it."""
    session.flush()
    row = session.execute(_OPEN.where(INVOICES.c.id == invoice_id)).one_or_none()
    return OpenInvoice(*row) if row else None


def in_order(
    invoices: Iterable[OpenInvoice], *, fees_settle: str = "by_date", named: Collection[Id] = ()
) -> list[OpenInvoice]:
    """Named invoices, then the oldest due, issue date and number; written-off debts come last.

    `fees_settle` (by_date, first, last) says where late fees stand among them.
    """
    rank_of_fee = {"first": -1, "last": 1}.get(fees_settle, 0)
    return sorted(
        invoices,
        key=lambda invoice: (
            invoice.id not in named,
            invoice.state == "written_off",
            rank_of_fee if invoice.reason == "late_fee" else 0,
            invoice.due_on,
            invoice.issued_on,
            by_number(invoice.number),
        ),
    )


def by_number(number: str) -> list[tuple[int, str]]:
    """A sort key that compares the figures in a printed number as numbers: INV-2026-27-1000000 after -999999."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.findall(r"\d+|\D+", number)]


def shares_of(amount: Decimal, invoices: Iterable[OpenInvoice], *, small_difference: Decimal = ZERO) -> list[Share]:
    """Spend `amount` on the invoices in their order; a rest of at most `small_difference` is forgiven."""
    shares = []
    for invoice in invoices:
        if amount <= ZERO:
            break
        part = min(amount, invoice.balance)
        rest = invoice.balance - part
        forgiven = rest if rest <= small_difference and invoice.state in OPEN_STATES else ZERO
        shares.append(Share(invoice, part, forgiven))
        amount -= part
    return shares


_SETTLE = text(
    "UPDATE invoice SET balance = s.balance, state = s.state"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:balances AS numeric[]), CAST(:states AS text[])) s(id, balance, state)"
    " WHERE invoice.id = s.id"
)


def settle_invoices(session: Session, shares: Sequence[Share]) -> None:
    """Lower the balances of locked invoices by what each got."""
    move_invoices(session, [(share.invoice.id, share.balance_after, share.state_after) for share in shares])


def move_invoices(session: Session, moved: Sequence[tuple[Id, Decimal, str]]) -> None:
    """Write (invoice id, balance, state) of locked invoices; copies in the session read the new values."""
    if not moved:
        return
    ids, balances, states = (list(column) for column in zip(*moved, strict=True))
    session.execute(_SETTLE, {"ids": ids, "balances": balances, "states": states})
    forget_balances(session, ids)


def forget_balances(session: Session, invoice_ids: Collection[Id]) -> None:
    """Copies of these invoices in the session read their balance anew."""
    for invoice_id in invoice_ids:
        copy = session.identity_map.get(inspect(Invoice).identity_key_from_primary_key((invoice_id,)))
        if copy is not None:
            session.expire(copy, ("balance", "state"))


def write_shares(
    session: Session, shares: Sequence[Share], *, day: date, from_advance: bool = False, payment_id: Id | None = None,
    credit_note_id: Id | None = None,
) -> list[Id]:  # fmt: skip
    """One allocation a share, from one payment or credit note, and the invoices' new balances; posts nothing.

    The caller lowers what is left of the source. Returns the allocations' ids in the order of the shares.
    """
    rows: list[dict[str, Any]] = [
        {"id": new_id(), "payment_id": payment_id, "credit_note_id": credit_note_id, "invoice_id": share.invoice.id,
         "amount": share.amount, "written_off": share.written_off, "recovers": share.recovers,
         "allocated_on": day, "from_advance": from_advance}
        for share in shares
    ]  # fmt: skip
    if rows:
        session.execute(insert(ALLOCATIONS), rows)
    settle_invoices(session, shares)
    return [row["id"] for row in rows]


def allocate(
    session: Session, source: Payment | CreditNote, invoice: Invoice, day: date, *, amount: Decimal | None = None,
    from_advance: bool = False,
) -> Id:  # fmt: skip
    """Let a payment or credit note settle what it can of an invoice, at most `amount`; posts nothing.

    The caller holds the customer's lock and posts the entry. Raises OverAllocated where nothing can be settled.
    """
    invoice_now = open_invoice(session, invoice_id=invoice.id)
    session.refresh(source, ("unallocated",))
    if invoice_now is None or source.unallocated <= ZERO:
        raise OverAllocated(f"Nothing of {source.number} can settle {invoice.number}: look at both again")
    part = min(source.unallocated, invoice_now.balance, *([] if amount is None else [amount]))
    source.unallocated -= part
    session.flush()
    kind = "payment_id" if isinstance(source, Payment) else "credit_note_id"
    return write_shares(session, [Share(invoice_now, part)], day=day, from_advance=from_advance, **{kind: source.id})[0]
