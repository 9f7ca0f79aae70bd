"""The kinds of journal entries: every business event that posts, what it comes from, and who may cause it.

The database holds the same list (`migrations.kinds.renew_kinds`), so that no writer can invent one.
"""

from __future__ import annotations

from dataclasses import dataclass

PEOPLE = ("panel", "message", "demo", "import")
"""Origins behind which a person stands; nothing that runs by itself writes entries by hand."""


@dataclass(frozen=True)
class Kind:
    """A kind of entry; `document` names the table its `source_id` is a key of, empty where there is none.

    `origins` are the first words of the origins that may cause it, none meaning any. An `adjusting` kind may be
    posted by an accountant into a softly closed period.
    """

    label: str
    document: str
    origins: tuple[str, ...] = ()
    adjusting: bool = False


REVERSAL, MANUAL, OPENING, YEAR_CLOSE = "reversal", "manual", "opening_balance", "year_close"

KINDS: dict[str, Kind] = {
    # invoices
    "invoice": Kind("Invoice", "invoice"),
    "credit_note": Kind("Credit note", "credit_note"),
    "late_fee": Kind("Late fee", "invoice"),
    "write_off": Kind("Written off", "write_off"),
    "small_difference": Kind("Small difference written off", "payment"),
    "bad_debt_recovered": Kind("Bad debt recovered", "payment"),
    "bad_debt_returned": Kind("Bad debt again after a bounce", "payment"),
    "deferred_revenue": Kind("Deferred revenue earned", "revenue_month"),
    "revenue_returned": Kind("Earned revenue of a voided invoice", "invoice"),
    # money of customers
    "payment": Kind("Payment", "payment"),
    "advance_applied": Kind("Advance applied", "allocation"),
    "bounce": Kind("Payment bounced", "payment"),
    "bounce_fee": Kind("Bank's fee for a bounced payment", "payment"),
    "refund": Kind("Refund", "refund"),
    "voucher_sale": Kind("Vouchers sold", ""),
    "cards_expired": Kind("Vouchers expired unused", "card_settlement"),
    "cards_refunded": Kind("Vouchers taken back", "card_settlement"),
    "deposit_returned": Kind("Deposit returned", ""),
    "deposit_set_off": Kind("Deposit set off", ""),
    "unidentified_receipt": Kind("Money of an unknown payer", ""),
    "receipt_identified": Kind("Payer identified", ""),
    "gateway_settlement": Kind("Gateway settlement", ""),
    # cash in hand, banks, wallets
    "cash_handover": Kind("Cash handed over", ""),
    "cash_shortage": Kind("Cash short", ""),
    "cash_overage": Kind("Cash over", ""),
    "cash_found": Kind("Cash found", ""),
    "cash_deposit": Kind("Cash deposited in the bank", ""),
    "transfer": Kind("Transfer", ""),
    "transfer_out": Kind("Transfer, out", ""),
    "transfer_in": Kind("Transfer, in", ""),
    "bank_fee": Kind("Bank charge", ""),
    "bank_profit": Kind("Bank profit", ""),
    "owner_capital": Kind("Owner puts in", ""),
    "owner_drawing": Kind("Owner takes out", ""),
    # suppliers, expenses, stock
    "bill": Kind("Supplier's bill", ""),
    "bill_payment": Kind("Bill paid", ""),
    "vendor_payment": Kind("Supplier paid", ""),
    "vendor_credit": Kind("Supplier's credit", "vendor_credit"),
    "expense": Kind("Expense", ""),
    "other_income": Kind("Other income", ""),
    "tax_payment": Kind("Tax paid over", ""),
    "depreciation": Kind("Depreciation", "", adjusting=True),
    "stock_purchase": Kind("Stock bought", "purchase"),
    "stock_used": Kind("Stock used", "movement"),
    "equipment_sold": Kind("Equipment sold, its cost", "movement"),
    "equipment_rented": Kind("Equipment rented out", "movement"),
    "equipment_returned": Kind("Equipment returned", "movement"),
    "equipment_lost": Kind("Equipment lost", "movement"),
    "equipment_worn": Kind("Wear of equipment at customers", "wear_month"),
    "stock_returned": Kind("Stock returned to a supplier", "movement"),
    "stock_unused": Kind("Material brought back", "movement"),
    "stock_difference": Kind("Difference of a stock take", "movement"),
    "stock_opening": Kind("Stock brought into these books", "movement", adjusting=True),
    # employees
    "salary": Kind("Salary", ""),
    "salary_payment": Kind("Salary paid", ""),
    "commission": Kind("Commission", ""),
    "commission_taken_back": Kind("Commission taken back", ""),
    "incentive": Kind("Recovery incentive", ""),
    "incentive_taken_back": Kind("Incentive taken back", ""),
    "bonus": Kind("Bonus", ""),
    "deduction": Kind("Deduction", ""),
    "debt_repaid": Kind("Employee's debt repaid", ""),
    "employee_advance": Kind("Advance to an employee", ""),
    # the books themselves
    OPENING: Kind("Opening balance", "", adjusting=True),
    "opening_invoice": Kind("Owed before these books", "invoice", adjusting=True),
    "opening_advance": Kind("Paid ahead before these books", "payment", adjusting=True),
    MANUAL: Kind("Manual entry", "manual_entry", PEOPLE, adjusting=True),
    YEAR_CLOSE: Kind("Year close", "", PEOPLE, adjusting=True),
    REVERSAL: Kind("Reversal", "journal_entry", adjusting=True),
}


def label_of(kind: str) -> str:
    """What a person calls the kind."""
    return KINDS[kind].label if kind in KINDS else kind.replace("_", " ").capitalize()
