"""Taxes on invoices by jurisdiction and month, with what credit notes and voided invoices took back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.ids import Id


@dataclass(frozen=True)
class TaxRow:
    """One tax of one month at one rate; `taken_back` is dated by the credit note or the voiding, not the invoice."""

    jurisdiction: str
    month: date
    tax_code: str
    name: str
    percent: Decimal | None
    account_code: str
    base: Decimal
    charged: Decimal
    taken_back: Decimal

    @property
    def net(self) -> Decimal:
        """What remains to be paid over for the month."""
        return self.charged - self.taken_back


_TAXES = text("""
    WITH moved AS (
        SELECT i.issued_on AS day, l.id AS line_id, i.area_id, i.customer_id, l.tax_base AS base, l.amount AS charged,
               0 AS taken_back
          FROM invoice i JOIN invoice_line l ON l.invoice_id = i.id AND l.kind = 'tax'
         WHERE i.state <> 'draft' AND i.issued_on BETWEEN :first AND :last
         UNION ALL
        SELECT r.posted_on, l.id, i.area_id, i.customer_id, -l.tax_base, 0, l.amount
          FROM invoice i
          JOIN journal_entry e ON e.kind = 'invoice' AND e.source_id = i.id
          JOIN journal_entry r ON r.reverses_id = e.id AND r.posted_on BETWEEN :first AND :last
          JOIN invoice_line l ON l.invoice_id = i.id AND l.kind = 'tax'
         WHERE i.state = 'void'
         UNION ALL
        SELECT n.issued_on, l.id, i.area_id, i.customer_id,
               CASE WHEN l.amount = 0 THEN 0 ELSE -round(l.tax_base * c.amount / l.amount, 2) END, 0, c.amount
          FROM credit_note n
          JOIN credit_note_line c ON c.credit_note_id = n.id
          JOIN invoice_line l ON l.id = c.invoice_line_id AND l.kind = 'tax'
          JOIN invoice i ON i.id = n.invoice_id
         WHERE n.issued_on BETWEEN :first AND :last
    )
    SELECT a.jurisdiction, date_trunc('month', m.day::timestamp)::date AS month, l.tax_code, l.description,
           l.tax_percent, l.account_code, coalesce(sum(m.base), 0), sum(m.charged), sum(m.taken_back)
      FROM moved m
      JOIN invoice_line l ON l.id = m.line_id
      JOIN customer c ON c.id = m.customer_id JOIN sub_zone z ON z.id = c.sub_zone_id
      JOIN area a ON a.id = coalesce(m.area_id, z.area_id)
     WHERE CAST(:customer AS uuid) IS NULL OR m.customer_id = :customer
     GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 5
""")


def taxes_by_jurisdiction(session: Session, *, first: date, last: date, customer_id: Id | None = None) -> list[TaxRow]:
    """By jurisdiction, month, tax and rate; of one customer it is what his certificate rests on (reference money 1.4).

    The jurisdiction is that of the area the invoice was for. `base` is net of what was taken back.
    """
    rows = session.execute(_TAXES, {"first": first, "last": last, "customer": customer_id})
    return [TaxRow(*row) for row in rows]
