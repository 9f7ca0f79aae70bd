"""Debts given up: asked for with a reason, approved by a second person above the limit, never hidden (money 3).

The invoice leaves the receivable (6820 to 1100, and 2220 to 1100 for months that were not earned) but keeps its balance
as the debt. A later payment of it is bad debt recovered: `allocation` lets written-off invoices be paid after the open
ones, and `payments` credits 6820.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.credit_notes import locked_invoice
from core.billing.debt_models import WriteOff
from core.billing.deferrals import DEFERRED, take_unpaid
from core.billing.invoice_models import OPEN_STATES, Invoice
from core.billing.plan_models import BillingPolicy
from core.clock import business_day
from core.companies import current_company
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry


class NotWritable(DomainError):
    """The invoice has no debt that could be given up."""


class ReasonMissing(DomainError):
    """A debt is not given up without a reason."""


class WriteOffWaits(DomainError):
    """A write-off of the invoice waits for approval already."""


class WriteOffDecided(DomainError):
    """The write-off is booked or refused already."""


class SecondPersonNeeded(DomainError):
    """Who asks cannot approve."""


def write_off_invoice(
    session: Session, *, invoice_id: Id, reason: str, asked_by: str, now: datetime, origin: str = ""
) -> WriteOff:
    """Give up what is unpaid of an invoice: booked at once up to the policy's limit, else it waits for a second person.

    The company's day of `now` is the accounting day. Raises NotFound, NotWritable, ReasonMissing, WriteOffWaits.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise ReasonMissing("Say why the debt is given up")
    invoice = locked_invoice(session, invoice_id)
    _refuse(invoice)
    waiting = select(WriteOff.asked_by).where(WriteOff.invoice_id == invoice_id, WriteOff.state == "asked")
    first = session.scalar(waiting)
    if first is not None:
        raise WriteOffWaits(f"{first} has asked for it already: approve or refuse that")
    write_off = WriteOff(
        id=new_id(), invoice_id=invoice.id, customer_id=invoice.customer_id, amount=invoice.balance, reason=reason,
        state="asked", asked_by=asked_by,
    )  # fmt: skip
    session.add(write_off)
    session.flush()
    if invoice.balance <= session.scalars(select(BillingPolicy.write_off_limit)).one():
        _book(session, write_off, invoice, asked_by, now, origin)
    return write_off


def approve_write_off(
    session: Session, *, write_off_id: Id, approved_by: str, now: datetime, origin: str = ""
) -> WriteOff:
    """Book a write-off that waited, for what is unpaid by now.

    Raises NotFound, WriteOffDecided, SecondPersonNeeded, NotWritable.
    """
    write_off = _waiting(session, write_off_id)
    if approved_by == write_off.asked_by:
        raise SecondPersonNeeded("Who asked for a write-off cannot approve it: ask another person")
    invoice = locked_invoice(session, write_off.invoice_id)
    _refuse(invoice)
    write_off.approved_by = approved_by
    _book(session, write_off, invoice, approved_by, now, origin)
    return write_off


def refuse_write_off(session: Session, *, write_off_id: Id, refused_by: str, note: str, now: datetime) -> WriteOff:
    """The debt is not given up. Who asked may take it back like this. Raises NotFound, WriteOffDecided."""
    write_off = _waiting(session, write_off_id)
    write_off.state, write_off.note, write_off.decided_at = "refused", note, now
    write_off.approved_by = None if refused_by == write_off.asked_by else refused_by
    session.flush()
    return write_off


def write_offs_waiting(session: Session) -> list[WriteOff]:
    """What waits for a second person, the oldest first."""
    return list(session.scalars(select(WriteOff).where(WriteOff.state == "asked").order_by(WriteOff.id)))


def written_off_debt(session: Session, *, customer_id: Id) -> list[Invoice]:
    """The invoices whose debt was given up and is still not paid, the oldest first."""
    debts = select(Invoice).where(
        Invoice.customer_id == customer_id, Invoice.state == "written_off", Invoice.balance > 0
    )
    return list(session.scalars(debts.order_by(Invoice.due_on, Invoice.id)))


def _waiting(session: Session, write_off_id: Id) -> WriteOff:
    write_off = session.get(WriteOff, write_off_id)
    if write_off is None:
        raise NotFound("There is no such write-off")
    locked_invoice(session, write_off.invoice_id)
    session.refresh(write_off, with_for_update=True)
    if write_off.state != "asked":
        raise WriteOffDecided(f"The write-off of {write_off.amount} is {write_off.state} already")
    return write_off


def _refuse(invoice: Invoice) -> None:
    if invoice.state not in OPEN_STATES or not invoice.balance:
        raise NotWritable(
            f"{invoice.number or 'A draft'} is {invoice.state} with {invoice.balance} unpaid: nothing to give up"
        )


def _book(session: Session, write_off: WriteOff, invoice: Invoice, actor: str, now: datetime, origin: str) -> None:
    customer_area = invoice.area_id
    write_off.amount, write_off.state, write_off.decided_at = invoice.balance, "booked", now
    invoice.state = "written_off"
    session.flush()
    day = business_day(now, current_company(session).timezone)
    unearned = take_unpaid(session, invoice=invoice, source_id=write_off.id, day=day)
    post_entry(
        session, kind="write_off", source_id=write_off.id, actor=actor, origin=origin, memo=write_off.reason,
        posted_on=day,
        lines=[
            Line("6820", write_off.amount - unearned, area_id=customer_area),
            Line(DEFERRED, unearned),
            Line("1100", -write_off.amount, invoice.customer_id),
        ],
    )  # fmt: skip
