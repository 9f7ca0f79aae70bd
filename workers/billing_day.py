"""What a day brings to subscriptions, debts and the office: RQ's way into the use cases, company by company.

Every step is safe to repeat, so the day is begun again each hour and a company is never a time zone late.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from core import jobs
from core.clock import business_day, utc_now
from core.companies import current_company
from core.db import company_session
from core.ids import Id
from core.ledger.bills import propose_bills
from core.ledger.expenses import ask_recurring
from core.usecases.change_plan import apply_plan_changes
from core.usecases.charge_late_fees import charge_late_fees
from core.usecases.end_service import apply_ends
from core.usecases.pause_service import apply_pauses
from core.usecases.renew_prepaid import expire_prepaid
from core.usecases.restore_service import restore_all_clear
from workers.companies import ring_every_company

log = structlog.get_logger(__name__)

ACTOR = "system"


def ring_billing_day() -> None:
    """Ring for every company's day."""
    ring_every_company("begin_billing_day", queue="billing")


def ring_expiry() -> None:
    """Ring for every company's prepaid subscriptions that have run out."""
    ring_every_company("stop_expired", queue="billing")


def begin_billing_day(company_id: str) -> None:
    """Changes, ends and pauses of the company's day take effect, then its late fees are charged in batches."""
    jobs.answer_bell("begin_billing_day", company_id=company_id)
    begin_day_of(Id(company_id), utc_now())


def begin_day_of(company_id: Id, now: datetime) -> None:
    """The same for any instant; each step and each batch of fees is a transaction of its own."""
    with company_session(company_id) as session:
        origin = f"run:billing_day:{business_day(now, current_company(session).timezone)}"
        changed = len(apply_plan_changes(session, now=now))
    with company_session(company_id) as session:
        ended = len(apply_ends(session, now=now))
    with company_session(company_id) as session:
        paused = len(apply_pauses(session, now=now, actor=ACTOR, origin=origin))
    with company_session(company_id) as session:
        restored = restore_all_clear(session, now=now)
    _propose_office_bills(company_id, now)
    fees = _charge_fees(company_id, now, origin)
    log.info("billing_day_begun", company_id=str(company_id), changed=changed, ended=ended, paused=paused,
             restored=restored, late_fees=fees)  # fmt: skip


def _propose_office_bills(company_id: Id, now: datetime) -> None:
    """On the first of a month the bills of vendors with a contract; the expenses that come back, each once."""
    with company_session(company_id) as session:
        today = business_day(now, current_company(session).timezone)
        if today.day == 1:  # a proposal that was discarded shall not come again
            propose_bills(session, month=today, actor=ACTOR)
        ask_recurring(session, today=today)


def _charge_fees(company_id: Id, now: datetime, origin: str) -> int:
    charged = 0
    held: set[Id] = set()
    while True:
        with company_session(company_id) as session:
            batch = charge_late_fees(session, now=now, actor=ACTOR, origin=origin, held=held)
        for problem in batch.problems:
            log.warning("late_fee_not_charged", company_id=str(company_id), customer=problem.customer,
                        invoice=problem.number, why=problem.why)  # fmt: skip
        held |= {problem.customer_id for problem in batch.problems}
        charged += len(batch.charged)
        if not batch.charged and not batch.problems:
            return charged


def stop_expired(company_id: str) -> None:
    """Renew or stop the company's prepaid subscriptions that have run out."""
    jobs.answer_bell("stop_expired", company_id=company_id)
    with company_session(Id(company_id)) as session:
        report = expire_prepaid(session, now=utc_now(), actor=ACTOR, origin="run:expiry")
    if report.renewed or report.expired:
        log.info("prepaid_ran_out", company_id=company_id, renewed=len(report.renewed), stopped=len(report.expired))
