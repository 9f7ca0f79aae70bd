"""A background job that breaks off is known to its company for a day, and to no other."""

from __future__ import annotations

from rq import Queue, SimpleWorker
from rq.job import Job

from core.ids import new_id
from core.jobs import JOBS, jobs_failed_of, redis_connection


def fails(company_id: str) -> Job:
    """The nightly check of the books of a company that is not there, run as a worker runs it."""
    queue = Queue("bulk", connection=redis_connection())
    job = Job.create(
        JOBS["check_company_books"], kwargs={"company_id": company_id}, origin="bulk", failure_ttl=60,
        connection=redis_connection(),
    )  # fmt: skip
    job.save()
    SimpleWorker([queue], connection=redis_connection()).execute_job(job, queue)
    return job


def test_a_job_that_broke_off_is_named_once_with_its_time(redis_url: str, database: str) -> None:
    company, other = str(new_id()), str(new_id())
    first, second = fails(company), fails(company)
    assert [name for name, _ in jobs_failed_of(company)] == ["check_company_books"]
    assert jobs_failed_of(company)[0][1] >= first.created_at.replace(tzinfo=jobs_failed_of(company)[0][1].tzinfo)
    assert jobs_failed_of(other) == []
    for job in (first, second):
        job.delete()
    assert jobs_failed_of(company) == []
