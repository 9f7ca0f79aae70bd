"""Advance given back: one person asks, another approves and pays (reference money 3)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.billing.advance import advances_of, customer_advance, lower
from core.billing.allocation import ALLOCATIONS, lock_customers
from core.billing.payment_models import Refund
from core.billing.payments import KeyReused
from core.clock import business_day
from core.companies import current_company
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.accounts import account_ids
from core.ledger.journal import Line, UnknownAccount, post_entry
from core.money import ZERO, parse_amount
from core.numbering import next_number

PAID_FROM = ("101", "102", "103")
"""Cash in office, banks, wallets: the first figures of what a refund can be paid from."""


class RefundInvalid(DomainError):
    """The amount, the account or the reason cannot stand."""


class AdvanceTooSmall(DomainError):
    """A refund comes out of the customer's advance, and there is less."""


class RefundDecided(DomainError):
    """The refund is paid or refused already."""


class SecondPersonNeeded(DomainError):
    """Who asks for a refund does not approve it."""


def ask_refund(
    session: Session, *, customer_id: Id, amount: Decimal, account_code: str, reason: str, asked_by: str,
    idempotency_key: str,
) -> Refund:  # fmt: skip
    """A refund that waits for a second person; a repeat of the key returns the first.

    Raises AdvanceTooSmall, RefundInvalid, UnknownAccount, KeyReused, NotFound, AmountInvalid.
    """
    amount = parse_amount(amount)
    lock_customers(session, [customer_id])
    first = session.scalar(select(Refund).where(Refund.idempotency_key == idempotency_key))
    if first is not None:
        if (first.customer_id, first.amount, first.account_code) != (customer_id, amount, account_code):
            raise KeyReused(f"The key of refund {first.number} came with another refund: use a new key")
        return first
    if amount <= ZERO or not reason.strip():
        raise RefundInvalid("A refund needs an amount above zero and a reason")
    if account_code not in account_ids(session):
        raise UnknownAccount(f"The chart of accounts has no {account_code}")
    if not account_code.startswith(PAID_FROM):
        raise RefundInvalid(f"Account {account_code} holds no money: choose cash in office, a bank or a wallet")
    asked = select(func.sum(Refund.amount)).where(Refund.customer_id == customer_id, Refund.state == "asked")
    _within(amount, customer_advance(session, customer_id) - (session.scalar(asked) or ZERO))
    refund = Refund(
        id=new_id(), number=next_number(session, "refund"), customer_id=customer_id, amount=amount,
        account_code=account_code, reason=reason.strip(), asked_by=asked_by, idempotency_key=idempotency_key,
        state="asked",
    )  # fmt: skip
    session.add(refund)
    session.flush()
    return refund


def pay_refund(session: Session, *, refund_id: Id, approved_by: str, now: datetime, origin: str = "") -> Refund:
    """Approve and pay it out of the oldest advance: 2200 to the account. Dated the company's day of `now`.

    Raises SecondPersonNeeded, RefundDecided, AdvanceTooSmall where it was used meanwhile, NotFound.
    """
    refund = _asked(session, refund_id)
    if approved_by == refund.asked_by:
        raise SecondPersonNeeded(f"Refund {refund.number} was asked for by you: another person approves it")
    day = business_day(now, current_company(session).timezone)
    sources = advances_of(session, customer_id=refund.customer_id)
    _within(refund.amount, sum((source.left for source in sources), ZERO))
    post_entry(
        session, kind="refund", source_id=refund.id, posted_on=day, actor=approved_by, origin=origin,
        memo=refund.number,
        lines=[Line("2200", refund.amount, refund.customer_id), Line(refund.account_code, -refund.amount)],
    )  # fmt: skip
    refund.state, refund.approved_by, refund.paid_on = "paid", approved_by, day
    session.flush()
    left = refund.amount
    for source in sources:
        part = min(left, source.left)
        if part <= ZERO:
            break
        lower(session, source, part)
        session.execute(
            insert(ALLOCATIONS).values(
                id=new_id(), refund_id=refund.id, amount=part, allocated_on=day, from_advance=True,
                **{source.key: source.id},
            )
        )  # fmt: skip
        left -= part
    return refund


def refuse_refund(session: Session, *, refund_id: Id, refused_by: str) -> Refund:
    """Leave the money as advance; who asked may take it back himself. Raises RefundDecided, NotFound."""
    refund = _asked(session, refund_id)
    refund.state = "refused"
    if refused_by != refund.asked_by:
        refund.approved_by = refused_by
    session.flush()
    return refund


def _asked(session: Session, refund_id: Id) -> Refund:
    refund = session.get(Refund, refund_id)
    if refund is None:
        raise NotFound("There is no such refund in this company")
    lock_customers(session, [refund.customer_id])
    session.refresh(refund)
    if refund.state != "asked":
        raise RefundDecided(f"Refund {refund.number} is {refund.state} already", number=refund.number)
    return refund


def _within(amount: Decimal, advance: Decimal) -> None:
    if amount > advance:
        raise AdvanceTooSmall(f"The advance that can be given back is {max(advance, ZERO)}, less than {amount}",
                              left=max(advance, ZERO), amount=amount)  # fmt: skip
