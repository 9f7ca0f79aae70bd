"""Commissions in the books: what is due is posted, what is no longer due is taken back, nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Table, any_, cast, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import Uuid

from core.db import table_of
from core.ids import Id, new_id
from core.ledger.accounts import account_ids
from core.ledger.models import JournalEntry, Posting
from core.money import ZERO
from core.staff.balances import PAYABLE
from core.staff.commission_models import ACCOUNT_OF_KIND, CommissionAccrual, CommissionRule
from core.staff.commissions import Assessment

ENTRY_KIND = {"6010": "commission", "6020": "incentive"}


@dataclass(frozen=True)
class Settled:
    """What one call posted, and how many differences it left for the next."""

    accruals: tuple[CommissionAccrual, ...]
    left: int

    @property
    def earned(self) -> Decimal:
        """What was added."""
        return sum((row.amount for row in self.accruals if row.amount > 0), ZERO)

    @property
    def taken_back(self) -> Decimal:
        """What was taken back, positive."""
        return -sum((row.amount for row in self.accruals if row.amount < 0), ZERO)


@dataclass(frozen=True)
class _Standing:
    """What one rule has accrued for one document so far."""

    kind: str
    by_staff: dict[Id, Decimal]
    parts: int


def lock_accruals(session: Session) -> None:
    """Let one transaction at a time settle the company's accruals, so that none settles by facts that have changed."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('accruals:' || taar_company()::text, 0))"))


def settle_accruals(
    session: Session, assessments: Sequence[Assessment], *, posted_on: date, actor: str, origin: str,
    limit: int | None = None,
) -> Settled:  # fmt: skip
    """Bring what is accrued to what is due: 6010 or 6020 to 2400, and back where it is less now.

    Only differences are posted, each in its own entry with its reason, so a repeat posts nothing and a claw-back
    after the payout leaves a debt on 2400 that the next pay bears. At most `limit` differences in this call; the
    next call goes on. The caller has locked (`lock_accruals`) before he read the facts.
    """
    rows = differences_due(session, assessments, posted_on=posted_on)
    chosen = rows if limit is None else rows[:limit]
    _write(session, chosen, actor, origin)
    return Settled(tuple(chosen), len(rows) - len(chosen))


def differences_due(session: Session, assessments: Sequence[Assessment], *, posted_on: date) -> list[CommissionAccrual]:
    """The accruals that are missing between what is accrued and what is due; they are not in the session."""
    standing = _standing(session, [assessment.source_id for assessment in assessments])
    return [row for merged in _merged(assessments) for row in _differences(merged, standing, posted_on)]


def _merged(assessments: Sequence[Assessment]) -> list[Assessment]:
    """One assessment a document: a connection may be sold by one and installed by another."""
    merged: dict[tuple[str, Id], Assessment] = {}
    for one in assessments:
        key = (one.kind, one.source_id)
        if key in merged:
            dues = (*merged[key].dues, *one.dues)
            one = Assessment(one.kind, one.source_kind, one.source_id, max(one.earned_on, merged[key].earned_on), dues,
                             one.why_not)  # fmt: skip
        merged[key] = one
    return list(merged.values())


def _standing(session: Session, source_ids: Sequence[Id]) -> dict[Id, dict[Id, _Standing]]:
    rows = session.execute(
        select(
            CommissionAccrual.source_id, CommissionAccrual.rule_id, CommissionRule.kind, CommissionAccrual.staff_id,
            func.sum(CommissionAccrual.amount), func.max(CommissionAccrual.part),
        )
        .join(CommissionRule, CommissionRule.id == CommissionAccrual.rule_id)
        .where(CommissionAccrual.source_id == any_(cast(list(source_ids), ARRAY(Uuid()))))
        .group_by(CommissionAccrual.source_id, CommissionAccrual.rule_id, CommissionRule.kind,
                  CommissionAccrual.staff_id)
    )  # fmt: skip
    found: dict[Id, dict[Id, _Standing]] = {}
    for source_id, rule_id, kind, staff_id, total, part in rows:
        before = found.setdefault(source_id, {}).get(rule_id)
        by_staff = {**(before.by_staff if before else {}), staff_id: total}
        found[source_id][rule_id] = _Standing(kind, by_staff, max(part, before.parts if before else 0))
    return found


