"""What of an invoice is not earned yet: taken out of 2220 by a credit note, a write-off or a voiding, and listed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.billing.deferral_models import Deferral, DeferralMove
from core.billing.invoice_models import Invoice, InvoiceLine
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry
from core.money import ZERO, rounded, split

DEFERRED = "2220"


@dataclass(frozen=True)
class DeferredInvoice:
    """An invoice with revenue that was not earned on a day: of what was deferred, what was earned and what is left."""

    invoice_id: Id
    number: str
    customer_id: Id
    issued_on: date
    period_end: date
    """The first day after the last line's period."""
    amount: Decimal
    earned: Decimal
    taken: Decimal
    """Credited, written off or voided before it was earned."""
    left: Decimal


def defer_lines(session: Session, deferred: Iterable[tuple[Id, Decimal]]) -> None:
    """Keep that these amounts of these invoice lines stand in 2220; the caller posts them there."""
    session.add_all(
        Deferral(id=new_id(), invoice_line_id=line_id, amount=amount, earned=ZERO, taken=ZERO)
        for line_id, amount in deferred
    )
    session.flush()


def take_unearned(
    session: Session, *, asked: Mapping[Id, Decimal], kind: str, source_id: Id, day: date
) -> dict[Id, Decimal]:
    """Take these amounts by invoice line out of what is not earned of them, as far as it goes; by line what was taken.

    The rest is the caller's to take out of income. Locks the deferrals; the caller posts to 2220 what is returned.
    """
    taken = {}
    for deferral in _locked(session, asked):
        part = min(asked[deferral.invoice_line_id], _left(deferral))
        if part > ZERO:
            deferral.taken += part
            _move(session, deferral, kind, part, source_id, day)
            taken[deferral.invoice_line_id] = part
    session.flush()
    return taken


def take_unpaid(session: Session, *, invoice: Invoice, source_id: Id, day: date) -> Decimal:
    """Take out of 2220 the net that is neither earned nor paid of an invoice that is given up; returns how much.

    What was paid counts as paid for the months that are earned first, so that a debt covers the last ones.
    """
    if not invoice.total:
        return ZERO
    unpaid = invoice.balance * invoice.net / invoice.total
    left = {d.invoice_line_id: _left(d) for d in _locked(session, [line.id for line in invoice.lines]) if _left(d)}
    whole = sum(left.values(), ZERO)
    given_up = min(whole, rounded(unpaid))
    if given_up <= ZERO:
        return ZERO
    asked = dict(zip(left, split(given_up, list(left.values())), strict=True))
    taken = take_unearned(session, asked=asked, kind="written_off", source_id=source_id, day=day)
    return sum(taken.values(), ZERO)


def void_deferrals(session: Session, *, invoice: Invoice, day: date, actor: str, origin: str) -> None:
    """The invoice's entry is reversed as a whole: what was earned of it meanwhile goes back to 2220 first."""
    lines = {line.id: line for line in invoice.lines}
    earned = []
    for deferral in _locked(session, lines):
        line = lines[deferral.invoice_line_id]
        if deferral.earned:
            earned.append(Line(line.account_code, deferral.earned, area_id=invoice.area_id, plan_id=line.plan_id))
            _move(session, deferral, "earned", -deferral.earned, invoice.id, day)
        _move(session, deferral, "voided", deferral.amount - deferral.taken, invoice.id, day)
        deferral.earned, deferral.taken = ZERO, deferral.amount
    session.flush()
    if earned:
        post_entry(
            session, kind="revenue_returned", source_id=invoice.id, posted_on=day, actor=actor, origin=origin,
            memo=f"{invoice.number} voided",
            lines=[*earned, Line(DEFERRED, -sum((line.amount for line in earned), ZERO))],
        )  # fmt: skip


def deferred_by_invoice(session: Session, *, as_of: date) -> list[DeferredInvoice]:
    """Every invoice of which revenue was still to be earned at the end of `as_of`, the oldest first.

    Their `left` together with the recharge cards that are sold and not used is the balance of 2220
    (core.usecases.deferred_revenue).
    """
    return [DeferredInvoice(*row) for row in session.execute(_BY_INVOICE, {"as_of": as_of})]


# What is left is summed before anything is looked up, and looked up by key: years of earned invoices cost one scan.
_BY_INVOICE = text("""
    WITH moved AS (
        SELECT id AS deferral_id, amount, 0 AS earned, 0 AS taken FROM deferral
         UNION ALL
        SELECT deferral_id, 0, CASE kind WHEN 'earned' THEN amount ELSE 0 END,
               CASE kind WHEN 'earned' THEN 0 ELSE amount END
          FROM deferral_move WHERE moved_on <= :as_of
    ), standing AS (
        SELECT deferral_id, sum(amount) AS amount, sum(earned) AS earned, sum(taken) AS taken
          FROM moved GROUP BY deferral_id HAVING sum(amount) - sum(earned) - sum(taken) <> 0
    )
    SELECT i.id, i.number, i.customer_id, i.issued_on, max(l.period_end), sum(s.amount), sum(s.earned), sum(s.taken),
           sum(s.amount - s.earned - s.taken)
      FROM standing s
     CROSS JOIN LATERAL (SELECT invoice_line_id FROM deferral WHERE id = s.deferral_id OFFSET 0) d
     CROSS JOIN LATERAL (SELECT invoice_id, period_end FROM invoice_line WHERE id = d.invoice_line_id OFFSET 0) l
     CROSS JOIN LATERAL (SELECT * FROM invoice WHERE id = l.invoice_id OFFSET 0) i
     WHERE i.issued_on <= :as_of
     GROUP BY i.id, i.number, i.customer_id, i.issued_on
     ORDER BY i.issued_on, i.number
""")


def _locked(session: Session, line_ids: Iterable[Id]) -> list[Deferral]:
    session.flush()
    return list(
        session.scalars(
            select(Deferral)
            .where(Deferral.invoice_line_id.in_(list(line_ids)))
            .join(InvoiceLine, InvoiceLine.id == Deferral.invoice_line_id)
            .order_by(Deferral.id)
            .with_for_update(of=Deferral)
            .execution_options(populate_existing=True)
        )
    )


def _left(deferral: Deferral) -> Decimal:
    return deferral.amount - deferral.earned - deferral.taken


def _move(session: Session, deferral: Deferral, kind: str, amount: Decimal, source_id: Id, day: date) -> None:
    if amount:
        session.add(
            DeferralMove(
                id=new_id(), deferral_id=deferral.id, kind=kind, moved_on=day, amount=amount, source_id=source_id
            )
        )
