"""An identity card that comes in chat: it is answered with the safe page, and used from nowhere else."""

from __future__ import annotations

from bot.desk.papers import upload_words
from bot.dialog import Chat
from bot.secrecy import names_card
from bot.texts.reply import Button, Reply, Saying, lines, words
from bot.understanding.folding import normalise
from core.crm.lead_models import OPEN_LEADS, Lead
from core.crm.leads import leads_of
from core.crm.masking import holds_cnic

MENU = Button("menu", words("Menu"))


def card_in_text(chat: Chat) -> bool:
    """Whether the message holds a CNIC; 13 bare digits are one only of a stranger: payments have such numbers."""
    text = normalise(chat.message.text)
    if not holds_cnic(text):
        return False
    return "-" in text or chat.speaker.role == "prospect" or names_card(text)


def card_in_photo(chat: Chat) -> bool:
    """Whether a picture, which nobody asked for, is an identity card by its words or because one is awaited."""
    if chat.message.media is None or chat.message.type not in ("image", "document"):
        return False
    if names_card(chat.message.text):
        return True
    return chat.speaker.role == "prospect" and _awaiting(chat) is not None


def _awaiting(chat: Chat) -> Lead | None:
    mine = leads_of(chat.session, contact_id=chat.speaker.contact_id)
    return next((lead for lead in mine if lead.state in OPEN_LEADS), None)


def not_in_chat(chat: Chat) -> Saying:
    """Why not, and where instead."""
    lead = _awaiting(chat)
    account = chat.speaker.account
    return lines(
        words("Please do not send your ID card in chat; we do not use it from here."),
        upload_words(
            chat.session, company=chat.company, contact_id=chat.speaker.contact_id, lead_id=lead.id if lead else None,
            customer_id=account.customer_id if account else None, language=chat.speaker.language, now=chat.now,
        ),
    )  # fmt: skip


def card_reply(chat: Chat) -> Reply:
    return Reply(not_in_chat(chat), buttons=(MENU,))
