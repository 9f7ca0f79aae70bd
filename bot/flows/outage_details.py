"""A manager tells what is known of an outage, as its customers will read it: the cause, and when it will be over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.dialog import Answers, Chat, Choose, Confirm, Flow, Option, Text
from bot.handlers.outages import LIST, card
from bot.texts.reply import Button, Reply, Saying, lines, verbatim, words
from core.crm.coverage import areas_with_zones
from core.crm.models import SubZone
from core.errors import NotFound
from core.ids import Id
from core.network.outages import OutageOver, OutageRunning, open_outage, outages_running
from core.usecases.confirm_outage import confirm_outage

UNKNOWN = "unknown"
HOURS = {"1": words("1 hour"), "2": words("2 hours"), "4": words("4 hours"), "8": words("8 hours"),
         "24": words("A day"), UNKNOWN: words("Not known yet")}  # fmt: skip


CAUSE = Text(
    "cause", lambda *_: words("What is the cause? Customers read it as you write it."), max_length=200
)  # fmt: skip
HOW_LONG = Choose(
    "hours", lambda *_: words("How long will it take from now?"),
    lambda *_: [Option(value, name) for value, name in HOURS.items()],
)  # fmt: skip


def _until(chat: Chat, answers: Answers) -> datetime | None:
    return None if answers.hours == UNKNOWN else chat.now + timedelta(hours=int(answers.hours))


def running(chat: Chat, _answers: Answers) -> Sequence[Option]:
    found = chat.once("outages", lambda: outages_running(chat.session))
    return [Option(str(each.outage.id), verbatim(", ".join(each.zones))) for each in found]


def any_running(chat: Chat, answers: Answers) -> bool:
    return bool(running(chat, answers))


def finish(chat: Chat, answers: Answers) -> Reply:
    if answers.outage is None:
        return Reply(words("No outage is known at the moment."), buttons=(LIST,))
    confirm_outage(
        chat.session, outage_id=Id(answers.outage), confirmed_by=chat.speaker.actor, now=chat.now,
        cause=answers.cause, expected_end=_until(chat, answers),
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
        replace(CAUSE, when=any_running),
        replace(HOW_LONG, when=any_running),
    ],
    finish=finish,
    refused={OutageOver: over, NotFound: over},
    needs_account=False,
)  # fmt: skip


def areas(chat: Chat, _answers: Answers) -> Sequence[Option]:
    found = chat.once("areas", lambda: areas_with_zones(chat.session))
    return [Option(str(area.id), verbatim(area.name)) for area in found]


def zones(chat: Chat, answers: Answers) -> Sequence[Option]:
    found = chat.once("areas", lambda: areas_with_zones(chat.session))
    chosen = [zone for area, inside in found.items() for zone in inside if str(area.id) == answers.area]
    return [Option(str(zone.id), verbatim(zone.name)) for zone in chosen]


def open_summary(chat: Chat, answers: Answers) -> Saying:
    until = _until(chat, answers)
    zone = chat.session.get(SubZone, Id(answers.zone))
    return lines(
        words("Shall I open this outage? Its customers hear of it at once."),
        words("Place: *%(place)s*", place=verbatim(zone.name if zone else "")),
        words("Cause: %(cause)s", cause=answers.cause),
        words("Expected back: *%(until)s*", until=until.astimezone(chat.zone)) if until else None,
    )


def finish_open(chat: Chat, answers: Answers) -> Reply:
    if not answers.confirmed:
        return Reply(words("All right, nothing was changed."), buttons=(LIST,))
    outage = open_outage(
        chat.session, sub_zone_ids=[Id(answers.zone)], opened_by=chat.speaker.actor, now=chat.now, cause=answers.cause
    )
    _, told = confirm_outage(
        chat.session, outage_id=outage.id, confirmed_by=chat.speaker.actor, now=chat.now,
        expected_end=_until(chat, answers),
    )  # fmt: skip
    more = Button(f"outage_card:{outage.id}", words("Details"))
    return Reply(words("The outage is open. %(count)s customers hear it.", count=told), buttons=(more, LIST))


def runs_already(refusal: OutageRunning) -> Reply:
    more = Button(f"outage_card:{refusal.outage.id}", words("Details"))
    return Reply(words("An outage runs there already."), buttons=(more, LIST))


opening = Flow(
    name="open_outage",
    intent="",
    permission="chat.outages",
    title=words("a new outage"),
    questions=[
        Choose("area", lambda *_: words("In which area is the internet off?"), areas),
        Choose("zone", lambda *_: words("In which sub-zone?"), zones),
        CAUSE,
        HOW_LONG,
        Confirm("confirmed", open_summary),
    ],
    finish=finish_open,
    refused={OutageRunning: runs_already},
    needs_account=False,
)
