"""Accrue what technicians and agents earned: facts of billing and the service desk, rules of pay, entries in the books.

Run it every evening for the day, or for a month. It compares what is due with what is accrued and posts only the
difference, so it may be repeated, overlap, or stop in the middle and go on.
"""

from __future__ import annotations

from collections.abc import Collection as Ids
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.ids import Id
from core.staff.accruals import Settled, differences_due, lock_accruals, settle_accruals
from core.staff.commission_models import CommissionAccrual, CommissionRule
from core.staff.commission_rules import RuleBook, read_rule_book
from core.staff.commissions import Assessment, assess_complaint, assess_connection, assess_invoice
from core.staff.incentives import assess_collections
from core.staff.wording import currency_sign
from core.usecases.commission_facts import (
    Scope,
    collections,
    complaints,
    connection_invoices,
    new_connections,
    scope_of_days,
    scope_of_payments,
)


def accrue_commissions(
    session: Session, *, since: date, until: date, actor: str, origin: str, limit: int | None = None
) -> Settled:
    """Accrue everything that changed from `since` to `until`, and take back what is no longer due; dated `until`.

    Connections earn on activation and first payment, complaints once their days without coming back are over,
    invoices on issue or when paid, collected money once it is handed over and as long as it does not bounce.
    With `limit`, at most so many differences are posted in this transaction: call again while `left` is above zero,
    each time in a new one. Whoever takes back a payment meanwhile waits for the transaction to end.
    """
    lock_accruals(session)
    book = read_rule_book(session)
    scope = scope_of_days(session, since=since, until=until)
    assessments = [*_of_scope(session, book, scope, until), *_of_complaints(session, book, since, until)]
    return settle_accruals(session, assessments, posted_on=until, actor=actor, origin=origin, limit=limit)


def commissions_waiting(session: Session, *, staff_id: Id, since: date, today: date) -> list[CommissionAccrual]:
    """What accruing now would post for one employee of what happened from `since` on; nothing is written or locked."""
    book = read_rule_book(session)
    scope = scope_of_days(session, since=since, until=today, staff_id=staff_id)
    assessments = [
        *_of_scope(session, book, scope, today, staff_id), *_of_complaints(session, book, since, today, staff_id),
    ]  # fmt: skip
    return [row for row in differences_due(session, assessments, posted_on=today) if row.staff_id == staff_id]


def take_back_commissions(session: Session, *, payment_ids: Ids[Id], today: date, actor: str, origin: str) -> Settled:
    """Settle at once what these payments change, in the transaction in which they bounced or were reversed."""
    lock_accruals(session)
    book = read_rule_book(session)
    scope = scope_of_payments(session, payment_ids=payment_ids)
    assessments = _of_scope(session, book, scope, today)
    return settle_accruals(session, assessments, posted_on=today, actor=actor, origin=origin)


def _of_scope(
    session: Session, book: RuleBook, scope: Scope, until: date, staff_id: Id | None = None
) -> list[Assessment]:
    sign = currency_sign(session)
    found: list[Assessment] = []
    if book.of_kind("new_connection"):
        facts = new_connections(session, subscription_ids=scope.subscription_ids)
        found += [assess_connection(fact, book, until) for fact in facts]
    if book.of_kind("invoice"):
        invoices = connection_invoices(session, invoice_ids=scope.invoice_ids)
        found += [assess_invoice(fact, book, sign) for fact in invoices]
    if book.of_kind("recovery"):
        collected = collections(session, months=scope.months, as_of=until, staff_id=staff_id)
        found += assess_collections(collected, book, sign)
    return found


def _of_complaints(
    session: Session, book: RuleBook, since: date, until: date, staff_id: Id | None = None
) -> list[Assessment]:
    rules = book.of_kind("complaint")
    if not rules:
        return []
    waiting = timedelta(days=max(rule.reopen_days for rule in rules))
    facts = complaints(session, since=since - waiting, until=until, staff_id=staff_id)
    return [assess_complaint(fact, book, until) for fact in facts]


def rule_names(session: Session, rule_ids: Ids[Id]) -> dict[Id, str]:
    """What the rules of commission are called, by id."""
    names = select(CommissionRule.id, CommissionRule.name).where(CommissionRule.id.in_(rule_ids))
    return dict(session.execute(names).all())
