"""What has to be done at each kind of job before it may be closed, and what of it is still missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.errors import DomainError
from core.ids import new_id
from core.service_desk.job_models import KINDS, LINE_KINDS, Job, JobLine, JobTemplateLine

LINES_MAX = 20


@dataclass(frozen=True)
class Line:
    """A line of a checklist: `what` is a word the chat knows in every language, or the company's own words."""

    kind: str
    what: str
    required: bool = True


USUAL: Mapping[str, Sequence[Line]] = {
    "installation": (
        Line("serial", "onu"), Line("metres", "fibre"), Line("reading", "signal"), Line("photo", "equipment"),
        Line("photo", "cable_route", required=False), Line("tick", "speed_test"),
    ),
    "repair": (Line("tick", "fault_found"), Line("reading", "signal"), Line("photo", "repair")),
    "relocation": (Line("metres", "fibre"), Line("reading", "signal"), Line("photo", "equipment")),
    "pick_up": (Line("serial", "returned"), Line("photo", "equipment")),
    "survey": (Line("tick", "line_possible"), Line("metres", "distance"), Line("photo", "site", required=False)),
}  # fmt: skip
WORDS = (
    "onu", "fibre", "signal", "equipment", "cable_route", "speed_test", "fault_found", "repair", "returned",
    "line_possible", "distance", "site",
)  # fmt: skip


class ChecklistInvalid(DomainError):
    """These lines make no checklist."""


class LineUnknown(DomainError):
    """The job has no such line."""


def checklist_of(session: Session, job_kind: str) -> Sequence[Line]:
    """The company's own list for the kind, or the usual one."""
    own = session.scalars(
        select(JobTemplateLine).where(JobTemplateLine.job_kind == job_kind).order_by(JobTemplateLine.position)
    ).all()
    return [Line(row.kind, row.what, row.required) for row in own] or USUAL[job_kind]


def change_checklist(session: Session, *, job_kind: str, lines: Sequence[Line]) -> None:
    """From the next job of the kind on; jobs that are planned keep theirs. No line goes back to the usual list.

    Raises ChecklistInvalid.
    """
    if job_kind not in KINDS:
        raise ChecklistInvalid(f"{job_kind!r} is no kind of job: {', '.join(KINDS)}")
    if len(lines) > LINES_MAX:
        raise ChecklistInvalid(f"A technician cannot go through {len(lines)} lines: {LINES_MAX} at most")
    for line in lines:
        if line.kind not in LINE_KINDS or not line.what.strip():
            raise ChecklistInvalid(f"A line is one of {', '.join(LINE_KINDS)} and says what of")
    session.execute(delete(JobTemplateLine).where(JobTemplateLine.job_kind == job_kind))
    session.add_all(
        JobTemplateLine(id=new_id(), job_kind=job_kind, position=place, kind=line.kind, what=line.what.strip(),
                        required=line.required)
        for place, line in enumerate(lines)
    )  # fmt: skip
    session.flush()


def lay_out(session: Session, job: Job) -> None:
    """Give a new job its lines."""
    job.lines = [
        JobLine(id=new_id(), job_id=job.id, position=place, kind=line.kind, what=line.what, required=line.required)
        for place, line in enumerate(checklist_of(session, job.kind))
    ]
    session.flush()


def missing_of(job: Job) -> list[JobLine]:
    """The required lines that are not done, in their order."""
    return [line for line in job.lines if line.required and line.done_at is None]


def fill_line(
    session: Session, job: Job, *, kind: str, value: str, actor: str, now: datetime, what: str = ""
) -> JobLine | None:  # fmt: skip
    """The first open line of that kind (and, if given, of that matter) is done; a further one is added to no list.

    None where no line of the kind is open: more than was asked for is welcome and changes nothing.
    """
    wanted = [line for line in job.lines if line.kind == kind and line.done_at is None]
    line = next((each for each in wanted if what and each.what == what), None) or (wanted[0] if wanted else None)
    if line is not None:
        line.done_at, line.done_by, line.value = now, actor, value
        session.flush()
    return line


def tick(session: Session, job: Job, *, what: str, actor: str, now: datetime, note: str = "") -> JobLine:
    """A thing without a measure is done. Raises LineUnknown."""
    line = next((each for each in job.lines if each.kind == "tick" and each.what == what), None)
    if line is None:
        raise LineUnknown(f"Job {job.number} has no line {what!r}")
    line.done_at, line.done_by, line.value = now, actor, note
    session.flush()
    return line


def metres_laid(job: Job) -> Decimal:
    """Metres of cable noted on the job."""
    return sum((Decimal(line.value) for line in job.lines if line.kind == "metres" and line.value), Decimal(0))
