"""Money paid to vendors: in parts or ahead, with tax withheld, settling the named bills first, then the oldest."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.cash_accounts import cash_account
from core.ledger.journal import Line, post_entry, reverse_entry
from core.ledger.transfers import entry_of
from core.ledger.treasury_models import Bill, Vendor, VendorAllocation, VendorCredit, VendorPayment
from core.ledger.vendors import PAYABLE
from core.money import ZERO, parse_amount, rounded
from core.numbering import next_number

TAX_WITHHELD = "2120"


class VendorPaymentInvalid(DomainError):
    """The amount, the tax withheld or the bills cannot be booked."""


class VendorPaymentReversed(DomainError):
    """The payment was taken back already."""


def pay_vendor(
    session: Session, *, vendor_id: Id, cash_account_id: Id, amount: Decimal, paid_on: date, idempotency_key: str,
    actor: str, withheld: Decimal = ZERO, bill_ids: Collection[Id] = (), reference: str = "", origin: str = "",
) -> VendorPayment:  # fmt: skip
    """Book a payment: `amount` leaves the account, `withheld` is owed to the tax authority (2120), both settle.

    Settles `bill_ids` first, then by due day; the rest is an advance that his next bill uses. A repeat of the key
    returns the first payment. Locks the vendor. Raises VendorPaymentInvalid, CashAccountClosed, NotFound.
    """
    amount, withheld = parse_amount(amount), parse_amount(withheld)
    if amount < ZERO or withheld < ZERO or amount + withheld == ZERO:
        raise VendorPaymentInvalid("A payment is more than zero, and neither of its parts is less")
    vendor = lock_vendor(session, vendor_id)
    first = session.scalar(select(VendorPayment).where(VendorPayment.idempotency_key == idempotency_key))
    if first is not None:
        if (first.vendor_id, first.amount, first.withheld) != (vendor_id, amount, withheld):
            raise VendorPaymentInvalid(f"The key of payment {first.number} came with another payment: use a new key")
        return first
    bills = _unpaid(session, vendor_id, bill_ids)
    account = cash_account(session, cash_account_id, active=True)
    payment = VendorPayment(
        id=new_id(), number=next_number(session, "vendor_payment"), vendor_id=vendor_id,
        cash_account_id=cash_account_id, amount=amount, withheld=withheld, unallocated=amount + withheld,
        paid_on=paid_on, reference=" ".join(reference.split()), made_by=actor, idempotency_key=idempotency_key,
        state="paid",
    )  # fmt: skip
    session.add(payment)
    session.flush()
    for bill in bills:
        allocate_to_bill(session, payment, bill, paid_on)
    session.flush()
    post_entry(
        session, kind="vendor_payment", source_id=payment.id, posted_on=paid_on, actor=actor, origin=origin,
        memo=" ".join(filter(None, [payment.number, vendor.name, payment.reference])),
        lines=[Line(PAYABLE, amount + withheld, vendor_id), Line(account.account_code, -amount),
               Line(TAX_WITHHELD, -withheld)],
    )  # fmt: skip
    return payment


def withholding_for(session: Session, *, vendor_id: Id, settled: Decimal) -> Decimal:
    """The tax that the vendor's percent keeps back of `settled`; what he is paid is the rest."""
    vendor = session.get_one(Vendor, vendor_id)
    return rounded(parse_amount(settled) * vendor.withholding_percent / 100)


def lock_vendor(session: Session, vendor_id: Id) -> Vendor:
    """The vendor, whose bills and payments nobody else changes until the transaction ends; raises NotFound."""
    vendor = session.get(Vendor, vendor_id, with_for_update=True, populate_existing=True)
    if vendor is None:
        raise NotFound("There is no such vendor")
    return vendor


