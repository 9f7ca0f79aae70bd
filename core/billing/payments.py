"""Money received: recorded once per key, settling the oldest invoices first, the rest kept as advance."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg.errors import UniqueViolation
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, make_transient_to_detached

from core.billing.allocation import OpenInvoice, Share, forget_balances, in_order, shares_of
from core.billing.payment_models import METHODS, ChequeRefusal, Payment
from core.billing.plan_models import BillingPolicy
from core.billing.references import reference_key
from core.clock import business_day
from core.db import Json
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.accounts import read_accounts
from core.ledger.journal import Line, post_entry
from core.money import ZERO, parse_amount
from core.numbering import PRINTED, RESERVE, fiscal_year_of, reservation

ACCOUNT_OF_METHOD = {
    "cash": "1010", "cheque": "1010", "bank": "1020", "card": "1030", "jazzcash": "1030", "easypaisa": "1030",
    "gateway": "1030", "voucher": "2220",
}  # fmt: skip
"""Where a method's money is booked unless the company's policy says otherwise."""
AGENT_CASH = "1040"
DEBITED = ("1010", "1020", "1030", "1050", "1060", "2220")
"""Accounts a payment may debit, with those that start alike: money, money in transit, money received before."""
CREDITED = ("1100", "2200")
BACKDATED_MAX = timedelta(days=730)


class PaymentInvalid(DomainError):
    """The amount, the method, the day or the account cannot be booked."""


class KeyReused(DomainError):
    """The idempotency key was used for another payment."""


class ChequesNotAccepted(DomainError):
    """A cheque of this customer bounced, and nobody has lifted the refusal."""


class CashLimitReached(DomainError):
    """The agent must hand over cash before he takes more."""


@dataclass(frozen=True)
class _Received:
    """A payment as it is asked for, checked."""

    customer_id: Id
    amount: Decimal
    method: str
    account_code: str
    withheld_income_tax: Decimal
    withheld_sales_tax: Decimal
    received_on: date
    reference: str
    collected_by: Id | None

    @property
    def settles(self) -> Decimal:
        return self.amount + self.withheld_income_tax + self.withheld_sales_tax


@dataclass(frozen=True)
class _Rules:
    """What the company says about payments."""

    fees_settle: str
    small_difference: Decimal
    method_accounts: Json
    fiscal_year_start_month: int
    timezone: str


def record_payment(
    session: Session, *, customer_id: Id, amount: Decimal, method: str, received_on: date, idempotency_key: str,
    taken_by: str, now: datetime, reference: str = "", origin: str = "", invoice_ids: Collection[Id] = (),
    account_code: str = "", collected_by: Id | None = None, cash_limit_left: Decimal | None = None,
    withheld_income_tax: Decimal = ZERO, withheld_sales_tax: Decimal = ZERO, certificate_no: str = "",
    place: Json | None = None,
) -> Payment:  # fmt: skip
    """Book a payment, its allocations and its journal entry; a repeat of the key returns the first.

    Cash with `collected_by` is in that agent's hands (1040), of which he may take `cash_limit_left` more (None: no
    limit). What a corporate payer withheld settles like money. Invoices of `invoice_ids` come first, then the
    order of `allocation.in_order`. Locks the customer, so payments of one customer queue up.
    Raises PaymentInvalid, KeyReused, ChequesNotAccepted, CashLimitReached, NotFound, AmountInvalid.
    """
    session.flush()
    rules = _lock(session, customer_id)
    asked = _Received(
        customer_id, parse_amount(amount), method, _account(rules, method, account_code, collected_by),
        parse_amount(withheld_income_tax), parse_amount(withheld_sales_tax), received_on,
        " ".join(reference.split()), collected_by,
    )  # fmt: skip
    unpaid, same_key, twins = _facts(session, asked, idempotency_key)
    if same_key is not None:
        return _same(session.get_one(Payment, same_key), asked)
    _check(session, asked, today=business_day(now, rules.timezone), cash_limit_left=cash_limit_left)
    ordered = in_order(unpaid, fees_settle=rules.fees_settle, named=invoice_ids)
    shares = shares_of(asked.settles, ordered, small_difference=rules.small_difference)
    payment_id = new_id()
    _post(session, payment_id, asked, shares, actor=taken_by, origin=origin)
    return _write(session, asked, shares, rules, {
        "id": payment_id, "idempotency_key": idempotency_key, "taken_by": taken_by, "certificate_no": certificate_no,
        "place": place, "suspect": twins,
    })  # fmt: skip


_LOCK = text(
    "SELECT p.fees_settle, p.small_difference, p.method_accounts, o.fiscal_year_start_month, o.timezone"
    " FROM customer c JOIN company o ON o.id = c.company_id JOIN billing_policy p ON p.company_id = c.company_id"
    " WHERE c.id = :id FOR NO KEY UPDATE OF c"
)


def _lock(session: Session, customer_id: Id) -> _Rules:
    row = session.execute(_LOCK, {"id": customer_id}).one_or_none()
    if row is None:
        raise NotFound("There is no such customer in this company")
    return _Rules(*row)


def account_of_method(session: Session, method: str) -> str:
    """Where the company books money of a method."""
    chosen = session.scalars(select(BillingPolicy.method_accounts)).one()
    return str(chosen.get(method, ACCOUNT_OF_METHOD[method]))


def _account(rules: _Rules, method: str, account_code: str, collected_by: Id | None) -> str:
    if account_code:
        return account_code
    if method == "cash" and collected_by is not None:
        return AGENT_CASH
    return str(rules.method_accounts.get(method, ACCOUNT_OF_METHOD.get(method, "")))


_FACTS = text("""
    WITH unpaid AS (
        SELECT id, number, reason, state, balance, due_on, issued_on FROM invoice
         WHERE customer_id = :customer_id AND balance > 0 AND state IN ('issued', 'part_paid', 'written_off')
         ORDER BY id FOR NO KEY UPDATE
    )
    SELECT 'invoice' AS what, unpaid.* FROM unpaid
    UNION ALL
    SELECT 'key', id, NULL, NULL, NULL, NULL, NULL, NULL FROM payment WHERE idempotency_key = :key
    UNION ALL
    SELECT 'twin', id, NULL, NULL, NULL, NULL, NULL, NULL FROM payment
     WHERE customer_id = :customer_id AND amount = :amount AND received_on = :received_on AND state = 'received'
