"""Who writes in anger: his wish is read without it, and the answer begins with one short apology."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.dialog import Chat
from bot.speaker import understood_in
from bot.texts.reply import Reply, lines, words
from bot.understanding import SURE
from bot.understanding.hints import gives, without

ANGRY = "angry"
SORRY_AGAIN_AFTER = timedelta(minutes=10)
"""He hears that we are sorry, but not with every line."""


def calmed(chat: Chat) -> Chat:
    """The chat as it would be without the anger in it, where that tells the wish better."""
    if chat.understood.confidence >= SURE or not gives(chat.message.text, ANGRY):
        return chat
    calm = understood_in(chat.speaker.role, without(chat.message.text, ANGRY), chat.today)
    if calm.confidence <= chat.understood.confidence:
        return chat
    return replace(chat, understood=replace(calm, entities={**chat.understood.entities, **calm.entities}))


def soothed(chat: Chat, state: dict[str, Any], reply: Reply) -> Reply:
    """The reply, with an apology in front; remembers in `state` that it was said."""
    if chat.speaker.staff_id is not None or chat.message.action is not None or not gives(chat.message.text, ANGRY):
        return reply
    last = state.get("sorry_at")
    if last and chat.now - datetime.fromisoformat(last) < SORRY_AGAIN_AFTER:
        return reply
    state["sorry_at"] = chat.now.isoformat()
    first, *others = reply.all
    sorry = replace(first, body=lines(words("We are sorry for the trouble you have."), first.body))
    return replace(reply, before=(sorry, *others[:-1])) if others else sorry
