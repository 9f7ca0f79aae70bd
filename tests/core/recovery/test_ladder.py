"""Which step is due, and what halts it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from core.ids import new_id
from core.recovery.calendar import WorkCalendar
from core.recovery.ladder import HOLDS, Decision, Standing, bucket_of, cut_day, decide
from core.recovery.policy import DEFAULT_LADDER, Step
from core.recovery.policy_models import RecoveryPolicy

DUE = date(2026, 9, 10)
CALENDAR = WorkCalendar(
    RecoveryPolicy(
        suspension_notice_days=7, no_cut_weekdays=[5], no_cut_on_holidays=True, no_cut_before_holidays=True,
        uncut_classes=["hospital"], rest_weekdays=[7],
    ),
    "PK", "Asia/Karachi",
)  # fmt: skip
DEBTOR = Standing(new_id(), new_id(), Decimal("2500.00"), DUE, new_id(), cuttable=1, has_rented=True)


def on_day(count: int, standing: Standing = DEBTOR, ladder: tuple[Step, ...] = DEFAULT_LADDER) -> Decision:
    return decide(ladder, standing, today=DUE + timedelta(days=count), calendar=CALENDAR)


def having(*keys: tuple[int, str], **facts: object) -> Standing:
    return replace(DEBTOR, taken=frozenset(keys), **facts)  # type: ignore[arg-type]


UP_TO_AGENT = ((1, "reminder"), (4, "reminder"), (8, "agent"))
NOTIFIED = (*UP_TO_AGENT, (12, "final_notice"))
TOLD = {"notice_on": DUE + timedelta(days=12), "announced_for": DUE + timedelta(days=19)}


def key(decision: Decision) -> tuple[int, str] | None:
    return decision.step.key if decision.step else None


def test_each_step_has_its_day_and_is_taken_once() -> None:
    assert key(on_day(0)) is None
    assert key(on_day(1)) == (1, "reminder")
    assert key(on_day(3, having((1, "reminder")))) is None
    assert key(on_day(4, having((1, "reminder")))) == (4, "reminder")
    assert key(on_day(8, having(*UP_TO_AGENT[:2]))) == (8, "agent")
    assert key(on_day(12, having(*UP_TO_AGENT))) == (12, "final_notice")


def test_a_later_message_overtakes_the_reminders_before_it() -> None:
    late = on_day(6)
    assert (key(late), [step.key for step in late.overtaken]) == ((4, "reminder"), [(1, "reminder")])
    later = on_day(40)
    assert (key(later), [step.day for step in later.overtaken]) == ((8, "agent"), [1, 4])


@pytest.mark.parametrize("hold", HOLDS)
def test_every_hold_halts_every_step(hold: str) -> None:
    assert on_day(100, having(holds=frozenset({hold}))) == Decision(held_by=hold)


def test_a_small_balance_leaves_a_step_out() -> None:
    ladder = (Step(1, "reminder", Decimal("3000.00"), "overdue"), Step(8, "agent", Decimal("2500.00")))
    assert key(on_day(9, ladder=ladder)) == (8, "agent")


def test_the_suspension_waits_for_its_notice_and_the_day_it_names() -> None:
    assert on_day(20, having(*NOTIFIED)).held_by == "notice"
    assert on_day(18, having(*NOTIFIED, **TOLD)).held_by == "notice"
    assert key(on_day(19, having(*NOTIFIED, **TOLD))) == (15, "suspension")  # 29 September, a Tuesday
    later = TOLD | {"announced_for": DUE + timedelta(days=23)}
    assert on_day(21, having(*NOTIFIED, **later)).held_by == "notice"


def test_nobody_is_cut_on_a_friday_or_before_a_holiday() -> None:
    friday = DUE + timedelta(days=22)
    assert friday.isoweekday() == 5
    assert on_day(22, having(*NOTIFIED, **TOLD)).held_by == "no_cut_day"
    assert key(on_day(23, having(*NOTIFIED, **TOLD))) == (15, "suspension")


def test_a_waiting_suspension_holds_back_what_is_harder_but_not_the_supervisor() -> None:
    waiting = having(*NOTIFIED)
    assert key(on_day(95, waiting)) == (30, "supervisor")
    assert key(on_day(95, having(*NOTIFIED, (30, "supervisor")))) is None


@pytest.mark.parametrize("spared", [{"never_cut": True}, {"customer_class": "hospital"}])
def test_the_protected_are_reminded_but_neither_warned_nor_cut(spared: dict[str, object]) -> None:
    assert key(on_day(4, having((1, "reminder"), **spared))) == (4, "reminder")
    assert on_day(12, having(*UP_TO_AGENT, **spared)).step is None
    assert on_day(12, having(*UP_TO_AGENT, **spared)).held_by in ("never_cut", "class")
    assert key(on_day(30, having(*UP_TO_AGENT, **spared))) == (30, "supervisor")
    assert key(on_day(95, having(*UP_TO_AGENT, (30, "supervisor"), **spared))) == (90, "write_off_proposal")


def test_when_the_protection_ends_the_notice_comes_before_the_suspension() -> None:
    assert key(on_day(60, having(*UP_TO_AGENT, (30, "supervisor")))) == (12, "final_notice")


def test_a_broken_promise_makes_the_next_step_due_at_once_but_no_notice_shorter() -> None:
    assert key(on_day(9, having(*UP_TO_AGENT, hastened=True))) == (12, "final_notice")
    assert key(on_day(9, having(*UP_TO_AGENT))) is None
    assert on_day(14, having(*NOTIFIED, hastened=True, **TOLD)).held_by == "notice"


def test_who_is_suspended_already_or_has_only_prepaid_lines_is_not_warned_again() -> None:
    assert key(on_day(16, having(*UP_TO_AGENT, is_cut=True))) is None
    assert key(on_day(31, having(*UP_TO_AGENT, is_cut=True))) == (30, "supervisor")
    assert key(on_day(16, having(*UP_TO_AGENT, cuttable=0))) is None


def test_equipment_is_picked_up_only_where_there_is_some() -> None:
    cut = having(*NOTIFIED, (15, "suspension"), (30, "supervisor"), is_cut=True)
    assert key(on_day(30, cut)) == (30, "pick_up")
    assert key(on_day(46, replace(cut, has_rented=False))) == (45, "termination")


def test_the_notice_names_a_day_that_is_late_enough_and_allowed() -> None:
    def named(count: int) -> date:
        return cut_day(DEFAULT_LADDER, DEBTOR, today=DUE + timedelta(days=count), calendar=CALENDAR)

    assert named(3) == date(2026, 9, 26)  # day 15 is Friday the 25th
    assert named(12) == date(2026, 9, 29)
    assert named(15) == date(2026, 10, 3)  # seven days later is a Friday


def test_ages_fall_into_the_buckets_of_the_reference() -> None:
    assert [bucket_of(days) for days in (-3, 0, 1, 30, 31, 60, 61, 90, 91, 400)] == [
        "current", "current", "1-30", "1-30", "31-60", "31-60", "61-90", "61-90", ">90", ">90",
    ]  # fmt: skip
