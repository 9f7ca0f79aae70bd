"""Amounts of money: Decimal with two places, rounded half up, never float."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from core.errors import DomainError

PAISA = Decimal("0.01")
ZERO = Decimal("0.00")
AMOUNT_MAX = Decimal("999999999999.99")


class AmountInvalid(DomainError):
    """The text is not an amount this system can keep."""


def rounded(value: Decimal) -> Decimal:
    """`value` to two places, half up and symmetric for negatives (reference money 1.3)."""
    return value.quantize(PAISA, rounding=ROUND_HALF_UP)


def parse_amount(text: str | int | Decimal) -> Decimal:
    """An exact amount; raises AmountInvalid for a float, too many places, or what is no number."""
    if isinstance(text, float):
        raise AmountInvalid(f"{text!r} is a float; amounts are text or Decimal")
    try:
        value = Decimal(text)
    except InvalidOperation as wrong:
        raise AmountInvalid(f"{text!r} is not an amount") from wrong
    if not value.is_finite() or abs(value) > AMOUNT_MAX:
        raise AmountInvalid(f"{text!r} is outside the range of amounts")
    if value != rounded(value):
        raise AmountInvalid(f"{text!r} has more than two decimal places")
    return rounded(value)


def split(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Share `total` by `weights`; the parts are rounded and add up exactly (largest remainder first)."""
    whole = sum(weights, Decimal(0))
    if whole <= 0:
        raise AmountInvalid("The weights of a split must add up to more than zero")
    exact = [total * weight / whole for weight in weights]
    parts = [rounded(part) for part in exact]
    missing = total - sum(parts, ZERO)
    step = PAISA if missing > 0 else -PAISA
    order = sorted(range(len(parts)), key=lambda i: (exact[i] - parts[i]) * step, reverse=True)
    for index in order[: int(abs(missing) / PAISA)]:
        parts[index] += step
    return parts
