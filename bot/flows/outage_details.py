"""A manager tells what is known of an outage, as its customers will read it: the cause, and when it will be over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from bot.dialog import Answers, Chat, Choose, Flow, Option, Text
from bot.handlers.outages import LIST, card
from bot.texts.reply import Button, Reply, verbatim, words
from core.errors import NotFound
from core.ids import Id
from core.network.outages import OutageOver, confirm_outage, outages_running

UNKNOWN = "unknown"
HOURS = {"1": words("1 hour"), "2": words("2 hours"), "4": words("4 hours"), "8": words("8 hours"),
         "24": words("A day"), UNKNOWN: words("Not known yet")}  # fmt: skip


def running(chat: Chat, _answers: Answers) -> Sequence[Option]:
    found = chat.once("outages", lambda: outages_running(chat.session))
    return [Option(str(each.outage.id), verbatim(", ".join(each.zones))) for each in found]


def any_running(chat: Chat, answers: Answers) -> bool:
    return bool(running(chat, answers))


def finish(chat: Chat, answers: Answers) -> Reply:
    if answers.outage is None:
        return Reply(words("No outage is known at the moment."), buttons=(LIST,))
    until = None if answers.hours == UNKNOWN else chat.now + timedelta(hours=int(answers.hours))
    confirm_outage(
        chat.session, outage_id=Id(answers.outage), confirmed_by=chat.speaker.actor, cause=answers.cause,
        expected_end=until,
    )  # fmt: skip
    return card(chat, answers.outage)


def over(_refusal: Any) -> Reply:
    return Reply(words("This outage is over by now."), buttons=(LIST, Button("menu", words("Menu"))))


flow = Flow(
    name="outage_details",
    intent="",
    permission="chat.outages",
    title=words("the outage"),
    questions=[
        Choose("outage", lambda *_: words("Which outage?"), running, when=any_running),
        Text("cause", lambda *_: words("What is the cause? Customers read it as you write it."), max_length=200,
             when=any_running),
        Choose(
            "hours", lambda *_: words("How long will it take from now?"),
            lambda *_: [Option(value, name) for value, name in HOURS.items()], when=any_running,
        ),
    ],
    finish=finish,
    refused={OutageOver: over, NotFound: over},
    needs_account=False,
)  # fmt: skip
