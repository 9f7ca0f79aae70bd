"""Working days, days without cutting, contact hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from core.recovery.calendar import calendar_of
from core.recovery.policy import (
    DEFAULT_LADDER,
    PolicyInvalid,
    Step,
    change_policy,
    declare_day,
    ladder_of,
    policy_of,
    set_ladder,
)  # fmt: skip
from core.recovery.promises import limit_of
from tests.core.recovery.town import Town, at

THURSDAY, FRIDAY, SATURDAY, SUNDAY = date(2026, 9, 10), date(2026, 9, 11), date(2026, 9, 12), date(2026, 9, 13)


def test_sundays_and_holidays_are_no_working_days(town: Town) -> None:
    with town.open() as session:
        calendar = calendar_of(session)
    assert [calendar.is_working(day) for day in (THURSDAY, FRIDAY, SATURDAY, SUNDAY)] == [True, True, True, False]
    assert not calendar.is_working(date(2026, 8, 14))
    assert calendar.working_day_from(date(2026, 5, 26)) == date(2026, 5, 29)  # three days of Eid


def test_nobody_is_cut_on_fridays_holidays_or_the_day_before_one(town: Town) -> None:
    with town.open() as session:
        calendar = calendar_of(session)
        assert [calendar.may_cut(day) for day in (THURSDAY, FRIDAY, SATURDAY, SUNDAY)] == [True, False, True, True]
        assert [calendar.may_cut(date(2026, 12, day)) for day in (23, 24, 25, 26)] == [True, False, False, True]
        assert calendar.cut_day_from(date(2026, 12, 24)) == date(2026, 12, 26)
        change_policy(session, no_cut_weekdays=[5, 6, 7], no_cut_before_holidays=False)
        assert calendar_of(session).cut_day_from(FRIDAY) == date(2026, 9, 14)
        assert calendar_of(session).may_cut(date(2026, 12, 24))


def test_staff_move_eid_when_the_moon_is_seen(town: Town) -> None:
    with town.open() as session:
        declare_day(session, day=date(2026, 3, 19), is_holiday=True, name="Eid", changed_by="staff:1")
        declare_day(session, day=date(2026, 3, 21), is_holiday=False, name="", changed_by="staff:1")
        declare_day(session, day=date(2026, 3, 19), is_holiday=True, name="Eid al-Fitr", changed_by="staff:2")
        calendar = calendar_of(session)
        assert [calendar.is_holiday(date(2026, 3, day)) for day in (18, 19, 20, 21)] == [False, True, True, False]
        assert limit_of(date(2026, 3, 18), calendar) == date(2026, 3, 21)


@pytest.mark.parametrize(
    ("now", "start", "until"),
    [
        (at(THURSDAY, 7), at(THURSDAY, 9), at(THURSDAY, 20)),
        (at(THURSDAY, 12, 30), at(THURSDAY, 12, 30), at(THURSDAY, 20)),
        (at(THURSDAY, 19, 30), at(FRIDAY, 9), at(FRIDAY, 12, 30)),
        (at(FRIDAY, 11), at(FRIDAY, 11), at(FRIDAY, 12, 30)),
        (at(FRIDAY, 12), at(FRIDAY, 14, 30), at(FRIDAY, 20)),
        (at(FRIDAY, 13), at(FRIDAY, 14, 30), at(FRIDAY, 20)),
        (at(FRIDAY, 23), at(SATURDAY, 9), at(SATURDAY, 20)),
    ],
)
def test_messages_keep_to_the_contact_hours_and_out_of_friday_prayer(
    town: Town, now: datetime, start: datetime, until: datetime
) -> None:
    with town.open() as session:
        hours = calendar_of(session).contact_hours(now)
    assert (hours.start, hours.until) == (start, until)
    assert hours.start.tzinfo is UTC


def test_the_policy_starts_with_the_defaults_and_refuses_nonsense(town: Town) -> None:
    with town.open() as session:
        policy = policy_of(session)
        assert (policy.contact_from, policy.contact_to, policy.suspension_notice_days) == (time(9), time(20), 7)
        assert policy_of(session).id == policy.id
        assert ladder_of(session) == DEFAULT_LADDER
        for wrong in ({"contact_from": time(21)}, {"promise_share_min": Decimal(101)}, {"no_cut_weekdays": [0]},
                      {"rest_weekdays": [1, 2, 3, 4, 5, 6, 7]}, {"colour": "red"}, {"grace_days": -1}):  # fmt: skip
            with pytest.raises(PolicyInvalid):
                change_policy(session, **wrong)
        assert policy_of(session).contact_from == time(9)


@pytest.mark.parametrize(
    "steps",
    [
        [Step(1, "thunder")],
        [Step(0, "agent")],
        [Step(1, "reminder")],
        [Step(1, "reminder", message_key="no such words")],
        [Step(8, "agent", message_key="overdue")],
        [Step(8, "agent"), Step(8, "agent")],
        [Step(15, "suspension")],
        [Step(15, "suspension"), Step(20, "final_notice", message_key="final_notice")],
    ],
)
def test_a_ladder_that_makes_no_sense_is_refused(town: Town, steps: list[Step]) -> None:
    with town.open() as session:
        with pytest.raises(PolicyInvalid):
            set_ladder(session, steps)
        assert ladder_of(session) == DEFAULT_LADDER


def test_a_company_climbs_its_own_ladder(town: Town) -> None:
    with town.open() as session:
        own = set_ladder(session, [
            Step(20, "suspension", Decimal("500.00")), Step(5, "final_notice", message_key="final_notice"),
        ])  # fmt: skip
        assert [step.key for step in own] == [(5, "final_notice"), (20, "suspension")]
        assert ladder_of(session) == own
