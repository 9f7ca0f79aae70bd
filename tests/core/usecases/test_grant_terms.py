"""Terms beyond one's limits are asked for, decided once by somebody else, and done exactly as they were asked."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from core.billing.plan_models import Discount, PlanPrice
from core.billing.plans import PriceExists
from core.db import company_session
from core.messaging.models import OutboundMessage
from core.recovery.promises import open_promise
from core.staff import terms
from core.usecases.grant_terms import approve_terms, ask_longer_promise, change_price, give_discount, refuse_terms
from core.usecases.waiting_approvals import waiting_approvals
from tests.builders import customer_who_owes, make_customer, make_plan, make_staff, make_subscription
from tests.cast import NOW, TODAY, TestCompany

D = Decimal
ONE, TWO = (f"staff:00000000-0000-7000-8000-00000000000{number}" for number in (1, 2))


def test_a_manager_gives_a_small_discount_alone_and_asks_for_a_large_one(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        subscription = make_subscription(session, make_customer(session, company), make_plan(session))
        manager, owner = (make_staff(session, company, role=role, name=role) for role in ("manager", "owner"))
        common = {"subscription_id": subscription.id, "valid_from": TODAY, "reason": "old customer", "now": NOW}
        asked_by, decided_by = f"staff:{manager.id}", f"staff:{owner.id}"
        small = give_discount(session, percent=D(10), actor=asked_by, role="manager", key="a", **common)
        large = give_discount(session, percent=D(25), periods=3, actor=asked_by, role="manager", key="b", **common)
        again = give_discount(session, percent=D(25), periods=3, actor=asked_by, role="manager", key="b", **common)
        assert small.at_once and large.request is not None and again.request is large.request
        assert session.scalars(select(Discount.percent)).all() == [D(10)]
        (waiting,) = waiting_approvals(session, today=TODAY)
        assert (waiting.kind, waiting.why) == ("discount", "25 % · 3 × · 2026-11-24 · old customer")
        request_id = large.request.id
        with pytest.raises(terms.OwnRequest):
            approve_terms(session, request_id=request_id, approved_by=asked_by, role="manager", today=TODAY, now=NOW)
        session.refresh(large.request)
        approve_terms(session, request_id=request_id, approved_by=decided_by, role="owner", today=TODAY, now=NOW)
        found = session.scalars(select(Discount).where(Discount.percent == 25)).one()
        assert (found.approved_by, found.reason) == (decided_by, "old customer")
        assert "AP-1" in session.scalars(select(OutboundMessage.text)).one()
        with pytest.raises(terms.TermsDecided):
            refuse_terms(session, request_id=request_id, refused_by=decided_by, reason="no", now=NOW)
    with company_session(company.id, "test") as session, pytest.raises(DBAPIError, match="approved already"):
        session.execute(text("UPDATE terms_request SET state = 'refused'"))


def test_a_manager_cannot_allow_what_only_the_owner_may(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        subscription = make_subscription(session, make_customer(session, company), make_plan(session))
        asked = give_discount(session, subscription_id=subscription.id, valid_from=TODAY, reason="x", amount=D(900),
                              actor=ONE, role="manager", now=NOW, key="a")  # fmt: skip
        assert asked.request is not None
        with pytest.raises(terms.TermsInvalid, match="owner decides"), session.begin_nested():
            approve_terms(session, request_id=asked.request.id, approved_by=TWO, role="manager", today=TODAY,
                          now=NOW)  # fmt: skip
        assert session.scalars(select(Discount)).all() == []


def test_a_price_is_asked_for_where_the_company_says_so(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        plan = make_plan(session)
        terms.change_terms_policy(session, discount_percent_free=5, discount_amount_free=D(0), price_needs_owner=True)
        common = {"plan_id": plan.id, "reason": "dollar", "actor": ONE, "role": "manager", "now": NOW}
        made = change_price(session, amount=D(2900), valid_from=date(2026, 12, 1), key="a", **common)
        with pytest.raises(PriceExists):
            change_price(session, amount=D(2900), valid_from=date(2026, 1, 1), key="b", **common)
        assert made.request is not None and len(session.scalars(select(PlanPrice)).all()) == 1
        approve_terms(session, request_id=made.request.id, approved_by=TWO, role="owner", today=TODAY, now=NOW)
        assert {price.amount for price in session.scalars(select(PlanPrice))} == {D(2500), D(2900)}


def test_a_manager_allows_a_promise_beyond_the_rules_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = customer_who_owes(session, company, "+923001112223")
        late = TODAY + timedelta(days=40)
        asked = ask_longer_promise(session, customer_id=customer.id, amount=D(1000), due_on=late, reason="funeral",
                                   actor=ONE, today=TODAY, now=NOW, key="a")  # fmt: skip
        approve_terms(session, request_id=asked.id, approved_by=TWO, role="manager", today=TODAY, now=NOW)
        promise = open_promise(session, customer_id=customer.id)
        assert promise is not None and (promise.amount, promise.due_on) == (D(1000), late)
        with pytest.raises(terms.TermsInvalid):
            ask_longer_promise(session, customer_id=customer.id, amount=D(0), due_on=late, reason="x", actor="a",
                               today=TODAY, now=NOW, key="b")  # fmt: skip


def test_who_asked_takes_it_back_and_a_refusal_needs_a_reason(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = customer_who_owes(session, company, "+923001112223")
        ask = {"customer_id": customer.id, "amount": D(1000), "due_on": TODAY, "reason": "x", "today": TODAY,
               "now": NOW}  # fmt: skip
        mine = ask_longer_promise(session, actor=ONE, key="a", **ask)
        with pytest.raises(terms.OwnRequest):
            terms.withdraw_terms(session, request_id=mine.id, asked_by=TWO, now=NOW)
        terms.withdraw_terms(session, request_id=mine.id, asked_by=ONE, now=NOW)
        other = ask_longer_promise(session, actor=ONE, key="b", **ask)
        with pytest.raises(terms.TermsInvalid, match="Say why"):
            refuse_terms(session, request_id=other.id, refused_by=TWO, reason=" ", now=NOW)
        assert refuse_terms(session, request_id=other.id, refused_by=TWO, reason="no", now=NOW).state == "refused"
