"""Customers who can be reached on WhatsApp."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.crm.contacts import accounts_of, identify
from core.crm.models import Contact, Customer


def knows_on_whatsapp(session: Session, customer: Customer, *, language: str | None = None) -> Contact:
    """The contact of the customer's first phone, linked as it would be once he writes."""
    contact = identify(session, phone=customer.phones[0].phone, user_id=None)
    contact.language = language
    accounts_of(session, contact)
    session.flush()
    return contact
