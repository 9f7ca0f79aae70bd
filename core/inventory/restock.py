"""Restock requests: a technician asks, a manager decides once, the store issues, and the stock moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.inventory.items import item_by_serial
from core.inventory.models import Item
from core.inventory.places import Place
from core.inventory.quantities import transfer_stock
from core.inventory.request_models import RestockLine, RestockRequest
from core.inventory.types import parse_quantity, type_by_id
from core.numbering import next_number
from core.printing.figures import plain
from core.staff.people import staff_named


class RestockInvalid(DomainError):
    """The request cannot be made or granted as given."""


class RestockDecided(DomainError):
    """The request is decided, issued or withdrawn already."""


class SerialsMissing(DomainError):
    """The serials given are not those the request needs."""


def ask_restock(
    session: Session, *, staff_id: Id, lines: Sequence[tuple[Id, Decimal]], idempotency_key: str, now: datetime,
    note: str = "",
) -> RestockRequest:  # fmt: skip
    """A technician asks for (type, quantity) each; equal types are added up. A repeat of the key returns the first.

    Raises RestockInvalid, QuantityInvalid, NotFound.
    """
    first = session.scalar(select(RestockRequest).where(RestockRequest.idempotency_key == idempotency_key))
    if first is not None:
        return first
    person = staff_named(session, staff_id)
    if person.state != "active" or not lines:
        raise RestockInvalid(f"{person.name} asks for something, and works here, to be restocked")
    wanted: dict[Id, Decimal] = {}
    for type_id, quantity in lines:
        item_type = type_by_id(session, type_id)
        if not item_type.active:
            raise RestockInvalid(f"{item_type.name} is not kept any more")
        wanted[type_id] = wanted.get(type_id, Decimal(0)) + parse_quantity(item_type, quantity)
    request = RestockRequest(
        id=new_id(), number=next_number(session, "restock"), staff_id=staff_id, note=note.strip()[:500], state="asked",
        asked_at=now, idempotency_key=idempotency_key,
        lines=[RestockLine(id=new_id(), position=place, type_id=type_id, type=type_by_id(session, type_id),
                           quantity=quantity)
               for place, (type_id, quantity) in enumerate(wanted.items(), 1)],
    )  # fmt: skip
    session.add(request)
    session.flush()
    return request


def approve_restock(
    session: Session, *, request_id: Id, decided_by: str, now: datetime, granted: Mapping[Id, Decimal] | None = None
) -> RestockRequest:
    """A manager grants what was asked, or of each type what `granted` says (zero for nothing, at most what was asked).

    Nothing moves yet. Raises RestockDecided, RestockInvalid, QuantityInvalid, NotFound.
    """
    request = _locked(session, request_id, ("asked",))
    if decided_by == f"staff:{request.staff_id}":
        raise RestockInvalid(f"{request.number} is decided by somebody else than who asked")
    for line in request.lines:
        amount = line.quantity if granted is None else granted.get(line.type_id, Decimal(0))
        line.approved = parse_quantity(line.type, amount) if amount else Decimal(0)
        if line.approved > line.quantity:
            raise RestockInvalid(f"{plain(line.quantity)} of {line.type.name} were asked for, not {plain(amount)}")
    if not any(line.approved for line in request.lines):
        raise RestockInvalid(f"Nothing of {request.number} would be granted: refuse it, with a reason")
    request.state, request.decided_by, request.decided_at = "approved", decided_by, now
    session.flush()
    return request


def refuse_restock(session: Session, *, request_id: Id, decided_by: str, reason: str, now: datetime) -> RestockRequest:
    """A manager says no, with a reason. Raises RestockDecided, RestockInvalid, NotFound."""
    request = _locked(session, request_id, ("asked",))
    if not reason.strip():
        raise RestockInvalid(f"Say why {request.number} is refused: the technician is told")
    request.state, request.decided_by, request.decided_at = "refused", decided_by, now
    request.reason = reason.strip()[:500]
    session.flush()
    return request


def withdraw_restock(session: Session, *, request_id: Id, staff_id: Id, reason: str = "") -> RestockRequest:
    """Who asked takes the request back before it is issued. Raises RestockDecided, RestockInvalid, NotFound."""
    request = _locked(session, request_id, ("asked", "approved"))
    if request.staff_id != staff_id:
        raise RestockInvalid(f"{request.number} is somebody else's")
    request.state, request.reason = "withdrawn", reason.strip()[:500]
    session.flush()
    return request


def issue_restock(
    session: Session, *, request_id: Id, warehouse_id: Id, issued_by: str, now: datetime, serials: Sequence[str] = (),
    origin: str = "",
) -> RestockRequest:  # fmt: skip
    """What was granted goes from the warehouse to the technician, all or nothing; pieces by their serials.

    Raises RestockDecided unless it is approved and not yet issued, SerialsMissing, SerialNotHeld, NotEnoughStock.
    """
    request = _locked(session, request_id, ("approved",))
    items = [item_by_serial(session, serial) for serial in serials if serial.strip()]
    _refuse_other_serials(request, items)
    granted = [(line.type_id, line.approved) for line in request.lines
               if line.approved and line.type.tracking != "serial"]  # fmt: skip
    transfer_stock(
        session, source=Place("warehouse", warehouse_id), target=Place("technician", request.staff_id), items=items,
        quantities=granted, actor=issued_by, now=now, reason=request.number, origin=origin, document_id=request.id,
        key=f"restock:{request.id}",
    )  # fmt: skip
    request.state, request.issued_by, request.issued_at = "issued", issued_by, now
    request.warehouse_id = warehouse_id
    session.flush()
    return request


def _refuse_other_serials(request: RestockRequest, items: Sequence[Item]) -> None:
    if len({item.id for item in items}) < len(items):
        raise SerialsMissing("A serial is given twice")
    for item in items:
        if not any(line.type_id == item.type_id and line.approved for line in request.lines):
            raise SerialsMissing(f"Serial {item.serial} is a {item.type.name}, which {request.number} does not grant")
    for line in request.lines:
        given, wanted = sum(1 for item in items if item.type_id == line.type_id), line.approved or Decimal(0)
        if line.type.tracking == "serial" and given != wanted:
            raise SerialsMissing(f"{request.number} needs {plain(wanted)} serials of {line.type.name}, not {given}")


def _locked(session: Session, request_id: Id, states: Sequence[str]) -> RestockRequest:
    request = session.get(RestockRequest, request_id, with_for_update=True, populate_existing=True)
    if request is None:
        raise NotFound("There is no such restock request")
    if request.state not in states:
        raise RestockDecided(f"{request.number} is {request.state} already")
    return request


def restock_requests(
    session: Session, *, states: Sequence[str] = ("asked", "approved"), staff_id: Id | None = None, limit: int = 100
) -> list[RestockRequest]:
    """Requests in those states, the oldest first; of one technician where `staff_id` is given."""
    found = select(RestockRequest).where(RestockRequest.state.in_(states))
    if staff_id is not None:
        found = found.where(RestockRequest.staff_id == staff_id)
    return list(session.scalars(found.order_by(RestockRequest.asked_at, RestockRequest.id).limit(limit)))


def restock_by_number(session: Session, number: str) -> RestockRequest:
    """The request printed as `RS-12`; raises NotFound."""
    found = session.scalar(select(RestockRequest).where(RestockRequest.number == number.strip().upper()))
    if found is None:
        raise NotFound(f"There is no restock request {number}")
    return found
