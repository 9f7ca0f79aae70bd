"""The nightly look at the books: balanced, tied to the documents, totals right, no number missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.billing.invoice_models import CreditNote, Invoice
from core.billing.payment_models import Payment, PaymentClaim, Refund
from core.crm.models import Customer
from core.inventory.models import Purchase
from core.inventory.request_models import RestockRequest, StockTake
from core.ledger.accounts import account_of
from core.ledger.book_models import ManualEntry
from core.ledger.checks import Difference, differences, unbalanced_entries, unnamed_sources, wrong_totals
from core.ledger.models import Account, Posting
from core.ledger.reconciliation_models import Reconciliation
from core.ledger.sums import Span, sums
from core.ledger.treasury_models import (
    Bill,
    CashAccount,
    CashMovement,
    Expense,
    Transfer,
    Vendor,
    VendorCredit,
    VendorPayment,
)
from core.money import ZERO
from core.numbering import FIRST, PREFIXES, NumberSeries, printed
from core.service_desk.models import Ticket
from core.staff.cash_models import Handover
from core.staff.models import Staff
from core.staff.pay_models import EmployeeDebt, SalaryPayment
from core.usecases.subledgers import TIES

NUMBERED: dict[str, InstrumentedAttribute[Any]] = {
    "invoice": Invoice.number, "receipt": Payment.number, "credit_note": CreditNote.number,
    "claim": PaymentClaim.number, "refund": Refund.number, "journal": ManualEntry.number,
    "customer": Customer.number, "ticket": Ticket.number, "vendor": Vendor.number, "bill": Bill.number,
    "vendor_payment": VendorPayment.number, "vendor_credit": VendorCredit.number,
    "expense": Expense.number, "transfer": Transfer.number,
    "cash_movement": CashMovement.number, "handover": Handover.number, "employee_debt": EmployeeDebt.number,
    "salary_payment": SalaryPayment.number, "purchase": Purchase.number, "restock": RestockRequest.number,
    "stock_take": StockTake.number,
}  # fmt: skip
PARTIES: dict[str, InstrumentedAttribute[Any]] = {
    "customer": Customer.id,
    "staff": Staff.id,
    "vendor": Vendor.id,
}


def check_books(session: Session, *, as_of: date) -> list[Difference]:
    """Everything that does not hold at the end of `as_of`; an empty list is a clean bill. Changes nothing."""
    found = [*unbalanced_entries(session), *wrong_totals(session), *unnamed_sources(session)]
    for tie in TIES:
        found += differences(session, tie, as_of)
    return [*found, *_unknown_parties(session), *_moved_banks(session, as_of), *missing_numbers(session)]


def missing_numbers(session: Session) -> list[Difference]:
    """Numbers that were given out and stand on no document, by series; voided documents keep theirs."""
    found = []
    for series in session.scalars(select(NumberSeries).order_by(NumberSeries.kind, NumberSeries.fiscal_year)):
        if series.kind in NUMBERED:
            found += _gaps(session, series)
    return found


def _gaps(session: Session, series: NumberSeries) -> list[Difference]:
    column = NUMBERED[series.kind]
    year = f"-{series.fiscal_year}" if series.fiscal_year else ""
    start = f"{PREFIXES[series.kind]}{year}-"
    # The table and its column are those of the map above.
    rows = session.scalars(
        text(f"SELECT n FROM generate_series(CAST(:first AS bigint), :last) n"  # noqa: S608
             f" EXCEPT SELECT CAST(substr({column.key}, :digits) AS bigint) FROM {column.class_.__tablename__}"
             f" WHERE {column.key} ~ :pattern ORDER BY n LIMIT 20"),
        {"first": FIRST.get(series.kind, 0) + 1, "last": series.last, "digits": len(start) + 1,
         "pattern": f"^{start}[0-9]+$"},
    )  # fmt: skip
    missing = list(rows)
    if not missing:
        return []
    words = ", ".join(printed(series.kind, number, fiscal_year=series.fiscal_year) for number in missing)
    return [Difference("numbers", f"Given out up to {series.last}, but no {series.kind} has {words}")]


def _moved_banks(session: Session, as_of: date) -> list[Difference]:
    """Bank accounts whose books no longer show the balance that was reconciled with the bank."""
    saved = session.execute(
        select(CashAccount.account_code, Reconciliation.statement_on, Reconciliation.book_balance)
        .join(CashAccount, CashAccount.id == Reconciliation.cash_account_id)
        .where(Reconciliation.statement_on <= as_of, Reconciliation.reopened_at.is_(None))
        .order_by(Reconciliation.statement_on)
    )
    found = []
    for code, day, agreed in saved:
        rows = sums(session, span=Span(None, day), accounts=[account_of(session, code)])
        booked = sum((row.amount for row in rows), ZERO)
        if booked != agreed:
            words = f"{code} stood at {agreed} when it was reconciled for {day}; entries dated by then make it {booked}"
            found.append(Difference("bank", words, code, booked=booked, documented=agreed, began_on=day))
    return found


def _unknown_parties(session: Session) -> Sequence[Difference]:
    found = []
    for control, key in PARTIES.items():
        strangers = (
            select(Posting.party_id, Account.code, func.min(Posting.posted_on).label("posted_on"),
                   func.array_agg(aggregate_order_by(Posting.entry_id, Posting.posted_on))[1].label("entry_id"))
            .join(Account, Account.id == Posting.account_id)
            .where(Account.control == control, ~select(key).where(key == Posting.party_id).exists())
            .group_by(Posting.party_id, Account.code)
        )  # fmt: skip
        found += [
            Difference("party", f"{row.code} has postings of somebody who is no {control}", row.code, row.party_id,
                       began_on=row.posted_on, entry_id=row.entry_id)
            for row in session.execute(strangers)
        ]  # fmt: skip
    return found
