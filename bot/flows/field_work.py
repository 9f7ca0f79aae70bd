"""A technician at a job of his own: arrived, measured, blocked, finished, the customer's code typed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.dialog import Answers, Chat, Flow, Photo, Reject, Text
from bot.flows.parts import refused_as
from bot.handlers.technician import JOBS, NOT_YOURS, missing_line, show_job
from bot.own_jobs import OwnJob, job_id_of, own_job_numbered
from bot.questions import Place, Typed
from bot.texts.reply import Button, Reply, Saying, words
from core.crm.distance import Place as Point
from core.ids import Id
from core.printing.figures import plain
from core.service_desk.confirmations import CodeGone, CodeWrong, ConfirmedAlready, confirm_with_code
from core.service_desk.field_work import JobIncomplete, NotYourJob
from core.service_desk.jobs import JobMoveRefused
from core.service_desk.proofs import add_proof
from core.service_desk.signals import HIGHEST, LOWEST, Judgement, record_reading
from core.usecases import work_on_job
from core.usecases.close_job import Closed, NotConfirmed, ask_to_close, close_job
from core.usecases.save_media import save_media

LOSS_ONLY = Decimal(8)
"""A bare figure above this is meant as minus so many dBm."""
REFUSALS = refused_as(words("That is not possible for this job now."), (JobMoveRefused, NotYourJob, NotConfirmed), JOBS)
VERDICTS: dict[str, Saying] = {
    "too_strong": words(
        "too strong: an attenuator is missing, or it hangs on the wrong splitter. It can break the ONU."
    ),
    "very_good": words("very good."),
    "good": words("good."),
    "acceptable": words("acceptable: note it and watch the line."),
    "weak": words("weak: clean the connectors, look for bends, splice again. Do not leave it like this."),
    "bad": words("bad, below what the ONU can read: check the splice, the connector and the splitter port."),
    "dead": words("no light: the fibre is cut or unplugged, or the port is dead."),
}


def has_job(_chat: Chat, answers: Answers) -> bool:
    return answers.job is not None


def job_of(chat: Chat, answers: Answers) -> Id:
    """The key of the job that was chosen; the refusal is answered like somebody else's job."""
    job_id = job_id_of(chat, answers.job)
    if job_id is None:
        raise NotYourJob("That job is not yours")
    return job_id


def me(chat: Chat) -> Id:
    assert chat.speaker.staff_id is not None
    return chat.speaker.staff_id


def finish_arrival(chat: Chat, answers: Answers) -> Reply:
    shared = answers.place
    here = Point(*shared) if shared else chat.here
    arrival = work_on_job.arrive(chat.session, job_id=job_of(chat, answers), staff_id=me(chat), now=chat.now, here=here)
    if arrival.doubtful:
        far = words("You are %(metres)s m away from the place on file. The office sees that.", metres=arrival.metres)
        return show_job(chat, arrival.job, far)
    return show_job(chat, arrival.job, words("Noted: you are there. The customer is asked to confirm it."))


arrived = Flow(
    name="job_arrived",
    intent="job_arrived",
    permission="chat.jobs",
    title=words("your arrival"),
    questions=[
        OwnJob("job"),
        Place("place", lambda *_: words("Please share your location, so that the arrival counts."),
              when=lambda chat, answers: has_job(chat, answers) and chat.here is None),
    ],
    finish=finish_arrival,
    refused=REFUSALS,
    needs_account=False,
)  # fmt: skip


@dataclass(frozen=True)
class Dbm(Typed):
    """A level in dBm; a bare 22.5 is read as -22.5."""

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        value = self.given(chat) or _typed_level(chat.message.text)
        if value is None:
            raise Reject(words("Please write the level, for example -22.5"))
        if not LOWEST <= Decimal(value) <= HIGHEST:
            raise Reject(words("%(dbm)s dBm cannot be. A fibre shows between -8 and -30.", dbm=value), meant=True)
        return value

    def given(self, chat: Chat) -> Any:
        level = chat.understood.entities.get("signal_dbm")
        return str(level) if level is not None else None

    def load(self, value: Any) -> Any:
        return Decimal(value) if value is not None else None