""")
"""One statement, after the lock, so that it sees what the one before in the queue has done."""


def _facts(session: Session, asked: _Received, key: str) -> tuple[list[OpenInvoice], Id | None, bool]:
    """What can be paid, the payment of that key, and whether another looks the same."""
    wanted = {"customer_id": asked.customer_id, "key": key, "amount": asked.amount, "received_on": asked.received_on}
    rows = session.execute(_FACTS, wanted).all()
    same_key = next((row.id for row in rows if row.what == "key"), None)
    unpaid = [OpenInvoice(*row[1:]) for row in rows if row.what == "invoice"]
    return unpaid, same_key, any(row.what == "twin" for row in rows)


def _same(first: Payment, asked: _Received) -> Payment:
    was = (first.customer_id, first.amount, first.withheld_income_tax, first.withheld_sales_tax, first.method,
           first.reference, first.collected_by)  # fmt: skip
    if was != (asked.customer_id, asked.amount, asked.withheld_income_tax, asked.withheld_sales_tax, asked.method,
               asked.reference, asked.collected_by):  # fmt: skip
        raise KeyReused(f"The key of receipt {first.number} came with another payment: use a new key")
    return first


def _check(session: Session, asked: _Received, *, today: date, cash_limit_left: Decimal | None) -> None:
    if asked.method not in METHODS:
        raise PaymentInvalid(f"{asked.method!r} is no way to pay: use one of {', '.join(METHODS)}")
    if min(asked.amount, asked.withheld_income_tax, asked.withheld_sales_tax) < ZERO or asked.settles == ZERO:
        raise PaymentInvalid("A payment is more than zero, and none of its parts is less")
    if not today - BACKDATED_MAX <= asked.received_on <= today:
        raise PaymentInvalid(
            f"A payment of {asked.received_on} cannot be recorded on {today}: neither ahead nor years back"
        )
    _check_account(session, asked)
    if asked.account_code == AGENT_CASH and cash_limit_left is not None and asked.amount > cash_limit_left:
        raise CashLimitReached(
            f"Only {max(cash_limit_left, ZERO)} more may be taken in cash: hand over what is in hand first"
        )
    if asked.method == "cheque" and _cheques_refused(session, asked.customer_id):
        raise ChequesNotAccepted("A cheque of this customer bounced: take cash or a transfer, or lift the refusal")


def _check_account(session: Session, asked: _Received) -> None:
    code = asked.account_code
    read_accounts(session, (code, *CREDITED))
    if code == AGENT_CASH:
        if asked.collected_by is None:
            raise PaymentInvalid("Cash in an agent's hands needs the agent who took it")
    elif not code.startswith(tuple(base[:3] for base in DEBITED)):
        raise PaymentInvalid(f"Account {code} holds no money: choose cash, a bank or a wallet")


def _cheques_refused(session: Session, customer_id: Id) -> bool:
    standing = select(ChequeRefusal.id).where(
        ChequeRefusal.customer_id == customer_id, ChequeRefusal.lifted_at.is_(None)
    )
    return session.scalar(standing) is not None


def _post(
    session: Session, payment_id: Id, asked: _Received, shares: Sequence[Share], *, actor: str, origin: str
) -> None:
    """The entry comes before the rows, so that a refusal of the books leaves nothing behind."""
    settled = sum((share.amount for share in shares), ZERO)
    recovered = sum((share.amount for share in shares if share.recovers), ZERO)
    forgiven = sum((share.written_off for share in shares), ZERO)
    agent = asked.collected_by if asked.account_code == AGENT_CASH else None
    memo = f"{asked.method} {asked.reference}".rstrip()
    post_entry(
        session, kind="payment", source_id=payment_id, posted_on=asked.received_on, actor=actor, origin=origin,
        memo=memo,
        lines=[
            Line(asked.account_code, asked.amount, agent),
            Line("1110", asked.withheld_income_tax, asked.customer_id),
            Line("1120", asked.withheld_sales_tax, asked.customer_id),
            Line("1100", recovered - settled, asked.customer_id),
            Line("6820", -recovered),
            Line("2200", settled - asked.settles, asked.customer_id),
        ],
    )  # fmt: skip
    if forgiven:
        post_entry(
            session, kind="small_difference", source_id=payment_id, posted_on=asked.received_on, actor=actor,
            origin=origin, memo=memo,
            lines=[Line("6820", forgiven), Line("1100", -forgiven, asked.customer_id)],
        )  # fmt: skip


_WRITE = text(f"""
    WITH series AS ({RESERVE}),
    paid AS (
        INSERT INTO payment (
            id, number, customer_id, method, account_code, amount, withheld_income_tax, withheld_sales_tax,
            certificate_no, unallocated, received_on, reference, reference_key, idempotency_key, taken_by, collected_by,
            place, state, state_reason, suspect
        )
        SELECT :id, {PRINTED}, :customer_id, :method, :account_code, :amount, :withheld_income_tax,
               :withheld_sales_tax, :certificate_no, :unallocated, :received_on, :reference, :reference_key,
               :idempotency_key, :taken_by, CAST(:collected_by AS uuid), CAST(:place AS jsonb), 'received', '', :suspect
          FROM series
        RETURNING number
    ),
    moved AS (
        UPDATE invoice SET balance = s.balance, state = s.state
          FROM unnest(CAST(:invoice_ids AS uuid[]), CAST(:balances AS numeric[]), CAST(:states AS text[]))
               s(id, balance, state)
         WHERE invoice.id = s.id
    ),
    settled AS (
        INSERT INTO allocation (id, payment_id, invoice_id, amount, written_off, recovers, allocated_on, from_advance)
        SELECT uuidv7(), :id, s.invoice_id, s.amount, s.written_off, s.recovers, :received_on, false
          FROM unnest(CAST(:invoice_ids AS uuid[]), CAST(:amounts AS numeric[]), CAST(:written_off AS numeric[]),
                      CAST(:recovers AS boolean[])) s(invoice_id, amount, written_off, recovers)
    )
    SELECT number FROM paid
