"""A webhook body, read tolerantly: every entry, change, message and status on its own.

Nothing here raises for content: what cannot be read comes out as `Unreadable`, its neighbours unharmed.
Shapes and their gaps: reference on the WhatsApp Cloud API, sections 1.4 to 1.8.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

BSUID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9._-]{1,160}")
SILENT_TYPES = frozenset({"reaction", "system", "edit", "revoke", "request_welcome"})
MEDIA_TYPES = ("image", "video", "document", "audio", "sticker")
NEWS = (
    "phone_number_quality_update", "business_capability_update", "account_update", "account_review_update",
    "account_alerts",
)  # fmt: skip
YEAR_3000 = 32_503_680_000
TEXT_MAX = 4096

Raw = dict[str, Any]


@dataclass(frozen=True)
class Sender:
    """Who wrote: `phone` in E.164 with the plus, `user_id` Meta's BSUID; at least one is there."""

    phone: str | None
    user_id: str | None
    name: str = ""
    username: str = ""


@dataclass(frozen=True)
class Media:
    """A file that Meta holds for some days."""

    media_id: str
    mime_type: str
    filename: str
    sha256: str


@dataclass(frozen=True)
class NumberChange:
    """Meta tells of a person's new identifiers; None where one is withheld."""

    phone: str | None
    user_id: str | None
    same_phone: bool
    """Only the user id is new."""


@dataclass(frozen=True)
class IncomingMessage:
    """One message of one person to one business number."""

    phone_number_id: str
    wamid: str
    type: str
    sender: Sender
    sent_at: datetime | None
    text: str
    action: str | None
    """The id carried by the button or list row that was tapped."""
    media: Media | None
    in_group: bool
    raw: Raw
    number_change: NumberChange | None = None
    edits: str = ""
    """Meta's id of the earlier message whose words these are in place of."""
    revokes: str = ""
    """Meta's id of the message that the person took back."""

    @property
    def place(self) -> tuple[Decimal, Decimal] | None:
        """Latitude and longitude of a location that was shared, to six places."""
        shared = _object(self.raw.get("location")) if self.type == "location" else {}
        return _place(shared.get("latitude"), shared.get("longitude"))


@dataclass(frozen=True)
class IncomingStatus:
    """A delivery status of a message we sent."""

    phone_number_id: str
    raw: Raw
    account_id: str = ""
    """The WhatsApp business account that the body came for."""


@dataclass(frozen=True)
class IncomingNews:
    """Meta tells of a business number or of its whole account: quality, limits, restrictions."""

    topic: str
    """One of `NEWS`."""
    account_id: str
    display_number: str
    """As people dial it, digits alone; empty where the whole account is meant."""
    raw: Raw


@dataclass(frozen=True)
class Unreadable:
    """An item that is kept with its event but cannot be acted upon."""

    phone_number_id: str | None
    reason: str


@dataclass(frozen=True)
class IncomingPreference:
    """A person stopped or resumed marketing in WhatsApp's own settings."""

    phone_number_id: str
    sender: Sender
    choice: str
    """`stop` or `resume`."""
    told_at: datetime | None


@dataclass(frozen=True)
class IncomingTemplateNews:
    """Meta tells of one of the account's templates: its state, quality or category."""

    account_id: str
    field: str
    value: Raw


Item = IncomingMessage | IncomingStatus | IncomingPreference | IncomingNews | IncomingTemplateNews | Unreadable
TEMPLATE_FIELDS = frozenset({
    "message_template_status_update", "message_template_quality_update", "template_category_update",
})  # fmt: skip


def read_body(body: bytes) -> list[Item]:
    """Every item of a webhook body, in its order."""
    try:
        document = _clean(json.loads(body))
    except (ValueError, RecursionError) as broken:
        return [Unreadable(None, f"not JSON: {broken}")]
    return list(_items(document))


