"""A payment gateway says that somebody paid: stored as it came, booked once, or left for a person."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.billing.gateways import GatewayNotice
from core.billing.invoice_models import Invoice
from core.billing.payment_models import GatewayEvent
from core.billing.payments import account_of_method
from core.clock import business_day
from core.companies import current_company
from core.crm.models import Customer
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry
from core.ledger.models import JournalEntry
from core.money import parse_amount
from core.usecases.take_payment import Taken, take_payment

UNIDENTIFIED = "1060"
UNIDENTIFIED_KIND = "unidentified_receipt"


class NoticeContradicts(DomainError):
    """The gateway told another amount, currency or reference under the same transaction id before."""


class EventSettled(DomainError):
    """The event is booked or closed already."""


class AmountNeeded(DomainError):
    """The event is in another currency: say what it is in the company's."""


@dataclass(frozen=True)
class _Payer:
    """Who a reference means, and the invoice it names, if any."""

    customer_id: Id
    invoice_ids: tuple[Id, ...] = ()


def take_gateway_notice(session: Session, *, gateway: str, notice: GatewayNotice, now: datetime) -> GatewayEvent:
    """Store the notice and book it: the same transaction and kind once, however often and at once it is told.

    Money of an unknown reference goes to 1060 until `identify_receipt`. Another currency, money given back to the
    payer, and what the books refuse wait for a person. Raises NoticeContradicts.
    """
    event, is_new = _stored(session, gateway, notice)
    if not is_new:
        return event
    currency = current_company(session).currency
    if notice.kind == "failed":
        event.state, event.note = "ignored", "The payment failed at the gateway"
    elif notice.kind == "refunded":
        event.note = "The gateway gave the money back: reverse the payment, or explain the difference"
    elif notice.currency != currency:
        event.note = f"Paid in {notice.currency}: say what it is in {currency}"
    else:
        _book(session, event, now)
    session.flush()
    return event


def _stored(session: Session, gateway: str, notice: GatewayNotice) -> tuple[GatewayEvent, bool]:
    """The event and whether it is new; the unique key makes a second writer wait for the first."""
    row = {
        "id": new_id(), "gateway": gateway, "kind": notice.kind, "transaction_id": notice.transaction_id,
        "amount": notice.amount, "currency": notice.currency, "reference": notice.reference,
        "occurred_at": notice.occurred_at, "content": dict(notice.content), "state": "waiting", "note": "",
    }  # fmt: skip
    written = session.scalars(insert(GatewayEvent).values(row).on_conflict_do_nothing().returning(GatewayEvent))
    event = written.one_or_none()
    if event is not None:
        return event, True
    first = session.scalars(
        select(GatewayEvent).where(
            GatewayEvent.gateway == gateway, GatewayEvent.kind == notice.kind,
            GatewayEvent.transaction_id == notice.transaction_id,
        )
    ).one()  # fmt: skip
    if (first.amount, first.currency, first.reference) != (notice.amount, notice.currency, notice.reference):
        raise NoticeContradicts(f"Transaction {first.transaction_id} was told before with other content")
    return first, False


def _book(session: Session, event: GatewayEvent, now: datetime) -> None:
    actor, origin = f"gateway:{event.gateway}", f"gateway:{event.id}"
    payer = _payer(session, event.reference)
    try:
        with session.begin_nested():
            if payer is None:
                day = _day(session, event, now)
                _post_unidentified(session, event, day, actor, origin)
                event.note = f"Nobody is known by the reference {event.reference!r}: say whose money it is"
            else:
                _pay(session, event, payer, event.amount, "", now, actor, origin)
    except DomainError as refused:
        event.note = f"Not booked: {refused}"


def _post_unidentified(session: Session, event: GatewayEvent, day: date, actor: str, origin: str) -> None:
    post_entry(
        session, kind=UNIDENTIFIED_KIND, source_id=event.id, posted_on=day, actor=actor, origin=origin,
        memo=f"{event.gateway} {event.transaction_id}",
        lines=[
            Line(account_of_method(session, "gateway"), event.amount),
            Line(UNIDENTIFIED, -event.amount),
        ],
    )  # fmt: skip


