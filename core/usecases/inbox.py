"""The office's inbox: chats that wait for a person first, then those in people's hands, then the latest others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, case, cast, exists, literal, null, select, text, union_all
from sqlalchemy.orm import Session

from core import vault
from core.crm.contacts import LinkedAccount, accounts_of
from core.crm.lead_models import Lead
from core.crm.leads import leads_of
from core.crm.models import Contact, Document
from core.errors import NotFound
from core.ids import Id
from core.ledger.models import JournalEntry
from core.messaging import window
from core.messaging.models import Conversation, InboundMessage, OutboundMessage
from core.staff.models import Staff

LISTED_MAX = 60
LINES_MAX = 80
CHAT_FILE = "chat"
"""The kind of a document that a person sent while people answered."""


@dataclass(frozen=True)
class Listed:
    """One chat in the list."""

    conversation_id: Id
    name: str
    phone: str | None
    account: str
    """`C-2001 Ayesha Khan`, the first of the person's accounts; empty for a stranger."""
    human_since: datetime | None
    staff_id: Id | None
    staff_name: str
    last_inbound_at: datetime | None
    last_words: str
    unanswered: bool
    """The person wrote after the last answer of an employee."""

    @property
    def waits(self) -> bool:
        """A person is asked for and nobody has answered yet."""
        return self.human_since is not None and (self.staff_id is None or self.unanswered)

    def closes_at(self) -> datetime | None:
        """When the 24 hours for free words end."""
        return self.last_inbound_at + window.LENGTH if self.last_inbound_at else None


@dataclass(frozen=True)
class ChatLine:
    """One message; `state` only for the company's own, `by_person` where an employee wrote it."""

    at: datetime
    ours: bool
    text: str
    kind: str
    state: str | None
    by_person: bool
    document_id: Id | None
    """A file that came with it, where it is in the vault."""
    origin: str | None
    """What its entries in the books name as their cause; None where it booked nothing."""


@dataclass(frozen=True)
class OpenChat:
    """A chat with what an answer needs to know."""

    conversation: Conversation
    contact: Contact
    accounts: Sequence[LinkedAccount]
    leads: Sequence[Lead]
    staff_name: str
    lines: Sequence[ChatLine]
    is_open: bool
    closes_at: datetime | None


_LIST = text("""
WITH recent AS (
    SELECT contact_id, business_number_id FROM (
        SELECT contact_id, business_number_id FROM inbound_message ORDER BY id DESC LIMIT 300) newest
     WHERE contact_id IS NOT NULL GROUP BY 1, 2
), shown AS (
    SELECT v.* FROM conversation v WHERE v.human_since IS NOT NULL
    UNION
    SELECT v.* FROM conversation v JOIN recent USING (contact_id, business_number_id) WHERE NOT :only_people
)
SELECT v.id AS conversation_id, c.name, c.phone, coalesce(a.account, '') AS account, v.human_since,
       v.human_staff_id AS staff_id, coalesce(s.name, '') AS staff_name, v.last_inbound_at,
       coalesce(m.text, '') AS last_words,
       v.human_since IS NOT NULL AND m.created_at > coalesce(v.answered_at, '-infinity') AS unanswered
  FROM shown v
  JOIN contact c ON c.id = v.contact_id
  LEFT JOIN staff s ON s.id = v.human_staff_id
  LEFT JOIN LATERAL (
    SELECT k.number || ' ' || k.name AS account FROM contact_account l JOIN customer k ON k.id = l.customer_id
     WHERE l.contact_id = c.id AND k.state <> 'left' ORDER BY k.number LIMIT 1) a ON true
  LEFT JOIN LATERAL (
    SELECT i.text, i.created_at FROM inbound_message i
     WHERE i.company_id = v.company_id AND i.contact_id = v.contact_id
     ORDER BY i.sent_at DESC, i.id DESC LIMIT 1) m ON true
 WHERE (CAST(:mine AS uuid) IS NULL OR v.human_staff_id = CAST(:mine AS uuid))
   AND (:wanted = '' OR c.name ILIKE :pattern OR c.phone LIKE :pattern OR a.account ILIKE :pattern)
 ORDER BY v.human_since IS NULL, v.human_staff_id IS NOT NULL, coalesce(v.human_since, '-infinity'),
       v.last_inbound_at DESC NULLS LAST
 LIMIT :most
""")


