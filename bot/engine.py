"""One message through one flow: asks the first question that applies and has no answer, finishes when none is left.

Saved are names only: `{flow, run, asked, answers, asked_at, heard}`; `heard` tells which message each answer came from,
so that words which are changed afterwards are read again. Buttons carry flow, run, question and value, so a
tap for a question that is no longer asked is recognised and never read as an answer to another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.dialog import Answers, Chat, Choose, Confirm, Flow, Photo, Question, Reject, Rupees
from bot.questions import Place
from bot.refusals import explained
from bot.texts.reply import Button, Reply, lines, words
from core.errors import DomainError

log = structlog.get_logger(__name__)

QUESTION_LIFE = timedelta(hours=24)
TAP_PREFIX = "a"

Progress = dict[str, Any]


@dataclass(frozen=True)
class Tap:
    """What a flow's button says: `a:<flow>:<run>:<question>:<value>`."""

    flow: str
    run: int
    question: str
    value: str


@dataclass(frozen=True)
class Step:
    """The engine's answer: what to say and what to keep; `progress` None means the flow is over."""

    reply: Reply
    progress: Progress | None


def parse_tap(action: str) -> Tap | None:
    """The tap behind a button id, or None for an id that no flow made."""
    parts = action.split(":", 4)
    if len(parts) != 5 or parts[0] != TAP_PREFIX or not parts[2].isdecimal():
        return None
    return Tap(parts[1], int(parts[2]), parts[3], parts[4])


def begin(flow: Flow, chat: Chat, *, run: int, now: datetime, about: str = "") -> Step:
    """Start a flow; what the first sentence already told is taken as answers, and what will not do is said to be so.

    `about` comes with the button that starts it, and answers a first question of which it is one of the options.
    """
    progress: Progress = {"flow": flow.name, "run": run, "asked": None, "answers": {}, "asked_at": None}
    refused: dict[str, Reject] = {}
    for question in flow.questions:
        is_first = question is flow.questions[0] and isinstance(question, Choose)
        value = about if about and is_first else question.given(chat)
        try:
            if value is not None and _fits(flow, question, chat, progress, value):
                _remember(progress, question, chat, value)
        except Reject as reject:
            refused[question.name] = reject
    step = proceed(flow, chat, progress, now=now)
    wrong = refused.get(str(step.progress["asked"])) if step.progress else None
    return again(flow, chat, progress, wrong) if wrong else step


def answer(flow: Flow, chat: Chat, progress: Progress, *, tap: Tap | None, now: datetime) -> Step:
    """Read the message as the answer to the question asked, then go on; raises Reject when it is none."""
    asked = flow.question(str(progress.get("asked")))
    if asked is None or not applies(flow, asked, chat, progress):
        return proceed(flow, chat, progress, now=now)
    if tap is not None and (tap.run != progress["run"] or tap.question != asked.name):
        return proceed(flow, chat, progress, now=now)
    value = asked.read(chat, read_all(flow, progress), tap.value if tap else None)
    _remember(progress, asked, chat, value)
    return proceed(flow, chat, progress, now=now)


def take_early(flow: Flow, chat: Chat, progress: Progress) -> bool:
    """Keep a picture that came before it was asked for as the answer to its question; whether there was one."""
    later = [each for each in flow.questions if isinstance(each, Photo) and each.name not in progress["answers"]]
    if chat.message.media is None or not later or later[0].name == progress.get("asked"):
        return False
    value = later[0].given(chat)
    if value is not None:
        _remember(progress, later[0], chat, value)
    return value is not None


def answer_again(flow: Flow, chat: Chat, progress: Progress, *, wamid: str, now: datetime) -> Step | None:
    """Read the present text in place of the message `wamid`, which answered this flow; None where it did not.

    What was answered after it is asked again. Raises Reject when the text is no answer; then its question is open.
    """
    heard = progress.get("heard", {})
    name = next((q.name for q in flow.questions if heard.get(q.name) == wamid), None)
    question = flow.question(name) if name else None
    if question is None:
        return None
    names = [each.name for each in flow.questions]
    for later in names[names.index(question.name) :]:
        progress["answers"].pop(later, None)
        heard.pop(later, None)
    progress["asked"], progress["asked_at"] = question.name, now.isoformat()
    return answer(flow, chat, progress, tap=None, now=now)


