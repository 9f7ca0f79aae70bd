"""Invoices: issued from a draft with number and journal entry, frozen from then on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.orm import Session

from core.billing.advance import apply_advance
from core.billing.deferrals import DEFERRED, defer_lines
from core.billing.drafts import NothingToBill, draft_charges, draft_period
from core.billing.facts import CHARGE_COLUMNS, Account, Payer, read_accounts, read_payers
from core.billing.invoice_models import OPEN_STATES, Invoice, InvoiceLine
from core.billing.periods import Period
from core.billing.schedule import next_bill_day, next_step
from core.billing.subscription_models import PendingCharge, Subscription
from core.billing.tariffs import read_tariffs
from core.billing.terms import ChargeTerms, Draft, DraftLine, Tariffs
from core.companies import current_company
from core.db import table_of
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry
from core.money import ZERO
from core.numbering import fiscal_year_of, next_number

RECEIVABLE = "1100"
DEPOSITS = "2210"
_LINE_COLUMNS = tuple(field.name for field in fields(DraftLine) if field.name != "deferred")


class AlreadyInvoiced(DomainError):
    """That period of that subscription has its invoice."""


class AddressMissing(DomainError):
    """There is no address to print on the invoice."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom an invoice is made out to, as it is printed."""

    customer_id: Id
    name: str
    address: str
    tax_number: str
    area_id: Id | None


def preview_invoice(
    session: Session, *, subscription_id: Id, issued_on: date, period_start: date | None = None,
    period_end: date | None = None,
) -> Draft:  # fmt: skip
    """What the invoice of the next period, or of `[period_start, period_end)`, would say; writes nothing.

    Raises NothingToBill, NoPriceOnDay.
    """
    tariffs = read_tariffs(session)
    account = _account(session, tariffs, subscription_id, period_start)
    start, end = _period(tariffs, account, period_start, period_end)
    return draft_period(tariffs, account.facts, start=start, end=end, issued_on=issued_on)


def issue_subscription_invoice(
    session: Session, *, subscription_id: Id, issued_on: date, actor: str, period_start: date | None = None,
    period_end: date | None = None, due_on: date | None = None, origin: str = "",
) -> Invoice:  # fmt: skip
    """Bill the next period of a subscription, or `[period_start, period_end)`; its charges in waiting join.

    Moves `billed_until` and `next_bill_on` on. The customer's advance settles the invoice at once. Locks the
    subscription. Raises AlreadyInvoiced, NothingToBill, NoPriceOnDay, AddressMissing.
    """
    session.execute(text("SELECT 1 FROM subscription WHERE id = :id FOR UPDATE"), {"id": subscription_id})
    tariffs = read_tariffs(session)
    account = _account(session, tariffs, subscription_id, period_start)
    period = _period(tariffs, account, period_start, period_end)
    _refuse_second(session, subscription_id, period.start)
    draft = draft_period(tariffs, account.facts, start=period.start, end=period.end, issued_on=issued_on)
    invoice = issue_draft(
        session, draft=draft, addressee=addressee_of(account), kind="subscription", reason="period", actor=actor,
        issued_on=issued_on, due_on=due_on or due_day(tariffs, account, issued_on), origin=origin,
        subscription_id=subscription_id, period=period,
    )  # fmt: skip
    _move_on(session, tariffs, account, period)
    return invoice


def _account(session: Session, tariffs: Tariffs, subscription_id: Id, since: date | None) -> Account:
    accounts = read_accounts(session, tariffs, [subscription_id], since=since)
    if not accounts:
        raise NotFound("There is no such subscription")
    return accounts[0]


def _period(tariffs: Tariffs, account: Account, start: date | None, end: date | None) -> Period:
    if start is not None and end is not None:
        if start > end:
            raise NothingToBill(f"A period from {start} to {end} has no days")
        return Period(start, end)
    step = next_step(tariffs, account.facts)
    if step is None:
        raise NothingToBill(f"The subscription of {account.customer_number} is billed to its end")
    return step


def _refuse_second(session: Session, subscription_id: Id, period_start: date) -> None:
    first = select(Invoice.number).where(
        Invoice.subscription_id == subscription_id, Invoice.period_start == period_start,
        Invoice.reason == "period", Invoice.state != "void",
    )  # fmt: skip
    number = session.scalar(first)
    if number is not None:
        raise AlreadyInvoiced(f"The period from {period_start} is billed by {number}")


