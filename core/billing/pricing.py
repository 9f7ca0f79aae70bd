"""The price of days and of use: discount first, then proration, one rounding a line (reference money 1.5, 2.2).

A line costs its agreed price or the price its plan has at the start of the period. Percents of several discounts add
up; amounts come off after them and never below zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache

from core.billing.periods import Period, period_containing, periods_between
from core.billing.proration import prorated, share_of
from core.billing.rating import BandCharge, Usage, rate_usage
from core.billing.terms import BillingFacts, DiscountTerms, DraftLine, LineTerms, PlanTerms, Tariffs
from core.ids import Id
from core.money import ZERO, rounded, split

USAGE_INCOME = "4010"
WHOLE = Fraction(1)
HUNDRED = Decimal(100)
FOUR_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Priced:
    """A line before tax; its amount is the gross if `inclusive`."""

    line: DraftLine
    inclusive: bool = False


def price_lines(
    tariffs: Tariffs, facts: BillingFacts, *, start: date, end: date, line_ids: Sequence[Id] | None = None
) -> list[Priced]:
    """What the lines cost for `[start, end)`, in each whole period apart; `line_ids` keeps only those lines.

    Discounts that all lines share are shared among all lines of the period, also when only some are asked for.
    Metered lines cost their base fee here, and nothing if they have none. Raises NoPriceOnDay.
    """
    end = min(end, facts.ended_on or end)
    priced: list[Priced] = []
    for whole in periods_between(start, end, facts.billing_day, facts.interval_months, facts.origin):
        running = _running(tariffs, facts, whole, Period(max(start, whole.start), min(end, whole.end)))
        opens = max(whole.start, facts.started_on)
        discounts = [discount for discount in facts.discounts if discount.holds(opens)]
        prices = discounted([(each.line.id, each.price) for each in running], discounts)
        for each, price in zip(running, prices, strict=True):
            if line_ids is None or each.line.id in line_ids:
                priced.append(_priced(tariffs, facts, whole, each, price))
    return priced


@dataclass(frozen=True, slots=True)
class _Running:
    """A line that runs in a period: the price of a whole interval and the spans of its days."""

    line: LineTerms
    plan: PlanTerms
    unit: Decimal
    price: Decimal
    spans: tuple[Period, ...]


def _running(tariffs: Tariffs, facts: BillingFacts, whole: Period, piece: Period) -> list[_Running]:
    running = []
    for line in facts.lines:
        spans = _spans(line, piece, facts.not_billed)
        plan = tariffs.plan(line.plan_id)
        if not spans or plan.prepaid:
            continue
        unit = line.agreed_price
        if unit is None:
            unit = plan.price_on(max(whole.start, line.starts_on))
        if unit or not plan.metered:
            running.append(_Running(line, plan, unit, unit * line.quantity, spans))
    return running


def _spans(line: LineTerms, piece: Period, left_out: Sequence[tuple[date, date]]) -> tuple[Period, ...]:
    start = max(line.starts_on, piece.start)
    end = min(line.ends_on, piece.end) if line.ends_on else piece.end
    if start >= end:
        return ()
    spans = [Period(start, end)]
    for first, after in left_out:
        parts = [(Period(a, min(b, first)), Period(max(a, after), b)) for a, b in spans]
        spans = [part for pair in parts for part in pair if part.start < part.end]
    return tuple(spans)


def discounted(prices: Sequence[tuple[Id, Decimal]], discounts: Sequence[DiscountTerms]) -> list[Decimal]:
    """The lines' prices of a whole interval less their discounts, exact; an amount for all lines is shared by price."""
    left = [price * (HUNDRED - _percent(line_id, discounts)) / HUNDRED for line_id, price in prices]
    for discount in discounts:
        if discount.amount is None:
            continue
        if discount.line_id is None:
            shared = min(discount.amount, rounded(sum(left, ZERO)))
            parts = split(shared, left) if shared > 0 else [ZERO] * len(left)
        else:
            parts = [discount.amount if line_id == discount.line_id else ZERO for line_id, _ in prices]
        left = [max(ZERO, price - part) for price, part in zip(left, parts, strict=True)]
    return left


def _percent(line_id: Id, discounts: Sequence[DiscountTerms]) -> Decimal:
    percents = (d.percent for d in discounts if d.percent is not None and d.line_id in (None, line_id))
    return min(HUNDRED, sum(percents, Decimal(0)))


def _priced(tariffs: Tariffs, facts: BillingFacts, whole: Period, running: _Running, price: Decimal) -> Priced:
    line, plan = running.line, running.plan
    start, end = running.spans[0].start, running.spans[-1].end
    factor = _factor(tariffs, facts, whole, plan, running.spans)
    amount = prorated(price, factor)
    undiscounted = amount if price == running.price else prorated(running.price, factor)
    several = factor.denominator == 1
    note = "" if several else f" ({sum(span.days for span in running.spans)} days)"
    return Priced(
        DraftLine(
            kind="charge", description=f"{line.description or plan.name}, {printed_span(start, end)}{note}",
            quantity=line.quantity * factor.numerator if several else line.quantity,
            unit_price=running.unit, discount=undiscounted - amount, amount=amount,
            account_code=plan.income_account, period_start=start, period_end=end, subscription_line_id=line.id,
            plan_id=plan.id, service_class=plan.service_class, deferred=tariffs.policy.defers(start, end),
        ),
        plan.tax_inclusive,
    )  # fmt: skip


