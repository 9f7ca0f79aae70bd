"""The doorbell: after a commit, tell RQ which job has work. A lost ring is found by the sweep."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.job import Job
from rq.registry import FailedJobRegistry
from sqlalchemy.orm import Session

from core.db import after_commit
from core.errors import NotFound

log = structlog.get_logger(__name__)

QUEUES = ("urgent", "reply", "inbound", "notice", "network", "billing", "bulk")
"""RQ queues in the order workers serve them."""

JOBS = {
    "drain_number": "workers.outbound.drain_number",
    "process_event": "workers.inbound.process_event",
    "fetch_document": "workers.media.fetch_document",
    "check_company_books": "workers.ledger.check_company_books",
    "earn_revenue": "workers.ledger.earn_revenue_of",
    "accrue_commissions": "workers.payroll.accrue_commissions_of",
    "begin_billing_day": "workers.billing_day.begin_billing_day",
    "stop_expired": "workers.billing_day.stop_expired",
    "run_invoices": "workers.billing.run_invoices_of_day",
    "age_debts": "workers.recovery.age_debts",
    "climb_ladder": "workers.recovery.climb_ladder_of",
    "carry_out_proposals": "workers.recovery.carry_out_proposals",
    "suspend_services": "workers.recovery.suspend_services",
    "tell_shortages": "workers.stock.tell_shortages_of",
    "run_invoices_by_hand": "workers.billing.run_invoices_by_hand",
    "return_chats": "workers.desk.return_chats",
    "apply_access": "workers.network.apply_access",
    "pass_device": "workers.network.pass_device",
    "poll_usage_of": "workers.network.poll_usage_of",
    "tell_office": "workers.office.tell_office_of",
    "ask_numbers": "workers.numbers.ask_numbers_of",
    "sync_templates": "workers.templates.sync_templates_of",
    "run_campaigns": "workers.campaigns.run_campaigns_of",
}
TIMEOUT_SECONDS = 300
TIMEOUTS = {"run_invoices": 3600, "run_invoices_by_hand": 3600}
"""A job that was stopped goes on where it stood when it is rung for again."""

FAILED_KEPT_SECONDS = 7 * 86_400
"""How long a job that broke is kept for a person to see and to put back."""

LOOKED_AT = 1000
"""So many failed jobs of each queue are told of."""
COALESCED = frozenset(JOBS)
"""Jobs of which one waiting is enough; they call `answer_bell` before they look at their rows."""
BELL_SECONDS = 10
"""A bell whose job got lost keeps quiet no longer than this."""

RINGER_PAUSE = 0.02
"""Seconds between two rounds of the ringer; so much later at most is a bell rung while another has just been."""

_redis: Redis | None = None


def connect(redis_url: str) -> Redis:
    """Make the process's Redis connection; short time-outs, because a ring may be lost without harm."""
    global _redis
    # The client would otherwise try for seconds, inside the request that rings.
    once_more = Retry(NoBackoff(), 1)
    _redis = Redis.from_url(redis_url, socket_connect_timeout=1, socket_timeout=2, retry=once_more)
    return _redis


def redis_connection() -> Redis:
    """The process's Redis; raises if `connect` was never called."""
    if _redis is None:
        raise RuntimeError("core.jobs.connect(url) must run before Redis is used")
    return _redis


def ring(session: Session, job: str, *, queue: str, **ids: str) -> None:
    """Ask for `job` once this transaction commits; equal rings of one transaction are one."""
    if job not in JOBS:
        raise KeyError(f"No job is called {job!r}; core.jobs.JOBS has the list")
    key = f"{queue}:{job}:{sorted(ids.items())}"
    bell = partial(ring_now, job, queue=queue, **ids)
    after_commit(session, key, bell if _ringer is None else partial(_ringer.ring, key, bell))


def ring_now(job: str, *, queue: str, **ids: str) -> bool:
    """Put the job on its queue, unless an equal one waits there.

    False when Redis is away, and then the sweep rings again.
    """
    try:
        bell = _bell(job, queue, ids)
        if job in COALESCED and not redis_connection().set(bell, 1, nx=True, ex=BELL_SECONDS):
            return True
        Queue(queue, connection=redis_connection()).enqueue(
            JOBS[job], kwargs=ids, result_ttl=0, failure_ttl=FAILED_KEPT_SECONDS,
            job_timeout=TIMEOUTS.get(job, TIMEOUT_SECONDS),
        )  # fmt: skip
    except RedisError as away:
        log.warning("ring_lost", job=job, queue=queue, error=type(away).__name__)
        return False
    return True


