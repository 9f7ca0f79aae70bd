"""Vendors' bills: proposed from contracts or entered by hand, accepted into the books, voided while unpaid."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry, reverse_entry
from core.ledger.models import Account
from core.ledger.transfers import entry_of
from core.ledger.treasury_models import Bill, BillLine, VendorContract, VendorPayment
from core.ledger.vendor_payments import lock_vendor, use_advance
from core.ledger.vendors import PAYABLE
from core.money import ZERO, parse_amount, rounded
from core.numbering import next_number
from core.printing.figures import plain

INPUT_TAX = "1130"
STOCK = "1200"


class BillInvalid(DomainError):
    """The bill cannot be entered as given."""


class BillKnown(DomainError):
    """The vendor's number is on another bill, or the month of the contract is billed."""


class BillNotDraft(DomainError):
    """The bill is in the books already."""


class BillNotVoidable(DomainError):
    """Something was paid on the bill, or it was never accepted."""


@dataclass(frozen=True)
class BillItem:
    """One thing on a bill: `quantity` × `unit_price` net, and the input tax on it as the vendor printed it."""

    description: str
    unit_price: Decimal
    account_code: str
    quantity: Decimal = Decimal(1)
    tax: Decimal = ZERO

    @property
    def amount(self) -> Decimal:
        """The net amount, rounded once."""
        return rounded(self.quantity * self.unit_price)


def enter_bill(
    session: Session, *, vendor_id: Id, items: Sequence[BillItem], billed_on: date, actor: str,
    idempotency_key: str | None = None, vendor_ref: str = "", due_on: date | None = None,
    document_id: Id | None = None, origin: str = "",
) -> Bill:  # fmt: skip
    """Book a vendor's bill: debits its accounts and input tax (1130), credits what he is owed (2300).

    Due after the vendor's terms unless `due_on` says otherwise; an advance he holds settles it at once. A repeat of
    the key returns the first bill. Raises BillInvalid, BillKnown, NotFound.
    """
    lock_vendor(session, vendor_id)
    if idempotency_key is not None:
        first = session.scalar(select(Bill).where(Bill.idempotency_key == idempotency_key))
        if first is not None:
            return _same(first, vendor_id, items)
    bill = _draft(session, vendor_id, items, billed_on, actor)
    bill.idempotency_key = idempotency_key
    return accept_bill(
        session, bill_id=bill.id, billed_on=billed_on, vendor_ref=vendor_ref, due_on=due_on, document_id=document_id,
        actor=actor, origin=origin,
    )  # fmt: skip


def _same(first: Bill, vendor_id: Id, items: Sequence[BillItem]) -> Bill:
    total = sum((item.amount + item.tax for item in items), ZERO)
    if (first.vendor_id, first.total) != (vendor_id, total):
        raise BillInvalid(f"The key of bill {first.number or 'in draft'} came with another bill: use a new key")
    return first


def _draft(session: Session, vendor_id: Id, items: Sequence[BillItem], billed_on: date, actor: str) -> Bill:
    bill = Bill(
        id=new_id(), vendor_id=vendor_id, billed_on=billed_on, due_on=billed_on, net=ZERO, tax=ZERO, total=ZERO,
        balance=ZERO, state="draft", made_by=actor,
    )  # fmt: skip
    session.add(bill)
    _write_items(session, bill, items)
    return bill


def _write_items(session: Session, bill: Bill, items: Sequence[BillItem]) -> None:
    """The bill's lines are `items`; a draft's total may be zero while its units are awaited, but not negative."""
    known = dict(session.execute(select(Account.code, Account.control)).all())
    for item in items:
        if item.account_code == STOCK:
            raise BillInvalid("Stock is received in the store, piece by piece: receive it there, with its bill")
        if known.get(item.account_code) != "":
            raise BillInvalid(f"Account {item.account_code} does not take a bill: choose one without a subledger")
    bill.lines = [
        BillLine(
            id=new_id(), position=position, description=item.description, quantity=item.quantity,
            unit_price=item.unit_price, amount=item.amount, tax=parse_amount(item.tax), account_code=item.account_code,
        )
        for position, item in enumerate(items, 1)
    ]  # fmt: skip
    bill.net = sum((line.amount for line in bill.lines), ZERO)
    bill.tax = sum((line.tax for line in bill.lines), ZERO)
    bill.total = bill.balance = bill.net + bill.tax
    if bill.total < ZERO:
        raise BillInvalid(f"A bill of {bill.total} is no bill: a vendor's credit is booked as such")
    session.flush()


