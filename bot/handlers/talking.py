"""A manager takes a customer's chat on his own phone; what he then writes goes there, see `bot.talking`."""

from __future__ import annotations

from datetime import datetime

from bot.dialog import ROWS_MAX, Chat
from bot.handlers.office import customers_meant
from bot.handlers.registry import Handler
from bot.texts.reply import Button, Reply, Row, Saying, lines, verbatim, words
from core.crm.masking import mask_cnic
from core.errors import NotFound
from core.ids import Id
from core.messaging.human import TakenByOther
from core.usecases.desk_talk import (
    Talk,
    chat_of_customer,
    last_words,
    leave_chats,
    take_chat,
    talks_of,
)
from core.usecases.inbox import list_inbox

CHATS = Button("chats", words("Chats"))
MENU = Button("menu", words("Menu"))
LEAVE = Button("chat_leave", words("Stop talking"))
SHOWN_MAX = 60


def back_button(conversation_id: Id) -> Button:
    """Gives the chat to the assistant again; `bot.talking` answers it."""
    return Button(f"chat_back:{conversation_id}", words("Hand back"))


def left(closes_at: datetime | None, now: datetime) -> Saying:
    """How long WhatsApp still takes free words to the customer."""
    minutes = int((closes_at - now).total_seconds() // 60) if closes_at else 0
    if minutes <= 0:
        return words("His last message is more than 24 hours old: WhatsApp takes no free words to him any more.")
    return words("You can write for %(hours)s h %(minutes)s min more.", hours=minutes // 60, minutes=minutes % 60)


def chats(chat: Chat, _: str) -> Reply:
    """Who waits for a person, and whose chat somebody has."""
    listed = list_inbox(chat.session, only_people=True)
    if not listed:
        return Reply(words("Nobody waits for a person."), buttons=(MENU,))
    rows = tuple(
        Row(f"chat_take:{row.conversation_id}", verbatim(row.account or row.name or row.phone or "?"),
            words("%(who)s has it", who=row.staff_name)
            if row.staff_name
            else verbatim(mask_cnic(row.last_words)[:SHOWN_MAX]))
        for row in listed[:ROWS_MAX]
    )  # fmt: skip
    return Reply(words("Chats with people:"), rows=rows, list_button=words("Choose"))


def take(chat: Chat, key: str) -> Reply:
    """The chat that a card or the list carries, where nobody else has it."""
    try:
        conversation_id = Id(key)
    except ValueError:
        return chats(chat, "")
    return taken(chat, conversation_id)


def taken(chat: Chat, conversation_id: Id) -> Reply:
    assert chat.speaker.staff_id is not None
    try:
        with chat.session.begin_nested():
            talk = take_chat(
                chat.session, conversation_id=conversation_id, staff_id=chat.speaker.staff_id,
                contact_id=chat.speaker.contact_id, business_number_id=chat.business_number_id,
                actor=chat.speaker.actor, now=chat.now,
            )  # fmt: skip
    except NotFound:
        return Reply(words("There is no such chat."), buttons=(CHATS, MENU))
    except TakenByOther:
        return Reply(words("A colleague has this chat already."), buttons=(CHATS, MENU))
    said = last_words(chat.session, conversation_id=conversation_id)
    body = lines(
        words("You talk to *%(who)s* now. What you write goes to him in the company's name.", who=talk.who),
        *(verbatim(f"> {mask_cnic(each)[:200]}") for each in said),
        left(talk.closes_at, chat.now),
        words("Write BACK to give the chat to the assistant, STOP to write to me again."),
    )
    return Reply(body, buttons=(back_button(conversation_id), LEAVE))


def talk_to(chat: Chat, number: str) -> Reply:
    """The chat of the customer that is named, else who waits."""
    found = customers_meant(chat, number)
    if len(found) > 1:
        rows = tuple(Row(f"talk_to:{each.number}", verbatim(each.name), verbatim(each.number)) for each in found)
        return Reply(words("Which customer?"), rows=rows, list_button=words("Choose"))
    if not found:
        return chats(chat, "")
    conversation_id = chat_of_customer(chat.session, customer_id=found[0].id)
    if conversation_id is None:
        return Reply(words("%(who)s never wrote to us here.", who=found[0].name), buttons=(CHATS, MENU))
    return taken(chat, conversation_id)


def leave(chat: Chat, _: str) -> Reply:
    """He writes to the assistant again; the chat stays his, and the customer's words still come."""
    assert chat.speaker.staff_id is not None
    mine = talks_of(chat.session, staff_id=chat.speaker.staff_id)
    leave_chats(chat.session, staff_id=chat.speaker.staff_id)
    return Reply(
        words("All right, I listen to you again. To answer a customer, quote his message."),
        buttons=(*(back_button(talk.conversation_id) for talk in mine[:1]), CHATS, MENU),
    )


def spoken_to(mine: list[Talk], conversation_id: Id | None) -> Talk | None:
    """The chat meant: the quoted one, else the one he speaks in."""
    if conversation_id is not None:
        return next((talk for talk in mine if talk.conversation_id == conversation_id), None)
    return next((talk for talk in mine if talk.speaking), None)


HANDLERS = (
    Handler("chats", (), "inbox.answer", chats),
    Handler("chat_take", (), "inbox.answer", take),
    Handler("chat_leave", (), "inbox.answer", leave),
    Handler("talk_to", ("talk_to",), "inbox.answer", talk_to),
)
