"""Sending: RQ's way into the outbox."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache

from core import jobs
from core.clock import utc_now
from core.db import company_session
from core.ids import Id
from core.messaging import batches
from core.messaging.drain import drain
from core.messaging.limits import SendLimits
from core.usecases.load_attachment import load_attachment
from core.usecases.start_process import process_settings
from workers.gateways import sending_gateway


def drain_number(company_id: str, business_number_id: str) -> None:
    """Send what waits for one business number; rings again for what its share of time did not cover."""
    jobs.answer_bell("drain_number", company_id=company_id, business_number_id=business_number_id)
    company, number = Id(company_id), Id(business_number_id)
    more = drain(
        company,
        number,
        gateway=sending_gateway(company, number),
        load_attachment=load_attachment,
        pool=_pool(process_settings().send_threads),
        limits=_limits(),
    )
    if more:
        _ring_again(company, number)


def _ring_again(company_id: Id, number: Id) -> None:
    with company_session(company_id) as session:
        lane = batches.waiting_numbers(session, now=utc_now()).get(number)
    if lane is not None:
        jobs.ring_now("drain_number", queue=lane, company_id=str(company_id), business_number_id=str(number))


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="send")


@cache
def _limits() -> SendLimits:
    return SendLimits()
