"""Cash in agents' hands: what each holds, since when, and whether he may take more (reference money 4.6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from core.errors import DomainError
from core.ids import Id, new_id
from core.ledger.accounts import account_ids
from core.ledger.models import JournalEntry, Posting
from core.money import ZERO, parse_amount
from core.staff.balances import CASH_IN_HAND, balance_of, balances_of
from core.staff.cash_models import CashLimit
from core.staff.models import Staff
from core.staff.pay_terms import pay_policy
from core.staff.people import lock_staff, staff_named
from core.staff.wording import currency_sign, shown, shown_day

OVER_AT_HANDOVER = "cash_overage"
"""The kind of the entry that gives back what a handover took beyond his collections; no money came in with it."""


WARN_PERCENT = 80
"""Of his limit in hand, an agent is told to hand over soon."""


class CashLimitReached(DomainError):
    """The agent holds too much cash, or too old cash, to take more; the text names the sum and what to do."""


class CashLimitInvalid(DomainError):
    """The limit cannot be below zero."""


@dataclass(frozen=True)
class HeldCash:
    """What is left in the agent's hands of one collection."""

    source_id: Id
    """The payment it came with."""
    memo: str
    collected_on: date
    amount: Decimal
    left: Decimal


@dataclass(frozen=True)
class CashInHand:
    """An agent's cash and his limits on a day."""

    staff_id: Id
    name: str
    in_hand: Decimal
    oldest_on: date | None
    age_days: int
    """Days since the oldest of it was collected; zero without any."""
    limit: Decimal | None
    age_limit: int | None

    @property
    def too_old(self) -> bool:
        """Whether the oldest money is past the days he may keep it."""
        return self.age_limit is not None and self.oldest_on is not None and self.age_days > self.age_limit

    @property
    def nearly_full(self) -> bool:
        """Whether he holds so much that a few receipts more reach his limit."""
        return self.limit is not None and self.in_hand * 100 >= self.limit * WARN_PERCENT

    @property
    def left(self) -> Decimal | None:
        """How much more he may take; None without a limit, zero once his money is too old."""
        if self.too_old:
            return ZERO
        return None if self.limit is None else max(self.limit - self.in_hand, ZERO)


def cash_in_hand(session: Session, *, staff_id: Id, as_of: date | None = None) -> Decimal:
    """The balance of 1040 for one agent; negative while more was counted than he had collected by receipts."""
    return balance_of(session, CASH_IN_HAND, staff_id, as_of=as_of)


def cash_limit_left(session: Session, *, staff_id: Id, today: date) -> CashInHand:
    """What the agent holds and how much more he may take: the company's limits, or his own. Raises NotFound."""
    return _with_limits(session, [staff_named(session, staff_id)], today)[0]


def cash_of_agents(session: Session, *, today: date) -> list[CashInHand]:
    """Everybody who holds cash or owes a count, the largest sums first."""
    holders = [staff_id for staff_id, held in balances_of(session, CASH_IN_HAND, as_of=today).items() if held]
    staff = session.scalars(select(Staff).where(Staff.id.in_(holders))).all()
    return sorted(_with_limits(session, staff, today), key=lambda cash: (-cash.in_hand, cash.name))


def _with_limits(session: Session, staff: Sequence[Staff], today: date) -> list[CashInHand]:
    ids = [person.id for person in staff]
    policy = pay_policy(session)
    own = own_cash_limits(session)
    balances = balances_of(session, CASH_IN_HAND, ids, as_of=today)
    held = money_in_hand(session, staff_ids=ids, as_of=today)
    rows = []
    for person in staff:
        oldest = min((money.collected_on for money in held.get(person.id, [])), default=None)
        limit = own.get(person.id)
        rows.append(
            CashInHand(
                person.id, person.name, balances.get(person.id, ZERO), oldest,
                (today - oldest).days if oldest else 0,
                limit.amount if limit else policy.cash_limit,
                limit.age_days if limit else policy.cash_age_days,
            )
        )  # fmt: skip
    return rows


