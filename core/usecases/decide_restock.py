"""A technician's request to the store is decided, and he hears how."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from core.ids import Id
from core.inventory.request_models import RestockRequest
from core.inventory.restock import approve_restock, refuse_restock
from core.printing.figures import plain
from core.staff.models import Staff
from core.usecases.tell_office import tell_employee

GRANTED = {
    "en": "*%(number)s* is approved: %(what)s. Fetch it from the store.",
    "ur_Latn": "*%(number)s* manzoor: %(what)s. Store se le lein.",
    "ur": "*%(number)s* منظور: %(what)s۔ اسٹور سے لے لیں۔",
}
REFUSED = {
    "en": "*%(number)s* is refused: %(why)s", "ur_Latn": "*%(number)s* na-manzoor: %(why)s",
    "ur": "*%(number)s* نامنظور: %(why)s",
}  # fmt: skip


def grant_restock(
    session: Session, *, request_id: Id, decided_by: str, now: datetime, granted: Mapping[Id, Decimal] | None = None
) -> RestockRequest:
    """As `core.inventory.restock.approve_restock`, with its refusals; the technician hears it."""
    request = approve_restock(session, request_id=request_id, decided_by=decided_by, now=now, granted=granted)
    what = ", ".join(f"{plain(line.approved)} {line.type.unit} {line.type.name}"
                     for line in request.lines if line.approved)  # fmt: skip
    _tell(session, request, GRANTED, {"number": request.number, "what": what}, now)
    return request


def turn_down_restock(
    session: Session, *, request_id: Id, decided_by: str, reason: str, now: datetime
) -> RestockRequest:  # fmt: skip
    """As `core.inventory.restock.refuse_restock`, with its refusals; the technician hears the reason."""
    request = refuse_restock(session, request_id=request_id, decided_by=decided_by, reason=reason, now=now)
    _tell(session, request, REFUSED, {"number": request.number, "why": request.reason}, now)
    return request


def _tell(
    session: Session, request: RestockRequest, said: Mapping[str, str], facts: Mapping[str, str], now: datetime
) -> None:
    person = session.get_one(Staff, request.staff_id)
    tell_employee(
        session, staff=person, words=lambda language: said.get(language, said["en"]) % facts, now=now,
        dedupe_key=f"restock:{request.id}:{request.state}",
    )  # fmt: skip
