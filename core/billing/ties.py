"""What documents say customers owe and have paid ahead, as of a day, to be held against the books."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import func, select, text
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


def owed_by_customers(session: Session, as_of: date, party_id: Id | None = None) -> dict[Id | None, Decimal]:
    """What was open of each customer's invoices at the end of the day; account 1100 with the same sign."""
    then = open_invoices_then(as_of)
    query = select(then.c.customer_id, func.sum(then.c.balance)).group_by(then.c.customer_id)
    if party_id is not None:
        query = query.where(then.c.customer_id == party_id)
    return {row[0]: row[1] for row in session.execute(query)}


def advances_of_customers(session: Session, as_of: date, party_id: Id | None = None) -> dict[Id | None, Decimal]:
    """What was left of each customer's payments and credit notes; account 2200, so negative."""
    rows = session.execute(_PAID_AHEAD, {"as_of": as_of, "party": party_id})
    return {row[0]: -row[1] for row in rows if row[1]}
