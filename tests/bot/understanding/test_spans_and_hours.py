"""Spans of days, hours of the day and topics as people write them."""

from __future__ import annotations

from datetime import date, time

import pytest

from bot.understanding.clock import find_time
from bot.understanding.periods import Period, find_period
from bot.understanding.topics import find_topic

TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("aaj ki recovery", "2026-11-25", "2026-11-25"),
        ("kal kitni recovery hui", "2026-11-24", "2026-11-24"),
        ("کل کتنا کیش جمع ہوا", "2026-11-24", "2026-11-24"),
        ("parson wali", "2026-11-23", "2026-11-23"),
        ("is hafte", "2026-11-23", "2026-11-25"),
        ("last week", "2026-11-16", "2026-11-22"),
        ("اس مہینے کی وصولی", "2026-11-01", "2026-11-25"),
        ("this month vs last month", "2026-11-01", "2026-11-25"),
        ("pichle mahine ka munafa", "2026-10-01", "2026-10-31"),
        ("october ka profit", "2026-10-01", "2026-10-31"),
        ("profit december 2025", "2025-12-01", "2025-12-31"),
        ("pichle 7 din", "2026-11-19", "2026-11-25"),
        ("20 november ki recovery", "2026-11-20", "2026-11-20"),
        ("this year", "2026-01-01", "2026-11-25"),
    ],
)
def test_a_span_of_days_is_read(text: str, first: str, last: str) -> None:
    found = find_period(text, today=TODAY)
    assert found is not None and (found.first.isoformat(), found.last.isoformat()) == (first, last)


@pytest.mark.parametrize("text", ["recovery area wise", "kitni recovery", "", "december 2030"])
def test_no_span_is_none(text: str) -> None:
    assert find_period(text, today=TODAY) is None


@pytest.mark.parametrize(
    ("first", "last", "kind", "before"),
    [
        (date(2026, 11, 1), date(2026, 11, 25), "month", (date(2026, 10, 1), date(2026, 10, 25))),
        (date(2026, 3, 1), date(2026, 3, 31), "month", (date(2026, 2, 1), date(2026, 2, 28))),
        (date(2026, 3, 1), date(2026, 3, 30), "month", (date(2026, 2, 1), date(2026, 2, 28))),
        (date(2026, 11, 25), date(2026, 11, 25), "day", (date(2026, 11, 24), date(2026, 11, 24))),
        (date(2026, 11, 23), date(2026, 11, 25), "week", (date(2026, 11, 20), date(2026, 11, 22))),
    ],
)
def test_a_span_is_compared_with_as_much_before_it(
    first: date, last: date, kind: str, before: tuple[date, date]
) -> None:
    earlier = Period(first, last, kind).before
    assert (earlier.first, earlier.last) == before


@pytest.mark.parametrize(
    ("text", "at", "sure"),
    [
        ("summary subah 8 baje", time(8), True),
        ("summary raat ko sadhe nau baje", time(21, 30), True),
        ("at 9 pm", time(21), True),
        ("20:30", time(20, 30), True),
        ("خلاصہ صبح آٹھ بجے", time(8), True),
        ("summary 9 baje", time(21), False),
        ("dopahar 12 baje", time(12), True),
        ("raat 12 baje", time(0), True),
    ],
)
def test_an_hour_is_read(text: str, at: time, sure: bool) -> None:
    found = find_time(text)
    assert found is not None and (found.at, found.sure) == (at, sure)


@pytest.mark.parametrize("text", ["summary band kar do", "", "2500 de do", "C-2001"])
def test_no_hour_is_none(text: str) -> None:
    assert find_time(text) is None


@pytest.mark.parametrize(
    ("text", "name", "split"),
    [
        ("recovery area wise", "recovery", "by_area"),
        ("agent wise collection", "recovery", "by_agent"),
        ("kitna cash agents ke paas hai", "agent_cash", "by_agent"),
        ("اس مہینے کا منافع", "profit", ""),
        ("show the P&L", "profit", ""),
        ("vendor ko kitne dene hain", "payables", ""),
        ("kitna udhar lena hai", "receivable", ""),
        ("bank balance", "cash", ""),
    ],
)
def test_a_figure_is_named(text: str, name: str, split: str) -> None:
    found = find_topic(text)
    assert found is not None and (found.name, found.split) == (name, split)
