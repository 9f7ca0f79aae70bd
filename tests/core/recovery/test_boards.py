"""Worklists, scorecards and the board."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from core.crm.distance import Place, metres_between
from core.ids import Id
from core.recovery.board import Share, board
from core.recovery.cases import log_attempt
from core.recovery.policy import change_policy
from core.recovery.worklist import WorkItem, worklist
from core.usecases.judge_promises import judge_promises_of
from core.usecases.log_promise import log_promise
from core.usecases.score_agents import score_agents, score_areas
from tests.core.recovery.town import Town, at, place

DUE = date(2026, 9, 10)
TODAY = DUE + timedelta(days=9)  # a Saturday


@pytest.fixture
def rabia(town: Town) -> Id:
    return town.agent("Rabia", area_id=town.company.area_id)


def listed(town: Town, agent_id: Id, day: date = TODAY, **options: object) -> list[WorkItem]:
    with town.open() as session:
        return worklist(session, agent_id=agent_id, today=day, **options)  # type: ignore[arg-type]


def promise(town: Town, customer_id: Id, amount: str, due_on: date, on: date, agent_id: Id | None = None) -> None:
    with town.open() as session:
        log_promise(session, customer_id=customer_id, amount=Decimal(amount), due_on=due_on, taken_by="staff:rabia",
                    channel="call", agent_id=agent_id, now=at(on))  # fmt: skip


def test_promises_of_today_come_first_then_broken_ones_then_the_largest_debts(town: Town, rabia: Id) -> None:
    names = ("Big", "Small", "Promised", "Broken", "Planned", "Young")
    people = {name: town.customer(name, line=False) for name in names}
    for name, amount in (("Big", "30000.00"), ("Small", "3000.00"), ("Promised", "1500.00"), ("Broken", "1400.00"),
                         ("Planned", "1300.00")):  # fmt: skip
        town.owes(people[name], amount, DUE)
    town.owes(people["Young"], "99000.00", DUE + timedelta(days=7))
    town.day(DUE + timedelta(days=1))
    promise(town, people["Promised"], "1500.00", TODAY, DUE + timedelta(days=1))
    promise(town, people["Broken"], "1400.00", DUE + timedelta(days=6), DUE + timedelta(days=1))
    with town.open() as session:
        log_attempt(session, customer_id=people["Planned"], agent_id=rabia, channel="call", outcome="left_message",
                    now=at(DUE + timedelta(days=5)), next_action_on=TODAY)  # fmt: skip
    town.day(DUE + timedelta(days=8))
    town.day(TODAY)
    items = listed(town, rabia)
    assert [(item.name, item.why) for item in items] == [
        ("Promised", "promise_today"), ("Broken", "promise_broken"), ("Planned", "action_due"), ("Big", "overdue"),
        ("Small", "overdue"),
    ]  # fmt: skip
    assert (items[0].promised, items[0].promised_by, items[3].days) == (Decimal("1500.00"), TODAY, 9)
    assert listed(town, rabia, everything=True)[3].name == "Young"
    with town.open() as session:
        log_attempt(
            session, customer_id=people["Broken"], agent_id=rabia, channel="visit", outcome="refuses", now=at(TODAY)
        )
    assert listed(town, rabia)[-1].name == "Broken"


def test_among_equal_debts_the_nearer_one_comes_first(town: Town, rabia: Id) -> None:
    far, near, unknown = (town.customer(name, line=False) for name in ("Far", "Near", "Unknown"))
    for customer_id, amount in ((far, "4900.00"), (near, "4000.00"), (unknown, "4950.00")):
        town.owes(customer_id, amount, DUE)
    with town.open() as session:
        place(session, far, "31.5600", "74.3600")
        place(session, near, "31.5210", "74.3500")
    town.day(DUE + timedelta(days=8))
    here = Place(Decimal("31.5200"), Decimal("74.3500"))
    assert [(item.name, item.metres) for item in listed(town, rabia, here=here)] == [
        ("Near", 111), ("Far", 4548), ("Unknown", None),
    ]  # fmt: skip
    assert [item.name for item in listed(town, rabia)] == ["Unknown", "Far", "Near"]


def test_distance_is_measured_on_the_globe() -> None:
    lahore, karachi = Place(Decimal("31.5497"), Decimal("74.3436")), Place(Decimal("24.8607"), Decimal("67.0011"))
    assert round(metres_between(lahore, karachi) / 1000, -1) == 1030
    assert metres_between(lahore, lahore) == 0


def test_scorecards_tell_what_was_given_collected_kept_tried_and_spent(town: Town, rabia: Id) -> None:
    with town.open() as session:
        change_policy(session, cost_of_call=Decimal("5.00"), cost_of_visit=Decimal("120.00"))
    pays, breaks, idle = (town.customer(name, line=False) for name in ("Pays", "Breaks", "Idle"))
    for customer_id, amount in ((pays, "4000.00"), (breaks, "2000.00"), (idle, "1000.00")):
        town.owes(customer_id, amount, DUE)
    first = DUE + timedelta(days=1)
    town.ages(first)
    promise(town, pays, "3000.00", first + timedelta(days=2), first, rabia)
    promise(town, breaks, "2000.00", first + timedelta(days=2), first, rabia)
    with town.open() as session:
        log_attempt(session, customer_id=idle, agent_id=rabia, channel="visit", outcome="not_at_home", now=at(first))
    town.pays(pays, "3000.00", first + timedelta(days=1))
    town.pays(pays, "9000.00", first + timedelta(days=3))  # only what settles his case is collected
    with town.open() as session:
        judge_promises_of(session, customer_id=breaks, now=at(first + timedelta(days=6)))
        (card,) = score_agents(session, first=first, last=first + timedelta(days=6))
        (area,) = score_areas(session, first=first, last=first + timedelta(days=6))
    assert (card.name, card.cases, card.assigned, card.collected) == (
        "Rabia",
        3,
        Decimal("7000.00"),
        Decimal("4000.00"),
    )
    assert (card.kept, card.promises, card.kept_rate) == (1, 2, Decimal("50.00"))
    assert (card.kept_rate_by_money, card.collection_rate) == (Decimal("60.00"), Decimal("57.14"))
    assert (card.attempts, card.cost) == ({"call": 2, "visit": 1, "chat": 0}, Decimal("130.00"))
    assert (area.name, area.assigned, area.collected, area.kept_rate) == (
        "Gulberg", Decimal("7000.00"), Decimal("4000.00"), Decimal("50.00"),
    )  # fmt: skip
    with town.open() as session:
        assert score_agents(session, first=DUE - timedelta(days=30), last=DUE) == []


def test_a_payment_that_bounced_is_not_collected(town: Town, rabia: Id) -> None:
    ayesha = town.customer(line=False)
    town.owes(ayesha, "4000.00", DUE)
    town.ages(TODAY)
    payment_id, _ = town.pays(ayesha, "4000.00", TODAY)
    town.bounces(payment_id, TODAY)
    with town.open() as session:
        (card,) = score_agents(session, first=TODAY, last=TODAY)
    assert (card.id, card.collected) == (rabia, Decimal("0.00"))


def test_the_board_splits_the_same_cases_by_stage_age_hold_and_agent(town: Town, rabia: Id) -> None:
    old, young, held = (town.customer(name) for name in ("Old", "Young", "Held"))
    town.owes(old, "1000.00", DUE - timedelta(days=40))
    town.owes(young, "2000.00", DUE + timedelta(days=5))
    town.owes(held, "4000.00", DUE)
    town.ages(TODAY)
    promise(town, held, "4000.00", TODAY + timedelta(days=2), TODAY)
    town.day(TODAY)
    with town.open() as session:
        seen = board(session, today=TODAY)
        assert board(session, today=TODAY, area_id=town.company.sub_zone_id).stages == {}
    assert seen.stages == {
        "new": Share(1, Decimal("4000.00")), "reminder": Share(1, Decimal("2000.00")),
        "supervisor": Share(1, Decimal("1000.00")),
    }  # fmt: skip
    assert {name: share.cases for name, share in seen.buckets.items()} == {"1-30": 2, "31-60": 1, "61-90": 0, ">90": 0}
    assert {name: share.cases for name, share in seen.held.items()} == {"promise": 1, "": 1, "notice": 1}
    assert seen.agents == {"Rabia": Share(3, Decimal("7000.00"))}
    assert seen.areas == {"Gulberg": Share(3, Decimal("7000.00"))}
    assert seen.promises_open == Share(1, Decimal("4000.00"))
    assert (seen.suspended, seen.notices_to_bring, seen.proposals) == (0, 0, {})
