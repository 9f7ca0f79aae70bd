"""The money of sold recharge cards that nobody will use: income once they expire, or given back when cancelled.

It waits in 2220. After the last day nothing is owed for a card any more, so by default its value becomes other income
that night; a company whose law or word keeps it owed turns `cards_expire_to_income` off and gives it back by hand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.payment_models import Payment
from core.billing.payments import record_payment
from core.billing.plan_models import BillingPolicy
from core.billing.subscription_models import CardSettlement, Voucher, VoucherBatch
from core.billing.vouchers import CARDS_SOLD, CASH_ACCOUNTS, MARGIN_GIVEN
from core.clock import business_day
from core.companies import current_company
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry
from core.money import ZERO, parse_amount

OTHER_INCOME = "4090"


class CardNotRefundable(DomainError):
    """The card was never sold, is used, or its money was given back or has expired."""


class RefundOfCardsInvalid(DomainError):
    """More than the cards are worth, or from an account that holds no money."""


def expire_cards(session: Session, *, today: date, actor: str, origin: str) -> list[CardSettlement]:
    """Book the value of sold cards whose last day is past as other income, an entry a batch; safe to repeat.

    Cancelled ones whose money nobody asked back are among them. Does nothing where the company's policy keeps them.
    """
    session.flush()
    if not session.scalar(select(BillingPolicy.cards_expire_to_income)):
        return []
    expired = session.execute(
        select(Voucher, VoucherBatch)
        .join(VoucherBatch, VoucherBatch.id == Voucher.batch_id)
        .where(VoucherBatch.expires_on < today, Voucher.sold_on.is_not(None), Voucher.state.in_(("sold", "cancelled")),
               Voucher.settlement_id.is_(None), Voucher.payment_id.is_(None))
        .order_by(Voucher.id)
        .with_for_update(of=Voucher)
        .execution_options(populate_existing=True)
    ).all()  # fmt: skip
    by_batch: dict[VoucherBatch, list[Voucher]] = defaultdict(list)
    for card, batch in expired:
        by_batch[batch].append(card)
    settled = []
    for batch, cards in by_batch.items():
        settlement = _settle(session, batch, cards, kind="expired", refunded=ZERO, day=today, actor=actor)
        post_entry(
            session, kind="cards_expired", source_id=settlement.id, posted_on=today, actor=actor, origin=origin,
            memo=f"{batch.name}: {len(cards)} expired {batch.expires_on}",
            lines=[Line(CARDS_SOLD, settlement.amount), Line(OTHER_INCOME, -settlement.amount)],
        )  # fmt: skip
        settled.append(settlement)
    return settled


def refund_cards(
    session: Session, *, batch_id: Id, serials: Sequence[int], refunded: Decimal, day: date, actor: str,
    account_code: str = "1010", origin: str = "",
) -> CardSettlement:  # fmt: skip
    """Cancel sold cards and pay their buyer back; what is `refunded` below their value is the discount taken back.

    Raises NotFound, CardNotRefundable, RefundOfCardsInvalid, AmountInvalid.
    """
    batch, cards = _refundable(session, batch_id, serials)
    value = batch.amount * len(cards)
    if not ZERO <= parse_amount(refunded) <= value or not account_code.startswith(CASH_ACCOUNTS):
        raise RefundOfCardsInvalid(
            f"{refunded} from {account_code} for cards worth {value}: from cash or bank, at most their value"
        )
    settlement = _settle(session, batch, cards, kind="refunded", refunded=refunded, day=day, actor=actor)
    post_entry(
        session, kind="cards_refunded", source_id=settlement.id, posted_on=day, actor=actor, origin=origin,
        memo=f"{batch.name}: {len(cards)} taken back",
        lines=[Line(CARDS_SOLD, value), Line(account_code, -refunded), Line(MARGIN_GIVEN, refunded - value)],
    )  # fmt: skip
    return settlement


def credit_card(
    session: Session, *, batch_id: Id, serial: int, customer_id: Id, now: datetime, actor: str, origin: str = ""
) -> Payment:
    """Cancel a sold card and give its value to a customer as a payment: open invoices first, the rest as advance.

    Raises NotFound, CardNotRefundable and what `record_payment` refuses.
    """
    batch, cards = _refundable(session, batch_id, [serial])
    card = cards[0]
    payment = record_payment(
        session, customer_id=customer_id, amount=batch.amount, method="voucher", now=now, taken_by=actor, origin=origin,
        received_on=business_day(now, current_company(session).timezone), idempotency_key=f"voucher:{card.id}",
        reference=f"{batch.name} {card.serial} cancelled",
    )  # fmt: skip
    card.state, card.payment_id = "cancelled", payment.id
    session.flush()
    return payment


def _refundable(session: Session, batch_id: Id, serials: Sequence[int]) -> tuple[VoucherBatch, list[Voucher]]:
    session.flush()
    batch = session.get(VoucherBatch, batch_id)
    if batch is None:
        raise NotFound("There is no such batch of cards")
    cards = list(
        session.scalars(
            select(Voucher)
            .where(Voucher.batch_id == batch_id, Voucher.serial.in_(list(serials)))
            .order_by(Voucher.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )
    missing = sorted(set(serials) - {card.serial for card in cards if _is_owed(card)})
    if missing or not cards:
        raise CardNotRefundable(
            f"Cards {missing or 'of no serial'} of {batch.name} are not sold, or used, or settled: nothing is owed"
        )
    return batch, cards


def _is_owed(card: Voucher) -> bool:
    open_state = card.sold_on is not None and card.state in ("sold", "cancelled")
    return open_state and card.settlement_id is None and card.payment_id is None


def _settle(
    session: Session, batch: VoucherBatch, cards: Sequence[Voucher], *, kind: str, refunded: Decimal, day: date,
    actor: str,
) -> CardSettlement:  # fmt: skip
    settlement = CardSettlement(
        id=new_id(), batch_id=batch.id, kind=kind, settled_on=day, cards=len(cards), amount=batch.amount * len(cards),
        refunded=refunded, settled_by=actor,
    )  # fmt: skip
    session.add(settlement)
    session.flush()
    for card in cards:
        card.settlement_id = settlement.id
        card.state = "cancelled" if kind == "refunded" else card.state
    session.flush()
    return settlement
