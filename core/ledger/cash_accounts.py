"""Bank accounts, the office's cash, wallets and gateways: each on a ledger account of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.companies import current_company
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.accounts import account_ids, open_chart
from core.ledger.journal import Line, post_entry
from core.ledger.models import Account, JournalEntry, Posting
from core.ledger.treasury_models import CASH_KINDS, CashAccount, TreasuryPolicy
from core.money import ZERO, parse_amount

MATCH_DAYS_MAX = 60
FIRST_CODE = {"cash": "1010", "bank": "1020", "wallet": "1030", "gateway": "1030"}
OPENING_EQUITY = "3990"


class CashAccountInvalid(DomainError):
    """The account cannot be opened as asked: its kind, currency, name or number stands in the way."""


class TreasuryPolicyInvalid(DomainError):
    """A setting of spending or reconciliation cannot be kept; the fact `field` names it."""


class CashAccountClosed(DomainError):
    """The account is no longer in use."""


class CashAccountNotEmpty(DomainError):
    """Money lies on the account, so it cannot be closed."""


@dataclass(frozen=True)
class AccountRow:
    """A posting on the account with the balance after it."""

    posting_id: Id
    entry_id: Id
    posted_on: date
    kind: str
    memo: str
    amount: Decimal
    balance: Decimal


@dataclass(frozen=True)
class AccountStatement:
    """The movements of `[start, end]`, both days included."""

    opening: Decimal
    rows: list[AccountRow]
    closing: Decimal


def treasury_policy(session: Session) -> TreasuryPolicy:
    """The company's settings for spending and reconciliation, made with their defaults when first asked for."""
    policy: TreasuryPolicy | None = session.scalar(select(TreasuryPolicy))
    if policy is not None:
        return policy
    session.execute(insert(TreasuryPolicy).values(id=new_id()).on_conflict_do_nothing())
    return session.scalars(select(TreasuryPolicy)).one()


def change_treasury_policy(
    session: Session, *, expense_approval_above: Decimal, match_days: int, gateway_fee_percent_max: Decimal
) -> TreasuryPolicy:
    """From which expense on a second person approves, and how far a bank's line may be from ours.

    What waits already waits on. Raises TreasuryPolicyInvalid, whose fact `field` names the setting, AmountInvalid.
    """
    if parse_amount(expense_approval_above) < ZERO:
        raise TreasuryPolicyInvalid("The limit cannot be below zero", field="expense_approval_above")
    if not 0 <= match_days <= MATCH_DAYS_MAX:
        raise TreasuryPolicyInvalid(f"It is 0 to {MATCH_DAYS_MAX} days", field="match_days")
    if not 0 <= gateway_fee_percent_max <= 100:
        raise TreasuryPolicyInvalid("It is a percentage from 0 to 100", field="gateway_fee_percent_max")
    policy = treasury_policy(session)
    policy.expense_approval_above, policy.match_days = expense_approval_above, match_days
    policy.gateway_fee_percent_max = gateway_fee_percent_max
    session.flush()
    return policy


def open_cash_account(
    session: Session, *, name: str, kind: str, opened_on: date, actor: str, currency: str = "", account_code: str = "",
    opening_balance: Decimal = ZERO, bank_name: str = "", branch: str = "", bank_number: str = "", holder: str = "",
    origin: str = "",
) -> CashAccount:  # fmt: skip
    """An account that takes postings; its opening balance is booked against 3990 (reference money 5.2).

    Without `account_code` it takes the first free ledger account of its kind (1020 for the first bank, then
    1021...), which is added to the chart. An opening balance is a person's act: `origin` says whose.
    Raises CashAccountInvalid.
    """
    company = current_company(session)
    name = " ".join(name.split())
    if kind not in CASH_KINDS or not name:
        raise CashAccountInvalid(f"An account needs a name and one of the kinds {', '.join(CASH_KINDS)}")
    if currency and currency != company.currency:
        raise CashAccountInvalid(f"The books are kept in {company.currency}; an account in {currency} cannot be kept")
    if session.scalar(select(CashAccount.id).where(CashAccount.name == name)) is not None:
        raise CashAccountInvalid(f"There is an account named {name} already: choose another name")
    account = CashAccount(
        id=new_id(), name=name, kind=kind, account_code=_ledger_account(session, kind, name, account_code),
        currency=company.currency, bank_name=bank_name, branch=branch, bank_number=_compact(bank_number), holder=holder,
    )  # fmt: skip
    session.add(account)
    session.flush()
    amount = parse_amount(opening_balance)
    if amount:
        post_entry(
            session, kind="opening_balance", source_id=account.id, posted_on=opened_on, actor=actor, origin=origin,
            memo=f"Opening balance of {name}",
            lines=[Line(account.account_code, amount), Line(OPENING_EQUITY, -amount)],
        )  # fmt: skip
    return account


