"""An employee asks by chat what he has earned, in his language, and gets his own figures and payslip only."""

from __future__ import annotations

from decimal import Decimal

from flask.testing import FlaskClient
from sqlalchemy import select

from core.db import company_session
from core.messaging.models import OutboundMessage
from core.staff.bonuses import give_bonus
from core.staff.commission_rules import Conditions, Measure
from core.staff.employee_debts import give_advance
from core.staff.models import Staff
from core.staff.months import month_of, months_after
from core.staff.salaries import accrue_salary
from core.usecases.load_attachment import load_attachment
from tests.builders import a_phone, make_invoice, make_staff
from tests.cast import TestCompany
from tests.core.staff.cast import collect, connect, employ, plan_with
from tests.phones import Phone
from tests.stories.money import in_days
from tests.stories.office import says, taps


def a_paid_team(client: FlaskClient, company: TestCompany) -> dict[str, Phone]:
    """Tariq has a bonus of 2,500 and an advance of 4,000 this month; Rabia a bonus of 7,700."""
    phones = {name: a_phone() for name in ("Tariq", "Rabia", "Saima", "Hamid")}
    with company_session(company.id, "test") as session:
        today = in_days(0)
        tariq = make_staff(session, company, role="technician", name="Tariq", phone=phones["Tariq"])
        rabia = make_staff(session, company, role="recovery_agent", name="Rabia", phone=phones["Rabia"])
        saima = make_staff(session, company, role="manager", name="Saima", phone=phones["Saima"])
        owner = make_staff(session, company, role="owner", name="Hamid", phone=phones["Hamid"])
        for person, salary in ((tariq, "30000.00"), (rabia, "23456.00"), (saima, "60000.00")):
            employ(session, person, salary=salary)
        give_bonus(session, staff_id=tariq.id, amount=Decimal("2500.00"), reason="Night work", given_on=today,
                   idempotency_key="b", actor="test")  # fmt: skip
        give_bonus(session, staff_id=rabia.id, amount=Decimal("7700.00"), reason="Best of the month",
                   given_on=today, idempotency_key="r", actor="test")  # fmt: skip
        give_advance(session, staff_id=tariq.id, amount=Decimal("4000.00"), account_code="1010", given_on=today,
                     approved_by=owner.id, idempotency_key="a", actor="test",
                     instalment=Decimal("1500.00"))  # fmt: skip
    return {name: Phone(client, company, phone, name=name) for name, phone in phones.items()}


def told(message: OutboundMessage) -> str:
    return str(message.payload["interactive"]["body"]["text"])


def test_a_technician_asks_for_his_money_in_roman_urdu(client: FlaskClient, company: TestCompany) -> None:
    team = a_paid_team(client, company)
    answer = told(says(team["Tariq"], "mera hisaab batao bhai"))
    assert "Tariq" in answer and "2,500" in answer and "4,000" in answer and "30,000" in answer
    assert "7,700" not in answer and "Salary" not in answer


def test_a_manager_asks_in_urdu_and_is_answered_in_it(client: FlaskClient, company: TestCompany) -> None:
    answer = told(says(a_paid_team(client, company)["Saima"], "میری تنخواہ کتنی بنی"))
    assert "60,000" in answer and "تنخواہ" in answer


def test_whoever_is_named_beside_it_an_employee_hears_of_himself_only(
    client: FlaskClient, company: TestCompany
) -> None:
    team = a_paid_team(client, company)
    answer = told(says(team["Tariq"], "mera aur Rabia ka hisaab, meri salary kitni"))
    assert "7,700" not in answer and "23,456" not in answer


def test_the_payslip_comes_as_a_file_of_the_one_who_asked(client: FlaskClient, company: TestCompany) -> None:
    tariq = a_paid_team(client, company)["Tariq"]
    says(tariq, "how much commission have i earned")
    sent = taps(tariq, "Payslip")
    assert sent.kind == "document" and sent.attachment is not None
    with company_session(company.id) as session:
        name, kind, data = load_attachment(session, sent.attachment)
        assert name == f"payslip-{month_of(in_days(0)):%Y-%m}.pdf" or name.startswith("payslip-")
    assert kind == "application/pdf" and data.startswith(b"%PDF")


def test_a_customer_s_own_account_is_not_mistaken_for_pay(client: FlaskClient, company: TestCompany) -> None:
    stranger = Phone(client, company, a_phone(), name="Bilal")
    assert stranger.sends("text", {"body": "mera hisaab batao"}) == 200
    assert all("2,500" not in str(message.payload) for message in stranger.replies())


def test_pay_is_told_line_by_line_with_what_pay_day_keeps_back(client: FlaskClient, company: TestCompany) -> None:
    answer = told(says(a_paid_team(client, company)["Tariq"], "how much do i have"))
    for line in (
        "Salary: Rs 30,000", "Bonus, Night work: Rs 2,500", "Together: *Rs 32,500*",
        "*Rs 1,500* of Rs 4,000, its instalment; Rs 2,500 is left then", "Pay day brings you: *Rs 31,000*",
    ):  # fmt: skip
        assert line in answer, answer


def test_many_lines_are_told_up_to_a_number_and_counted_from_there(client: FlaskClient, company: TestCompany) -> None:
    team = a_paid_team(client, company)
    with company_session(company.id, "test") as session:
        tariq = session.scalars(select(Staff).where(Staff.name == "Tariq")).one()
        for number in range(20):
            give_bonus(session, staff_id=tariq.id, amount=Decimal("10.37"), reason=f"Night {number}",
                       given_on=in_days(0), idempotency_key=f"n{number}", actor="test")  # fmt: skip
    answer = told(says(team["Tariq"], "mera hisaab"))
    assert "… aur 7" in answer and "32,707.40" in answer and len(answer) < 4096


def test_the_payslip_of_a_month_that_is_not_paid_says_that_it_may_change(
    client: FlaskClient, company: TestCompany
) -> None:
    sent = says(a_paid_team(client, company)["Tariq"], "meri payslip bhejo")
    assert sent.kind == "document" and sent.text is not None and "abhi darj nahi" in sent.text
    with company_session(company.id) as session:
        assert sent.attachment is not None
        assert load_attachment(session, sent.attachment)[2].startswith(b"%PDF")


def test_older_payslips_are_offered_paid_or_not(client: FlaskClient, company: TestCompany) -> None:
    team = a_paid_team(client, company)
    month = months_after(month_of(in_days(0)), -1)
    with company_session(company.id, "test") as session:
        tariq = session.scalars(select(Staff).where(Staff.name == "Tariq")).one()
        accrue_salary(session, staff_id=tariq.id, month=month, actor="test")
    says(team["Tariq"], "how much have i earned")
    sent = taps(team["Tariq"], f"{month:%m/%Y}")
    assert sent.attachment is not None and sent.attachment["month"] == month.isoformat()


def test_what_was_earned_today_is_told_before_it_is_in_the_books(client: FlaskClient, company: TestCompany) -> None:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        rabia = make_staff(session, company, role="recovery_agent", name="Rabia", phone=phone)
        employ(session, rabia, plan_id=plan_with(session, "recovery", Measure(percent=Decimal("2.5")), Conditions()))
        subscription = connect(session, company)
        make_invoice(session, subscription.id)
        collect(session, rabia, subscription, "1000.00", in_days(0), method="bank")
    answer = told(says(Phone(client, company, phone, name="Rabia"), "mera commission"))
    assert "Kamaya, magar abhi darj nahi: Rs 25" in answer and "By recovery: Rs 25 (1)" in answer
    assert "milenge: *Rs 30,000*" in answer
