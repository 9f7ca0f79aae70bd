"""The chart of accounts of an internet service provider (reference money 5.1); companies may add to it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.ids import Id, new_id
from core.ledger.models import Account

CHART = (
    ("1010", "Cash in office", "asset", ""),
    ("1020", "Bank", "asset", ""),
    ("1030", "Mobile wallets and gateways", "asset", ""),
    ("1040", "Cash in agents' hands", "asset", "staff"),
    ("1050", "Transfers in transit", "asset", ""),
    ("1060", "Unidentified receipts", "liability", ""),
    ("1100", "Accounts receivable", "asset", "customer"),
    ("1110", "Income tax withheld by customers", "asset", "customer"),
    ("1120", "Sales tax withheld by customers", "asset", "customer"),
    ("1130", "Input sales tax", "asset", ""),
    ("1200", "Stock of equipment", "asset", ""),
    ("1210", "Equipment at customers", "asset", ""),
    ("1219", "Depreciation of equipment at customers", "asset", ""),
    ("1300", "Advances to employees", "asset", "staff"),
    ("1310", "Employee receivable", "asset", "staff"),
    ("1400", "Prepaid expenses and deposits given", "asset", ""),
    ("1500", "Network and office equipment", "asset", ""),
    ("1509", "Depreciation of network and office equipment", "asset", ""),
    ("2100", "Sales tax and excise payable", "liability", ""),
    ("2110", "Advance income tax collected (s.236)", "liability", ""),
    ("2120", "Tax deducted from suppliers and salaries", "liability", ""),
    ("2200", "Customer advances", "liability", "customer"),
    ("2210", "Customer deposits", "liability", "customer"),
    ("2220", "Deferred revenue", "liability", ""),
    ("2300", "Suppliers payable", "liability", "vendor"),
    ("2400", "Payable to employees", "liability", "staff"),
    ("3000", "Capital", "equity", ""),
    ("3100", "Drawings", "equity", ""),
    ("3900", "Retained earnings", "equity", ""),
    ("3990", "Opening balances", "equity", ""),
    ("4000", "Subscription income", "income", ""),
    ("4010", "Usage income", "income", ""),
    ("4020", "Installation income", "income", ""),
    ("4030", "Equipment sales", "income", ""),
    ("4040", "Equipment rent", "income", ""),
    ("4050", "Late fees", "income", ""),
    ("4080", "Discounts given", "income", ""),
    ("4090", "Other income", "income", ""),
    ("4095", "Rounding differences and cash over", "income", ""),
    ("5000", "Bandwidth", "expense", ""),
    ("5010", "Cost of equipment sold", "expense", ""),
    ("5020", "Consumables", "expense", ""),
    ("6000", "Salaries", "expense", ""),
    ("6010", "Commissions", "expense", ""),
    ("6020", "Recovery incentives", "expense", ""),
    ("6030", "Bonuses", "expense", ""),
    ("6100", "Other expenses", "expense", ""),
    ("6110", "Rent", "expense", ""),
    ("6120", "Electricity", "expense", ""),
    ("6130", "Fuel", "expense", ""),
    ("6140", "Licence fees", "expense", ""),
    ("6150", "Messages", "expense", ""),
    ("6800", "Bank charges", "expense", ""),
    ("6810", "Gateway fees", "expense", ""),
    ("6820", "Bad debt", "expense", ""),
    ("6900", "Depreciation", "expense", ""),
)
_KEY = "account_ids"


def open_chart(session: Session) -> None:
    """Every account of the chart exists afterwards; safe to repeat."""
    known = account_ids(session)
    session.add_all(
        Account(id=new_id(), code=code, name=name, type=kind, control=control)
        for code, name, kind, control in CHART
        if code not in known
    )
    session.flush()
    session.info.pop(_KEY, None)


def account_ids(session: Session) -> dict[str, Id]:
    """Account ids by code, read once per session."""
    if _KEY not in session.info:
        rows = session.execute(select(Account.code, Account.id))
        session.info[_KEY] = {row.code: row.id for row in rows}
    ids: dict[str, Id] = session.info[_KEY]
    return ids
