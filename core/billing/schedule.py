"""What a subscription is billed for next, and on which day. Pure."""

from __future__ import annotations

from datetime import date

from core.billing.periods import Period, next_period
from core.billing.terms import BillingFacts, Tariffs


def next_step(tariffs: Tariffs, facts: BillingFacts) -> Period | None:
    """The period that the next invoice covers, cut at the end of the subscription; None if nothing is left.

    An ended subscription with metered lines has a last, empty period at its end: its use is still to be billed.
    """
    since = facts.origin
    if facts.ended_on is not None and since >= facts.ended_on:
        return Period(facts.ended_on, facts.ended_on) if _metered(tariffs, facts) else None
    period = next_period(
        since, facts.billing_day, facts.interval_months, first=facts.billed_until is None,
        short_first_days=tariffs.policy.short_first_period_days,
    )  # fmt: skip
    return Period(since, min(period.end, facts.ended_on or period.end))


def next_bill_day(tariffs: Tariffs, facts: BillingFacts, billed: Period) -> date | None:
    """The day of the invoice after the one for `billed`; None once nothing is left to bill.

    In advance: a period is billed on its first day.
    """
    if facts.ended_on is None or billed.end < facts.ended_on:
        return billed.end
    last_use_is_open = _metered(tariffs, facts) and billed.start < billed.end
    return facts.ended_on if last_use_is_open else None


def _metered(tariffs: Tariffs, facts: BillingFacts) -> bool:
    return any(tariffs.plan(line.plan_id).metered for line in facts.lines)
