"""Which of his cases an agent means: by number, by a name that only one of them has, or from the list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.dialog import Answers, Ask, Chat, Choose, Option
from bot.texts.reply import verbatim, words
from bot.understanding.folding import fold
from bot.understanding.transliteration import is_urdu_letter, skeleton, to_roman
from core.ids import Id
from core.recovery.worklist import WorkItem, worklist

CASES_MAX = 1000
NAME_MIN = 3


def own_cases(chat: Chat) -> Sequence[WorkItem]:
    """All open cases of the agent who writes, in the order of his worklist."""
    agent_id = chat.speaker.staff_id
    assert agent_id is not None
    return chat.once(
        f"cases:{agent_id}",
        lambda: worklist(
            chat.session, agent_id=agent_id, today=chat.today, here=chat.here, everything=True, limit=CASES_MAX
        ),
    )  # fmt: skip


def own_case_numbered(chat: Chat, number: str | None) -> WorkItem | None:
    """The agent's open case of that customer number."""
    return next((case for case in own_cases(chat) if case.number == number), None)


def customer_of(chat: Chat, number: str | None) -> Id | None:
    """The customer of the agent's open case; None for a number that is not among them."""
    case = own_case_numbered(chat, number)
    return case.customer_id if case else None


def case_named(chat: Chat) -> str | None:
    """The number of the agent's one case that the message names, by number or by name."""
    number = chat.understood.entities.get("customer_no")
    if number is not None:
        return str(number)
    said = fold(chat.message.text).split()
    plain, heard = set(said), {_heard(word) for word in said if is_urdu_letter(word[0])}
    named = [case.number for case in own_cases(chat) if _is_called(case.name, plain, heard)]
    return named[0] if len(named) == 1 else None


def _is_called(name: str, plain: set[str], heard: set[str]) -> bool:
    """Whether a word of the name is there as it is written, or in Urdu script by what one hears of it."""
    parts = [part for part in fold(name).split() if len(part) >= NAME_MIN]
    return any(part in plain or (len(_heard(part)) >= NAME_MIN and _heard(part) in heard) for part in parts)


def _heard(word: str) -> str:
    return skeleton(to_roman(word) if is_urdu_letter(word[0]) else word)


def case_options(chat: Chat, _answers: Answers) -> Sequence[Option]:
    return [
        Option(
            case.number, verbatim(case.name),
            words("%(number)s, %(amount)s, %(days)s days", number=case.number, amount=case.amount, days=case.days),
        )
        for case in own_cases(chat)
    ]  # fmt: skip


@dataclass(frozen=True)
class OwnCase(Choose):
    """One of the agent's open cases."""

    saying: Ask = lambda *_: words("Which customer?")
    options: Any = case_options

    def given(self, chat: Chat) -> Any:
        return case_named(chat)

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        named = tapped or case_named(chat)
        return super().read(chat, answers, named)


CHANNELS = {"call": words("Call"), "visit": words("Visit"), "chat": words("Chat")}
SAID_AS = {
    "call": "call", "called": "call", "phone": "call", "fone": "call", "kaal": "call", "کال": "call", "فون": "call",
    "visit": "visit", "visited": "visit", "mulaqat": "visit", "milne": "visit", "mila": "visit", "ملاقات": "visit",
    "ملا": "visit", "chat": "chat", "whatsapp": "chat", "message": "chat", "msg": "chat", "چیٹ": "chat",
    "واٹس": "chat", "میسج": "chat",
}  # fmt: skip
"""Words by which agents say how they reached somebody."""


def channels(_chat: Chat, _answers: Answers) -> Sequence[Option]:
    return [Option(value, name) for value, name in CHANNELS.items()]


@dataclass(frozen=True)
class Channel(Choose):
    """How the agent reached the customer, as he says it himself or from the list."""

    options: Any = channels

    def given(self, chat: Chat) -> Any:
        heard = {SAID_AS[word] for word in fold(chat.message.text).split() if word in SAID_AS}
        return heard.pop() if len(heard) == 1 else None

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        return super().read(chat, answers, tapped or self.given(chat))
