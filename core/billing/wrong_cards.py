"""Recharge codes that were guessed: counted against the person, and after some of them he has to wait."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.plan_models import BillingPolicy
from core.billing.subscription_models import WrongCard
from core.billing.vouchers import VoucherRefused
from core.ids import Id, new_id

WITHIN = timedelta(hours=1)


class TooManyWrongCards(VoucherRefused):
    """The person tried so many unknown codes that none of his is looked at until `until` (an instant)."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"Too many unknown codes: no card is looked at before {until:%H:%M} UTC", until=until)
        self.until = until


def refuse_guesser(session: Session, *, tried_by: str, now: datetime) -> None:
    """Raise TooManyWrongCards while the person has to wait; the policy says after how many codes and how long."""
    most, pause = _limits(session)
    tries = session.scalars(
        select(WrongCard.tried_at).where(WrongCard.tried_by == tried_by).order_by(WrongCard.tried_at.desc()).limit(most)
    ).all()
    if len(tries) == most and tries[0] - tries[-1] <= WITHIN and now < tries[0] + pause:
        raise TooManyWrongCards(tries[0] + pause)


def count_wrong_card(session: Session, *, tried_by: str, customer_id: Id, now: datetime) -> int | None:
    """Keep that an unknown code was tried; returns how many there were, where the person has to wait from now on."""
    session.add(WrongCard(id=new_id(), tried_by=tried_by, customer_id=customer_id, tried_at=now))
    session.flush()
    try:
        refuse_guesser(session, tried_by=tried_by, now=now)
    except TooManyWrongCards:
        return _limits(session)[0]
    return None


def _limits(session: Session) -> tuple[int, timedelta]:
    policy = session.scalar(select(BillingPolicy)) or BillingPolicy(wrong_cards_max=5, card_pause_minutes=60)
    return max(policy.wrong_cards_max, 1), timedelta(minutes=policy.card_pause_minutes)
