"""A picture, voice note or location that came before it was said what it is for, kept until that is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.dialog import Chat, Flow, Photo
from bot.engine import QUESTION_LIFE, Progress
from bot.inbound import IncomingMessage, Media
from bot.questions import Place
from bot.understanding.hints import gives

State = dict[str, Any]


def keep_file(state: State, message: IncomingMessage, now: datetime, *, not_for: str = "") -> None:
    """Remember what the message brought, in place of what was remembered before; `not_for` has it already."""
    if message.type == "sticker":
        return
    kept: State = {"at": now.isoformat(), "type": message.type, "not_for": not_for}
    if message.media is not None:
        media = message.media
        state["file"] = kept | {"media": [media.media_id, media.mime_type, media.filename, media.sha256]}
    elif message.place is not None:
        state["file"] = kept | {"place": [str(degrees) for degrees in message.place]}


def is_kept(state: State, now: datetime) -> bool:
    """Whether something waits for its purpose; what has waited longer than a question does is forgotten."""
    kept = state.get("file")
    if kept and now - datetime.fromisoformat(kept["at"]) > QUESTION_LIFE:
        del state["file"]
    return "file" in state


def is_picture_kept(state: State, now: datetime) -> bool:
    return is_kept(state, now) and state["file"]["type"] in ("image", "video", "document")


def drop_file(state: State) -> None:
    state.pop("file", None)


def takes_files(flow: Flow) -> bool:
    """Whether one of its questions is answered by a file or a location."""
    return any(isinstance(question, Photo | Place) for question in flow.questions)


def with_file(chat: Chat, state: State, flow: str = "") -> Chat:
    """The chat as if what is kept had come with this message; unchanged where it brings its own, or nothing is kept."""
    brings = chat.message.media is not None or chat.message.place is not None
    if brings or not is_kept(state, chat.now) or (flow and state["file"]["not_for"] == flow):
        return chat
    kept = state["file"]
    message = replace(chat.message, type=kept["type"])
    if "media" in kept:
        return replace(chat, message=replace(message, media=Media(*kept["media"])))
    latitude, longitude = kept["place"]
    return replace(chat, message=replace(message, raw={"location": {"latitude": latitude, "longitude": longitude}}))


def note_use(state: State, chat: Chat, flow: Flow, progress: Progress) -> None:
    """Forget what is kept once a question of the flow has been answered with it."""
    answers = progress["answers"]
    used = any(isinstance(each, Photo | Place) and answers.get(each.name) is not None for each in flow.questions)
    if used and (chat.message.media is not None or chat.message.place is not None):
        drop_file(state)


SAID_MAX = 8
"""More words than these say what they want themselves."""
PURPOSES = {"proof": "claim_payment", "fault": "file_complaint"}
"""Hints that tell what a picture shows, and the flow that takes it."""


def purpose_of(text: str) -> str | None:
    """The flow that a few words name for what is kept: "payment ki rasid hai"; None where they name none or both."""
    if not 0 < len(text.split()) <= SAID_MAX:
        return None
    named = [flow for hint, flow in PURPOSES.items() if gives(text, hint)]
    return named[0] if len(named) == 1 else None
