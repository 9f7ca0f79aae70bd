"""Money decided from chat: managers and owners approve, refuse, allow and read the figures of the day."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from core.billing.debt_models import WriteOff
from core.billing.payment_models import PaymentClaim, Refund
from core.db import company_session
from core.ledger.cash_accounts import open_cash_account
from core.ledger.expenses import ExpenseNotInState, pay_expense
from core.ledger.models import Account, JournalEntry, Posting
from core.ledger.treasury_models import Expense
from core.recovery.case_models import CutApproval, RecoveryRun
from core.staff.cash_models import Handover
from core.staff.models import Staff
from core.usecases.check_books import check_books
from tests.cast import TestCompany
from tests.phones import choices, tap
from tests.stories.money import (
    agent_with_cases,
    debtor,
    in_days,
    manager_with_requests,
    manager_with_work,
    person,
)

SECRET = "an installation's secret"


def test_a_manager_decides_one_thing_after_the_other(client: FlaskClient, company: TestCompany) -> None:
    saima = person(client, company, manager_with_work)
    first = saima.says("approval dikhao")
    assert "JC-8844" in first.text and "3,435.63" in first.text
    saima.taps("Manzoor")
    saima.taps("JazzCash")
    assert "manzoor kar dun" in saima.last.text
    done = saima.taps("Haan")
    assert "Manzoor ho gaya" in done.text
    assert "Rabia" in saima.taps("Manzooriyan").text
    saima.taps("Manzoor")
    saima.says("1400")
    assert "Rs 1,400" in saima.last.text
    saima.taps("Haan")
    assert "kuch baqi nahi" in saima.taps("Manzooriyan").text
    with company_session(company.id) as session:
        assert session.scalars(select(PaymentClaim)).one().state == "approved"
        assert str(session.scalars(select(Handover)).one().counted) == "1400.00"


def test_a_refusal_needs_its_reason_and_nothing_happens_without_a_yes(
    client: FlaskClient, company: TestCompany
) -> None:
    saima = person(client, company, manager_with_work)
    saima.says("approval dikhao")
    saima.taps("Na-manzoor")
    saima.says("Bank mein yeh raqam nahi aayi")
    saima.taps("Nahi")
    saima.taps("Manzooriyan")
    saima.taps("Na-manzoor")
    saima.says("Bank mein yeh raqam nahi aayi")
    assert "Na-manzoor kar diya" in saima.taps("Haan").text
    with company_session(company.id) as session:
        claim = session.scalars(select(PaymentClaim)).one()
    assert (claim.state, claim.decision_note) == ("rejected", "Bank mein yeh raqam nahi aayi")


def test_refund_write_off_and_expense_are_approved_once_and_booked(client: FlaskClient, company: TestCompany) -> None:
    saima = person(client, company, manager_with_requests)
    seen = saima.says("approval dikhao")
    buttons = []
    for kind in ("refund", "write_off", "expense"):
        buttons.append(next(action for action in choices(seen).values() if action.startswith(f"flow:approve:{kind}")))
        tap(saima, buttons[-1])
        assert "Manzoor ho gaya" in saima.taps("Haan").text
        seen = saima.taps("Manzooriyan")
    assert "kuch baqi nahi" in seen.text
    for button in buttons:
        assert "faisla ho chuka hai" in tap(saima, button).text
    with company_session(company.id) as session:
        refund, write_off = session.scalars(select(Refund)).one(), session.scalars(select(WriteOff)).one()
        assert (refund.state, write_off.state) == ("paid", "booked")
        assert session.scalars(select(Expense)).one().state == "approved"
        booked = session.scalars(select(JournalEntry).where(JournalEntry.kind.in_(("refund", "write_off")))).all()
        assert sorted(entry.kind for entry in booked) == ["refund", "write_off"]
        assert all(entry.origin.startswith("message:") and entry.actor.startswith("staff:") for entry in booked)


def test_an_expense_allowed_in_chat_is_paid_and_booked_and_one_that_waits_is_not(
    client: FlaskClient, company: TestCompany
) -> None:
    today, saima = in_days(0), person(client, company, manager_with_requests)
    with company_session(company.id, "test") as session:
        diesel = session.scalars(select(Expense)).one()
        bank = open_cash_account(session, name="Meezan", kind="bank", opened_on=today, actor="test").id
        payment = {"expense_id": diesel.id, "cash_account_id": bank, "paid_on": today, "actor": "staff:2"}
        with pytest.raises(ExpenseNotInState, match="asked"):
            pay_expense(session, **payment, origin="panel:expense")
    tap(saima, f"flow:approve:expense-{diesel.id}")
    assert "Approved" in saima.taps("Yes").text

    with company_session(company.id, "test") as session:
        pay_expense(session, **payment, origin="panel:expense")

    with company_session(company.id, "test") as session:
        paid = session.scalars(select(Expense)).one()
        assert (paid.state, paid.cash_account_id, paid.paid_on) == ("paid", bank, today)
        assert paid.approved_by == f"staff:{session.scalars(select(Staff.id).where(Staff.name == 'Saima')).one()}"
        entry = session.scalars(select(JournalEntry).where(JournalEntry.kind == "expense")).one()
        assert (entry.source_id, entry.actor, entry.origin) == (paid.id, "staff:2", "panel:expense")
        sides = select(Account.code, Posting.amount).join(Account, Account.id == Posting.account_id)
        booked = session.execute(sides.where(Posting.entry_id == entry.id).order_by(Posting.amount)).all()
        assert [(code, str(amount)) for code, amount in booked] == [
            ("1020", "-30000.00"), (paid.category.account_code, "30000.00"),
        ]  # fmt: skip
        assert [each for each in check_books(session, as_of=today) if each.check != "origin"] == []
        with pytest.raises(ExpenseNotInState, match="paid"):
            pay_expense(session, **payment, origin="panel:expense")


def test_a_tap_on_what_is_decided_decides_nothing_else(client: FlaskClient, company: TestCompany) -> None:
    saima = person(client, company, manager_with_requests)
    with company_session(company.id) as session:
        refund_id = session.scalars(select(Refund.id)).one()
    tap(saima, f"flow:refuse:refund-{refund_id}")
    saima.taps("Yes")
    assert "decided already" in tap(saima, f"flow:approve:refund-{refund_id}").text
    with company_session(company.id) as session:
        assert session.scalars(select(Refund.state)).one() == "refused"
        assert session.scalars(select(Expense.state)).one() == "asked"


def test_too_many_suspensions_wait_for_a_yes(client: FlaskClient, company: TestCompany) -> None:
    saima = person(client, company, manager_with_work)
    with company_session(company.id, "test") as session:
        session.execute(text("UPDATE payment_claim SET state = 'rejected', decided_by = 'x', decided_at = now()"))
        session.execute(text("UPDATE handover SET state = 'cancelled'"))
        session.add(RecoveryRun(run_day=in_days(0), kind="suspension", counts={"needs_yes": 25}, state="done",
                                started_at=text("now()"), finished_at=text("now()")))  # fmt: skip
    assert "25 suspensions" in tap(saima, "approvals").text
    saima.taps("Approve")
    saima.taps("Yes")
    with company_session(company.id) as session:
        assert session.scalars(select(CutApproval)).one().count_max == 25


def test_the_figures_of_the_day_tell_methods_promises_and_cash(client: FlaskClient, company: TestCompany) -> None:
    answer = person(client, company, manager_with_work).says("aaj ki report").text
    assert "• cash: Rs 1,500" in answer and "Agents ke paas cash: Rs 1,500" in answer


@pytest.mark.parametrize("prepare", [debtor, agent_with_cases])
def test_a_decision_is_reached_by_no_other_role(
    client: FlaskClient, company: TestCompany, prepare: Callable[..., object]
) -> None:
    speaker = person(client, company, prepare)
    assert "did not understand" in tap(speaker, "approvals").text
    assert "did not understand" in tap(speaker, "flow:approve:claim-1").text
