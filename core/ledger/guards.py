"""What an entry must be before it is written: the database refuses the same, but cannot say it to a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy.orm import Session

from core.errors import DomainError
from core.ids import Id
from core.ledger.accounts import account_of
from core.ledger.kinds import KINDS, MANUAL, OPENING, YEAR_CLOSE
from core.ledger.periods import refuse_closed

KEPT_BY_STOCK = ("1200", "1210")
EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)


class UnknownKind(DomainError):
    """No such kind of entry is in the list."""


class OriginRefused(DomainError):
    """This kind of entry is made by a person, and the origin names none."""


class PartyMissing(DomainError):
    """A control account is posted to for somebody."""


class ControlAccount(DomainError):
    """The account belongs to its subledger."""


class AccountRefused(DomainError):
    """This kind of entry does not touch such accounts."""


class DayInvalid(DomainError):
    """No books are kept for that day."""


def refuse_entry(
    session: Session, *, kind: str, posted_on: date, actor: str, origin: str, sides: Iterable[tuple[str, Id | None]]
) -> None:
    """`sides` are account codes with their parties. Raises what is defined here, UnknownAccount, PeriodClosed."""
    known = KINDS.get(kind)
    if known is None:
        raise UnknownKind(f"No kind of journal entry is called {kind!r}: core.ledger.kinds has the list")
    if known.origins and origin.partition(":")[0] not in known.origins:
        raise OriginRefused(f"{known.label} comes from {' or '.join(known.origins)}, not from {origin!r}")
    if not EARLIEST <= posted_on <= LATEST:
        raise DayInvalid(f"{posted_on} is no day of these books: {EARLIEST} to {LATEST}")
    refuse_closed(session, posted_on=posted_on, kind=kind, actor=actor)
    for code, party_id in sides:
        _refuse_side(session, kind, code, party_id)


def _refuse_side(session: Session, kind: str, code: str, party_id: Id | None) -> None:
    account = account_of(session, code)
    if account.control and kind == MANUAL:
        raise ControlAccount(f"{code} {account.name} follows its {account.control}s' documents: write a document, "
                             "not a manual entry")  # fmt: skip
    if code in KEPT_BY_STOCK and kind == MANUAL:
        raise ControlAccount(f"{code} {account.name} follows the movements of stock: receive, move, count or scrap")
    if account.control and party_id is None:
        raise PartyMissing(f"A posting to {code} {account.name} needs its {account.control}")
    result = account.type in ("income", "expense")
    if (kind == OPENING and result) or (kind == YEAR_CLOSE and not result and code != "3900"):
        raise AccountRefused(f"{KINDS[kind].label} does not touch {code} {account.name}")
