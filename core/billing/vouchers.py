"""Recharge cards: made in batches, sold, and redeemed once.

The money of a sold card is deferred revenue (2220) until somebody uses it: the sale books cash to 2220, the use books
2220 to the customer as a payment with method `voucher`. A card that is used before its sale is booked leaves 2220 in
debit until then; `used_unsold` tells which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from core.billing.payment_models import Payment
from core.billing.payments import record_payment
from core.billing.plan_models import Plan
from core.billing.prepaid import Renewal, offer_renewal, renew, renew_run_out
from core.billing.settlement import locked_subscription
from core.billing.subscription_models import Subscription, Voucher, VoucherBatch, paid_by
from core.billing.voucher_codes import code_hash, new_code, typed_code
from core.clock import business_day
from core.companies import current_company
from core.db import table_of
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry
from core.money import ZERO, parse_amount

BATCH_MAX = 10_000
CARDS_SOLD = "2220"
MARGIN_GIVEN = "4080"
CASH_ACCOUNTS = ("101", "102", "103")


class VoucherBatchInvalid(DomainError):
    """What was asked for does not make a batch."""


class VoucherRefused(DomainError):
    """The card cannot be used. `guess` says whether the try may have been a guess, to be counted against the person."""

    guess = False


class VoucherMistyped(VoucherRefused):
    """The letters do not fit together: a slip of the finger."""


class VoucherUnknown(VoucherRefused):
    """No card has that code."""

    guess = True


class VoucherUsed(VoucherRefused):
    """The card was used before."""


class VoucherExpired(VoucherRefused):
    """The last day of the card is past."""


class VoucherCancelled(VoucherRefused):
    """The company has cancelled the card."""


class VoucherForOtherPlan(VoucherRefused):
    """The card renews a plan that the customer does not have."""


class VoucherNotForSale(DomainError):
    """A card of the series was sold or cancelled before, or does not exist."""


@dataclass(frozen=True)
class Redemption:
    """A used card: the payment it became, what it renewed, and what is missing for a renewal it did not reach."""

    voucher: Voucher
    payment: Payment
    renewals: tuple[Renewal, ...]
    missing: Decimal


def make_vouchers(
    session: Session, *, name: str, amount: Decimal, count: int, expires_on: date, secret: str, made_by: str,
    today: date, plan_id: Id | None = None,
) -> tuple[VoucherBatch, list[str]]:  # fmt: skip
    """A batch of cards worth `amount` each, taxes included, and their codes by serial: the only time they are seen.

    With `plan_id` a card renews that plan only. `secret` is the installation's; only a hash under it is kept.
    Raises VoucherBatchInvalid, NotFound, AmountInvalid.
    """
    if not 1 <= count <= BATCH_MAX or parse_amount(amount) <= ZERO or expires_on < today or not name.strip():
        raise VoucherBatchInvalid(
            f"{count} cards of {amount} until {expires_on}: a batch has a name, 1 to {BATCH_MAX} cards,"
            " a value and a last day that is still to come"
        )
    if session.scalar(select(VoucherBatch.id).where(VoucherBatch.name == name.strip())) is not None:
        raise VoucherBatchInvalid(f"There is a batch called {name.strip()} already: its cards would look alike")
    if plan_id is not None:
        plan = session.get(Plan, plan_id)
        if plan is None or plan.validity_days is None:
            raise NotFound("There is no such prepaid plan")
    batch = VoucherBatch(
        id=new_id(), name=name.strip(), plan_id=plan_id, amount=amount, expires_on=expires_on, made_by=made_by
    )
    session.add(batch)
    session.flush()
    codes = [new_code() for _ in range(count)]
    rows = [
        {"id": new_id(), "batch_id": batch.id, "serial": serial, "code_hash": code_hash(code, secret), "state": "made"}
        for serial, code in enumerate(codes, 1)
    ]
    session.execute(insert(table_of(Voucher)), rows)
    return batch, codes


def sell_vouchers(
    session: Session, *, batch_id: Id, first: int, last: int, received: Decimal, sold_on: date, actor: str,
    account_code: str = "1010", origin: str = "",
) -> int:  # fmt: skip
    """Book the sale of the cards `first` to `last` of a batch; what is `received` below their value is a discount.

    Cards that were used meanwhile may be in it. Returns how many. Raises VoucherNotForSale, AmountInvalid.
    """
    batch = _batch(session, batch_id)
    serials = (Voucher.batch_id == batch_id, Voucher.serial.between(first, last))
    cards = session.scalars(select(Voucher).where(*serials).order_by(Voucher.serial).with_for_update()).all()
    sold = [card.serial for card in cards if card.sold_on is not None or card.state == "cancelled"]
    if not cards or len(cards) != last - first + 1 or sold:
        raise VoucherNotForSale(f"Cards {first} to {last} of {batch.name}: {sold or 'some'} cannot be sold")
    value = batch.amount * len(cards)
    if not ZERO <= parse_amount(received) <= value or not account_code.startswith(CASH_ACCOUNTS):
        raise VoucherNotForSale(
            f"{received} on {account_code} for cards worth {value}: cash or bank, at most their value"
        )
    for card in cards:
        card.sold_on = sold_on
        card.state = "sold" if card.state == "made" else card.state
    post_entry(
        session, kind="voucher_sale", source_id=new_id(), posted_on=sold_on, actor=actor, origin=origin,
        memo=f"{batch.name} {first}-{last}",
        lines=[Line(account_code, received), Line(MARGIN_GIVEN, value - received), Line(CARDS_SOLD, -value)],
    )  # fmt: skip
    return len(cards)


def cancel_vouchers(session: Session, *, batch_id: Id, serials: Sequence[int] | None = None) -> int:
    """Let cards be worth nothing, all of a batch or some; used ones stay used. Returns how many were cancelled.

    The money of a sold card stays in 2220 until it is given back (`card_money.refund_cards`, `credit_card`) or the
    card expires. Raises NotFound.
    """
    _batch(session, batch_id)
    unused = update(Voucher).where(Voucher.batch_id == batch_id, Voucher.state.in_(("made", "sold")))
    if serials is not None:
        unused = unused.where(Voucher.serial.in_(serials))
    return len(session.execute(unused.values(state="cancelled").returning(Voucher.id)).all())


def redeem_voucher(
    session: Session, *, code: str, customer_id: Id, secret: str, now: datetime, actor: str, origin: str = ""
) -> Redemption:
    """Use a card: its value is the customer's payment (open invoices first), and his prepaid plan is renewed at once.

    Of two people with the same code at the same moment one gets it and the other VoucherUsed. Raises VoucherMistyped,
    VoucherUnknown, VoucherUsed, VoucherExpired, VoucherCancelled, VoucherForOtherPlan, NotFound.
    """
    letters = typed_code(code)
    if letters is None:
        raise VoucherMistyped("That is not a card code: check the sixteen letters and figures")
    session.flush()
    card = session.scalar(
        select(Voucher)
        .where(Voucher.code_hash == code_hash(letters, secret))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    today = business_day(now, current_company(session).timezone)
    if card is None:
        raise VoucherUnknown("No card has that code")
    batch = _batch(session, card.batch_id)
    _refuse(card, batch, today)
    wanted = _prepaid_of(session, customer_id, batch)
    for subscription_id in wanted:
        locked_subscription(session, subscription_id)
    payment = record_payment(
        session, customer_id=customer_id, amount=batch.amount, method="voucher", received_on=today, now=now,
        idempotency_key=f"voucher:{card.id}", taken_by=actor, reference=f"{batch.name} {card.serial}", origin=origin,
    )  # fmt: skip
    card.state, card.used_by, card.used_at, card.payment_id = "used", customer_id, now, payment.id
    session.flush()
    renewals, missing = _renew(session, customer_id, wanted, now, actor, origin)
    return Redemption(card, payment, renewals, missing)


def _batch(session: Session, batch_id: Id) -> VoucherBatch:
    batch = session.get(VoucherBatch, batch_id)
    if batch is None:
        raise NotFound("There is no such batch of cards")
    return batch


def _refuse(card: Voucher, batch: VoucherBatch, today: date) -> None:
    if card.state == "used":
        raise VoucherUsed("This card was used already")
    if card.state == "cancelled":
        raise VoucherCancelled("This card was cancelled: ask where you bought it")
    if today > batch.expires_on:
        raise VoucherExpired(f"This card could be used until {batch.expires_on}")


def _prepaid_of(session: Session, customer_id: Id, batch: VoucherBatch) -> list[Id]:
    """The customer's prepaid subscriptions that the card may renew."""
    prepaid = (
        select(Subscription.id)
        .join(Plan, Plan.id == Subscription.plan_id)
        .where(paid_by([customer_id]), Subscription.state != "ended", Plan.validity_days.is_not(None))
        .order_by(Subscription.paid_until.nulls_first(), Subscription.id)
    )
    if batch.plan_id is not None:
        prepaid = prepaid.where(Subscription.plan_id == batch.plan_id)
    found = list(session.scalars(prepaid))
    if batch.plan_id is not None and not found:
        plan = session.get_one(Plan, batch.plan_id)
        raise VoucherForOtherPlan(f"This card renews {plan.name}, which the customer does not have")
    return found


