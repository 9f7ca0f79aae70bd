"""Credit notes: take back a part of an issued invoice at its own rates, never more than is left of any line of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.advance import use_advance
from core.billing.allocation import allocate, lock_customers
from core.billing.credited_parts import TaxesOfClass, credited_parts
from core.billing.deferrals import DEFERRED, take_unearned
from core.billing.invoice_models import OPEN_STATES, CreditNote, CreditNoteLine, Invoice, InvoiceLine
from core.billing.payments import KeyReused
from core.billing.tax_table import read_rules
from core.billing.taxes import Taxpayer, choose_rules
from core.companies import current_company
from core.crm.models import Customer
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry
from core.money import ZERO, parse_amount, rounded, split
from core.numbering import fiscal_year_of, next_number

CREDITABLE_STATES = (*OPEN_STATES, "paid")
RECEIVABLE, ADVANCES, DEPOSITS = "1100", "2200", "2210"


class NotCreditable(DomainError):
    """The invoice is in a state in which nothing can be taken back."""


class MoreThanInvoiced(DomainError):
    """More would be credited than is left of a line or of the invoice."""


class NothingToCredit(DomainError):
    """Nothing is left to take back, or nothing was asked for."""


def credit_invoice(
    session: Session, *, invoice_id: Id, reason: str, issued_on: date, made_by: str, idempotency_key: str,
    amounts: Mapping[Id, Decimal] | None = None, share: Decimal | None = None, keep_as_advance: bool = False,
    origin: str = "",
) -> CreditNote:  # fmt: skip
    """Take back net `amounts` by charge line, or a `share` (above 0, up to 1) of every line, or all that is left.

    Taxes follow at the invoice's own rates; several notes add up to it exactly (reference money 1.3). The unpaid part
    of the invoice is settled first; the rest is the customer's advance, which pays his other open invoices unless
    `keep_as_advance`. A repeat of the key returns the first note. Locks the customer.

    Raises NotFound, NotCreditable, MoreThanInvoiced, NothingToCredit, KeyReused, AmountInvalid.
    """
    invoice = locked_invoice(session, invoice_id)
    first = session.scalar(select(CreditNote).where(CreditNote.idempotency_key == idempotency_key))
    if first is not None:
        return _same(first, invoice, reason)
    if invoice.state not in CREDITABLE_STATES:
        raise NotCreditable(
            f"{invoice.number or 'A draft'} is {invoice.state}: only an issued or paid invoice is credited"
        )
    credited = credited_by_line(session, invoice_id)
    asked = _asked(invoice, credited, amounts, share)
    known = _taxes_of_class(session, invoice)
    parts = credited_parts(invoice.lines, credited, asked, tax_rounding=invoice.tax_rounding, known=known)
    left = invoice.total - sum(credited.values(), ZERO)
    total = sum(parts.values(), ZERO)
    if total <= ZERO:
        raise NothingToCredit(f"Nothing of {invoice.number} would be credited: {left} of it is left")
    if total > left:
        raise MoreThanInvoiced(f"{total} cannot be credited: only {left} of {invoice.number} is left")
    note = _write(session, invoice, parts, issued_on, reason=reason, made_by=made_by, idempotency_key=idempotency_key)
    if invoice.state in OPEN_STATES:
        allocate(session, note, invoice, issued_on)
    _post(session, note, invoice, origin)
    if note.unallocated and not keep_as_advance:
        use_advance(session, customer_id=note.customer_id, day=issued_on, actor=made_by, origin=origin)
    return note


def locked_invoice(session: Session, invoice_id: Id) -> Invoice:
    """The invoice as it stands once its customer is locked; raises NotFound."""
    session.flush()
    invoice = session.get(Invoice, invoice_id)
    if invoice is None:
        raise NotFound("There is no such invoice")
    lock_customers(session, [invoice.customer_id])
    session.refresh(invoice, with_for_update=True)
    return invoice


def credited_by_line(session: Session, invoice_id: Id) -> dict[Id, Decimal]:
    """What all credit notes together took back, by invoice line, taxes included."""
    rows = session.execute(
        select(CreditNoteLine.invoice_line_id, func.sum(CreditNoteLine.amount))
        .join(InvoiceLine, InvoiceLine.id == CreditNoteLine.invoice_line_id)
        .where(InvoiceLine.invoice_id == invoice_id)
        .group_by(CreditNoteLine.invoice_line_id)
    )
    return {row[0]: row[1] for row in rows}


def _same(first: CreditNote, invoice: Invoice, reason: str) -> CreditNote:
    if (first.invoice_id, first.reason) != (invoice.id, reason):
        raise KeyReused(f"The key of {first.number} came with another credit: use a new key")
    return first


def _asked(
    invoice: Invoice, credited: Mapping[Id, Decimal], amounts: Mapping[Id, Decimal] | None, share: Decimal | None
) -> dict[Id, Decimal]:
    """The net to take back of each charge line."""
    charges = [line for line in invoice.lines if line.kind == "charge"]
    left = {line.id: line.amount - credited.get(line.id, ZERO) for line in charges}
    if amounts is not None:
        return _named(invoice, charges, left, amounts)
    if share is not None:
        if not 0 < share <= 1:
            raise MoreThanInvoiced(f"A share of {share} cannot be credited: use more than 0 and at most 1")
        return _shared(charges, left, share)
    return left


def _named(
    invoice: Invoice, charges: Sequence[InvoiceLine], left: Mapping[Id, Decimal], amounts: Mapping[Id, Decimal]
) -> dict[Id, Decimal]:
    named = {line_id: parse_amount(amount) for line_id, amount in amounts.items()}
    described = {line.id: line.description for line in charges}
    for line_id, amount in named.items():
        if line_id not in described:
            raise NotFound(f"{invoice.number} has no such charge: taxes and rounding follow by themselves")
        if amount <= ZERO:
            raise NothingToCredit(f"A credit of {amount} on {described[line_id]!r}: use more than zero")
        if amount > left[line_id]:
            raise MoreThanInvoiced(
                f"{amount} of {described[line_id]!r} cannot be credited: {left[line_id]} of it is left"
            )
    return named


def _shared(charges: Sequence[InvoiceLine], left: Mapping[Id, Decimal], share: Decimal) -> dict[Id, Decimal]:
    """The share of each line, largest remainder first, but not more than is left of it."""
    net = sum((line.amount for line in charges), ZERO)
    nets = [line.amount for line in charges]
    parts = split(rounded(net * share), nets) if net > ZERO else [rounded(amount * share) for amount in nets]
    return {line.id: min(part, left[line.id], key=abs) for line, part in zip(charges, parts, strict=True)}


def _taxes_of_class(session: Session, invoice: Invoice) -> TaxesOfClass:
    """What the tax table says of the invoice's day, read when it is first asked for."""

    @cache
    def known(service_class: str) -> frozenset[tuple[str, Decimal]]:
        customer = session.get_one(Customer, invoice.customer_id)
        taxpayer = Taxpayer(customer.customer_class, customer.sub_zone.area.jurisdiction)
        assert invoice.issued_on is not None
        rules = choose_rules(read_rules(session), taxpayer, service_class=service_class, day=invoice.issued_on)
        return frozenset((rule.code, rule.percent) for rule in rules)

    return known