def _compact(number: str) -> str:
    return "".join(number.split()).upper()


def _ledger_account(session: Session, kind: str, name: str, wanted: str) -> str:
    """The code of a ledger account that no other cash account uses, made where the chart has none."""
    used = set(session.scalars(select(CashAccount.account_code)))
    first = FIRST_CODE[kind]
    if wanted:
        if wanted in used or wanted[:3] != first[:3] or not wanted.isdigit():
            raise CashAccountInvalid(
                f"{wanted} is taken or not a code for {kind}: use {first} or one that starts alike"
            )
        code = wanted
    else:
        codes = [first, *(f"{int(first) + n}" for n in range(1, 10)), *(f"{first}{n:02d}" for n in range(1, 100))]
        code = next((code for code in codes if code not in used), "")
        if not code:
            raise CashAccountInvalid(f"All ledger accounts for {kind} are in use")
    if code not in account_ids(session):
        add_ledger_account(session, code=code, name=name, kind="asset")
    return code


def add_ledger_account(session: Session, *, code: str, name: str, kind: str) -> Account:
    """A further line of the chart without a subledger; `kind` is asset, liability, equity, income or expense."""
    account = Account(id=new_id(), code=code, name=name, type=kind)
    session.add(account)
    session.flush()
    open_chart(session)
    return account


def cash_account(session: Session, account_id: Id, *, active: bool = False, lock: bool = False) -> CashAccount:
    """The account; `active` refuses a closed one, `lock` holds it until the transaction ends.

    Raises NotFound, CashAccountClosed.
    """
    account = session.get(CashAccount, account_id, with_for_update=lock or None, populate_existing=lock)
    if account is None:
        raise NotFound("There is no such cash or bank account")
    if active and not account.active:
        raise CashAccountClosed(f"{account.name} is closed: choose another account")
    return account


def cash_accounts(session: Session, *, active_only: bool = True) -> list[CashAccount]:
    """The accounts by code."""
    wanted = select(CashAccount).order_by(CashAccount.account_code)
    return list(session.scalars(wanted.where(CashAccount.active) if active_only else wanted))


def close_cash_account(session: Session, *, cash_account_id: Id) -> CashAccount:
    """The account takes no more postings; it must be empty. Raises CashAccountNotEmpty, NotFound."""
    account = cash_account(session, cash_account_id, lock=True)
    balance = balance_of(session, cash_account_id=account.id)
    if balance:
        raise CashAccountNotEmpty(f"{account.name} still holds {balance}: transfer it first")
    account.active = False
    session.flush()
    return account


def balance_of(session: Session, *, cash_account_id: Id, as_of: date | None = None) -> Decimal:
    """What the books say lies on the account, on `as_of` inclusive or with everything posted."""
    account = cash_account(session, cash_account_id)
    return ledger_balance(session, code=account.account_code, as_of=as_of)


def ledger_balance(session: Session, *, code: str, party_id: Id | None = None, as_of: date | None = None) -> Decimal:
    """The signed balance of a ledger account (debit positive), of one party if given."""
    total = select(func.sum(Posting.amount)).where(Posting.account_id == account_ids(session)[code])
    if party_id is not None:
        total = total.where(Posting.party_id == party_id)
    if as_of is not None:
        total = total.where(Posting.posted_on <= as_of)
    return session.scalar(total) or ZERO


def balances(session: Session, *, as_of: date) -> list[tuple[CashAccount, Decimal]]:
    """Every account with what the books say lies on it on `as_of`; closed ones only while they hold money."""
    booked = session.execute(
        select(Account.code, func.sum(Posting.amount))
        .join(Posting, Posting.account_id == Account.id)
        .join(CashAccount, CashAccount.account_code == Account.code)
        .where(Posting.posted_on <= as_of)
        .group_by(Account.code)
    )
    sums = dict(booked.all())
    every = [(account, sums.get(account.account_code, ZERO)) for account in cash_accounts(session, active_only=False)]
    return [(account, balance) for account, balance in every if account.active or balance]


def account_statement(session: Session, *, cash_account_id: Id, start: date, end: date) -> AccountStatement:
    """The cash book of one account for `[start, end]`, oldest first, with running balances."""
    account = cash_account(session, cash_account_id)
    opening = balance = ledger_balance(session, code=account.account_code, as_of=start - timedelta(days=1))
    rows = []
    for posting, entry in session.execute(
        select(Posting, JournalEntry)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(Posting.account_id == account_ids(session)[account.account_code], Posting.posted_on.between(start, end))
        .order_by(Posting.posted_on, Posting.id)
    ):
        balance += posting.amount
        rows.append(
            AccountRow(posting.id, entry.id, posting.posted_on, entry.kind, entry.memo, posting.amount, balance)
        )
    return AccountStatement(opening, rows, balance)
