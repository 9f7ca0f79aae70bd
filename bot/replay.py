"""A conversation that was, run against the code that is: what would the bot say today, and where would it differ?

It is played in a transaction that is taken back. The talk begins with an empty state; complaints, claims and promises
that came of it the first time are set aside. Bills and payments are those of today, so figures may differ on their
own: such answers are told apart from those whose words differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from bot.conversation import Route
from bot.inbound import SILENT_TYPES, IncomingMessage, Sender, read_message
from bot.rehearsal import Rehearsal, rehearsed
from core.companies import BusinessNumber
from core.crm.models import Contact
from core.errors import NotFound
from core.ids import Id
from core.messaging.models import Conversation, InboundMessage, OutboundMessage

MESSAGES_MAX = 5
"""More messages than these are no answer to one."""
SAME, FIGURES, DIFFERS = "same", "figures", "differs"
_FIGURE = re.compile(r"[0-9۰-۹]+(?:[.,:/-][0-9۰-۹]+)*")
_SET_ASIDE = (
    "UPDATE ticket SET state = 'closed' WHERE opened_by = :actor AND opened_at >= :since",
    "UPDATE payment_claim SET state = 'rejected' WHERE customer_id = ANY(:accounts) AND state = 'pending'"
    " AND created_at >= :since",
    "UPDATE promise SET state = 'replaced' WHERE taken_by = :actor AND state = 'open' AND created_at >= :since",
    "UPDATE lead SET state = 'refused' WHERE opened_by = :actor AND asked_at >= :since",
    "UPDATE link_request SET state = 'over' WHERE contact_id = :contact AND asked_at >= :since",
)


@dataclass(frozen=True)
class Compared:
    """One message of the person, what the bot said then and what it says now."""

    at: datetime
    said: str
    before: str
    now: str
    verdict: str


def replay(company_id: Id, conversation_id: Id) -> list[Compared]:
    """Every message of the conversation in its order. Raises NotFound."""
    with rehearsed(company_id) as session:
        conversation = session.get(Conversation, conversation_id)
        if conversation is None:
            raise NotFound(f"There is no conversation {conversation_id}")
        return list(_compared(session, conversation))


def _compared(session: Session, conversation: Conversation) -> Iterator[Compared]:
    heard = _heard(session, conversation)
    before = {message.id: _answer_then(session, message) for message in heard}
    talk = _begin(session, conversation, heard)
    for message in heard:
        if before[message.id] and talk.is_with_people():
            _to_bot(session, conversation)  # an employee had handed the chat back by then
        again = _again(message, talk)
        now = "\n".join(answer.text for answer in talk.hears(again, now=message.sent_at))
        then = before[message.id]
        yield Compared(message.sent_at, again.text or f"({message.type})", then, now, verdict(then, now))


def verdict(before: str, now: str) -> str:
    """Whether two answers are the same, the same but for figures and days, or different."""
    if before == now:
        return SAME
    return FIGURES if _FIGURE.sub("#", before) == _FIGURE.sub("#", now) else DIFFERS


def _heard(session: Session, conversation: Conversation) -> list[InboundMessage]:
    of_talk = select(InboundMessage).where(
        InboundMessage.contact_id == conversation.contact_id,
        InboundMessage.business_number_id == conversation.business_number_id,
        InboundMessage.type.not_in(SILENT_TYPES),
    )
    return list(session.scalars(of_talk.order_by(InboundMessage.sent_at, InboundMessage.id)))


def _answer_then(session: Session, message: InboundMessage) -> str:
    keys = [f"{message.id}:{place}" for place in range(1, MESSAGES_MAX + 1)]
    said = select(OutboundMessage.text).where(OutboundMessage.dedupe_key.in_(keys)).order_by(OutboundMessage.dedupe_key)
    return "\n".join(session.scalars(said))


def _begin(session: Session, conversation: Conversation, heard: list[InboundMessage]) -> Rehearsal:
    """The talk as it was before its first message, as far as that can be had."""
    contact = session.get_one(Contact, conversation.contact_id)
    number = session.get_one(BusinessNumber, conversation.business_number_id)
    company_id = number.company_id
    session.execute(update(Conversation).where(Conversation.id == conversation.id).values(state={}))
    _to_bot(session, conversation)
    if not contact.language_chosen:
        session.execute(update(Contact).where(Contact.id == contact.id).values(language=None))
    accounts = session.execute(
        text("SELECT customer_id FROM contact_account WHERE contact_id = :contact"), {"contact": contact.id}
    ).scalars()
    aside = {
        "actor": f"contact:{contact.id}", "contact": contact.id, "accounts": list(accounts),
        "since": heard[0].sent_at if heard else conversation.created_at,
    }  # fmt: skip
    for statement in _SET_ASIDE:
        session.execute(text(statement), aside)
    sender = Sender(contact.phone, contact.user_id, contact.name, contact.username)
    return Rehearsal(session, Route(company_id, number.id, None), number.phone_number_id, sender)


def _to_bot(session: Session, conversation: Conversation) -> None:
    by_bot = {"human_since": None, "human_staff_id": None, "human_due_at": None, "answered_at": None}
    session.execute(update(Conversation).where(Conversation.id == conversation.id).values(**by_bot))


def _again(message: InboundMessage, talk: Rehearsal) -> IncomingMessage:
    """The message as it came, under an id of its own, from whoever the person is by now."""
    raw = {**message.content, "id": f"replay.{message.id}"}
    return read_message(talk.phone_number_id, raw, talk.sender)
