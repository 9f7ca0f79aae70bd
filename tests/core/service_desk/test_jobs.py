"""Jobs: moved by the table only, closed only when everything is done and the customer agreed."""

from __future__ import annotations

import itertools
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from core.billing.invoice_models import Invoice
from core.crm.models import ContactAccount, Customer
from core.db import company_session
from core.ids import Id
from core.network.models import Access
from core.service_desk import confirmations, jobs
from core.service_desk.checklists import Line, change_checklist, missing_of, tick
from core.service_desk.dispatch import keep_card, propose_technicians
from core.service_desk.field_work import JobIncomplete, NotYourJob
from core.service_desk.job_models import Job, JobEvent
from core.service_desk.job_policy import change_job_policy
from core.service_desk.jobs import JobMoveRefused, JobOpenAlready, NoTechnician, Window
from core.service_desk.models import Ticket
from core.service_desk.signals import ReadingInvalid, judge, record_reading
from core.staff.commission_models import ConnectionCredit
from core.usecases import work_on_job
from core.usecases.close_job import NotConfirmed, ask_to_close, close_job
from core.usecases.connect_lead import LeadIncomplete, approve_lead, start_line
from core.usecases.job_facts import job_facts
from core.usecases.plan_visit import free_technician, give_to_best, give_visit, move_visit, plan_ticket_visit
from tests.cast import NOW, TestCompany
from tests.core.service_desk.field import (
    NEXT_STREET,
    OTHER_TOWN,
    WINDOW,
    a_given_job,
    a_job,
    a_lead,
    a_technician,
    a_ticket_job,
    said,
)

LATER = NOW + timedelta(hours=2)


def fill(session: Any, job: Job, staff_id: Id) -> None:
    """Everything on the list is done."""
    for line in missing_of(job):
        line.done_at, line.done_by, line.value = LATER, f"staff:{staff_id}", "25" if line.kind == "metres" else "x"
    session.flush()


