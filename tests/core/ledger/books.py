"""What the tests of the books share: postings, and what the journal itself adds up to."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry

LATER = datetime(2027, 12, 1, 6, 0, tzinfo=UTC)


def post(
    session: Session, day: date, debit: str, credit: str, amount: str, *, kind: str = "expense", actor: str = "staff:a",
    area: Id | None = None, plan: Id | None = None,
) -> Id:  # fmt: skip
    """Both sides carry the area and the plan."""
    value = Decimal(amount)
    lines = [Line(debit, value, area_id=area, plan_id=plan), Line(credit, -value, area_id=area, plan_id=plan)]
    return post_entry(session, kind=kind, source_id=new_id(), posted_on=day, lines=lines, actor=actor,
                      origin="panel:test").id  # fmt: skip


def journal_balances(session: Session, last: date, first: date = date(2000, 1, 1)) -> dict[str, Decimal]:
    """By account, straight from the postings; zeros are left out."""
    rows = session.execute(
        text("SELECT a.code, sum(p.amount) FROM posting p JOIN account a ON a.id = p.account_id"
             " WHERE p.posted_on BETWEEN :first AND :last GROUP BY a.code HAVING sum(p.amount) <> 0"),
        {"first": first, "last": last},
    )  # fmt: skip
    return {row[0]: row[1] for row in rows}
