"""Wishes that a few words name surely, whatever the reading of the whole message makes of it."""

from __future__ import annotations

from bot.dialog import Chat
from bot.handlers.cash_proofs import cash_wish
from bot.handlers.connection import places
from bot.handlers.office_words import office_wish
from bot.handlers.own_money import own_money_wish
from bot.localities import names_place
from bot.understanding import SURE
from bot.understanding.folding import fold
from core.crm.leads import leads_of
from core.crm.linking import account_number
from core.crm.models import Contact

WORDS_MAX = 14


def _folded(*spellings: str) -> frozenset[str]:
    return frozenset(word for spelling in spellings for word in fold(spelling).split())


_ACCOUNT = _folded("account", "acount", "accounts", "akaunt", "khata", "اکاؤنٹ", "اکاونٹ", "کھاتہ")
_LINK = _folded(
    "link", "jor", "joro", "jorr", "jorein", "joren", "jorna", "jod", "jodo", "jodein", "attach", "لنک", "جوڑ", "جوڑیں",
    "جوڑنا",
)  # fmt: skip
_NUMBER = _folded("number", "nambar", "phone", "mobile", "sim", "نمبر", "فون")
_UNLINK = _folded("unlink", "delink")
_TAKE_OFF = _folded("remove", "hata", "hatao", "hatayein", "hatado", "ہٹا", "ہٹائیں", "ہٹاؤ")


def _account_wish(chat: Chat) -> str | None:
    """The action that a person means who speaks of linking an account or of being taken off one; None for any other."""
    said = fold(chat.message.text).split()
    if not said or len(said) > WORDS_MAX:
        return None
    present = frozenset(said)
    speaks_of_account = bool(present & _ACCOUNT)
    if (
        chat.speaker.role == "customer"
        and speaks_of_account
        and (present & _UNLINK or (present & _TAKE_OFF and present & _NUMBER))
    ):
        return "flow:unlink_account"
    number = chat.understood.entities.get("customer_no")
    digits = next((word for word in said if word.isdecimal() and 3 <= len(word) <= 7), None)
    if (speaks_of_account and present & _LINK) or (chat.speaker.role == "prospect" and number):
        wanted = number or (account_number(digits) if digits else None)
        return f"flow:link_account:{wanted}" if wanted else "flow:link_account"
    if chat.speaker.role == "prospect" and speaks_of_account and digits:
        return f"flow:link_account:{account_number(digits)}"
    return None


_MENU = frozenset(fold(word) for word in ("menu", "main menu", "مینو"))
_START = frozenset(fold(word) for word in ("start", "شروع"))
_LEAD = _folded("request", "application", "darkhwast", "connection", "درخواست", "کنکشن")
_HOW_FAR = _folded("status", "bana", "hua", "kab", "pohncha", "pohanchi", "بنا", "ہوا", "کب")


def is_menu(text: str) -> bool:
    """Whether the message is the word for the menu and nothing else; a greeting is not."""
    return fold(text) in _MENU


def plain_wish(chat: Chat) -> str | None:
    """The action that the words name, or None: START after a stop, a link, a request's status, an area of ours,
    cash that a receipt speaks of.
    """
    if not chat.message.text or chat.message.action is not None:
        return None
    return (
        _start(chat)
        or cash_wish(chat)
        or own_money_wish(chat)
        or office_wish(chat)
        or _account_wish(chat)
        or _status_wish(chat)
        or _area_wish(chat)
    )


def _start(chat: Chat) -> str | None:
    if fold(chat.message.text) not in _START:
        return None
    contact = chat.session.get_one(Contact, chat.speaker.contact_id)
    return "opt_in" if contact.opted_out_at or contact.marketing_stopped_at else None


def _status_wish(chat: Chat) -> str | None:
    said = frozenset(fold(chat.message.text).split())
    if chat.speaker.role not in ("prospect", "customer") or not said & _LEAD or not said & _HOW_FAR:
        return None
    return "lead_status" if leads_of(chat.session, contact_id=chat.speaker.contact_id) else None


def _area_wish(chat: Chat) -> str | None:
    """A stranger who names an area asks whether we are there, unless he surely wants something else."""
    wish = chat.understood.intent
    sure_of_other = chat.understood.confidence >= SURE and wish not in ("new_connection", "unclear", "out_of_scope")
    if chat.speaker.role != "prospect" or sure_of_other or len(chat.message.text.split()) > WORDS_MAX:
        return None
    return "coverage" if names_place(chat.message.text, places(chat)) else None