def propose_bills(session: Session, *, month: date, actor: str) -> list[Bill]:
    """A draft for each contract that runs in `month` and has none yet; safe to repeat.

    A month the contract covers in part is proposed by its days; GB are proposed as contracted until `meter_bill`
    says what was used.
    """
    start = month.replace(day=1)
    end = start.replace(day=monthrange(start.year, start.month)[1]) + timedelta(days=1)
    running = (
        select(VendorContract)
        .where(VendorContract.starts_on < end, func.coalesce(VendorContract.ends_on, end) > start)
        .where(~select(Bill.id).where(Bill.contract_id == VendorContract.id, Bill.state != "void",
                                      Bill.period_start >= start, Bill.period_start < end).exists())
        .order_by(VendorContract.id)
    )  # fmt: skip
    drafts = []
    for contract in session.scalars(running).all():
        first, last = max(start, contract.starts_on), min(end, contract.ends_on or end)
        item = _contract_item(contract, contract.units, first, last)
        bill = _draft(session, contract.vendor_id, [item], last - timedelta(days=1), actor)
        bill.contract_id, bill.period_start, bill.period_end = contract.id, first, last
        drafts.append(bill)
    session.flush()
    return drafts


def _contract_item(contract: VendorContract, units: Decimal, first: date, last: date) -> BillItem:
    days, whole = (last - first).days, monthrange(first.year, first.month)[1]
    price, quantity = contract.unit_price, units
    if contract.pricing != "per_gb" and days != whole:
        price, quantity = rounded(price * units * days / whole), Decimal(1)
    net = rounded(price * quantity)
    unit = {"fixed": "", "per_mbps": f", {plain(units)} Mbps", "per_gb": f", {plain(units)} GB"}[contract.pricing]
    text = f"{contract.name}, {first:%d %b %Y} - {last - timedelta(days=1):%d %b %Y}{unit}"
    return BillItem(text, price, contract.account_code, quantity, rounded(net * contract.tax_percent / 100))


def meter_bill(session: Session, *, bill_id: Id, units: Decimal) -> Bill:
    """The draft's amount follows from the Mbps or GB that were really used, at least those contracted for GB.

    Raises BillNotDraft, BillInvalid for a bill without a metered contract.
    """
    bill = _bill(session, bill_id)
    if bill.state != "draft":
        raise BillNotDraft(f"Bill {bill.number} is in the books: void it and enter it again")
    contract = session.get(VendorContract, bill.contract_id) if bill.contract_id else None
    if contract is None or contract.pricing == "fixed" or units < 0:
        raise BillInvalid("Only a bill by Mbps or GB is metered, and its units are not negative")
    assert bill.period_start is not None
    assert bill.period_end is not None
    billed = max(units, contract.units) if contract.pricing == "per_gb" else units
    for line in bill.lines:
        session.delete(line)
    session.flush()
    _write_items(session, bill, [_contract_item(contract, billed, bill.period_start, bill.period_end)])
    return bill


def accept_bill(
    session: Session, *, bill_id: Id, billed_on: date, actor: str, vendor_ref: str = "", due_on: date | None = None,
    document_id: Id | None = None, origin: str = "",
) -> Bill:  # fmt: skip
    """A draft enters the books with its number. Raises BillNotDraft, BillInvalid, BillKnown."""
    vendor = lock_vendor(session, _bill(session, bill_id).vendor_id)
    bill = _bill(session, bill_id)
    vendor_ref = " ".join(vendor_ref.split())
    if bill.state != "draft":
        raise BillNotDraft(f"Bill {bill.number} is in the books already")
    if bill.total <= ZERO:
        raise BillInvalid("A bill over nothing is not accepted: enter its amounts or units, or discard it")
    _refuse_known(session, bill, vendor_ref)
    due_on = due_on or billed_on + timedelta(days=vendor.terms_days)
    if due_on < billed_on:
        raise BillInvalid(f"A bill of {billed_on} cannot be due on {due_on}")
    bill.number, bill.vendor_ref, bill.document_id = next_number(session, "bill"), vendor_ref, document_id
    bill.billed_on, bill.due_on, bill.state = billed_on, due_on, "open"
    session.flush()
    post_entry(
        session, kind="bill", source_id=bill.id, posted_on=billed_on, actor=actor, origin=origin,
        memo=" ".join(filter(None, [bill.number, vendor.name, vendor_ref])),
        lines=[*(Line(line.account_code, line.amount) for line in bill.lines), Line(INPUT_TAX, bill.tax),
               Line(PAYABLE, -bill.total, bill.vendor_id)],
    )  # fmt: skip
    use_advance(session, bill=bill)
    return bill