def _typed_level(text: str) -> str | None:
    found = re.search(r"(-|minus\s*|manfi\s*)?(\d{1,2}(?:[.,]\d{1,2})?)", text.casefold())
    if not found:
        return None
    try:
        level = Decimal(found[2].replace(",", "."))
    except InvalidOperation:
        return None
    return str(-level if found[1] or level > LOSS_ONLY else level)


def finish_reading(chat: Chat, answers: Answers) -> Reply:
    found = own_job_numbered(chat, answers.job)
    if found is None:
        return Reply(NOT_YOURS, buttons=(JOBS,))
    judged = record_reading(chat.session, found, dbm=answers.dbm, actor=chat.speaker.actor, now=chat.now)
    return show_job(chat, found, *_judged(judged))


def _judged(judged: Judgement) -> list[Saying]:
    said = [words("%(dbm)s dBm is %(verdict)s", dbm=plain(judged.dbm), verdict=VERDICTS[judged.verdict])]
    if judged.fell_by is not None:
        said.append(words("It is %(db)s dB weaker than at the last visit: look for a new bend or a dirty connector.",
                          db=plain(judged.fell_by)))  # fmt: skip
    return said


reading = Flow(
    name="signal_reading",
    intent="signal_reading",
    permission="chat.jobs",
    title=words("the signal"),
    questions=[
        OwnJob("job"),
        Dbm("dbm", lambda *_: words("How many dBm does the meter show?"), when=has_job),
    ],
    finish=finish_reading,
    refused=REFUSALS,
    needs_account=False,
)


def finish_block(chat: Chat, answers: Answers) -> Reply:
    job = work_on_job.block(
        chat.session, job_id=job_of(chat, answers), staff_id=me(chat), reason=answers.reason, now=chat.now
    )
    said = words("*%(job)s* is blocked. The office decides what comes next, and the customer knows.", job=job.number)
    return Reply(said, buttons=(JOBS,))


blocked = Flow(
    name="job_blocked",
    intent="job_blocked",
    permission="chat.jobs",
    title=words("what blocks the job"),
    questions=[
        OwnJob("job"),
        Text("reason", lambda *_: words("What stands in the way?"), max_length=500, when=has_job),
    ],
    finish=finish_block,
    refused=REFUSALS,
    needs_account=False,
)


def incomplete(refusal: JobIncomplete) -> Reply:
    """What is missing, in one line."""
    said = missing_line(refusal.job)
    assert said is not None
    return Reply(said, buttons=(Button(f"job:{refusal.job.number}", words("Open the job")), JOBS))


def finish_done(chat: Chat, answers: Answers) -> Reply:
    job_id = job_of(chat, answers)
    asked = ask_to_close(chat.session, job_id=job_id, staff_id=me(chat), now=chat.now, told=answers.told)
    cannot = Button(f"flow:close_unconfirmed:{answers.job}", words("He cannot confirm"))
    if not asked:
        said = words("We cannot reach this customer on WhatsApp. Say why you close it without him.")
        return Reply(said, buttons=(cannot, JOBS))
    said = words("The customer has been asked to tap Yes, or to tell you his code. Which code does he tell you?")
    return Reply(said, buttons=(Button(f"flow:closing_code:{answers.job}", words("Type the code")), cannot))


def still_open(chat: Chat, answers: Answers) -> bool:
    """Nothing is asked of a job that lacks something: the finish says what."""
    job = own_job_numbered(chat, answers.job)
    return job is not None and job.state == "arrived" and not any(
        line.required and line.done_at is None for line in job.lines
    )  # fmt: skip


done = Flow(
    name="job_done",
    intent="job_done",
    permission="chat.jobs",
    title=words("the finished job"),
    questions=[
        OwnJob("job"),
        Text("told", lambda *_: words("What did you do? The customer reads it."), max_length=300, when=still_open),
    ],
    finish=finish_done,
    refused={JobIncomplete: incomplete, **REFUSALS},
    needs_account=False,
)  # fmt: skip


