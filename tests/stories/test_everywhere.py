"""cancel, menu and help: in every question of every flow, in every role, in three languages."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from bot.flows import ALL_FLOWS
from core.db import company_session
from core.messaging.models import Conversation
from tests.builders import a_phone, customer_who_owes, make_staff
from tests.cast import TestCompany
from tests.phones import Phone, choices, tap
from tests.stories.money import MONEY_WALKS, Walk, in_days, person

CANCEL = ("cancel", "rehne do", "منسوخ")
MENU = ("menu", "menu dikhao", "مینو", "help", "madad", "مدد")
WALKS = {
    "file_complaint": (("category", "other"), ("detail", "bijli ki tar"), ("photo", "skip"), ("confirmed", "yes")),
    "relocate": (
        ("address", "House 9, Street 2, Johar Town"), ("place", "skip"), ("day", in_days(5).isoformat()),
        ("confirmed", "yes"),
    ),
    "wifi_password": (
        ("what", "both"), ("name", "Khan House"), ("password", "Lahore-1234"), ("confirmed", "yes"),
    ),
    "disconnect": (
        ("reason", "other"), ("detail", "bahar ja raha hoon"), ("offer", "leave"), ("day", in_days(5).isoformat()),
        ("confirmed", "yes"),
    ),
    "claim_payment": (("amount", "2500"), ("reference", "JC-884422119"), ("photo", "skip"), ("confirmed", "yes")),
}  # fmt: skip
"""Every question of a flow and an answer to it: words where it takes words, else the value of a button."""
STATIONS = [(flow, question) for flow, walk in WALKS.items() for question, _ in walk]


UNWALKED = {
    "renew_prepaid": {"shown_until"}, "approve": {"item", "method", "visit", "counted", "confirmed"},
    "refuse": {"item", "reason", "confirmed"}, "dispute_bill": {"bill", "detail", "confirmed"},
    "comment_rating": {"ticket", "comment"}, "pause_line": {"start", "back", "confirmed"},
    "outage_details": {"outage", "cause", "hours"}, "assign_ticket": {"ticket", "technician", "confirmed"},
    "assign_case": {"customer", "agent", "confirmed"},
    "open_outage": {"area", "zone", "cause", "hours", "confirmed"},
    "job_arrived": {"job", "place"}, "signal_reading": {"job", "dbm"}, "job_blocked": {"job", "reason"},
    "job_done": {"job", "told"}, "closing_code": {"job", "code"}, "close_unconfirmed": {"job", "reason"},
    "job_photo": {"photo", "job"}, "part_used": {"job", "part", "quantity", "replaces", "condition"},
    "part_back": {"job", "serial", "condition"}, "survey_metres": {"job", "metres"},
    "restock_request": {"article", "quantity"},
    "longer_promise": {"customer", "day", "amount", "reason", "confirmed"},
    "cash_amount": {"receipt", "amount"}, "cash_decide": {"receipt", "decision", "note", "confirmed"},
    "link_account": {"account_no"}, "link_by_office": {"who"}, "unlink_account": {"confirmed"},
    "new_connection": {"place", "zone", "name", "address", "pin", "plan", "wished", "phone", "confirmed"},
}  # fmt: skip
"""Begun from a button of what they are about; their own stories walk them."""
SOMETIMES = {"file_complaint": {"bill", "outage", "light", "helped", "place"}, "attempt_log": {"place"}}
"""Questions that only some faults, or visits, ask; their own stories walk them."""


def test_every_question_of_every_flow_is_walked() -> None:
    money = {walk.flow: [question for question, _ in walk.steps] for walk in MONEY_WALKS}
    walked = {name: [question for question, _ in walk] for name, walk in WALKS.items()} | money
    every = {
        name: [q.name for q in flow.questions if q.name not in SOMETIMES.get(name, ())]
        for name, flow in ALL_FLOWS.items()
    }
    assert {name: names for name, names in every.items() if name not in UNWALKED} == walked
    assert {name: set(every[name]) for name in UNWALKED} == UNWALKED


@pytest.mark.parametrize(
    ("walk", "question", "word"),
    [(walk, question, CANCEL[place % len(CANCEL)])
     for walk in MONEY_WALKS for place, (question, _) in enumerate(walk.steps)],
)  # fmt: skip
def test_cancel_ends_what_is_said_about_money_at_any_question(
    client: FlaskClient, company: TestCompany, walk: Walk, question: str, word: str
) -> None:
    speaker = person(client, company, walk.prepare)
    tap(speaker, f"flow:{walk.flow}")
    for name, answer in walk.steps:
        assert state_of(company)["flow"]["asked"] == name
        if name == question:
            break
        tap(speaker, f"a:{walk.flow}:1:{name}:{answer}")
    assert set(choices(speaker.says(word)).values()) == {"menu"}
    assert not {"flow", "parked"} & set(state_of(company))


def state_of(company: TestCompany) -> dict[str, Any]:
    with company_session(company.id) as session:
        return session.scalars(select(Conversation)).one().state


def customer_at(client: FlaskClient, company: TestCompany, flow: str, question: str) -> Phone:
    """A customer of whom the flow's question has just been asked."""
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, phone)
    person = Phone(client, company, phone)
    tap(person, f"flow:{flow}")
    for name, answer in WALKS[flow]:
        assert state_of(company)["flow"]["asked"] == name
        if name == question:
            break
        if person.last.kind == "text":
            person.says(answer)
        else:
            tap(person, f"a:{flow}:1:{name}:{answer}")
    return person


