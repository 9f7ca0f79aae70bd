"""Money in or out beside customers and vendors: other income, the owner, bank fees and profit, taxes paid over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import uuid5

from sqlalchemy import select, text
from sqlalchemy.orm import Session, aliased

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.accounts import account_ids
from core.ledger.cash_accounts import cash_account, ledger_balance
from core.ledger.journal import Line, post_entry, reverse_entry
from core.ledger.models import Account, JournalEntry, Posting
from core.ledger.transfers import entry_of
from core.ledger.treasury_models import CashMovement
from core.money import ZERO, parse_amount
from core.numbering import next_number

OTHER_INCOME, CAPITAL, DRAWINGS, BANK_CHARGES = "4090", "3000", "3100", "6800"
UNIDENTIFIED = "1060"
INPUT_TAX, SALES_TAX, ADVANCE_TAX, TAX_DEDUCTED = "1130", "2100", "2110", "2120"
DEPRECIATED_BY = {"1210": "1219", "1500": "1509"}
DEPRECIATION = "6900"
WORN_BY_PIECE = "1210"
"""Equipment at customers; `core.inventory.wear` books what each piece loses."""


class MovementInvalid(DomainError):
    """The amount or the account cannot be booked."""


class MovementReversed(DomainError):
    """The movement was taken back already."""


class MoreThanOwed(DomainError):
    """More tax would be paid or set off than the books owe or hold."""


class AlreadyDepreciated(DomainError):
    """The month's depreciation of that account is booked."""


def record_other_income(
    session: Session, *, cash_account_id: Id, amount: Decimal, received_on: date, description: str,
    idempotency_key: str, actor: str, account_code: str = OTHER_INCOME, document_id: Id | None = None,
    origin: str = "",
) -> CashMovement:  # fmt: skip
    """Income that no invoice explains, on 4090 or another income account. Raises MovementInvalid."""
    if account_type(session, account_code) != "income":
        raise MovementInvalid(f"Account {account_code} is no income account")
    return record_movement(
        session, kind="other_income", cash_account_id=cash_account_id, amount=_positive(amount),
        moved_on=received_on, description=description, idempotency_key=idempotency_key, actor=actor,
        account_code=account_code, document_id=document_id, origin=origin,
    )  # fmt: skip


def record_owner_money(
    session: Session, *, cash_account_id: Id, amount: Decimal, moved_on: date, description: str,
    idempotency_key: str, actor: str, origin: str = "",
) -> CashMovement:  # fmt: skip
    """The owner puts in a positive `amount` (3000), or takes out a negative one (3100). Raises MovementInvalid."""
    kind, code = ("owner_capital", CAPITAL) if amount > 0 else ("owner_drawing", DRAWINGS)
    return record_movement(
        session, kind=kind, cash_account_id=cash_account_id, amount=amount, moved_on=moved_on,
        description=description, idempotency_key=idempotency_key, actor=actor, account_code=code, origin=origin,
    )  # fmt: skip


def record_bank_charge(
    session: Session, *, cash_account_id: Id, amount: Decimal, moved_on: date, description: str,
    idempotency_key: str, actor: str, origin: str = "",
) -> CashMovement:  # fmt: skip
    """What the bank took (negative `amount`, 6800) or paid as profit (positive, 4090). Raises MovementInvalid."""
    kind, code = ("bank_profit", OTHER_INCOME) if amount > 0 else ("bank_fee", BANK_CHARGES)
    return record_movement(
        session, kind=kind, cash_account_id=cash_account_id, amount=amount, moved_on=moved_on,
        description=description, idempotency_key=idempotency_key, actor=actor, account_code=code, origin=origin,
    )  # fmt: skip


def record_unidentified(
    session: Session, *, cash_account_id: Id, amount: Decimal, received_on: date, description: str,
    idempotency_key: str, actor: str, origin: str = "",
) -> CashMovement:  # fmt: skip
    """Money of an unknown payer, owed to him (1060) until somebody says who he is. Raises MovementInvalid."""
    return record_movement(
        session, kind="unidentified_receipt", cash_account_id=cash_account_id, amount=_positive(amount),
        moved_on=received_on, description=description, idempotency_key=idempotency_key, actor=actor,
        account_code=UNIDENTIFIED, origin=origin,
    )  # fmt: skip


