"""News for whoever manages the company, on WhatsApp and in the language of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import any_, or_, select
from sqlalchemy.orm import Session

from core.companies import BusinessNumber, current_company
from core.crm.contacts import meet_by_phone
from core.crm.models import Contact
from core.ids import Id
from core.messaging import payloads
from core.messaging.outbox import queue_message
from core.recovery.words import TEMPLATES
from core.staff.models import Staff


def tell_office(
    session: Session, *, dedupe_key: str, now: datetime, words: Callable[[str], str],
    template: Callable[[str], Mapping[str, Any]],
) -> int:  # fmt: skip
    """Queue `words` to every manager who ever wrote to us, or to the owners where there is none; returns to how many.

    The same key again tells nobody twice. Both callables get the person's language; `template` is the twin for outside
    the 24 hours.
    """
    people = _people(session, "manager") or _people(session, "owner")
    number = session.scalars(select(BusinessNumber.id).order_by(BusinessNumber.id).limit(1)).one_or_none()
    if number is None:
        return 0
    usual = current_company(session).default_language
    for contact_id, language in people:
        said = words(language or usual)
        queue_message(
            session, contact_id=contact_id, business_number_id=number, lane="notice", payload=payloads.text(said),
            text=said, dedupe_key=f"{dedupe_key}:{contact_id}", now=now, template=template(language or usual),
        )  # fmt: skip
    return len(people)


def tell_employee(
    session: Session, *, staff: Staff, words: Callable[[str], str], dedupe_key: str, now: datetime
) -> None:  # fmt: skip
    """Queue `words` to one employee in his language, also to one who never wrote yet.

    Outside the 24 hours it goes as the template `office_notice`; nobody is told where the company has no number.
    """
    contact = session.get_one(Contact, contact_of(session, staff))
    number = session.scalars(select(BusinessNumber.id).order_by(BusinessNumber.id).limit(1)).one_or_none()
    if number is None:
        return
    language = contact.language or current_company(session).default_language
    said = words(language)
    suffix, approved_in = TEMPLATES[language if language in TEMPLATES else "en"]
    queue_message(
        session, contact_id=contact.id, business_number_id=number, lane="notice", payload=payloads.text(said),
        text=said, dedupe_key=dedupe_key, now=now,
        template={"name": f"office_notice{suffix}", "language": approved_in,
                  "parameters": {"what": " ".join(said.split())}},
    )  # fmt: skip


def contact_of(session: Session, person: Staff) -> Id:
    """The employee on WhatsApp, also one who never wrote yet."""
    found = select(Contact.id).where(Contact.staff_id == person.id).order_by(Contact.id).limit(1)
    contact_id = session.scalar(found)
    if contact_id is None:
        meet_by_phone(session, [person.phone])
        contact_id = session.scalars(select(Contact.id).where(Contact.phone == person.phone)).one()
    return contact_id


def _people(session: Session, role: str) -> list[tuple[Id, str | None]]:
    rows = session.execute(
        select(Contact.id, Contact.language)
        .join(Staff, Staff.id == Contact.staff_id)
        .where(
            or_(Staff.role == role, any_(Staff.extra_roles) == role),
            Staff.state == "active",
            Contact.phone.is_not(None),
        )
        .order_by(Contact.id)
    )
    return [(row.id, row.language) for row in rows]