def _items(document: Any) -> Iterator[Item]:
    if not isinstance(document, dict):
        yield Unreadable(None, "the body is no object")
        return
    for entry in _objects(document.get("entry")):
        for change in _objects(entry.get("changes")):
            field, value = change.get("field", "messages"), _object(change.get("value"))
            if field == "messages":
                yield from _items_of_value(value, _text(entry.get("id")))
            elif field == "user_preferences":
                yield from _preferences(value)
            elif field in NEWS:
                dialled = re.sub(r"\D", "", _text(value.get("display_phone_number")))
                yield IncomingNews(_text(field), _text(entry.get("id")), dialled, value)
            elif field in TEMPLATE_FIELDS:
                yield _template_news(_text(entry.get("id")), field, value)


def _items_of_value(value: Raw, account_id: str) -> Iterator[Item]:
    number = _text(_object(value.get("metadata")).get("phone_number_id")) or None
    contacts = _objects(value.get("contacts"))
    for message in _list(value.get("messages")):
        yield _message(number, contacts, message)
    for status in _list(value.get("statuses")):
        if number and isinstance(status, dict):
            yield IncomingStatus(number, status, account_id)
        else:
            yield Unreadable(number, "a status without number or shape")


def _preferences(value: Raw) -> Iterator[Item]:
    number = _text(_object(value.get("metadata")).get("phone_number_id")) or None
    for told in _list(value.get("user_preferences")):
        phone, user_id = _identifiers(_object(told).get("wa_id"), _object(told).get("user_id"))
        choice = _text(_object(told).get("value"))
        is_marketing = _text(_object(told).get("category")) == "marketing_messages"
        if not number or (phone is None and user_id is None):
            yield Unreadable(number, "a preference without number or person")
        elif is_marketing and choice in ("stop", "resume"):
            yield IncomingPreference(number, Sender(phone, user_id), choice, _instant(_object(told).get("timestamp")))


def _template_news(account: str, field: str, value: Raw) -> Item:
    if not account or not _text(value.get("message_template_name")):
        return Unreadable(None, f"{field} without account or template")
    return IncomingTemplateNews(account, field, value)


def _message(number: str | None, contacts: list[Raw], message: Any) -> Item:
    if not isinstance(message, dict) or not number:
        return Unreadable(number, "a message without number or shape")
    wamid = _text(message.get("id"))
    if not wamid:
        return Unreadable(number, "a message without an id")
    kind = _text(message.get("type")) or "unknown"
    change = _number_change(message) if kind == "system" else None
    sender = _former_self(message, change) if change else _sender(contacts, message)
    if sender is None:
        return Unreadable(number, f"message {wamid} names no sender")
    return replace(_read(number, message, sender), number_change=change)


def read_message(number: str, message: Raw, sender: Sender) -> IncomingMessage:
    """A message's own part of a body, from somebody known by other means; it must have an id."""
    return _read(number, _clean(message), sender)


def sender_in(message: Raw, name: str, username: str) -> Sender | None:
    """Who a stored message came from, by the identifiers in it; the names are known from elsewhere."""
    found = _sender([], message)
    return replace(found, name=name, username=username) if found else None


def _read(number: str, message: Raw, sender: Sender) -> IncomingMessage:
    kind = _text(message.get("type")) or "unknown"
    words, action = _said(kind, message)
    return IncomingMessage(
        phone_number_id=number, wamid=_text(message.get("id")), type=kind, sender=sender,
        sent_at=_instant(message.get("timestamp")), text=words[:TEXT_MAX], action=action,
        media=_media(kind, message), in_group=bool(message.get("group_id")), raw=message,
        edits=_original(kind, message, "edit"), revokes=_original(kind, message, "revoke"),
    )  # fmt: skip


def _sender(contacts: list[Raw], message: Raw) -> Sender | None:
    phone, user_id = _identifiers(message.get("from"), message.get("from_user_id"))
    contact = _contact_of(contacts, message)
    contact_phone, contact_user = _identifiers(contact.get("wa_id"), contact.get("user_id"))
    phone, user_id = phone or contact_phone, user_id or contact_user
    if phone is None and user_id is None:
        return None
    profile = _object(contact.get("profile"))
    return Sender(phone, user_id, _text(profile.get("name"))[:200], _text(profile.get("username"))[:100])


