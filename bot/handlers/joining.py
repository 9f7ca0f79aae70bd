"""An employee types the code of his invitation."""

from __future__ import annotations

from bot.dialog import Chat
from bot.texts.reply import Button, Reply, words
from bot.understanding.folding import normalise
from core.crm.joining import invite_code, join_staff

MENU = Button("menu", words("Menu"))


def typed_invite(chat: Chat) -> Reply | None:
    """The answer to a code of an invitation; None for what looks like none."""
    code = invite_code(normalise(chat.message.text))
    if code is None:
        return None
    staff = join_staff(chat.session, contact_id=chat.speaker.contact_id, code=code, now=chat.now)
    if staff is None:
        return Reply(words("This code is not valid. Please ask your office for a new one."), buttons=(MENU,))
    return Reply(words("Welcome %(name)s! This number is yours for work now.", name=staff.name), buttons=(MENU,))
