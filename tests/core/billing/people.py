"""Customers who can be reached on WhatsApp."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.crm.contacts import identify, link_by_phone
from core.crm.models import Contact, Customer


def knows_on_whatsapp(session: Session, customer: Customer, *, language: str | None = None) -> Contact:
    """The contact of the customer's first phone, linked as it would be once he writes."""
    contact = identify(session, phone=customer.phones[0].phone, user_id=None)
    contact.language = language
    link_by_phone(session, contact.id, customer.phones[0].phone)
    session.flush()
    return contact
