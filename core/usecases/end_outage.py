"""An outage is over: the network's record ends, and everybody who told of it hears."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.companies import current_company
from core.crm.models import Contact
from core.ids import Id
from core.messaging.models import Conversation
from core.network import outages
from core.network.outage_models import Outage
from core.usecases.report_fault import first_number, tell


def end_outage(
    session: Session, *, outage_id: Id, ended_by: str, now: datetime, ended_at: datetime | None = None
) -> tuple[Outage, int]:  # fmt: skip
    """End it as `core.network.outages.end_outage` does, and queue a message to each of its reporters.

    Returns the outage and how many hear. Raises NotFound, OutageOver, OutageInvalid.
    """
    outage = outages.end_outage(session, outage_id=outage_id, ended_by=ended_by, now=now, ended_at=ended_at)
    return outage, _tell_reporters(session, outage, "outage_over", now)


def dismiss_outage(session: Session, *, outage_id: Id, dismissed_by: str, now: datetime) -> tuple[Outage, int]:
    """A suspicion was wrong: end it as `core.network.outages.dismiss_outage` does, and tell its reporters.

    They were told to wait; now they can ask for a ticket. Returns the outage and how many hear.
    """
    outage = outages.dismiss_outage(session, outage_id=outage_id, dismissed_by=dismissed_by, now=now)
    return outage, _tell_reporters(session, outage, "outage_refuted", now)


def _tell_reporters(session: Session, outage: Outage, key: str, now: datetime) -> int:
    company, place = current_company(session), ", ".join(outages.zones_of(session, outage.id))
    told: set[Id] = set()
    for report in outages.reporters_of(session, outage.id):
        number_id = report.business_number_id or first_number(session)
        contact = session.get(Contact, report.contact_id) if report.contact_id else None
        if contact is None or number_id is None or contact.id in told:
            continue
        told.add(contact.id)
        tell(
            session, key, {"company": company.name, "place": place}, contact, company,
            choices=(("flow:file_complaint", "still_off"), ("menu", "menu")), business_number_id=number_id,
            heard_at=_heard_at(session, contact.id, number_id), lane="notice",
            dedupe_key=f"{key}:{outage.id}:{contact.id}", now=now,
        )  # fmt: skip
    return len(told)


def _heard_at(session: Session, contact_id: Id, business_number_id: Id) -> datetime | None:
    talk = select(Conversation.last_inbound_at).where(
        Conversation.contact_id == contact_id, Conversation.business_number_id == business_number_id
    )
    return session.scalar(talk)
