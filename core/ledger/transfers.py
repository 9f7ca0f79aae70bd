"""Money moved between the company's own accounts: out, on its way in 1050, in."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.cash_accounts import cash_account
from core.ledger.journal import Line, post_entry, reverse_entry
from core.ledger.models import JournalEntry
from core.ledger.treasury_models import Transfer
from core.money import ZERO, parse_amount
from core.numbering import next_number

IN_TRANSIT = "1050"
BANK_CHARGES = "6800"


class TransferInvalid(DomainError):
    """The amount, the fee, the day or the two accounts cannot be booked."""


class TransferNotUnderWay(DomainError):
    """The transfer has arrived or was cancelled already."""


def send_transfer(
    session: Session, *, from_id: Id, to_id: Id, amount: Decimal, sent_on: date, idempotency_key: str, actor: str,
    fee: Decimal = ZERO, reference: str = "", note: str = "", origin: str = "",
) -> Transfer:  # fmt: skip
    """The money has left one account and is in transit; `fee` is taken on top by the sending side.

    A repeat of the key returns the first transfer. Raises TransferInvalid, CashAccountClosed, NotFound.
    """
    amount, fee = parse_amount(amount), parse_amount(fee)
    if amount <= ZERO or fee < ZERO or from_id == to_id:
        raise TransferInvalid("A transfer moves more than zero between two different accounts; its fee is not negative")
    source = cash_account(session, from_id, active=True, lock=True)
    cash_account(session, to_id, active=True)
    first = session.scalar(select(Transfer).where(Transfer.idempotency_key == idempotency_key))
    if first is not None:
        return _same(first, from_id, to_id, amount)
    transfer = Transfer(
        id=new_id(), number=next_number(session, "transfer"), from_id=from_id, to_id=to_id, amount=amount, fee=fee,
        sent_on=sent_on, reference=reference.strip(), note=note, made_by=actor, idempotency_key=idempotency_key,
        state="sent",
    )  # fmt: skip
    session.add(transfer)
    session.flush()
    memo = " ".join(filter(None, [transfer.number, transfer.reference]))
    for kind, code, money in (("transfer_out", IN_TRANSIT, amount), ("bank_fee", BANK_CHARGES, fee)):
        if money:
            post_entry(
                session, kind=kind, source_id=transfer.id, posted_on=sent_on, actor=actor, origin=origin, memo=memo,
                lines=[Line(code, money), Line(source.account_code, -money)],
            )  # fmt: skip
    return transfer


def _same(first: Transfer, from_id: Id, to_id: Id, amount: Decimal) -> Transfer:
    if (first.from_id, first.to_id, first.amount) != (from_id, to_id, amount):
        raise TransferInvalid(f"The key of transfer {first.number} came with another transfer: use a new key")
    return first


def receive_transfer(
    session: Session, *, transfer_id: Id, arrived_on: date, actor: str, fee: Decimal = ZERO, origin: str = ""
) -> Transfer:
    """The money is on the other account, less a `fee` that the receiving side kept.

    Raises TransferNotUnderWay, TransferInvalid for a day before it was sent.
    """
    transfer = _under_way(session, transfer_id)
    fee = parse_amount(fee)
    if arrived_on < transfer.sent_on or not ZERO <= fee < transfer.amount:
        raise TransferInvalid(
            f"Transfer {transfer.number} of {transfer.amount} was sent on {transfer.sent_on}: "
            "it arrives no earlier, and its fee is less than the amount"
        )
    target = cash_account(session, transfer.to_id, active=True)
    transfer.state, transfer.arrived_on, transfer.arrival_fee = "arrived", arrived_on, fee
    transfer.arrival_id = new_id()
    session.flush()
    post_entry(
        session, kind="transfer_in", source_id=transfer.arrival_id, posted_on=arrived_on, actor=actor, origin=origin,
        memo=" ".join(filter(None, [transfer.number, transfer.reference])),
        lines=[Line(target.account_code, transfer.amount - fee), Line(BANK_CHARGES, fee),
               Line(IN_TRANSIT, -transfer.amount)],
    )  # fmt: skip
    return transfer


def transfer_now(
    session: Session, *, from_id: Id, to_id: Id, amount: Decimal, moved_on: date, idempotency_key: str, actor: str,
    fee: Decimal = ZERO, reference: str = "", note: str = "", origin: str = "",
) -> Transfer:  # fmt: skip
    """Send and receive in one step, as between two drawers or two accounts of one bank."""
    transfer = send_transfer(
        session, from_id=from_id, to_id=to_id, amount=amount, sent_on=moved_on, idempotency_key=idempotency_key,
        actor=actor, fee=fee, reference=reference, note=note, origin=origin,
    )  # fmt: skip
    if transfer.state == "sent":
        receive_transfer(session, transfer_id=transfer.id, arrived_on=moved_on, actor=actor, origin=origin)
    return transfer


def cancel_transfer(
    session: Session, *, transfer_id: Id, cancelled_on: date, actor: str, fee_returned: bool = False, origin: str = ""
) -> Transfer:
    """The money is back on the account it came from; the fee only if the bank returned it.

    Raises TransferNotUnderWay.
    """
    transfer = _under_way(session, transfer_id)
    if cancelled_on < transfer.sent_on:
        raise TransferInvalid(f"Transfer {transfer.number} was sent on {transfer.sent_on}: cancel it no earlier")
    transfer.state = "cancelled"
    session.flush()
    kinds = ["transfer_out", "bank_fee"] if fee_returned and transfer.fee else ["transfer_out"]
    for kind in kinds:
        reverse_entry(
            session, entry_id=entry_of(session, kind=kind, source_id=transfer.id).id, posted_on=cancelled_on,
            actor=actor, origin=origin, memo=f"{transfer.number} cancelled",
        )  # fmt: skip
    return transfer


def take_back_arrival(
    session: Session, *, transfer_id: Id, taken_back_on: date, actor: str, origin: str = ""
) -> Transfer:
    """The transfer is under way again, as if it had not arrived; its entry is reversed.

    Raises TransferNotUnderWay if it had not arrived.
    """
    transfer = session.get_one(Transfer, transfer_id, with_for_update=True, populate_existing=True)
    if transfer.state != "arrived" or transfer.arrival_id is None:
        raise TransferNotUnderWay(f"Transfer {transfer.number} has not arrived: there is nothing to take back")
    entry = entry_of(session, kind="transfer_in", source_id=transfer.arrival_id)
    reverse_entry(session, entry_id=entry.id, posted_on=taken_back_on, actor=actor, origin=origin,
                  memo=f"{transfer.number} not arrived")  # fmt: skip
    transfer.state, transfer.arrived_on, transfer.arrival_fee, transfer.arrival_id = "sent", None, ZERO, None
    session.flush()
    return transfer


def transfers_under_way(session: Session, *, to_id: Id | None = None) -> list[Transfer]:
    """What has left and not arrived, the oldest first; their sum is the balance of 1050."""
    sent = select(Transfer).where(Transfer.state == "sent").order_by(Transfer.sent_on, Transfer.number)
    return list(session.scalars(sent.where(Transfer.to_id == to_id) if to_id else sent))


def entry_of(session: Session, *, kind: str, source_id: Id) -> JournalEntry:
    """The journal entry of a document; raises NotFound."""
    entry = session.scalar(
        select(JournalEntry).where(JournalEntry.kind == kind, JournalEntry.source_id == source_id)
    )  # fmt: skip
    if entry is None:
        raise NotFound(f"The journal has no {kind.replace('_', ' ')} of that document")
    return entry


def _under_way(session: Session, transfer_id: Id) -> Transfer:
    transfer = session.get(Transfer, transfer_id, with_for_update=True, populate_existing=True)
    if transfer is None:
        raise NotFound("There is no such transfer")
    if transfer.state != "sent":
        raise TransferNotUnderWay(f"Transfer {transfer.number} is {transfer.state} already")
    return transfer
