"""Money from chat: customers promise, renew, recharge and change plans; agents collect; managers decide."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text, update

from core.billing.payment_models import Payment
from core.billing.plan_models import BillingPolicy
from core.billing.subscription_models import Subscription
from core.billing.voucher_codes import new_code
from core.billing.vouchers import make_vouchers
from core.crm.models import Customer, Site
from core.db import company_session
from core.ledger.models import JournalEntry
from core.messaging.models import InboundMessage
from core.recovery.case_models import Attempt, Promise
from core.service_desk.models import Ticket
from core.settings import Settings
from core.staff.cash_models import Handover
from core.usecases import start_process
from tests.builders import make_staff
from tests.cast import TestCompany
from tests.core.billing.life import pay
from tests.phones import Phone, choices, tap
from tests.stories.money import (
    agent_with_cases,
    agent_with_cash,
    debtor,
    debtor_who_promised,
    in_days,
    option,
    person,
    prepaid_customer,
    promises,
    said,
)

SECRET = "an installation's secret"


# The customer


def test_a_promise_in_roman_urdu_is_confirmed_and_noted_in_roman_urdu(
    client: FlaskClient, company: TestCompany
) -> None:
    ayesha = person(client, company, debtor)
    asked = ayesha.says("kal paise de dunga")
    assert "Us din tak kitne ada karenge? Rs 1,717.82 se Rs 3,435.63 tak." in asked.text
    summary = ayesha.says("2000")
    assert "wada likh lun" in summary.text and said(1) in summary.text and "Rs 2,000" in summary.text
    assert f"Aap ka wada likh liya: *Rs 2,000*, *{said(1)}* tak" in ayesha.taps("Haan").text
    assert promises(company) == [("2000.00", in_days(1), "open")]
    assert f"Aap ka wada: Rs 2,000, {said(1)} tak." in ayesha.says("mera balance kitna hai").text


def test_a_promise_in_urdu_is_answered_in_urdu(client: FlaskClient, company: TestCompany) -> None:
    ayesha = person(client, company, debtor)
    ayesha.says("کل پیسے دے دوں گا")
    assert "وعدہ لکھ لوں" in ayesha.taps("3,435.63 روپے").text
    assert said(1, "ur") in ayesha.taps("ہاں").text


def test_only_days_and_amounts_that_may_be_promised_are_taken(client: FlaskClient, company: TestCompany) -> None:
    ayesha = person(client, company, debtor)
    days = tap(ayesha, "flow:promise_to_pay")
    assert len(choices(days)) == 10 and said(14) in days.text
    assert f"from {said(0)} to {said(14)}" in ayesha.says(said(20)).text
    ayesha.says(said(3))
    assert "cannot be promised: it must be from Rs 1,717.82 to Rs 3,435.63" in ayesha.says("500").text
    ayesha.says("1800")
    ayesha.taps("No")
    assert promises(company) == []


def test_a_running_promise_is_moved_only_as_often_as_allowed(client: FlaskClient, company: TestCompany) -> None:
    ayesha = person(client, company, debtor_who_promised)
    for promised in (in_days(3).isoformat(), in_days(4).isoformat()):
        assert "promised for" in tap(ayesha, "flow:promise_to_pay").text
        ayesha.taps("Yes")
        ayesha.taps(option(ayesha.last, promised))
        ayesha.taps("Rs 3,435.63")
        ayesha.taps("Yes")
    assert "stands" in tap(ayesha, "flow:promise_to_pay").text
    assert [state for _, _, state in promises(company)] == ["replaced", "replaced", "open"]


def test_who_owes_nothing_needs_no_promise(client: FlaskClient, company: TestCompany) -> None:
    assert "zaroorat nahi" in person(client, company, prepaid_customer).says("kal paise de dunga").text


def test_the_receipt_comes_when_it_is_asked_for_by_name(client: FlaskClient, company: TestCompany) -> None:
    ayesha = person(client, company, debtor)
    assert "koi adaigi nahi" in ayesha.says("payment ki raseed chahiye").text
    with company_session(company.id, "test") as session:
        pay(session, session.scalars(select(Subscription)).one().customer_id, "3435.63")
    answer = ayesha.says("payment ki raseed chahiye")
    assert answer.attachment is not None and answer.attachment["source"] == "receipt_pdf"
    assert "Raseed" in answer.text and "Rs 3,435.63" in answer.text
    assert "receipt" in choices(ayesha.says("bill kitna hai")).values()


def test_a_prepaid_plan_is_renewed_from_the_advance_once(client: FlaskClient, company: TestCompany) -> None:
    bilal = person(client, company, prepaid_customer)
    assert "Rs 1,374.25" in tap(bilal, "flow:renew_prepaid").text
    with company_session(company.id, "test") as session:
        pay(session, session.scalars(select(Subscription)).one().customer_id, "3000.00")
    offer = tap(bilal, "flow:renew_prepaid")
    assert said(30) in offer.text
    bilal.taps("Yes, renew")
    assert said(30) in bilal.last.text
    bilal.last = offer
    assert "closed" in bilal.taps("Yes, renew").text
    with company_session(company.id) as session:
        assert session.scalars(select(Subscription)).one().paid_until is not None


def test_a_recharge_card_is_used_once_and_tells_the_new_end(
    client: FlaskClient, company: TestCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start_process, "_settings", Settings(environment="test", secret_key=SECRET, _env_file=None))
    bilal = person(client, company, prepaid_customer)
    with company_session(company.id, "test") as session:
        _, codes = make_vouchers(
            session, name="Autumn", amount=Decimal("1500.00"), count=1, expires_on=in_days(40), secret=SECRET,
            made_by="staff:1", today=in_days(0),
        )  # fmt: skip
    tap(bilal, "flow:redeem_card")
    assert "not a card code" in bilal.says("ABCD-EFGH").text
    assert said(30) in bilal.says(codes[0].lower()).text
    tap(bilal, "flow:redeem_card")
    assert "used already" in bilal.says(codes[0]).text


def test_who_guesses_recharge_codes_has_to_wait_and_the_manager_is_told(
    client: FlaskClient, company: TestCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start_process, "_settings", Settings(environment="test", secret_key=SECRET, _env_file=None))
    bilal = person(client, company, prepaid_customer)
    with company_session(company.id, "test") as session:
        make_staff(session, company, role="manager", name="Saima", phone="+923001112233")
        session.execute(update(BillingPolicy).values(wrong_cards_max=3))
        _, codes = make_vouchers(
            session, name="Autumn", amount=Decimal("1500.00"), count=1, expires_on=in_days(40), secret=SECRET,
            made_by="staff:1", today=in_days(0),
        )  # fmt: skip
    saima = Phone(client, company, "+923001112233")
    saima.says("approval dikhao")
    bilal.replies()
    for _ in range(3):
        tap(bilal, "flow:redeem_card")
        assert bilal.sends("text", {"body": new_code()}) == 200
        told = {message.contact_id: message.text for message in bilal.replies()}
        assert any("no card with this code" in words for words in told.values())
    assert any("Bilal Butt" in words and "3 aise recharge code" in words for words in told.values())
    tap(bilal, "flow:redeem_card")
    assert "Too many codes were wrong" in bilal.says(codes[0]).text
    with company_session(company.id) as session:
        assert session.scalar(select(func.count()).select_from(Payment)) == 0


def test_a_faster_plan_shows_what_it_costs_before_the_yes(client: FlaskClient, company: TestCompany) -> None:
    ayesha = person(client, company, debtor)
    preview = ayesha.says("50 mbps kar do")
    assert "Fiber 50" in preview.text and said(0) in preview.text
    with company_session(company.id) as session:
        assert session.scalars(select(Subscription)).one().plan.code == "F20"
    assert "ab aap ka package *Fiber 50* hai" in ayesha.taps("Haan").text
    with company_session(company.id) as session:
        assert session.scalars(select(Subscription)).one().plan.code == "F50"


def test_a_claim_that_waits_is_told_with_the_balance(client: FlaskClient, company: TestCompany) -> None:
    ayesha = person(client, company, debtor)
    tap(ayesha, "flow:claim_payment")
    ayesha.says("2500")
    ayesha.says("JC-884422119")
    ayesha.sends_photo()
    ayesha.taps("Yes")
    assert "is being checked" in ayesha.says("what is my balance").text


# The recovery agent


def test_the_worklist_leads_to_a_case_and_the_case_to_its_actions(client: FlaskClient, company: TestCompany) -> None:
    rabia = person(client, company, agent_with_cases)
    with company_session(company.id, "test") as session:
        session.execute(text("UPDATE recovery_case SET stage = 'agent'"))
    listed = rabia.says("aaj ki list")
    assert "3,435.63" in listed.text and set(choices(listed).values()) == {"case:C-2001", "case:C-2002"}
    case = rabia.taps("Ayesha Khan")
    assert "House 4, Street 7" in case.text and "Rs 3,435.63" in case.text and "3520212345671" not in case.text
    assert set(choices(case).values()) == {
        "flow:cash_collected:C-2001", "flow:promise_log:C-2001", "flow:attempt_log:C-2001",
    }  # fmt: skip


def test_cash_is_received_by_one_sentence_and_the_customer_gets_the_receipt(
    client: FlaskClient, company: TestCompany
) -> None:
    rabia = person(client, company, agent_with_cases)
    summary = rabia.says("C-2001 se 2500 liye")
    assert "C-2001 Ayesha Khan" in summary.text and "Rs 2,500" in summary.text
    assert "Raseed" in rabia.taps("Haan").text
    with company_session(company.id) as session:
        payment = session.scalars(select(Payment)).one()
        entry = session.scalars(select(JournalEntry).where(JournalEntry.source_id == payment.id)).one()
        asked = session.get_one(InboundMessage, entry.origin.removeprefix("message:"))
        debit = session.execute(
            text("SELECT a.code FROM posting p JOIN account a ON a.id = p.account_id"
                 " WHERE p.entry_id = :id AND p.amount > 0"), {"id": entry.id},
        ).scalar_one()  # fmt: skip
    assert (str(payment.amount), payment.method, debit) == ("2500.00", "cash", "1040")
    assert payment.collected_by is not None and entry.actor == f"staff:{payment.collected_by}"
    assert asked.type == "interactive"


def test_a_name_finds_the_case_in_any_script(client: FlaskClient, company: TestCompany) -> None:
    rabia = person(client, company, agent_with_cases)
    assert "C-2002 Kamran Shah" in rabia.says("kamran se 1500 le liye").text
    rabia.says("cancel")
    assert "C-2002" in rabia.says("کامران سے ۱۵۰۰ لے لیے").text


def test_an_agent_reaches_no_case_but_his_own(client: FlaskClient, company: TestCompany) -> None:
    rabia = person(client, company, agent_with_cases)
    with company_session(company.id, "test") as session:
        session.execute(text("UPDATE recovery_case SET agent_id = NULL WHERE amount < 3000"))
    assert "not among your cases" in tap(rabia, "case:C-2002").text
    asked = tap(rabia, "flow:cash_collected:C-2002")
    assert "C-2002" not in asked.text


def test_a_promise_and_an_attempt_are_noted_for_a_case(client: FlaskClient, company: TestCompany) -> None:
    rabia = person(client, company, agent_with_cases)
    rabia.says("C-2001 kal 2000 dega")
    assert "mulaqat" in rabia.last.text
    rabia.says("call par")
    rabia.taps("Haan")
    assert promises(company) == [("2000.00", in_days(1), "open")]
    assert "location" in rabia.says("C-2002 ghar pe nahi tha").text
    rabia.taps("Chhorein")
    tap(rabia, "flow:attempt_log:C-2002")
    rabia.taps(option(rabia.last, "disputes"))
    rabia.taps(option(rabia.last, "call"))
    assert "C-2002" in rabia.says("kehta hai 10 din net band tha").text
    with company_session(company.id) as session:
        tried = session.scalars(select(Attempt).order_by(Attempt.id)).all()
        outcomes, how = [attempt.outcome for attempt in tried], [attempt.channel for attempt in tried]
        assert session.scalars(select(Promise)).one().channel == "call"
        assert session.scalars(select(Ticket)).one().category == "billing_dispute"
    assert outcomes == ["promised", "not_at_home", "disputes"]
    assert how == ["call", "visit", "call"]


def test_the_worklist_begins_with_who_is_near_where_the_agent_stands(client: FlaskClient, company: TestCompany) -> None:
    rabia = person(client, company, agent_with_cases)
    with company_session(company.id, "test") as session:
        session.execute(text("UPDATE recovery_case SET stage = 'agent'"))
        for name, latitude in (("Ayesha Khan", "31.60"), ("Kamran Shah", "31.51")):
            customer = session.scalars(select(Customer).where(Customer.name == name)).one()
            site = session.scalars(select(Site).where(Site.customer_id == customer.id)).one()
            site.latitude, site.longitude = Decimal(latitude), Decimal("74.34")
    assert numbers(tap(rabia, "worklist").text) == ["C-2001", "C-2002"]
    rabia.sends("location", {"latitude": 31.50, "longitude": 74.34})
    assert numbers(rabia.reply().text) == ["C-2002", "C-2001"]
    assert "1.1 km" in rabia.last.text
    assert numbers(rabia.says("meri list").text) == ["C-2002", "C-2001"]
    rabia.sends("location", {"latitude": "north", "longitude": 74.34})
    assert numbers(rabia.reply().text) == []


def numbers(said: str) -> list[str]:
    return re.findall(r"C-\d+", said)


def test_an_agent_takes_no_more_cash_than_he_may_hold(client: FlaskClient, company: TestCompany) -> None:
    rabia = person(client, company, agent_with_cash)
    with company_session(company.id, "test") as session:
        session.execute(text("INSERT INTO cash_limit (staff_id, amount, company_id)"
                             " SELECT id, 3000, company_id FROM staff"))  # fmt: skip
    tap(rabia, "flow:cash_collected:C-2001")
    assert "only Rs 1,500 more" in rabia.says("2500").text
    rabia.says("1500")
    assert "Receipt" in rabia.taps("Yes").text


def test_cash_is_announced_once_for_what_is_in_hand(client: FlaskClient, company: TestCompany) -> None:
    rabia = person(client, company, agent_with_cash)
    assert "Rs 1,500" in rabia.says("cash handover karna hai").text
    assert "kam hai" in rabia.says("2000").text
    rabia.taps("Rs 1,500")
    rabia.taps("Haan")
    with company_session(company.id) as session:
        handover = session.scalars(select(Handover)).one()
    assert (str(handover.announced), handover.state) == ("1500.00", "announced")
    assert "Rs 0" in rabia.says("cash handover karna hai").text


def test_an_agent_sees_how_he_is_doing(client: FlaskClient, company: TestCompany) -> None:
    answer = tap(person(client, company, agent_with_cash), "my_performance").text
    assert "Collected: *Rs 1,500* with 1 receipts" in answer and "Cash in your hands: *Rs 1,500*" in answer
