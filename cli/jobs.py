"""`taar jobs`: background jobs that broke, one of them, and putting them back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import click
from redis.exceptions import RedisError

from core.errors import NotFound
from core.jobs import drop_failed, failed_job, failed_job_ids, failed_jobs, retry_failed
from core.settings import load_settings
from core.usecases.start_process import start_process

Answer = TypeVar("Answer")


@click.group("jobs")
def jobs_command() -> None:
    """List, show, put back or drop background jobs that failed."""
    start_process(load_settings())


@jobs_command.command("list")
def list_jobs() -> None:
    """One line a job, the newest first."""
    rows = _asked(failed_jobs)
    for job in rows:
        when = f"{job.failed_at:%Y-%m-%d %H:%M}" if job.failed_at else "unknown time"
        click.echo(f"{job.id}  {when}  {job.queue}  {job.name}  {job.error.strip().splitlines()[-1][:120]}")
    if not rows:
        click.echo("No job has failed.")


@jobs_command.command("show")
@click.argument("job_id")
def show_job(job_id: str) -> None:
    """The job, what it was called with, and the whole trace."""
    job = _asked(lambda: failed_job(job_id))
    click.echo(f"{job.name} {job.arguments} in {job.queue}")
    click.echo(job.error)


@jobs_command.command("retry")
@click.argument("job_id", required=False)
@click.option("--all", "every", is_flag=True, help="Every job that has failed.")
def retry_jobs(job_id: str | None, every: bool) -> None:
    """Put one job back on its queue, or all: a worker takes it from there."""
    chosen = _chosen(job_id, every)
    for each in chosen:
        _asked(partial(retry_failed, each))
    click.echo(f"Put back: {len(chosen)}.")


@jobs_command.command("drop")
@click.argument("job_id", required=False)
@click.option("--all", "every", is_flag=True, help="Every job that has failed.")
def drop_jobs(job_id: str | None, every: bool) -> None:
    """Forget one failed job, or all."""
    chosen = _chosen(job_id, every)
    for each in chosen:
        _asked(partial(drop_failed, each))
    click.echo(f"Dropped: {len(chosen)}.")


def _chosen(job_id: str | None, every: bool) -> Sequence[str]:
    if (job_id is None) == (not every):
        raise click.UsageError("give a JOB_ID or --all")
    return _asked(failed_job_ids) if job_id is None else [job_id]


def _asked(question: Callable[[], Answer]) -> Answer:
    try:
        return question()
    except NotFound as gone:
        raise click.ClickException(str(gone)) from gone
    except RedisError as away:
        raise click.ClickException(f"Redis cannot be reached: {away}") from away
