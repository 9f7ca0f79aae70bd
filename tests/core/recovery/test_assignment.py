"""Cases go to agents by territory and amount, and stay there."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.crm.models import Area, SubZone
from core.errors import NotFound
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry
from core.recovery.assignment import AgentUnfit, Load, Waiting, history_of, reassign_case, set_territory, share_out
from core.recovery.case_models import RecoveryCase
from core.recovery.policy import change_policy
from core.staff.models import Staff
from core.usecases.assign_cases import redistribute_agent
from tests.core.recovery.town import Town, at

DUE = date(2026, 9, 10)
NEXT = DUE + timedelta(days=1)
AREA, ZONE = new_id(), new_id()


def waiting(*amounts: str) -> list[Waiting]:
    return [Waiting(new_id(), Decimal(amount), AREA, ZONE, f"C-{index}") for index, amount in enumerate(amounts)]


def agents(*names: str, **facts: object) -> list[Load]:
    return [Load(new_id(), name, AREA, **facts) for name in names]  # type: ignore[arg-type]


def shares(cases: list[Waiting], team: list[Load]) -> dict[str, list[str]]:
    given = share_out(cases, team)
    names = {agent.agent_id: agent.name for agent in team}
    amounts = {case.case_id: str(case.amount) for case in cases}
    return {agent.name: [amounts[case] for case, who in given.items() if names[who] == agent.name] for agent in team}


def test_the_largest_goes_first_to_the_smallest_total_and_ties_go_by_name() -> None:
    assert shares(waiting("100", "700", "400", "300", "200"), agents("Zahid", "Amna")) == {
        "Amna": ["700", "200"], "Zahid": ["400", "300", "100"],
    }  # fmt: skip


def test_caps_on_cases_and_amounts_leave_the_rest_without_an_agent() -> None:
    assert shares(waiting("900", "500", "400"), agents("Amna", cases_max=2, amount_max=Decimal("1000"))) == {
        "Amna": ["900"],
    }  # fmt: skip
    assert shares(waiting("90", "50", "40"), agents("Amna", cases_max=2)) == {"Amna": ["90", "50"]}
    assert shares(waiting("90"), agents("Amna", stopped=True)) == {"Amna": []}


def test_the_sub_zone_comes_before_the_area_and_the_area_before_anybody() -> None:
    of_zone = Load(new_id(), "Zone", AREA, frozenset({ZONE}), cases_max=1)
    of_area = Load(new_id(), "Area", AREA, cases_max=1)
    of_all = Load(new_id(), "All", None)
    elsewhere = Load(new_id(), "Elsewhere", new_id())
    assert shares(waiting("9", "8", "7", "6"), [elsewhere, of_all, of_area, of_zone]) == {
        "Zone": ["9"], "Area": ["8"], "All": ["7", "6"], "Elsewhere": [],
    }  # fmt: skip


@given(st.lists(st.decimals("0.01", "90000", places=2), max_size=60), st.integers(1, 6))
def test_no_agent_gets_more_than_the_others_by_more_than_one_case(amounts: list[Decimal], count: int) -> None:
    cases = [Waiting(new_id(), amount, AREA, ZONE, str(index)) for index, amount in enumerate(amounts)]
    team = agents(*(f"Agent {index}" for index in range(count)))
    given_away = share_out(cases, team)
    assert len(given_away) == len(cases)
    assert sum((agent.amount for agent in team), Decimal(0)) == sum(amounts, Decimal(0))
    assert max(agent.amount for agent in team) - min(agent.amount for agent in team) <= max(amounts, default=Decimal(0))


def test_a_customer_keeps_his_agent_while_the_case_is_open(town: Town) -> None:
    amna, zahid = town.agent("Amna"), town.agent("Zahid")
    debtors = [town.customer(f"Debtor {index}", line=False) for index in range(4)]
    for customer_id, amount in zip(debtors, ("4000.00", "3000.00", "2000.00", "1000.00"), strict=True):
        town.owes(customer_id, amount, DUE)
    assert town.ages(NEXT).assigned == 4
    first = [_agent(town, customer_id) for customer_id in debtors]
    assert first == [amna, zahid, zahid, amna]
    town.owes(debtors[3], "90000.00", NEXT)
    assert town.ages(NEXT + timedelta(days=1)).assigned == 0
    assert [_agent(town, customer_id) for customer_id in debtors] == first


def test_the_cases_of_an_agent_who_leaves_are_shared_out_and_the_history_stays(town: Town) -> None:
    amna = town.agent("Amna")
    debtors = [town.customer(f"Debtor {index}", line=False) for index in range(3)]
    for customer_id in debtors:
        town.owes(customer_id, "1000.00", DUE)
    town.ages(NEXT)
    zahid, sana = town.agent("Zahid"), town.agent("Sana")
    with town.open() as session:
        session.get_one(Staff, amna).state = "left"
        shared = redistribute_agent(session, agent_id=amna, reason="Amna left", assigned_by="staff:1", now=at(NEXT))
        assert (shared.given, shared.without_agent) == (3, 0)
    assert {_agent(town, customer_id) for customer_id in debtors} == {zahid, sana}
    case = town.case(debtors[0])
    assert case is not None
    with town.open() as session:
        rows = [(row.agent_id, row.reason, row.until_at) for row in history_of(session, case_id=case.id)]
    assert rows == [(amna, "ageing", at(NEXT)), (sana, "Amna left", None)]


def test_the_night_takes_the_cases_of_who_is_no_agent_any_more(town: Town) -> None:
    amna, zahid = town.agent("Amna"), town.agent("Zahid")
    debtor = town.customer(line=False)
    town.owes(debtor, "1000.00", DUE)
    town.ages(NEXT)
    with town.open() as session:
        session.get_one(Staff, amna).role = "manager"
    assert town.ages(NEXT).assigned == 1
    assert _agent(town, debtor) == zahid


def test_a_manager_moves_a_case_but_only_to_an_agent_at_work(town: Town) -> None:
    amna, zahid = town.agent("Amna"), town.agent("Zahid")
    debtor = town.customer(line=False)
    town.owes(debtor, "1000.00", DUE)
    town.ages(NEXT)
    case = town.case(debtor)
    assert case is not None
    with town.open() as session:
        moved = reassign_case(
            session, case_id=case.id, agent_id=zahid, reason="knows him", assigned_by="staff:1", now=at(NEXT)
        )
        assert moved.agent_id == zahid
        session.get_one(Staff, amna).state = "left"
        session.flush()
        with pytest.raises(AgentUnfit):
            reassign_case(session, case_id=case.id, agent_id=amna, reason="", assigned_by="staff:1", now=at(NEXT))
        with pytest.raises(NotFound):
            reassign_case(session, case_id=new_id(), agent_id=zahid, reason="", assigned_by="staff:1", now=at(NEXT))


def test_territories_and_cash_in_hand_decide_who_gets_a_case(town: Town) -> None:
    amna, zahid = town.agent("Amna", area_id=town.company.area_id), town.agent("Zahid", area_id=town.company.area_id)
    with town.open() as session:
        area = Area(id=new_id(), name="Johar Town")
        zone = SubZone(id=new_id(), area_id=town.company.area_id, name="Gulberg V")
        far = SubZone(id=new_id(), area_id=area.id, name="Block H")
        session.add(area)
        session.flush()
        session.add_all([zone, far])
        session.flush()
        set_territory(session, agent_id=amna, sub_zone_ids=[zone.id])
        set_territory(session, agent_id=zahid, sub_zone_ids=[])
        zone_id, far_id = zone.id, far.id
    in_zone, beside, away = (town.customer(name, sub_zone_id=where, line=False) for name, where in
                             (("In", zone_id), ("Beside", None), ("Away", far_id)))  # fmt: skip
    for customer_id in (in_zone, beside, away):
        town.owes(customer_id, "1000.00", DUE)
    ageing = town.ages(NEXT)
    assert (ageing.assigned, ageing.without_agent) == (2, 1)
    assert [_agent(town, customer_id) for customer_id in (in_zone, beside, away)] == [amna, zahid, None]

    with town.open() as session:
        change_policy(session, agent_cash_max=Decimal("5000.00"))
        post_entry(session, kind="cash_found", source_id=new_id(), posted_on=NEXT, actor="test",
                   lines=[Line("1040", Decimal("5000.01"), amna), Line("4090", Decimal("-5000.01"))])  # fmt: skip
    again = town.customer("Again", sub_zone_id=zone_id, line=False)
    town.owes(again, "1000.00", DUE)
    town.ages(NEXT)
    assert _agent(town, again) == zahid


def _agent(town: Town, customer_id: Id) -> Id | None:
    case = town.case(customer_id)
    assert isinstance(case, RecoveryCase)
    return case.agent_id
