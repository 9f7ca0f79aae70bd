"""A worker process: serves every queue in order of urgency. `python -m workers.run` runs it."""

from __future__ import annotations

import time
from types import FrameType

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested

import core.schema  # noqa: F401 - every table must be known before the first query
from core.jobs import QUEUES
from core.settings import load_settings
from core.usecases.start_process import process_settings, start_process

log = structlog.get_logger(__name__)

RESTART_SECONDS = 2.0


class Worker(SimpleWorker):
    """RQ's worker that does not fork, so that connections to Meta and PostgreSQL live from job to job."""

    max_connection_wait_time = 5
    stopped = False

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        type(self).stopped = True
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


def main() -> None:
    """Work until SIGTERM (the job at hand is finished) or SIGINT."""
    start_process(load_settings())
    serve()


def serve() -> None:
    """Work in this process, across restarts of Redis; `start_process` must have run."""
    try:
        while not Worker.stopped:
            _work()
            if not Worker.stopped:
                time.sleep(RESTART_SECONDS)
    except StopRequested:
        return


def _work() -> None:
    # Its own connection: RQ stretches the time-outs of the one it is given.
    connection = Redis.from_url(process_settings().redis_url)
    try:
        worker = Worker([Queue(name, connection=connection) for name in QUEUES], connection=connection)
        worker.log_job_description = False
        worker.work(logging_level="WARNING")
    except RedisError as away:
        log.warning("worker_waits_for_redis", error=type(away).__name__, seconds=RESTART_SECONDS)


if __name__ == "__main__":
    main()
