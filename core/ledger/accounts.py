"""The chart of accounts of an internet service provider (reference money 5.1); companies may add to it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import run_flushed
from core.errors import DomainError
from core.ids import Id, new_id
from core.ledger.book_models import LedgerPolicy
from core.ledger.models import Account, Posting

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
    ("2310", "Goods received, not billed yet", "liability", ""),
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
CHART_CODES = frozenset(row[0] for row in CHART)
TYPES_BY_DIGIT = {
    "1": ("asset", "liability"), "2": ("liability",), "3": ("equity",), "4": ("income",),
    "5": ("expense",), "6": ("expense",), "7": ("expense",), "8": ("income", "expense"),
}  # fmt: skip
CONTROLS = ("customer", "staff", "vendor")
_KEY, _SOME = "accounts", "some_accounts"


class AccountInvalid(DomainError):
    """The code, type or name cannot be an account's."""


class AccountCodeTaken(DomainError):
    """The chart has that code."""


class AccountInUse(DomainError):
    """The account has postings, or the program posts to it."""


class UnknownAccount(DomainError):
    """The chart has no such code."""


@dataclass(frozen=True)
class AccountFacts:
    """What posting needs to know of an account."""

    id: Id
    code: str
    name: str
    type: str
    control: str


def open_chart(session: Session) -> None:
    """Every account of the chart and the ledger's policy exist afterwards; safe to repeat."""
    known = account_ids(session)
    session.add_all(
        Account(id=new_id(), code=code, name=name, type=kind, control=control)
        for code, name, kind, control in CHART
        if code not in known
    )
    if session.scalar(select(LedgerPolicy.id)) is None:
        session.add(LedgerPolicy(id=new_id()))
    session.flush()
    _forget(session)


def accounts_by_code(session: Session) -> dict[str, AccountFacts]:
    """The whole chart, read once per session."""
    if _KEY not in session.info:
        rows = session.execute(select(Account.id, Account.code, Account.name, Account.type, Account.control))
        session.info[_KEY] = {row.code: AccountFacts(*row) for row in rows}
    accounts: dict[str, AccountFacts] = session.info[_KEY]
    return accounts


def account_ids(session: Session) -> dict[str, Id]:
    """Account ids by code, read once per session."""
    return {code: account.id for code, account in accounts_by_code(session).items()}


def account_of(session: Session, code: str) -> AccountFacts:
    """The account of a code; raises UnknownAccount."""
    return read_accounts(session, (code,))[code]


def read_accounts(session: Session, codes: Collection[str]) -> dict[str, AccountFacts]:
    """At least the accounts of these codes, each read once per session; raises UnknownAccount.

    One entry needs a few, and a payment should not read the whole chart for them.
    """
    known: dict[str, AccountFacts] = session.info.get(_KEY) or session.info.setdefault(_SOME, {})
    missing = sorted(code for code in codes if code not in known)
    if missing and _KEY not in session.info:
        rows = run_flushed(session, _ACCOUNTS, {"codes": missing})
        remember_accounts(session, [AccountFacts(*row) for row in rows])
        missing = [code for code in missing if code not in known]
    if missing:
        raise UnknownAccount(f"The chart of accounts has no {', '.join(missing)}")
    return known


def remember_accounts(session: Session, accounts: Iterable[AccountFacts]) -> None:
    """Keep accounts that another statement has read for the rest of the session."""
    session.info.setdefault(_SOME, {}).update((account.code, account) for account in accounts)


_ACCOUNTS = "SELECT id, code, name, type, control FROM account WHERE code = ANY(%(codes)s)"


def add_account(session: Session, *, code: str, name: str, type: str, control: str = "") -> Account:
    """An account of the company's own, for example `1021`, "Meezan Bank".

    The first digit must fit the type: 1 asset (or a liability that stands among them), 2 liability, 3 equity,
    4 income, 5 to 7 expense, 8 either. Raises AccountInvalid, AccountCodeTaken.
    """
    if not re.fullmatch(r"[1-8][0-9]{3,7}", code):
        raise AccountInvalid(f"{code!r} is no account code: four to eight digits, the first from 1 to 8")
    if type not in TYPES_BY_DIGIT[code[0]]:
        raise AccountInvalid(f"An account {code} is {' or '.join(TYPES_BY_DIGIT[code[0]])}, not {type!r}")
    if control and (control not in CONTROLS or type not in ("asset", "liability")):
        raise AccountInvalid(
            f"{control!r} controls no {type} account: customer, staff or vendor of an asset or liability"
        )
    if code in accounts_by_code(session):
        raise AccountCodeTaken(f"The code {code} belongs to {accounts_by_code(session)[code].name}: choose another")
    account = Account(id=new_id(), code=code, name=_named(name), type=type, control=control)
    session.add(account)
    session.flush()
    _forget(session)
    return account


def rename_account(session: Session, *, code: str, name: str) -> Account:
    """Its code and what was posted stay; raises UnknownAccount, AccountInvalid."""
    account = session.get_one(Account, account_of(session, code).id)
    account.name = _named(name)
    session.flush()
    _forget(session)
    return account


def delete_account(session: Session, *, code: str) -> None:
    """Take away an account of the company's own that nothing was ever posted to; raises AccountInUse."""
    account = session.get_one(Account, account_of(session, code).id)
    if code in CHART_CODES:
        raise AccountInUse(f"{code} {account.name} is part of the chart that events post to: rename it instead")
    used = select(Posting.id).where(Posting.account_id == account.id).limit(1)
    if session.scalar(used) is not None:
        raise AccountInUse(f"{code} {account.name} has postings and stays: rename it, or post its balance elsewhere")
    session.delete(account)
    session.flush()
    _forget(session)


def _forget(session: Session) -> None:
    session.info.pop(_KEY, None)
    session.info.pop(_SOME, None)


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 120:
        raise AccountInvalid("An account needs a name of at most 120 letters")
    return name
