"""Confirming what a bank line is: it becomes a match, a customer's payment, an approved claim, a fee, an arrival."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.payment_models import METHODS, Payment, PaymentClaim
from core.billing.taking_back import reverse_payment
from core.errors import DomainError, NotFound
from core.ids import Id
from core.ledger import reconciliation_booking as booking
from core.ledger.cash_accounts import cash_account
from core.ledger.cash_movements import UNIDENTIFIED, movement_is_reversed
from core.ledger.reconciliation_matches import (
    MatchInvalid,
    Pairing,
    match,
    match_all,
    open_line,
    postings_of,
    set_off_reversal,
    take_apart,
)  # fmt: skip
from core.ledger.reconciliation_matching import EXACT, RULE, Proposal
from core.ledger.reconciliation_models import BankLine, BankMatch
from core.ledger.transfers import entry_of
from core.ledger.treasury_models import CashAccount, CashMovement
from core.money import ZERO, parse_amount
from core.usecases.decide_claim import accept_claim
from core.usecases.propose_matches import propose
from core.usecases.take_payment import Taken, take_payment

METHOD_OF_KIND = {"bank": "bank", "cash": "cash", "gateway": "gateway"}


class AlreadyIdentified(DomainError):
    """The money of an unknown payer has found its customer already, or was taken back."""


@dataclass(frozen=True)
class Confirmed:
    """What was confirmed at once, and what was refused and why."""

    matches: Sequence[BankMatch]
    refused: Sequence[tuple[Proposal, str]]


def confirm(
    session: Session, *, cash_account_id: Id, proposal: Proposal, confirmed_by: str, now: datetime, origin: str = ""
) -> BankMatch:
    """Do what the proposal says; raises what its kind of booking raises, MatchInvalid if it was overtaken."""
    if proposal.kind in {"match", "set_off"}:
        return match(session, cash_account_id=cash_account_id, pairing=_pairing(proposal), matched_by=confirmed_by,
                     now=now)  # fmt: skip
    [line_id] = proposal.line_ids
    return _book(session, line_id, proposal, confirmed_by, now, origin)


def _book(session: Session, line_id: Id, proposal: Proposal, by: str, now: datetime, origin: str) -> BankMatch:
    if proposal.kind == "payment" and proposal.customer_id is not None:
        return book_payment(session, line_id=line_id, customer_id=proposal.customer_id, booked_by=by, now=now,
                            invoice_ids=proposal.invoice_ids, origin=origin)  # fmt: skip
    if proposal.kind == "claim" and proposal.claim_id is not None:
        return book_claim(session, line_id=line_id, claim_id=proposal.claim_id, booked_by=by, now=now, origin=origin)
    if proposal.kind == "transfer" and proposal.transfer_id is not None:
        return booking.book_arrival(session, line_id=line_id, transfer_id=proposal.transfer_id, booked_by=by, now=now,
                                    origin=origin)  # fmt: skip
    if proposal.kind == "settlement" and proposal.gateway_id is not None:
        return booking.book_settlement(session, line_id=line_id, gateway_id=proposal.gateway_id,
                                       posting_ids=proposal.posting_ids, booked_by=by, now=now,
                                       origin=origin)  # fmt: skip
    if proposal.kind == "account":
        return booking.book_line(session, line_id=line_id, account_code=proposal.account_code, booked_by=by, now=now,
                                 origin=origin)  # fmt: skip
    raise MatchInvalid(f"A proposal of the kind {proposal.kind!r} says too little to be confirmed")


def book_payment(
    session: Session, *, line_id: Id, customer_id: Id, booked_by: str, now: datetime,
    invoice_ids: Collection[Id] = (), origin: str = "",
) -> BankMatch:  # fmt: skip
    """The line is a customer's payment, which is recorded with its receipt under the key `bank:<line id>`.

    Raises what `record_payment` raises, MatchInvalid.
    """
    line = open_line(session, line_id)
    _incoming(line)
    account = cash_account(session, line.cash_account_id)
    taken = take_payment(
        session, customer_id=customer_id, amount=line.amount, method=_method(account), received_on=line.booked_on,
        idempotency_key=booking.key_of(line), taken_by=booked_by, now=now, reference=line.reference, origin=origin,
        invoice_ids=invoice_ids, account_code=account.account_code,
    )  # fmt: skip
    return _matched(session, line, taken.payment, "payment", booked_by, now)


def book_claim(
    session: Session, *, line_id: Id, claim_id: Id, booked_by: str, now: datetime, origin: str = ""
) -> BankMatch:
    """The line proves what a customer claimed: the claim is approved over the bank's amount.

    Raises ClaimDecided and what `record_payment` raises, MatchInvalid.
    """
    line = open_line(session, line_id)
    _incoming(line)
    account = cash_account(session, line.cash_account_id)
    claim = session.get(PaymentClaim, claim_id)
    said = claim.method if claim is not None and claim.method in METHODS else ""
    taken = accept_claim(
        session, claim_id=claim_id, method=said or _method(account), received_on=line.booked_on, amount=line.amount,
        approved_by=booked_by, now=now, origin=origin, account_code=account.account_code,
    )  # fmt: skip
    return _matched(session, line, taken.payment, "claim", booked_by, now)


def _incoming(line: BankLine) -> None:
    if line.amount <= ZERO:
        raise MatchInvalid(f"The line of {line.amount} is money that went out: no customer paid it")


def _method(account: CashAccount) -> str:
    if account.kind == "wallet":
        return "easypaisa" if "easypaisa" in f"{account.name} {account.bank_name}".casefold() else "jazzcash"
    return METHOD_OF_KIND[account.kind]


def _matched(session: Session, line: BankLine, payment: Payment, kind: str, booked_by: str, now: datetime) -> BankMatch:
    entry = entry_of(session, kind="payment", source_id=payment.id)
    posting_ids = postings_of(session, entry_id=entry.id, cash_account_id=line.cash_account_id)
    pairing = Pairing(line_ids=[line.id], posting_ids=posting_ids, kind=kind, source_id=payment.id)
    return match(session, cash_account_id=line.cash_account_id, pairing=pairing, matched_by=booked_by, now=now)


def _pairing(proposal: Proposal) -> Pairing:
    return Pairing(line_ids=proposal.line_ids, posting_ids=proposal.posting_ids, reason=proposal.reason)


def confirm_exact(
    session: Session, *, cash_account_id: Id, confirmed_by: str, now: datetime, origin: str = ""
) -> Confirmed:
    """Confirm every sure proposal of class 1 at once; one that is refused is reported and holds no other up."""
    sure = [each for each in propose(session, cash_account_id=cash_account_id) if each.rank == EXACT and each.sure]
    return _confirm_all(session, cash_account_id, sure, confirmed_by, now, origin)


def post_automatic(session: Session, *, cash_account_id: Id, now: datetime, origin: str) -> Confirmed:
    """Book what rules marked as automatic say, in the system's name; `origin` names the run."""
    ruled = [each for each in propose(session, cash_account_id=cash_account_id) if each.rank == RULE and each.automatic]
    return _confirm_all(session, cash_account_id, ruled, "system", now, origin)


