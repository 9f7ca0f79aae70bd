"""From a journal entry to the chat, the run or the panel's action that caused it, and to the document that it books."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.debt_models import WriteOff
from core.billing.invoice_models import CreditNote, Invoice, InvoiceRun
from core.billing.payment_models import Allocation, GatewayEvent, Payment, Refund
from core.billing.subscription_models import CardSettlement
from core.crm.models import Contact, Customer
from core.db import Base
from core.ids import Id
from core.inventory.models import Movement, Purchase
from core.inventory.wear_models import WearMonth
from core.ledger.book_models import ManualEntry
from core.ledger.reconciliation_models import BankLine
from core.ledger.sources import Source
from core.ledger.treasury_models import VendorCredit
from core.messaging.models import Conversation, InboundMessage
from core.network.outage_models import Outage
from core.recovery.case_models import Proposal

Place = Literal["", "chat", "invoice_run", "case", "outage", "bank_account", "invoice", "payment", "customer", "vendor",
                "item", "pieces", "report"]  # fmt: skip
Row = TypeVar("Row", bound=Base)

RUNS: Mapping[str, str] = {
    "billing_day": "The day's billing jobs", "expiry": "Prepaid time that ran out", "revenue": "Revenue of the month",
    "suspension": "The day's suspensions", "commissions": "The night's commissions",
    "cards": "Recharge cards that expired", "wear": "Wear of the month",
}  # fmt: skip
KNOWN: Mapping[str, str] = {
    "panel": "An action in the panel", "demo": "The demo's story", "import": "An import", "system": "Taar itself",
    "handback": "A chat given back to the assistant", "gateway": "A payment gateway", "run": "A run",
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One end of an entry's way: in words, and where it can be looked at.

    `key` is what the place goes by: the number of an invoice, payment or customer, else the row's id; empty where
    there is nothing to look at.
    """

    words: str
    place: Place = ""
    key: str = ""
    said: str = ""
    """The words of the chat message."""
    at: datetime | None = None


def cause_of(session: Session, origin: str) -> Step:
    """What an entry's origin (`message:<id>`, `run:<id>`, `panel:<action>`…) means; an unknown one as it is."""
    kind, _, key = origin.partition(":")
    finder = CAUSES.get(kind)
    found = finder(session, key) if finder else None
    return found or Step(KNOWN.get(kind) or kind or "Not known")


def document_of(session: Session, source: Source) -> Step | None:
    """The document that the entry books; None where its kind has none or it is gone."""
    finder = DOCUMENTS.get(source.document)
    return finder(session, source.source_id) if finder else None


def _row(session: Session, model: type[Row], key: str) -> Row | None:
    try:
        return session.get(model, UUID(key))
    except ValueError:
        return None


def _message(session: Session, key: str) -> Step | None:
    message = _row(session, InboundMessage, key)
    if message is None or message.contact_id is None:
        return None
    contact = session.get_one(Contact, message.contact_id)
    conversation = session.scalar(
        select(Conversation.id).where(
            Conversation.contact_id == contact.id, Conversation.business_number_id == message.business_number_id
        )
    )
    who = contact.name or contact.phone or "somebody"
    return Step(f"A chat message of {who}", "chat", str(conversation or ""), message.text, message.sent_at)


def _run(session: Session, key: str) -> Step | None:
    name, _, detail = key.partition(":")
    if name in RUNS:
        return Step(f"{RUNS[name]} {detail}".rstrip())
    if name == "outage":
        outage = _row(session, Outage, detail)
        return Step("The credit for an outage", "outage", str(outage.id)) if outage else None
    run = _row(session, InvoiceRun, key)
    return Step(f"The invoice run of {run.run_day}", "invoice_run", str(run.id), at=run.started_at) if run else None


def _proposal(session: Session, key: str) -> Step | None:
    proposal = _row(session, Proposal, key)
    if proposal is None:
        return None
    kind = proposal.kind.removesuffix("_proposal").replace("_", " ")
    return Step(f"The decision of a case: {kind}", "case", str(proposal.case_id), at=proposal.decided_at)


