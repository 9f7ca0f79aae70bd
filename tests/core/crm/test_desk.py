"""Office hours: when somebody is there, and how long a chat may wait for them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.crm.desk import DeskSettingsInvalid, answer_due, change_desk_settings, desk_settings, opens_at
from core.crm.desk_models import OFFICE_HOURS, DeskSettings
from core.db import company_session
from tests.cast import TestCompany

ZONE = "Asia/Karachi"
SETTINGS = DeskSettings(office_hours=OFFICE_HOURS, answer_hours=4, coverage_metres=500)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A time in November 2026 on a clock in Lahore, in UTC; the 24th is a Tuesday."""
    return datetime(2026, 11, day, hour - 5, minute, tzinfo=UTC) if hour >= 5 else datetime(
        2026, 11, day - 1, hour + 19, minute, tzinfo=UTC
    )  # fmt: skip


@pytest.mark.parametrize(
    ("now", "opens"),
    [(at(24, 9), None), (at(24, 17, 59), None), (at(24, 18), at(25, 9)), (at(24, 8, 59), at(24, 9)),
     (at(28, 18), at(30, 9)), (at(29, 12), at(30, 9)), (at(25, 1), at(25, 9))],
)  # fmt: skip
def test_the_bot_says_when_the_office_opens(now: datetime, opens: datetime | None) -> None:
    assert opens_at(SETTINGS, now, ZONE) == opens


@pytest.mark.parametrize(
    ("asked", "due"),
    [(at(24, 9), at(24, 13)), (at(24, 16), at(25, 11)), (at(24, 22), at(25, 13)), (at(28, 15), at(30, 10)),
     (at(24, 14), at(24, 18))],
)  # fmt: skip
def test_only_office_hours_count_as_waiting(asked: datetime, due: datetime) -> None:
    assert answer_due(SETTINGS, asked, ZONE) == due


def test_the_settings_are_made_on_first_use_and_checked(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        assert desk_settings(session).answer_hours == 4
        assert desk_settings(session).id == desk_settings(session).id
    for wrong in (
        {"answer_hours": 0}, {"coverage_metres": 5}, {"office_hours": {"1": ["09:00", "18:00"]}},
        {"office_hours": OFFICE_HOURS | {"1": ["18:00", "09:00"]}}, {"office_hours": OFFICE_HOURS | {"1": ["x", "y"]}},
        {"office_hours": {str(day): [] for day in range(1, 8)}},
    ):  # fmt: skip
        with pytest.raises(DeskSettingsInvalid), company_session(company.id, "test") as session:
            change_desk_settings(session, **wrong)