def _move_on(session: Session, tariffs: Tariffs, account: Account, period: Period) -> None:
    """The subscription is billed up to the end of `period`, if that goes on from where it was billed to."""
    if not period.start <= account.facts.origin <= period.end:
        return
    subscription = session.get_one(Subscription, account.facts.subscription_id)
    subscription.billed_until = period.end
    subscription.next_bill_on = next_bill_day(tariffs, account.facts, period)
    session.flush()


def addressee_of(account: Account) -> Addressee:
    """Whom a subscription's invoices are made out to; raises AddressMissing."""
    if not account.address.strip():
        raise AddressMissing(f"{account.customer_number} has no address to invoice: add one to the site")
    return Addressee(
        account.facts.payer_id, account.payer_name, account.address, account.payer_tax_number, account.area_id
    )


def due_day(tariffs: Tariffs, account: Account, issued_on: date) -> date:
    """The subscription's own days from issue to due date, or the company's."""
    days = account.facts.due_days
    return issued_on + timedelta(days=tariffs.policy.due_days if days is None else days)


def issue_charges(
    session: Session, *, customer_id: Id, issued_on: date, actor: str, charge_ids: Sequence[Id] | None = None,
    due_on: date | None = None, reason: str = "one_off", origin: str = "",
) -> Invoice:  # fmt: skip
    """One invoice of a customer's charges in waiting: those of `charge_ids`, or all whose day has come.

    Raises NothingToBill, TotalNegative, AddressMissing.
    """
    tariffs = read_tariffs(session)
    charges = _waiting(session, customer_id, issued_on, charge_ids)
    payer = read_payers(session, [customer_id])[customer_id]
    addressee = payer_addressee(customer_id, payer)
    draft = draft_charges(tariffs, payer.taxpayer, charges, issued_on=issued_on)
    kinds = {charge.invoice_kind for charge in charges}
    return issue_draft(
        session, draft=draft, addressee=addressee, kind=kinds.pop() if len(kinds) == 1 else "other", reason=reason,
        issued_on=issued_on, due_on=due_on or issued_on + timedelta(days=tariffs.policy.due_days), actor=actor,
        origin=origin,
    )  # fmt: skip


def _waiting(session: Session, customer_id: Id, issued_on: date, charge_ids: Sequence[Id] | None) -> list[ChargeTerms]:
    columns = [PendingCharge.__table__.c[name] for name in CHARGE_COLUMNS]
    waiting = select(*columns).where(
        PendingCharge.customer_id == customer_id, PendingCharge.invoice_id.is_(None),
        PendingCharge.cancelled_at.is_(None),
    )  # fmt: skip
    if charge_ids is None:
        waiting = waiting.where(PendingCharge.bill_from <= issued_on)
    else:
        waiting = waiting.where(PendingCharge.id.in_(charge_ids))
    locked = waiting.order_by(PendingCharge.bill_from, PendingCharge.id).with_for_update()
    return [ChargeTerms(*row) for row in session.execute(locked)]


def payer_addressee(customer_id: Id, payer: Payer) -> Addressee:
    """Whom an invoice of a customer's own charges is made out to; raises AddressMissing."""
    if not payer.address:
        raise AddressMissing(f"{payer.number} has no address to invoice: add a site")
    return Addressee(customer_id, payer.name, payer.address, payer.tax_number, payer.area_id)


