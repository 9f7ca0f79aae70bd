"""Where stock can be: warehouses, technicians, customers, vendors, scrap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.crm.models import Customer
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.inventory.models import Warehouse
from core.ledger.treasury_models import Vendor
from core.staff.models import Staff

MAIN = "Main store"


class WarehouseInvalid(DomainError):
    """The warehouse cannot be kept as given, or is closed."""


class PlaceInvalid(DomainError):
    """Stock cannot be kept there."""


@dataclass(frozen=True)
class Place:
    """`kind` is one of core.inventory.models.PLACES; `id` is the warehouse, employee, customer or vendor."""

    kind: str
    id: Id | None = None

    @property
    def key(self) -> str:
        """`technician:<id>`, as forms carry it."""
        return f"{self.kind}:{self.id or ''}"


SCRAP, COUNT, OUTSIDE = Place("scrap"), Place("count"), Place("outside")
_FIXED_NAMES = {"scrap": "Scrap", "count": "Stock take", "outside": "Before these books", "vendor": "A supplier"}


def add_warehouse(session: Session, *, name: str) -> Warehouse:
    """A store room; raises WarehouseInvalid for a name that is taken or empty."""
    name = " ".join(name.split())
    if not name or len(name) > 80 or session.scalar(select(Warehouse.id).where(Warehouse.name == name)) is not None:
        raise WarehouseInvalid(f"A warehouse needs a name of its own; {name or 'an empty one'} will not do")
    made = Warehouse(id=new_id(), name=name, active=True)
    session.add(made)
    session.flush()
    return made


def main_warehouse(session: Session) -> Warehouse:
    """The company's oldest warehouse; made when there is none yet."""
    first = session.scalar(select(Warehouse).where(Warehouse.active).order_by(Warehouse.created_at, Warehouse.id))
    return first or add_warehouse(session, name=MAIN)


def warehouses(session: Session) -> list[Warehouse]:
    """The warehouses in use, by name."""
    return list(session.scalars(select(Warehouse).where(Warehouse.active).order_by(Warehouse.name)))


def stock_places(session: Session) -> list[tuple[Place, str]]:
    """Every place of the company's own stock with its name: the warehouses, then who works as a technician."""
    rooms = [(Place("warehouse", room.id), room.name) for room in warehouses(session)]
    people = session.scalars(select(Staff).where(Staff.state == "active").order_by(Staff.name))
    return rooms + [
        (Place("technician", person.id), person.name) for person in people
        if "technician" in (person.role, *person.extra_roles)
    ]  # fmt: skip


def own_place(session: Session, place: Place) -> Place:
    """The place, if new stock may be put there: a warehouse in use or an active employee.

    Raises PlaceInvalid, NotFound.
    """
    if place.kind == "warehouse":
        room = session.get(Warehouse, place.id) if place.id else None
        if room is None:
            raise NotFound("There is no such warehouse")
        if not room.active:
            raise WarehouseInvalid(f"{room.name} is closed: choose another warehouse")
    elif place.kind == "technician":
        person = session.get(Staff, place.id) if place.id else None
        if person is None:
            raise NotFound("There is no such employee")
        if person.state != "active":
            raise PlaceInvalid(f"{person.name} has left: stock cannot be given to him")
    else:
        raise PlaceInvalid(f"Stock is kept in a warehouse or by a technician, not at {place.kind!r}")
    return place


def place_names(session: Session, places: Iterable[Place]) -> dict[Place, str]:
    """What people call each place."""
    wanted = set(places)
    names: dict[Place, str] = {place: _FIXED_NAMES.get(place.kind, place.kind) for place in wanted}
    for kind, model in (("warehouse", Warehouse), ("technician", Staff), ("vendor", Vendor)):
        keys = [place.id for place in wanted if place.kind == kind and place.id]
        for row in session.execute(select(model.id, model.name).where(model.id.in_(keys))) if keys else ():
            names[Place(kind, row[0])] = row[1]
    customers = [place.id for place in wanted if place.kind == "customer" and place.id]
    if customers:
        found = select(Customer.id, Customer.number, Customer.name).where(Customer.id.in_(customers))
        for key, number, name in session.execute(found):
            names[Place("customer", key)] = f"{number} {name}"
    return names
