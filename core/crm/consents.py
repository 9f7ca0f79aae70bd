"""Stop and resume: what a person wants to be told, kept with when and how he said so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.crm.consent_models import CATEGORIES, CHOICES, ConsentChange
from core.crm.models import Contact
from core.errors import DomainError
from core.ids import Id, new_id

_COLUMN = {"marketing": "marketing_stopped_at", "notices": "opted_out_at"}


def note_choice(session: Session, *, contact_id: Id, category: str, choice: str, how: str, told_at: datetime) -> bool:
    """Keep a person's `stop` or `resume` of `marketing` or of `notices`; False where it was known before.

    What he said last holds, whatever order it is heard in. Stopping notices stops no answer to what he asks.
    """
    if category not in CATEGORIES or choice not in CHOICES:
        raise DomainError(f"{choice!r} of {category!r} is no choice: stop or resume, of marketing or notices")
    kept = session.scalar(
        insert(ConsentChange)
        .values(id=new_id(), contact_id=contact_id, category=category, choice=choice, how=how, told_at=told_at)
        .on_conflict_do_nothing().returning(ConsentChange.id)
    )  # fmt: skip
    last = session.scalars(
        select(ConsentChange)
        .where(ConsentChange.contact_id == contact_id, ConsentChange.category == category)
        .order_by(ConsentChange.told_at.desc(), ConsentChange.id.desc()).limit(1)
    ).one()  # fmt: skip
    contact = session.get_one(Contact, contact_id)
    setattr(contact, _COLUMN[category], last.told_at if last.choice == "stop" else None)
    session.flush()
    return kept is not None