def _confirm_all(
    session: Session, cash_account_id: Id, proposals: Sequence[Proposal], by: str, now: datetime, origin: str
) -> Confirmed:
    plain = {proposal: _pairing(proposal) for proposal in proposals if proposal.kind == "match"}
    matches, faults = match_all(
        session, cash_account_id=cash_account_id, pairings=list(plain.values()), matched_by=by, now=now
    )
    reasons = {id(pairing): fault for pairing, fault in faults}
    refused = [(each, reasons[id(pairing)]) for each, pairing in plain.items() if id(pairing) in reasons]
    for proposal in proposals:
        if proposal in plain:
            continue
        try:
            with session.begin_nested():
                matches.append(confirm(session, cash_account_id=cash_account_id, proposal=proposal, confirmed_by=by,
                                       now=now, origin=origin))  # fmt: skip
        except DomainError as refusal:
            refused.append((proposal, str(refusal)))
    return Confirmed(matches, refused)


def undo(
    session: Session, *, match_id: Id, undone_by: str, now: datetime, undone_on: date | None = None, origin: str = ""
) -> BankMatch:
    """Take a match apart and take back what was booked for it, a customer's payment too; the line is open again.

    Entries are reversed on the line's day, or on `undone_on` where that is closed; a payment on the day of `now`.
    Raises MatchLocked after a saved reconciliation, AlreadyIdentified where the unknown payer was found meanwhile,
    AdvanceRefunded where the payment's advance was given back.
    """
    found = session.get(BankMatch, match_id)
    if found is None:
        raise NotFound("There is no such match")
    if found.kind == "movement" and found.source_id is not None and _identified(session, found.source_id):
        raise AlreadyIdentified("This money was identified as a customer's: take back his payment first")
    if found.kind not in {"payment", "claim"} or found.source_id is None:
        return booking.undo_booking(
            session, match_id=match_id, undone_by=undone_by, now=now, undone_on=undone_on, origin=origin
        )
    undone = take_apart(session, match_id=match_id)
    payment = session.get_one(Payment, found.source_id)
    if payment.state == "received":
        reverse_payment(session, payment_id=payment.id, reason="The bank line was another's", actor=undone_by, now=now,
                        origin=origin)  # fmt: skip
        set_off_reversal(
            session, entry_id=entry_of(session, kind="payment", source_id=payment.id).id, matched_by=undone_by,
            cash_account_id=undone.cash_account_id, now=now,
        )  # fmt: skip
    return undone


