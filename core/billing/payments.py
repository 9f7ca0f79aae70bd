"""Money received: recorded once per key, settling the oldest invoices first, the rest kept as advance."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg.errors import UniqueViolation
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, make_transient_to_detached

from core.billing import payment_statements as sql
from core.billing.allocation import OpenInvoice, Share, forget_balances, in_order, shares_of
from core.billing.balance import UnpaidInvoice
from core.billing.invoice_models import OPEN_STATES
from core.billing.payment_models import METHODS, ChequeRefusal, Payment
from core.billing.plan_models import BillingPolicy
from core.billing.references import reference_key
from core.clock import business_day
from core.companies import Company, company_as_of
from core.db import Json, plain_array, run
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.accounts import read_accounts
from core.ledger.books import remember_books
from core.ledger.journal import Line, entry_values, post_entry
from core.messaging.outbox import ring_for, rows_json
from core.money import ZERO, parse_amount
from core.numbering import fiscal_year_of, reservation

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


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A payment as somebody asks for it to be recorded; `record_payment` says what the fields mean."""

    customer_id: Id
    amount: Decimal
    method: str
    received_on: date
    idempotency_key: str
    taken_by: str
    now: datetime
    reference: str = ""
    origin: str = ""
    invoice_ids: Collection[Id] = ()
    account_code: str = ""
    collected_by: Id | None = None
    cash_limit_left: Decimal | None = None
    withheld_income_tax: Decimal = ZERO
    withheld_sales_tax: Decimal = ZERO
    certificate_no: str = ""
    place: Json | None = None

    @property
    def settles(self) -> Decimal:
        """What a corporate payer withheld settles like money."""
        return self.amount + self.withheld_income_tax + self.withheld_sales_tax


@dataclass(frozen=True)
class Coming:
    """A payment of which all is known but its number: a message says `number`, and it is put in its place."""

    id: Id
    number: str
    asked: Asked
    company: Company
    unpaid: Sequence[UnpaidInvoice]
    """What is left to pay after it."""
    unallocated: Decimal


MessageOf = Callable[[Coming], Mapping[str, Any] | None]
"""The message to be queued with a payment, a row of `core.messaging.outbox.message_row`; None for none."""


@dataclass(frozen=True)
class Recorded:
    """A payment, and the message that was queued with it; `is_new` is false for a repeat of the key."""

    payment: Payment
    is_new: bool = False
    message_id: Id | None = None


@dataclass(frozen=True)
class _Rules:
    """What the company says about payments."""

    fees_settle: str
    small_difference: Decimal
    method_accounts: Json
    company: Company


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
    asked = Asked(
        customer_id=customer_id, amount=amount, method=method, received_on=received_on, now=now,
        idempotency_key=idempotency_key, taken_by=taken_by, reference=reference, origin=origin,
        invoice_ids=invoice_ids, account_code=account_code, collected_by=collected_by,
        cash_limit_left=cash_limit_left, withheld_income_tax=withheld_income_tax,
        withheld_sales_tax=withheld_sales_tax, certificate_no=certificate_no, place=place,
    )  # fmt: skip
    return receive(session, asked).payment


def receive(session: Session, asked: Asked, *, message: MessageOf | None = None) -> Recorded:
    """Do what `record_payment` says, and queue the customer's message in the statement that writes the payment.

    `message` is asked before the number series is locked, and not at all for a repeat of the key.
    """
    session.flush()
    rules, held = _lock(session, asked.customer_id)
    asked = replace(
        asked, amount=parse_amount(asked.amount), withheld_income_tax=parse_amount(asked.withheld_income_tax),
        withheld_sales_tax=parse_amount(asked.withheld_sales_tax), account_code=_account(rules, asked),
        reference=" ".join(asked.reference.split()),
    )  # fmt: skip
    unpaid, same_key, twins = _facts(session, asked, held=held)
    if same_key is not None:
        return Recorded(_same(session.get_one(Payment, same_key), asked))
    _check(session, asked, today=business_day(asked.now, rules.company.timezone))
    ordered = in_order(unpaid, fees_settle=rules.fees_settle, named=asked.invoice_ids)
    shares = shares_of(asked.settles, ordered, small_difference=rules.small_difference)
    coming = _coming(asked, rules, unpaid, shares)
    values = _values(asked, rules, coming, shares) | {"suspect": twins}
    values |= _entry(session, coming.id, asked, shares)
    row = message(coming) if message is not None else None
    run(session, sql.POST, values)
    recorded = _write(session, values, row)
    forget_balances(session, [share.invoice.id for share in shares])
    return recorded


