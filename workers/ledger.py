"""The books: RQ's way into their nightly check."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import text

from core import jobs
from core.clock import business_day, utc_now
from core.companies import current_company
from core.db import company_session
from core.ids import Id
from core.usecases.check_books import check_books
from workers.companies import ring_every_company

log = structlog.get_logger(__name__)


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
