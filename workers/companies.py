"""Ringing a job for every company."""

from __future__ import annotations

from sqlalchemy import select

from core import jobs
from core.companies import Company
from core.db import platform_session


def ring_every_company(job: str, *, queue: str) -> None:
    """Each company's job is one of its own, so one cannot hold up the others."""
    with platform_session() as session:
        companies = session.scalars(select(Company.id)).all()
    for company_id in companies:
        jobs.ring_now(job, queue=queue, company_id=str(company_id))
