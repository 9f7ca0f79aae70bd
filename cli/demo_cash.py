"""What the demo's customers say of the cash that agents took at their doors."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cli.demo_timeline import ACTOR
from cli.demo_town import Town
from core.billing.cash_proof_lists import ProofRow, proof_rows
from core.crm.contacts import identify, link_by_phone
from core.crm.models import CustomerPhone
from core.ids import Id
from core.money import rounded
from core.usecases.answer_cash import note_call, say_otherwise, say_paid, settle_cash

SILENT = 5
"""One in so many never answers, and of one in so many customers nobody is on WhatsApp."""
NEWEST_SILENT = 2
DISPUTED, SETTLED, CALLED = 2, 3, 4
"""By age, the newest being 0: another amount was paid; a dispute that the office settled; a call by the office."""


def on_whatsapp(number: int) -> bool:
    """Whether the resident of that number can be asked."""
    return number % SILENT != 0


def answer_cash(session: Session, town: Town, now: datetime) -> None:
    """Most customers confirmed within the hour, some never did, one says that it was less."""
    manager = f"staff:{town.people('manager')[0].id}"
    waiting = proof_rows(session, states=("waiting",), newest_first=True, limit=1000)
    for age, row in enumerate(waiting):
        if age < NEWEST_SILENT or age % SILENT == 0:
            continue
        if age == CALLED:
            note_call(session, receipt=row.receipt, agrees=True, note="Called: he paid at the door", actor=manager,
                      now=now, origin=ACTOR)  # fmt: skip
        elif age in (DISPUTED, SETTLED):
            _dispute(session, row, now)
        else:
            answered_at = min(row.proof.asked_at + timedelta(minutes=20), now)
            say_paid(session, receipt=row.receipt, contact_id=_writes(session, row), how="tap", now=answered_at,
                     origin=ACTOR)  # fmt: skip
        if age == SETTLED:
            settle_cash(session, receipt=row.receipt, note="His wife gave the rest, both signed the slip",
                        actor=manager, now=now, origin=ACTOR)  # fmt: skip


def _dispute(session: Session, row: ProofRow, now: datetime) -> None:
    say_otherwise(session, receipt=row.receipt, contact_id=_writes(session, row), amount=rounded(row.amount * 4 / 5),
                  now=now, origin=ACTOR)  # fmt: skip


def _writes(session: Session, row: ProofRow) -> Id:
    """The customer's first phone, on WhatsApp from now on."""
    phones = select(CustomerPhone.phone).where(CustomerPhone.customer_id == row.proof.customer_id)
    phone = session.scalars(phones.order_by(CustomerPhone.id).limit(1)).one()
    contact = identify(session, phone=phone, user_id=None)
    session.flush()
    link_by_phone(session, contact.id, phone)
    return contact.id
