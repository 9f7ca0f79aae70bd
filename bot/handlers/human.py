"""A person is asked for: from here on people answer in this chat, and the bot keeps quiet."""

from __future__ import annotations

from bot.desk.notices import tell_office
from bot.dialog import Chat
from bot.handlers.registry import Handler
from bot.secrecy import names_card
from bot.texts.reply import Button, Reply, Saying, lines, verbatim, words
from core.crm.desk import answer_due, desk_settings, opens_at
from core.crm.masking import mask_cnic
from core.messaging.human import conversation_with, hand_over
from core.messaging.models import Conversation
from core.service_desk.tickets import TicketAlreadyOpen, add_note, open_ticket
from core.usecases.desk_talk import CARD, name_of
from core.usecases.inbox import CHAT_FILE
from core.usecases.save_media import save_media

BACK = Button("menu", words("Back to the menu"))


def human(chat: Chat, _: str) -> Reply:
    """Puts the chat before the office; a customer's wish is a ticket as well, which a second one joins."""
    settings, zone = desk_settings(chat.session), chat.company.timezone
    conversation = conversation_with(
        chat.session, contact_id=chat.speaker.contact_id, business_number_id=chat.business_number_id
    )
    hand_over(
        chat.session, conversation=conversation, by=chat.speaker.actor, now=chat.now,
        due_at=answer_due(settings, chat.now, zone),
    )  # fmt: skip
    if conversation.human_staff_id is None:
        _call_office(chat, conversation)
    opens = opens_at(settings, chat.now, zone)
    said = (
        words("A person of our team will answer you here soon. Write what it is about.")
        if opens is None
        else words("Our office is closed now. A person will answer you here from %(when)s. Write what it is about.",
                   when=opens.astimezone(chat.zone))
    )  # fmt: skip
    return Reply(lines(said, _reference(chat)), buttons=(BACK,))


def _call_office(chat: Chat, conversation: Conversation) -> None:
    """The request as a card to every manager and owner, once a hand-over; an answer to it takes the chat."""
    assert conversation.human_since is not None
    who = name_of(chat.session, conversation.contact_id)
    body = lines(
        words("*%(who)s* asks for a person.", who=who),
        verbatim(f"> {mask_cnic(chat.message.text)[:300]}") if chat.message.text else None,
        words("Take the chat, or answer this message."),
    )
    take = Button(f"chat_take:{conversation.id}", words("Take the chat"))
    tell_office(
        chat.session, reply=Reply(body, buttons=(take,)), now=chat.now,
        dedupe_key=f"{CARD}:{conversation.id}:{conversation.human_since.isoformat()}",
    )  # fmt: skip


def show_file(chat: Chat) -> None:
    """A file that came while people answer goes to the vault, so that they can see it; an identity card does not."""
    media = chat.message.media
    if media is None or names_card(chat.message.text):
        return
    account = chat.speaker.account
    save_media(
        chat.session, company_id=chat.company.id, business_number_id=chat.business_number_id,
        contact_id=chat.speaker.contact_id, customer_id=account.customer_id if account else None,
        media_id=media.media_id, mime_type=media.mime_type, filename=media.filename, kind=CHAT_FILE, now=chat.now,
    )  # fmt: skip


def _reference(chat: Chat) -> Saying | None:
    if chat.speaker.account is None:
        return None
    asked = mask_cnic(chat.message.text)
    try:
        with chat.session.begin_nested():
            ticket = open_ticket(
                chat.session, customer_id=chat.account.customer_id, category="other", priority="high",
                description=asked or "asks to talk to a person", opened_by=chat.speaker.actor, now=chat.now,
            )  # fmt: skip
    except TicketAlreadyOpen as running:
        ticket = running.ticket
        add_note(
            chat.session, ticket_id=ticket.id, author=chat.speaker.actor, public=False,
            body=asked or "asks to talk to a person again",
        )  # fmt: skip
    return words("Your reference is *%(ticket)s*.", ticket=ticket.number)


HANDLERS = (Handler("human", ("human",), "chat.human", human),)