def _renew(
    session: Session, customer_id: Id, wanted: Sequence[Id], now: datetime, actor: str, origin: str
) -> tuple[tuple[Renewal, ...], Decimal]:
    """One prepaid line is renewed also before its end; of several those that have run out. (renewals, sum missing)"""
    if len(wanted) != 1:
        return tuple(renew_run_out(session, customer_id=customer_id, now=now, actor=actor, origin=origin)), ZERO
    offer = offer_renewal(session, subscription_id=wanted[0], now=now)
    if offer.missing:
        return (), offer.missing
    return (renew(session, subscription_id=wanted[0], now=now, actor=actor, origin=origin),), ZERO


def used_unsold(session: Session, *, batch_id: Id | None = None) -> list[Voucher]:
    """Cards that were used although no sale of them is booked: cash that somebody has not handed in."""
    cards = select(Voucher).where(Voucher.state == "used", Voucher.sold_on.is_(None))
    if batch_id is not None:
        cards = cards.where(Voucher.batch_id == batch_id)
    return list(session.scalars(cards.order_by(Voucher.batch_id, Voucher.serial)))


def voucher_counts(session: Session, *, batch_id: Id) -> dict[str, int]:
    """How many cards of a batch are made, sold, used and cancelled."""
    rows = session.execute(
        select(Voucher.state, func.count()).where(Voucher.batch_id == batch_id).group_by(Voucher.state)
    )
    return {row[0]: row[1] for row in rows}


def voucher_batches(session: Session, *, limit: int = 100) -> list[tuple[VoucherBatch, dict[str, int]]]:
    """The newest batches first, each with its counts as in `voucher_counts`."""
    batches = session.scalars(select(VoucherBatch).order_by(VoucherBatch.id.desc()).limit(limit)).all()
    rows = session.execute(
        select(Voucher.batch_id, Voucher.state, func.count())
        .where(Voucher.batch_id.in_([batch.id for batch in batches]))
        .group_by(Voucher.batch_id, Voucher.state)
    ).all()
    return [(batch, {row[1]: row[2] for row in rows if row[0] == batch.id}) for batch in batches]
