"""Requests for terms beyond what the asker may grant: asked, decided once by somebody else, withdrawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.money import ZERO
from core.numbering import next_number
from core.staff.approval_models import KINDS, TermsPolicy, TermsRequest

PERCENT_FREE, AMOUNT_FREE = 10, Decimal(500)


class TermsInvalid(DomainError):
    """What was asked for cannot be granted by anybody."""


class TermsDecided(DomainError):
    """The request is decided or withdrawn already."""


class OwnRequest(DomainError):
    """Nobody allows what he asked for himself."""


def terms_policy_of(session: Session) -> TermsPolicy:
    """The company's limits; the defaults, not kept, where it has made none."""
    kept = session.scalars(select(TermsPolicy)).first()
    return kept or TermsPolicy(
        discount_percent_free=PERCENT_FREE, discount_amount_free=AMOUNT_FREE, price_needs_owner=False
    )


def change_terms_policy(
    session: Session, *, discount_percent_free: int, discount_amount_free: Decimal, price_needs_owner: bool
) -> TermsPolicy:
    """What a manager may grant alone from now on. Raises TermsInvalid."""
    if not 0 <= discount_percent_free <= 100 or discount_amount_free < ZERO:
        raise TermsInvalid("The free discount is 0 to 100 percent, and an amount of 0 or more")
    policy = terms_policy_of(session)
    policy.id = policy.id or new_id()
    policy.discount_percent_free, policy.discount_amount_free = discount_percent_free, discount_amount_free
    policy.price_needs_owner = price_needs_owner
    session.add(policy)
    session.flush()
    return policy


def ask_terms(
    session: Session, *, kind: str, subject: str, amount: Decimal, terms: Mapping[str, Any], reason: str, asked_by: str,
    now: datetime, idempotency_key: str, customer_id: Id | None = None,
) -> TermsRequest:  # fmt: skip
    """Keep a request; a repeat of the key returns the first. Raises TermsInvalid without a reason."""
    first = session.scalar(select(TermsRequest).where(TermsRequest.idempotency_key == idempotency_key))
    if first is not None:
        return first
    if kind not in KINDS or not reason.strip():
        raise TermsInvalid("Say what is asked for, and why")
    request = TermsRequest(
        id=new_id(), number=next_number(session, "terms"), kind=kind, subject=subject, customer_id=customer_id,
        amount=amount, terms=dict(terms), reason=reason.strip()[:500], state="asked", asked_by=asked_by, asked_at=now,
        idempotency_key=idempotency_key,
    )  # fmt: skip
    session.add(request)
    session.flush()
    return request


def decide_terms(
    session: Session, *, request_id: Id, state: str, decided_by: str, now: datetime, note: str = "",
    may_own: bool = False,
) -> TermsRequest:  # fmt: skip
    """Approved or refused, once; who asked decides nothing unless `may_own`.

    Raises NotFound, TermsDecided, OwnRequest.
    """
    request = session.get(TermsRequest, request_id, with_for_update=True, populate_existing=True)
    if request is None:
        raise NotFound("There is no such request")
    if request.state != "asked":
        raise TermsDecided(f"{request.number} is {request.state} already")
    if request.asked_by == decided_by and not may_own:
        raise OwnRequest(f"{request.number} is decided by somebody else than who asked")
    request.state, request.decided_by, request.decided_at, request.note = state, decided_by, now, note.strip()[:500]
    session.flush()
    return request


def withdraw_terms(session: Session, *, request_id: Id, asked_by: str, now: datetime) -> TermsRequest:
    """Who asked takes it back. Raises NotFound, TermsDecided, OwnRequest for somebody else's."""
    request = session.get(TermsRequest, request_id, with_for_update=True)
    if request is None:
        raise NotFound("There is no such request")
    if request.asked_by != asked_by:
        raise OwnRequest(f"{request.number} is somebody else's")
    if request.state != "asked":
        raise TermsDecided(f"{request.number} is {request.state} already")
    request.state, request.decided_by, request.decided_at = "withdrawn", asked_by, now
    session.flush()
    return request


def waiting_terms(session: Session) -> Sequence[TermsRequest]:
    """What waits for a decision, the oldest first."""
    return session.scalars(
        select(TermsRequest).where(TermsRequest.state == "asked").order_by(TermsRequest.asked_at, TermsRequest.id)
    ).all()