def _write(
    session: Session, invoice: Invoice, parts: Mapping[Id, Decimal], issued_on: date, *, reason: str, made_by: str,
    idempotency_key: str,
) -> CreditNote:  # fmt: skip
    kinds = {line.id: line.kind for line in invoice.lines}
    net, tax = (sum((parts[i] for i in parts if kinds[i] == kind), ZERO) for kind in ("charge", "tax"))
    total = sum(parts.values(), ZERO)
    year = fiscal_year_of(issued_on, current_company(session).fiscal_year_start_month)
    note = CreditNote(
        id=new_id(), number=next_number(session, "credit_note", fiscal_year=year), invoice_id=invoice.id,
        customer_id=invoice.customer_id, reason=reason, issued_on=issued_on, net=net, tax=tax, total=total,
        unallocated=total, idempotency_key=idempotency_key, made_by=made_by,
    )  # fmt: skip
    session.add(note)
    session.flush()
    taken = [line for line in invoice.lines if line.id in parts]
    session.add_all(
        CreditNoteLine(
            id=new_id(), credit_note_id=note.id, invoice_line_id=line.id, position=position,
            description=line.description, amount=parts[line.id], account_code=line.account_code,
        )
        for position, line in enumerate(taken, 1)
    )  # fmt: skip
    session.flush()
    return note


def _post(session: Session, note: CreditNote, invoice: Invoice, origin: str) -> None:
    """Each line's account against the receivable for what was unpaid and the advance for the rest.

    What was billed in advance comes out of 2220 as far as it is not earned, the rest out of income.
    """
    billed = {line.id: line for line in invoice.lines}
    unearned = take_unearned(
        session, asked={part.invoice_line_id: part.amount for part in note.lines}, kind="credited",
        source_id=note.id, day=note.issued_on,
    )  # fmt: skip
    sides = [Line(DEFERRED, amount) for amount in unearned.values()]
    for part in note.lines:
        line = billed[part.invoice_line_id]
        income = line.kind == "charge" and line.account_code.startswith("4")
        sides.append(
            Line(
                line.account_code, part.amount - unearned.get(line.id, ZERO),
                party_id=note.customer_id if line.account_code == DEPOSITS else None,
                area_id=invoice.area_id if income else None, plan_id=line.plan_id if income else None,
            )
        )  # fmt: skip
    post_entry(
        session, kind="credit_note", source_id=note.id, posted_on=note.issued_on, actor=note.made_by, origin=origin,
        memo=note.number,
        lines=[
            *sides,
            Line(RECEIVABLE, note.unallocated - note.total, note.customer_id),
            Line(ADVANCES, -note.unallocated, note.customer_id),
        ],
    )  # fmt: skip


def credit_notes_of(session: Session, *, invoice_id: Id) -> list[CreditNote]:
    """The credit notes of an invoice, the oldest first."""
    notes = select(CreditNote).where(CreditNote.invoice_id == invoice_id)
    return list(session.scalars(notes.order_by(CreditNote.issued_on, CreditNote.id)))
