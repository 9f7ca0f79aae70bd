"""Which of his jobs a technician means: by number, the one he is at, or from the list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.dialog import Answers, Ask, Chat, Choose, Option
from bot.texts.reply import Saying, verbatim, words
from core.clock import day_begins
from core.crm.distance import metres_between, place_at
from core.ids import Id
from core.service_desk.job_models import Job
from core.service_desk.jobs import jobs_in_hand

KINDS: dict[str, Saying] = {
    "installation": words("Installation"), "repair": words("Repair"), "relocation": words("Relocation"),
    "pick_up": words("Pick-up"), "survey": words("Survey"),
}  # fmt: skip
STATES: dict[str, Saying] = {
    "assigned": words("waits for you"), "on_the_way": words("on the way"), "arrived": words("at the place"),
}  # fmt: skip
LINES: dict[str, Saying] = {
    "onu": words("the ONU's serial"), "returned": words("the returned serial"), "fibre": words("metres of fibre"),
    "distance": words("metres to our line"), "signal": words("a signal that is good enough"),
    "equipment": words("a photo of the equipment"), "cable_route": words("a photo of the cable's route"),
    "repair": words("a photo of the repair"), "site": words("a photo of the place"),
    "speed_test": words("the speed test"), "fault_found": words("the fault found"),
    "line_possible": words("that a line is possible"),
}  # fmt: skip
"""The lines of the usual checklists; a company's own are said as they are written."""


def own_jobs(chat: Chat) -> Sequence[Job]:
    """His jobs of today and what is late, in the order he should do them; those of another day come after."""
    staff_id = chat.speaker.staff_id
    assert staff_id is not None
    return chat.once(f"jobs:{staff_id}", lambda: jobs_in_hand(chat.session, staff_id=staff_id))


def is_for_today(chat: Chat, job: Job) -> bool:
    """Whether it is due today or without a time."""
    tomorrow = day_begins(chat.today + timedelta(days=1), chat.company.timezone)
    return job.window_start is None or job.window_start < tomorrow


def own_job_numbered(chat: Chat, number: str | None) -> Job | None:
    """His job of that number; another's and none read alike."""
    wanted = (number or "").strip().upper()
    return next((job for job in own_jobs(chat) if job.number == wanted), None)


def running_job(chat: Chat) -> Job | None:
    """The one job he is at, or on the way to."""
    for state in ("arrived", "on_the_way"):
        there = [job for job in own_jobs(chat) if job.state == state]
        if there:
            return there[0] if len(there) == 1 else None
    return None


def job_meant(chat: Chat) -> str | None:
    """The number he names, else that of the job he is at."""
    named = chat.understood.entities.get("job_no")
    if named is not None:
        return str(named) if own_job_numbered(chat, str(named)) else None
    running = running_job(chat)
    return running.number if running else None


def metres_to(chat: Chat, job: Job) -> int | None:
    """How far it is from where he last said he is."""
    place = place_at(job.latitude, job.longitude)
    return metres_between(chat.here, place) if chat.here and place else None


def line_name(what: str) -> Saying:
    """A line of a checklist in words."""
    return LINES.get(what) or verbatim(what)


def job_id_of(chat: Chat, number: str | None) -> Id | None:
    """The key of his job of that number."""
    job = own_job_numbered(chat, number)
    return job.id if job else None


def job_options(chat: Chat, _answers: Answers) -> Sequence[Option]:
    return [
        Option(job.number, verbatim(job.number), words("%(what)s, %(state)s", what=KINDS[job.kind],
                                                       state=STATES[job.state]))
        for job in own_jobs(chat)
    ]  # fmt: skip


@dataclass(frozen=True)
class OwnJob(Choose):
    """One of the technician's jobs in hand; the one he is at answers by itself."""

    saying: Ask = lambda *_: words("Which job?")
    options: Any = job_options

    def given(self, chat: Chat) -> Any:
        return job_meant(chat)

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        return super().read(chat, answers, tapped or job_meant(chat))
