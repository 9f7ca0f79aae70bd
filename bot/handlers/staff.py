"""What every employee may say in one turn."""

from __future__ import annotations

from bot.dialog import Chat
from bot.handlers.anyone import MENU
from bot.handlers.registry import Handler
from bot.texts.reply import Reply, words


def office(chat: Chat, _: str) -> Reply:
    return Reply(words("Please call our office: %(phone)s", phone=chat.company.support_phone or "-"), buttons=(MENU,))


def thanks(chat: Chat, _: str) -> Reply:
    return Reply(words("You are welcome!"))


EVERYONE = (
    Handler("human", ("human",), "chat.menu", office),
    Handler("thanks", ("thanks",), "chat.menu", thanks),
)