def pay_taxes(
    session: Session, *, cash_account_id: Id, paid_on: date, idempotency_key: str, actor: str,
    sales_tax: Decimal = ZERO, advance_income_tax: Decimal = ZERO, deducted_tax: Decimal = ZERO,
    input_tax: Decimal = ZERO, description: str = "", document_id: Id | None = None, origin: str = "",
) -> CashMovement:  # fmt: skip
    """Pay over taxes collected (2100, 2110) and deducted (2120), with `input_tax` (1130) set off against sales tax.

    What leaves the account is the rest, which may be zero. Raises MoreThanOwed, MovementInvalid.
    """
    owed = {SALES_TAX: sales_tax, ADVANCE_TAX: advance_income_tax, TAX_DEDUCTED: deducted_tax}
    owed = {code: parse_amount(amount) for code, amount in owed.items()}
    input_tax = parse_amount(input_tax)
    if min(*owed.values(), input_tax) < ZERO or not any(owed.values()) or input_tax > owed[SALES_TAX]:
        raise MovementInvalid("Pay some tax, none of it negative, and set off no more input tax than sales tax")
    cash_account(session, cash_account_id, active=True, lock=True)
    if session.scalar(select(CashMovement.id).where(CashMovement.idempotency_key == idempotency_key)) is None:
        for code, amount in owed.items():
            _refuse_more(session, code, amount, -ledger_balance(session, code=code, as_of=paid_on))
        _refuse_more(session, INPUT_TAX, input_tax, ledger_balance(session, code=INPUT_TAX, as_of=paid_on))
    lines = [*(Line(code, amount) for code, amount in owed.items()), Line(INPUT_TAX, -input_tax)]
    return record_movement(
        session, kind="tax_payment", cash_account_id=cash_account_id, amount=input_tax - sum(owed.values(), ZERO),
        moved_on=paid_on, description=description, idempotency_key=idempotency_key, actor=actor,
        document_id=document_id, origin=origin, lines=lines,
    )  # fmt: skip


def _refuse_more(session: Session, code: str, amount: Decimal, available: Decimal) -> None:
    if amount > available:
        name = session.scalar(select(Account.name).where(Account.code == code))
        raise MoreThanOwed(f"{name} ({code}) stands at {available} on that day: {amount} is more")


def record_movement(
    session: Session, *, kind: str, cash_account_id: Id, amount: Decimal, moved_on: date, idempotency_key: str,
    actor: str, account_code: str = "", description: str = "", document_id: Id | None = None, origin: str = "",
    lines: Sequence[Line] = (),
) -> CashMovement:  # fmt: skip
    """Book what the account gained (`amount`, negative for a loss) against `account_code`, or against `lines`.

    A repeat of the key returns the first movement. Raises MovementInvalid, CashAccountClosed, NotFound.
    """
    amount = parse_amount(amount)
    account = cash_account(session, cash_account_id, active=True, lock=True)
    first = session.scalar(select(CashMovement).where(CashMovement.idempotency_key == idempotency_key))
    if first is not None:
        if (first.kind, first.cash_account_id, first.amount) != (kind, cash_account_id, amount):
            raise MovementInvalid(f"The key of {first.number} came with something else: use a new key")
        return first
    if account_code:
        if amount == ZERO:
            raise MovementInvalid("A movement of nothing is not booked")
        account_type(session, account_code)
        lines = [Line(account_code, -amount)]
    movement = CashMovement(
        id=new_id(), number=next_number(session, "cash_movement"), kind=kind, cash_account_id=cash_account_id,
        amount=amount, account_code=account_code, moved_on=moved_on, description=" ".join(description.split()),
        document_id=document_id, made_by=actor, idempotency_key=idempotency_key,
    )  # fmt: skip
    session.add(movement)
    session.flush()
    post_entry(
        session, kind=kind, source_id=movement.id, posted_on=moved_on, actor=actor, origin=origin,
        memo=" ".join(filter(None, [movement.number, movement.description])),
        lines=[Line(account.account_code, amount), *lines],
    )  # fmt: skip
    return movement


def reverse_movement(
    session: Session, *, movement_id: Id, reversed_on: date, actor: str, reason: str, origin: str = ""
) -> JournalEntry:
    """Take a movement back by reversing its entry. Raises MovementReversed, NotFound."""
    movement = session.get(CashMovement, movement_id)
    if movement is None:
        raise NotFound("There is no such movement")
    if movement_is_reversed(session, movement):
        raise MovementReversed(f"{movement.number} was taken back already")
    entry = entry_of(session, kind=movement.kind, source_id=movement.id)
    return reverse_entry(
        session, entry_id=entry.id, posted_on=max(reversed_on, movement.moved_on), actor=actor, origin=origin,
        memo=f"{movement.number} taken back: {reason}",
    )  # fmt: skip


