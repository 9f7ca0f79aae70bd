"""What the reader owes on messages it was not taught, and on any text at all."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.understanding import EXACT, SURE, UnknownRole, explain, fold, understand
from bot.understanding.exam import Answer, examine, share
from bot.understanding.intents import ROLES
from bot.understanding.lexicon import word_table
from bot.understanding.numerals import read_number, small_numbers, tokens_of

TODAY = date(2026, 12, 9)
TEXTS = st.one_of(
    st.text(max_size=200),
    st.text(alphabet="abdehiklmnoprstu 0123456789-/.,'؟نیٹبلہے۲۵😡", max_size=80),
    st.lists(
        st.sampled_from(
            [
                "bill",
                "kal",
                "net",
                "2500",
                "nahi",
                "J-311",
                "jumma",
                "ko",
                "do",
                "hazar",
                "-27",
                "T-1042",
                "\u202e",
                "10/12",
                "۲۵",
                "بل",
            ]
        )
    ).map(" ".join),
)


@pytest.fixture(scope="module")
def answers() -> list[Answer]:
    return examine()


def test_three_of_four_messages_of_families_it_never_saw_are_understood(answers: list[Answer]) -> None:
    """Far harder than its work: here every thought is new to it."""
    assert share(answers, (answer.is_right for answer in answers)) >= 0.75


@pytest.mark.parametrize("role", ["customer", "prospect", "technician", "recovery_agent", "manager"])
def test_no_role_is_understood_much_worse(answers: list[Answer], role: str) -> None:
    own = [answer for answer in answers if answer.line.role == role]
    assert share(own, (answer.is_right for answer in own)) >= 0.70


def test_it_is_seldom_sure_of_the_wrong_wish(answers: list[Answer]) -> None:
    assert share(answers, (answer.is_sure and not answer.is_right for answer in answers)) <= 0.022
    assert share(answers, (answer.is_sure for answer in answers)) >= 0.48


def test_amounts_and_days_are_read_where_they_are_written(answers: list[Answer]) -> None:
    named = [answer for answer in answers if {"amount", "date"} & dict(answer.line.entities).keys()]
    assert share(named, (not answer.missed("amount", "date") for answer in named)) >= 0.92


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.sampled_from(sorted(ROLES)))
def test_any_text_gets_a_wish_of_its_role(text: str, role: str) -> None:
    said = understand(text, role, TODAY)
    assert said.intent in ROLES[role]
    assert 0 <= said.confidence <= 1
    assert all(intent in ROLES[role] and intent != said.intent for intent, _ in said.alternatives)
    assert understand(text, role, TODAY) == said


@settings(deadline=None)
@given(TEXTS)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@settings(deadline=None)
@given(TEXTS, st.sampled_from(sorted(ROLES)))
def test_no_amount_comes_from_a_text_without_a_number(text: str, role: str) -> None:
    tokens = tokens_of(text.casefold())
    if not any(c.isdecimal() for c in text) and not any(read_number(tokens, at) for at in range(len(tokens))):
        assert "amount" not in understand(text, role, TODAY).entities


@pytest.mark.parametrize("text", ["", "   ", "?", "...", "🙂", "\n", "🙈🙈"])
def test_a_message_without_words_is_acted_on_by_nobody(text: str) -> None:
    assert understand(text, "customer", TODAY).intent in ("unclear", "out_of_scope", "thanks")


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("balance", "balance"),
        ("menu", "menu"),
        ("مینو", "menu"),
        ("cancel", "cancel"),
        ("kisi insan se baat karni hai", "human"),
    ],
)
def test_a_taught_phrase_is_certain(text: str, intent: str) -> None:
    said = understand(text, "customer", TODAY)
    assert (said.intent, said.confidence) == (intent, EXACT)


@pytest.mark.parametrize(
    ("text", "intent"),
    [("band nahi karna sirf jagah badalni hai", "relocation"), ("bill nahi, plan badalna hai", "plan_change"),
     ("dont disconnect, just shift my line to the new house", "relocation")],
)  # fmt: skip
def test_what_is_turned_down_is_not_the_wish(text: str, intent: str) -> None:
    assert understand(text, "customer", TODAY).intent == intent


def test_an_unknown_role_is_refused() -> None:
    with pytest.raises(UnknownRole, match="king"):
        understand("bill", "king", TODAY)


def test_the_reasons_of_a_reading_are_words_of_the_message() -> None:
    assert "light" in explain("laal light jal rahi hai wifi nahi chal raha", "customer")
    assert explain("", "customer") == []


def test_entities_of_one_answer_do_not_leak_into_another() -> None:
    understand("2500 bheje", "customer", TODAY).entities["amount"] = 1
    assert understand("2500 bheje", "customer", TODAY).entities["amount"] == 2500


def test_a_number_word_has_one_value_and_a_spelling_one_word() -> None:
    assert small_numbers()["paanch"] == 5
    assert len(word_table("variants")) > 800
    assert SURE < EXACT
