"""A manager decides in chat what the recovery ladder proposed, and it is done at once."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.debt_models import WriteOff
from core.db import company_session
from core.recovery.case_models import Proposal, RecoveryCase
from core.recovery.cases import propose
from tests.builders import a_phone, make_staff
from tests.cast import TestCompany
from tests.core.billing.life import pay
from tests.stories.money import agent_with_cases, in_days, person


def manager_with_a_debt(session: Session, company: TestCompany, phone: str) -> None:
    """Saima is asked whether the debt of Kamran (Rs 2,000) is given up."""
    make_staff(session, company, role="manager", name="Saima", phone=phone)
    agent_with_cases(session, company, a_phone())
    case = session.scalars(select(RecoveryCase).where(RecoveryCase.amount == 2000)).one()
    propose(session, case=case, kind="write_off_proposal", amount=case.amount, today=in_days(0))


def test_a_manager_gives_up_a_debt_in_urdu(client: FlaskClient, company: TestCompany) -> None:
    saima = person(client, company, manager_with_a_debt)
    shown = saima.says("approval dikhao").text
    assert "Chhora jane wala qarz" in shown and "Kamran Shah: *Rs 2,000*" in shown
    saima.taps("Manzoor")
    assert "Manzoor ho gaya" in saima.taps("Haan").text
    with company_session(company.id) as session:
        proposal, written_off = session.scalars(select(Proposal)).one(), session.scalars(select(WriteOff)).one()
        assert (proposal.outcome, proposal.origin.partition(":")[0]) == ("Wrote off 2000.00 on 1 invoices", "message")
        assert (written_off.state, written_off.approved_by) == ("booked", proposal.decided_by)


def test_a_debt_that_was_paid_meanwhile_is_told_and_left(client: FlaskClient, company: TestCompany) -> None:
    saima = person(client, company, manager_with_a_debt)
    saima.says("approval dikhao")
    with company_session(company.id, "test") as session:
        pay(session, session.scalars(select(Proposal.customer_id)).one(), "2000.00")
    saima.taps("Manzoor")
    assert "ada ho chuki hai" in saima.taps("Haan").text
    with company_session(company.id) as session:
        assert session.scalars(select(Proposal.state)).one() == "lapsed"
        assert session.scalars(select(WriteOff)).all() == []


def test_a_refusal_is_kept_with_its_reason(client: FlaskClient, company: TestCompany) -> None:
    saima = person(client, company, manager_with_a_debt)
    saima.says("approval dikhao")
    saima.taps("Na-manzoor")
    saima.says("Woh agle mahine dega")
    assert "Na-manzoor kar diya" in saima.taps("Haan").text
    with company_session(company.id) as session:
        proposal = session.scalars(select(Proposal)).one()
        assert (proposal.state, proposal.decision_note, proposal.outcome) == ("refused", "Woh agle mahine dega", "")
