"""Messages without words: voice notes, stickers, contacts, pictures, places, and what WhatsApp does not hand on."""

from __future__ import annotations

from bot.dialog import Chat, Reject
from bot.handlers.anyone import MENU
from bot.handlers.customer import COMPLAIN, HAVE_PAID
from bot.handlers.registry import Handler
from bot.texts.reply import Button, Reply, Saying, lines, words
from core.service_desk.models import OPEN_STATES, Ticket
from core.service_desk.tickets import add_to_ticket, tickets_of
from core.usecases.save_media import save_media

HUMAN = Button("human", words("Talk to a person"))
OTHER = Button("picture", words("Something else"))
PICTURES = ("image", "video", "document")
SAYINGS: dict[str, Saying] = {
    "audio": words("I cannot listen to voice notes yet. Please write it in a few words."),
    "sticker": words("Thank you! How can I help?"),
    "contacts": words("I cannot use a contact card. If this is about another customer, please write his number."),
    "location": words("Thank you for the location. What is it about?"),
}
UNREADABLE = words("This kind of message does not reach me. Please write it, or send a photo.")


def answer(chat: Chat) -> Reply:
    """What to say to a message without words outside a flow; a picture or place goes to the one open complaint."""
    kind = chat.message.type
    if _may_be_for_complaint(chat):
        running = _only_open(chat)
        return _added(chat, running) if running is not None else _about_what(kind)
    if kind in PICTURES:
        return Reply(words("Thank you for the picture. Please write what it is about."), buttons=(MENU,))
    said = SAYINGS.get(kind, UNREADABLE)
    return Reply(said, buttons=(MENU,) if kind == "sticker" else (HUMAN, MENU))


def is_for_complaint(chat: Chat) -> bool:
    """Whether `answer` has added what came to the one complaint that is open."""
    return _may_be_for_complaint(chat) and _only_open(chat) is not None


def _may_be_for_complaint(chat: Chat) -> bool:
    customer = chat.speaker.account is not None and chat.speaker.role == "customer"
    return customer and (chat.message.type in PICTURES or chat.message.place is not None)


def rejected(chat: Chat, reject: Reject, *, early: bool) -> Reject:
    """In a flow: why the message could not be read comes in the place of what would answer the question.

    `early` where it brought a picture that a later question takes.
    """
    kind = chat.message.type
    if early:
        return Reject(words("Thank you, I have the picture."))
    if chat.message.text or chat.message.action is not None or kind in (*PICTURES, "location"):
        return reject
    return Reject(SAYINGS[kind] if kind in ("audio", "contacts") else UNREADABLE, meant=reject.meant)


def _only_open(chat: Chat) -> Ticket | None:
    mine = tickets_of(chat.session, customer_id=chat.account.customer_id)
    running = [ticket for ticket in mine if ticket.state in OPEN_STATES]
    return running[0] if len(running) == 1 else None


def _about_what(kind: str) -> Reply:
    if kind in PICTURES:
        return Reply(words("Thank you for the picture. What is it about?"), buttons=(HAVE_PAID, COMPLAIN, OTHER))
    return Reply(SAYINGS["location"], buttons=(COMPLAIN, Button("flow:relocate", words("Moving house")), MENU))


def _added(chat: Chat, ticket: Ticket) -> Reply:
    media, documents = chat.message.media, []
    if media is not None:
        document = save_media(
            chat.session, company_id=chat.company.id, business_number_id=chat.business_number_id,
            contact_id=chat.speaker.contact_id, customer_id=chat.account.customer_id, media_id=media.media_id,
            mime_type=media.mime_type, filename=media.filename, kind="complaint", now=chat.now,
        )  # fmt: skip
        documents = [document.id]
    add_to_ticket(
        chat.session, ticket_id=ticket.id, author=chat.speaker.actor, words="", document_ids=documents,
        place=chat.message.place,
    )  # fmt: skip
    body = lines(
        words("Thank you, I have added it to your complaint *%(ticket)s*.", ticket=ticket.number),
        words("If it shows a payment, tap “I have paid”.") if media is not None else None,
    )
    status = Button(f"complaint_status:{ticket.number}", words("Status"))
    return Reply(body, buttons=(HAVE_PAID, status, MENU) if media is not None else (status, MENU))


def other(_chat: Chat, _: str) -> Reply:
    """A picture of neither a payment nor a fault; who asks for a person then shows it to him."""
    said = words("Please write in a few words what the picture is about. A person of our team can look at it too.")
    return Reply(said, buttons=(HUMAN, MENU))


HANDLERS = (Handler("picture", (), "chat.menu", other),)
