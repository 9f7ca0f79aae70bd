"""An employee comes, gets another role and leaves: his work and his chats go to others, his cash stays in sight."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.crm.joining import TRIES_MAX, TRIES_WITHIN, join_staff
from core.crm.models import Contact
from core.db import company_session
from core.ids import Id, new_id
from core.messaging.human import conversation_with, hand_over
from core.messaging.models import Conversation
from core.recovery.assignment import reassign_case
from core.recovery.case_models import RecoveryCase
from core.service_desk.models import Ticket
from core.staff.handovers import announce_handover
from core.staff.invites import INVITE_LIFE, invite_staff
from core.staff.leaving import CashStillInHand
from core.staff.models import Staff
from core.staff.people import StaffInvalid, add_staff
from core.usecases.change_role import LastOwner, RoleInvalid, change_role
from core.usecases.collect_cash import collect_cash
from core.usecases.desk_talk import take_chat, talks_of
from core.usecases.end_employment import end_unpaid_work, open_work_of
from core.usecases.inbox import list_inbox
from core.usecases.run_recovery import run_recovery
from tests.builders import a_phone, customer_who_owes, make_staff
from tests.cast import NOW, TODAY, TestCompany
from tests.core.service_desk.field import a_ticket_job


def person(session: Session, name: str = "Rabia") -> Id:
    """Who writes, not known as an employee yet."""
    contact = Contact(id=new_id(), phone=a_phone(), name=name)
    session.add(contact)
    session.flush()
    return contact.id


def code_for(session: Session, staff: Staff) -> str:
    return invite_staff(session, staff_id=staff.id, made_by="test", now=NOW).replace("-", "")


def agent_with_a_case(session: Session, company: TestCompany) -> tuple[Staff, RecoveryCase]:
    agent = make_staff(session, company, role="recovery_agent", name="Rabia")
    customer_who_owes(session, company, a_phone())
    run_recovery(session, today=TODAY, now=NOW)
    case = session.scalars(select(RecoveryCase)).one()
    reassign_case(session, case_id=case.id, agent_id=agent.id, reason="test", assigned_by="test", now=NOW)
    return agent, case


def chat_taken_by(session: Session, company: TestCompany, staff: Staff) -> Conversation:
    """A customer's chat on the employee's own phone."""
    customer, own = person(session, "Ayesha"), person(session, staff.name)
    for contact in (customer, own):
        session.add(Conversation(id=new_id(), contact_id=contact, business_number_id=company.business_number_id,
                                 last_inbound_at=NOW))  # fmt: skip
    session.flush()
    chat = conversation_with(session, contact_id=customer, business_number_id=company.business_number_id)
    hand_over(session, conversation=chat, by=f"contact:{customer}", due_at=NOW + timedelta(hours=4), now=NOW)
    take_chat(session, conversation_id=chat.id, staff_id=staff.id, contact_id=own, actor=f"staff:{staff.id}",
              business_number_id=company.business_number_id, now=NOW)  # fmt: skip
    return chat


# Coming


def test_a_code_makes_the_number_his_once_and_the_number_before_it_no_more(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        staff = make_staff(session, company, role="technician")
        old, new = person(session), person(session)
        for contact in (old, new):
            assert join_staff(session, contact_id=contact, code=code_for(session, staff), now=NOW) is staff
        assert [session.get_one(Contact, each).staff_id for each in (old, new)] == [None, staff.id]
        assert staff.phone_opens_chat is False
        used = code_for(session, staff)
        assert join_staff(session, contact_id=new, code=used, now=NOW) is staff
        assert join_staff(session, contact_id=old, code=used, now=NOW) is None


def test_a_code_is_over_after_a_day_and_with_the_next_one(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        staff = make_staff(session, company, role="technician")
        contact, code = person(session), code_for(session, staff)
        assert join_staff(session, contact_id=contact, code=code, now=NOW + INVITE_LIFE) is None
        newer = code_for(session, staff)
        assert join_staff(session, contact_id=contact, code=code, now=NOW) is None
        assert (
            join_staff(session, contact_id=contact, code=newer, now=NOW + INVITE_LIFE - timedelta(seconds=1)) is staff
        )


def test_who_guesses_codes_is_not_let_in_with_the_right_one_either_until_an_hour_has_passed(
    company: TestCompany,
) -> None:
    with company_session(company.id, "test") as session:
        staff = make_staff(session, company, role="technician")
        guesser, code = person(session), code_for(session, staff)
        for _ in range(TRIES_MAX):
            assert join_staff(session, contact_id=guesser, code="AAAAAAA2", now=NOW) is None
        assert join_staff(session, contact_id=guesser, code=code, now=NOW + timedelta(minutes=59)) is None
        assert join_staff(session, contact_id=guesser, code=code, now=NOW + TRIES_WITHIN) is staff


def test_another_companys_code_opens_nothing(company: TestCompany, other_company: TestCompany) -> None:
    with company_session(other_company.id, "test") as session:
        code = code_for(session, make_staff(session, other_company, role="owner"))
    with company_session(company.id, "test") as session:
        assert join_staff(session, contact_id=person(session), code=code, now=NOW) is None


@pytest.mark.parametrize("fields", [{"name": " "}, {"role": "captain"}, {"phone": "taken"}])
def test_an_employee_needs_a_name_a_role_and_a_phone_of_his_own(company: TestCompany, fields: dict[str, str]) -> None:
    with company_session(company.id, "test") as session:
        taken = make_staff(session, company, role="technician").phone
        wanted = {"name": "Bilal", "role": "technician", "phone": a_phone()} | fields
        if wanted["phone"] == "taken":
            wanted["phone"] = taken
        with pytest.raises(StaffInvalid):
            add_staff(session, **wanted)


# Leaving


def test_who_leaves_has_no_code_no_cases_and_no_chats_any_more(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, case = agent_with_a_case(session, company)
        agent.extra_roles = ["manager"]
        colleague = make_staff(session, company, role="recovery_agent", name="Bilal")
        chat, code = chat_taken_by(session, company, agent), code_for(session, agent)
        before = open_work_of(session, staff_id=agent.id)
        assert (before.cases, before.chats, before.cash) == (1, 1, 0)
        left = end_unpaid_work(session, staff_id=agent.id, actor="test", now=NOW)
        assert (left.cases, left.chats) == (1, 1) and "1 chats wait in the inbox" in left.told
        session.refresh(case)
        assert case.agent_id == colleague.id
        assert not open_work_of(session, staff_id=agent.id) and talks_of(session, staff_id=agent.id) == []
        listed = next(row for row in list_inbox(session) if row.conversation_id == chat.id)
        assert listed.staff_id is None and listed.waits
        assert join_staff(session, contact_id=person(session), code=code, now=NOW) is None


def test_who_holds_cash_or_waits_for_its_count_does_not_leave(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, case = agent_with_a_case(session, company)
        collect_cash(session, agent_id=agent.id, customer_id=case.customer_id, amount=Decimal("1500.00"),
                     idempotency_key="k", actor="test", now=NOW)  # fmt: skip
        assert open_work_of(session, staff_id=agent.id).cash == Decimal("1500.00")
        with pytest.raises(CashStillInHand, match="1,500"):
            end_unpaid_work(session, staff_id=agent.id, actor="test", now=NOW)
        with pytest.raises(CashStillInHand, match="1,500"):
            change_role(session, staff_id=agent.id, role="technician", actor="test", now=NOW)
        handover = announce_handover(session, staff_id=agent.id, amount=Decimal("1500.00"), idempotency_key="h",
                                     now=NOW)  # fmt: skip
        for leave in (
            lambda: end_unpaid_work(session, staff_id=agent.id, actor="test", now=NOW),
            lambda: change_role(session, staff_id=agent.id, role="technician", actor="test", now=NOW),
        ):
            with pytest.raises(CashStillInHand, match=handover.number):
                leave()
        assert (agent.state, agent.role) == ("active", "recovery_agent")


# Another role


def test_an_agent_who_becomes_a_technician_hands_on_his_cases_and_keeps_nothing(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, case = agent_with_a_case(session, company)
        changed = change_role(session, staff_id=agent.id, role="technician", actor="test", now=NOW,
                              area_id=company.area_id)  # fmt: skip
        session.refresh(case)
        assert (agent.role, agent.extra_roles, changed.cases, case.agent_id) == ("technician", [], 1, None)


def test_a_technician_who_becomes_a_manager_as_well_keeps_his_jobs(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        job, technician = a_ticket_job(session, company)
        change_role(session, staff_id=technician, role="manager", extra_roles=["technician"], actor="test", now=NOW)
        assert job.assigned_to == technician
        changed = change_role(session, staff_id=technician, role="manager", actor="test", now=NOW)
        assert (changed.waiting, job.assigned_to) == ([job], None)
        assert session.get_one(Ticket, job.ticket_id).assigned_to is None


def test_a_manager_who_is_one_no_more_gives_his_chats_back(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        manager = make_staff(session, company, role="manager", name="Saima")
        chat = chat_taken_by(session, company, manager)
        assert change_role(session, staff_id=manager.id, role="owner", actor="test", now=NOW).chats == 0
        make_staff(session, company, role="owner", name="Hamid")
        assert change_role(session, staff_id=manager.id, role="technician", actor="test", now=NOW).chats == 1
        assert chat.human_staff_id is None and chat.human_since is not None


def test_a_company_keeps_an_owner(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        owner = make_staff(session, company, role="owner", name="Hamid")
        with pytest.raises(LastOwner):
            change_role(session, staff_id=owner.id, role="manager", actor="test", now=NOW)
        heir = make_staff(session, company, role="manager", name="Saima")
        change_role(session, staff_id=heir.id, role="manager", extra_roles=["owner"], actor="test", now=NOW)
        change_role(session, staff_id=owner.id, role="manager", actor="test", now=NOW)
        assert owner.role == "manager"


def test_a_role_that_is_none_or_of_somebody_gone_is_refused(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        staff = make_staff(session, company, role="technician")
        with pytest.raises(RoleInvalid):
            change_role(session, staff_id=staff.id, role="captain", actor="test", now=NOW)
        end_unpaid_work(session, staff_id=staff.id, actor="test", now=NOW)
        with pytest.raises(RoleInvalid):
            change_role(session, staff_id=staff.id, role="manager", actor="test", now=NOW)
