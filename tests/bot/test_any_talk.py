"""Whatever anybody writes or taps, in any order: one answer, no dead end, nobody else's account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from bot.conversation import Route
from bot.inbound import Sender
from bot.rehearsal import PHOTO, STICKER, VOICE, Answer, Choice, Rehearsal, rehearsed
from bot.router import ROLES
from bot.understanding.clauses import WISHES_MAX
from bot.understanding.lexicon import examples
from core.clock import utc_now
from core.db import company_session
from core.service_desk.tickets import assign_ticket, open_ticket
from tests.builders import a_phone, make_customer, make_staff
from tests.cast import TestCompany
from tests.core.recovery.town import bill
from tests.stories.money import agent_with_cash, debtor, in_days, manager_with_work, prepaid_customer

STRANGER, STRANGERS_DEBT = "Zulqarnain Qizilbash", "7777.00"
FORGED = (
    "menu", "account:C-1002:balance", "account:C-1002:", "invoice:INV-2026-27-000002", "role:owner", "role:manager",
    "job:T-1001", "job:T-9999", "resume", "drop", "flow:nothing", "flow:approve:claim", "a:promise_to_pay:1:amount:1",
    "a:cash_handover:9:confirmed:yes", "a:x", ":::::", "complaint_status:T-1002", "receipt:R-1", "",
)  # fmt: skip


CONTENT = {"location": {"latitude": 31.5, "longitude": 74.3}, "contacts": {"contacts": []}}


@dataclass(frozen=True)
class Move:
    """One thing a person does: `does` runs it on the talk, given the last answers."""

    name: str
    does: Callable[[Rehearsal, list[Answer], int], list[Answer]]


def nobody(_session: Session, _company: TestCompany, _phone: str) -> None:
    """A prospect."""


def technician_with_a_job(session: Session, company: TestCompany, phone: str) -> None:
    technician = make_staff(session, company, role="technician", phone=phone)
    customer = make_customer(session, company, name="Bashir Ahmed")
    ticket = open_ticket(
        session, customer_id=customer.id, category="no_internet", description="", opened_by="test", now=utc_now()
    )
    assign_ticket(session, ticket_id=ticket.id, staff_id=technician.id)


def owner_with_work(session: Session, company: TestCompany, phone: str) -> None:
    manager_with_work(session, company, a_phone())
    make_staff(session, company, role="owner", name="Malik", phone=phone)


PEOPLE: dict[str, Callable[[Session, TestCompany, str], object]] = {
    "customer": debtor, "prepaid": prepaid_customer, "prospect": nobody, "technician": technician_with_a_job,
    "recovery_agent": agent_with_cash, "manager": manager_with_work, "owner": owner_with_work,
}  # fmt: skip


def moves(role: str) -> st.SearchStrategy[Move]:
    phrases = st.sampled_from([example.phrase for example in examples("customer" if role == "prepaid" else role)])
    texts = st.text(max_size=40) | st.text("ہاںکلیسجندورتبلٹ ۰۱۲۳", max_size=30)
    figures = st.integers(-5, 10**7).map(str) | st.sampled_from(["2k", "پانچ سو", "kal", "haan", "nahi", "1"])
    return st.one_of(
        (phrases | figures | texts).map(lambda said: Move(repr(said), lambda t, _, h: t.says(said, now=_at(h)))),
        st.integers(0, 9).map(lambda i: Move(f"tap {i}", lambda t, last, h: _tapped(t, last, i, h))),
        st.sampled_from(FORGED).map(lambda a: Move(f"tap {a!r}", lambda t, _, h: t.taps(Choice(a, "x"), now=_at(h)))),
        st.sampled_from((PHOTO, VOICE, STICKER)).map(
            lambda kind: Move(kind, lambda t, _, h: t.sends_media(kind, now=_at(h)))
        ),
        st.sampled_from(("location", "contacts", "unsupported")).map(
            lambda kind: Move(kind, lambda t, _, h: t.sends(kind, CONTENT.get(kind, {}), now=_at(h)))
        ),
    )  # fmt: skip


def _at(hours: int) -> datetime:
    return utc_now() + timedelta(hours=hours)


def _tapped(talk: Rehearsal, last: list[Answer], index: int, hours: int) -> list[Answer]:
    choices = [choice for answer in last for choice in answer.choices]
    chosen = choices[index % len(choices)] if choices else Choice("menu", "Menu")
    return talk.taps(chosen, now=_at(hours))


@contextmanager
def talk_of(company: TestCompany, phone: str) -> Iterator[Rehearsal]:
    with rehearsed(company.id) as session:
        route = Route(company.id, company.business_number_id, None)
        yield Rehearsal(session, route, company.phone_number_id, Sender(phone, None, "Somebody"))


@pytest.fixture(params=PEOPLE)
def person(request: pytest.FixtureRequest, company: TestCompany) -> tuple[str, TestCompany, str]:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        PEOPLE[request.param](session, company, phone)
        stranger = make_customer(session, company, name=STRANGER)
        bill(session, stranger.id, STRANGERS_DEBT, in_days(-20))
    return request.param, company, phone


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_talk_is_answered_and_ends_at_the_menu(person: tuple[str, TestCompany, str], data: st.DataObject) -> None:
    role, company, phone = person
    todo = data.draw(st.lists(st.tuples(moves(role), st.sampled_from((0, 0, 0, 1, 30))), min_size=1, max_size=10))
    with talk_of(company, phone) as talk:
        last: list[Answer] = []
        for move, hours in todo:
            last = move.does(talk, last, hours)
            if not last and talk.is_with_people():
                continue
            assert 1 <= len(last) <= WISHES_MAX, (move.name, [answer.text for answer in last])
            assert all(answer.text for answer in last), move.name
            if role in ("customer", "prepaid", "prospect", "technician"):
                assert not any(STRANGER in answer.text or "7,777" in answer.text for answer in last), move.name
        menu = talk.says("menu", now=_at(0))
        assert len(menu) == 1 and menu[0].choices
        assert "flow" not in talk.state()


def test_every_role_has_a_person_here() -> None:
    assert set(ROLES) <= set(PEOPLE)
