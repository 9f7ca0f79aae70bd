"""What a form or an address line says, read strictly: every refusal names the field and what would do."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import abort, flash, redirect, request, url_for
from werkzeug.datastructures import MultiDict

from admin_web.access import Books, books
from admin_web.blueprint import Page
from core.errors import DomainError, NotFound
from core.money import AmountInvalid, parse_amount

TEXT_MAX = 4000


class FieldInvalid(DomainError):
    """A field is missing or cannot be read."""


class Form:
    """The fields of a form; a method a kind."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = fields

    def text(self, name: str, *, required: bool = False) -> str:
        """The words without spaces around them."""
        value = self._fields.get(name, "").replace("\x00", "").strip()
        if required and not value:
            raise FieldInvalid(f"{_called(name)} is missing.")
        if len(value) > TEXT_MAX:
            raise FieldInvalid(f"{_called(name)} is too long: {TEXT_MAX} characters at most.")
        return value

    def amount(self, name: str) -> Decimal:
        """An amount of money; thousands may be separated by commas."""
        value = self.maybe_amount(name)
        if value is None:
            raise FieldInvalid(f"{_called(name)} is missing.")
        return value

    def maybe_amount(self, name: str) -> Decimal | None:
        """An amount, or None for an empty field."""
        written = self.text(name).replace(",", "")
        if not written:
            return None
        try:
            return parse_amount(written)
        except AmountInvalid as wrong:
            raise FieldInvalid(f"{_called(name)} must be an amount such as 2500 or 2,500.50.") from wrong

    def day(self, name: str, default: date | None = None) -> date:
        """A calendar day; `default` for an empty field."""
        written = self.text(name)
        if not written and default is not None:
            return default
        try:
            return date.fromisoformat(written)
        except ValueError as wrong:
            raise FieldInvalid(f"{_called(name)} must be a day such as 2026-11-30.") from wrong

    def maybe_moment(self, name: str, zone: ZoneInfo) -> datetime | None:
        """An instant written as the clock shows it in `zone`, or None for an empty field."""
        written = self.text(name)
        if not written:
            return None
        try:
            return datetime.fromisoformat(written).replace(tzinfo=zone)
        except ValueError as wrong:
            raise FieldInvalid(f"{_called(name)} must be a day and time such as 2026-11-30T18:30.") from wrong

    def number(self, name: str, default: int | None = None) -> int:
        """A whole number."""
        written = self.text(name)
        if not written and default is not None:
            return default
        if not re.fullmatch(r"-?\d{1,9}", written):
            raise FieldInvalid(f"{_called(name)} must be a whole number, of nine digits at most.")
        return int(written)

    def key(self, name: str) -> UUID:
        """A record that was chosen."""
        value = self.maybe_key(name)
        if value is None:
            raise FieldInvalid(f"{_called(name)} is missing: choose one.")
        return value

    def maybe_key(self, name: str) -> UUID | None:
        """A record that was chosen, or None."""
        written = self.text(name)
        if not written:
            return None
        try:
            return UUID(written)
        except ValueError as wrong:
            raise FieldInvalid(f"{_called(name)} is none of the choices.") from wrong

    def keys(self, name: str) -> list[UUID]:
        """The records whose boxes are ticked."""
        ticked = self._fields.getlist(name) if isinstance(self._fields, MultiDict) else []
        try:
            return [UUID(written) for written in ticked]
        except ValueError as wrong:
            raise FieldInvalid(f"{_called(name)} is none of the choices.") from wrong

    def rate(self, name: str) -> Decimal:
        """A percentage or a quantity, with up to four decimal places."""
        written = self.text(name, required=True)
        if not re.fullmatch(r"-?\d{1,8}(\.\d{1,4})?", written):
            raise FieldInvalid(f"{_called(name)} must be a number such as 19.5, with four decimal places at most.")
        return Decimal(written)

    def maybe_day(self, name: str) -> date | None:
        """A calendar day, or None for an empty field."""
        return self.day(name) if self.text(name) else None

    def maybe_number(self, name: str) -> int | None:
        """A whole number, or None for an empty field."""
        return self.number(name) if self.text(name) else None

    def once(self) -> str:
        """The key under which the form acts once, however often it is sent; also the origin of what it books."""
        return f"panel:{self.key('once')}"

    def choice(self, name: str, choices: Collection[str]) -> str:
        """One of `choices`."""
        value = self.text(name)
        if value not in choices:
            raise FieldInvalid(f"{_called(name)} must be one of {', '.join(choices)}.")
        return value

    def ticked(self, name: str) -> bool:
        """Whether a box is ticked."""
        return name in self._fields


def _called(name: str) -> str:
    return name.replace("_", " ").capitalize()


def asked() -> Form:
    """The address line's parameters."""
    return Form(request.args)


def attempt(action: Callable[[Books, Form], str], *, done: str, show: Callable[[], Page], **where: Any) -> Page:
    """Let `action` use the form in one transaction; its answer is the notice on the page `done`.

    A record that is not there is 404. Any other refusal changes nothing: the page `show` comes again with its reason,
    the fields as they were filled in.
    """
    try:
        with books() as page:
            notice = action(page, Form(request.form))
    except NotFound:
        abort(404)
    except DomainError as refusal:
        flash(str(refusal), "problem")
        shown = show()
        return shown if isinstance(shown, tuple) or not isinstance(shown, str) else (shown, 422)
    flash(notice)
    return redirect(url_for(done, **where))
