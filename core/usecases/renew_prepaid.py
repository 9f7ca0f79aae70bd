"""Prepaid time and network access move together: a renewal or a card opens the line, what runs out closes it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from core.billing import prepaid, vouchers
from core.billing.prepaid import ExpiryReport, Renewal
from core.billing.vouchers import Redemption
from core.ids import Id
from core.usecases.follow_subscription import follow_subscriptions


def renew_prepaid(
    session: Session, *, subscription_id: Id, now: datetime, actor: str, shown_until: datetime | None = None,
    origin: str = "",
) -> Renewal:  # fmt: skip
    """Buy the plan's days from the advance, as `core.billing.prepaid.renew` does with its refusals."""
    renewal = prepaid.renew(
        session, subscription_id=subscription_id, now=now, actor=actor, shown_until=shown_until, origin=origin
    )
    follow_subscriptions(session, [renewal.subscription])
    return renewal


def renew_after_payment(
    session: Session, *, customer_id: Id, now: datetime, actor: str, origin: str = ""
) -> list[Renewal]:
    """What has run out of the payer's prepaid lines opens again as far as his advance goes; call it after a payment."""
    renewals = prepaid.renew_run_out(session, customer_id=customer_id, now=now, actor=actor, origin=origin)
    follow_subscriptions(session, [renewal.subscription for renewal in renewals])
    return renewals


def expire_prepaid(session: Session, *, now: datetime, actor: str, origin: str = "") -> ExpiryReport:
    """Renew or stop what has run out by `now`; safe to repeat, meant for every few minutes."""
    report = prepaid.expire_prepaid(session, now=now, actor=actor, origin=origin)
    follow_subscriptions(session, [renewal.subscription for renewal in report.renewed])
    follow_subscriptions(session, [expired.subscription for expired in report.expired])
    return report


def redeem_voucher(
    session: Session, *, code: str, customer_id: Id, secret: str, now: datetime, actor: str, origin: str = ""
) -> Redemption:
    """Use a recharge card, as `vouchers.redeem_voucher` does with its refusals, and open what it renewed."""
    redemption = vouchers.redeem_voucher(
        session, code=code, customer_id=customer_id, secret=secret, now=now, actor=actor, origin=origin
    )
    follow_subscriptions(session, [renewal.subscription for renewal in redemption.renewals])
    return redemption