def _number_change(message: Raw) -> NumberChange | None:
    """`user_changed_number`, `user_changed_user_id`, and the older `customer_changed_number` with its own names."""
    told = _object(message.get("system"))
    kind = _text(told.get("type"))
    if not kind.endswith(("changed_number", "changed_user_id")):
        return None
    phone, user_id = _identifiers(told.get("wa_id") or told.get("new_wa_id"), told.get("user_id"))
    return NumberChange(phone, user_id, same_phone=kind.endswith("changed_user_id"))


def _former_self(message: Raw, change: NumberChange) -> Sender | None:
    """Who the person was before the change; the new identifiers may stand where a sender's usually do."""
    told = _object(message.get("system"))
    phone, user_id = _identifiers(message.get("from"), told.get("previous_user_id") or message.get("from_user_id"))
    if phone is None or (phone == change.phone and not change.same_phone):
        phone, _ = _identifiers(told.get("customer"), None)
    if user_id == change.user_id:
        user_id = None
    return Sender(phone, user_id) if phone or user_id else None


def _contact_of(contacts: list[Raw], message: Raw) -> Raw:
    """The contact block of this message: by id, never by position; a lone one is meant when no id differs."""
    ids = {_text(message.get(key)) for key in ("from", "from_user_id")} - {""}
    for contact in contacts:
        if ids & {_text(contact.get("wa_id")), _text(contact.get("user_id"))}:
            return contact
    return contacts[0] if len(contacts) == 1 and not ids else {}


def _identifiers(number: Any, user_id: Any) -> tuple[str | None, str | None]:
    """Phone and BSUID; either may stand in the other's place."""
    given, told = _text(number), _text(user_id)
    bsuid = next((value for value in (told, given) if BSUID.fullmatch(value)), None)
    digits = re.sub(r"[\s()+-]", "", given)
    phone = f"+{digits}" if re.fullmatch(r"[0-9]{6,15}", digits) else None
    return phone, bsuid


def _said(kind: str, message: Raw) -> tuple[str, str | None]:
    content = _object(message.get(kind))
    if kind == "text":
        return _text(content.get("body")), None
    if kind == "button":
        return _text(content.get("text")), _text(content.get("payload")) or None
    if kind == "edit":
        told = _object(content.get("message"))
        return _said(_text(told.get("type")), told)[0] if told.get("type") != "edit" else "", None
    if kind == "interactive":
        reply = _object(content.get("button_reply")) or _object(content.get("list_reply"))
        return _text(reply.get("title")), _text(reply.get("id")) or None
    return _text(content.get("caption")), None


def _original(kind: str, message: Raw, wanted: str) -> str:
    return _text(_object(message.get(kind)).get("original_message_id")) if kind == wanted else ""


def _place(latitude: Any, longitude: Any) -> tuple[Decimal, Decimal] | None:
    """The coordinates if they are on earth; Meta sends numbers, some clients text."""
    try:
        north, east = (Decimal(str(value)).quantize(Decimal("0.000001")) for value in (latitude, longitude))
    except (InvalidOperation, ValueError):
        return None
    finite = north.is_finite() and east.is_finite()
    return (north, east) if finite and abs(north) <= 90 and abs(east) <= 180 else None


def _media(kind: str, message: Raw) -> Media | None:
    content = _object(message.get(kind)) if kind in MEDIA_TYPES else {}
    media_id = _text(content.get("id"))
    if not media_id:
        return None
    return Media(
        media_id, _text(content.get("mime_type"))[:200], _text(content.get("filename"))[:200],
        _text(content.get("sha256"))[:100],
    )  # fmt: skip


def _instant(value: Any) -> datetime | None:
    text = _text(value)
    if not re.fullmatch(r"[0-9]{1,11}", text) or not 0 < int(text) < YEAR_3000:
        return None
    return datetime.fromtimestamp(int(text), UTC)


def _clean(value: Any) -> Any:
    """The value without what PostgreSQL cannot keep: NUL characters and lone surrogates."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _object(value: Any) -> Raw:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: Any) -> list[Raw]:
    return [item for item in _list(value) if isinstance(item, dict)]