def _lock(session: Session, customer_id: Id) -> tuple[_Rules, bool]:
    row = run(session, sql.LOCK, {"id": customer_id}).fetchone()
    if row is None:
        raise NotFound("There is no such customer in this company")
    fees_settle, small_difference, method_accounts, company_id, version, held, _ = row
    company = company_as_of(session, company_id, version)
    return _Rules(fees_settle, small_difference, method_accounts, company), held


def account_of_method(session: Session, method: str) -> str:
    """Where the company books money of a method."""
    chosen = session.scalars(select(BillingPolicy.method_accounts)).one()
    return str(chosen.get(method, ACCOUNT_OF_METHOD[method]))


def _account(rules: _Rules, asked: Asked) -> str:
    if asked.account_code:
        return asked.account_code
    if asked.method == "cash" and asked.collected_by is not None:
        return AGENT_CASH
    return str(rules.method_accounts.get(asked.method, ACCOUNT_OF_METHOD.get(asked.method, "")))


def _codes(asked: Asked) -> set[str]:
    """The accounts that nearly every payment touches; an entry with others reads them too."""
    return {asked.account_code, *CREDITED}


def _facts(session: Session, asked: Asked, *, held: bool) -> tuple[list[OpenInvoice], Id | None, bool]:
    """What can be paid, the payment of that key, and whether another looks the same; the books are kept at hand."""
    wanted = {"customer_id": asked.customer_id, "key": asked.idempotency_key, "amount": asked.amount,
              "received_on": asked.received_on, "codes": list(_codes(asked))}  # fmt: skip
    found: dict[str, list[tuple[Any, ...]]] = {"invoice": [], "account": [], "key": [], "twin": []}
    for what, *row in run(session, sql.FACTS, wanted):
        found[what].append(tuple(row))
    remember_books(session, [row[:8] for row in found["account"]], held=held)
    unpaid = [
        OpenInvoice(invoice_id, number, reason, state, balance, due_on, issued_on)
        for invoice_id, number, reason, state, _, due_on, issued_on, _, balance in found["invoice"]
    ]
    return unpaid, next((row[0] for row in found["key"]), None), bool(found["twin"])


def _same(first: Payment, asked: Asked) -> Payment:
    was = (first.customer_id, first.amount, first.withheld_income_tax, first.withheld_sales_tax, first.method,
           first.reference, first.collected_by)  # fmt: skip
    if was != (asked.customer_id, asked.amount, asked.withheld_income_tax, asked.withheld_sales_tax, asked.method,
               asked.reference, asked.collected_by):  # fmt: skip
        raise KeyReused(f"The key of receipt {first.number} came with another payment: use a new key")
    return first


def _check(session: Session, asked: Asked, *, today: date) -> None:
    if asked.method not in METHODS:
        raise PaymentInvalid(f"{asked.method!r} is no way to pay: use one of {', '.join(METHODS)}")
    if min(asked.amount, asked.withheld_income_tax, asked.withheld_sales_tax) < ZERO or asked.settles == ZERO:
        raise PaymentInvalid("A payment is more than zero, and none of its parts is less")
    if not today - BACKDATED_MAX <= asked.received_on <= today:
        raise PaymentInvalid(
            f"A payment of {asked.received_on} cannot be recorded on {today}: neither ahead nor years back"
        )
    _check_account(session, asked)
    left = asked.cash_limit_left
    if asked.account_code == AGENT_CASH and left is not None and asked.amount > left:
        raise CashLimitReached(f"Only {max(left, ZERO)} more may be taken in cash: hand over what is in hand first")
    if asked.method == "cheque" and _cheques_refused(session, asked.customer_id):
        raise ChequesNotAccepted("A cheque of this customer bounced: take cash or a transfer, or lift the refusal")


def _check_account(session: Session, asked: Asked) -> None:
    code = asked.account_code
    read_accounts(session, _codes(asked))
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


def _coming(asked: Asked, rules: _Rules, unpaid: Sequence[OpenInvoice], shares: Sequence[Share]) -> Coming:
    after = {share.invoice.id: share.balance_after for share in shares}
    left = [
        UnpaidInvoice(invoice.number, balance, invoice.due_on)
        for invoice in unpaid
        if invoice.state in OPEN_STATES and (balance := after.get(invoice.id, invoice.balance))
    ]
    unallocated = asked.settles - sum((share.amount for share in shares), ZERO)
    return Coming(new_id(), str(new_id()), asked, rules.company, left, unallocated)


