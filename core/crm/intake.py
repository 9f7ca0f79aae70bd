"""Areas, sub-zones and new customers with their phones and site."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import phonenumbers
from sqlalchemy.orm import Session

from core.crm.models import Area, Customer, CustomerPhone, Site, SubZone
from core.errors import DomainError
from core.ids import Id, new_id
from core.numbering import next_number


class PhoneInvalid(DomainError):
    """The text is no phone number that can be dialled."""


def e164(phone: str, country: str) -> str:
    """`phone` as E.164 with the plus; a number without country code is one of `country` (ISO code)."""
    try:
        parsed = phonenumbers.parse(phone, country)
    except phonenumbers.NumberParseException as wrong:
        raise PhoneInvalid(f"{phone!r} is no phone number: write it like 0300 1234567") from wrong
    if not phonenumbers.is_possible_number(parsed):
        raise PhoneInvalid(f"{phone!r} has too few or too many digits")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def add_area(session: Session, *, name: str, sub_zones: Sequence[str]) -> tuple[Area, list[SubZone]]:
    """An area with its sub-zones."""
    area = Area(id=new_id(), name=name)
    session.add(area)
    session.flush()
    zones = [SubZone(id=new_id(), area_id=area.id, name=zone) for zone in sub_zones]
    session.add_all(zones)
    session.flush()
    return area, zones


def add_customer(
    session: Session, *, name: str, cnic: str, sub_zone_id: Id, phones: Sequence[str], address: str,
    latitude: Decimal | None = None, longitude: Decimal | None = None, fibre_metres: int | None = None,
    connection_type: str = "fibre", customer_class: str = "residential",
) -> tuple[Customer, Site]:  # fmt: skip
    """An active account with its next number, its phones (E.164) and one site."""
    customer = Customer(
        id=new_id(), number=next_number(session, "customer"), name=name, cnic=cnic, state="active",
        sub_zone_id=sub_zone_id, customer_class=customer_class,
    )  # fmt: skip
    session.add(customer)
    session.flush()
    site = Site(
        id=new_id(), customer_id=customer.id, address=address, latitude=latitude, longitude=longitude,
        fibre_metres=fibre_metres, connection_type=connection_type,
    )  # fmt: skip
    session.add(site)
    session.add_all(CustomerPhone(id=new_id(), customer_id=customer.id, phone=phone) for phone in phones)
    session.flush()
    return customer, site
