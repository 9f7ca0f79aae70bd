"""What people are told without having asked: put into their language, sent to the number they last wrote to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.texts.deliver import payload_of
from bot.texts.render import render
from bot.texts.reply import Reply, Saying
from core.companies import BusinessNumber, Company, current_company
from core.crm.models import Contact
from core.ids import Id
from core.messaging import payloads
from core.messaging.models import Conversation
from core.messaging.outbox import queue_message
from core.recovery.words import TEMPLATES
from core.staff.alerts import office_people

CODE_TEMPLATE = "one_time_code"
TEMPLATE_VALUE_MAX = 600


def language_of(contact: Contact, company: Company) -> str:
    """In which language this person is written to."""
    return contact.language or company.default_language


def tell(
    session: Session, *, contact_id: Id, reply: Reply, dedupe_key: str, now: datetime, lane: str = "notice",
    shown: Saying | None = None, template: tuple[str, Mapping[str, Any]] | None = None,
    expires_in: timedelta | None = None, with_taps: bool = False, code: str | None = None,
) -> Id:  # fmt: skip
    """Queue a saying for a person; `shown` stands in its place where the office reads the chat, to hide a secret.

    `template` is the twin for outside the 24-hour window: its name and its variables, sayings put into words too;
    `with_taps` where it has quick replies for the buttons of the saying. `code` is a one-time code, for which the
    saying shows `payloads.CODE_PLACE`.
    """
    company, contact = current_company(session), session.get_one(Contact, contact_id)
    language = language_of(contact, company)
    body = render(reply.body, language, company.currency)
    twin: dict[str, Any] | None = None
    if template is not None:
        name, facts = template
        values = {key: _flat(value, language, company.currency) for key, value in facts.items()}
        suffix, approved_in = TEMPLATES[language]
        twin = {"name": name + suffix, "language": approved_in, "parameters": values}
        twin |= {"buttons": [button.action for button in reply.buttons]} if with_taps else {}
    return queue_message(
        session, contact_id=contact_id, business_number_id=number_for(session, contact_id), lane=lane,
        payload=payload_of(reply, body, language, company.currency),
        text=render(shown, language, company.currency) if shown else body, dedupe_key=dedupe_key, now=now,
        template=twin, expires_in=expires_in, code=code,
    )  # fmt: skip


def send_code(
    session: Session, *, contact_id: Id, code: str, shown: Saying, dedupe_key: str, now: datetime, life: timedelta
) -> Id:  # fmt: skip
    """Queue a one-time code as Meta's authentication template, which cannot go to who hides his number.

    Its words are Meta's own in the person's language; `shown` is what the office reads in the chat.
    """
    company, contact = current_company(session), session.get_one(Contact, contact_id)
    language = language_of(contact, company)
    _, approved_in = TEMPLATES[language]
    return queue_message(
        session, contact_id=contact_id, business_number_id=number_for(session, contact_id), lane="urgent",
        payload=payloads.authentication(CODE_TEMPLATE, approved_in), text=render(shown, language, company.currency),
        dedupe_key=dedupe_key, now=now, expires_in=life, code=code,
    )  # fmt: skip


def _flat(value: Any, language: str, currency: str) -> str:
    """A template's value: one line."""
    words = render(value, language, currency) if isinstance(value, Saying) else str(value)
    return " ".join(words.split())[:TEMPLATE_VALUE_MAX] or "-"


def tell_office(session: Session, *, reply: Reply, dedupe_key: str, now: datetime) -> Sequence[Id]:
    """Queue a saying for every manager and owner who is on WhatsApp, also beside another role; the messages."""
    staff = [person.id for person in office_people(session)]
    people = session.scalars(select(Contact.id).where(Contact.staff_id.in_(staff)).order_by(Contact.id)).all()
    return [
        tell(session, contact_id=person, reply=reply, dedupe_key=f"{dedupe_key}:{person}", now=now,
             template=("office_notice", {"what": reply.body}))
        for person in people
    ]  # fmt: skip


def number_for(session: Session, contact_id: Id) -> Id:
    """The business number the person last wrote to, else the company's first."""
    last = (
        select(Conversation.business_number_id).where(Conversation.contact_id == contact_id)
        .order_by(Conversation.last_inbound_at.desc().nulls_last()).limit(1)
    )  # fmt: skip
    first = select(BusinessNumber.id).order_by(BusinessNumber.id).limit(1)
    return session.scalar(last) or session.scalars(first).one()