def _remember(progress: Progress, question: Question, chat: Chat, value: Any) -> None:
    progress["answers"][question.name] = value
    if chat.message.action is None:
        progress.setdefault("heard", {})[question.name] = chat.message.edits or chat.message.wamid


def proceed(flow: Flow, chat: Chat, progress: Progress, *, now: datetime) -> Step:
    """Ask the next question, or finish."""
    question = next_question(flow, chat, progress)
    while isinstance(question, Choose):
        options = question.options(chat, read_all(flow, progress))
        if len(options) != 1:
            break
        progress["answers"][question.name] = options[0].value
        question = next_question(flow, chat, progress)
    if question is None:
        return Step(_finished(flow, chat, progress), None)
    progress["asked"] = question.name
    progress["asked_at"] = now.isoformat()
    return Step(asking(flow, chat, progress, question), progress)


def again(flow: Flow, chat: Chat, progress: Progress, reject: Reject) -> Step:
    """The same question once more, after saying why the message did not fit."""
    question = flow.question(str(progress.get("asked")))
    if question is None:
        return proceed(flow, chat, progress, now=chat.now)
    reply = asking(flow, chat, progress, question)
    body = lines(reject.saying, reply.body)
    return Step(Reply(body, reply.buttons, reply.rows, reply.list_button), progress)


def asking(flow: Flow, chat: Chat, progress: Progress, question: Question) -> Reply:
    prefix = f"{TAP_PREFIX}:{flow.name}:{progress['run']}:{question.name}:"
    return question.ask(chat, read_all(flow, progress), lambda value: prefix + value)


def is_stale(progress: Progress, now: datetime) -> bool:
    """Whether the question was asked so long ago that a message no longer answers it."""
    asked_at = progress.get("asked_at")
    return not asked_at or now - datetime.fromisoformat(asked_at) > QUESTION_LIFE


def next_question(flow: Flow, chat: Chat, progress: Progress) -> Question | None:
    for question in flow.questions:
        if question.name not in progress["answers"] and applies(flow, question, chat, progress):
            return question
    return None


def applies(flow: Flow, question: Question, chat: Chat, progress: Progress) -> bool:
    return question.when is None or question.when(chat, read_all(flow, progress))


def read_all(flow: Flow, progress: Progress) -> Answers:
    """The answers as the values questions make of them."""
    names = [question.name for question in flow.questions]
    loaded = {
        question.name: question.load(progress["answers"][question.name])
        for question in flow.questions
        if question.name in progress["answers"]
    }
    return Answers(names, loaded)


def wants_free_text(flow: Flow, progress: Progress) -> bool:
    """Whether the question asked takes any words, so that only a clear other wish may interrupt it."""
    question = flow.question(str(progress.get("asked")))
    return question is not None and not isinstance(question, Choose | Confirm | Photo | Place)


def is_answered(flow: Flow, chat: Chat, progress: Progress) -> bool:
    """Whether the message names what the question asked is about, so that it is an answer and no other wish."""
    question = flow.question(str(progress.get("asked")))
    return question is not None and question.given(chat) is not None


def _fits(flow: Flow, question: Question, chat: Chat, progress: Progress, value: Any) -> bool:
    """Whether a value answers the question; raises Reject for an amount that says why it does not."""
    answers = read_all(flow, progress)
    if isinstance(question, Choose):
        return any(option.value == value for option in question.options(chat, answers))
    if isinstance(question, Rupees) and question.check is not None:
        question.check(chat, answers, question.load(value))
    return True


def _finished(flow: Flow, chat: Chat, progress: Progress) -> Reply:
    """The effect, under a savepoint: a refusal leaves nothing half done."""
    try:
        with chat.session.begin_nested():
            return flow.finish(chat, read_all(flow, progress))
    except DomainError as refusal:
        for kind, answered in flow.refused.items():
            if isinstance(refusal, kind):
                return answered(refusal)
        log.warning("refusal_without_words", flow=flow.name, refusal=type(refusal).__name__)
        return Reply(explained(refusal), buttons=(Button("menu", words("Menu")),))
