"""Journal entries: posted once per event, never edited, corrected by reversal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, LiteralString

from sqlalchemy import select
from sqlalchemy.orm import Session, make_transient_to_detached

from core.db import plain_array, run
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
    session.flush()
    values = entry_values(
        session, kind=kind, source_id=source_id, posted_on=posted_on, lines=lines, actor=actor, origin=origin, memo=memo
    )
    run(session, f"WITH {ENTRY} SELECT", values)
    entry = JournalEntry(
        id=values["entry_id"], kind=kind, source_id=source_id, posted_on=posted_on, actor=actor, origin=origin,
        memo=memo, reverses_id=None,
    )  # fmt: skip
    make_transient_to_detached(entry)
    session.add(entry)
    return entry


def entry_values(
    session: Session, *, kind: str, source_id: Id, posted_on: date, lines: Sequence[Line], actor: str, origin: str,
    memo: str,
) -> dict[str, Any]:  # fmt: skip
    """What `ENTRY` is executed with, for a statement that writes a document and its entry; raises as `post_entry`."""
    sides = [line for line in lines if line.amount != 0]
    total = sum((line.amount for line in sides), Decimal(0))
    if total != 0 or len(sides) < 2:
        raise EntryUnbalanced(f"The entry {kind} has {len(sides)} lines and is off by {total}")
    accounts = read_accounts(session, {line.account_code for line in sides})
    refuse_entry(
        session, kind=kind, posted_on=posted_on, actor=actor, origin=origin,
        sides=[(line.account_code, line.party_id) for line in sides],
    )  # fmt: skip
    return {
        "entry_id": new_id(), "entry_kind": kind, "source_id": source_id, "posted_on": posted_on, "actor": actor,
        "origin": origin, "memo": memo, "side_accounts": plain_array(accounts[line.account_code].id for line in sides),
        "side_parties": plain_array(line.party_id for line in sides),
        "side_amounts": plain_array(line.amount for line in sides),
        "side_areas": plain_array(line.area_id for line in sides),
        "side_plans": plain_array(line.plan_id for line in sides),
    }  # fmt: skip


ENTRY: LiteralString = """
    entry AS (
        INSERT INTO journal_entry (id, kind, source_id, posted_on, actor, origin, memo)
        VALUES (%(entry_id)s, %(entry_kind)s, %(source_id)s, %(posted_on)s, %(actor)s, %(origin)s, %(memo)s)
    ), sides AS (
        INSERT INTO posting (entry_id, account_id, party_id, posted_on, amount, area_id, plan_id)
        SELECT %(entry_id)s, account_id, party_id, %(posted_on)s, amount, area_id, plan_id
          FROM unnest(%(side_accounts)s::uuid[], %(side_parties)s::uuid[], %(side_amounts)s::numeric[],
                      %(side_areas)s::uuid[], %(side_plans)s::uuid[])
               AS side(account_id, party_id, amount, area_id, plan_id)
    )"""
"""Entry and lines as parts of one statement of `core.db.run`: payments post hundreds a second."""


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
