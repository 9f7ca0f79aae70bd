"""Payment gateways: what a signed callback must say, and who reads it.

To add one: write a class with `verify`, name it in GATEWAYS, and put its secret into TAAR_GATEWAY_SECRETS. The
rest (endpoint, idempotency, booking, receipts) is the same for all. docs/gateways.md has the whole page.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NoReturn, Protocol

from core.errors import DomainError
from core.money import ZERO, AmountInvalid, parse_amount

KINDS = ("paid", "failed", "refunded")
TOLERANCE = timedelta(minutes=5)
TEXT_MAX = 200


class SignatureRefused(DomainError):
    """The callback is not signed by a secret we share with the gateway, or is too old to be believed."""


class NoticeUnreadable(DomainError):
    """A signed callback that does not say what it must; the text names the part."""


@dataclass(frozen=True)
class GatewayNotice:
    """What a gateway tells: amounts are exact, in `currency`; `content` is its body for the record."""

    kind: str
    transaction_id: str
    amount: Decimal
    currency: str
    reference: str
    """What the payer was given: an invoice's token or number, or a customer number."""
    occurred_at: datetime
    content: Mapping[str, Any]


class Gateway(Protocol):
    """Reads the callbacks of one gateway."""

    def verify(
        self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], *, now: datetime
    ) -> GatewayNotice:
        """The notice in a callback signed with one of `secrets`; header names are in lower case.

        Raises SignatureRefused before anything of the body is believed, NoticeUnreadable after that.
        """


class SignedWebhook:
    """The generic one: `Taar-Signature: t=<unix seconds>,v1=<hex>` and a JSON body.

    v1 is the HMAC-SHA256 of `<t>.<raw body>`; several v1 may be sent while a secret is being changed.
    """

    HEADER = "taar-signature"

    def verify(
        self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], *, now: datetime
    ) -> GatewayNotice:
        """See Gateway."""
        self._check(headers.get(self.HEADER, ""), body, secrets, now)
        return _read(_fields(body))

    def _check(self, header: str, body: bytes, secrets: Sequence[str], now: datetime) -> None:
        parts = [part.strip().partition("=") for part in header.split(",")]
        stamps = [value for name, _, value in parts if name == "t"]
        told = [value for name, _, value in parts if name == "v1"]
        if len(stamps) != 1 or not stamps[0].isascii() or not stamps[0].isdigit() or len(stamps[0]) > 11 or not told:
            raise SignatureRefused("The signature header is missing or malformed")
        good = [
            hmac.compare_digest(sign(secret, stamps[0], body).encode(), value.encode())
            for secret in secrets
            for value in told
        ]
        if not any(good):
            raise SignatureRefused("No shared secret made this signature")
        if abs(now - datetime.fromtimestamp(int(stamps[0]), UTC)) > TOLERANCE:
            raise SignatureRefused("The signature is more than five minutes from our clock")


def sign(secret: str, stamp: str, body: bytes) -> str:
    """The v1 signature of a body at a Unix time, in hex."""
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


GATEWAYS: Mapping[str, Gateway] = {"signed_webhook": SignedWebhook()}
"""The last part of a callback's address, and who reads it."""


def _fields(body: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(body, parse_float=_no_float, parse_constant=_no_float)
    except (ValueError, RecursionError) as wrong:
        raise NoticeUnreadable("The body is no JSON object") from wrong
    if not isinstance(fields, dict):
        raise NoticeUnreadable("The body is no JSON object")
    if not _storable(json.dumps(fields, ensure_ascii=False)):
        raise NoticeUnreadable("The body has characters that are no text")
    return fields


def _storable(kept: str) -> bool:
    """Whether the database takes it: no NUL, and no half of a surrogate pair."""
    return "\\u0000" not in kept and not any("\ud800" <= char <= "\udfff" for char in kept)


def _no_float(text: str) -> NoReturn:
    raise NoticeUnreadable(f"{text} is a number with a fraction: amounts are sent as text")


def _read(fields: dict[str, Any]) -> GatewayNotice:
    kind = _text(fields, "kind")
    if kind not in KINDS:
        raise NoticeUnreadable(f"kind is {kind!r}, not one of {', '.join(KINDS)}")
    try:
        amount = parse_amount(_text(fields, "amount"))
    except AmountInvalid as wrong:
        raise NoticeUnreadable(f"amount: {wrong}") from wrong
    if amount <= ZERO:
        raise NoticeUnreadable("amount is not above zero")
    return GatewayNotice(
        kind, _text(fields, "transaction_id"), amount, _text(fields, "currency").upper(),
        _text(fields, "reference", empty=True), _instant(_text(fields, "occurred_at")), fields,
    )  # fmt: skip


def _text(fields: dict[str, Any], name: str, *, empty: bool = False) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or len(value) > TEXT_MAX or not (value.strip() or empty):
        raise NoticeUnreadable(f"{name} must be text of 1 to {TEXT_MAX} characters")
    return value.strip()


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            raise NoticeUnreadable("occurred_at needs a time zone")
        return instant.astimezone(UTC)
    except (ValueError, OverflowError) as wrong:
        raise NoticeUnreadable("occurred_at is no ISO 8601 instant") from wrong