def _differences(
    assessment: Assessment, standing: dict[Id, dict[Id, _Standing]], posted_on: date
) -> list[CommissionAccrual]:
    of_source = standing.get(assessment.source_id, {})
    due = {(due.rule_id, due.staff_id): due for due in assessment.dues}
    accrued = {
        (rule_id, staff_id): total
        for rule_id, row in of_source.items()
        if row.kind == assessment.kind
        for staff_id, total in row.by_staff.items()
    }
    parts = {rule_id: row.parts for rule_id, row in of_source.items()}
    rows = []
    for rule_id, staff_id in [*due, *(key for key in accrued if key not in due)]:
        wanted = due.get((rule_id, staff_id))
        had = accrued.get((rule_id, staff_id), ZERO)
        difference = (wanted.amount if wanted else ZERO) - had
        if difference == ZERO:
            continue
        parts[rule_id] = parts.get(rule_id, 0) + 1
        why = wanted.why if wanted else f"Taken back: {assessment.why_not}"
        if wanted and had:
            why = f"{why} (corrected from {had})"
        rows.append(
            CommissionAccrual(
                id=new_id(), rule_id=rule_id, staff_id=staff_id, source_kind=assessment.source_kind,
                source_id=assessment.source_id, part=parts[rule_id], earned_on=assessment.earned_on,
                posted_on=posted_on, amount=difference, account_code=ACCOUNT_OF_KIND[assessment.kind], why=why,
            )
        )  # fmt: skip
    return rows


def _write(session: Session, rows: Sequence[CommissionAccrual], actor: str, origin: str) -> None:
    """Accruals with an entry and two postings each, in three statements however many they are."""
    if not rows:
        return
    ids = account_ids(session)
    entries, postings = [], []
    for row in rows:
        kind = ENTRY_KIND[row.account_code] + ("" if row.amount > 0 else "_taken_back")
        entry_id = new_id()
        entries.append((entry_id, kind, row.id, row.posted_on, actor, origin, row.why))
        for code, amount, party in ((row.account_code, row.amount, None), (PAYABLE, -row.amount, row.staff_id)):
            postings.append((new_id(), entry_id, ids[code], party, row.posted_on, amount))
    accruals = [tuple(getattr(row, column) for column in _ACCRUAL) for row in rows]
    _insert(session, table_of(CommissionAccrual), _ACCRUAL, accruals)
    _insert(session, table_of(JournalEntry), _ENTRY, entries)
    _insert(session, table_of(Posting), _POSTING, postings)


_ACCRUAL = ("id", "rule_id", "staff_id", "source_kind", "source_id", "part", "earned_on", "posted_on", "amount",
            "account_code", "why")  # fmt: skip
_ENTRY = ("id", "kind", "source_id", "posted_on", "actor", "origin", "memo")
_POSTING = ("id", "entry_id", "account_id", "party_id", "posted_on", "amount")


def _insert(session: Session, table: Table, names: Sequence[str], rows: Sequence[tuple[object, ...]]) -> None:
    """One statement with an array a column: a statement a row takes fifty times as long."""
    types = [table.c[name].type.compile(session.get_bind().dialect) for name in names]
    arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in zip(names, types, strict=True))
    statement = text(f"INSERT INTO {table.name} ({', '.join(names)}) SELECT * FROM unnest({arrays})")  # noqa: S608
    session.execute(
        statement, {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
    )


def accruals_of(session: Session, *, staff_id: Id, first: date, last: date) -> list[CommissionAccrual]:
    """What an employee earned and lost from day to day, in the order of posting."""
    return list(
        session.scalars(
            select(CommissionAccrual)
            .where(
                CommissionAccrual.staff_id == staff_id, CommissionAccrual.posted_on >= first,
                CommissionAccrual.posted_on <= last,
            )
            .order_by(CommissionAccrual.posted_on, CommissionAccrual.id)
        )
    )  # fmt: skip


def accruals_in(session: Session, *, first: date, last: date) -> list[CommissionAccrual]:
    """What everybody earned and lost from `first` to `last`, by employee in the order of posting."""
    within = select(CommissionAccrual).where(CommissionAccrual.posted_on.between(first, last))
    return list(
        session.scalars(within.order_by(CommissionAccrual.staff_id, CommissionAccrual.posted_on, CommissionAccrual.id))
    )
