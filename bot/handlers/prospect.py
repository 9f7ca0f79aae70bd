"""What somebody without an account asks; whatever needs one is answered with how to get it linked."""

from __future__ import annotations

from collections.abc import Sequence

from bot.dialog import Chat, Flow
from bot.handlers import account, anyone
from bot.handlers.registry import Handler
from bot.texts.reply import Reply, Row, words


def menu(chat: Chat, _: str) -> Reply:
    body = words(
        "Salam %(name)s! This is %(company)s. How can I help?", name=chat.speaker.name, company=chat.company.name
    )
    rows = (
        Row("plan", words("See plans"), words("Speeds and prices")),
        Row("coverage", words("Is it in my area?"), words("By the area's name or your location")),
        Row("flow:new_connection", words("New connection"), words("Ask for internet at your place")),
        Row("lead_status", words("My request"), words("How far my connection is")),
        Row("flow:link_account", words("Link my account"), words("I am a customer with a new number")),
        Row("language", words("Language"), words("English, Roman Urdu, Urdu")),
        Row("human", words("Talk to a person"), words("Our staff answers you here")),
    )
    return Reply(body, rows=rows, list_button=words("Choose"))


def no_account(chat: Chat, _: str) -> Reply:
    return anyone.no_account(chat)


def handlers(flows: Sequence[Flow]) -> Sequence[Handler]:
    """The menu, what customers may ask without an account, and one answer to all that needs one."""
    closed = [Handler(h.name, h.intents, "chat.menu", no_account) for h in account.HANDLERS if h.needs_account]
    closed += [Handler(f"flow:{f.name}", (f.intent,), "chat.menu", no_account) for f in flows if f.needs_account]
    open_ = [handler for handler in account.HANDLERS if not handler.needs_account and handler.name != "menu"]
    return (Handler("menu", ("menu",), "chat.menu", menu), *open_, *closed)
