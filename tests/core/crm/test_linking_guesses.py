"""Whatever a stranger asks and guesses, in whatever order, no account opens to him without the code."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from core.clock import utc_now
from core.crm.link_models import LinkRequest
from core.crm.linking import (
    CODES_A_DAY,
    TRIES_MAX,
    NoLinkRequest,
    TooManyLinkRequests,
    ask_link,
    ask_office,
    enter_code,
)
from core.crm.models import Contact, ContactAccount
from core.db import company_session
from core.ids import new_id
from tests.builders import a_phone, make_customer
from tests.cast import TestCompany

MOVES = st.tuples(st.integers(0, 2), st.sampled_from(("ask C-2001", "ask C-9999", "guess", "office", "wait")))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(MOVES, max_size=40))
def test_no_order_of_asking_and_guessing_opens_an_account(company: TestCompany, moves: list[tuple[int, str]]) -> None:
    now = utc_now()
    with company_session(company.id, "test") as session, session.begin_nested() as savepoint:
        customer = make_customer(session, company, phone=a_phone())
        strangers = [Contact(id=new_id(), user_id=f"PK.{new_id().hex[:16]}") for _ in range(3)]
        session.add_all(strangers)
        session.flush()
        codes: dict[object, str] = {}
        for who, move in moves:
            stranger, now = strangers[who].id, now + timedelta(seconds=1)
            try:
                if move.startswith("ask"):
                    wanted = customer.number if move.endswith("2001") else "C-999999"
                    codes[stranger] = ask_link(session, contact_id=stranger, wanted=wanted, now=now).code
                elif move == "guess":
                    right = codes.get(stranger, "000000")
                    entered = enter_code(session, contact_id=stranger, code=f"{int(right) ^ 1:06d}", now=now)
                    assert entered.outcome in ("wrong", "over")
                elif move == "office":
                    ask_office(session, contact_id=stranger, note="", now=now)
                else:
                    now += timedelta(hours=1)
            except (NoLinkRequest, TooManyLinkRequests):
                continue
        assert session.scalar(select(func.count()).select_from(ContactAccount)) == 0
        assert all(tries <= TRIES_MAX for tries in session.scalars(select(LinkRequest.tries)))
        sent = select(func.count()).where(LinkRequest.customer_id == customer.id, LinkRequest.sent_to > 0,
                                          LinkRequest.asked_at > now - timedelta(days=1))  # fmt: skip
        assert (session.scalar(sent) or 0) <= CODES_A_DAY
        savepoint.rollback()
