"""An invoice that should not exist: voided, its entry reversed, its period and charges free for another."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.billing.credit_notes import DEPOSITS, locked_invoice
from core.billing.debt_models import LateFee
from core.billing.deferrals import void_deferrals
from core.billing.invoice_models import OPEN_STATES, CreditNote, Invoice
from core.billing.payment_models import Allocation
from core.billing.subscription_models import PendingCharge, Subscription
from core.errors import DomainError
from core.ids import Id
from core.ledger.journal import reverse_entry
from core.ledger.models import JournalEntry
from core.money import ZERO

VOIDABLE_REASONS = ("period", "one_off", "opening")
REPORTED_STATES = ("pending", "accepted")


class NotVoidable(DomainError):
    """Something hangs on the invoice already: it is corrected with a credit note."""


def void_invoice(session: Session, *, invoice_id: Id, reason: str, day: date, actor: str, origin: str = "") -> Invoice:
    """Make an issued invoice void and post its reversal on `day`; its number stays used.

    Its period can be billed again by the run, and the one-off charges it took wait for another invoice. Only if
    nothing was paid, credited or reported, and nothing later is billed (reference money 1.1). Raises NotFound,
    NotVoidable.
    """
    subscription = _locked_subscription(session, invoice_id)
    invoice = locked_invoice(session, invoice_id)
    _refuse(session, invoice, reason)
    entry = session.scalar(
        select(JournalEntry.id).where(
            JournalEntry.source_id == invoice.id, JournalEntry.kind.in_(("invoice", "opening_invoice"))
        )
    )
    void_deferrals(session, invoice=invoice, day=day, actor=actor, origin=origin)
    if entry is not None:
        reverse_entry(session, entry_id=entry, posted_on=day, actor=actor, origin=origin, memo=reason)
    invoice.state, invoice.balance = "void", ZERO
    if subscription is not None and invoice.reason == "period":
        _free_period(subscription, invoice)
    freed = update(PendingCharge).where(PendingCharge.invoice_id == invoice.id).values(invoice_id=None)
    session.execute(freed)
    session.flush()
    return invoice


def _refuse(session: Session, invoice: Invoice, reason: str) -> None:
    paid = select(func.coalesce(func.sum(Allocation.amount), ZERO)).where(Allocation.invoice_id == invoice.id)
    credited = select(CreditNote.id).where(CreditNote.invoice_id == invoice.id).limit(1)
    fee = select(LateFee.id).where(LateFee.invoice_id == invoice.id, LateFee.waived_at.is_(None)).limit(1)
    obstacles = (
        (not reason.strip(), "a reason is needed"),
        (invoice.state not in (*OPEN_STATES, "paid" if _is_opened_deposit(invoice) else ""), f"it is {invoice.state}"),
        (invoice.reason not in VOIDABLE_REASONS, f"it belongs to a {invoice.reason}"),
        (session.scalar(paid) != ZERO, "a part of it is paid"),
        (session.scalar(credited) is not None, "a part of it is credited"),
        (session.scalar(fee) is not None, "a late fee was charged for it: waive that first"),
        (invoice.fiscal_state in REPORTED_STATES, "it is reported to the tax authority"),
        (_billed_further(session, invoice), "a later period is billed: start with the last"),
    )
    for stands, words in obstacles:
        if stands:
            raise NotVoidable(f"{invoice.number or 'A draft'} cannot be voided, {words}; write a credit note instead")


def _is_opened_deposit(invoice: Invoice) -> bool:
    """A deposit brought into these books counts as paid from its first day, without a payment."""
    return invoice.reason == "opening" and any(line.account_code == DEPOSITS for line in invoice.lines)


def _billed_further(session: Session, invoice: Invoice) -> bool:
    if invoice.reason != "period":
        return False
    later = select(Invoice.id).where(
        Invoice.subscription_id == invoice.subscription_id, Invoice.state.not_in(("void", "draft")),
        Invoice.reason.in_(("period", "change")), Invoice.period_start > invoice.period_start,
    ).limit(1)  # fmt: skip
    return session.scalar(later) is not None


def _locked_subscription(session: Session, invoice_id: Id) -> Subscription | None:
    """Locked before the customer, as the run does."""
    of_invoice = select(Invoice.subscription_id).where(Invoice.id == invoice_id).scalar_subquery()
    return session.scalar(
        select(Subscription)
        .where(Subscription.id == of_invoice)
        .with_for_update(of=Subscription)
        .execution_options(populate_existing=True)
    )


def _free_period(subscription: Subscription, invoice: Invoice) -> None:
    """The run bills it next; in advance a period is billed on its first day."""
    assert invoice.period_start is not None
    first = invoice.period_start <= subscription.started_on
    subscription.billed_until = None if first else invoice.period_start
    subscription.next_bill_on = invoice.period_start