@pytest.mark.parametrize("word", CANCEL)
@pytest.mark.parametrize(("flow", "question"), STATIONS)
def test_cancel_ends_the_flow_at_any_question(
    client: FlaskClient, company: TestCompany, flow: str, question: str, word: str
) -> None:
    person = customer_at(client, company, flow, question)
    answer = person.says(word)
    assert set(choices(answer).values()) == {"menu"}
    assert not {"flow", "parked"} & set(state_of(company))
    assert "resume" not in choices(person.says("what is my balance")).values()


@pytest.mark.parametrize("word", MENU)
@pytest.mark.parametrize(("flow", "question"), STATIONS)
def test_menu_and_help_open_the_menu_and_the_flow_goes_on_afterwards(
    client: FlaskClient, company: TestCompany, flow: str, question: str, word: str
) -> None:
    person = customer_at(client, company, flow, question)
    asked = state_of(company)["flow"]
    assert {"balance", "human"} <= set(choices(person.says(word)).values())
    assert state_of(company)["parked"] == asked
    tap(person, "balance")
    assert "resume" in choices(person.says("what is my balance")).values()
    tap(person, "resume")
    assert {**state_of(company)["flow"], "asked_at": None} == {**asked, "asked_at": None}


@pytest.mark.parametrize("word", [*CANCEL, *MENU])
@pytest.mark.parametrize("role", ["customer", "prospect", "technician", "recovery_agent", "manager", "owner"])
def test_the_words_work_in_every_role_outside_a_flow(
    client: FlaskClient, company: TestCompany, role: str, word: str
) -> None:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        if role == "customer":
            customer_who_owes(session, company, phone)
        elif role != "prospect":
            make_staff(session, company, role=role, phone=phone)
    answer = Phone(client, company, phone).says(word)
    offered = set(choices(answer).values())
    assert offered == {"menu"} if word in CANCEL else offered and "menu" not in offered


@pytest.mark.parametrize("word", ["language", "stop", "human"])
@pytest.mark.parametrize("role", ["customer", "prospect", "technician", "recovery_agent", "manager", "owner"])
def test_language_opt_out_and_a_person_are_there_for_every_role(
    client: FlaskClient, company: TestCompany, role: str, word: str
) -> None:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        if role == "customer":
            customer_who_owes(session, company, phone)
        elif role != "prospect":
            make_staff(session, company, role=role, phone=phone)
    answer = Phone(client, company, phone).says(word).text
    assert {"language": "language", "stop": "no more notices", "human": ""}[word] in answer
    assert "did not understand" not in answer and "Did you mean" not in answer


def test_a_long_answer_that_speaks_of_cancelling_is_an_answer(client: FlaskClient, company: TestCompany) -> None:
    person = customer_at(client, company, "file_complaint", "detail")
    person.says("please cancel it because the man you sent never came to my house")
    assert state_of(company)["flow"]["asked"] == "photo"
