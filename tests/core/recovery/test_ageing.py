"""The night: cases follow what is unpaid, and a second run changes nothing."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from core.crm.distance import Place
from core.ids import Id
from core.recovery.case_models import CaseInvoice, Proposal, RecoveryCase
from core.recovery.cases import (
    AttemptInvalid,
    NoOpenCase,
    ProposalDecided,
    attempt_counts,
    decide_proposal,
    log_attempt,
    open_proposals,
)  # fmt: skip
from core.recovery.policy import change_policy
from core.service_desk.models import Ticket
from core.usecases.record_attempt import record_attempt
from tests.core.recovery.town import Town, at

DUE = date(2026, 9, 10)
NEXT = DUE + timedelta(days=1)


def test_one_case_per_customer_takes_in_new_invoices_and_closes_when_paid(town: Town) -> None:
    ayesha = town.customer(line=False)
    town.owes(ayesha, "1000.00", DUE)
    assert town.ages(DUE).opened == 0
    assert (town.ages(NEXT).opened, town.ages(NEXT).opened) == (1, 0)
    town.owes(ayesha, "700.00", DUE + timedelta(days=30))
    later = DUE + timedelta(days=31)
    assert town.ages(later).joined == 1
    case = town.case(ayesha)
    assert case is not None
    assert (case.amount, case.amount_opened, case.opened_on) == (Decimal("1700.00"), Decimal("1000.00"), NEXT)
    with town.open() as session:
        assert session.scalar(select(func.count()).select_from(CaseInvoice)) == 2
    town.pays(ayesha, "1700.00", later)
    assert town.ages(later).closed == 0  # the payment closed it
    with town.open() as session:
        closed = session.scalars(select(RecoveryCase)).one()
    assert (closed.state, closed.close_reason, closed.closed_on) == ("closed", "paid", later)


def test_a_bounce_opens_a_new_case(town: Town) -> None:
    ayesha = town.customer(line=False)
    town.owes(ayesha, "1000.00", DUE)
    town.ages(NEXT)
    payment_id, _ = town.pays(ayesha, "1000.00", NEXT)
    assert town.case(ayesha) is None
    town.bounces(payment_id, NEXT + timedelta(days=1))
    assert town.ages(NEXT + timedelta(days=2)).opened == 1


def test_days_of_grace_and_the_tolerance_keep_small_and_young_debts_out(town: Town) -> None:
    with town.open() as session:
        change_policy(session, grace_days=3, tolerance=Decimal("100.00"))
    young, small, both = (town.customer(name, line=False) for name in ("Young", "Small", "Both"))
    town.owes(young, "500.00", DUE)
    town.owes(small, "100.00", DUE)
    town.owes(both, "60.00", DUE)
    town.owes(both, "40.01", DUE)
    assert town.ages(DUE + timedelta(days=3)).opened == 0
    assert town.ages(DUE + timedelta(days=4)).opened == 2
    assert town.case(small) is None
    town.pays(young, "400.00", DUE + timedelta(days=5))
    assert town.case(young) is None


def test_a_payment_for_the_oldest_invoice_begins_a_new_count(town: Town) -> None:
    ayesha = town.customer()
    town.owes(ayesha, "1000.00", DUE)
    town.owes(ayesha, "1000.00", DUE + timedelta(days=10))
    for count in (1, 4, 8, 12):
        town.day(DUE + timedelta(days=count))
    town.pays(ayesha, "1000.00", DUE + timedelta(days=13))
    # Day 4 of the younger debt: reminded again, and not cut on the notice of the older one.
    assert town.day(DUE + timedelta(days=14)) == {"reminder": 1}
    assert "suspension" not in town.day(DUE + timedelta(days=20))


def test_nobody_is_aged_without_the_customer_who_pays_being_the_one(town: Town) -> None:
    payer = town.customer("Payer", line=False)
    town.customer("User")
    town.owes(payer, "900.00", DUE)
    town.ages(NEXT)
    with town.open() as session:
        assert session.scalars(select(RecoveryCase.customer_id)).all() == [payer]


def test_attempts_need_a_case_a_known_outcome_and_a_reason_for_a_dispute(town: Town) -> None:
    rabia, ayesha = town.agent("Rabia"), town.customer(line=False)
    town.owes(ayesha, "1000.00", DUE)
    with town.open() as session, pytest.raises(NoOpenCase):
        log_attempt(session, customer_id=ayesha, agent_id=rabia, channel="call", outcome="no_answer", now=at(NEXT))
    town.ages(NEXT)
    with town.open() as session:
        for channel, outcome, note in (("fax", "no_answer", ""), ("call", "asleep", ""), ("call", "disputes", " ")):
            with pytest.raises(AttemptInvalid):
                log_attempt(session, customer_id=ayesha, agent_id=rabia, channel=channel, outcome=outcome, note=note,
                            now=at(NEXT))  # fmt: skip
        for channel in ("call", "call", "visit"):
            attempt = log_attempt(
                session, customer_id=ayesha, agent_id=rabia, channel=channel, outcome="not_at_home", now=at(NEXT),
                here=Place(Decimal("31.52"), Decimal("74.35")), next_action_on=NEXT + timedelta(days=1),
            )  # fmt: skip
        assert attempt_counts(session, case_id=attempt.case_id or rabia) == {"call": 2, "visit": 1, "chat": 0}
    with pytest.raises(Exception, match=r"append-only|permission denied"), town.open() as session:
        session.execute(text("UPDATE recovery_attempt SET note = 'other'"))


def test_a_customer_who_disputes_on_the_phone_gets_one_ticket_and_the_ladder_halts(town: Town) -> None:
    rabia, ayesha = town.agent("Rabia"), town.customer(line=False)
    town.owes(ayesha, "1000.00", DUE)
    town.ages(NEXT)
    for _ in range(2):
        with town.open() as session:
            record_attempt(session, customer_id=ayesha, agent_id=rabia, channel="call", outcome="disputes",
                           note="was away in August", now=at(NEXT))  # fmt: skip
    with town.open() as session:
        tickets = session.scalars(select(Ticket)).all()
    assert [(ticket.category, ticket.description) for ticket in tickets] == [("billing_dispute", "was away in August")]
    assert town.day(NEXT) == {}


def test_what_only_a_person_may_do_is_proposed_once_and_decided_once(town: Town) -> None:
    ayesha = town.customer(line=False)
    town.owes(ayesha, "1000.00", DUE)
    for count in (45, 46, 90, 91):
        town.day(DUE + timedelta(days=count))
    with town.open() as session:
        assert [proposal.kind for proposal in open_proposals(session)] == ["termination", "write_off_proposal"]
        first = open_proposals(session, kind="termination")[0]
        decided = decide_proposal(
            session, proposal_id=first.id, accept=False, decided_by="staff:1", note="wait", now=at(NEXT)
        )
        assert (decided.state, decided.decided_by) == ("refused", "staff:1")
        with pytest.raises(ProposalDecided):
            decide_proposal(session, proposal_id=first.id, accept=True, decided_by="staff:1", note="", now=at(NEXT))
    town.day(DUE + timedelta(days=92))
    with town.open() as session:
        assert session.scalar(select(func.count()).select_from(Proposal)) == 2


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("owe"), st.integers(0, 2), st.sampled_from(["40.00", "500.00", "2500.00"])),
        st.tuples(st.just("pay"), st.integers(0, 2), st.sampled_from(["30.00", "500.00", "4000.00"])),
        st.tuples(st.just("days"), st.integers(1, 9), st.just("")),
    ),
    min_size=2, max_size=10,
)  # fmt: skip


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS)
def test_a_day_that_runs_twice_changes_nothing_the_second_time(town: Town, events: list[tuple[str, int, str]]) -> None:
    people, day = [town.customer(f"Person {index}") for index in range(3)], DUE
    for kind, number, amount in events:
        if kind == "owe":
            town.owes(people[number], amount, day)
        elif kind == "pay":
            town.pays(people[number], amount, day)
        else:
            day += timedelta(days=number)
            town.day(day)
    town.day(day)
    before = _everything(town, people)
    assert town.day(day) == {}
    assert _everything(town, people) == before


def _everything(town: Town, people: list[Id]) -> list[object]:
    with town.open() as session:
        tables = ("recovery_case", "case_invoice", "case_assignment", "step_record", "promise", "service_cut", "access",
                  "subscription", "outbound_message", "recovery_proposal", "service_pause")  # fmt: skip
        return [session.execute(text(f"SELECT t::text FROM {table} t ORDER BY id")).scalars().all() for table in tables]