@dataclass(frozen=True)
class ClosingCode(Typed):
    """Four figures."""

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        figures = re.sub(r"\D", "", chat.message.text)
        if len(figures) != 4:
            raise Reject(words("The code has four figures."))
        return figures


def finish_code(chat: Chat, answers: Answers) -> Reply:
    """A wrong code is answered here and not refused: refusals leave nothing behind, and the try has to count."""
    job_id = job_of(chat, answers)
    try:
        confirm_with_code(chat.session, job_id=job_id, code=answers.code, actor=chat.speaker.actor, now=chat.now)
    except CodeWrong as wrong:
        said = words("That is not the customer's code. %(left)s tries are left.", left=wrong.facts["left"])
        return Reply(said, buttons=(Button(f"flow:closing_code:{answers.job}", words("Type the code")),))
    except ConfirmedAlready:
        pass
    return closed_reply(close_job(chat.session, job_id=job_id, actor=chat.speaker.actor, now=chat.now))


def closed_reply(closed: Closed) -> Reply:
    """What closing came to, for the technician."""
    said = words("*%(job)s* is closed, well done.", job=closed.job.number)
    if not closed.confirmed:
        said = words("*%(job)s* is closed without the customer's word. The office looks at it.", job=closed.job.number)
    return Reply(said, buttons=(JOBS,))


code = Flow(
    name="closing_code",
    intent="",
    permission="chat.jobs",
    title=words("the customer's code"),
    questions=[
        OwnJob("job"),
        ClosingCode("code", lambda *_: words("Which code did the customer tell you?"), when=has_job),
    ],
    finish=finish_code,
    refused={
        CodeGone: lambda _: Reply(words("That code counts no more. Finish the job again for a new one."),
                                  buttons=(JOBS,)),
        JobIncomplete: incomplete, **REFUSALS,
    },
    needs_account=False,
)  # fmt: skip


def finish_unconfirmed(chat: Chat, answers: Answers) -> Reply:
    closed = close_job(
        chat.session, job_id=job_of(chat, answers), actor=chat.speaker.actor, now=chat.now, unconfirmed=answers.reason
    )
    return closed_reply(closed)


unconfirmed = Flow(
    name="close_unconfirmed",
    intent="",
    permission="chat.jobs",
    title=words("closing without the customer"),
    questions=[
        OwnJob("job"),
        Text("reason", lambda *_: words("Why can the customer not confirm?"), max_length=300, when=has_job),
    ],
    finish=finish_unconfirmed,
    refused={JobIncomplete: incomplete, **REFUSALS},
    needs_account=False,
)


def keep_proof(chat: Chat) -> Id | None:
    """Registers the picture for the vault, as proof of a job."""
    media = chat.message.media
    if media is None or chat.message.type not in ("image", "document"):
        return None
    return save_media(
        chat.session, company_id=chat.company.id, business_number_id=chat.business_number_id,
        contact_id=chat.speaker.contact_id, customer_id=None, media_id=media.media_id, mime_type=media.mime_type,
        filename=media.filename, kind="job", now=chat.now,
    ).id  # fmt: skip


def finish_photo(chat: Chat, answers: Answers) -> Reply:
    found = own_job_numbered(chat, answers.job)
    if found is None or answers.photo is None:
        return Reply(NOT_YOURS, buttons=(JOBS,))
    add_proof(chat.session, found, document_id=answers.photo, actor=chat.speaker.actor, now=chat.now)
    return show_job(chat, found, words("Thank you, the photo is at *%(job)s*.", job=found.number))


photo = Flow(
    name="job_photo",
    intent="",
    permission="chat.jobs",
    title=words("the photo"),
    questions=[
        Photo("photo", lambda *_: words("Please send the photo."), save=keep_proof),
        OwnJob("job", when=lambda _, answers: answers.photo is not None),
    ],
    finish=finish_photo,
    refused=REFUSALS,
    needs_account=False,
)

FLOWS = (arrived, reading, blocked, done, code, unconfirmed, photo)