def identify_receipt(
    session: Session, *, movement_id: Id, customer_id: Id, identified_by: str, now: datetime,
    amount: Decimal | None = None, invoice_ids: Collection[Id] = (), origin: str = "",
) -> Taken:  # fmt: skip
    """Money held for an unknown payer (1060), all of it or `amount`, is this customer's payment.

    Dated the day the bank had it. Raises AlreadyIdentified, MatchInvalid, and what `record_payment` raises.
    """
    movement = session.get(CashMovement, movement_id)
    if movement is None or movement.kind != "unidentified_receipt":
        raise NotFound("There is no such money of an unknown payer")
    account = cash_account(session, movement.cash_account_id, lock=True)
    left = movement.amount - _identified(session, movement_id)
    if left == ZERO or movement_is_reversed(session, movement):
        raise AlreadyIdentified(f"{movement.number} is identified or taken back already")
    share = left if amount is None else parse_amount(amount)
    if not ZERO < share <= left:
        raise MatchInvalid(f"Of {movement.number} {left} is left to identify, not {share}")
    return take_payment(
        session, customer_id=customer_id, amount=share, method=_method(account), received_on=movement.moved_on,
        idempotency_key=f"identified:{movement_id}:{left}", taken_by=identified_by, now=now,
        reference=movement.description[:100], origin=origin, invoice_ids=invoice_ids, account_code=UNIDENTIFIED,
    )  # fmt: skip


def _identified(session: Session, movement_id: Id) -> Decimal:
    found = select(func.sum(Payment.amount)).where(
        Payment.idempotency_key.startswith(f"identified:{movement_id}:"), Payment.state == "received"
    )
    return session.scalar(found) or ZERO


def unidentified(session: Session) -> list[tuple[CashMovement, Decimal]]:
    """Money of unknown payers with what is left of it, the oldest first; the sum is the balance of 1060."""
    held = select(CashMovement).where(CashMovement.kind == "unidentified_receipt").order_by(CashMovement.moved_on)
    standing = [each for each in session.scalars(held) if not movement_is_reversed(session, each)]
    left = [(each, each.amount - _identified(session, each.id)) for each in standing]
    return [(each, amount) for each, amount in left if amount]
