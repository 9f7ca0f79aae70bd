"""What a manager's or owner's words surely mean, whatever the reading of the whole message makes of it."""

from __future__ import annotations

from bot.dialog import Chat
from bot.understanding import MAYBE, SURE
from bot.understanding.clock import find_time
from bot.understanding.hints import gives
from bot.understanding.periods import find_period
from bot.understanding.topics import find_topic
from bot.understanding.transliteration import roman
from core.crm.spoken_names import most_alike, words_of
from core.staff.people import active_staff

OFFICE = ("manager", "owner")
FIGURES_INTENT = "today_figures"
OTHERS = frozenset({"approvals", "customer_lookup"})
"""Wishes that speak of figures only by the way."""


def office_wish(chat: Chat) -> str | None:
    """The action that the words name: work given, unconfirmed cash, one's summary, a customer's chat, or a figure."""
    if chat.speaker.role not in OFFICE:
        return None
    if gives(chat.message.text, "unconfirmed"):
        return "cash_doubts"
    return _given_work(chat) or _summary(chat) or _talk(chat) or _figure(chat) or _customer(chat)


def _given_work(chat: Chat) -> str | None:
    text, entities = chat.message.text, chat.understood.entities
    if not gives(text, "give_work") or chat.understood.intent == "approvals":
        return None
    if entities.get("ticket_no"):
        return "flow:assign_ticket"
    people = {person.id: person for person in active_staff(chat.session)}
    meant = most_alike(words_of(roman(text)), {key: person.name for key, person in people.items()})
    roles = {role for key in meant for role in (people[key].role, *people[key].extra_roles)}
    if gives(text, "case") and (entities.get("customer_no") or "recovery_agent" in roles):
        return "flow:assign_case"
    if gives(text, "ticket"):
        return "flow:assign_ticket"
    return "flow:assign_case" if entities.get("customer_no") and "recovery_agent" in roles else None


def _summary(chat: Chat) -> str | None:
    text = chat.message.text
    if not gives(text, "summary"):
        return None
    if gives(text, "switch_off") or find_time(text) is not None:
        return "summary"
    is_for_now = find_period(text, today=chat.today) is not None
    return "summary" if gives(text, "switch_on") and not is_for_now else None


def _talk(chat: Chat) -> str | None:
    text = chat.message.text
    if gives(text, "talk_to") and (chat.understood.entities.get("customer_no") or _is_unsure_of_human(chat)):
        return "talk_to"
    return "chats" if gives(text, "waiting_chats") else None


def _is_unsure_of_human(chat: Chat) -> bool:
    """To talk to a person is a wish of its own; to talk to a customer is not that one."""
    return not (chat.understood.intent == "human" and chat.understood.confidence >= MAYBE)


def _figure(chat: Chat) -> str | None:
    """A figure is named, and the message is not surely about something else."""
    understood = chat.understood
    if find_topic(chat.message.text) is None or (understood.intent == "outage" and understood.confidence >= SURE):
        return None
    if understood.entities.get("customer_no") or understood.entities.get("phone"):
        return None
    if understood.intent == FIGURES_INTENT:
        return "figures"
    least = MAYBE if understood.intent in OTHERS else SURE
    return "figures" if understood.confidence < least else None


def _customer(chat: Chat) -> str | None:
    """A customer's number or phone with no sure wish beside it asks who he is."""
    understood = chat.understood
    named = understood.entities.get("customer_no") or understood.entities.get("phone")
    if named and understood.confidence < SURE:
        return f"customer_lookup:{named}"
    # To look somebody up harms nobody, so a likely reading is enough.
    is_likely = understood.intent == "customer_lookup" and understood.confidence >= MAYBE
    asks = understood.confidence < MAYBE and gives(chat.message.text, "record")
    return "customer_lookup" if is_likely or asks else None
