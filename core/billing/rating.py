"""Metered use in money: allowance, graduated and volume bands, rounded up once a period (reference money 1.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil

from core.money import rounded

UNIT_BYTES = {"GB": 10**9, "GiB": 2**30}
GRADUATED, VOLUME = "graduated", "volume"


@dataclass(frozen=True, slots=True)
class Band:
    """The price of a unit above so many, counted from the first unit after the allowance."""

    above_units: int
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class BandCharge:
    """What one band costs, rounded once."""

    above_units: int
    units: int
    unit_price: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Usage:
    """A period's use in units, what of it is charged, and by which bands."""

    used: Fraction
    allowance: Fraction
    billable: int
    charges: tuple[BandCharge, ...]


def rate_usage(
    used_bytes: int, *, unit: str, allowance: int | None, part: Fraction, bands: Sequence[Band], rating: str
) -> Usage:
    """Rate the bytes of one period; `part` is how much of a whole month it is and shrinks the allowance.

    What exceeds the allowance is rounded up to whole units once. Bands are not shrunk. With no band nothing is charged.
    """
    used = Fraction(used_bytes, UNIT_BYTES[unit])
    free = Fraction(allowance or 0) * part
    billable = max(0, ceil(used - free))
    tariff = sorted(bands, key=lambda band: band.above_units)
    charges = _by_volume(billable, tariff) if rating == VOLUME else _graduated(billable, tariff)
    return Usage(used, free, billable, charges)


def _graduated(units: int, bands: Sequence[Band]) -> tuple[BandCharge, ...]:
    """Each unit at the price of its own band; units below the first band are free."""
    tops = [band.above_units for band in bands[1:]] + [units]
    spans = ((band, max(0, min(units, top) - band.above_units)) for band, top in zip(bands, tops, strict=True))
    return tuple(_charge(band, count) for band, count in spans if count)


def _by_volume(units: int, bands: Sequence[Band]) -> tuple[BandCharge, ...]:
    """Every unit at the price of the band that the last one reaches."""
    reached = [band for band in bands if band.above_units < units]
    return (_charge(reached[-1], units),) if reached else ()


def _charge(band: Band, units: int) -> BandCharge:
    return BandCharge(band.above_units, units, band.unit_price, rounded(band.unit_price * units))
