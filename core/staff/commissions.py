"""What is due to whom for connections, complaints and invoices: plain facts in, amounts with their reason out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from core.ids import Id
from core.money import ZERO
from core.staff.commission_models import CommissionRule
from core.staff.commission_rules import RuleBook
from core.staff.months import months_after
from core.staff.percents import percent_of
from core.staff.wording import shown, shown_day, shown_percent


@dataclass(frozen=True)
class Due:
    """One employee's commission for a document under one rule."""

    rule_id: Id
    kind: str
    staff_id: Id
    amount: Decimal
    why: str


@dataclass(frozen=True)
class Assessment:
    """All that is due for one document now; what was accrued beyond it is taken back, with `why_not`."""

    kind: str
    source_kind: str
    source_id: Id
    earned_on: date
    dues: tuple[Due, ...] = ()
    why_not: str = "No longer due"


@dataclass(frozen=True)
class NewConnection:
    """A subscription and who is credited with it; it earns on activation and first payment, whichever is later."""

    subscription_id: Id
    staff_id: Id
    role: str
    customer: str
    started_on: date
    first_paid_on: date | None
    """None while nothing was paid, or what was paid bounced."""


@dataclass(frozen=True)
class Complaint:
    """A ticket that was resolved by somebody."""

    ticket_id: Id
    number: str
    category: str
    staff_id: Id
    resolved_on: date
    reopened_on: date | None
    """When the same complaint of the customer came back, if it did."""


@dataclass(frozen=True)
class ConnectionInvoice:
    """An invoice of a connection that is credited to somebody on its day of issue."""

    invoice_id: Id
    number: str
    staff_id: Id
    role: str
    credited_from: date
    issued_on: date
    net: Decimal
    """Without taxes, less what was credited."""
    paid_on: date | None
    """When nothing was left to pay; None before."""
    void: bool


def assess_connection(fact: NewConnection, book: RuleBook, today: date) -> Assessment:
    """The commission of a new connection, once: when it runs and its first money is there (reference money 4.5)."""
    if fact.first_paid_on is None:
        return Assessment("new_connection", "subscription", fact.subscription_id, fact.started_on,
                          why_not=f"The first payment of {fact.customer} did not stay")  # fmt: skip
    earned_on = max(fact.started_on, fact.first_paid_on)
    why = (f"New connection of {fact.customer}, active since {shown_day(fact.started_on)},"
           f" first paid {shown_day(fact.first_paid_on)}")  # fmt: skip
    dues = tuple(
        Due(rule.id, rule.kind, fact.staff_id, rule.amount, why)
        for rule in book.rules_for(fact.staff_id, "new_connection", earned_on)
        if rule.credit == fact.role and rule.amount is not None and earned_on <= today
    )
    return Assessment("new_connection", "subscription", fact.subscription_id, earned_on, dues)


def assess_complaint(fact: Complaint, book: RuleBook, today: date) -> Assessment:
    """The commission of a resolved complaint, once its days without being opened again are over."""
    why_not, due = "No longer due", []
    earned_on = fact.resolved_on
    for rule in _of_category(book.rules_for(fact.staff_id, "complaint", fact.resolved_on), fact.category):
        limit = fact.resolved_on + timedelta(days=rule.reopen_days)
        if fact.reopened_on is not None and fact.reopened_on <= limit:
            why_not = f"Complaint {fact.number} came back on {shown_day(fact.reopened_on)}"
        elif limit <= today and rule.amount is not None:
            earned_on = limit
            why = f"Complaint {fact.number} ({fact.category}) resolved {shown_day(fact.resolved_on)}"
            why += f", not opened again within {rule.reopen_days} days" if rule.reopen_days else ""
            due.append(Due(rule.id, rule.kind, fact.staff_id, rule.amount, why))
    return Assessment("complaint", "ticket", fact.ticket_id, earned_on, tuple(due), why_not)


def _of_category(rules: list[CommissionRule], category: str) -> list[CommissionRule]:
    own = [rule for rule in rules if rule.category == category]
    return own or [rule for rule in rules if not rule.category]


def assess_invoice(fact: ConnectionInvoice, book: RuleBook, sign: str) -> Assessment:
    """The recurring commission of an invoice: a percent of its net, or a fixed amount, on issue or once it is paid."""
    dues, earned_on = [], fact.issued_on
    why_not = f"{fact.number} {_why_nothing(fact)}"
    for rule in book.rules_for(fact.staff_id, "invoice", fact.issued_on):
        if fact.void or rule.credit != fact.role or fact.net <= ZERO or _too_old(rule, fact):
            continue
        if rule.invoice_event == "paid" and fact.paid_on is None:
            continue
        if rule.invoice_event == "paid" and fact.paid_on is not None:
            earned_on = max(earned_on, fact.paid_on)
        if rule.percent is not None:
            amount = percent_of(fact.net, rule.percent)
            what = f"{shown_percent(rule.percent)} of {shown(fact.net, sign)} on {fact.number}"
        else:
            amount, what = rule.amount or ZERO, f"{shown(rule.amount or ZERO, sign)} for {fact.number}"
        why = f"{what}, {rule.invoice_event}, of a connection he {fact.role}"
        dues.append(Due(rule.id, rule.kind, fact.staff_id, amount, why))
    return Assessment("invoice", "invoice", fact.invoice_id, earned_on, tuple(dues), why_not)


def _why_nothing(fact: ConnectionInvoice) -> str:
    if fact.void:
        return "is void"
    if fact.net <= ZERO:
        return "is credited in full"
    return "is not paid any more" if fact.paid_on is None else "does not count for him any more"


def _too_old(rule: CommissionRule, fact: ConnectionInvoice) -> bool:
    if rule.months_max is None:
        return False
    first = fact.credited_from
    after = months_after(first.replace(day=1), rule.months_max)
    return (fact.issued_on.year, fact.issued_on.month, fact.issued_on.day) >= (after.year, after.month, first.day)
