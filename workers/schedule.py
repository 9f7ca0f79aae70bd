"""The timetable: every periodic job, its time, its function. `python -m workers.schedule` keeps it."""

from __future__ import annotations

import time
from contextlib import suppress
from types import FrameType
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq.cron import CronJob, CronScheduler
from rq.exceptions import SchedulerNotFound, StopRequested

import core.schema  # noqa: F401 - every table must be known before the first query
from core import audit
from core.clock import utc_now
from core.db import platform_session
from core.jobs import FAILED_KEPT_SECONDS
from core.settings import load_settings
from core.usecases.start_process import process_settings, start_process
from workers.billing import ring_invoice_runs
from workers.billing_day import ring_billing_day, ring_expiry
from workers.campaigns import ring_campaigns
from workers.desk import ring_desk
from workers.ledger import check_all_books, ring_revenue
from workers.network import ring_passes, ring_polls, ring_waiting
from workers.numbers import ring_numbers
from workers.office import ring_office
from workers.payroll import ring_commissions
from workers.recovery import ring_recovery
from workers.stock import ring_shortages
from workers.sweep import sweep
from workers.templates import ring_templates

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 5
EXPIRY_SECONDS = 300
RECOVERY_SECONDS = 600
DESK_SECONDS = 60
WAITING_SECONDS = 20
POLL_SECONDS = 300
PASS_SECONDS = 600
OFFICE_SECONDS = 60
NUMBERS_SECONDS = 300
TEMPLATES_SECONDS = 900
CAMPAIGNS_SECONDS = 60
AUDIT_MONTHS_AHEAD = 3
REDIS_TIMEOUT = 5
BACKOFF_MAX = 15.0


TAKEN_SECONDS = 6 * 3600
"""How long it is remembered who rang for an hour of the timetable; clocks differ by less."""


class Timetable(CronScheduler):
    """RQ's scheduler; of several that run, each time belongs to one, and another goes on where that one ends.

    It remembers that it was told to stop even while Redis is away.
    """

    stopped = False

    def register(self, *args: Any, **options: Any) -> CronJob:
        """A failure is kept for a week, or where the next run follows in minutes, for an hour."""
        options.setdefault("failure_ttl", 3600 if options.get("interval") else FAILED_KEPT_SECONDS)
        return super().register(*args, **options)

    def enqueue_jobs(self) -> list[CronJob]:
        """Put what is due on its queue, unless another timetable has done so."""
        due = [job for job in self._cron_jobs if job.should_run()]
        mine = []
        for job in due:
            begun = utc_now()
            if self._is_mine(job):
                job.enqueue(self.connection)
                mine.append(job)
            job.set_enqueue_time(begun)
        return mine

    def register_death(self, pipeline: Any = None) -> None:
        """Leave the intervals to the others at once."""
        for job in self._cron_jobs:
            if job.interval and self._holder(_place(job)) == self.name:
                self.connection.delete(_place(job))
        with suppress(SchedulerNotFound):  # Redis may have been wiped
            super().register_death(pipeline)

    def _is_mine(self, job: CronJob) -> bool:
        """An interval stays with the timetable that has it; of the times of a cron line each is taken singly."""
        place = _place(job)
        milliseconds = int((job.interval * 1.5 if job.interval else TAKEN_SECONDS) * 1000)
        if self.connection.set(place, self.name, nx=True, px=milliseconds):
            return True
        # Mine already: the interval before this, or a try that Redis broke off.
        return self._holder(place) == self.name and bool(self.connection.pexpire(place, milliseconds))

    def _holder(self, place: str) -> str:
        held: Any = self.connection.get(place)
        return held.decode() if held else ""

    def _request_stop(self, signum: int, frame: FrameType | None) -> None:
        self.stopped = True
        super()._request_stop(signum, frame)  # type: ignore[no-untyped-call]


def _place(job: CronJob) -> str:
    return f"timetable:{job.func_name}" + ("" if job.interval else f":{job.next_enqueue_time:%Y%m%dT%H%M}")


def timetable(connection: Redis) -> Timetable:
    """Every periodic job. A sweep that no worker took within its interval is not worth catching up."""
    jobs = Timetable(connection)
    jobs.register(sweep, "urgent", interval=SWEEP_SECONDS, ttl=SWEEP_SECONDS, result_ttl=0)
    # In UTC: the small hours of the first market.
    jobs.register(ring_revenue, "bulk", cron="40 * * * *", result_ttl=0)
    jobs.register(check_all_books, "bulk", cron="40 21 * * *", result_ttl=0)
    jobs.register(ring_shortages, "bulk", cron="50 21 * * *", result_ttl=0)
    jobs.register(ring_commissions, "bulk", cron="10 17 * * *", result_ttl=0)
    jobs.register(ring_waiting, "network", interval=WAITING_SECONDS, ttl=WAITING_SECONDS, result_ttl=0)
    jobs.register(ring_polls, "network", interval=POLL_SECONDS, ttl=POLL_SECONDS, result_ttl=0)
    jobs.register(ring_passes, "network", interval=PASS_SECONDS, ttl=PASS_SECONDS, result_ttl=0)
    jobs.register(ring_expiry, "billing", interval=EXPIRY_SECONDS, ttl=EXPIRY_SECONDS, result_ttl=0)
    jobs.register(ring_billing_day, "billing", cron="5 * * * *", result_ttl=0)
    jobs.register(ring_invoice_runs, "billing", cron="5 * * * *", result_ttl=0)
    jobs.register(ring_recovery, "bulk", interval=RECOVERY_SECONDS, ttl=RECOVERY_SECONDS, result_ttl=0)
    jobs.register(ring_desk, "notice", interval=DESK_SECONDS, ttl=DESK_SECONDS, result_ttl=0)
    jobs.register(ring_office, "notice", interval=OFFICE_SECONDS, ttl=OFFICE_SECONDS, result_ttl=0)
    jobs.register(ring_numbers, "notice", interval=NUMBERS_SECONDS, ttl=NUMBERS_SECONDS, result_ttl=0)
    jobs.register(ring_templates, "notice", interval=TEMPLATES_SECONDS, ttl=TEMPLATES_SECONDS, result_ttl=0)
    jobs.register(ring_campaigns, "bulk", interval=CAMPAIGNS_SECONDS, ttl=CAMPAIGNS_SECONDS, result_ttl=0)
    jobs.register(prepare_audit, "bulk", cron="17 0 * * *", result_ttl=0)
    return jobs


def prepare_audit() -> None:
    """Make the audit trail's partitions of the coming months."""
    with platform_session() as session:
        audit.prepare_partitions(session, AUDIT_MONTHS_AHEAD)


def main() -> None:
    """Keep the timetable until SIGTERM; while Redis is away, try again every few seconds."""
    start_process(load_settings())
    keep()


def keep() -> None:
    """Run the timetable of this process; `start_process` must have run."""
    jobs = timetable(Redis.from_url(process_settings().redis_url, socket_timeout=REDIS_TIMEOUT))
    pause = 1.0
    while not jobs.stopped:
        try:
            jobs.start()  # type: ignore[no-untyped-call]
        except RedisError as away:
            log.warning("timetable_waits_for_redis", error=type(away).__name__, seconds=pause)
            pause = _rest(pause)
        except StopRequested:
            return


def _rest(seconds: float) -> float:
    try:
        time.sleep(seconds)
    except StopRequested:
        return seconds
    return min(BACKOFF_MAX, seconds * 2)


if __name__ == "__main__":
    main()
