"""How much of a whole period some days are: `[start, end)`, by actual days or by months of thirty (reference 2.1, 2.2).

Factors stay whole numbers until the one rounding of a line, so a day's price is never rounded by itself.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from core.billing.periods import Period
from core.money import rounded

ACTUAL, THIRTY = "actual", "thirty"


def share_of(start: date, end: date, whole: Period, *, method: str, anchor_day: int = 1) -> tuple[int, int]:
    """(days used, days of the whole period) for the part `[start, end)` of `whole`.

    `thirty` counts every month as thirty days from the anchor: 20 May to 10 June is 20 of 30.
    """
    if method == THIRTY:
        used = _thirty(end, anchor_day) - _thirty(start, anchor_day)
        return used, _thirty(whole.end, anchor_day) - _thirty(whole.start, anchor_day)
    return (end - start).days, whole.days


def prorated(price: Decimal, factor: Fraction) -> Decimal:
    """`price x factor`, rounded once, half up."""
    return rounded(price * factor.numerator / factor.denominator)


def first_unbilled_day(last_day: date, *, end_day_charged: bool) -> date:
    """The `ends_on` of what ends on `last_day`: by default that day is not charged, a setting counts it."""
    return last_day + timedelta(days=1) if end_day_charged else last_day


def _thirty(day: date, anchor_day: int) -> int:
    """A day's place on a calendar of thirty-day months.

    The last day of a month that is shorter than the anchor stands for the anchor, so that a boundary is always
    thirty days from the next and parts add up to their whole.
    """
    of_month = day.day
    if anchor_day > of_month and (day + timedelta(days=1)).day == 1:
        of_month = anchor_day
    return day.year * 360 + (day.month - 1) * 30 + min(of_month, 30)
