"""Money comes in: it is recorded, what waited for it happens, and the customer gets the receipt at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from core.billing.balance import AccountBalance, account_balance, balance_from
from core.billing.cash_proof import is_field_cash, open_proof
from core.billing.payment_models import Payment
from core.billing.payments import Asked, Coming, receive
from core.clock import business_day
from core.companies import Company, current_company
from core.db import Json
from core.ids import Id
from core.messaging import payloads
from core.messaging.outbox import message_row, queue_rows
from core.messaging.receipts import (
    Receipt,
    cash_buttons,
    cash_receipt_template,
    cash_receipt_text,
    receipt_template,
    receipt_text,
)
from core.money import ZERO
from core.usecases.follow_payment import follow_payment
from core.usecases.payment_waiting import Waiting, waiting_of
from core.usecases.renew_prepaid import renew_after_payment


@dataclass(frozen=True)
class Taken:
    """A recorded payment, the account after it, and the receipt's message, if the customer can be reached."""

    payment: Payment
    balance: AccountBalance
    receipt_id: Id | None


def take_payment(
    session: Session, *, customer_id: Id, amount: Decimal, method: str, received_on: date, idempotency_key: str,
    taken_by: str, now: datetime, reference: str = "", origin: str = "", invoice_ids: Collection[Id] = (),
    account_code: str = "", collected_by: Id | None = None, cash_limit_left: Decimal | None = None,
    withheld_income_tax: Decimal = ZERO, withheld_sales_tax: Decimal = ZERO, certificate_no: str = "",
    place: Json | None = None,
) -> Taken:  # fmt: skip
    """Record a payment as `record_payment` does, with its refusals, and let happen what `complete_payment` says.

    A repeat of the key records nothing and sends no second receipt. The receipt of cash that an employee took in the
    field asks the customer to confirm it (`core.billing.cash_proof`).
    """
    asked = Asked(
        customer_id=customer_id, amount=amount, method=method, received_on=received_on, now=now,
        idempotency_key=idempotency_key, taken_by=taken_by, reference=reference, origin=origin,
        invoice_ids=invoice_ids, account_code=account_code, collected_by=collected_by,
        cash_limit_left=cash_limit_left, withheld_income_tax=withheld_income_tax,
        withheld_sales_tax=withheld_sales_tax, certificate_no=certificate_no, place=place,
    )  # fmt: skip
    balance: AccountBalance | None = None

    def receipt(coming: Coming) -> Mapping[str, Any] | None:
        """The receipt at once, unless something waits for the money, so that what is left of it is not known yet."""
        nonlocal balance
        waiting = waiting_of(session, customer_id=customer_id, now=now, collected_by=collected_by)
        if not waiting.nothing:
            return None
        balance = balance_from(
            coming.unpaid, advance=waiting.advance + coming.unallocated,
            today=business_day(now, coming.company.timezone),
        )  # fmt: skip
        return _receipt(coming.id, coming.number, coming.asked, waiting, balance, coming.company, now)

    recorded = receive(session, asked, message=receipt)
    if balance is None:
        taken = complete_payment(session, payment=recorded.payment, now=now, origin=origin)
    else:
        taken = Taken(recorded.payment, balance, recorded.message_id)
    if is_field_cash(method, collected_by):
        open_proof(session, taken.payment, told=taken.receipt_id is not None, now=now)
    return taken


def complete_payment(session: Session, *, payment: Payment, now: datetime, origin: str = "") -> Taken:
    """Renew what ran out, judge promises, restore the service, and queue the receipt, all for a payment just recorded.

    Wherever money comes in (counter, agent, claim, gateway, bank statement), it ends here.
    """
    customer_id, actor = payment.customer_id, payment.taken_by
    waiting = waiting_of(session, customer_id=customer_id, now=now, collected_by=payment.collected_by)
    if waiting.run_out:
        renew_after_payment(session, customer_id=customer_id, now=now, actor=actor, origin=origin)
    if waiting.promised or waiting.in_recovery:
        follow_payment(session, customer_id=customer_id, now=now, actor=actor, origin=origin)
    company = current_company(session)
    balance = account_balance(session, customer_id=customer_id, today=business_day(now, company.timezone))
    row = _receipt(payment.id, payment.number, payment, waiting, balance, company, now)
    return Taken(payment, balance, queue_rows(session, [row], now=now)[0] if row else None)


def _receipt(
    payment_id: Id, number: str, paid: Asked | Payment, waiting: Waiting, balance: AccountBalance, company: Company,
    now: datetime,
) -> dict[str, Any] | None:  # fmt: skip
    """The receipt as a row of the outbox."""
    receipt = Receipt(
        number, paid.amount + paid.withheld_income_tax + paid.withheld_sales_tax, paid.received_on, paid.method,
        paid.reference, waiting.collector, balance.due, balance.advance, company.currency,
    )  # fmt: skip
    in_field = is_field_cash(paid.method, paid.collected_by)
    words, template = (cash_receipt_text, cash_receipt_template) if in_field else (receipt_text, receipt_template)
    return _row(
        waiting, company, dedupe_key=f"receipt:{payment_id}", now=now,
        words=lambda language: words(receipt, language), template=lambda language: template(receipt, language),
        buttons=(lambda language: cash_buttons(number, language)) if in_field else None,
    )  # fmt: skip


def tell_customer(
    session: Session, *, customer_id: Id, company: Company, dedupe_key: str, now: datetime, words: Callable[[str], str]
) -> Id | None:
    """Queue a notice to the person who acts for the account; None where nobody is known on WhatsApp."""
    waiting = waiting_of(session, customer_id=customer_id, now=now)
    row = _row(waiting, company, dedupe_key=dedupe_key, now=now, words=words)
    return queue_rows(session, [row], now=now)[0] if row else None


def _row(
    waiting: Waiting, company: Company, *, dedupe_key: str, now: datetime, words: Callable[[str], str],
    template: Callable[[str], Mapping[str, Any]] | None = None,
    buttons: Callable[[str], Sequence[tuple[str, str]]] | None = None,
) -> dict[str, Any] | None:  # fmt: skip
    if waiting.contact_id is None or waiting.business_number_id is None:
        return None
    language = waiting.language or company.default_language
    said = words(language)
    asks = buttons is not None and len(said) <= payloads.BUTTON_BODY_MAX
    payload = payloads.buttons(said, buttons(language)) if buttons and asks else payloads.text(said)
    return message_row(
        contact_id=waiting.contact_id, business_number_id=waiting.business_number_id, lane="notice",
        payload=payload, text=said, dedupe_key=dedupe_key, now=now,
        template=template(language) if template else None,
    )  # fmt: skip
