"""Turns a raw score into a share of messages understood rightly, by a table fitted on held-out phrases."""

import bisect
import tomllib
from functools import lru_cache

from bot.understanding.lexicon import LEXICON

CALIBRATION = LEXICON / "calibration.toml"


@lru_cache(maxsize=1)
def _knots() -> tuple[list[float], list[float]]:
    table = tomllib.loads(CALIBRATION.read_text(encoding="utf-8"))
    return [float(x) for x in table["raw"]], [float(y) for y in table["right"]]


@lru_cache(maxsize=1)
def thresholds() -> tuple[float, float]:
    """(sure, maybe): act from the first, ask with buttons from the second, else say so."""
    table = tomllib.loads(CALIBRATION.read_text(encoding="utf-8"))
    return float(table["sure"]), float(table["maybe"])


def confidence_of(raw: float) -> float:
    """Interpolate between the fitted knots; beyond them the outermost holds."""
    raws, rights = _knots()
    above = bisect.bisect_right(raws, raw)
    if above == 0:
        return rights[0]
    if above == len(raws):
        return rights[-1]
    low, high = raws[above - 1], raws[above]
    part = (raw - low) / (high - low) if high > low else 1.0
    return rights[above - 1] + part * (rights[above] - rights[above - 1])