def _unpaid(session: Session, vendor_id: Id, bill_ids: Collection[Id]) -> list[Bill]:
    found = session.scalars(
        select(Bill)
        .where(Bill.vendor_id == vendor_id, Bill.state.in_(("open", "part_paid")), Bill.balance > 0)
        .order_by(Bill.due_on, Bill.billed_on, Bill.number)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if not set(bill_ids) <= {bill.id for bill in found}:
        raise VendorPaymentInvalid("A named bill is not an unpaid bill of this vendor")
    return sorted(found, key=lambda bill: bill.id not in bill_ids)


def use_advance(session: Session, *, bill: Bill) -> None:
    """What the vendor was paid ahead or credited settles the bill; the caller holds the vendor's lock."""
    for source in _ahead(session, bill.vendor_id):
        allocate_to_bill(session, source, bill, max(bill.billed_on, _since(source)))
    session.flush()


def use_advances(session: Session, *, vendor_id: Id, day: date) -> None:
    """What the vendor was paid ahead or credited settles his unpaid bills, the oldest first; the caller holds his lock.

    Dated `day`, or when both sides were there if that is later.
    """
    for source in _ahead(session, vendor_id):
        for bill in _unpaid(session, vendor_id, ()):
            allocate_to_bill(session, source, bill, max(day, bill.billed_on, _since(source)))
    session.flush()


def _ahead(session: Session, vendor_id: Id) -> list[VendorPayment | VendorCredit]:
    paid = select(VendorPayment).where(VendorPayment.vendor_id == vendor_id, VendorPayment.unallocated > 0)
    credited = select(VendorCredit).where(VendorCredit.vendor_id == vendor_id, VendorCredit.unallocated > 0)
    sources: list[VendorPayment | VendorCredit] = [
        *session.scalars(paid.with_for_update()), *session.scalars(credited.with_for_update()),
    ]  # fmt: skip
    return sorted(sources, key=lambda source: (_since(source), source.id))


def _since(source: VendorPayment | VendorCredit) -> date:
    return source.paid_on if isinstance(source, VendorPayment) else source.credited_on


def allocate_to_bill(session: Session, source: VendorPayment | VendorCredit, bill: Bill, day: date) -> None:
    """Settle as much of the bill as is left of both; the caller holds the vendor's lock."""
    amount = min(source.unallocated, bill.balance)
    if amount <= ZERO:
        return
    source.unallocated -= amount
    _settle(bill, amount)
    paid = isinstance(source, VendorPayment)
    session.add(
        VendorAllocation(
            id=new_id(), payment_id=source.id if paid else None, credit_id=None if paid else source.id,
            bill_id=bill.id, amount=amount, allocated_on=day,
        )
    )  # fmt: skip


def _settle(bill: Bill, amount: Decimal) -> None:
    bill.balance -= amount
    bill.state = "paid" if bill.balance == ZERO else "open" if bill.balance == bill.total else "part_paid"


def reverse_vendor_payment(
    session: Session, *, payment_id: Id, reversed_on: date, actor: str, reason: str, origin: str = ""
) -> VendorPayment:
    """Take a payment back: its entry is reversed and the bills it settled are open again.

    Raises VendorPaymentReversed, VendorPaymentInvalid, NotFound.
    """
    found = session.get(VendorPayment, payment_id)
    if found is None:
        raise NotFound("There is no such payment to a vendor")
    lock_vendor(session, found.vendor_id)
    payment = session.get_one(VendorPayment, payment_id, with_for_update=True, populate_existing=True)
    if payment.state == "reversed":
        raise VendorPaymentReversed(f"Payment {payment.number} was taken back already")
    if reversed_on < payment.paid_on or not reason.strip():
        raise VendorPaymentInvalid(f"Payment {payment.number} of {payment.paid_on} is taken back no earlier, and why")
    for allocation in session.scalars(select(VendorAllocation).where(VendorAllocation.payment_id == payment_id)).all():
        _settle(session.get_one(Bill, allocation.bill_id, with_for_update=True), -allocation.amount)
        session.add(
            VendorAllocation(
                id=new_id(), payment_id=payment_id, bill_id=allocation.bill_id, amount=-allocation.amount,
                allocated_on=max(reversed_on, allocation.allocated_on),
            )
        )  # fmt: skip
    payment.state, payment.reversed_on, payment.unallocated = "reversed", reversed_on, ZERO
    session.flush()
    reverse_entry(
        session, entry_id=entry_of(session, kind="vendor_payment", source_id=payment_id).id, posted_on=reversed_on,
        actor=actor, origin=origin, memo=f"{payment.number} taken back: {reason.strip()}",
    )  # fmt: skip
    return payment