""")  # noqa: S608
"""Number, payment, allocations and balances in one statement: the series is locked for that and the commit only."""


def _write(session: Session, asked: _Received, shares: Sequence[Share], rules: _Rules, more: dict[str, Any]) -> Payment:
    year = fiscal_year_of(asked.received_on, rules.fiscal_year_start_month)
    columns = {
        **{name: getattr(asked, name) for name in _Received.__dataclass_fields__}, **more,
        "unallocated": asked.settles - sum((share.amount for share in shares), ZERO),
        "reference_key": reference_key(asked.reference),
    }  # fmt: skip
    invoice_ids = [share.invoice.id for share in shares]
    values = {
        **columns, **reservation("receipt", fiscal_year=year), "invoice_ids": invoice_ids,
        "place": None if more["place"] is None else json.dumps(more["place"]),
        "amounts": [share.amount for share in shares],
        "written_off": [share.written_off for share in shares],
        "recovers": [share.recovers for share in shares],
        "balances": [share.balance_after for share in shares],
        "states": [share.state_after for share in shares],
    }  # fmt: skip
    try:
        number = session.execute(_WRITE, values).scalar_one()
    except IntegrityError as refused:
        # Another customer's payment took the key in the same instant.
        if isinstance(refused.orig, UniqueViolation) and "idempotency_key" in (refused.orig.diag.constraint_name or ""):
            raise KeyReused("The key came with another payment: use a new key") from refused
        raise
    forget_balances(session, invoice_ids)
    payment = Payment(number=number, state="received", state_reason="", **columns)
    make_transient_to_detached(payment)
    session.add(payment)
    return payment


def payments_of(session: Session, *, customer_id: Id, limit: int = 12) -> list[Payment]:
    """A customer's payments, the newest first."""
    newest = select(Payment).where(Payment.customer_id == customer_id)
    return list(session.scalars(newest.order_by(Payment.received_on.desc(), Payment.id.desc()).limit(limit)))
