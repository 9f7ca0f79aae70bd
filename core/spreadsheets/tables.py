"""A table that can be written as CSV or XLSX: typed columns, any number of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

Kind = Literal["text", "amount", "number", "percent", "date", "instant"]
Value = str | Decimal | int | date | datetime | None


@dataclass(frozen=True)
class Column:
    """`amount` has two places, `percent` is given as 19.5 for 19.5 %; `instant` must be aware."""

    title: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Table:
    """`rows` may be an iterator, read once: a million rows are never in memory together."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Value]]
    notes: Sequence[str] = field(default=())
    """Lines above the table, such as the company and the span."""