def _gateway(session: Session, key: str) -> Step | None:
    event = _row(session, GatewayEvent, key)
    if event is None:
        return None
    return Step(f"A notice of {event.gateway}: {event.transaction_id}", at=event.occurred_at)


def _bank(session: Session, key: str) -> Step | None:
    line = _row(session, BankLine, key)
    return Step(f"A line of the bank of {line.booked_on}", "bank_account", str(line.cash_account_id)) if line else None


CAUSES: Mapping[str, Callable[[Session, str], Step | None]] = {
    "message": _message, "run": _run, "proposal": _proposal, "gateway": _gateway, "bank": _bank,
}  # fmt: skip


def _invoice(session: Session, invoice_id: Id, words: str = "Invoice") -> Step | None:
    invoice = session.get(Invoice, invoice_id)
    if invoice is None or invoice.number is None:
        return None
    return Step(f"{words} {invoice.number}", "invoice", invoice.number)


def _credit_note(session: Session, note_id: Id) -> Step | None:
    note = session.get(CreditNote, note_id)
    return _invoice(session, note.invoice_id, f"Credit note {note.number} on invoice") if note else None


def _write_off(session: Session, write_off_id: Id) -> Step | None:
    write_off = session.get(WriteOff, write_off_id)
    return _invoice(session, write_off.invoice_id, "Write-off of invoice") if write_off else None


def _payment(session: Session, payment_id: Id) -> Step | None:
    payment = session.get(Payment, payment_id)
    return Step(f"Payment {payment.number}", "payment", payment.number) if payment else None


def _allocation(session: Session, allocation_id: Id) -> Step | None:
    allocation = session.get(Allocation, allocation_id)
    if allocation is None:
        return None
    if allocation.payment_id:
        return _payment(session, allocation.payment_id)
    return _credit_note(session, allocation.credit_note_id) if allocation.credit_note_id else None


def _refund(session: Session, refund_id: Id) -> Step | None:
    refund = session.get(Refund, refund_id)
    if refund is None:
        return None
    return Step(f"Refund {refund.number}", "customer", session.get_one(Customer, refund.customer_id).number)


def _movement(session: Session, movement_id: Id) -> Step | None:
    movement = session.get(Movement, movement_id)
    if movement is None:
        return None
    words = f"Stock that moved: {movement.kind.replace('_', ' ')}"
    return Step(words, "item", str(movement.item_id)) if movement.item_id else Step(words)


def _vendor_credit(session: Session, credit_id: Id) -> Step | None:
    credit = session.get(VendorCredit, credit_id)
    return Step(f"Vendor's credit {credit.number}", "vendor", str(credit.vendor_id)) if credit else None


def _wear_month(session: Session, month_id: Id) -> Step | None:
    worn = session.get(WearMonth, month_id)
    if worn is None:
        return None
    return Step(f"The wear of {worn.pieces} rented pieces in {worn.month:%B %Y}", "pieces", "customer")


def _purchase(session: Session, purchase_id: Id) -> Step | None:
    purchase = session.get(Purchase, purchase_id)
    return Step(f"Goods received, {purchase.number}", "vendor", str(purchase.vendor_id)) if purchase else None


def _manual_entry(session: Session, entry_id: Id) -> Step | None:
    entry = session.get(ManualEntry, entry_id)
    return Step(f"Entry by hand {entry.number}", said=entry.reason) if entry else None


def _card_settlement(session: Session, settlement_id: Id) -> Step | None:
    settled = session.get(CardSettlement, settlement_id)
    return Step(f"{settled.cards} recharge cards, {settled.kind}") if settled else None


DOCUMENTS: Mapping[str, Callable[[Session, Id], Step | None]] = {
    "invoice": _invoice, "credit_note": _credit_note, "write_off": _write_off, "payment": _payment,
    "allocation": _allocation, "refund": _refund, "movement": _movement, "vendor_credit": _vendor_credit,
    "wear_month": _wear_month, "purchase": _purchase, "manual_entry": _manual_entry,
    "card_settlement": _card_settlement,
    "revenue_month": lambda _session, _id: Step("A month of deferred revenue", "report", "deferred"),
}  # fmt: skip
