"""Figures of a span and the owner's positions, against books that can be added up in the head."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.payments import record_payment
from core.db import company_session
from core.messaging.models import OutboundMessage
from core.recovery.assignment import AgentUnfit
from core.recovery.case_models import CaseAssignment, RecoveryCase
from core.service_desk.job_models import Job
from core.service_desk.models import TicketNote
from core.service_desk.tickets import TicketClosed, open_ticket, resolve_ticket
from core.usecases.assign_ticket import TechnicianUnfit, assign_ticket, technician_loads
from core.usecases.collect_cash import collect_cash
from core.usecases.customer_facts import customer_facts, find_by_code, find_by_name
from core.usecases.figures_of_period import collected_in, complaints_in, lines_in
from core.usecases.give_case import agent_loads, give_case, open_cases
from core.usecases.owner_figures import cash_position, payables_position, receivable_position, result_of
from core.usecases.run_recovery import run_recovery
from tests.builders import customer_who_owes, make_customer, make_staff
from tests.cast import TestCompany

TODAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, 7, tzinfo=UTC)


def paid(session: Session, customer_id: object, amount: str, method: str, on: date) -> None:
    record_payment(session, customer_id=customer_id, amount=Decimal(amount), method=method, received_on=on,  # type: ignore[arg-type]
                   idempotency_key=f"{amount}{on}", taken_by="test", now=NOW)  # fmt: skip


def test_what_came_in_is_split_by_method_area_and_agent_and_adds_up(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        ayesha = customer_who_owes(session, company, "+923001112233")
        rabia = make_staff(session, company, role="recovery_agent", name="Rabia")
        paid(session, ayesha.id, "500.00", "bank", date(2026, 11, 24))
        paid(session, ayesha.id, "100.00", "bank", TODAY)
        collect_cash(session, agent_id=rabia.id, customer_id=ayesha.id, amount=Decimal("900.00"),
                     idempotency_key="a", actor="test", now=NOW)  # fmt: skip
        today = collected_in(session, first=TODAY, last=TODAY)
        month = collected_in(session, first=date(2026, 11, 1), last=TODAY)
    assert (today.total, today.payments) == (Decimal("1000.00"), 2)
    assert list(today.by_method) == [("cash", Decimal("900.00")), ("bank", Decimal("100.00"))]
    assert list(today.by_agent) == [("Rabia", Decimal("900.00")), ("", Decimal("100.00"))]
    assert month.total == Decimal("1500.00") == sum((amount for _, amount in month.by_area), Decimal(0))


def test_complaints_and_lines_of_a_span(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        ayesha = customer_who_owes(session, company, "+923001112233")
        late = open_ticket(session, customer_id=ayesha.id, category="no_internet", description="", opened_by="test",
                           now=datetime(2026, 11, 2, 7, tzinfo=UTC))  # fmt: skip
        open_ticket(session, customer_id=ayesha.id, category="slow_speed", description="", opened_by="test", now=NOW)
        open_ticket(session, customer_id=ayesha.id, category="pause", description="", opened_by="test", now=NOW)
        resolve_ticket(session, ticket_id=late.id, now=NOW)
        today = complaints_in(session, first=TODAY, last=TODAY, now=NOW)
        month = complaints_in(session, first=date(2026, 11, 1), last=TODAY, now=NOW)
        state = lines_in(session, first=date(2026, 11, 1), last=TODAY)
    assert (today.opened, today.resolved, today.late, today.open_now, today.late_now) == (1, 1, 0, 1, 0)
    assert (month.opened, month.late) == (2, 1)
    assert state.active == 1


def test_an_owner_s_positions_agree_with_the_books(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        ayesha = customer_who_owes(session, company, "+923001112233")
        rabia = make_staff(session, company, role="recovery_agent", name="Rabia")
        collect_cash(session, agent_id=rabia.id, customer_id=ayesha.id, amount=Decimal("900.00"),
                     idempotency_key="a", actor="test", now=NOW)  # fmt: skip
        result = result_of(session, first=date(2026, 11, 1), last=TODAY)
        before = result_of(session, first=date(2026, 10, 1), last=date(2026, 10, 31))
        position = cash_position(session, as_of=TODAY)
        owed = receivable_position(session, as_of=TODAY)
        due = payables_position(session, today=TODAY)
    assert result.profit == result.income > before.income == Decimal("0.00")
    assert position.with_agents == Decimal("900.00") == position.total - sum(a for _, a in position.accounts)
    assert owed.total == Decimal("2535.63") == owed.overdue == dict(owed.buckets)["1-30"]
    assert (due.total, due.bills, due.next_due_on) == (Decimal("0.00"), 0, None)


def test_a_ticket_goes_to_a_technician_once_and_he_hears_it(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        ayesha = make_customer(session, company)
        asif = make_staff(session, company, role="technician", name="Asif")
        rabia = make_staff(session, company, role="recovery_agent", name="Rabia")
        ticket = open_ticket(session, customer_id=ayesha.id, category="no_internet", description="",
                             opened_by="test", now=NOW)  # fmt: skip
        for _ in range(2):
            assign_ticket(session, ticket_id=ticket.id, staff_id=asif.id, actor="staff:1", now=NOW)
        with pytest.raises(TechnicianUnfit):
            assign_ticket(session, ticket_id=ticket.id, staff_id=rabia.id, actor="staff:1", now=NOW)
        session.flush()
        assert [note.body for note in session.scalars(select(TicketNote))] == ["given to Asif"]
        job = session.scalars(select(Job)).one()
        assert (job.assigned_to, job.ticket_id) == (asif.id, ticket.id)
        assert len(session.scalars(select(OutboundMessage)).all()) == 2
        assert [(load.name, load.open_tickets) for load in technician_loads(session)] == [("Asif", 1)]
        resolve_ticket(session, ticket_id=ticket.id, now=NOW)
        with pytest.raises(TicketClosed):
            assign_ticket(session, ticket_id=ticket.id, staff_id=asif.id, actor="staff:1", now=NOW)


def test_a_case_goes_to_another_agent_with_its_history(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, "+923001112233")
        rabia = make_staff(session, company, role="recovery_agent", name="Rabia")
        run_recovery(session, today=TODAY, now=NOW)
        saleem = make_staff(session, company, role="recovery_agent", name="Saleem")
        tariq = make_staff(session, company, role="technician")
        case = session.scalars(select(RecoveryCase)).one()
        assert case.agent_id == rabia.id
        for _ in range(2):
            give_case(session, case_id=case.id, agent_id=saleem.id, actor="staff:1", now=NOW)
        with pytest.raises(AgentUnfit):
            give_case(session, case_id=case.id, agent_id=tariq.id, actor="staff:1", now=NOW)
        assert len(session.scalars(select(CaseAssignment)).all()) == 2
        assert [(load.name, load.cases) for load in agent_loads(session)] == [("Rabia", 0), ("Saleem", 1)]
        assert [each.agent_id for each in open_cases(session)] == [saleem.id]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("aslam ka khata dikhao", ["Muhammad Aslam", "Aslam Butt"]),
        ("aslm butt ka bill", ["Aslam Butt"]),
        ("yousaf sahab", ["Haji Yousuf"]),
        ("kisi ka bhi nahi", []),
        ("", []),
    ],
)
def test_a_name_is_found_however_it_is_spelt(company: TestCompany, words: str, names: list[str]) -> None:
    with company_session(company.id, "test") as session:
        for name in ("Muhammad Aslam", "Aslam Butt", "Haji Yousuf", "Nadia Noor"):
            make_customer(session, company, name=name)
        found = [customer.name for customer in find_by_name(session, words=words)]
    assert sorted(found) == sorted(names)


def test_a_customer_is_found_by_number_or_phone_with_the_facts_of_an_answer(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        ayesha = customer_who_owes(session, company, "+923001112233")
        paid(session, ayesha.id, "500.00", "bank", TODAY)
        ticket = open_ticket(session, customer_id=ayesha.id, category="no_internet", description="",
                             opened_by="test", now=NOW)  # fmt: skip
        assert [each.id for each in find_by_code(session, wanted="c-2001")] == [ayesha.id]
        assert [each.id for each in find_by_code(session, wanted="03001112233")] == [ayesha.id]
        facts = customer_facts(session, customer_id=ayesha.id, today=TODAY)
    assert facts.balance.due == Decimal("2935.63") and facts.promise is None
    assert list(facts.open_tickets) == [(ticket.number, "no_internet")]
    assert list(facts.payments) == [(TODAY, Decimal("500.00"), "bank")]
    assert [state for _, state in facts.lines] == ["active"]
