"""Turns the signs of a reading into a share of messages understood rightly, fitted on families held back."""

import math
import tomllib
from collections.abc import Sequence
from functools import lru_cache

from bot.understanding.lexicon import LEXICON

CALIBRATION = LEXICON / "calibration.toml"


@lru_cache(maxsize=1)
def _table() -> tuple[tuple[float, ...], float]:
    table = tomllib.loads(CALIBRATION.read_text(encoding="utf-8"))
    return tuple(float(weight) for weight in table["weights"]), float(table["start"])


@lru_cache(maxsize=1)
def thresholds() -> tuple[float, float]:
    """(sure, maybe): act from the first, ask with buttons from the second, else say so."""
    table = tomllib.loads(CALIBRATION.read_text(encoding="utf-8"))
    return float(table["sure"]), float(table["maybe"])


def confidence_of(signs: Sequence[float]) -> float:
    """The logistic curve through what was right and what was wrong on held-out messages."""
    weights, start = _table()
    return 1 / (1 + math.exp(-start - sum(w * x for w, x in zip(weights, signs, strict=True))))
