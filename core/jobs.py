"""The doorbell: after a commit, tell RQ which job has work. A lost ring is found by the sweep."""

from __future__ import annotations

from functools import partial

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from sqlalchemy.orm import Session

from core.db import after_commit

log = structlog.get_logger(__name__)

QUEUES = ("urgent", "reply", "inbound", "notice", "network", "billing", "bulk")
"""RQ queues in the order workers serve them."""

JOBS = {
    "drain_number": "workers.outbound.drain_number",
    "process_event": "workers.inbound.process_event",
    "fetch_document": "workers.media.fetch_document",
}

_redis: Redis | None = None


def connect(redis_url: str) -> Redis:
    """Make the process's Redis connection; short time-outs, because a ring may be lost without harm."""
    global _redis
    _redis = Redis.from_url(redis_url, socket_connect_timeout=1, socket_timeout=2)
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
    after_commit(session, key, partial(ring_now, job, queue=queue, **ids))


def ring_now(job: str, *, queue: str, **ids: str) -> bool:
    """Put the job on its queue; False when Redis is away, and then the sweep rings again."""
    try:
        Queue(queue, connection=redis_connection()).enqueue(
            JOBS[job], kwargs=ids, result_ttl=0, failure_ttl=86_400, job_timeout=300
        )
    except RedisError as away:
        log.warning("ring_lost", job=job, queue=queue, error=type(away).__name__)
        return False
    return True
