"""Vendors: whom the company buys from, on what terms, and what it owes each of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.accounts import account_ids
from core.ledger.cash_accounts import ledger_balance
from core.ledger.models import JournalEntry, Posting
from core.ledger.treasury_models import (
    PRICINGS,
    Bill,
    Vendor,
    VendorAllocation,
    VendorContract,
    VendorCredit,
    VendorPayment,
)
from core.money import ZERO
from core.numbering import next_number

PAYABLE = "2300"
BUCKETS = ((0, "current"), (30, "1-30"), (60, "31-60"), (90, "61-90"))


class VendorInvalid(DomainError):
    """The vendor or his contract cannot be kept as given."""


@dataclass(frozen=True)
class VendorRow:
    """A posting on the vendor's account: what he is owed rises with a bill and falls with a payment."""

    posted_on: date
    kind: str
    memo: str
    entry_id: Id
    billed: Decimal
    paid: Decimal
    owed: Decimal


@dataclass(frozen=True)
class VendorStatement:
    """What happened with a vendor in `[start, end]`; owed is positive, an advance to him negative."""

    opening: Decimal
    rows: list[VendorRow]
    closing: Decimal


@dataclass(frozen=True)
class VendorAgeing:
    """What a vendor is owed by days past the due day; `advance` stands beside, not netted inside."""

    vendor_id: Id
    number: str
    name: str
    buckets: dict[str, Decimal]
    total: Decimal
    advance: Decimal


def add_vendor(
    session: Session, *, name: str, kind: str = "supplier", phone: str = "", email: str = "", tax_number: str = "",
    bank_details: str = "", terms_days: int = 0, withholding_percent: Decimal = ZERO,
) -> Vendor:  # fmt: skip
    """A vendor with his number; raises VendorInvalid for a name that is taken or terms out of range."""
    name = " ".join(name.split())
    if not name or session.scalar(select(Vendor.id).where(func.lower(Vendor.name) == name.lower())) is not None:
        raise VendorInvalid(f"A vendor needs a name that no other has; {name or 'an empty one'} will not do")
    if not 0 <= terms_days <= 365 or not 0 <= withholding_percent <= 100:
        raise VendorInvalid("Terms are 0 to 365 days, and tax withheld 0 to 100 percent")
    vendor = Vendor(
        id=new_id(), number=next_number(session, "vendor"), name=name, kind=kind, phone=phone, email=email,
        tax_number=tax_number, bank_details=bank_details, terms_days=terms_days,
        withholding_percent=withholding_percent,
    )  # fmt: skip
    session.add(vendor)
    session.flush()
    return vendor


def add_contract(
    session: Session, *, vendor_id: Id, name: str, pricing: str, unit_price: Decimal, starts_on: date,
    units: Decimal = Decimal(1), tax_percent: Decimal = ZERO, account_code: str = "5000", ends_on: date | None = None,
) -> VendorContract:  # fmt: skip
    """What the vendor bills each calendar month; `units` are Mbps bought, or GB billed in any case.

    `ends_on` is the first day no longer billed. Raises VendorInvalid, NotFound.
    """
    vendor = vendor_by_id(session, vendor_id)
    taken = select(VendorContract.id).where(VendorContract.vendor_id == vendor_id, VendorContract.name == name)
    if not name.strip() or session.scalar(taken) is not None:
        raise VendorInvalid(f"{vendor.name} has a contract named {name!r} already, or the name is empty")
    if pricing not in PRICINGS or unit_price < 0 or units < 0 or not 0 <= tax_percent <= 100:
        raise VendorInvalid(f"A contract is priced by one of {', '.join(PRICINGS)}, with no negative price or units")
    if (ends_on is not None and ends_on <= starts_on) or account_code not in account_ids(session):
        raise VendorInvalid(f"The term ends before it starts, or the chart has no account {account_code}")
    contract = VendorContract(
        id=new_id(), vendor_id=vendor_id, name=name.strip(), pricing=pricing, unit_price=unit_price,
        units=units if pricing != "fixed" else Decimal(1), tax_percent=tax_percent, account_code=account_code,
        starts_on=starts_on, ends_on=ends_on,
    )  # fmt: skip
    session.add(contract)
    session.flush()
    return contract


def end_contract(session: Session, *, contract_id: Id, ends_on: date) -> VendorContract:
    """Nothing is billed from `ends_on` on; raises VendorInvalid where that day is not after the start."""
    contract = session.get_one(VendorContract, contract_id, with_for_update=True)
    if ends_on <= contract.starts_on:
        raise VendorInvalid(f"Contract {contract.name} starts on {contract.starts_on}: it ends after that")
    contract.ends_on = ends_on
    session.flush()
    return contract


