"""Several workers as one program, several timetables as one, and the jobs that broke."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest
from click.testing import CliRunner
from redis import Redis
from rq import Queue, SimpleWorker

from cli import jobs as jobs_cli
from cli.jobs import jobs_command
from core.clock import utc_now
from core.errors import NotFound
from core.ids import new_id
from core.jobs import drop_failed, failed_jobs, retry_failed, ring_now
from tests.core.messaging.conftest import Desk
from tests.workers.conftest import KillableRedis, Program, wait_until
from workers.schedule import Timetable, prepare_audit
from workers.sweep import sweep


@pytest.fixture
def connection(redis: KillableRedis) -> Redis:
    return Redis.from_url(redis.url)


def workers_known(connection: Redis) -> list[SimpleWorker]:
    return list(SimpleWorker.all(connection=connection))


def test_a_pool_replaces_a_worker_that_died_and_stops_cleanly(
    desk: Desk, connection: Redis, program: Callable[..., Program]
) -> None:
    pool = program("cli", "worker", "--processes", "2")
    wait_until(lambda: len(workers_known(connection)) == 2)
    died = workers_known(connection)[0]

    os.kill(died.pid, signal.SIGKILL)
    wait_until(lambda: len({each.pid for each in workers_known(connection)} - {died.pid}) == 2)
    message = desk.queue(desk.person(wrote_at=utc_now()), "after the death", now=utc_now())

    wait_until(lambda: desk.row(message).state == "accepted")
    assert pool.stop() == 0
    assert {each.pid for each in workers_known(connection)} <= {died.pid}


def test_of_two_timetables_each_time_is_rung_for_once(connection: Redis) -> None:
    first, second = two_timetables(connection)
    assert rung_by(first) == ["workers.sweep.sweep"]
    assert rung_by(second) == []

    hour = utc_now()
    for job in first.get_jobs() + second.get_jobs():
        job.next_enqueue_time = hour

    assert rung_by(second) == ["workers.schedule.prepare_audit"]
    assert rung_by(first) == ["workers.sweep.sweep"]


def test_another_timetable_goes_on_where_the_first_stopped(connection: Redis) -> None:
    first, second = two_timetables(connection)
    assert rung_by(first) == ["workers.sweep.sweep"]

    first.register_death()

    assert rung_by(second) == ["workers.sweep.sweep"]


def two_timetables(connection: Redis) -> tuple[Timetable, Timetable]:
    """Each with a job of every hour, the first time at once, and one of New Year."""
    made = Timetable(connection), Timetable(connection)
    for each in made:
        each.register(sweep, "urgent", interval=3600)
        each.register(prepare_audit, "bulk", cron="0 0 1 1 *")
    return made


def rung_by(keeper: Timetable) -> list[str]:
    return [job.func_name for job in keeper.enqueue_jobs()]


@pytest.fixture
def broken(connection: Redis) -> str:
    """A job whose argument is no id, taken once by a worker."""
    ring_now("fetch_document", queue="inbound", company_id="none", document_id=str(new_id()))
    SimpleWorker([Queue("inbound", connection=connection)], connection=connection).work(burst=True)
    return failed_jobs()[0].id


def test_a_job_that_broke_is_kept_with_its_trace_and_put_back(broken: str, connection: Redis) -> None:
    job = failed_jobs()[0]
    assert (job.name, job.queue) == ("workers.media.fetch_document", "inbound")
    assert job.arguments["company_id"] == "none" and "ValueError" in job.error

    retry_failed(broken)

    assert Queue("inbound", connection=connection).job_ids == [broken]
    assert not failed_jobs()
    with pytest.raises(NotFound):
        retry_failed(broken)


def test_the_command_line_lists_shows_and_drops_what_broke(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_cli, "start_process", lambda _: None)

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(jobs_command, list(arguments))
        return done.exit_code, done.output

    assert broken in run("list")[1]
    assert "Traceback" in run("show", broken)[1]
    assert run("drop")[0] == 2
    assert run("drop", "--all") == (0, "Dropped: 1.\n")
    assert run("list")[1] == "No job has failed.\n"
    assert run("retry", broken)[0] == 1
    with pytest.raises(NotFound):
        drop_failed(broken)
