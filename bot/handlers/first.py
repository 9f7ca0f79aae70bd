"""What a message may be before it is anything else: a code that is awaited, or an identity card."""

from __future__ import annotations

from bot.dialog import Chat
from bot.handlers.joining import typed_invite
from bot.handlers.linking import typed_code
from bot.handlers.papers import card_in_photo, card_reply
from bot.texts.reply import Reply


def code_reply(chat: Chat, *, in_flow: bool) -> Reply | None:
    """The answer to a code that is awaited; in the middle of a flow whatever looks like one answers its question."""
    if chat.message.action is not None or not chat.message.text:
        return None
    return None if in_flow else typed_invite(chat) or typed_code(chat)


def photo_reply(chat: Chat) -> Reply | None:
    """The answer to a picture of an identity card that no question asked for."""
    return card_reply(chat) if card_in_photo(chat) else None
