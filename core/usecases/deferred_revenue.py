"""What stands in 2220: revenue of months to come, invoice by invoice, and recharge cards that are sold and not used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.billing.deferrals import DEFERRED, DeferredInvoice, deferred_by_invoice
from core.ledger.accounts import account_of
from core.ledger.sums import Span, sums
from core.money import ZERO


@dataclass(frozen=True)
class DeferredRevenue:
    """The report of a day. `invoiced` + `cards` + `other` is `balance`, what the books owe on 2220 (credit positive).

    `other` is what was brought in with opening balances or posted by hand.
    """

    as_of: date
    invoices: Sequence[DeferredInvoice]
    invoiced: Decimal
    cards: Decimal
    other: Decimal
    balance: Decimal


def deferred_revenue(session: Session, *, as_of: date) -> DeferredRevenue:
    """The deferred revenue at the end of `as_of` that its documents explain, and the account's balance."""
    invoices = deferred_by_invoice(session, as_of=as_of)
    invoiced = sum((invoice.left for invoice in invoices), ZERO)
    cards: Decimal = session.execute(_CARDS, {"as_of": as_of}).scalar_one()
    booked = sums(session, span=Span(None, as_of), accounts=[account_of(session, DEFERRED)])
    balance = -sum((row.amount for row in booked), ZERO)
    return DeferredRevenue(as_of, invoices, invoiced, cards, balance - invoiced - cards, balance)


_CARDS = text("""
    SELECT coalesce(sum(amount), 0) FROM (
        SELECT b.amount FROM voucher v JOIN voucher_batch b ON b.id = v.batch_id WHERE v.sold_on <= :as_of
         UNION ALL
        SELECT -amount FROM payment WHERE account_code = '2220' AND received_on <= :as_of
         UNION ALL
        SELECT p.amount FROM payment p
          JOIN journal_entry e ON e.kind = 'payment' AND e.source_id = p.id
          JOIN journal_entry r ON r.reverses_id = e.id AND r.posted_on <= :as_of
         WHERE p.account_code = '2220' AND p.state <> 'received'
         UNION ALL
        SELECT -amount FROM card_settlement WHERE settled_on <= :as_of
    ) moved
""")
