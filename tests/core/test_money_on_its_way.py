"""What is expected of a customer: his running promise, and the payments he told of that nobody has checked."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import text

from core.billing.claims import claim_payment
from core.db import company_session
from core.usecases.money_on_its_way import Claimed, OnItsWay, money_on_its_way
from tests.builders import a_phone, customer_who_owes, make_customer
from tests.cast import NOW, TestCompany


def test_nothing_is_expected_of_most(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = customer_who_owes(session, company, a_phone())
        assert money_on_its_way(session, customer_id=customer.id) == OnItsWay(None, [])


def test_claims_that_wait_are_told_the_oldest_first_and_no_others(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer, other = customer_who_owes(session, company, a_phone()), make_customer(session, company)
        claims = [
            claim_payment(
                session, customer_id=whose.id, amount=Decimal(amount), reference=f"JC-88442211{amount}", method="",
                document_id=None, now=NOW,
            )
            for whose, amount in ((customer, "500"), (customer, "700"), (customer, "900"), (other, "100"))
        ]  # fmt: skip
        session.execute(text("UPDATE payment_claim SET state = 'rejected' WHERE id = :id"), {"id": claims[1].id})
        expected = [Claimed(claims[0].number, Decimal("500.00")), Claimed(claims[2].number, Decimal("900.00"))]
        assert money_on_its_way(session, customer_id=customer.id).claims == expected
