"""Percents of money: exact to four places, and what they take of an amount."""

from __future__ import annotations

from decimal import Decimal

from core.errors import DomainError
from core.money import rounded

HUNDRED = Decimal(100)
PLACES = Decimal("0.0001")


class PercentInvalid(DomainError):
    """The value is no percent that can be kept exactly."""


def parse_percent(value: Decimal) -> Decimal:
    """`value` if it is a Decimal of 0 to 100 with at most four places; raises PercentInvalid."""
    if not isinstance(value, Decimal) or not value.is_finite() or not 0 <= value <= HUNDRED:
        raise PercentInvalid(f"{value!r} is no percent: use a decimal from 0 to 100")
    if value != value.quantize(PLACES):
        raise PercentInvalid(f"{value} has more than four decimal places")
    return value


def percent_of(amount: Decimal, percent: Decimal) -> Decimal:
    """So many percent of an amount, rounded half up."""
    return rounded(amount * percent / HUNDRED)
