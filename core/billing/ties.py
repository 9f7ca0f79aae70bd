"""What documents say customers owe, have paid ahead and have deposited, as of a day, to be held against the books."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import TextClause, func, select, text
from sqlalchemy.orm import Session

from core.billing.ageing import open_invoices_then
from core.ids import Id

_PAID_AHEAD = text("""
    WITH used AS (
        SELECT payment_id, credit_note_id, sum(amount) AS amount,
               sum(amount) FILTER (WHERE allocated_on > :as_of) AS later
          FROM allocation GROUP BY 1, 2
    ), taken_back AS (
        SELECT p.id, max(r.posted_on) AS taken_on
          FROM payment p
          JOIN journal_entry e ON e.kind IN ('payment', 'opening_advance') AND e.source_id = p.id
          JOIN journal_entry r ON r.reverses_id = e.id
         WHERE p.state <> 'received' GROUP BY p.id
    ), left_then AS (
        SELECT p.customer_id, p.unallocated + coalesce(u.later, 0) AS amount
          FROM payment p LEFT JOIN used u ON u.payment_id = p.id
         WHERE p.state = 'received' AND p.received_on <= :as_of
         UNION ALL
        SELECT p.customer_id, p.amount + p.withheld_income_tax + p.withheld_sales_tax
                              - coalesce(u.amount, 0) + coalesce(u.later, 0)
          FROM payment p JOIN taken_back b ON b.id = p.id AND b.taken_on > :as_of
          LEFT JOIN used u ON u.payment_id = p.id
         WHERE p.received_on <= :as_of
         UNION ALL
        SELECT n.customer_id, n.unallocated + coalesce(u.later, 0)
          FROM credit_note n LEFT JOIN used u ON u.credit_note_id = n.id
         WHERE n.issued_on <= :as_of
    )
    SELECT customer_id, sum(amount) FROM left_then
     WHERE CAST(:party AS uuid) IS NULL OR customer_id = :party GROUP BY 1
""")
_DEPOSITS = text("""
    WITH held AS (
        SELECT i.customer_id, l.amount FROM invoice i JOIN invoice_line l ON l.invoice_id = i.id
         WHERE l.account_code = '2210' AND i.state <> 'draft' AND i.issued_on <= :as_of
         UNION ALL
        SELECT i.customer_id, -l.amount FROM invoice i JOIN invoice_line l ON l.invoice_id = i.id
          JOIN journal_entry e ON e.kind IN ('invoice', 'opening_invoice') AND e.source_id = i.id
          JOIN journal_entry r ON r.reverses_id = e.id AND r.posted_on <= :as_of
         WHERE l.account_code = '2210' AND i.state = 'void'
         UNION ALL
        SELECT n.customer_id, -c.amount FROM credit_note n JOIN credit_note_line c ON c.credit_note_id = n.id
         WHERE c.account_code = '2210' AND n.issued_on <= :as_of
    )
    SELECT customer_id, sum(amount) FROM held
     WHERE CAST(:party AS uuid) IS NULL OR customer_id = :party GROUP BY 1
""")


def owed_by_customers(session: Session, as_of: date, party_id: Id | None = None) -> dict[Id | None, Decimal]:
    """What was open of each customer's invoices at the end of the day; account 1100 with the same sign."""
    then = open_invoices_then(as_of, party_id)
    query = select(then.c.customer_id, func.sum(then.c.balance)).group_by(then.c.customer_id)
    return {row[0]: row[1] for row in session.execute(query)}


def advances_of_customers(session: Session, as_of: date, party_id: Id | None = None) -> dict[Id | None, Decimal]:
    """What was left of each customer's payments and credit notes; account 2200, so negative."""
    return _credits(session, _PAID_AHEAD, as_of, party_id)


def deposits_of_customers(session: Session, as_of: date, party_id: Id | None = None) -> dict[Id | None, Decimal]:
    """The deposits that were invoiced and not credited; account 2210, so negative."""
    return _credits(session, _DEPOSITS, as_of, party_id)


def _credits(session: Session, query: TextClause, as_of: date, party_id: Id | None) -> dict[Id | None, Decimal]:
    rows = session.execute(query, {"as_of": as_of, "party": party_id})
    return {row[0]: -row[1] for row in rows if row[1]}
