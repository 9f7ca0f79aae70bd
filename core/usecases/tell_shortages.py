"""Who manages the company is told what runs out, once a day, in the language of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import business_day
from core.companies import BusinessNumber, current_company
from core.crm.models import Contact
from core.inventory.shortages import Shortage, shortages
from core.messaging import payloads
from core.messaging.invoice_notices import decent_hour
from core.messaging.outbox import queue_message
from core.printing.figures import plain
from core.recovery.words import TEMPLATES
from core.staff.alerts import office_people
from core.usecases.tell_office import contact_of

SHOWN = 15
HEADINGS = {
    "en": "*Stock runs low* ({count})", "ur_Latn": "*Stock kam hai* ({count})", "ur": "*سٹاک کم ہے* ({count})",
}  # fmt: skip
LINES = {
    "en": "• {name}, {place}: {there} {unit} left of {threshold}",
    "ur_Latn": "• {name}, {place}: {there} {unit} baqi, kam az kam {threshold}",
    "ur": "• {name}، {place}: {there} {unit} باقی، کم از کم {threshold}",
}
MORE = {"en": "… and {count} more in the panel", "ur_Latn": "… aur {count} panel mein",
        "ur": "… اور {count} پینل میں"}  # fmt: skip
UNITS = {
    "en": {"m": "m", "pcs": "pcs"}, "ur_Latn": {"m": "meter", "pcs": "adad"}, "ur": {"m": "میٹر", "pcs": "عدد"},
}  # fmt: skip


def tell_shortages(session: Session, *, now: datetime) -> int:
    """Queue one notice a day to every manager, or to the owners where there is no manager; returns to how many.

    None where nothing runs out; nobody is told at night. Safe to repeat.
    """
    short = shortages(session)
    if not short:
        return 0
    company = current_company(session)
    day = business_day(now, company.timezone)
    number_id = session.scalars(select(BusinessNumber.id).order_by(BusinessNumber.id).limit(1)).one()
    people = office_people(session, hearers="managers") or office_people(session, hearers="owners")
    for person in people:
        contact = session.get_one(Contact, contact_of(session, person))
        language = contact.language if contact.language in HEADINGS else company.default_language
        words = shortage_words(short, language if language in HEADINGS else "en")
        queue_message(
            session, contact_id=contact.id, business_number_id=number_id, lane="notice", payload=payloads.text(words),
            text=words, dedupe_key=f"shortages:{contact.id}:{day}", now=now,
            not_before=decent_hour(now, company.timezone),
            template=shortage_twin(short, language),
        )  # fmt: skip
    return len(people)


def shortage_twin(short: Sequence[Shortage], language: str) -> dict[str, Any]:
    """The approved template `stock_low`, which names the first of them."""
    suffix, approved = TEMPLATES[language if language in TEMPLATES else "en"]
    facts = {"count": str(len(short)), "first": " ".join(short[0].type.name.split())}
    return {"name": f"stock_low{suffix}", "language": approved, "parameters": facts}


def shortage_words(short: Sequence[Shortage], language: str) -> str:
    """The notice: a line a type and place, the worst first."""
    lines = [HEADINGS[language].format(count=len(short))]
    lines += [
        LINES[language].format(
            name=each.type.name, place=each.place_name, there=plain(each.on_hand),
            unit=UNITS[language][each.type.unit], threshold=plain(each.threshold),
        )
        for each in short[:SHOWN]
    ]  # fmt: skip
    if len(short) > SHOWN:
        lines.append(MORE[language].format(count=len(short) - SHOWN))
    return "\n".join(lines)