def test_a_ticket_gets_one_open_job_and_its_technician(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        job, technician_id = a_ticket_job(session, company)
        ticket = session.get_one(Ticket, job.ticket_id)
        assert (job.kind, job.state, ticket.assigned_to, ticket.state) == (
            "repair",
            "assigned",
            technician_id,
            "assigned",
        )
        assert plan_ticket_visit(session, ticket_id=ticket.id, actor="x", now=NOW).id == job.id
        with pytest.raises(JobOpenAlready, match=job.number):
            jobs.plan_job(session, kind="repair", what="", actor="x", now=NOW,
                          target=jobs.Target(customer_id=job.customer_id, ticket_id=ticket.id))  # fmt: skip
        technicians, customers = said(session)
        assert job.number in technicians and "24 Nov" in technicians
        assert "Tariq" in customers and job.number in customers


def test_the_customer_hears_every_step(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        job, mine = a_given_job(session, company)
        work_on_job.start_work(session, job_id=job.id, staff_id=mine, now=NOW)
        work_on_job.arrive(session, job_id=job.id, staff_id=mine, now=LATER, here=NEXT_STREET)
        work_on_job.nobody_there(session, job_id=job.id, staff_id=mine, now=LATER)
        move_visit(session, job_id=job.id, window=Window(LATER, LATER + timedelta(hours=2)), actor="x", now=LATER)
        technicians, customers = ("New job", "is moved:"), ("comes to you", "on the way", "he is at your place",
                                                            "met nobody", "the visit")  # fmt: skip
        texts = said(session)
        assert len(texts) == 7 and job.state == "assigned"
        assert all(any(words in text for text in texts) for words in (*technicians, *customers))


def test_another_technicians_job_reads_like_none(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        job, _ = a_given_job(session, company)
        stranger = a_technician(session, company, "Aslam")
        for step in (work_on_job.start_work, work_on_job.arrive, work_on_job.nobody_there):
            with pytest.raises(NotYourJob, match="not yours"):
                step(session, job_id=job.id, staff_id=stranger.id, now=NOW)
        with pytest.raises(NotYourJob):
            work_on_job.use_part_on_job(session, job_id=job.id, staff_id=stranger.id, now=NOW, key="k", serial="X")


def test_an_arrival_that_does_not_say_where_is_looked_at(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        job, mine = a_given_job(session, company)
        work_on_job.arrive(session, job_id=job.id, staff_id=mine, now=NOW)
        assert job.doubt == "did not say where he arrived" and job in confirmations.doubtful_jobs(session)


def test_an_arrival_far_from_the_place_is_doubtful_and_near_it_is_not(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        near, mine = a_given_job(session, company)
        there = work_on_job.arrive(session, job_id=near.id, staff_id=mine, now=NOW, here=NEXT_STREET)
        assert there.metres == 62 and not there.doubtful and near.doubt == ""
        far, his = a_given_job(session, company)
        away = work_on_job.arrive(session, job_id=far.id, staff_id=his, now=NOW, here=OTHER_TOWN)
        assert away.doubtful and far in confirmations.doubtful_jobs(session)
        unknown, hers = a_given_job(session, company, placed=False)
        found = work_on_job.arrive(session, job_id=unknown.id, staff_id=hers, now=NOW, here=NEXT_STREET)
        assert found.metres is None and unknown.latitude == NEXT_STREET.latitude


def test_a_job_closes_only_when_its_list_is_complete(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        job, mine = a_given_job(session, company)
        work_on_job.arrive(session, job_id=job.id, staff_id=mine, now=NOW)
        with pytest.raises(JobIncomplete, match="tick fault_found, reading signal, photo repair"):
            ask_to_close(session, job_id=job.id, staff_id=mine, now=NOW)
        tick(session, job, what="fault_found", actor="x", now=NOW)
        assert record_reading(session, job, dbm=Decimal("-28.4"), actor="x", now=NOW).verdict == "bad"
        assert [line.what for line in missing_of(job)] == ["signal", "repair"]
        assert record_reading(session, job, dbm=Decimal("-22.1"), actor="x", now=NOW).good_enough
        assert [line.what for line in missing_of(job)] == ["repair"]
        with pytest.raises(NotConfirmed):
            close_job(session, job_id=job.id, actor="x", now=NOW)


def test_the_customers_code_closes_the_job_and_a_wrong_one_counts(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        job, mine = a_ticket_job(session, company)
        work_on_job.arrive(session, job_id=job.id, staff_id=mine, now=NOW)
        fill(session, job, mine)
        code = confirmations.issue_code(session, job, now=NOW)
        wrong = "0000" if code != "0000" else "1111"
        with pytest.raises(confirmations.CodeWrong, match="4 tries"):
            confirmations.confirm_with_code(session, job_id=job.id, code=wrong, actor="x", now=NOW)
        confirmations.confirm_with_code(session, job_id=job.id, code=code, actor="x", now=NOW)
        closed = close_job(session, job_id=job.id, actor=f"staff:{mine}", now=LATER, told="Patch cord replaced")
        ticket = session.get_one(Ticket, job.ticket_id)
        assert (closed.confirmed, job.state, ticket.state, ticket.assigned_to) == (True, "done", "resolved", mine)


def test_five_wrong_codes_end_the_code_and_an_old_one_does_not_count(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        job, _ = a_given_job(session, company)
        code = confirmations.issue_code(session, job, now=NOW)
        wrong = "0000" if code != "0000" else "1111"
        for _ in range(5):
            with pytest.raises(confirmations.CodeWrong):
                confirmations.confirm_with_code(session, job_id=job.id, code=wrong, actor="x", now=NOW)
        with pytest.raises(confirmations.CodeGone):
            confirmations.confirm_with_code(session, job_id=job.id, code=code, actor="x", now=NOW)
        fresh = confirmations.issue_code(session, job, now=NOW)
        with pytest.raises(confirmations.CodeGone):
            confirmations.confirm_with_code(
                session, job_id=job.id, code=fresh, actor="x", now=NOW + timedelta(hours=13)
            )


def test_the_code_stands_nowhere_in_what_people_read_back(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        job, mine = a_given_job(session, company)
        work_on_job.arrive(session, job_id=job.id, staff_id=mine, now=NOW)
        fill(session, job, mine)
        assert ask_to_close(session, job_id=job.id, staff_id=mine, now=NOW)
        assert "••••" in said(session)[-1]


def test_a_job_without_the_customers_word_is_closed_with_a_reason_the_office_sees(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        job, mine = a_given_job(session, company)
        work_on_job.arrive(session, job_id=job.id, staff_id=mine, now=NOW)
        fill(session, job, mine)
        closed = close_job(session, job_id=job.id, actor="x", now=LATER, unconfirmed="his phone is off")
        assert not closed.confirmed and "his phone is off" in job.doubt
        assert job in confirmations.doubtful_jobs(session)
        assert confirmations.callback_sample(session, since=NOW, until=LATER + timedelta(hours=1)) == [job]
        confirmations.confirm_by_office(session, job_id=job.id, actor="staff:boss", now=LATER, note="called, is fine")
        confirmations.look_at_job(session, job_id=job.id, actor="staff:boss", note="", now=LATER)
        assert job.confirmed_by == "office" and not confirmations.doubtful_jobs(session)


def test_a_customer_who_says_it_is_not_done_brings_the_office(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        job, _ = a_given_job(session, company)
        confirmations.confirm_by_tap(session, job_id=job.id, actor="contact:1", now=NOW)
        confirmations.deny_by_customer(session, job_id=job.id, actor="contact:1", words="abhi bhi band hai", now=NOW)
        assert job.confirmed_by == "" and job in confirmations.doubtful_jobs(session)


@pytest.mark.parametrize(
    ("dbm", "verdict"),
    [("-7.9", "too_strong"), ("-8", "very_good"), ("-20", "very_good"), ("-20.01", "good"), ("-24", "good"),
     ("-25.5", "acceptable"), ("-26", "weak"), ("-27", "weak"), ("-29", "bad"), ("-30.5", "dead"), ("-40", "dead")],
)  # fmt: skip
def test_levels_are_judged_as_gpon_practice_has_it(company: TestCompany, dbm: str, verdict: str) -> None:
    from core.service_desk.job_policy import job_policy_of

    with company_session(company.id, "test") as session:
        assert judge(Decimal(dbm), job_policy_of(session)) == verdict


def test_a_level_that_fell_since_the_last_visit_is_told(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        job, _ = a_given_job(session, company)
        record_reading(session, job, dbm=Decimal("-19"), actor="x", now=NOW)
        assert record_reading(session, job, dbm=Decimal("-23.5"), actor="x", now=LATER).fell_by == Decimal("4.5")
        with pytest.raises(ReadingInvalid):
            record_reading(session, job, dbm=Decimal("-230"), actor="x", now=LATER)


def test_a_company_has_its_own_checklist_from_the_next_job_on(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        old, _ = a_given_job(session, company)
        change_checklist(session, job_kind="repair", lines=[Line("photo", "pole"), Line("tick", "gloves", False)])
        new, _ = a_given_job(session, company)
        assert [line.what for line in new.lines] == ["pole", "gloves"] and len(old.lines) == 3


def test_the_best_technician_is_skilled_free_near_and_of_the_area(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        busy = a_technician(session, company, "Busy")
        for _ in range(2):
            give_visit(session, job_id=a_job(session, company).id, staff_id=busy.id, actor="x", now=NOW)
        keep_card(session, staff_id=busy.id, skills=[], jobs_a_day=2)
        unskilled = a_technician(session, company, "Unskilled")
        keep_card(session, staff_id=unskilled.id, skills=["pick_up"], jobs_a_day=8)
        elsewhere = a_technician(session, company, "Elsewhere")
        elsewhere.area_id = None
        fit = a_technician(session, company, "Fit")
        job = a_job(session, company)
        order = [each.name for each in propose_technicians(session, job, day=NOW.date())]
        assert order[:2] == ["Fit", "Elsewhere"] and set(order[2:]) == {"Busy", "Unskilled"}
        assert give_to_best(session, job_id=job.id, actor="x", now=NOW) is job and job.assigned_to == fit.id


def test_who_leaves_gives_his_jobs_to_another(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        job, leaver = a_given_job(session, company)
        other = a_technician(session, company, "Stays")
        from core.staff.models import Staff

        session.get_one(Staff, leaver).state = "left"
        session.flush()
        assert free_technician(session, staff_id=leaver, actor="x", now=NOW) == [job]
        assert job.assigned_to == other.id
        with pytest.raises(NoTechnician):
            give_visit(session, job_id=job.id, staff_id=leaver, actor="x", now=NOW)


def test_a_request_becomes_a_customer_whose_line_runs_and_who_has_his_first_bill(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        lead = a_lead(session, company, fee="3000")
        job = approve_lead(session, number=lead.number, actor="staff:boss", now=NOW, window=WINDOW)
        customer = session.get_one(Customer, lead.customer_id)
        assert (lead.state, job.kind, job.customer_id, job.site_id) == (
            "approved", "installation", customer.id, customer.sites[0].id)  # fmt: skip
        assert session.scalars(select(ContactAccount.contact_id)).all() == [lead.contact_id]
        technician = a_technician(session, company)
        give_visit(session, job_id=job.id, staff_id=technician.id, actor="staff:boss", now=NOW)
        work_on_job.arrive(session, job_id=job.id, staff_id=technician.id, now=NOW)
        line = start_line(session, job_id=job.id, actor=f"staff:{technician.id}", now=NOW)
        assert line == start_line(session, job_id=job.id, actor="x", now=NOW)
        assert session.scalars(select(Access.username)).all() == [line.username] == [customer.number.lower()]
        assert job_facts(session, job).password == line.password
        fill(session, job, technician.id)
        confirmations.confirm_by_tap(session, job_id=job.id, actor="contact:1", now=LATER)
        closed = close_job(session, job_id=job.id, actor=f"staff:{technician.id}", now=LATER)
        (invoice,) = session.scalars(select(Invoice)).all()
        assert closed.subscription is not None and invoice.subscription_id == closed.subscription.id
        assert any("Installation" in each.description for each in invoice.lines) and invoice.total > 3000
        assert session.scalars(select(ConnectionCredit.staff_id)).all() == [technician.id]
        assert lead.state == "installed" and "خوش آمدید" in said(session)[-1]


def test_a_request_that_lacks_something_is_not_approved(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        lead = a_lead(session, company)
        lead.sub_zone_id, lead.plan_id = None, None
        with pytest.raises(LeadIncomplete, match="a sub-zone of ours, the plan"):
            approve_lead(session, number=lead.number, actor="x", now=NOW)


def test_rules_of_jobs_must_not_contradict_each_other(company: TestCompany) -> None:
    from core.service_desk.job_policy import JobPolicyInvalid

    with company_session(company.id, "test") as session:
        change_job_policy(session, arrival_metres=50)
        with pytest.raises(JobPolicyInvalid, match="must fall"):
            change_job_policy(session, good=Decimal(-10))
        with pytest.raises(JobPolicyInvalid, match="no rule"):
            change_job_policy(session, colour="red")


STEPS = st.sampled_from(["give", "back", "start", "arrive", "block", "nobody", "move", "cancel", "close"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(steps=st.lists(STEPS, max_size=14))
def test_no_history_of_a_job_leaves_the_table_of_moves_or_closes_it_unfinished(
    company: TestCompany, steps: list[str]
) -> None:
    with company_session(company.id, "test") as session:
        job, mine = a_job(session, company), a_technician(session, company).id
        window = Window(LATER, LATER + timedelta(hours=2))
        acts = {
            "give": lambda: give_visit(session, job_id=job.id, staff_id=mine, actor="x", now=NOW),
            "back": lambda: jobs.take_back_job(session, job_id=job.id, actor="x", now=NOW),
            "start": lambda: work_on_job.start_work(session, job_id=job.id, staff_id=mine, now=NOW),
            "arrive": lambda: work_on_job.arrive(session, job_id=job.id, staff_id=mine, now=NOW),
            "block": lambda: work_on_job.block(session, job_id=job.id, staff_id=mine, reason="no power", now=NOW),
            "nobody": lambda: work_on_job.nobody_there(session, job_id=job.id, staff_id=mine, now=NOW),
            "move": lambda: move_visit(session, job_id=job.id, window=window, actor="x", now=NOW),
            "cancel": lambda: jobs.cancel_job(session, job_id=job.id, actor="x", now=NOW, reason="moved away"),
            "close": lambda: close_job(session, job_id=job.id, actor="x", now=NOW, unconfirmed="phone off"),
        }
        before = job.state
        for step in steps:
            try:
                with session.begin_nested():
                    acts[step]()
            except (JobMoveRefused, NotYourJob, JobIncomplete):
                session.refresh(job)
                assert job.state == before
            before = job.state
        assert job.state != "done" and (job.state not in ("on_the_way", "arrived") or job.assigned_to == mine)
        events = session.scalars(select(JobEvent.what).where(JobEvent.job_id == job.id).order_by(JobEvent.id)).all()
        moves = [what for what in events if what in jobs.MOVES]
        for one, following in itertools.pairwise(moves):
            assert following in jobs.MOVES[one] or "rescheduled" in events
