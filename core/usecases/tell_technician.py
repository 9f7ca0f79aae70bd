"""A technician hears what is given to him, moved or called off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.companies import BusinessNumber, current_company
from core.crm.models import Contact
from core.messaging import payloads, window
from core.messaging.models import Conversation
from core.messaging.outbox import queue_message
from core.printing.figures import day_text
from core.service_desk.job_models import Job
from core.service_desk.job_words import KINDS, TEMPLATES, known
from core.staff.models import Staff
from core.usecases.tell_office import contact_of

WORDS: Mapping[str, Mapping[str, str]] = {
    "given": {
        "en": "New job for you: *%(job)s*, %(what)s, %(place)s, %(when)s.",
        "ur_Latn": "Aap ke liye naya kaam: *%(job)s*, %(what)s, %(place)s, %(when)s.",
        "ur": "آپ کے لیے نیا کام: *%(job)s*، %(what)s، %(place)s، %(when)s۔",
    },
    "moved": {
        "en": "Job *%(job)s* is moved: %(when)s.",
        "ur_Latn": "Kaam *%(job)s* ka waqt badal gaya: %(when)s.",
        "ur": "کام *%(job)s* کا وقت بدل گیا: %(when)s۔",
    },
    "closed": {
        "en": "The customer has confirmed *%(job)s*. It is closed, well done.",
        "ur_Latn": "Customer ne *%(job)s* ki tasdeeq kar di hai. Kaam band ho gaya, shabash.",
        "ur": "کسٹمر نے *%(job)s* کی تصدیق کر دی ہے۔ کام بند ہو گیا، شاباش۔",
    },
    "agreed": {
        "en": "The customer has confirmed *%(job)s*. Please finish it.",
        "ur_Latn": "Customer ne *%(job)s* ki tasdeeq kar di hai. Ab aap isay mukammal karein.",
        "ur": "کسٹمر نے *%(job)s* کی تصدیق کر دی ہے۔ اب آپ اسے مکمل کریں۔",
    },
    "called_off": {
        "en": "Job *%(job)s* is called off.",
        "ur_Latn": "Kaam *%(job)s* mansookh ho gaya.",
        "ur": "کام *%(job)s* منسوخ ہو گیا۔",
    },
}
ANY_TIME = {"en": "as soon as you can", "ur_Latn": "jitni jald ho sake", "ur": "جتنی جلد ہو سکے"}
OPEN = {"en": "Open", "ur_Latn": "Kholein", "ur": "کھولیں"}


def tell_technician(session: Session, job: Job, what: str, *, now: datetime, mark: str = "") -> bool:
    """Queue it once, also for one who never wrote yet; False where the company has no number.

    `what` is a word of WORDS.
    """
    contact_of(session, session.get_one(Staff, job.assigned_to))
    person = session.execute(
        select(Contact, Conversation.last_inbound_at)
        .outerjoin(Conversation, Conversation.contact_id == Contact.id)
        .where(Contact.staff_id == job.assigned_to).order_by(Contact.id).limit(1)
    ).first()  # fmt: skip
    number = session.scalars(select(BusinessNumber.id).order_by(BusinessNumber.id).limit(1)).one_or_none()
    if person is None or number is None:
        return False
    contact, heard = person
    language = known(contact.language or current_company(session).default_language)
    facts = _facts(session, job, language)
    body = WORDS[what][language] % facts
    suffix, approved = TEMPLATES[language]
    used = {name: value for name, value in facts.items() if f"%({name})s" in WORDS[what]["en"]}
    twin: dict[str, Any] = {"name": f"technician_job_{what}{suffix}", "language": approved, "parameters": used}
    in_window = window.is_open(heard, now)
    said = payloads.buttons(body, [(f"job:{job.number}", OPEN[language])])
    queue_message(
        session, contact_id=contact.id, business_number_id=number, lane="notice", text=body, now=now,
        payload=said if in_window else payloads.template(**twin),
        dedupe_key=f"technician:{job.id}:{what}:{mark}", template=twin if in_window else None,
    )  # fmt: skip
    return True


def _facts(session: Session, job: Job, language: str) -> dict[str, str]:
    zone = ZoneInfo(current_company(session).timezone)
    when = ANY_TIME[language]
    if job.window_start is not None and job.window_end is not None:
        start, end = job.window_start.astimezone(zone), job.window_end.astimezone(zone)
        when = f"{day_text(start.date(), language)} {start:%H:%M}-{end:%H:%M}"
    return {"job": job.number, "what": KINDS[job.kind][language], "place": job.address or "-", "when": when}