def require_room_for_cash(session: Session, *, staff_id: Id, amount: Decimal, today: date) -> CashInHand:
    """The agent may take `amount` in cash now; locks him, so that two receipts are not accepted side by side.

    Call it before the payment is recorded, in the same transaction. Raises CashLimitReached, NotFound.
    """
    lock_staff(session, staff_id)
    cash = cash_limit_left(session, staff_id=staff_id, today=today)
    sign = currency_sign(session)
    if cash.too_old and cash.oldest_on is not None:
        raise CashLimitReached(
            f"{cash.name} holds {shown(cash.in_hand, sign)}, the oldest since {shown_day(cash.oldest_on)}"
            f" ({cash.age_days} days, allowed {cash.age_limit}): hand it over before taking new cash"
        )
    if cash.left is not None and amount > cash.left:
        raise CashLimitReached(
            f"{cash.name} holds {shown(cash.in_hand, sign)} of at most {shown(cash.limit or ZERO, sign)} and cannot"
            f" take {shown(amount, sign)} more in cash: hand over first, or let the customer pay to the bank"
        )
    return cash


def own_cash_limits(session: Session) -> dict[Id, CashLimit]:
    """Who has limits of his own, by employee."""
    return {row.staff_id: row for row in session.scalars(select(CashLimit))}


def set_cash_limit(session: Session, *, staff_id: Id, amount: Decimal | None, age_days: int | None) -> CashLimit:
    """Give an agent his own limits in place of the company's; None sets no limit. Raises CashLimitInvalid, NotFound."""
    amount = None if amount is None else parse_amount(amount)
    if (amount is not None and amount < 0) or (age_days is not None and age_days < 0):
        raise CashLimitInvalid("A limit of cash in hand is zero or more")
    lock_staff(session, staff_id)
    limit = session.scalar(select(CashLimit).where(CashLimit.staff_id == staff_id))
    if limit is None:
        limit = CashLimit(id=new_id(), staff_id=staff_id)
        session.add(limit)
    limit.amount, limit.age_days = amount, age_days
    session.flush()
    return limit


def drop_cash_limit(session: Session, *, staff_id: Id) -> None:
    """Let the company's limits hold for the agent again."""
    lock_staff(session, staff_id)
    limit = session.scalar(select(CashLimit).where(CashLimit.staff_id == staff_id))
    if limit is not None:
        session.delete(limit)
        session.flush()


def money_in_hand(session: Session, *, staff_ids: Sequence[Id] | None = None, as_of: date) -> dict[Id, list[HeldCash]]:
    """What is left of each collection in agents' hands at the end of a day, the oldest first.

    First in, first out: handovers take the oldest money, so what is left are the newest collections that add up to
    the balance. A collection that was reversed by then is out of it on both sides.
    """
    balances = balances_of(session, CASH_IN_HAND, staff_ids, as_of=as_of)
    held = {}
    for staff_id, balance in balances.items():
        if balance > ZERO:
            held[staff_id] = _newest(session, staff_id, balance, as_of)
    return held


def _newest(session: Session, staff_id: Id, balance: Decimal, as_of: date) -> list[HeldCash]:
    held = []
    rows = session.execute(_collections(session, staff_id, as_of).execution_options(yield_per=100))
    for entry, amount in rows:
        left = min(amount, balance)
        held.append(HeldCash(entry.source_id, entry.memo, entry.posted_on, amount, left))
        balance -= left
        if balance <= ZERO:
            break
    rows.close()
    return held[::-1]


def _collections(session: Session, staff_id: Id, as_of: date) -> Select[JournalEntry, Decimal]:
    """What came into his hands and was not reversed, the newest first."""
    reversal = aliased(JournalEntry)
    return (
        select(JournalEntry, func.sum(Posting.amount))
        .join(Posting, Posting.entry_id == JournalEntry.id)
        .outerjoin(reversal, (reversal.reverses_id == JournalEntry.id) & (reversal.posted_on <= as_of))
        .where(
            Posting.account_id == account_ids(session)[CASH_IN_HAND], Posting.party_id == staff_id,
            JournalEntry.posted_on <= as_of, JournalEntry.reverses_id.is_(None), reversal.id.is_(None),
            JournalEntry.kind != OVER_AT_HANDOVER,
        )
        .group_by(JournalEntry.id)
        .having(func.sum(Posting.amount) > 0)
        .order_by(JournalEntry.posted_on.desc(), JournalEntry.id.desc())
    )  # fmt: skip
