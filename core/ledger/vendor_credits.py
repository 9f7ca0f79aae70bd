"""Vendors' credit notes: a bill was wrong, and the vendor takes a part of it back (reference money 5.2).

What he is owed falls (2300) against the accounts the bill was booked to and its input tax (1130). The unpaid part of
the bill is settled first; the rest is an advance he holds, which his next bills use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.bills import INPUT_TAX
from core.ledger.journal import Line, post_entry
from core.ledger.treasury_models import Bill, BillLine, VendorCredit, VendorCreditLine
from core.ledger.vendor_payments import allocate_to_bill, lock_vendor, use_advances
from core.ledger.vendors import PAYABLE
from core.money import ZERO, parse_amount, rounded
from core.numbering import next_number


class VendorCreditInvalid(DomainError):
    """The bill, its lines or the amounts cannot be credited like that."""


def record_vendor_credit(
    session: Session, *, bill_id: Id, credited_on: date, reason: str, actor: str, idempotency_key: str,
    amounts: Mapping[Id, Decimal] | None = None, vendor_ref: str = "", document_id: Id | None = None, origin: str = "",
) -> VendorCredit:  # fmt: skip
    """Take back net `amounts` by line of a bill, or all that is left of it; input tax follows in proportion.

    Several credits add up to the bill exactly. A repeat of the key returns the first. Locks the vendor. Raises
    VendorCreditInvalid, NotFound, AmountInvalid, PeriodClosed.
    """
    found = session.get(Bill, bill_id)
    if found is None:
        raise NotFound("There is no such bill")
    vendor = lock_vendor(session, found.vendor_id)
    bill = session.get_one(Bill, bill_id, with_for_update=True, populate_existing=True)
    first = session.scalar(select(VendorCredit).where(VendorCredit.idempotency_key == idempotency_key))
    if first is not None:
        if first.bill_id != bill_id:
            raise VendorCreditInvalid(f"The key of credit {first.number} came with another bill: use a new key")
        return first
    _refuse(bill, credited_on, reason)
    parts = _parts(session, bill, amounts)
    net, tax = sum((part[1] for part in parts), ZERO), sum((part[2] for part in parts), ZERO)
    credit = VendorCredit(
        id=new_id(), number=next_number(session, "vendor_credit"), vendor_id=vendor.id, bill_id=bill.id,
        vendor_ref=" ".join(vendor_ref.split()), reason=reason.strip(), credited_on=credited_on, net=net, tax=tax,
        total=net + tax, unallocated=net + tax, document_id=document_id, made_by=actor,
        idempotency_key=idempotency_key,
    )  # fmt: skip
    session.add(credit)
    session.flush()
    session.add_all(
        VendorCreditLine(id=new_id(), credit_id=credit.id, bill_line_id=line.id, amount=amount, tax=line_tax)
        for line, amount, line_tax in parts
    )
    allocate_to_bill(session, credit, bill, credited_on)
    session.flush()
    post_entry(
        session, kind="vendor_credit", source_id=credit.id, posted_on=credited_on, actor=actor, origin=origin,
        memo=" ".join(filter(None, [credit.number, vendor.name, credit.vendor_ref])),
        lines=[Line(PAYABLE, credit.total, vendor.id), *(Line(line.account_code, -part) for line, part, _ in parts),
               Line(INPUT_TAX, -tax)],
    )  # fmt: skip
    use_advances(session, vendor_id=vendor.id, day=credited_on)
    return credit


def vendor_credits_of(session: Session, *, vendor_id: Id, limit: int = 50) -> list[VendorCredit]:
    """What a vendor took back, the newest first."""
    newest = select(VendorCredit).where(VendorCredit.vendor_id == vendor_id)
    return list(session.scalars(newest.order_by(VendorCredit.credited_on.desc(), VendorCredit.id.desc()).limit(limit)))


def _refuse(bill: Bill, credited_on: date, reason: str) -> None:
    if bill.state in ("draft", "void"):
        raise VendorCreditInvalid(f"Bill {bill.number or 'in draft'} is {bill.state}: there is nothing to credit")
    if credited_on < bill.billed_on or not reason.strip():
        raise VendorCreditInvalid(f"Bill {bill.number} of {bill.billed_on} is credited no earlier, and why")


def _parts(
    session: Session, bill: Bill, amounts: Mapping[Id, Decimal] | None
) -> Sequence[tuple[BillLine, Decimal, Decimal]]:
    """(line, net, tax) to take back; the credit that takes the last of a line takes the rest of its tax."""
    rows = session.execute(
        select(VendorCreditLine.bill_line_id, func.sum(VendorCreditLine.amount), func.sum(VendorCreditLine.tax))
        .join(BillLine, BillLine.id == VendorCreditLine.bill_line_id)
        .where(BillLine.bill_id == bill.id)
        .group_by(VendorCreditLine.bill_line_id)
    )
    before = {row[0]: (row[1], row[2]) for row in rows}
    lines = {line.id: line for line in bill.lines}
    left = {line.id: line.amount - before.get(line.id, (ZERO, ZERO))[0] for line in bill.lines}
    asked = {i: parse_amount(amount) for i, amount in (amounts if amounts is not None else left).items()}
    if strangers := set(asked) - set(lines):
        raise VendorCreditInvalid(f"Bill {bill.number} has no {len(strangers)} of the named lines")
    parts = []
    for line_id, amount in asked.items():
        if amounts is not None and not ZERO < amount <= left[line_id]:
            raise VendorCreditInvalid(
                f"{amount} of {lines[line_id].description!r} cannot be credited: {left[line_id]} of it is left"
            )
        line, tax_before = lines[line_id], before.get(line_id, (ZERO, ZERO))[1]
        gone = line.amount - left[line_id] + amount
        tax = (line.tax if gone == line.amount else rounded(line.tax * gone / line.amount)) - tax_before
        if amount or tax:
            parts.append((line, amount, tax))
    if sum((amount + tax for _, amount, tax in parts), ZERO) <= ZERO:
        raise VendorCreditInvalid(f"Nothing is left of bill {bill.number} to credit")
    return parts
