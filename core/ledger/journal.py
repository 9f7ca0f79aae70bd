"""Journal entries: posted once per event, never edited, corrected by reversal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select, text
from sqlalchemy.orm import Session, make_transient_to_detached

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.accounts import UnknownAccount as UnknownAccount
from core.ledger.accounts import read_accounts
from core.ledger.guards import refuse_entry
from core.ledger.kinds import REVERSAL
from core.ledger.models import JournalEntry, Posting
from core.ledger.periods import refuse_closed


class EntryUnbalanced(DomainError):
    """The lines do not add up to zero, or there are fewer than two."""


class AlreadyReversed(DomainError):
    """An entry is reversed once."""


class NotReversible(DomainError):
    """A reversal is not reversed again."""


@dataclass(frozen=True)
class Line:
    """A side of an entry: debit positive, credit negative, in the company's currency.

    `area_id` and `plan_id` are what income and cost are reported by.
    """

    account_code: str
    amount: Decimal
    party_id: Id | None = None
    area_id: Id | None = None
    plan_id: Id | None = None


def post_entry(
    session: Session, *, kind: str, source_id: Id, posted_on: date, lines: Sequence[Line], actor: str,
    origin: str = "", memo: str = "",
) -> JournalEntry:  # fmt: skip
    """Write one balanced entry; zero lines are left out. The database checks it again at commit.

    `kind` is one of core.ledger.kinds; `origin` names what caused it: `message:<id>`, `panel:<action>`, `run:<id>`.
    Raises EntryUnbalanced, PeriodClosed, UnknownAccount and what core.ledger.guards refuses; a second entry for the
    same kind and source is refused by the database.
    """
    sides = [line for line in lines if line.amount != 0]
    total = sum((line.amount for line in sides), Decimal(0))
    if total != 0 or len(sides) < 2:
        raise EntryUnbalanced(f"The entry {kind} has {len(sides)} lines and is off by {total}")
    accounts = read_accounts(session, {line.account_code for line in sides})
    refuse_entry(
        session, kind=kind, posted_on=posted_on, actor=actor, origin=origin,
        sides=[(line.account_code, line.party_id) for line in sides],
    )  # fmt: skip
    entry = JournalEntry(
        id=new_id(), kind=kind, source_id=source_id, posted_on=posted_on, actor=actor, origin=origin, memo=memo,
        reverses_id=None,
    )  # fmt: skip
    session.flush()
    session.execute(_WRITE, {
        "id": entry.id, "kind": kind, "source_id": source_id, "posted_on": posted_on, "actor": actor,
        "origin": origin, "memo": memo, "account_ids": [accounts[line.account_code].id for line in sides],
        "party_ids": [line.party_id for line in sides], "amounts": [line.amount for line in sides],
        "area_ids": [line.area_id for line in sides], "plan_ids": [line.plan_id for line in sides],
    })  # fmt: skip
    make_transient_to_detached(entry)
    session.add(entry)
    return entry


_WRITE = text("""
    WITH entry AS (
        INSERT INTO journal_entry (id, kind, source_id, posted_on, actor, origin, memo)
        VALUES (:id, :kind, :source_id, :posted_on, :actor, :origin, :memo)
    )
    INSERT INTO posting (entry_id, account_id, party_id, posted_on, amount, area_id, plan_id)
    SELECT :id, account_id, party_id, :posted_on, amount, area_id, plan_id
      FROM unnest(CAST(:account_ids AS uuid[]), CAST(:party_ids AS uuid[]), CAST(:amounts AS numeric[]),
                  CAST(:area_ids AS uuid[]), CAST(:plan_ids AS uuid[]))
           AS line(account_id, party_id, amount, area_id, plan_id)
""")
"""Entry and lines in one statement: payments post hundreds a second."""


def reverse_entry(
    session: Session, *, entry_id: Id, posted_on: date, actor: str, origin: str = "", memo: str = ""
) -> JournalEntry:
    """Post the same lines with the other sign; raises AlreadyReversed, NotReversible, PeriodClosed."""
    entry = session.get(JournalEntry, entry_id)
    if entry is None:
        raise NotFound("There is no such journal entry")
    if entry.reverses_id is not None:
        raise NotReversible(f"{entry.memo or entry.kind} is a reversal itself: post the event anew instead")
    refuse_closed(session, posted_on=posted_on, kind=REVERSAL, actor=actor)
    if session.scalar(select(JournalEntry.id).where(JournalEntry.reverses_id == entry_id)) is not None:
        raise AlreadyReversed(f"The entry {entry.kind} of {entry.posted_on} is reversed already")
    reversal = JournalEntry(
        id=new_id(), kind=REVERSAL, source_id=entry_id, posted_on=posted_on, actor=actor, origin=origin,
        memo=memo, reverses_id=entry_id,
    )  # fmt: skip
    session.add(reversal)
    session.flush()
    postings = session.scalars(select(Posting).where(Posting.entry_id == entry_id)).all()
    session.add_all(
        Posting(
            id=new_id(), entry_id=reversal.id, account_id=posting.account_id, party_id=posting.party_id,
            posted_on=posted_on, amount=-posting.amount, area_id=posting.area_id, plan_id=posting.plan_id,
        )
        for posting in postings
    )  # fmt: skip
    session.flush()
    return reversal
