"""Every control account and what its documents say it stands at on a day, party by party (reference money 5.3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.billing.ties import advances_of_customers, deposits_of_customers, owed_by_customers
from core.ids import Id
from core.ledger.checks import Tie

Expected = Callable[[Session, date, Id | None], dict[Id | None, Decimal]]


def _sums(movements: str) -> Expected:
    """A sum of (party, amount) rows that happened up to `:as_of`, debit positive."""
    query = text(
        f"SELECT party, sum(amount) FROM ({movements}) AS moved (party, amount)"  # noqa: S608 - texts of this module
        " WHERE CAST(:party AS uuid) IS NULL OR party = :party GROUP BY 1 HAVING sum(amount) <> 0"
    )

    def expected(session: Session, as_of: date, party_id: Id | None) -> dict[Id | None, Decimal]:
        rows = session.execute(query, {"as_of": as_of, "party": party_id})
        return {row[0]: row[1] for row in rows}

    return expected


_REVERSED = (
    "JOIN journal_entry e ON e.kind = '{kind}' AND e.source_id = d.id"
    " JOIN journal_entry r ON r.reverses_id = e.id AND r.posted_on <= :as_of"
)
_UNDONE = {f"{kind}_reversed": _REVERSED.format(kind=kind) for kind in ("payment", "salary", "salary_payment")}
_AGENTS_CASH = """
    SELECT collected_by, amount FROM payment WHERE account_code = '1040' AND received_on <= :as_of
     UNION ALL
    SELECT d.collected_by, -d.amount FROM payment d {payment_reversed}
     WHERE d.account_code = '1040' AND d.state <> 'received'
     UNION ALL
    SELECT staff_id, -counted FROM handover WHERE state = 'confirmed' AND posted_on <= :as_of
     UNION ALL
    SELECT staff_id, booked FROM cash_difference WHERE kind = 'over' AND state = 'booked' AND decided_on <= :as_of
     UNION ALL
    SELECT staff_id, -amount FROM employee_debt WHERE account_code = '1040' AND given_on <= :as_of
"""
_DEBTS = """
    SELECT staff_id, amount FROM employee_debt WHERE kind {which} AND given_on <= :as_of
     UNION ALL
    SELECT d.staff_id, -p.amount FROM employee_debt d JOIN debt_repayment p ON p.debt_id = d.id
     WHERE d.kind {which} AND p.repaid_on <= :as_of
"""
_PAY = """
    SELECT staff_id, -net FROM salary_accrual WHERE posted_on <= :as_of
     UNION ALL
    SELECT d.staff_id, d.net FROM salary_accrual d {salary_reversed} WHERE d.state = 'reversed'
     UNION ALL
    SELECT staff_id, tax - amount FROM bonus WHERE given_on <= :as_of
     UNION ALL
    SELECT staff_id, -amount FROM commission_accrual WHERE posted_on <= :as_of
     UNION ALL
    SELECT staff_id, settled FROM salary_payment WHERE paid_on <= :as_of
     UNION ALL
    SELECT d.staff_id, -d.settled FROM salary_payment d {salary_payment_reversed}
     WHERE d.state = 'reversed'
"""
_VENDORS = """
    SELECT vendor_id, -total FROM bill WHERE state <> 'draft' AND billed_on <= :as_of
     UNION ALL
    SELECT vendor_id, total FROM bill WHERE voided_on <= :as_of
     UNION ALL
    SELECT vendor_id, amount + withheld FROM vendor_payment WHERE paid_on <= :as_of
     UNION ALL
    SELECT vendor_id, -amount - withheld FROM vendor_payment WHERE reversed_on <= :as_of
     UNION ALL
    SELECT vendor_id, total FROM vendor_credit WHERE credited_on <= :as_of