def _refuse_known(session: Session, bill: Bill, vendor_ref: str) -> None:
    if not vendor_ref:
        return
    twin = session.scalar(
        select(Bill.number).where(
            Bill.vendor_id == bill.vendor_id, func.lower(Bill.vendor_ref) == vendor_ref.lower(), Bill.state != "void",
            Bill.id != bill.id,
        )
    )  # fmt: skip
    if twin is not None:
        raise BillKnown(f"The vendor's bill {vendor_ref} is entered already as {twin}")


def discard_draft(session: Session, *, bill_id: Id) -> None:
    """A proposal is thrown away; the month may be proposed anew. Raises BillNotDraft."""
    bill = _bill(session, bill_id)
    if bill.state != "draft":
        raise BillNotDraft(f"Bill {bill.number} is in the books: void it")
    session.delete(bill)
    session.flush()


def void_bill(session: Session, *, bill_id: Id, voided_on: date, actor: str, reason: str, origin: str = "") -> Bill:
    """Take back a bill on which nothing was paid; its entry is reversed. Raises BillNotVoidable."""
    lock_vendor(session, _bill(session, bill_id).vendor_id)
    bill = _bill(session, bill_id)
    if bill.state != "open" or voided_on < bill.billed_on or not reason.strip():
        raise BillNotVoidable(f"Bill {bill.number or 'in draft'} is {bill.state}: only an open one, unpaid, is voided, "
                              "with a reason, and not before its day")  # fmt: skip
    bill.state, bill.balance, bill.voided_on = "void", ZERO, voided_on
    session.flush()
    reverse_entry(
        session, entry_id=entry_of(session, kind="bill", source_id=bill.id).id, posted_on=voided_on, actor=actor,
        origin=origin, memo=f"{bill.number} void: {reason.strip()}",
    )  # fmt: skip
    return bill


def unpaid_bills(session: Session, *, vendor_id: Id | None = None) -> list[Bill]:
    """Bills with something left to pay, by due day."""
    unpaid = select(Bill).where(Bill.state.in_(("open", "part_paid"))).order_by(Bill.due_on, Bill.number)
    return list(session.scalars(unpaid.where(Bill.vendor_id == vendor_id) if vendor_id else unpaid))


def vendor_payments_of(session: Session, *, vendor_id: Id, limit: int = 50) -> list[VendorPayment]:
    """What a vendor was paid, the newest first."""
    newest = select(VendorPayment).where(VendorPayment.vendor_id == vendor_id)
    return list(session.scalars(newest.order_by(VendorPayment.paid_on.desc(), VendorPayment.id.desc()).limit(limit)))


def draft_bills(session: Session) -> list[Bill]:
    """Bills proposed and not accepted yet, by month."""
    drafts = select(Bill).where(Bill.state == "draft").options(joinedload(Bill.vendor), selectinload(Bill.lines))
    return list(session.scalars(drafts.order_by(Bill.period_start, Bill.id)))


def bills_of(session: Session, *, vendor_id: Id, limit: int = 100) -> list[Bill]:
    """A vendor's bills, the newest first."""
    newest = select(Bill).where(Bill.vendor_id == vendor_id).options(selectinload(Bill.lines))
    return list(session.scalars(newest.order_by(Bill.billed_on.desc(), Bill.id.desc()).limit(limit)))


def _bill(session: Session, bill_id: Id) -> Bill:
    bill = session.get(Bill, bill_id, with_for_update=True, populate_existing=True)
    if bill is None:
        raise NotFound("There is no such bill")
    return bill
