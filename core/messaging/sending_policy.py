"""A company's limits for sending: whom it reaches in a day, what that may cost, the hours in which it keeps quiet."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db import table_of
from core.errors import DomainError
from core.ids import new_id
from core.messaging.sending_models import RECIPIENTS_AT_START, SendingPolicy

QUIET_LANES = ("billing", "bulk")
RESERVED_FOR = ("urgent", "reply", "notice")
"""The lanes that may use the portfolio's whole allowance."""
DEFAULTS: dict[str, Any] = {
    "recipients_per_day": RECIPIENTS_AT_START, "recipients_from": "start", "reserve_percent": 20,
    "budget_per_day": None, "bulk_percent": 80, "quiet_from": None, "quiet_until": None, "window_hours": 24,
}  # fmt: skip


class SendingPolicyInvalid(DomainError):
    """The limits for sending make no sense."""


def sending_policy(session: Session, *, lock: bool = False) -> SendingPolicy:
    """The company's limits, made with the defaults on first use; `lock` lets reservations take turns on them."""
    wanted = select(SendingPolicy).execution_options(populate_existing=True)
    wanted = wanted.with_for_update() if lock else wanted
    kept = session.scalars(wanted).one_or_none()
    if kept is None:
        session.execute(insert(table_of(SendingPolicy)).values(id=new_id(), **DEFAULTS).on_conflict_do_nothing())
        kept = session.scalars(wanted).one()
    return kept


def change_sending_policy(
    session: Session, *, recipients_per_day: int | None, reserve_percent: int, budget_per_day: Decimal | None,
    bulk_percent: int, quiet_from: time | None, quiet_until: time | None, window_hours: int,
) -> SendingPolicy:  # fmt: skip
    """Set the limits by hand; what Meta tells later of the number of people replaces it. Raises SendingPolicyInvalid.

    `recipients_per_day` and `budget_per_day` of None are without limit; a quiet time may reach past midnight.
    """
    policy = sending_policy(session, lock=True)
    if recipients_per_day is not None and recipients_per_day < 1:
        raise SendingPolicyInvalid("At least one person a day, or leave it empty for no limit")
    if not 0 <= reserve_percent <= 90 or not 1 <= bulk_percent <= 100:
        raise SendingPolicyInvalid("The reserve is 0 to 90 percent, the share of bulk 1 to 100 percent")
    if budget_per_day is not None and budget_per_day < 0:
        raise SendingPolicyInvalid("The budget cannot be below zero; leave it empty for no limit")
    if (quiet_from is None) != (quiet_until is None) or (quiet_from is not None and quiet_from == quiet_until):
        raise SendingPolicyInvalid("The quiet time needs a beginning and another end, or neither")
    if not 0 <= window_hours <= 72:
        raise SendingPolicyInvalid("What goes early to who is writing is due within 0 to 72 hours")
    if recipients_per_day != policy.recipients_per_day:
        policy.recipients_per_day, policy.recipients_from = recipients_per_day, "person"
    policy.reserve_percent, policy.budget_per_day, policy.bulk_percent = reserve_percent, budget_per_day, bulk_percent
    policy.quiet_from, policy.quiet_until, policy.window_hours = quiet_from, quiet_until, window_hours
    session.flush()
    return policy


def note_recipients(session: Session, *, tier: str) -> None:
    """Take over the portfolio's allowance as Meta names it, TIER_250 to TIER_UNLIMITED; others change nothing."""
    people = people_of_tier(tier)
    if people is None and tier != "TIER_UNLIMITED":
        return
    policy = sending_policy(session, lock=True)
    policy.recipients_per_day, policy.recipients_from = people, "meta"
    session.flush()


def people_of_tier(tier: str) -> int | None:
    """The number in a tier's name; None for no limit and for what is not understood."""
    name = tier.removeprefix("TIER_")
    thousands = name.endswith("K")
    digits = name.removesuffix("K")
    return int(digits) * (1000 if thousands else 1) if digits.isdecimal() and int(digits) else None


def allowance(policy: SendingPolicy, lane: str) -> int | None:
    """How many people the portfolio may have reached for the lane still to go on; None is without limit."""
    if policy.recipients_per_day is None or lane in RESERVED_FOR:
        return policy.recipients_per_day
    return max(1, policy.recipients_per_day * (100 - policy.reserve_percent) // 100)


def budget_of(policy: SendingPolicy, lane: str) -> Decimal | None:
    """What may have been spent today for the lane still to go on; None where money never stops it."""
    if policy.budget_per_day is None or lane in RESERVED_FOR:
        return None
    percent = policy.bulk_percent if lane == "bulk" else 100
    return policy.budget_per_day * percent / 100


def quiet_ends(policy: SendingPolicy, now: datetime, timezone: str) -> datetime | None:
    """When the quiet time that `now` lies in is over; None outside of it."""
    if policy.quiet_from is None or policy.quiet_until is None:
        return None
    zone = ZoneInfo(timezone)
    here = now.astimezone(zone)
    start, end = policy.quiet_from, policy.quiet_until
    clock = here.time().replace(tzinfo=None)
    past_midnight = start > end
    inside = (clock >= start or clock < end) if past_midnight else start <= clock < end
    if not inside:
        return None
    day = here.date() + timedelta(days=1 if past_midnight and clock >= start else 0)
    return datetime.combine(day, end, zone).astimezone(now.tzinfo)
