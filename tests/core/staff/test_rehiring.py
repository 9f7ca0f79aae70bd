"""A former employee comes back."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from core.db import company_session
from core.staff.employee_debts import charge_employee, open_debts
from core.staff.leaving import LeavingSettlement, settle_leaving
from core.staff.models import Staff
from core.staff.pay_terms import PayTermsOverlap, terms_of
from core.staff.rehiring import NotGone, RehireInvalid, rehire
from core.staff.salaries import accrue_salary
from tests.cast import TestCompany
from tests.core.staff.cast import D, employ, hamid, nov, rabia, tariq

MARCH = date(2027, 3, 1)


def leaves(session: Session, staff: Staff, day: date) -> LeavingSettlement:
    return settle_leaving(
        session, staff_id=staff.id, last_day_worked=day, account_code="1010", paid_on=day, idempotency_key=f"l:{day}",
        actor="test", origin="panel:x",
    )  # fmt: skip


def test_he_comes_back_on_new_terms_with_his_history_and_his_debt(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician, owner = tariq(session, company), hamid(session, company)
        employ(session, technician, starts_on=nov(1))
        charge_employee(session, staff_id=technician.id, kind="damage", amount=D("40000.00"), reason="Splicer",
                        charged_on=nov(3), approved_by=owner.id, idempotency_key="d", actor="test")  # fmt: skip
        assert leaves(session, technician, nov(30)).still_owes == D("10000.00")

        back = rehire(session, staff_id=technician.id, starts_on=MARCH, monthly_salary=D("42000.00"),
                      role="recovery_agent", phone="+923331234567", extra_roles=["technician"])  # fmt: skip

        assert (back.id, back.state, back.role, back.extra_roles, back.phone) == (
            technician.id, "active", "recovery_agent", ["technician"], "+923331234567",
        )  # fmt: skip
        assert [(terms.starts_on, terms.ends_on) for terms in terms_of(session, staff_id=back.id)] == [
            (MARCH, None), (nov(1), date(2026, 12, 1)),
        ]  # fmt: skip
        assert accrue_salary(session, staff_id=back.id, month=MARCH, actor="test").net == D("42000.00")
        assert [debt.outstanding for debt in open_debts(session, staff_ids=[back.id])] == [D("10000.00")]


def test_leaving_again_pays_no_month_in_which_he_was_away(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician = tariq(session, company)
        employ(session, technician, starts_on=nov(1))
        leaves(session, technician, nov(30))
        rehire(session, staff_id=technician.id, starts_on=MARCH, monthly_salary=D("31000.00"))

        done = leaves(session, technician, date(2027, 4, 15))

        assert [(month, str(net)) for month, net in done.salaries] == [
            (MARCH, "31000.00"), (date(2027, 4, 1), "15500.00"),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("starts_on", "more", "refusal"),
    [(nov(29), {}, RehireInvalid), (MARCH, {"role": "king"}, RehireInvalid), (nov(30), {}, RehireInvalid)],
)
def test_who_cannot_come_back_like_that_stays_away(
    company: TestCompany, starts_on: date, more: dict[str, str], refusal: type[Exception]
) -> None:
    with company_session(company.id, "test") as session:
        technician, agent = tariq(session, company), rabia(session, company)
        employ(session, technician, starts_on=nov(1))
        with pytest.raises(NotGone):
            rehire(session, staff_id=technician.id, starts_on=MARCH, monthly_salary=D("1.00"))
        leaves(session, technician, nov(30))
        with pytest.raises(refusal):
            rehire(session, staff_id=technician.id, starts_on=starts_on, monthly_salary=D("1.00"), **more)
        with pytest.raises(RehireInvalid, match="Rabia"):
            rehire(session, staff_id=technician.id, starts_on=MARCH, monthly_salary=D("1.00"), phone=agent.phone)
        assert technician.state == "left"


def test_within_a_settled_month_its_salary_is_reversed_first(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician = tariq(session, company)
        employ(session, technician, starts_on=nov(1))
        leaves(session, technician, nov(10))
        with pytest.raises(PayTermsOverlap, match="reverse it first"), session.begin_nested():
            rehire(session, staff_id=technician.id, starts_on=nov(20), monthly_salary=D("30000.00"))
