"""The demo's field work: weeks of visits with their proof, today's in every state, people who want to be connected."""

from __future__ import annotations

import io
import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw
from sqlalchemy import select
from sqlalchemy.orm import Session

from cli.demo_timeline import ACTOR, OFFICE
from cli.demo_town import Resident, Town
from core.crm.distance import Place
from core.crm.lead_models import Lead
from core.crm.leads import Wish, move_lead, open_lead
from core.inventory.types import type_by_code
from core.service_desk.checklists import fill_line, missing_of, tick
from core.service_desk.confirmations import confirm_by_tap, confirm_with_code, issue_code, look_at_job
from core.service_desk.dispatch import keep_card
from core.service_desk.job_models import Job
from core.service_desk.jobs import Window, plan_job
from core.service_desk.models import Ticket
from core.service_desk.proofs import add_proof
from core.service_desk.signals import record_reading
from core.service_desk.tickets import add_note, open_ticket
from core.staff.models import Staff
from core.usecases import work_on_job
from core.usecases.close_job import close_job
from core.usecases.connect_lead import approve_lead
from core.usecases.keep_document import keep_document
from core.usecases.plan_visit import give_visit, plan_lead_visit, plan_ticket_visit, target_of_customer

FAULTS = {
    "no_internet": ("Red light on the ONU since morning", "Patch cord replaced"),
    "slow_speed": ("Very slow in the evening", "Connector cleaned and made anew"),
    "intermittent": ("Comes and goes since the rain", "Wet joint at the pole closed again"),
    "cable_damage": ("Cable cut at the pole", "Drop cable spliced"),
    "router_wifi": ("Wi-Fi does not reach the upper floor", "Router moved, channel changed"),
}  # fmt: skip
PATCH_CORD = "CORD-SC3"
WEEKS = 3
FAR_AWAY, COPIED, SILENT = 5, 9, 3
"""The repairs of the past weeks at which a technician was elsewhere, sent an old photo, or nobody confirmed."""
LEADS = (
    ("Kashif Bhatti", "+923451110001", "Gulberg III", "House 88, Street 5"),
    ("Noor Fatima", "+923451110002", "Johar Town G", "Flat 3, Al-Rehman Heights"),
    ("Salman Gill", "+923451110003", "Faisal Town", "12-C, near the mosque"),
    ("Uzma Rana", "+923451110004", "Model Town C", "House 31-B"),
)  # fmt: skip


def plan_jobs(town: Town) -> None:
    """What technicians can do, and three weeks of repairs, put on the timeline."""
    chance = random.Random(29)  # noqa: S311 - a made-up town
    town.timeline.at(town.months[0], OFFICE, lambda s, now: _cards(s, town))
    some = town.residents[38:] if len(town.residents) > 80 else town.residents[10:]
    technicians = town.people("technician")
    for number, resident in enumerate(chance.sample(some, min(18, len(some)))):
        day = town.today - timedelta(days=WEEKS * 7 - number)
        category, person = chance.choice(sorted(FAULTS)), technicians[number % len(technicians)]
        town.timeline.at(day, OFFICE, partial(_past_repair, resident, category, person, number))


def _cards(session: Session, town: Town) -> None:
    technicians = town.people("technician")
    keep_card(session, staff_id=technicians[0].id, skills=[], jobs_a_day=6)
    keep_card(session, staff_id=technicians[-1].id, skills=["repair", "pick_up", "survey"], jobs_a_day=5)


def _past_repair(
    resident: Resident, category: str, person: Staff, number: int, session: Session, now: datetime
) -> None:  # fmt: skip
    """Told in the morning, mended by the evening."""
    job = repair(session, resident, category, person, opened=now - timedelta(hours=1))
    here = _elsewhere(resident) if number == FAR_AWAY else _home(resident)
    picture = _last_photo(session) if number == COPIED else b""
    arrive(session, job, now=now - timedelta(minutes=40), here=here)
    if category == "no_internet":
        work_on_job.use_part_on_job(
            session, job_id=job.id, staff_id=person.id, now=now, key=f"demo:{job.number}", quantity=Decimal(1),
            type_id=type_by_code(session, PATCH_CORD).id, origin=ACTOR,
        )  # fmt: skip
    finish(session, job, now=now, told=FAULTS[category][1], picture=picture,
           unconfirmed="The customer's phone is off" if number == SILENT else "")  # fmt: skip


def repair(
    session: Session, resident: Resident, category: str, person: Staff, *, opened: datetime,
    window: Window | None = None,
) -> Job:  # fmt: skip
    """A complaint with its visit, given to a technician."""
    ticket = open_ticket(session, customer_id=resident.customer_id, category=category,
                         description=FAULTS[category][0], opened_by=ACTOR, now=opened)  # fmt: skip
    start = opened + timedelta(hours=2)
    job = plan_ticket_visit(session, ticket_id=ticket.id, actor=ACTOR, now=opened,
                            window=window or Window(start, start + timedelta(hours=2)))  # fmt: skip
    return give_visit(session, job_id=job.id, staff_id=person.id, actor=ACTOR, now=opened)


