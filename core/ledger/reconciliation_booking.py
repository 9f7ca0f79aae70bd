"""Booking what only the bank knew: fees, profit, income, expenses, unknown payers, arrivals, settlements."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.ids import Id
from core.ledger import cash_movements, expenses, transfers
from core.ledger.accounts import account_ids
from core.ledger.cash_accounts import cash_account
from core.ledger.journal import Line
from core.ledger.models import Posting
from core.ledger.reconciliation_matches import (
    MatchInvalid,
    Pairing,
    match,
    open_line,
    postings_of,
    set_off_reversal,
    take_apart,
)  # fmt: skip
from core.ledger.reconciliation_models import BankLine, BankMatch, MatchedPosting
from core.ledger.transfers import entry_of
from core.ledger.treasury_models import Transfer
from core.ledger.vendor_payments import pay_vendor, reverse_vendor_payment
from core.money import ZERO

GATEWAY_FEES = "6810"
KIND_OF_ACCOUNT = {
    cash_movements.UNIDENTIFIED: "unidentified_receipt", cash_movements.CAPITAL: "owner_capital",
    cash_movements.DRAWINGS: "owner_drawing", cash_movements.BANK_CHARGES: "bank_fee",
}  # fmt: skip
KIND_OF_TYPE = {"income": "other_income", "expense": "expense"}


def key_of(line: BankLine) -> str:
    """The idempotency key for what is booked for the line now; another one after an undo."""
    line.booked_times += 1
    return f"bank:{line.id}" if line.booked_times == 1 else f"bank:{line.id}:{line.booked_times}"


def book_line(
    session: Session, *, line_id: Id, account_code: str, booked_by: str, now: datetime, description: str = "",
    origin: str = "",
) -> BankMatch:  # fmt: skip
    """Book the line against an account: a fee, profit or other income, an expense, the owner, an unknown payer (1060).

    Raises MatchInvalid, MovementInvalid for accounts of a subledger and others that need a document.
    """
    line = open_line(session, line_id)
    movement = cash_movements.record_movement(
        session, kind=_kind(session, line, account_code), cash_account_id=line.cash_account_id, amount=line.amount,
        moved_on=line.booked_on, idempotency_key=key_of(line), actor=booked_by, account_code=account_code,
        description=description or line.text or line.reference, origin=origin,
    )  # fmt: skip
    entry = entry_of(session, kind=movement.kind, source_id=movement.id)
    return _matched(session, line, entry.id, "movement", movement.id, booked_by, now)


def _kind(session: Session, line: BankLine, account_code: str) -> str:
    kind = KIND_OF_ACCOUNT.get(account_code) or KIND_OF_TYPE.get(cash_movements.account_type(session, account_code), "")
    if not kind:
        raise cash_movements.MovementInvalid(
            f"A bank line is not booked on {account_code}: choose income, an expense, 1060 or the owner's accounts"
        )
    wrong_way = line.amount > ZERO if kind == "owner_drawing" else line.amount < ZERO
    if wrong_way and kind in {"owner_drawing", "owner_capital", "unidentified_receipt"}:
        raise MatchInvalid(f"{line.amount} goes the other way than account {account_code}")
    return kind


def book_expense(
    session: Session, *, line_id: Id, category_id: Id, booked_by: str, now: datetime, description: str = "",
    origin: str = "",
) -> BankMatch | None:  # fmt: skip
    """Book money that went out as an expense. Above the company's limit it is asked for, and the line stays open:
    returns None, and once another person approved, the same call books it.
    """
    line = open_line(session, line_id)
    if line.amount >= ZERO:
        raise MatchInvalid("Money that came in is no expense")
    key = f"bank:{line.id}:expense:{line.booked_times}"
    expense = expenses.ask_expense(
        session, category_id=category_id, net=-line.amount, description=description or line.text,
        asked_on=line.booked_on, idempotency_key=key, actor=booked_by,
    )  # fmt: skip
    if expense.state == "asked":
        return None
    line.booked_times += 1
    expenses.pay_expense(session, expense_id=expense.id, cash_account_id=line.cash_account_id,
                         paid_on=line.booked_on, actor=booked_by, origin=origin)  # fmt: skip
    entry = entry_of(session, kind="expense", source_id=expense.id)
    return _matched(session, line, entry.id, "expense", expense.id, booked_by, now)


def book_vendor_payment(
    session: Session, *, line_id: Id, vendor_id: Id, booked_by: str, now: datetime, bill_ids: Collection[Id] = (),
    origin: str = "",
) -> BankMatch:  # fmt: skip
    """Book money that went out as a payment to a vendor; raises as `pay_vendor`."""
    line = open_line(session, line_id)
    if line.amount >= ZERO:
        raise MatchInvalid("Money that came in is no payment to a vendor")
    payment = pay_vendor(
        session, vendor_id=vendor_id, cash_account_id=line.cash_account_id, amount=-line.amount,
        paid_on=line.booked_on, idempotency_key=key_of(line), actor=booked_by, bill_ids=bill_ids,
        reference=line.reference, origin=origin,
    )  # fmt: skip
    entry = entry_of(session, kind="vendor_payment", source_id=payment.id)
    return _matched(session, line, entry.id, "vendor_payment", payment.id, booked_by, now)


def book_arrival(session: Session, *, line_id: Id, transfer_id: Id, booked_by: str, now: datetime, origin: str = "",
                 ) -> BankMatch:  # fmt: skip
    """The line is a transfer of ours arriving, less what the bank kept. Raises TransferNotUnderWay, MatchInvalid."""
    line = open_line(session, line_id)
    transfer = session.get_one(Transfer, transfer_id)
    if transfer.to_id != line.cash_account_id or not ZERO < line.amount <= transfer.amount:
        raise MatchInvalid(f"Transfer {transfer.number} of {transfer.amount} does not arrive as {line.amount} here")
    transfers.receive_transfer(session, transfer_id=transfer_id, arrived_on=line.booked_on, actor=booked_by,
                               fee=transfer.amount - line.amount, origin=origin)  # fmt: skip
    assert transfer.arrival_id is not None
    entry = entry_of(session, kind="transfer_in", source_id=transfer.arrival_id)
    return _matched(session, line, entry.id, "transfer", transfer.id, booked_by, now)


def book_settlement(
    session: Session, *, line_id: Id, gateway_id: Id, posting_ids: Collection[Id], booked_by: str, now: datetime,
    origin: str = "",
) -> BankMatch:  # fmt: skip
    """The line is a gateway paying out `posting_ids` of its account, less its fee (6810). Raises MatchInvalid."""
    line = open_line(session, line_id)
    gateway = cash_account(session, gateway_id, active=True, lock=True)
    gross = sum(session.scalars(
        select(Posting.amount).where(Posting.id.in_(set(posting_ids)),
                                     Posting.account_id == account_ids(session)[gateway.account_code])
    ), ZERO)  # fmt: skip
    if gateway.id == line.cash_account_id or not ZERO < line.amount <= gross:
        raise MatchInvalid(f"{gateway.name} cannot pay out {line.amount} of {gross}")
    movement = cash_movements.record_movement(
        session, kind="gateway_settlement", cash_account_id=line.cash_account_id, amount=line.amount,
        moved_on=line.booked_on, idempotency_key=key_of(line), actor=booked_by, origin=origin,
        description=f"Settlement of {gateway.name} {line.reference}",
        lines=[Line(GATEWAY_FEES, gross - line.amount), Line(gateway.account_code, -gross)],
    )  # fmt: skip
    entry = entry_of(session, kind="gateway_settlement", source_id=movement.id)
    paid_out = postings_of(session, entry_id=entry.id, cash_account_id=gateway.id)
    settled = Pairing(posting_ids=[*posting_ids, *paid_out], source_id=movement.id,
                      reason=f"Paid out as {movement.number}")  # fmt: skip
    match(session, cash_account_id=gateway.id, pairing=settled, matched_by=booked_by, now=now)
    return _matched(session, line, entry.id, "settlement", movement.id, booked_by, now)


def _matched(
    session: Session, line: BankLine, entry_id: Id, kind: str, source_id: Id, booked_by: str, now: datetime
) -> BankMatch:
    posting_ids = postings_of(session, entry_id=entry_id, cash_account_id=line.cash_account_id)
    pairing = Pairing(line_ids=[line.id], posting_ids=posting_ids, kind=kind, source_id=source_id)
    return match(session, cash_account_id=line.cash_account_id, pairing=pairing, matched_by=booked_by, now=now)


def undo_booking(
    session: Session, *, match_id: Id, undone_by: str, now: datetime, undone_on: date | None = None, origin: str = ""
) -> BankMatch:
    """Take a match apart and take back what was booked for it, on the line's day unless `undone_on` names a later one.

    A match with what was in the books already is only taken apart. Raises MatchLocked, NotFound.
    """
    entries = set(session.scalars(
        select(Posting.entry_id).join(MatchedPosting, MatchedPosting.posting_id == Posting.id)
        .where(MatchedPosting.match_id == match_id)
    ))  # fmt: skip
    day = session.scalars(select(BankLine.booked_on).where(BankLine.match_id == match_id)).first()
    undone = take_apart(session, match_id=match_id)
    if undone.source_id is None or undone.kind in {"existing", "payment", "claim", "set_off"} or day is None:
        return undone
    day, why, by = max(day, undone_on or day), "match undone", {"actor": undone_by, "origin": origin}
    if undone.kind in {"movement", "settlement"}:
        _take_back_settled(session, undone)
        cash_movements.reverse_movement(session, movement_id=undone.source_id, reversed_on=day, reason=why, **by)
    elif undone.kind == "expense":
        expenses.take_back_expense(session, expense_id=undone.source_id, reversed_on=day, reason=why, **by)
    elif undone.kind == "vendor_payment":
        reverse_vendor_payment(session, payment_id=undone.source_id, reversed_on=day, reason=why, **by)
    elif undone.kind == "transfer":
        transfers.take_back_arrival(session, transfer_id=undone.source_id, taken_back_on=day, **by)
    for entry_id in entries:
        set_off_reversal(session, entry_id=entry_id, cash_account_id=undone.cash_account_id, matched_by=undone_by,
                         now=now)  # fmt: skip
    return undone


def _take_back_settled(session: Session, undone: BankMatch) -> None:
    """What the gateway had paid out is on its account again; the settlement's own side is set off with its reversal."""
    for settled in session.scalars(
        select(BankMatch.id).where(BankMatch.source_id == undone.source_id, BankMatch.kind == "set_off")
    ).all():
        take_apart(session, match_id=settled)