def _pay(
    session: Session, event: GatewayEvent, payer: _Payer, amount: Decimal, account_code: str, now: datetime,
    actor: str, origin: str,
) -> Taken:  # fmt: skip
    taken = take_payment(
        session, customer_id=payer.customer_id, amount=amount, method="gateway",
        received_on=_day(session, event, now), idempotency_key=f"{event.gateway}:{event.transaction_id}",
        taken_by=actor, now=now, reference=event.transaction_id, origin=origin, invoice_ids=payer.invoice_ids,
        account_code=account_code,
    )  # fmt: skip
    event.state, event.payment_id, event.note = "booked", taken.payment.id, ""
    return taken


def _day(session: Session, event: GatewayEvent, now: datetime) -> date:
    """The day of the money; today for what is told in a later month, since the month may be closed by then."""
    zone = current_company(session).timezone
    paid, today = business_day(event.occurred_at, zone), business_day(now, zone)
    return paid if paid <= today and (paid.year, paid.month) == (today.year, today.month) else today


def _payer(session: Session, reference: str) -> _Payer | None:
    """Whose invoice or customer number it is; letters in any case, spaces around it ignored."""
    wanted = reference.strip().upper()
    if re.fullmatch(r"[0-9A-F]{8}(-?[0-9A-F]{4}){3}-?[0-9A-F]{12}", wanted):
        named = Invoice.token == Id(wanted)
    else:
        named = func.upper(Invoice.number) == wanted
    invoice = session.execute(select(Invoice.id, Invoice.customer_id).where(named)).one_or_none()
    if invoice is not None:
        return _Payer(invoice.customer_id, (invoice.id,))
    customer_id = session.scalar(select(Customer.id).where(func.upper(Customer.number) == wanted))
    return _Payer(customer_id) if customer_id else None


def identify_receipt(
    session: Session, *, event_id: Id, customer_id: Id, actor: str, now: datetime, origin: str = "",
    amount: Decimal | None = None,
) -> Taken:  # fmt: skip
    """Say whose money a waiting event is: it leaves 1060 for what he owes, the rest for his advance.

    `amount` is what arrived in the company's currency, for an event in another; it is then booked from clearing.
    Raises EventSettled, AmountNeeded, NotFound and what `record_payment` raises.
    """
    event = _waiting(session, event_id)
    if event.kind != "paid":
        raise EventSettled(f"{event.gateway} {event.transaction_id} is no money received: close it instead")
    parked = _is_parked(session, event)
    if not parked and amount is None and event.currency != current_company(session).currency:
        raise AmountNeeded(f"The gateway told {event.amount} {event.currency}: say what arrived")
    counted = event.amount if parked or amount is None else parse_amount(amount)
    taken = _pay(session, event, _Payer(customer_id), counted, UNIDENTIFIED if parked else "", now, actor, origin)
    session.flush()
    return taken


def close_event(session: Session, *, event_id: Id, note: str, actor: str) -> GatewayEvent:
    """A person has dealt with a waiting event elsewhere. Raises EventSettled, also for money that waits in 1060."""
    event = _waiting(session, event_id)
    if _is_parked(session, event):
        raise EventSettled(f"{event.amount} of it is unidentified money: say whose it is")
    event.state, event.note = "ignored", f"{note.strip()} ({actor})"
    session.flush()
    return event


def waiting_events(session: Session) -> list[GatewayEvent]:
    """What waits for a person, the oldest first."""
    return list(session.scalars(select(GatewayEvent).where(GatewayEvent.state == "waiting").order_by(GatewayEvent.id)))


def _waiting(session: Session, event_id: Id) -> GatewayEvent:
    event = session.get(GatewayEvent, event_id, with_for_update=True, populate_existing=True)
    if event is None:
        raise NotFound("There is no such gateway event in this company")
    if event.state != "waiting":
        raise EventSettled(f"{event.gateway} {event.transaction_id} is {event.state} already")
    return event


def _is_parked(session: Session, event: GatewayEvent) -> bool:
    parked = select(JournalEntry.id).where(JournalEntry.kind == UNIDENTIFIED_KIND, JournalEntry.source_id == event.id)
    return session.scalar(parked) is not None
