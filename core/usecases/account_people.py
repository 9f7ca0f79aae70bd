"""Who sees an account on WhatsApp, and who has asked to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.crm.link_models import LinkRequest
from core.crm.models import Contact, ContactAccount, Customer
from core.ids import Id

DECIDED_SHOWN = 40


def waiting_requests(session: Session) -> Sequence[Any]:
    """Requests that wait for the office, oldest first, each with its contact and its account or None."""
    return _requests(session, LinkRequest.state == "waiting", newest_first=False)


def decided_requests(session: Session) -> Sequence[Any]:
    """The latest requests that are over, by code or by decision, each with its contact and its account or None."""
    return _requests(session, LinkRequest.state.not_in(("waiting", "code", "over")), newest_first=True)


def _requests(session: Session, which: Any, *, newest_first: bool) -> Sequence[Any]:
    order = LinkRequest.asked_at.desc() if newest_first else LinkRequest.asked_at
    return session.execute(
        select(LinkRequest, Contact, Customer)
        .join(Contact, Contact.id == LinkRequest.contact_id)
        .outerjoin(Customer, Customer.id == LinkRequest.customer_id)
        .where(which).order_by(order).limit(DECIDED_SHOWN if newest_first else None)
    ).all()  # fmt: skip


def people_of(session: Session, *, customer_id: Id) -> Sequence[Any]:
    """(link, contact) of everybody who sees the account in chat, the oldest link first."""
    return session.execute(
        select(ContactAccount, Contact)
        .join(Contact, Contact.id == ContactAccount.contact_id)
        .where(ContactAccount.customer_id == customer_id).order_by(ContactAccount.created_at)
    ).all()  # fmt: skip
