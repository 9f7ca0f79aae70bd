"""A conversation that was, played against the code that is: what would be understood, said and done today?

`remember` reads what happened from the real database; `play` runs it again where the caller has connected the process,
which is a scratch copy of the company as it was before the first message. Nothing is sent, rung for or kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.conversation import Route
from bot.inbound import SILENT_TYPES, Sender, read_message, sender_in
from bot.rehearsal import Rehearsal, rehearsed
from core import vault
from core.audit import AuditEntry
from core.companies import BusinessNumber
from core.crm.models import Contact
from core.db import Json, company_session
from core.errors import NotFound
from core.ids import Id
from core.messaging.models import Conversation, InboundMessage, OutboundMessage

MESSAGES_MAX = 5
"""More messages than these are no answer to one."""
log = structlog.get_logger(__name__)

SAME, FIGURES, DIFFERS = "same", "figures", "differs"
NOT_PLAYED = SILENT_TYPES - {"edit", "revoke"}
_FIGURE = re.compile(r"[0-9۰-۹]+(?:[.,:/-][0-9۰-۹]+)*")
_OF_THE_TALK = frozenset({"contact", "contact_account"})
"""Tables that every talk touches; what is done for the person is in the others."""
_TOLD = ("category", "priority", "state", "amount", "reference", "due_on", "wanted", "language", "rating", "method")
"""Columns that say what an effect is; ids, instants and numbers are others each time."""
_VERBS = {"insert": "makes", "update": "changes", "delete": "removes"}


@dataclass(frozen=True)
class Outcome:
    """What came of one message: the words, what it was taken for, and what was done."""

    words: str
    read_as: Mapping[str, str] | None
    """`intent`, `flow`, `asked`; None for a message of before these were kept."""
    effects: tuple[str, ...]


@dataclass(frozen=True)
class Turn:
    """One message of the person, as it came, and what came of it."""

    at: datetime
    raw: Json
    then: Outcome


@dataclass(frozen=True)
class Talk:
    """A conversation as the database tells it."""

    company_id: Id
    business_number_id: Id
    phone_number_id: str
    sender: Sender
    since: datetime
    """When the first message was taken in, by the database's clock; what is older was there before the talk."""
    turns: Sequence[Turn]


@dataclass(frozen=True)
class Compared:
    """One message of the person, what the bot said then and what it says now, and how else the two differ."""

    at: datetime
    said: str
    before: str
    now: str
    verdict: str
    differences: tuple[str, ...] = ()


def remember(company_id: Id, conversation_id: Id) -> Talk:
    """The conversation's messages in their order, with what came of each. Raises NotFound."""
    with company_session(company_id, "replay") as session:
        conversation = session.get(Conversation, conversation_id)
        if conversation is None:
            raise NotFound(f"There is no conversation {conversation_id}")
        heard = _heard(session, conversation)
        if not heard:
            raise NotFound("Nobody has written in this conversation yet")
        contact = session.get_one(Contact, conversation.contact_id)
        number = session.get_one(BusinessNumber, conversation.business_number_id)
        return Talk(
            company_id, number.id, number.phone_number_id,
            Sender(contact.phone, contact.user_id, contact.name, contact.username),
            min(message.created_at for message in heard),
            [Turn(one.sent_at, {**one.content, "id": one.wamid}, _then(session, one)) for one in heard],
        )  # fmt: skip


def _heard(session: Session, conversation: Conversation) -> list[InboundMessage]:
    of_talk = select(InboundMessage).where(
        InboundMessage.contact_id == conversation.contact_id,
        InboundMessage.business_number_id == conversation.business_number_id,
        InboundMessage.type.not_in(NOT_PLAYED),
    )
    return list(session.scalars(of_talk.order_by(InboundMessage.sent_at, InboundMessage.id)))


def _then(session: Session, message: InboundMessage) -> Outcome:
    keys = [f"{message.id}:{place}" for place in range(1, MESSAGES_MAX + 1)]
    said = session.scalars(
        select(OutboundMessage.text).where(OutboundMessage.dedupe_key.in_(keys)).order_by(OutboundMessage.dedupe_key)
    ).all()
    # What a turn does is written in the transaction that took the message in, at its one instant.
    done = select(AuditEntry).where(AuditEntry.changed_at == message.created_at)
    return Outcome("\n".join(said), message.read_as, effects_of(session.scalars(done).all()))


