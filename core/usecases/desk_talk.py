"""An employee has a customer's chat on his own WhatsApp: taken, spoken in, left, found again by what he quotes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.companies import current_company
from core.crm.contacts import accounts_of
from core.crm.desk import answer_due, desk_settings
from core.crm.models import Contact, ContactAccount, Customer
from core.errors import NotFound
from core.ids import Id, new_id
from core.messaging import window
from core.messaging.desk_models import DeskTalk
from core.messaging.human import TakenByOther, answer_as_human, hand_over, lock_conversation
from core.messaging.models import Conversation, InboundMessage, OutboundMessage
from core.staff.models import Staff

CARD, RELAY = "deskcard", "relay"
"""Dedupe keys begin with these, followed by the conversation: what the employee quotes names it so."""


@dataclass(frozen=True)
class Talk:
    """A chat in an employee's hands."""

    conversation_id: Id
    staff_id: Id
    contact_id: Id
    """The employee's own, to which the customer's words go."""
    speaking: bool
    who: str
    closes_at: datetime | None
    """When WhatsApp takes no free words to the customer any more."""


def take_chat(
    session: Session, *, conversation_id: Id, staff_id: Id, contact_id: Id, business_number_id: Id, actor: str,
    now: datetime,
) -> Talk:  # fmt: skip
    """The chat is the employee's from now on, and all he writes goes into it; a second take changes nothing.

    `contact_id` and `business_number_id` are where he writes himself. Raises NotFound, TakenByOther.
    """
    conversation = lock_conversation(session, conversation_id=conversation_id)
    if conversation.contact_id == contact_id:
        raise NotFound("Nobody takes over his own chat")
    holder = conversation.human_staff_id if conversation.human_since is not None else None
    if holder not in (None, staff_id):
        raise TakenByOther(f"{session.get_one(Staff, holder).name} has this chat")
    due = answer_due(desk_settings(session), now, current_company(session).timezone)
    hand_over(session, conversation=conversation, by=actor, staff_id=staff_id, due_at=due, now=now)
    leave_chats(session, staff_id=staff_id)
    session.execute(delete(DeskTalk).where(DeskTalk.conversation_id == conversation_id))
    session.add(DeskTalk(
        id=new_id(), conversation_id=conversation_id, staff_id=staff_id, contact_id=contact_id,
        business_number_id=business_number_id, speaking=True,
    ))  # fmt: skip
    session.flush()
    return talks_of(session, staff_id=staff_id, conversation_id=conversation_id)[0]


def leave_chats(session: Session, *, staff_id: Id) -> None:
    """What the employee writes is for the assistant again; the chats stay his."""
    session.execute(update(DeskTalk).where(DeskTalk.staff_id == staff_id, DeskTalk.speaking).values(speaking=False))


def lost_chat(session: Session, *, staff_id: Id) -> bool:
    """Whether the chat he was speaking in was taken from him or went back; he hears it once."""
    speaking = session.scalar(select(DeskTalk.id).where(DeskTalk.staff_id == staff_id, DeskTalk.speaking))
    if speaking is None or any(talk.speaking for talk in talks_of(session, staff_id=staff_id)):
        return False
    leave_chats(session, staff_id=staff_id)
    return True


def talks_of(session: Session, *, staff_id: Id, conversation_id: Id | None = None) -> Sequence[Talk]:
    """The chats that are still in the employee's hands, the one he speaks in first."""
    return _talks(session, DeskTalk.staff_id == staff_id, conversation_id)


def talk_about(session: Session, *, conversation_id: Id) -> Talk | None:
    """Who has this chat on his phone; None where nobody has."""
    found = _talks(session, DeskTalk.conversation_id == conversation_id, None)
    return found[0] if found else None


def _talks(session: Session, which: object, conversation_id: Id | None) -> Sequence[Talk]:
    mine = (
        select(DeskTalk, Conversation)
        .join(Conversation, Conversation.id == DeskTalk.conversation_id)
        .where(which, Conversation.human_staff_id == DeskTalk.staff_id, Conversation.human_since.is_not(None))  # type: ignore[arg-type]
        .order_by(DeskTalk.speaking.desc(), DeskTalk.id.desc())
        .execution_options(populate_existing=True)
    )
    if conversation_id is not None:
        mine = mine.where(DeskTalk.conversation_id == conversation_id)
    return [
        Talk(talk.conversation_id, talk.staff_id, talk.contact_id, talk.speaking,
             name_of(session, conversation.contact_id), closes_at(conversation))
        for talk, conversation in session.execute(mine)
    ]  # fmt: skip


def closes_at(conversation: Conversation) -> datetime | None:
    """When the 24 hours for free words end."""
    heard = conversation.last_inbound_at
    return heard + window.LENGTH - window.GUARD if heard else None


def name_of(session: Session, contact_id: Id) -> str:
    """`C-2001 Ayesha Khan`, or what is known of a stranger."""
    accounts = accounts_of(session, contact_id)
    if accounts:
        return f"{accounts[0].number} {accounts[0].name}"
    contact = session.get_one(Contact, contact_id)
    return contact.name or contact.phone or "?"


def say_to_customer(session: Session, *, conversation_id: Id, staff_id: Id, words: str, key: str, now: datetime) -> Id:
    """The employee's words as the company's message, once a `key`.

    Raises NotFound, NotWithHuman, TakenByOther, ReplyWindowClosed.
    """
    conversation = lock_conversation(session, conversation_id=conversation_id)
    due = answer_due(desk_settings(session), now, current_company(session).timezone)
    return answer_as_human(
        session, conversation=conversation, staff_id=staff_id, words=words, key=key, due_at=due, now=now
    )


def quoted_chat(session: Session, *, contact_id: Id, wamid: str) -> Id | None:
    """The chat of the card, or of the customer's words, that a person quotes."""
    key = session.scalar(
        select(OutboundMessage.dedupe_key)
        .where(OutboundMessage.wamid == wamid, OutboundMessage.contact_id == contact_id)
    )  # fmt: skip
    kind, _, rest = (key or "").partition(":")
    return Id(rest.partition(":")[0]) if kind in (CARD, RELAY) else None


def chat_of_customer(session: Session, *, customer_id: Id) -> Id | None:
    """The customer's chat in which he wrote last; None where he never did."""
    return session.scalar(
        select(Conversation.id)
        .join(ContactAccount, ContactAccount.contact_id == Conversation.contact_id)
        .join(Customer, Customer.id == ContactAccount.customer_id)
        .where(Customer.id == customer_id)
        .order_by(Conversation.last_inbound_at.desc().nulls_last()).limit(1)
    )  # fmt: skip


def last_words(session: Session, *, conversation_id: Id, limit: int = 4) -> Sequence[str]:
    """What the customer wrote last, the oldest first."""
    said = session.scalars(
        select(InboundMessage.text)
        .join(Conversation, (Conversation.contact_id == InboundMessage.contact_id)
              & (Conversation.business_number_id == InboundMessage.business_number_id))
        .where(Conversation.id == conversation_id, InboundMessage.text != "")
        .order_by(InboundMessage.sent_at.desc(), InboundMessage.id.desc()).limit(limit)
    ).all()  # fmt: skip
    return said[::-1]
