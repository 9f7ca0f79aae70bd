"""One job as the office sees it: for whom, what was done and proved, which parts moved, who could go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import vault
from core.clock import business_day
from core.companies import current_company
from core.crm.lead_models import Lead
from core.crm.models import Customer, Document
from core.errors import NotFound
from core.ids import Id
from core.inventory.history import Moved, in_words
from core.inventory.models import Movement
from core.service_desk.dispatch import Proposal, day_of, propose_technicians
from core.service_desk.job_models import OPEN_JOBS, Job, JobEvent, JobProof, JobReading
from core.service_desk.jobs import events_of, job_by_number
from core.service_desk.models import Ticket
from core.service_desk.proofs import proofs_of
from core.service_desk.signals import readings_of
from core.usecases.job_facts import JobFacts, job_facts

PRIVATE = ("cnic_front", "cnic_back")
"""Pictures that have a page of their own, where it is noted who looked at them."""


@dataclass(frozen=True)
class Proof:
    """A photo of a job, and where the picture it repeats was sent before."""

    proof: JobProof
    document: Document
    twin: Document | None
    twin_of: str
    """The earlier job's number; empty where the earlier picture was for something else."""
    twin_at: datetime | None


@dataclass(frozen=True)
class JobFile:
    """Everything about a job."""

    job: Job
    facts: JobFacts
    customer: Customer | None
    lead: Lead | None
    ticket: Ticket | None
    proofs: Sequence[Proof]
    readings: Sequence[JobReading]
    parts: Sequence[Moved]
    events: Sequence[JobEvent]
    proposals: Sequence[Proposal]
    """Who could go, the best first; of a job that is finished nobody."""


def job_file(session: Session, *, number: str, now: datetime) -> JobFile:
    """The job people call `number`. Raises NotFound."""
    job = job_by_number(session, number)
    today = business_day(now, current_company(session).timezone)
    day = max(day_of(session, job, today), today)
    moved = session.scalars(select(Movement).where(Movement.reason == job.number).order_by(Movement.id)).all()
    return JobFile(
        job=job, facts=job_facts(session, job),
        customer=session.get(Customer, job.customer_id) if job.customer_id else None,
        lead=session.get(Lead, job.lead_id) if job.lead_id else None,
        ticket=session.get(Ticket, job.ticket_id) if job.ticket_id else None,
        proofs=_proofs(session, job), readings=readings_of(session, job.id), parts=in_words(session, moved),
        events=events_of(session, job.id),
        proposals=propose_technicians(session, job, day=day) if job.state in OPEN_JOBS else (),
    )  # fmt: skip


def proof_picture(session: Session, *, number: str, document_id: Id) -> tuple[Document, bytes]:
    """A photo of the job, or the earlier picture that one of them repeats. Raises NotFound, DocumentUnreadable.

    Identity cards are not shown this way.
    """
    job = job_by_number(session, number)
    shown = {proof.document_id for proof in proofs_of(session, job.id)}
    shown |= {proof.twin_id for proof in proofs_of(session, job.id) if proof.twin_id}
    document = session.get(Document, document_id) if document_id in shown else None
    if document is None or document.state != "stored" or document.kind in PRIVATE:
        raise NotFound("The job has no such photo")
    return document, vault.get(document.sha256)


def _proofs(session: Session, job: Job) -> list[Proof]:
    kept = proofs_of(session, job.id)
    wanted = {proof.document_id for proof in kept} | {proof.twin_id for proof in kept if proof.twin_id}
    documents = {row.id: row for row in session.scalars(select(Document).where(Document.id.in_(wanted)))}
    earlier = {row.document_id: row for row in session.execute(
        select(JobProof.document_id, JobProof.taken_at, Job.number).join(Job, Job.id == JobProof.job_id)
        .where(JobProof.document_id.in_(wanted), JobProof.job_id != job.id).order_by(JobProof.taken_at.desc())
    )}  # fmt: skip
    found = []
    for proof in kept:
        twin = documents.get(proof.twin_id) if proof.twin_id else None
        first = earlier.get(twin.id) if twin else None
        found.append(Proof(proof, documents[proof.document_id], twin, first.number if first else "",
                           first.taken_at if first else twin.created_at if twin else None))  # fmt: skip
    return found