"""

_DEFERRED = """
    SELECT CAST(NULL AS uuid), -d.amount
      FROM deferral d JOIN invoice_line l ON l.id = d.invoice_line_id JOIN invoice i ON i.id = l.invoice_id
     WHERE i.issued_on <= :as_of
     UNION ALL
    SELECT NULL, amount FROM deferral_move WHERE moved_on <= :as_of
     UNION ALL
    SELECT NULL, -b.amount FROM voucher v JOIN voucher_batch b ON b.id = v.batch_id WHERE v.sold_on <= :as_of
     UNION ALL
    SELECT NULL, amount FROM payment WHERE account_code = '2220' AND received_on <= :as_of
     UNION ALL
    SELECT NULL, -d.amount FROM payment d {payment_reversed} WHERE d.account_code = '2220' AND d.state <> 'received'
     UNION ALL
    SELECT NULL, amount FROM card_settlement WHERE settled_on <= :as_of
     UNION ALL
    SELECT NULL, p.amount FROM posting p JOIN account a ON a.id = p.account_id AND a.code = '2220'
      JOIN journal_entry e ON e.id = p.entry_id LEFT JOIN journal_entry o ON o.id = e.reverses_id
     WHERE p.posted_on <= :as_of AND coalesce(o.kind, e.kind) = 'manual'
"""
_STOCK = """
    SELECT CAST(NULL AS uuid), cost - worn FROM movement WHERE debit_code = '{code}' AND moved_on <= :as_of
     UNION ALL
    SELECT NULL, -cost FROM movement WHERE credit_code = '{code}' AND moved_on <= :as_of
     UNION ALL
    SELECT NULL, l.amount FROM bill b JOIN bill_line l ON l.bill_id = b.id
     WHERE l.account_code = '{code}' AND b.state <> 'draft' AND b.billed_on <= :as_of
     UNION ALL
    SELECT NULL, -l.amount FROM bill b JOIN bill_line l ON l.bill_id = b.id
     WHERE l.account_code = '{code}' AND b.voided_on <= :as_of
     UNION ALL
    SELECT NULL, -amount FROM employee_debt WHERE account_code = '{code}' AND given_on <= :as_of
"""
"""Bills and employees' debts may be booked straight onto the account; goods that are received never are."""

_WEAR = """
    SELECT CAST(NULL AS uuid), -amount FROM item_wear WHERE worn_on <= :as_of
     UNION ALL
    SELECT NULL, worn FROM movement WHERE worn <> 0 AND moved_on <= :as_of
     UNION ALL
    SELECT NULL, p.amount FROM posting p JOIN account a ON a.id = p.account_id AND a.code = '1219'
      JOIN journal_entry e ON e.id = p.entry_id LEFT JOIN journal_entry o ON o.id = e.reverses_id
     WHERE p.posted_on <= :as_of AND coalesce(o.kind, e.kind) IN ('manual', 'depreciation')
"""
"""Wear of what is not kept piece by piece may be booked onto the account as one sum."""

TIES: tuple[Tie, ...] = (
    Tie("1100", "the open invoices", owed_by_customers),
    Tie("2200", "what is left of payments and credit notes", advances_of_customers),
    Tie("2210", "the deposits on invoices", deposits_of_customers),
    Tie("2220", "invoices in advance and unused recharge cards", _sums(_DEFERRED.format_map(_UNDONE))),
    Tie("1040", "cash taken, handed over and counted", _sums(_AGENTS_CASH.format_map(_UNDONE))),
    Tie("1200", "the movements of stock", _sums(_STOCK.format(code="1200"))),
    Tie("1210", "the movements of equipment to customers", _sums(_STOCK.format(code="1210"))),
    Tie("1219", "the wear of equipment at customers", _sums(_WEAR)),
    Tie("1300", "the advances and what was given back of them", _sums(_DEBTS.format(which="= 'advance'"))),
    Tie("1310", "the debts and what was given back of them", _sums(_DEBTS.format(which="<> 'advance'"))),
    Tie("2300", "the bills, credits and payments", _sums(_VENDORS)),
    Tie("2400", "what was earned and paid out", _sums(_PAY.format_map(_UNDONE))),
)
