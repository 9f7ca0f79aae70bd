"""The desired state of a subscription's account on the network."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.ids import Id, new_id
from core.network.models import Access


def want_access(session: Session, *, subscription_id: Id, username: str, profile: str, allowed: bool) -> Access:
    """From now on this account shall exist with that speed profile, allowed or blocked; a worker makes it so."""
    access = session.scalar(select(Access).where(Access.subscription_id == subscription_id))
    if access is None:
        access = Access(id=new_id(), subscription_id=subscription_id)
        session.add(access)
    access.username, access.profile = username, profile
    access.state = "allowed" if allowed else "blocked"
    session.flush()
    return access