class Ringer:
    """Rings from a thread of its own, so that no request waits for Redis; equal rings within the pause are one.

    A ring is never given up for one that began before it: what was committed in the meantime is rung for again.
    """

    def __init__(self, pause: float = RINGER_PAUSE) -> None:
        self._pause = pause
        self._waiting: dict[str, Callable[[], object]] = {}
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="ringer", daemon=True).start()

    def ring(self, key: str, bell: Callable[[], object]) -> None:
        with self._changed:
            self._waiting[key] = bell
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                bells, self._waiting = self._waiting, {}
            for key, bell in bells.items():
                try:
                    bell()
                except Exception:
                    log.exception("ring_failed", key=key)
            time.sleep(self._pause)


_ringer: Ringer | None = None


def ring_in_background() -> None:
    """Let a thread of this process ring from now on; call once per process, after any fork.

    For the web server: under load its many rings for one number become few. What a crash leaves unrung the sweep finds.
    """
    global _ringer
    _ringer = Ringer()


def answer_bell(job: str, **ids: str) -> None:
    """Let the next ring through: the first thing a coalesced job does, so that no ring is swallowed."""
    try:
        redis_connection().delete(*(_bell(job, queue, ids) for queue in QUEUES))
    except RedisError as away:
        log.warning("bell_not_answered", job=job, error=type(away).__name__)


def _bell(job: str, queue: str, ids: dict[str, str]) -> str:
    return f"bell:{queue}:{job}:" + ":".join(ids[name] for name in sorted(ids))


@dataclass(frozen=True)
class FailedJob:
    """A job that broke or whose worker died; `error` is the whole trace."""

    id: str
    name: str
    queue: str
    arguments: dict[str, Any]
    failed_at: datetime | None
    error: str


def failed_jobs(limit: int = 100) -> Sequence[FailedJob]:
    """The jobs that failed, the newest first; raises RedisError when Redis is away."""
    newest = [job_id for queue in QUEUES for job_id in _failed_of(queue).get_job_ids(-limit, -1)]
    found = [job for job in Job.fetch_many(newest, redis_connection()) if job is not None]
    found.sort(key=lambda job: job.ended_at.timestamp() if job.ended_at else 0.0, reverse=True)
    return [_told(job) for job in found[:limit]]


def jobs_failed_of(company_id: str) -> list[tuple[str, datetime]]:
    """By name, the company's jobs that failed within the week, each with its last time; none where Redis is away."""
    names, last = {path: name for name, path in JOBS.items()}, dict[str, datetime]()
    try:
        failed = failed_jobs(limit=LOOKED_AT)
    except RedisError as away:
        log.warning("failed_jobs_unknown", company_id=company_id, error=type(away).__name__)
        return []
    for job in failed:
        if job.arguments.get("company_id") == company_id and job.name in names and job.failed_at is not None:
            name, ended = names[job.name], job.failed_at.replace(tzinfo=UTC)
            last[name] = max(last.get(name, ended), ended)
    return sorted(last.items())


def failed_job_ids() -> Sequence[str]:
    """Every job that failed; raises RedisError."""
    return [job_id for queue in QUEUES for job_id in _failed_of(queue).get_job_ids()]


def failed_job(job_id: str) -> FailedJob:
    """One of those that failed. Raises NotFound, RedisError."""
    _failed_holding(job_id)
    return _told(Job.fetch(job_id, redis_connection()))


def retry_failed(job_id: str) -> None:
    """Put a failed job back on its queue. Raises NotFound when it is no longer among those that failed."""
    _failed_holding(job_id).requeue(job_id)


def drop_failed(job_id: str) -> None:
    """Forget a failed job; the sweep rings again for whatever it left undone. Raises NotFound."""
    _failed_holding(job_id).remove(job_id, delete_job=True)


def _failed_holding(job_id: str) -> FailedJobRegistry:
    for queue in QUEUES:
        registry = _failed_of(queue)
        if job_id in registry and Job.exists(job_id, redis_connection()):
            return registry
    raise NotFound(f"No job {job_id} is among those that failed")


def _failed_of(queue: str) -> FailedJobRegistry:
    return FailedJobRegistry(queue, connection=redis_connection())


def _told(job: Job) -> FailedJob:
    result = job.latest_result()
    trace = (result.exc_string if result is not None else "") or "no trace was kept"
    return FailedJob(job.id, job.func_name or "", job.origin, dict(job.kwargs or {}), job.ended_at, trace)
