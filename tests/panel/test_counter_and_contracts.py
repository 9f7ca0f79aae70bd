"""At the desk: which invoices a payment pays, exemptions with their certificate, contracts, the network account."""

from __future__ import annotations

import io
import re
from datetime import date
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from cli.web import create_app
from core.billing.invoice_models import Invoice
from core.billing.payment_models import Payment
from core.billing.plan_models import Discount, TaxExemption
from core.billing.subscription_models import Subscription
from core.billing.tax_table import tax_rates
from core.db import company_session
from core.ids import new_id
from core.network.models import Access
from tests.builders import make_customer, make_plan, make_staff
from tests.cast import TestCompany
from tests.core.recovery.town import bill
from tests.panel.visitors import SETTINGS, submit, token_of, visitor

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


@pytest.fixture(scope="module")
def app(database: str) -> Flask:
    return create_app(SETTINGS)


@pytest.fixture
def shop(company: TestCompany) -> TestCompany:
    """Bano, C-2001, who owes Rs 1,000 since the 5th and Rs 2,000 since the 6th of November; a plan on offer."""
    with company_session(company.id, "test") as session:
        bano = make_customer(session, company, name="Bano Mart")
        make_plan(session, price="3000.00")
        bill(session, bano.id, "1000.00", date(2026, 11, 5))
        bill(session, bano.id, "2000.00", date(2026, 11, 6))
    return company


def open_sums(company: TestCompany) -> dict[str, str]:
    with company_session(company.id) as session:
        return {str(i.total): str(i.balance) for i in session.scalars(select(Invoice).order_by(Invoice.due_on))}


def test_a_payment_at_the_counter_pays_the_invoices_that_are_ticked_first(app: Flask, shop: TestCompany) -> None:
    owner = visitor(app, shop, "owner")
    with company_session(shop.id, "test") as session:
        rabia = make_staff(session, shop, role="recovery_agent", name="Rabia").id
        newer = session.scalars(select(Invoice.id).where(Invoice.total == Decimal("2000.00"))).one()
    assert "2,000" in owner.get("/counter/payer?whose=C-2001").text
    taken = submit(owner, "/counter", once=str(new_id()), whose="C-2001", amount="2500", method="cash",
                   invoice=str(newer), collected_by=str(rabia))  # fmt: skip
    assert "500.00 left to pay" in taken.text
    assert open_sums(shop) == {"1000.00": "500.00", "2000.00": "0.00"}
    with company_session(shop.id) as session:
        assert session.scalars(select(Payment)).one().collected_by == rabia
    taken = submit(owner, "/counter", once=str(new_id()), whose="C-2001", amount="700", method="cash")
    assert "200.00 in advance" in taken.text


def test_an_exemption_is_kept_with_its_certificate_and_ended(app: Flask, shop: TestCompany) -> None:
    owner = visitor(app, shop, "owner")
    with company_session(shop.id) as session:
        code = tax_rates(session)[0].code

    def send(data: bytes, name: str) -> str:
        fields = {"csrf_token": token_of(owner, "/"), "tax_code": code, "certificate_no": "EX-7",
                  "exempt_from": "2026-01-01", "certificate": (io.BytesIO(data), name)}  # fmt: skip
        return owner.post("/customers/C-2001/exemptions", data=fields, follow_redirects=True,
                          content_type="multipart/form-data").text  # fmt: skip

    assert "neither a PDF" in send(b"MZ program", "certificate.pdf")
    assert "EX-7" in send(PNG, "سند.png")
    with company_session(shop.id) as session:
        exemption = session.scalars(select(TaxExemption)).one()
    path = f"/customers/C-2001/exemptions/{exemption.id}"
    assert owner.get(f"{path}/certificate").data == PNG
    assert "holds to 2026-06-30" in submit(owner, path, last_day="2026-06-30").text


def test_a_contract_of_several_lines_has_its_discount_and_its_own_due_days(app: Flask, shop: TestCompany) -> None:
    owner = visitor(app, shop, "owner")
    page = owner.get("/customers/C-2001").text
    plan = re.search(r'<select name="plan_1".*?value="([0-9a-f-]{36})"', page, re.S)
    site = re.search(r'<select name="site_1".*?value="([0-9a-f-]{36})"', page, re.S)
    assert plan and site
    made = submit(
        owner, "/customers/C-2001/contracts", contract_no="CN-12",
        contract_from="2026-11-01", contract_until="2027-10-31", due_days="30", contract_discount="12.5",
        contract_username="Bano-HQ", plan_1=plan[1], site_1=site[1], price_1="2,800", plan_2=plan[1], site_2=site[1],
        quantity_2="3", price_2="2,500", words_2="Branch",
    )  # fmt: skip
    assert "Contract CN-12 of 2 lines" in made.text and "due in 30 days" in made.text
    with company_session(shop.id) as session:
        subscription = session.scalars(select(Subscription)).one()
        assert [(line.role, str(line.agreed_price), int(line.quantity)) for line in subscription.lines] == [
            ("main", "2800.00", 1), ("site", "2500.00", 3),
        ]  # fmt: skip
        assert session.scalars(select(Discount)).one().percent == Decimal("12.5000")
        assert [(a.username, a.state) for a in session.scalars(select(Access))] == [("bano-hq", "allowed")]
    again = submit(owner, "/customers/C-2001/subscriptions", plan=plan[1], site=site[1],
                   username="BANO-HQ")  # fmt: skip
    assert again.status_code == 422 and "belongs to another subscription" in again.text
    ended = submit(owner, f"/customers/C-2001/subscriptions/{subscription.id}/end",
                   end_day="2026-11-30", once=str(new_id()))  # fmt: skip
    assert ended.status_code == 200
