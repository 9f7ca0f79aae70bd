"""The page of late fees: what today charges, whom it cannot charge and why, and the charge by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import func, select

from cli.web import create_app
from core.billing.debt_models import LateFee
from core.billing.late_fees import charge_late_fees, plan_late_fees
from core.db import company_session
from core.ids import new_id
from tests.cast import TestCompany
from tests.core.billing.test_late_fees import LATE, debtors
from tests.panel.visitors import SETTINGS, submit, visitor


@pytest.fixture(scope="module")
def app(database: str) -> Flask:
    return create_app(SETTINGS)


@pytest.fixture
def late(company: TestCompany) -> TestCompany:
    """Three owe since 1 October; the second has no address to invoice."""
    with company_session(company.id, "test") as session:
        debtors(session, company, 3)[1].sites[0].address = ""
    return company


def test_the_dry_run_is_what_the_charge_then_does(late: TestCompany) -> None:
    with company_session(late.id, "test") as session:
        plan = plan_late_fees(session, day=LATE)
        assert session.scalar(select(func.count()).select_from(LateFee)) == 0
        done = charge_late_fees(session, day=LATE, actor="run")
        assert [each.fee.invoice_id for each in plan.planned] == [fee.invoice_id for fee in done.charged]
        assert (plan.amount, plan.planned[0].total) == (Decimal("300.00"), Decimal("174.00"))
        assert plan.problems == done.problems


def test_who_cannot_be_charged_is_named_with_his_reason_and_the_others_are_charged(
    app: Flask, late: TestCompany
) -> None:
    manager = visitor(app, late, "manager")
    page = manager.get("/late-fees").text
    assert "Debtor 1" in page and "has no address to invoice: add a site" in page and "Rs 300.00" in page
    charged = submit(manager, "/late-fees", once=new_id())
    assert "2 late fees of 300.00 together are charged." in charged.text
    assert "has no address to invoice" in charged.text and "Nobody is left out" not in charged.text
    again = submit(manager, "/late-fees", once=new_id())
    assert "No late fee is due that can be charged." in again.text
    with company_session(late.id, "test") as session:
        assert session.scalar(select(func.count()).select_from(LateFee)) == 2


def test_a_company_without_late_fees_is_told_where_they_are_chosen(app: Flask, company: TestCompany) -> None:
    page = visitor(app, company, "manager").get("/late-fees").text
    assert "No late fee is charged here" in page and "Nobody is left out." in page
    assert "/late-fees" in visitor(app, company, "manager").get("/invoice-runs").text
