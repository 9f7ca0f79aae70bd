"""Which lines of a file are known already, so that files that overlap add only what is new."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class DayLine:
    """What tells lines of one day apart: the fingerprint, and where known the balance after it."""

    fingerprint: str
    amount: Decimal
    balance_after: Decimal | None

    @property
    def balance_before(self) -> Decimal | None:
        """The balance that this line found."""
        return None if self.balance_after is None else self.balance_after - self.amount


def fingerprint_of(booked_on: date, amount: Decimal, reference: str, text: str) -> str:
    """Day, amount, reference and text in one word; letter case and spacing do not count."""
    words = (booked_on.isoformat(), f"{amount:.2f}", reference, text)
    return hashlib.sha256("\x1f".join(" ".join(word.casefold().split()) for word in words).encode()).hexdigest()


@dataclass(frozen=True)
class Overlay:
    """A day of a file laid over the lines stored of that day."""

    known: dict[int, int]
    """The file's lines that are stored, by their places: index in the file, place among the stored."""
    order: list[tuple[str, int]]
    """The day as one: ("stored", place), and ("file", index) for what is new."""


def lay_over(file: Sequence[DayLine], stored: Sequence[DayLine]) -> Overlay:
    """Which lines of the file are stored already, and where the new ones belong. Both are in the bank's order.

    A file may begin or end within a day. Where the balances join the two, they are laid over each other by them;
    else the day is taken to be whole in both, and of n equal lines the first n known ones are the same.
    """
    known: dict[int, int] = {}
    loose: list[int] = []
    at: dict[int, int] = {}
    for start, end in _chains(stored):
        shift = _shift(file, stored[start:end])
        if shift is None:
            loose += range(start, end)
            continue
        at |= {place: place - start - shift for place in range(start, end)}
        known |= {index: place for place, index in at.items() if start <= place < end and 0 <= index < len(file)}
    counted = _by_count(file, stored, loose, known)
    at |= {place: index for index, place in counted.items()}
    known |= counted
    return Overlay(known, _order(len(file), len(stored), known, at))


def _order(
    file_count: int, stored_count: int, known: Mapping[int, int], at: Mapping[int, int]
) -> list[tuple[str, int]]:
    """The stored lines where the file has them (`at`, beyond its ends too), the others after the one before them."""
    keyed, last = [], -stored_count
    for place in range(stored_count):
        last = at.get(place, last)
        keyed.append((last, 0, ("stored", place)))
    keyed += [(index, 1, ("file", index)) for index in range(file_count) if index not in known]
    return [line for _, _, line in sorted(keyed)]


def _chains(lines: Sequence[DayLine]) -> list[tuple[int, int]]:
    """Runs of lines whose balances follow from each other."""
    if not lines:
        return []
    breaks = [index for index in range(1, len(lines)) if lines[index].balance_before != lines[index - 1].balance_after]
    return list(zip([0, *breaks], [*breaks, len(lines)], strict=True))


def _shift(file: Sequence[DayLine], chain: Sequence[DayLine]) -> int | None:
    """How far the file's first line lies behind the chain's, or None where balances do not join them.

    The widest overlap wins: where a day's balances run in a circle, a line is rather known than doubled.
    """
    if len(_chains(file)) != 1 or any(line.balance_after is None for line in (*file, *chain)):
        return None
    fits = [shift for shift in range(1 - len(file), len(chain)) if _agree(file, chain, shift)]
    if fits:
        return max(fits, key=lambda shift: (min(len(file) + shift, len(chain)) - max(shift, 0), -abs(shift)))
    if file[0].balance_before == chain[0].balance_before or file[-1].balance_after == chain[-1].balance_after:
        return None
    if file[0].balance_before == chain[-1].balance_after:
        return len(chain)
    return -len(file) if file[-1].balance_after == chain[0].balance_before else None


def _agree(file: Sequence[DayLine], chain: Sequence[DayLine], shift: int) -> bool:
    return all(
        file[index] == chain[index + shift] for index in range(max(0, -shift), min(len(file), len(chain) - shift))
    )


def _by_count(
    file: Sequence[DayLine], stored: Sequence[DayLine], loose: Sequence[int], found: Mapping[int, int]
) -> dict[int, int]:
    """The file's lines that are not `found` yet among the stored ones that no balance places."""
    places: dict[str, deque[int]] = {}
    for place in loose:
        places.setdefault(stored[place].fingerprint, deque()).append(place)
    return {
        index: places[line.fingerprint].popleft()
        for index, line in enumerate(file)
        if index not in found and places.get(line.fingerprint)
    }