def effects_of(entries: Sequence[AuditEntry]) -> tuple[str, ...]:
    """What was done, in words that are the same whenever the same is done."""
    return tuple(sorted(_effect(entry) for entry in entries if entry.table_name not in _OF_THE_TALK))


def _effect(entry: AuditEntry) -> str:
    new: dict[str, Any] = entry.new or {}
    told = ", ".join(f"{name} {new[name]}" for name in _TOLD if new.get(name) not in (None, ""))
    what = f"{_VERBS[entry.action]} {entry.table_name.replace('_', ' ')}"
    return f"{what} ({told})" if told else what


def play(talk: Talk) -> list[Compared]:
    """Every message again, at its own time, where `core.db` is connected; what is written there is taken back.

    A message that the code cannot stand is told as a crash, and the talk goes on without it.
    """
    with vault.nothing_kept(), rehearsed(talk.company_id) as session:
        route = Route(talk.company_id, talk.business_number_id, None)
        return list(_played(talk, Rehearsal(session, route, talk.phone_number_id, talk.sender)))


def _played(talk: Talk, stage: Rehearsal) -> Iterator[Compared]:
    seen: set[Id] = set()
    for turn in talk.turns:
        if turn.then.words and stage.is_with_people():
            _to_bot(stage)  # an employee had handed the chat back by then
        sender = sender_in(turn.raw, talk.sender.name, talk.sender.username) or talk.sender
        message = read_message(talk.phone_number_id, turn.raw, sender)
        said = message.text or f"({message.type})"
        try:
            words = "\n".join(answer.text for answer in stage.hears(message, now=turn.at))
        except Exception as fault:
            log.exception("replay_crashed")
            crash = f"crash: {type(fault).__name__}: {fault}".splitlines()[0]
            yield Compared(turn.at, said, turn.then.words, "", DIFFERS, (crash,))
            continue
        yield compare(turn, said, Outcome(words, _read_as(stage.session, message.wamid), _done(stage.session, seen)))


def _read_as(session: Session, wamid: str) -> Mapping[str, str] | None:
    return session.scalar(select(InboundMessage.read_as).where(InboundMessage.wamid == wamid))


def _done(session: Session, seen: set[Id]) -> tuple[str, ...]:
    """What was done since the last look; the whole play is one transaction, so all of it has its instant."""
    written = session.scalars(select(AuditEntry).where(AuditEntry.changed_at == func.now())).all()
    new = [entry for entry in written if entry.id not in seen]
    seen |= {entry.id for entry in written}
    return effects_of(new)


def compare(turn: Turn, said: str, now: Outcome) -> Compared:
    """The two outcomes of one message side by side; of a hidden one only a stand-in is left, which has no intent."""
    then = turn.then
    compared = ("flow", "asked") if turn.raw.get("hidden") else ("intent", "flow", "asked")
    differences = [
        f"{what}: {then.read_as.get(what) or 'none'} → {now.read_as.get(what) or 'none'}"
        for what in compared
        if then.read_as is not None and now.read_as is not None and then.read_as.get(what) != now.read_as.get(what)
    ]
    differences += [f"no more: {effect}" for effect in _without(then.effects, now.effects)]
    differences += [f"new: {effect}" for effect in _without(now.effects, then.effects)]
    words = verdict(then.words, now.words)
    return Compared(turn.at, said, then.words, now.words, DIFFERS if differences else words, tuple(differences))


def _without(some: Sequence[str], others: Sequence[str]) -> list[str]:
    return list((Counter(some) - Counter(others)).elements())


def verdict(before: str, now: str) -> str:
    """Whether two answers are the same, the same but for figures and days, or different."""
    if before == now:
        return SAME
    return FIGURES if _FIGURE.sub("#", before) == _FIGURE.sub("#", now) else DIFFERS


def _to_bot(stage: Rehearsal) -> None:
    by_bot = {"human_since": None, "human_staff_id": None, "human_due_at": None, "answered_at": None}
    mine = select(Contact.id).where(stage.is_me())
    stage.session.execute(update(Conversation).where(Conversation.contact_id.in_(mine)).values(**by_bot))
