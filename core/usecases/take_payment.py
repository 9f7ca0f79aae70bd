"""Money comes in: it is recorded, what waited for it happens, and the customer gets the receipt at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.billing.balance import AccountBalance, account_balance
from core.billing.payment_models import Payment
from core.billing.payments import record_payment
from core.clock import business_day
from core.companies import BusinessNumber, Company, current_company
from core.crm.models import Contact, ContactAccount, CustomerPhone
from core.db import Json
from core.ids import Id
from core.messaging import payloads
from core.messaging.models import Conversation
from core.messaging.outbox import queue_message
from core.messaging.receipts import Receipt, receipt_template, receipt_text
from core.money import ZERO
from core.staff.models import Staff
from core.usecases.follow_payment import follow_payment
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

    A repeat of the key records nothing and sends no second receipt.
    """
    payment = record_payment(
        session, customer_id=customer_id, amount=amount, method=method, received_on=received_on,
        idempotency_key=idempotency_key, taken_by=taken_by, now=now, reference=reference, origin=origin,
        invoice_ids=invoice_ids, account_code=account_code, collected_by=collected_by,
        cash_limit_left=cash_limit_left, withheld_income_tax=withheld_income_tax,
        withheld_sales_tax=withheld_sales_tax, certificate_no=certificate_no, place=place,
    )  # fmt: skip
    return complete_payment(session, payment=payment, now=now, origin=origin)


def complete_payment(session: Session, *, payment: Payment, now: datetime, origin: str = "") -> Taken:
    """Renew what ran out, judge promises, restore the service, and queue the receipt, all for a payment just recorded.

    Wherever money comes in (counter, agent, claim, gateway, bank statement), it ends here.
    """
    customer_id, actor = payment.customer_id, payment.taken_by
    renew_after_payment(session, customer_id=customer_id, now=now, actor=actor, origin=origin)
    follow_payment(session, customer_id=customer_id, now=now, actor=actor, origin=origin)
    return _give_receipt(session, payment, now)


def _give_receipt(session: Session, payment: Payment, now: datetime) -> Taken:
    company = current_company(session)
    balance = account_balance(
        session, customer_id=payment.customer_id, today=business_day(now, company.timezone)
    )  # fmt: skip
    receipt = Receipt(
        payment.number, payment.amount + payment.withheld_income_tax + payment.withheld_sales_tax,
        payment.received_on, payment.method, payment.reference, _collector(session, payment), balance.due,
        balance.advance, company.currency,
    )  # fmt: skip
    message_id = tell_customer(
        session, customer_id=payment.customer_id, company=company, dedupe_key=f"receipt:{payment.id}", now=now,
        words=lambda language: receipt_text(receipt, language),
        template=lambda language: receipt_template(receipt, language),
    )  # fmt: skip
    return Taken(payment, balance, message_id)


def tell_customer(
    session: Session, *, customer_id: Id, company: Company, dedupe_key: str, now: datetime,
    words: Callable[[str], str], template: Callable[[str], Mapping[str, Any]] | None = None,
) -> Id | None:  # fmt: skip
    """Queue a notice to the person who acts for the account; None where nobody is known on WhatsApp."""
    contact = _contact_of(session, customer_id)
    if contact is None:
        return None
    language = contact.language or company.default_language
    said = words(language)
    return queue_message(
        session, contact_id=contact.id, business_number_id=_number_for(session, contact.id), lane="notice",
        payload=payloads.text(said), text=said, dedupe_key=dedupe_key, now=now,
        template=template(language) if template else None,
    )  # fmt: skip


def _contact_of(session: Session, customer_id: Id) -> Contact | None:
    """Whoever writes from a number on file, before others who were linked to the account."""
    linked = select(ContactAccount.contact_id).where(ContactAccount.customer_id == customer_id)
    on_file = select(CustomerPhone.phone).where(CustomerPhone.customer_id == customer_id, CustomerPhone.opens_account)
    known = Contact.phone.in_(on_file) & Contact.phone_trusted
    people = select(Contact).where(or_(Contact.id.in_(linked), known))
    return session.scalars(people.order_by(known.is_not(True), Contact.id).limit(1)).one_or_none()


def _number_for(session: Session, contact_id: Id) -> Id:
    """The business number the person last wrote to, else the company's first."""
    last = (
        select(Conversation.business_number_id)
        .where(Conversation.contact_id == contact_id)
        .order_by(Conversation.last_inbound_at.desc().nulls_last())
        .limit(1)
    )
    first = select(BusinessNumber.id).order_by(BusinessNumber.id).limit(1)
    return session.scalar(last) or session.scalars(first).one()


def _collector(session: Session, payment: Payment) -> str:
    if payment.collected_by is None:
        return ""
    return session.scalars(select(Staff.name).where(Staff.id == payment.collected_by)).one_or_none() or ""