def installation(session: Session, resident: Resident, person: Staff, now: datetime) -> Job:
    """The visit at which a new line is laid."""
    job = plan_job(
        session, kind="installation", target=target_of_customer(session, resident.customer_id), actor=ACTOR, now=now,
        what="New connection", window=Window(now, now + timedelta(hours=3)),
    )  # fmt: skip
    give_visit(session, job_id=job.id, staff_id=person.id, actor=ACTOR, now=now)
    arrive(session, job, now=now, here=_home(resident))
    return job


def arrive(session: Session, job: Job, *, now: datetime, here: Place | None) -> None:
    """The technician of the job says that he is there, and the customer that he is."""
    assert job.assigned_to is not None
    work_on_job.arrive(session, job_id=job.id, staff_id=job.assigned_to, now=now, here=here)
    job.arrival_confirmed_at = now


def finish(
    session: Session, job: Job, *, now: datetime, told: str = "", unconfirmed: str = "", picture: bytes = b""
) -> None:  # fmt: skip
    """Everything on the list, a photo among it, then the customer's word or the reason why there is none."""
    actor = f"staff:{job.assigned_to}"
    for line in missing_of(job):
        if line.kind == "reading":
            dbm = Decimal(-1700 - int(job.number[2:]) * 37 % 780) / 100
            record_reading(session, job, dbm=dbm, actor=actor, now=now)
        elif line.kind == "photo":
            data = picture or photo_of(f"{job.number} {line.what}")
            document = keep_document(session, data=data, filename=f"{job.number}.jpg", kind="photo")
            add_proof(session, job, document_id=document.id, actor=actor, now=now, what=line.what)
        elif line.kind == "tick":
            tick(session, job, what=line.what, actor=actor, now=now)
        else:
            fill_line(session, job, kind=line.kind, value="45", actor=actor, now=now)
    if not unconfirmed and int(job.number[2:]) % 3:
        confirm_by_tap(session, job_id=job.id, actor=ACTOR, now=now)
    elif not unconfirmed:
        confirm_with_code(session, job_id=job.id, code=issue_code(session, job, now=now), actor=actor, now=now)
    close_job(session, job_id=job.id, actor=actor, now=now, told=told, unconfirmed=unconfirmed, origin=ACTOR)