def _entry(session: Session, payment_id: Id, asked: Asked, shares: Sequence[Share]) -> dict[str, Any]:
    """The payment's entry, still to be written; what was forgiven has one of its own, and is written at once."""
    settled = sum((share.amount for share in shares), ZERO)
    recovered = sum((share.amount for share in shares if share.recovers), ZERO)
    forgiven = sum((share.written_off for share in shares), ZERO)
    agent = asked.collected_by if asked.account_code == AGENT_CASH else None
    event: dict[str, Any] = {
        "source_id": payment_id, "posted_on": asked.received_on, "actor": asked.taken_by, "origin": asked.origin,
        "memo": f"{asked.method} {asked.reference}".rstrip(),
    }  # fmt: skip
    entry = entry_values(session, kind="payment", **event, lines=[
        Line(asked.account_code, asked.amount, agent),
        Line("1110", asked.withheld_income_tax, asked.customer_id),
        Line("1120", asked.withheld_sales_tax, asked.customer_id),
        Line("1100", recovered - settled, asked.customer_id),
        Line("6820", -recovered),
        Line("2200", settled - asked.settles, asked.customer_id),
    ])  # fmt: skip
    if forgiven:
        post_entry(session, kind="small_difference", **event, lines=[
            Line("6820", forgiven), Line("1100", -forgiven, asked.customer_id),
        ])  # fmt: skip
    return entry


_WRITTEN = (
    "customer_id", "method", "account_code", "amount", "withheld_income_tax", "withheld_sales_tax", "certificate_no",
    "received_on", "reference", "idempotency_key", "taken_by", "collected_by", "place",
)  # fmt: skip
"""What a payment keeps as it was asked for."""
_STORED = (*_WRITTEN, "id", "unallocated", "reference_key", "suspect")


def _values(asked: Asked, rules: _Rules, coming: Coming, shares: Sequence[Share]) -> dict[str, Any]:
    year = fiscal_year_of(asked.received_on, rules.company.fiscal_year_start_month)
    return {
        **{name: getattr(asked, name) for name in _WRITTEN},
        "id": coming.id, "company_id": rules.company.id, "number_mark": coming.number,
        "unallocated": coming.unallocated, "reference_key": reference_key(asked.reference),
        **reservation("receipt", fiscal_year=year),
        "invoice_ids": plain_array(share.invoice.id for share in shares),
        "amounts": plain_array(share.amount for share in shares),
        "written_off": plain_array(share.written_off for share in shares),
        "recovers": plain_array(share.recovers for share in shares),
        "balances": plain_array(share.balance_after for share in shares),
        "states": "{" + ",".join(share.state_after for share in shares) + "}",
    }  # fmt: skip


def _write(session: Session, values: dict[str, Any], message: Mapping[str, Any] | None) -> Recorded:
    place = None if values["place"] is None else json.dumps(values["place"])
    try:
        written = run(
            session, sql.WRITE, {**values, "place": place, "messages": rows_json([message] if message else [])}
        )
    except IntegrityError as refused:
        # Another customer's payment took the key in the same instant.
        if isinstance(refused.orig, UniqueViolation) and "idempotency_key" in (refused.orig.diag.constraint_name or ""):
            raise KeyReused("The key came with another payment: use a new key") from refused
        raise
    ((number, message_id, _),) = written.fetchall()
    if message:
        ring_for(session, message["lane"], values["company_id"], message["business_number_id"])
    return Recorded(_as_stored(session, values, number), True, message_id)


def _as_stored(session: Session, values: Mapping[str, Any], number: str) -> Payment:
    """The payment of the session's, as if it had been read: its row is written already."""
    payment = Payment()
    vars(payment).update({name: values[name] for name in _STORED}, number=number, state="received", state_reason="")
    make_transient_to_detached(payment)
    session.add(payment)
    return payment


def payments_of(session: Session, *, customer_id: Id, limit: int = 12) -> list[Payment]:
    """A customer's payments, the newest first."""
    newest = select(Payment).where(Payment.customer_id == customer_id)
    return list(session.scalars(newest.order_by(Payment.received_on.desc(), Payment.id.desc()).limit(limit)))