def _factor(tariffs: Tariffs, facts: BillingFacts, whole: Period, plan: PlanTerms, spans: Sequence[Period]) -> Fraction:
    """How many of the plan's intervals the days are; the plan's own cycle counts from the first day of service."""
    same = plan.interval_months == facts.interval_months
    if same and spans[0] == whole:
        return WHOLE
    total = Fraction(0)
    for start, end in spans:
        cycle = periods_between(start, end, facts.billing_day, plan.interval_months, facts.started_on)
        for of in (whole,) if same else cycle:
            used = max(start, of.start), min(end, of.end)
            total += Fraction(*share_of(*used, of, method=tariffs.policy.proration, anchor_day=facts.billing_day))
    return total


def usage_period(facts: BillingFacts, start: date) -> Period:
    """The days whose metered use is billed together with the period that begins at `start`: those before it.

    They begin where the last billed period began; without one, with the whole period before `start`.
    """
    if facts.usage_since is not None:
        return Period(min(facts.usage_since, start), start)
    before = start - timedelta(days=1)
    whole = period_containing(before, facts.billing_day, facts.interval_months, start)
    return Period(min(start, max(whole.start, facts.started_on)), start)


def price_usage(tariffs: Tariffs, facts: BillingFacts, *, start: date, end: date) -> list[Priced]:
    """What the metered lines used in `[start, end)`, each month of the plan apart; a day counts for one line only.

    Only discounts by percent reduce it, since an amount is off the price of an interval.
    """
    left = dict(facts.usage)
    end = min(end, facts.ended_on or end)
    priced: list[Priced] = []
    for line in facts.lines:
        plan = tariffs.plan(line.plan_id)
        if not plan.metered or plan.prepaid:
            continue
        for whole in periods_between(start, end, facts.billing_day, plan.interval_months, facts.started_on):
            piece = Period(max(start, whole.start), min(end, whole.end))
            for span in _spans(line, piece, ()):
                used = sum(left.pop(day) for day in [day for day in left if span.start <= day < span.end])
                priced += _priced_usage(tariffs, facts, line, whole, span, used)
    return priced


def _priced_usage(
    tariffs: Tariffs, facts: BillingFacts, line: LineTerms, whole: Period, span: Period, used: int
) -> list[Priced]:
    plan = tariffs.plan(line.plan_id)
    part = Fraction(*share_of(*span, whole, method=tariffs.policy.proration, anchor_day=facts.billing_day))
    bands = plan.bands_on(max(whole.start, line.starts_on))
    usage = rate_usage(used, unit=plan.unit, allowance=plan.allowance, part=part, bands=bands, rating=plan.rating)
    opens = max(whole.start, facts.started_on)
    percent = _percent(line.id, [discount for discount in facts.discounts if discount.holds(opens)])
    charges = usage.charges or (BandCharge(0, usage.billable, ZERO, ZERO),)
    return [_usage_line(plan, line, span, usage, charge, percent) for charge in charges]


def _usage_line(
    plan: PlanTerms, line: LineTerms, span: Period, usage: Usage, charge: BandCharge, percent: Decimal
) -> Priced:
    amount = rounded(charge.unit_price * charge.units * (HUNDRED - percent) / HUNDRED)
    name = line.description or plan.name
    words = f"{name} usage, {printed_span(*span)}: {_decimal(usage.used)} {plan.unit} used"
    if usage.allowance:
        words += f", {_decimal(usage.allowance)} included"
    if charge.above_units:
        words += f", above {charge.above_units}"
    return Priced(
        DraftLine(
            kind="charge", description=words, quantity=Decimal(charge.units), unit_price=to_rate(charge.unit_price),
            discount=charge.amount - amount, amount=amount, account_code=USAGE_INCOME, period_start=span.start,
            period_end=span.end, subscription_line_id=line.id, plan_id=plan.id, service_class=plan.service_class,
        ),
        plan.tax_inclusive,
    )  # fmt: skip


def _decimal(value: Fraction) -> Decimal:
    """For reading: two places, no trailing zeros."""
    exact = rounded(Decimal(value.numerator) / Decimal(value.denominator))
    return exact.quantize(Decimal(1)) if exact == exact.to_integral_value() else exact.normalize()


def to_rate(value: Decimal) -> Decimal:
    """Quantities and unit prices as invoices keep them: four places, half up."""
    return value.quantize(FOUR_PLACES, rounding=ROUND_HALF_UP)


@lru_cache(maxsize=4096)
def printed_span(start: date, end: date) -> str:
    """`01 Jan 2026 - 31 Jan 2026` for days whose end is the first that does not count."""
    return f"{start:%d %b %Y} - {end - timedelta(days=1):%d %b %Y}"
