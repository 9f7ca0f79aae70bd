"""Where the company's network is: by the names of its areas and sub-zones, or by a point on the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.crm.models import Area, SubZone
from core.errors import DomainError, NotFound
from core.ids import Id


@dataclass(frozen=True)
class Place:
    """A sub-zone with all the names people may call it by; its area's name counts for it as well."""

    sub_zone_id: Id
    name: str
    area: str
    coverage: str
    names: Sequence[str]

    @property
    def label(self) -> str:
        """`Block A, Gulberg`, or the name alone where it names the area already."""
        return self.name if self.area.casefold() in self.name.casefold() else f"{self.name}, {self.area}"


@dataclass(frozen=True)
class Nearby:
    """The nearest sub-zone to a point, and how far in metres its nearest site or its own point is."""

    sub_zone_id: Id
    metres: int


def places_of(session: Session) -> list[Place]:
    """Every sub-zone, by area and name."""
    rows = session.execute(
        select(SubZone.id, SubZone.name, SubZone.other_names, SubZone.coverage, Area.name)
        .join(Area, Area.id == SubZone.area_id).order_by(Area.name, SubZone.name)
    )  # fmt: skip
    return [Place(key, name, area, coverage, (name, *others)) for key, name, others, coverage, area in rows]


class PlaceInvalid(DomainError):
    """The point is none on the globe."""


def areas_with_zones(session: Session) -> dict[Area, list[SubZone]]:
    """The company's areas by name, each with its sub-zones."""
    found: dict[Area, list[SubZone]] = {}
    for zone in session.scalars(select(SubZone).join(Area).order_by(Area.name, SubZone.name)):
        found.setdefault(zone.area, []).append(zone)
    return found


def zones_of(session: Session) -> Sequence[SubZone]:
    """Every sub-zone with its area, by name."""
    query = select(SubZone).join(Area, Area.id == SubZone.area_id).order_by(Area.name, SubZone.name)
    return session.scalars(query).all()


def change_place(
    session: Session, *, sub_zone_id: Id, coverage: str, other_names: Sequence[str], point: str
) -> SubZone:
    """Say whether a sub-zone takes new connections, how else it is written, and where it is.

    `point` is `31.5204, 74.3587` as a map gives it, or empty. Raises NotFound, PlaceInvalid.
    """
    zone = session.get(SubZone, sub_zone_id)
    if zone is None:
        raise NotFound("There is no such sub-zone")
    zone.coverage, zone.other_names = coverage, list(dict.fromkeys(other_names))
    zone.latitude, zone.longitude = _point(point) if point.strip() else (None, None)
    session.flush()
    return zone


def _point(written: str) -> tuple[Decimal, Decimal]:
    parts = written.replace(",", " ").split()
    try:
        latitude, longitude = (round(Decimal(part), 6) for part in parts)
    except (ValueError, InvalidOperation) as wrong:
        raise PlaceInvalid(f"{written!r} is no point such as 31.5204, 74.3587") from wrong
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise PlaceInvalid(f"{written!r} is no point on the globe")
    return latitude, longitude


# A degree of latitude is 111.2 km everywhere; the box only narrows, the haversine decides.
_NEAREST = text("""
    WITH point AS (
        SELECT sub_zone.id, sub_zone.latitude, sub_zone.longitude FROM sub_zone
         WHERE sub_zone.latitude IS NOT NULL AND sub_zone.coverage <> 'closed'
        UNION ALL
        SELECT customer.sub_zone_id, site.latitude, site.longitude
          FROM site JOIN customer ON customer.id = site.customer_id JOIN sub_zone ON sub_zone.id = customer.sub_zone_id
         WHERE site.latitude IS NOT NULL AND customer.state <> 'left' AND sub_zone.coverage <> 'closed'
    ), away AS (
        SELECT id, 2 * 6371000 * asin(sqrt(
                 power(sin(radians(latitude - :latitude) / 2), 2)
                 + cos(radians(:latitude)) * cos(radians(latitude))
                   * power(sin(radians(longitude - :longitude) / 2), 2))) AS metres
          FROM point
         WHERE latitude BETWEEN :latitude - :box AND :latitude + :box
           AND abs(longitude - :longitude) <= :box / greatest(0.01, cos(radians(:latitude)))
    )
    SELECT id, metres FROM away WHERE metres <= :within ORDER BY metres, id LIMIT 1
""")


def nearest_place(session: Session, *, latitude: Decimal, longitude: Decimal, within: int) -> Nearby | None:
    """The sub-zone that a point belongs to, by its own point or its connected sites; None beyond `within` metres."""
    asked = {
        "latitude": float(latitude), "longitude": float(longitude), "within": within, "box": within / 111_000 + 1e-6,
    }  # fmt: skip
    row = session.execute(_NEAREST, asked).one_or_none()
    return Nearby(row.id, round(row.metres)) if row else None