def movement_is_reversed(session: Session, movement: CashMovement) -> bool:
    """Whether the movement was taken back."""
    entry = entry_of(session, kind=movement.kind, source_id=movement.id)
    return session.scalar(select(JournalEntry.id).where(JournalEntry.reverses_id == entry.id)) is not None


def post_depreciation(
    session: Session, *, account_code: str, amount: Decimal, month: date, actor: str, origin: str = ""
) -> JournalEntry:
    """Book a month's wear of 1210 or 1500 on its last day, once: 6900 against 1219 or 1509.

    Never more than what the equipment is still worth in the books. A month of 1210 that was worn piece by piece is
    not booked by hand as well; one that is booked by hand first is taken back when the pieces' own wear is booked.
    Raises MovementInvalid, AlreadyDepreciated.
    """
    amount = _positive(amount)
    if account_code not in DEPRECIATED_BY:
        raise MovementInvalid(f"{account_code} is not depreciated: use one of {', '.join(DEPRECIATED_BY)}")
    against, start = DEPRECIATED_BY[account_code], month.replace(day=1)
    last_day = (start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)).toordinal() - 1
    day = date.fromordinal(last_day)
    source_id = uuid5(account_ids(session)[account_code], start.isoformat())
    booked = select(JournalEntry.id).where(JournalEntry.kind == "depreciation", JournalEntry.source_id == source_id)
    if session.scalar(booked) is not None:
        raise AlreadyDepreciated(f"The depreciation of {account_code} for {start:%B %Y} is booked")
    if account_code == WORN_BY_PIECE:
        lock_wear(session)
        worn = select(JournalEntry.id).where(JournalEntry.kind == "equipment_worn", JournalEntry.posted_on >= day)
        if session.scalar(worn.limit(1)) is not None:
            raise AlreadyDepreciated(f"The wear of {start:%B %Y} is booked piece by piece already")
    worth = ledger_balance(session, code=account_code, as_of=day) + ledger_balance(session, code=against, as_of=day)
    if amount > worth:
        raise MovementInvalid(f"The equipment on {account_code} is worth {worth} in the books: {amount} is more")
    return post_entry(
        session, kind="depreciation", source_id=source_id, posted_on=day, actor=actor, origin=origin,
        memo=f"Depreciation of {account_code}, {start:%B %Y}",
        lines=[Line(DEPRECIATION, amount), Line(against, -amount)],
    )  # fmt: skip


def lock_wear(session: Session) -> None:
    """Let one transaction at a time write equipment at customers down, by hand or piece by piece."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('wear:' || taar_company(), 0))"))


def wear_by_hand(session: Session, *, until: date) -> list[JournalEntry]:
    """The entries by which 1210 was written down by hand up to a day and that were not taken back, the oldest first."""
    back = aliased(JournalEntry)
    on_it = select(Posting.id).where(
        Posting.entry_id == JournalEntry.id,
        Posting.account_id == account_ids(session)[DEPRECIATED_BY[WORN_BY_PIECE]],
    )
    return list(session.scalars(
        select(JournalEntry).outerjoin(back, back.reverses_id == JournalEntry.id)
        .where(JournalEntry.kind == "depreciation", JournalEntry.reverses_id.is_(None), back.id.is_(None),
               JournalEntry.posted_on <= until, on_it.exists())
        .order_by(JournalEntry.posted_on, JournalEntry.id)
    ))  # fmt: skip


def account_type(session: Session, account_code: str) -> str:
    """asset, liability, equity, income or expense; raises MovementInvalid for none, or one with a subledger."""
    found = session.execute(select(Account.type, Account.control).where(Account.code == account_code)).one_or_none()
    if found is None or found.control:
        raise MovementInvalid(f"Account {account_code} is not in the chart, or belongs to a subledger")
    return str(found.type)


def movements_of(session: Session, *, kind: str, start: date, end: date) -> list[CashMovement]:
    """The movements of a kind in `[start, end]`, oldest first."""
    return list(session.scalars(
        select(CashMovement).where(CashMovement.kind == kind, CashMovement.moved_on.between(start, end))
        .order_by(CashMovement.moved_on, CashMovement.id)
    ))  # fmt: skip


def unidentified_balance(session: Session) -> Decimal:
    """What is held for unknown payers."""
    return -ledger_balance(session, code=UNIDENTIFIED)


def _positive(amount: Decimal) -> Decimal:
    amount = parse_amount(amount)
    if amount <= ZERO:
        raise MovementInvalid(f"{amount} cannot be booked: the amount is more than zero")
    return amount
