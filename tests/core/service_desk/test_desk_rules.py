"""Tickets become one, are urgent by rules, and follow their visits; finished jobs are called back."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.crm.models import Customer, Document
from core.db import company_session
from core.ids import Id, new_id
from core.service_desk.board import board_of, tickets_without_visit
from core.service_desk.callbacks import NotFinished, callbacks, note_callback
from core.service_desk.confirmations import confirm_by_tap
from core.service_desk.job_models import Job
from core.service_desk.job_policy import change_job_policy
from core.service_desk.jobs import Window, assign_job
from core.service_desk.merging import MergeRefused, may_merge, ticket_in_place_of
from core.service_desk.models import Ticket, TicketDocument
from core.service_desk.priorities import DeskRulesInvalid, PriorityRefused, change_desk_rules, change_priority
from core.service_desk.secrets import keep_secret, read_secret
from core.service_desk.tickets import add_note, open_ticket, resolve_ticket, tickets_of
from core.staff.leaving import HasLeft, OnThePayroll
from core.staff.models import Staff
from core.staff.pay_terms import set_pay_terms
from core.usecases import work_on_job
from core.usecases.close_job import close_job
from core.usecases.end_employment import end_employment, end_unpaid_work, open_work_of
from core.usecases.merge_tickets import merge_tickets
from core.usecases.plan_visit import give_visit, plan_ticket_visit
from core.usecases.resolve_ticket import resolve_ticket as resolve_and_tell
from tests.cast import NOW, TODAY, TestCompany
from tests.core.service_desk.field import WINDOW, a_customer, a_given_job, a_technician, a_ticket_job, said
from tests.core.service_desk.test_jobs import LATER, fill

RULES = {
    "opens": time(9), "closes": time(21), "rest_weekdays": [7], "reopen_days": 7, "urgent_categories": ["cable_damage"],
    "urgent_classes": ["hospital"], "repeat_count": 2, "repeat_days": 30,
}  # fmt: skip


def a_ticket(session: Session, customer: Customer, category: str = "no_internet", **more: object) -> Ticket:
    return open_ticket(session, customer_id=customer.id, category=category, description="Laal light", opened_by="test",
                       now=NOW, **more)  # type: ignore[arg-type] # fmt: skip


def a_picture(session: Session) -> Id:
    document = Document(id=new_id(), state="stored", mime_type="image/jpeg")
    session.add(document)
    session.flush()
    return document.id


def test_what_was_said_and_shown_goes_on_in_the_ticket_that_is_kept(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = a_customer(session, company)
        both, only = a_picture(session), a_picture(session)
        kept = a_ticket(session, customer, document_ids=[both])
        duplicate = a_ticket(session, customer, "slow_speed", document_ids=[both, only], priority="high",
                             place=(Decimal("31.5"), Decimal("74.3")))  # fmt: skip
        add_note(session, ticket_id=duplicate.id, author="contact:1", body="Jaldi karein", public=False)
        keep_secret(session, ticket_id=duplicate.id, words="Ghar / 12345678")
        assert may_merge(session, duplicate) == [kept]
        merge_tickets(session, duplicate_id=duplicate.id, kept_id=kept.id, actor="staff:boss", now=NOW)
        assert [note.body for note in kept.notes] == ["Jaldi karein", f"{duplicate.number} (slow speed) is merged into"
                                                      " this: Laal light"]  # fmt: skip
        files = select(TicketDocument.document_id).where(TicketDocument.ticket_id == kept.id)
        assert set(session.scalars(files)) == {both, only}
        assert (kept.priority, kept.latitude, kept.due_at) == ("high", Decimal("31.5"), duplicate.due_at)
        assert read_secret(session, ticket_id=kept.id) == "Ghar / 12345678"
        assert (duplicate.state, duplicate.merged_into_id, duplicate.notes) == ("closed", kept.id, [])
        assert tickets_of(session, customer_id=customer.id) == [kept]
        assert ticket_in_place_of(session, number=duplicate.number, customer_id=customer.id) is kept
        (told,) = said(session)
        assert f"your complaint {duplicate.number} together with {kept.number}" in told


def test_two_visits_of_merged_tickets_become_one(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer, technician = a_customer(session, company), a_technician(session, company)
        kept, duplicate = a_ticket(session, customer), a_ticket(session, customer, "slow_speed")
        visits = [
            plan_ticket_visit(session, ticket_id=ticket.id, actor="x", now=NOW, window=WINDOW)
            for ticket in (kept, duplicate)
        ]
        give_visit(session, job_id=visits[1].id, staff_id=technician.id, actor="x", now=NOW)
        merge_tickets(session, duplicate_id=duplicate.id, kept_id=kept.id, actor="x", now=NOW)
        session.expire_all()
        assert [(job.state, job.ticket_id) for job in visits] == [("planned", kept.id), ("cancelled", kept.id)]
        assert kept.assigned_to == technician.id and any("called off" in text for text in said(session))


def test_a_visit_of_the_duplicate_serves_the_kept_ticket(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = a_customer(session, company)
        kept, duplicate = a_ticket(session, customer), a_ticket(session, customer, "slow_speed")
        visit = plan_ticket_visit(session, ticket_id=duplicate.id, actor="x", now=NOW, window=WINDOW)
        merge_tickets(session, duplicate_id=duplicate.id, kept_id=kept.id, actor="x", now=NOW)
        assert plan_ticket_visit(session, ticket_id=kept.id, actor="x", now=NOW).id == visit.id


def test_only_open_tickets_of_one_customer_are_merged(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = a_customer(session, company)
        mine, solved = a_ticket(session, customer), a_ticket(session, customer, "slow_speed")
        strangers = a_ticket(session, a_customer(session, company))
        resolve_ticket(session, ticket_id=solved.id, now=NOW)
        for other, why in ((strangers, "different customers"), (solved, "is resolved"), (mine, "with itself")):
            with pytest.raises(MergeRefused, match=why):
                merge_tickets(session, duplicate_id=mine.id, kept_id=other.id, actor="x", now=NOW)
        assert mine.state == "open"


def test_tickets_are_urgent_by_the_companys_rules(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        change_desk_rules(session, **RULES)  # type: ignore[arg-type]
        ordinary, clinic = a_customer(session, company), a_customer(session, company)
        clinic.customer_class = "hospital"
        assert a_ticket(session, ordinary).priority == "normal"
        again = a_ticket(session, ordinary, "slow_speed")
        assert (again.priority, again.priority_why) == ("high", "fault 2 or more within 30 days")
        assert a_ticket(session, ordinary, "relocation").priority == "normal"
        assert a_ticket(session, clinic).priority_why == "the customer is hospital"
        assert a_ticket(session, a_customer(session, company), "cable_damage").priority == "high"
        assert a_ticket(session, a_customer(session, company), priority="high").priority_why == ""
        for wrong in ({"opens": time(22)}, {"urgent_categories": ["ghosts"]}, {"repeat_days": 0},
                      {"rest_weekdays": [1, 2, 3, 4, 5, 6, 7]}):  # fmt: skip
            with pytest.raises(DeskRulesInvalid):
                change_desk_rules(session, **{**RULES, **wrong})  # type: ignore[arg-type]


def test_the_office_makes_a_ticket_urgent_and_its_time_runs_faster(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        ticket = a_ticket(session, a_customer(session, company))
        assert ticket.due_at == NOW + timedelta(hours=8)
        change_priority(session, ticket_id=ticket.id, priority="high", author="staff:boss", why="exams", now=NOW)
        assert (ticket.due_at, ticket.notes[-1].body) == (NOW + timedelta(hours=4), "Urgent: exams")
        resolve_ticket(session, ticket_id=ticket.id, now=NOW)
        with pytest.raises(PriorityRefused):
            change_priority(session, ticket_id=ticket.id, priority="normal", author="x", why="", now=NOW)


def test_a_ticket_solved_by_phone_calls_its_visit_off(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        job, _ = a_ticket_job(session, company)
        assert job.ticket_id is not None
        resolve_and_tell(session, ticket_id=job.ticket_id, actor="staff:boss", now=NOW, told="Restart se theek")
        assert job.state == "cancelled" and any(f"{job.number}* is called off" in text for text in said(session))


def test_who_leaves_hands_on_jobs_and_tickets(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        job, leaver = a_ticket_job(session, company)
        bare = a_ticket(session, a_customer(session, company))
        bare.assigned_to, bare.state = leaver, "assigned"
        blocked, _ = a_given_job(session, company)
        other = session.scalars(select(Staff.id).where(Staff.id != leaver)).one()
        assign_job(session, job_id=blocked.id, staff_id=leaver, actor="x", now=NOW)
        before = open_work_of(session, staff_id=leaver)
        assert ({each.id for each in before.jobs}, len(before.tickets)) == ({job.id, blocked.id}, 2)
        set_pay_terms(session, staff_id=leaver, starts_on=date(2026, 11, 1), monthly_salary=Decimal(30000))
        with pytest.raises(OnThePayroll):
            end_unpaid_work(session, staff_id=leaver, actor="staff:boss", now=NOW)
        left = end_employment(session, staff_id=leaver, last_day_worked=TODAY, account_code="1010", paid_on=TODAY,
                              now=NOW, idempotency_key="leaves", actor="staff:boss")  # fmt: skip
        assert {each.id for each in left.given} == {job.id, blocked.id} and not left.waiting
        ticket = session.get_one(Ticket, job.ticket_id)
        assert (ticket.assigned_to, left.tickets, bare.assigned_to, bare.state) == (other, [bare], None, "open")
        after = open_work_of(session, staff_id=leaver)
        assert not after.jobs and not after.tickets


def test_the_last_technician_leaves_his_jobs_on_the_board(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        job, leaver = a_ticket_job(session, company)
        left = end_unpaid_work(session, staff_id=leaver, actor="staff:boss", now=NOW)
        ticket = session.get_one(Ticket, job.ticket_id)
        assert (left.waiting, left.tickets, job.state, ticket.state) == ([job], [ticket], "planned", "open")
        with pytest.raises(HasLeft):
            end_unpaid_work(session, staff_id=leaver, actor="staff:boss", now=NOW)


def test_the_board_shows_who_has_what_and_what_nobody_has(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        job, mine = a_ticket_job(session, company)
        customer = a_customer(session, company)
        waiting = a_ticket(session, customer)
        money = a_ticket(session, customer, "billing_dispute")
        assert tickets_without_visit(session) == [waiting] and money.state == "open"
        unplanned = plan_ticket_visit(session, ticket_id=waiting.id, actor="x", now=NOW)
        board = board_of(session, day=TODAY, now=NOW)
        assert [(column.person.id, column.jobs, column.to_do) for column in board.columns] == [(mine, [job], 1)]
        assert list(board.unassigned) == [unplanned] and not board.late
        assert board.names == {job.id: "Ayesha Khan", unplanned.id: "Ayesha Khan"}
        tomorrow = board_of(session, day=TODAY + timedelta(days=1), now=NOW + timedelta(days=1))
        assert list(tomorrow.late) == [job]
        assert board_of(session, day=TODAY, now=NOW, area_id=new_id()).columns == []


def a_finished_job(session: Session, company: TestCompany, *, confirmed: bool) -> Job:
    job, mine = a_ticket_job(session, company)
    work_on_job.arrive(session, job_id=job.id, staff_id=mine, now=NOW)
    fill(session, job, mine)
    if confirmed:
        confirm_by_tap(session, job_id=job.id, actor="contact:1", now=NOW)
    return close_job(session, job_id=job.id, actor="x", now=LATER, unconfirmed="" if confirmed else "phone off").job


def test_finished_jobs_are_called_back_and_the_answer_counts(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        change_job_policy(session, callback_percent=100)
        tapped, silent = (a_finished_job(session, company, confirmed=yes) for yes in (True, False))
        span = {"since": NOW, "until": LATER + timedelta(hours=1)}
        assert [each.job for each in callbacks(session, **span)] == [silent, tapped]
        note_callback(session, job_id=silent.id, satisfied=True, note="Khush hai", actor="staff:boss", now=LATER)
        assert silent.confirmed_by == "office"
        note_callback(session, job_id=tapped.id, satisfied=False, note="Raat ko phir band", actor="staff:boss",
                      now=LATER)  # fmt: skip
        ticket = session.get_one(Ticket, tapped.ticket_id)
        assert (ticket.times_reopened, tapped.confirmed_by, "not done" in tapped.doubt) == (1, "", True)
        assert all(each.call is not None for each in callbacks(session, **span))
        running, _ = a_given_job(session, company)
        with pytest.raises(NotFinished):
            note_callback(session, job_id=running.id, satisfied=True, note="", actor="x", now=LATER)


def test_a_window_of_the_past_is_late_on_todays_board(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        job, _ = a_given_job(session, company)
        job.window_start, job.window_end = NOW - timedelta(days=3, hours=2), NOW - timedelta(days=3)
        session.flush()
        assert list(board_of(session, day=date(2026, 11, 24), now=NOW).late) == [job]
        assert Window(job.window_start, job.window_end).end < NOW