def issue_draft(
    session: Session, *, draft: Draft, addressee: Addressee, kind: str, reason: str, issued_on: date, due_on: date,
    actor: str, origin: str = "", subscription_id: Id | None = None, period: Period | None = None,
) -> Invoice:  # fmt: skip
    """Write a draft as an issued invoice with its journal entry, and settle it from the customer's advance.

    Locks the customer. Raises NothingToBill for a draft without lines.
    """
    if not draft.lines:
        raise NothingToBill(f"There is nothing to invoice for {addressee.name}")
    session.execute(text("SELECT 1 FROM customer WHERE id = :id FOR UPDATE"), {"id": addressee.customer_id})
    earlier = select(func.coalesce(func.sum(Invoice.balance), ZERO)).where(
        Invoice.customer_id == addressee.customer_id, Invoice.balance > 0, Invoice.state.in_(OPEN_STATES)
    )
    company = current_company(session)
    invoice = Invoice(
        id=new_id(), customer_id=addressee.customer_id, subscription_id=subscription_id, kind=kind, reason=reason,
        state="draft", currency=company.currency, seller_name=company.name, seller_address=company.address,
        seller_tax_number=company.tax_number, seller_sales_tax_number=company.sales_tax_number,
        customer_name=addressee.name, customer_address=addressee.address, customer_tax_number=addressee.tax_number,
        area_id=addressee.area_id, period_start=period.start if period else None,
        period_end=period.end if period else None, tax_rounding=draft.tax_rounding, net=draft.net, tax=draft.tax,
        rounding=draft.rounding, total=draft.total, balance=draft.total,
        earlier_balance=session.scalars(earlier).one(),
    )  # fmt: skip
    session.add(invoice)
    session.flush()
    _write_lines(session, invoice, draft)
    year = fiscal_year_of(issued_on, company.fiscal_year_start_month)
    invoice.number = next_number(session, "invoice", fiscal_year=year)
    invoice.issued_on, invoice.due_on = issued_on, due_on
    invoice.state = "issued" if draft.total else "paid"
    session.flush()
    if draft.charge_ids:
        taken = update(PendingCharge).where(PendingCharge.id.in_(draft.charge_ids)).values(invoice_id=invoice.id)
        session.execute(taken)
    if any(line.amount for line in draft.lines):
        post_entry(
            session, kind="invoice", source_id=invoice.id, posted_on=issued_on, actor=actor, origin=origin,
            lines=posting_lines(draft, addressee), memo=invoice.number,
        )  # fmt: skip
    if draft.total:
        apply_advance(session, invoice=invoice, day=issued_on, actor=actor, origin=origin)
    return invoice


def _write_lines(session: Session, invoice: Invoice, draft: Draft) -> None:
    ids = [new_id() for _ in draft.lines]
    rows = [
        {"id": line_id, "invoice_id": invoice.id, "position": position}
        | {name: getattr(line, name) for name in _LINE_COLUMNS}
        for position, (line_id, line) in enumerate(zip(ids, draft.lines, strict=True), 1)
    ]
    session.execute(insert(table_of(InvoiceLine)).values(rows))
    defer_lines(session, [(i, line.amount) for i, line in zip(ids, draft.lines, strict=True) if is_deferred(line)])
    session.expire(invoice, ["lines"])


def is_deferred(line: DraftLine) -> bool:
    """Whether the line's net goes to 2220: only income that has an amount does."""
    return line.deferred and line.amount > 0 and line.account_code.startswith("4")


def posting_lines(draft: Draft, addressee: Addressee) -> list[Line]:
    """The invoice's sides: 1100 of the customer against each line's account or 2220, income by area and plan."""
    sides = [Line(RECEIVABLE, draft.total, addressee.customer_id)]
    for line in draft.lines:
        deferred = is_deferred(line)
        income = line.kind == "charge" and line.account_code.startswith("4") and not deferred
        sides.append(
            Line(
                DEFERRED if deferred else line.account_code, -line.amount,
                party_id=addressee.customer_id if line.account_code == DEPOSITS else None,
                area_id=addressee.area_id if income else None, plan_id=line.plan_id if income else None,
            )
        )  # fmt: skip
    return sides


def invoices_of(session: Session, *, customer_id: Id, limit: int = 12) -> list[Invoice]:
    """A customer's issued invoices, the newest first."""
    issued = select(Invoice).where(Invoice.customer_id == customer_id, Invoice.state != "draft")
    return list(session.scalars(issued.order_by(Invoice.issued_on.desc(), Invoice.number.desc()).limit(limit)))


def invoice_by_number(session: Session, *, number: str) -> Invoice:
    """The invoice printed as `number`; raises NotFound."""
    invoice = session.scalar(select(Invoice).where(Invoice.number == number))
    if invoice is None:
        raise NotFound(f"There is no invoice {number}")
    return invoice
