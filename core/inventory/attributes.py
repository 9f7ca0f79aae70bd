"""What is noted of each piece of a type: declared by name, checked whenever a piece is entered."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import DomainError
from core.inventory.models import ItemType

KINDS = ("text", "mac", "number")
TEXT_MAX = 120
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class AttributeInvalid(DomainError):
    """An attribute is not declared, is missing, or cannot be read."""


@dataclass(frozen=True)
class Attribute:
    """`name` in small letters, such as `mac` or `pon_sn`; `unique` ones are on one piece of the company only."""

    name: str
    kind: str = "text"
    required: bool = False
    unique: bool = False


def declared(attributes: Sequence[Attribute]) -> list[dict[str, Any]]:
    """The declarations as a type keeps them. Raises AttributeInvalid."""
    names = [attribute.name for attribute in attributes]
    for attribute in attributes:
        if not _NAME.fullmatch(attribute.name) or attribute.kind not in KINDS:
            raise AttributeInvalid(
                f"{attribute.name!r} of kind {attribute.kind!r} is no attribute: a name such as pon_sn, and one of "
                f"{', '.join(KINDS)}"
            )
    if len(set(names)) < len(names) or "serial" in names:
        raise AttributeInvalid("Each attribute has a name of its own, and the serial is none")
    return [asdict(attribute) for attribute in attributes]


def attributes_of(item_type: ItemType) -> list[Attribute]:
    """What the type declares."""
    return [Attribute(**kept) for kept in item_type.attributes]


def checked(item_type: ItemType, given: Mapping[str, Any]) -> dict[str, str]:
    """The attributes of a piece as they are kept: empty ones left out, a MAC as `AA:BB:CC:DD:EE:FF`.

    Raises AttributeInvalid for one that is not declared, missing, or not what its kind asks for.
    """
    known = {attribute.name: attribute for attribute in attributes_of(item_type)}
    filled = {name: " ".join(str(value).split()) for name, value in given.items() if value is not None}
    filled = {name: value for name, value in filled.items() if value}
    for name in filled:
        if name not in known:
            words = ", ".join(known) or "none"
            raise AttributeInvalid(f"{item_type.name} has no attribute {name!r}: it has {words}")
    for attribute in known.values():
        if attribute.required and attribute.name not in filled:
            raise AttributeInvalid(f"{item_type.name} needs its {attribute.name}")
    return {name: _read(known[name], value) for name, value in filled.items()}


def _read(attribute: Attribute, value: str) -> str:
    if attribute.kind == "mac":
        digits = re.sub(r"[\s:.\-]", "", value).upper()
        if not re.fullmatch(r"[0-9A-F]{12}", digits):
            raise AttributeInvalid(f"{value!r} is no MAC address: twelve digits such as A4:2B:8C:00:12:EF")
        return ":".join(digits[place : place + 2] for place in range(0, 12, 2))
    if attribute.kind == "number" and not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,4})?", value):
        raise AttributeInvalid(f"{attribute.name} is a number, not {value!r}")
    if len(value) > TEXT_MAX:
        raise AttributeInvalid(f"{attribute.name} is longer than {TEXT_MAX} characters")
    return value
