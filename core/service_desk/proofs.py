"""Photos of a job: each compared with every earlier picture of the company, by content and by what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.crm.likeness import pictures_like
from core.crm.models import Document
from core.errors import NotFound
from core.ids import Id, new_id
from core.service_desk.checklists import fill_line
from core.service_desk.job_models import Job, JobProof


@dataclass(frozen=True)
class ProofSeen:
    """A photo of a job and the earlier picture that it repeats."""

    job: Job
    proof: JobProof


def add_proof(
    session: Session, job: Job, *, document_id: Id, actor: str, now: datetime, what: str = ""
) -> JobProof:  # fmt: skip
    """A photo goes to the job and to its first open line for one. Raises NotFound.

    Whether it was seen before is known once the file is here: `compare_proofs`.
    """
    if session.get(Document, document_id) is None:
        raise NotFound("There is no such document")
    kept = session.scalar(select(JobProof).where(JobProof.job_id == job.id, JobProof.document_id == document_id))
    if kept is not None:
        return kept
    line = fill_line(session, job, kind="photo", value=str(document_id), actor=actor, now=now, what=what)
    proof = JobProof(id=new_id(), job_id=job.id, document_id=document_id, taken_at=now,
                     what=line.what if line else what)  # fmt: skip
    session.add(proof)
    session.flush()
    compare_proof(session, proof)
    return proof


LABEL = "label"
"""What a photo shows that is there to be read: it proves nothing, and may show what an earlier one did."""


def add_label(session: Session, job: Job, *, document_id: Id, now: datetime) -> JobProof:
    """A photo of a piece's label goes to the job; its codes are read once the file is here."""
    proof = JobProof(id=new_id(), job_id=job.id, document_id=document_id, taken_at=now, what=LABEL)
    session.add(proof)
    session.flush()
    return proof


def compare_proofs_of(session: Session, document_id: Id) -> int:
    """Compare the photo of jobs that has just arrived; returns how many of them repeat an earlier picture."""
    proofs = session.scalars(select(JobProof).where(JobProof.document_id == document_id, JobProof.what != LABEL)).all()
    return sum(compare_proof(session, proof) for proof in proofs)


def compare_proof(session: Session, proof: JobProof) -> bool:
    """Note the earliest picture of the company that shows the same; the job is then doubtful."""
    document = session.get_one(Document, proof.document_id)
    twin = earlier_twin(session, document)
    if twin is None or _same_job(session, proof, twin.id):
        return False
    proof.twin_id = twin.id
    job = session.get_one(Job, proof.job_id)
    job.doubt = _joined(job.doubt, "photo seen before")
    session.flush()
    return True


def earlier_twin(session: Session, document: Document) -> Document | None:
    """An earlier stored picture with the same bytes, or one that shows the same."""
    earlier = (key for key in pictures_like(session, document) if key < document.id)
    found = next(earlier, None)
    return session.get(Document, found) if found else None


def doubtful_proofs(session: Session, *, limit: int = 100) -> Sequence[ProofSeen]:
    """Photos that repeat an earlier one and were not looked at yet, the newest first."""
    rows = session.execute(
        select(Job, JobProof).join(JobProof, JobProof.job_id == Job.id)
        .where(JobProof.twin_id.is_not(None), Job.looked_at_by == "")
        .order_by(JobProof.taken_at.desc()).limit(limit)
    )  # fmt: skip
    return [ProofSeen(job, proof) for job, proof in rows]


def proofs_of(session: Session, job_id: Id) -> Sequence[JobProof]:
    """The photos of a job, the oldest first."""
    return session.scalars(select(JobProof).where(JobProof.job_id == job_id).order_by(JobProof.taken_at)).all()


def _same_job(session: Session, proof: JobProof, document_id: Id) -> bool:
    """Two photos of one job may well show the same."""
    return session.scalar(
        select(JobProof.id).where(JobProof.job_id == proof.job_id, JobProof.document_id == document_id)
    ) is not None  # fmt: skip


def _joined(doubt: str, more: str) -> str:
    return doubt if more in doubt else f"{doubt}; {more}".lstrip("; ")
