"""Codes and taps about who may see an account."""

from __future__ import annotations

import re

from bot.desk.linking import tell_of_link
from bot.dialog import Chat
from bot.handlers.registry import Handler
from bot.questions import hide
from bot.texts.reply import Button, Reply, words
from bot.understanding.folding import normalise
from core.crm.linking import (
    LinkNotUndoable,
    NoLinkRequest,
    awaits_code,
    enter_code,
    object_to_link,
)
from core.ids import Id
from core.service_desk.tickets import TicketAlreadyOpen, add_note, open_ticket

MENU = Button("menu", words("Menu"))
LINK = Button("flow:link_account", words("Link my account"))
NO_OLD_NUMBER = Button("flow:link_by_office", words("I lost that number"))
NO_CODE = "000000"
"""What stands for a typed code in the record; another person could still use the real one."""
_CODE = re.compile(r"\d{3}[\s-]?\d{3}")


def typed_code(chat: Chat) -> Reply | None:
    """The answer to six digits that a person with an open request typed; None where they mean something else."""
    written = normalise(chat.message.text).strip()
    if not _CODE.fullmatch(written) or not awaits_code(chat.session, contact_id=chat.speaker.contact_id, now=chat.now):
        return None
    code = re.sub(r"\D", "", written)
    try:
        entered = enter_code(chat.session, contact_id=chat.speaker.contact_id, code=code, now=chat.now)
    except NoLinkRequest:
        return None
    hide(chat, NO_CODE)
    if entered.outcome == "linked":
        tell_of_link(chat.session, request=entered.request, now=chat.now)
        return Reply(
            words("Account *%(number)s* is linked to this number now. You can ask me about it.",
                  number=entered.request.wanted),
            buttons=(MENU,),
        )  # fmt: skip
    again = Button(f"flow:link_account:{entered.request.wanted}", words("Send again"))
    if entered.outcome == "over":
        return Reply(words("This code is not valid any more."), buttons=(again, NO_OLD_NUMBER, MENU))
    return Reply(
        words("This code is not right. You have %(count)s tries left.", count=entered.left),
        buttons=(again, NO_OLD_NUMBER, MENU),
    )


def deny(chat: Chat, request_id: str) -> Reply:
    """A holder of the account says that he does not know who asked: no code, no link, and the office looks into it."""
    try:
        with chat.session.begin_nested():
            request = object_to_link(
                chat.session, request_id=Id(request_id), contact_id=chat.speaker.contact_id, now=chat.now
            )
    except (LinkNotUndoable, ValueError):
        return Reply(words("There is nothing to undo any more."), buttons=(MENU,))
    assert request.customer_id is not None
    what = f"A stranger was {'let into' if request.state == 'undone' else 'turned away from'} account {request.wanted}"
    number = _report(chat, request.customer_id, f"{what}: a person of the account does not know him")
    return Reply(
        words("Thank you. That number does not see account %(account)s. We look into it: *%(ticket)s*.",
              account=request.wanted, ticket=number),
        buttons=(MENU,),
    )  # fmt: skip


def _report(chat: Chat, customer_id: Id, what: str) -> str:
    try:
        with chat.session.begin_nested():
            return open_ticket(
                chat.session, customer_id=customer_id, category="other", priority="high", description=what,
                opened_by=chat.speaker.actor, now=chat.now,
            ).number  # fmt: skip
    except TicketAlreadyOpen as running:
        add_note(chat.session, ticket_id=running.ticket.id, author=chat.speaker.actor, public=False, body=what)
        return running.ticket.number


HANDLERS = (
    Handler("link.deny", (), "chat.menu", deny),
    Handler("link.undo", (), "chat.menu", deny),
)