def fill_board(session: Session, town: Town, now: datetime) -> None:
    """The last days: some solved, today's visits in every state, some that nobody has, requests for a connection."""
    technicians = town.people("technician")
    some = town.residents[38:] if len(town.residents) > 80 else town.residents[10:]
    given: list[tuple[Job, Resident]] = []
    for number, resident in enumerate(town.chance.sample(some, min(34, len(some)))):
        category = town.chance.choice(sorted(FAULTS))
        opened = now - timedelta(hours=town.chance.randrange(1, 20) + (72 if number >= 20 else 24))
        person = technicians[number % len(technicians)]
        if _has_open(session, resident, category):
            continue
        if number < 8:
            _waiting(session, town, resident, category, number, now)
        elif number < 20:
            job = repair(session, resident, category, person, opened=opened, window=_today(town, number // 5 * 2 + 7))
            given.append((job, resident))
            if job.ticket_id is not None:
                add_note(session, ticket_id=job.ticket_id, author=f"staff:{person.id}", public=True,
                         body=f"{person.name} will visit.")  # fmt: skip
        else:
            job = repair(session, resident, category, person, opened=opened)
            arrive(session, job, now=opened + timedelta(hours=5), here=_home(resident))
            finish(session, job, now=opened + timedelta(hours=6), told=FAULTS[category][1])
    _under_way(session, given, now)
    _requests(session, town, now)


def _has_open(session: Session, resident: Resident, category: str) -> bool:
    mine = select(Ticket.id).where(Ticket.customer_id == resident.customer_id, Ticket.category == category)
    return session.scalar(mine.where(Ticket.resolved_at.is_(None)).limit(1)) is not None


def _waiting(session: Session, town: Town, resident: Resident, category: str, number: int, now: datetime) -> None:
    """Without a technician, some with a time; the first should have been done yesterday."""
    opened = now - timedelta(hours=30 - number)
    ticket = open_ticket(session, customer_id=resident.customer_id, category=category, description=FAULTS[category][0],
                         opened_by=ACTOR, now=opened, priority="high" if number == 1 else "normal")  # fmt: skip
    if number == 0:
        late = Window(opened + timedelta(hours=1), opened + timedelta(hours=3))
        plan_ticket_visit(session, ticket_id=ticket.id, actor=ACTOR, now=opened, window=late)
    elif number < 4:
        plan_ticket_visit(session, ticket_id=ticket.id, actor=ACTOR, now=opened, window=_today(town, 12 + 2 * number))


def _under_way(session: Session, given: list[tuple[Job, Resident]], now: datetime) -> None:
    """One done, two at work, one far from where he should be, one on his way, one blocked, one met nobody."""
    for place, (job, resident) in enumerate(given[:7]):
        assert job.assigned_to is not None
        mine, begun = {"job_id": job.id, "staff_id": job.assigned_to}, now - timedelta(minutes=50 - place)
        if place == 4:
            work_on_job.start_work(session, **mine, now=begun)
            continue
        arrive(session, job, now=begun, here=_elsewhere(resident) if place == 3 else _home(resident))
        if place == 0:
            finish(session, job, now=now - timedelta(minutes=5), told="Patch cord replaced")
        elif place == 1:
            tick(session, job, what="fault_found", actor=f"staff:{job.assigned_to}", now=begun)
            record_reading(session, job, dbm=Decimal("-28.40"), actor=f"staff:{job.assigned_to}", now=begun)
        elif place == 5:
            work_on_job.block(session, **mine, reason="No power in the street", now=now - timedelta(minutes=20))
        elif place == 6:
            work_on_job.nobody_there(session, **mine, now=now - timedelta(minutes=15))


def _requests(session: Session, town: Town, now: datetime) -> None:
    """One new, one to be surveyed today, one whose line is laid tomorrow, one refused."""
    manager, before = f"staff:{town.people('manager')[0].id}", now - timedelta(days=2)
    leads = [_lead(session, town, *each, now=before) for each in LEADS]
    survey = plan_lead_visit(session, lead_id=leads[1].id, kind="survey", actor=manager, now=before,
                             window=_today(town, 15))  # fmt: skip
    give_visit(session, job_id=survey.id, staff_id=town.people("technician")[2].id, actor=manager, now=before)
    approve_lead(session, number=leads[2].number, actor=manager, now=before, fee=Decimal("3000.00"),
                 window=_today(town, 11, days=1))  # fmt: skip
    move_lead(session, number=leads[3].number, state="refused", author=manager, note="No pole in this street yet",
              now=before)  # fmt: skip
    seen = session.scalars(select(Job).where(Job.doubt.contains("m away"), Job.state == "done")).first()
    if seen is not None:
        look_at_job(session, job_id=seen.id, actor=manager, note="He sent his location on the way back", now=now)


def _lead(session: Session, town: Town, name: str, phone: str, zone: str, address: str, *, now: datetime) -> Lead:
    wish = Wish(name=name, phone=phone, place=zone, sub_zone_id=town.zones[zone], address=address,
                plan_id=town.plans["F20"], wished_on=town.today + timedelta(days=1))  # fmt: skip
    return open_lead(session, wish=wish, contact_id=None, customer_id=None, opened_by=ACTOR, now=now).lead


def _today(town: Town, hour: int, *, days: int = 0) -> Window:
    day: date = town.today + timedelta(days=days)
    start = datetime.combine(day, time(hour), ZoneInfo(town.timeline.timezone))
    return Window(start, start + timedelta(hours=2))


def _home(resident: Resident) -> Place:
    """Some thirty metres from the door, as phones have it."""
    home = resident.household
    return Place(home.latitude + Decimal("0.000200"), home.longitude + Decimal("0.000150"))


def _elsewhere(resident: Resident) -> Place:
    return Place(resident.household.latitude + Decimal("0.018000"), resident.household.longitude)


def photo_of(what: str) -> bytes:
    """A made-up photo that looks like no other."""
    chance = random.Random(what)  # noqa: S311 - a made-up town
    blocks = Image.new("RGB", (12, 9))
    blocks.putdata([(shade, shade, min(255, shade + 25)) for shade in (chance.randrange(30, 220) for _ in range(108))])
    image = blocks.resize((480, 360), Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((150, 120, 330, 250), radius=14, fill="#f4f4f2", outline="#555")
    for light in range(5):
        pen.ellipse((172 + 28 * light, 215, 184 + 28 * light, 227), fill="#1d9d50" if light != 3 else "#bbb")
    pen.text((172, 150), what, fill="#333")
    made = io.BytesIO()
    image.save(made, "JPEG", quality=80)
    return made.getvalue()


def _last_photo(session: Session) -> bytes:
    """The first photo of the first finished repair, sent once more."""
    number = session.scalars(
        select(Job.number).where(Job.kind == "repair", Job.state == "done").order_by(Job.done_at)
    ).first()
    return photo_of(f"{number} repair") if number else b""
