"""Requests for a connection: what the person and the office are told of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.desk.notices import tell, tell_office
from bot.texts.reply import Button, Reply, Saying, words
from core.crm.lead_models import Lead
from core.crm.leads import move_lead

STATES = {
    "new": words("received, we will call you"),
    "survey": words("our team is checking the place"),
    "approved": words("approved, we will agree a day with you"),
    "refused": words("we cannot connect this place at present"),
    "installed": words("installed"),
}


def state_line(lead: Lead) -> Saying:
    """How far a request is."""
    return words("Your request *%(lead)s*: %(state)s.", lead=lead.number, state=STATES[lead.state])


def tell_office_of_lead(session: Session, *, lead: Lead, now: datetime) -> None:
    """Let the managers know of a new request."""
    said = words(
        "New connection asked for: *%(lead)s*, %(name)s, %(place)s, %(phone)s",
        lead=lead.number, name=lead.name, place=lead.sub_zone.name if lead.sub_zone else lead.place or "-",
        phone=lead.phone or "-",
    )  # fmt: skip
    buttons = (
        Button(f"flow:approve:connection-{lead.id}", words("Approve")),
        Button(f"flow:refuse:connection-{lead.id}", words("Refuse")),
    )
    tell_office(session, reply=Reply(said, buttons=buttons), dedupe_key=f"lead:{lead.id}", now=now)


def move(session: Session, *, number: str, state: str, author: str, note: str, now: datetime) -> Lead:
    """Move a request as `move_lead` does, with its refusals, and tell the person how far it is."""
    lead = move_lead(session, number=number, state=state, author=author, note=note, now=now)
    tell_person_of_lead(session, lead=lead, now=now)
    return lead


def tell_person_of_lead(session: Session, *, lead: Lead, now: datetime) -> None:
    """Who asked hears how far the request is, once a state."""
    if lead.contact_id is None:
        return
    said = state_line(lead)
    tell(
        session, contact_id=lead.contact_id, now=now, template=("lead_state", {"what": said}),
        dedupe_key=f"lead_state:{lead.id}:{len(lead.notes)}:{lead.state}",
        reply=Reply(said, buttons=(Button("menu", words("Menu")),)),
    )  # fmt: skip
