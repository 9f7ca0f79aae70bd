"""The books: RQ's way into their nightly check, and into the revenue and wear of the months that are over."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import structlog
from sqlalchemy import text

from core import jobs
from core.billing.card_money import expire_cards
from core.billing.earning import RevenueNotEarned
from core.clock import business_day, utc_now
from core.companies import current_company
from core.db import company_session, retried
from core.ids import Id
from core.inventory.wear import wear_equipment
from core.usecases.check_books import check_books
from core.usecases.earn_revenue import earn_revenue
from workers.companies import ring_every_company

log = structlog.get_logger(__name__)

ACTOR = "system"


def check_all_books() -> None:
    """Ring for every company's check."""
    ring_every_company("check_company_books", queue="bulk")


def check_company_books(company_id: str) -> int:
    """Check the books up to yesterday and log each difference as an error; returns how many there are."""
    jobs.answer_bell("check_company_books", company_id=company_id)
    with company_session(Id(company_id)) as session:
        session.execute(text("SET LOCAL statement_timeout = '15min'"))
        today = business_day(utc_now(), current_company(session).timezone)
        found = check_books(session, as_of=today - timedelta(days=1))
    for each in found:
        log.error("books_differ", company_id=company_id, check=each.check, account=each.account_code,
                  party_id=str(each.party_id or ""), booked=str(each.booked), documented=str(each.documented),
                  began_on=str(each.began_on or ""), entry_id=str(each.entry_id or ""))  # fmt: skip
    log.info("books_checked", company_id=company_id, differences=len(found))
    return len(found)


def ring_revenue() -> None:
    """Ring for every company's deferred revenue."""
    ring_every_company("earn_revenue", queue="bulk")


def earn_revenue_of(company_id: str) -> int:
    """Earn the months that are over, a transaction each, and book expired cards and the wear of rented equipment;
    returns how many months were earned."""
    jobs.answer_bell("earn_revenue", company_id=company_id)
    return earn_up_to(Id(company_id), utc_now())


def earn_up_to(company_id: Id, now: datetime) -> int:
    """The same for any instant; safe to repeat. A month that was closed before its revenue was earned is logged."""
    with company_session(company_id) as session:
        today = business_day(now, current_company(session).timezone)
        cards = expire_cards(session, today=today, actor=ACTOR, origin=f"run:cards:{today}")
    months = 0
    try:
        while retried(lambda: _earn_next(company_id, today)):
            months += 1
    except RevenueNotEarned as refusal:
        log.error("revenue_not_earned", company_id=str(company_id), why=str(refusal))
    worn = 0
    while retried(lambda: _wear_next(company_id, today)):
        worn += 1
    log.info("revenue_earned", company_id=str(company_id), months=months, batches_of_cards=len(cards),
             months_of_wear=worn)  # fmt: skip
    return months


def _earn_next(company_id: Id, today: date) -> bool:
    with company_session(company_id) as session:
        session.execute(text("SET LOCAL statement_timeout = '15min'"))
        return earn_revenue(session, today=today, actor=ACTOR) is not None


def _wear_next(company_id: Id, today: date) -> bool:
    with company_session(company_id) as session:
        return wear_equipment(session, today=today, actor=ACTOR) is not None