def list_inbox(
    session: Session, *, wanted: str = "", mine: Id | None = None, only_people: bool = False
) -> Sequence[Listed]:
    """Chats for the list; `wanted` is in a name, phone or account, `mine` keeps those of one employee."""
    plain = wanted.strip().replace("%", "").replace("_", "")
    rows = session.execute(
        _LIST, {"mine": mine, "wanted": plain, "pattern": f"%{plain}%", "only_people": only_people or mine is not None,
                "most": LISTED_MAX},
    )  # fmt: skip
    return [Listed(**row._mapping) for row in rows]


def open_chat(session: Session, *, conversation_id: Id, now: datetime) -> OpenChat:
    """A chat with its newest lines; raises NotFound."""
    conversation = session.get(Conversation, conversation_id)
    if conversation is None:
        raise NotFound("There is no such conversation")
    contact = session.get_one(Contact, conversation.contact_id)
    staff = session.get(Staff, conversation.human_staff_id) if conversation.human_staff_id else None
    last = conversation.last_inbound_at
    return OpenChat(
        conversation, contact, accounts_of(session, contact.id), leads_of(session, contact_id=contact.id),
        staff.name if staff else "", _lines(session, conversation), window.is_open(last, now),
        last + window.LENGTH if last else None,
    )  # fmt: skip


_is_file_of = (
    (Document.contact_id == InboundMessage.contact_id) & (Document.kind == CHAT_FILE) & (Document.state == "stored")
    & (Document.media_id == InboundMessage.content[InboundMessage.type]["id"].astext)
)  # fmt: skip


_origin = literal("message:") + cast(InboundMessage.id, String)
_is_booked = exists().where(JournalEntry.origin == _origin)


def chat_file(session: Session, *, conversation_id: Id, document_id: Id) -> tuple[str, bytes]:
    """(MIME type, bytes) of a file that came in a chat; raises NotFound, DocumentUnreadable."""
    conversation = session.get(Conversation, conversation_id)
    document = session.get(Document, document_id)
    if conversation is None or document is None or document.kind != CHAT_FILE or document.state != "stored":
        raise NotFound("There is no such file")
    if document.contact_id != conversation.contact_id:
        raise NotFound("There is no such file")
    return document.mime_type, vault.get(document.sha256)


def _lines(session: Session, conversation: Conversation) -> Sequence[ChatLine]:
    contact_id, number_id = conversation.contact_id, conversation.business_number_id
    heard = (
        select(
            InboundMessage.created_at.label("at"), literal(False).label("ours"), InboundMessage.text,
            InboundMessage.type.label("kind"), null().label("state"), literal(False).label("by_person"),
            Document.id.label("document_id"), case((_is_booked, _origin)).label("origin"),
        )
        .outerjoin(Document, _is_file_of)
        .where(InboundMessage.contact_id == contact_id, InboundMessage.business_number_id == number_id)
    )  # fmt: skip
    told: Any = select(
        OutboundMessage.created_at, literal(True), OutboundMessage.text, OutboundMessage.kind, OutboundMessage.state,
        OutboundMessage.dedupe_key.like("human:%"), null(), null(),
    ).where(OutboundMessage.contact_id == contact_id, OutboundMessage.business_number_id == number_id,
            OutboundMessage.kind != "read")  # fmt: skip
    both = union_all(heard, told).subquery()
    newest = session.execute(select(both).order_by(both.c.at.desc(), both.c.ours.desc()).limit(LINES_MAX)).all()
    return [ChatLine(*row) for row in reversed(newest)]