def vendor_by_id(session: Session, vendor_id: Id) -> Vendor:
    """The vendor; raises NotFound."""
    vendor = session.get(Vendor, vendor_id)
    if vendor is None:
        raise NotFound("There is no such vendor")
    return vendor


def vendors_in_use(session: Session) -> list[Vendor]:
    """The vendors one may buy from, by name."""
    return list(session.scalars(select(Vendor).where(Vendor.active).order_by(Vendor.name)))


def contracts_of(session: Session, *, vendor_id: Id) -> list[VendorContract]:
    """What a vendor bills each month, ended contracts too, by name."""
    return list(
        session.scalars(
            select(VendorContract).where(VendorContract.vendor_id == vendor_id).order_by(VendorContract.name)
        )
    )


def owed_to(session: Session, *, vendor_id: Id, as_of: date | None = None) -> Decimal:
    """What the books owe the vendor; negative for an advance he holds."""
    return -ledger_balance(session, code=PAYABLE, party_id=vendor_id, as_of=as_of)


def vendor_statement(session: Session, *, vendor_id: Id, start: date, end: date) -> VendorStatement:
    """The vendor's account for `[start, end]`, both days included, oldest first."""
    vendor_by_id(session, vendor_id)
    account_id = account_ids(session)[PAYABLE]
    opening = -(session.scalar(
        select(func.sum(Posting.amount)).where(
            Posting.account_id == account_id, Posting.party_id == vendor_id, Posting.posted_on < start)
    ) or ZERO)  # fmt: skip
    owed, rows = opening, []
    for posting, entry in session.execute(
        select(Posting, JournalEntry)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(Posting.account_id == account_id, Posting.party_id == vendor_id, Posting.posted_on.between(start, end))
        .order_by(Posting.posted_on, Posting.id)
    ):
        owed -= posting.amount
        rows.append(
            VendorRow(
                posting.posted_on, entry.kind, entry.memo, entry.id, max(-posting.amount, ZERO),
                max(posting.amount, ZERO), owed,
            )
        )  # fmt: skip
    return VendorStatement(opening, rows, owed)


def vendor_ageing(session: Session, *, as_of: date) -> list[VendorAgeing]:
    """Who is owed what on `as_of`, by days past due, from the bills and payments of that day or before."""
    open_bills = _open_on(session, as_of)
    advances = _advances_on(session, as_of)
    rows: list[VendorAgeing] = []
    for vendor in session.scalars(select(Vendor).order_by(Vendor.name)):
        buckets = {name: ZERO for _, name in BUCKETS} | {"over 90": ZERO}
        for due_on, left in open_bills.get(vendor.id, []):
            buckets[_bucket((as_of - due_on).days)] += left
        total, advance = sum(buckets.values(), ZERO), advances.get(vendor.id, ZERO)
        if total or advance:
            rows.append(VendorAgeing(vendor.id, vendor.number, vendor.name, buckets, total, advance))
    return rows


def _bucket(days: int) -> str:
    return next((name for upto, name in BUCKETS if days <= upto), "over 90")


def _open_on(session: Session, as_of: date) -> dict[Id, list[tuple[date, Decimal]]]:
    settled = (
        select(VendorAllocation.bill_id, func.sum(VendorAllocation.amount).label("amount"))
        .where(VendorAllocation.allocated_on <= as_of)
        .group_by(VendorAllocation.bill_id)
        .subquery()
    )
    left = Bill.total - func.coalesce(settled.c.amount, 0)
    bills: dict[Id, list[tuple[date, Decimal]]] = {}
    for vendor_id, due_on, amount in session.execute(
        select(Bill.vendor_id, Bill.due_on, left)
        .outerjoin(settled, settled.c.bill_id == Bill.id)
        .where(Bill.billed_on <= as_of, Bill.state != "draft", left > 0)
        .where((Bill.voided_on.is_(None)) | (Bill.voided_on > as_of))
    ):
        bills.setdefault(vendor_id, []).append((due_on, amount))
    return bills


def _advances_on(session: Session, as_of: date) -> dict[Id, Decimal]:
    paid = select(VendorPayment.vendor_id, VendorPayment.amount + VendorPayment.withheld).where(
        VendorPayment.paid_on <= as_of,
        (VendorPayment.reversed_on.is_(None)) | (VendorPayment.reversed_on > as_of),
    )
    credited = select(VendorCredit.vendor_id, VendorCredit.total).where(VendorCredit.credited_on <= as_of)
    allocated = (
        select(Bill.vendor_id, -VendorAllocation.amount)
        .join(Bill, Bill.id == VendorAllocation.bill_id)
        .where(VendorAllocation.allocated_on <= as_of)
    )
    both = paid.union_all(credited, allocated).subquery()
    vendor_id, amount = both.c
    sums = session.execute(select(vendor_id, func.sum(amount)).group_by(vendor_id))
    return dict(sums.all())
