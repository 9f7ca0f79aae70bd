"""What a technician asks in one turn: his jobs, one of them, his stock; and the single taps of a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.dialog import ROWS_MAX, Chat
from bot.handlers.registry import Begin, Handler
from bot.own_jobs import KINDS, STATES, is_for_today, job_meant, line_name, metres_to, own_job_numbered, own_jobs
from bot.texts.reply import Button, Reply, Row, Saying, lines, verbatim, words
from core.crm.distance import place_at, route_link
from core.inventory.using import own_stock
from core.printing.figures import plain
from core.service_desk.checklists import LineUnknown, missing_of, tick
from core.service_desk.job_models import Job
from core.service_desk.jobs import JobMoveRefused
from core.usecases import work_on_job
from core.usecases.connect_lead import LeadIncomplete, start_line
from core.usecases.job_facts import JobFacts, job_facts
from core.usecases.start_service import AccountTaken

JOBS = Button("jobs", words("My jobs"))
STOCK = Button("stock", words("My stock"))
RESTOCK = Button("flow:restock_request", words("Ask for stock"))
SERIALS_SHOWN = 12
NOT_YOURS = words("That job is not yours.")
PART_KINDS = ("serial", "metres")


def menu(chat: Chat, _: str) -> Reply:
    return Reply(words("Salam %(name)s! What do you need?", name=chat.speaker.name), buttons=(JOBS, STOCK, RESTOCK))


def jobs(chat: Chat, _: str) -> Reply:
    """Today's in their order, the running one first; a later day's only where today has none."""
    mine = own_jobs(chat)
    todays = [job for job in mine if is_for_today(chat, job)] or list(mine)
    if not todays:
        return Reply(words("You have no open jobs."), buttons=(STOCK,))
    shown = todays[:ROWS_MAX]
    rows = tuple(Row(f"job:{job.number}", verbatim(job.number), KINDS[job.kind]) for job in shown)
    more = words("And %(count)s more.", count=len(todays) - len(shown)) if len(todays) > len(shown) else None
    way = route_link([place for job in shown if (place := place_at(job.latitude, job.longitude)) is not None])
    body = lines(
        words("Your jobs, in the order to do them:"), *(_listed(chat, job) for job in shown), more,
        words("All on the map: %(link)s", link=way) if way else None,
    )  # fmt: skip
    return Reply(body, rows=rows, list_button=words("Choose"))


def _listed(chat: Chat, job: Job) -> Saying:
    said = words("• *%(job)s* %(what)s, %(place)s", job=job.number, what=KINDS[job.kind], place=job.address or "-")
    if job.window_start is not None and job.window_end is not None:
        start, end = job.window_start.astimezone(chat.zone), job.window_end.astimezone(chat.zone)
        said = words("%(job)s, %(day)s %(start)s-%(end)s", job=said, day=start.date(), start=f"{start:%H:%M}",
                     end=f"{end:%H:%M}")  # fmt: skip
    metres = metres_to(chat, job)
    if metres is not None:
        said = words("%(case)s, %(km)s km", case=said, km=f"{metres / 1000:.1f}")
    return words("%(case)s, *%(why)s*", case=said, why=STATES[job.state]) if job.state != "assigned" else said


def job(chat: Chat, number: str) -> Reply:
    """What he needs for one of his own jobs, and nothing about money."""
    found = own_job_numbered(chat, number or job_meant(chat))
    return show_job(chat, found) if found else Reply(NOT_YOURS, buttons=(JOBS,))


def show_job(chat: Chat, found: Job, *before: Saying) -> Reply:
    """The card of a job, after what has just been done; its buttons are what comes next."""
    facts = job_facts(chat.session, found)
    body = lines(
        *before,
        words("*%(job)s* %(what)s, %(state)s", job=found.number, what=KINDS[found.kind], state=STATES[found.state]),
        verbatim(f"{facts.name}, {facts.number}"),
        verbatim(facts.phone) if facts.phone else None,
        verbatim(found.address) if found.address else None,
        verbatim(f"https://maps.google.com/?q={found.latitude},{found.longitude}") if found.latitude else None,
        verbatim(f"“{facts.said or found.what}”") if facts.said or found.what else None,
        *_network(facts),
        *_history(chat, facts),
        missing_line(found),
    )
    return Reply(body, buttons=next_steps(found))


def _network(facts: JobFacts) -> list[Saying]:
    return [said for said in (
        words("Plan: %(plan)s, %(mbps)s Mbps", plan=facts.plan, mbps=facts.speed_mbps or "-") if facts.plan else None,
        words("PPPoE: %(name)s / %(password)s", name=facts.username, password=facts.password)
        if facts.username and facts.password else None,
        words("There: %(what)s", what=", ".join(facts.equipment)) if facts.equipment else None,
        words("Wished Wi-Fi: %(secret)s", secret=facts.wished_wifi) if facts.wished_wifi else None,
    ) if said is not None]  # fmt: skip


def _history(chat: Chat, facts: JobFacts) -> list[Saying]:
    visits = [
        words("Before: %(day)s, %(what)s, %(told)s", day=visit.done_at.astimezone(chat.zone).date(),
              what=KINDS[visit.kind], told=visit.told or "-")
        for visit in facts.visits if visit.done_at is not None
    ]  # fmt: skip
    if facts.last_dbm is not None:
        visits.append(words("Signal at the last visit: %(dbm)s dBm", dbm=plain(facts.last_dbm)))
    return visits


def missing_line(found: Job) -> Saying | None:
    """What the list still asks for, in one line."""
    missing = missing_of(found)
    if not missing:
        return words("Everything of the list is done.")
    named = [line_name(line.what) for line in missing]
    joined = named[0]
    for each in named[1:]:
        joined = words("%(first)s, %(second)s", first=joined, second=each)
    return words("Missing: %(what)s", what=joined)


def next_steps(found: Job) -> tuple[Button, ...]:
    """The three things he most likely does next."""
    blocked = Button(f"flow:job_blocked:{found.number}", words("It is blocked"))
    if found.state == "assigned":
        return (Button(f"job_start:{found.number}", words("On my way")), blocked, JOBS)
    if found.state == "on_the_way":
        return (Button(f"flow:job_arrived:{found.number}", words("I am here")),
                Button(f"job_nobody:{found.number}", words("Nobody there")), blocked)  # fmt: skip
    missing = missing_of(found)
    if not missing:
        return (Button(f"flow:job_done:{found.number}", words("Finish the job")), blocked, JOBS)
    return (*_for_missing(found, [line.kind for line in missing]), blocked)[:3]


def _for_missing(found: Job, kinds: Sequence[str]) -> list[Button]:
    buttons = []
    if found.kind == "pick_up" and "serial" in kinds:
        buttons.append(Button(f"flow:part_back:{found.number}", words("Piece taken back")))
    elif found.kind == "survey" and "metres" in kinds:
        buttons.append(Button(f"flow:survey_metres:{found.number}", words("Note the distance")))
    elif any(kind in kinds for kind in PART_KINDS):
        buttons.append(Button(f"flow:part_used:{found.number}", words("Part used")))
    if "reading" in kinds:
        buttons.append(Button(f"flow:signal_reading:{found.number}", words("Signal")))
    ticks = [line for line in missing_of(found) if line.kind == "tick"]
    if ticks:
        buttons.append(Button(f"job_tick:{found.number}:{ticks[0].what}", words("Tick: done")))
    if found.kind == "installation" and found.subscription_id is None:
        buttons.insert(0, Button(f"job_line:{found.number}", words("Start the line")))
    return buttons


def start(chat: Chat, number: str) -> Reply | Begin:
    """He sets out; said once more on the way it means that he is there."""
    found = own_job_numbered(chat, number or job_meant(chat) or _only_waiting(chat))
    if found is None:
        return jobs(chat, "")
    if found.state == "on_the_way":
        return Begin("job_arrived", found.number)
    assert chat.speaker.staff_id is not None
    try:
        with chat.session.begin_nested():
            work_on_job.start_work(chat.session, job_id=found.id, staff_id=chat.speaker.staff_id, now=chat.now)
    except JobMoveRefused:
        return show_job(chat, found)
    return show_job(chat, found, words("Good. The customer knows that you are on the way."))


def _only_waiting(chat: Chat) -> str | None:
    waiting = [job.number for job in own_jobs(chat) if job.state == "assigned" and is_for_today(chat, job)]
    return waiting[0] if len(waiting) == 1 else None


def nobody(chat: Chat, number: str) -> Reply:
    found = own_job_numbered(chat, number or job_meant(chat))
    if found is None:
        return Reply(NOT_YOURS, buttons=(JOBS,))
    assert chat.speaker.staff_id is not None
    try:
        with chat.session.begin_nested():
            work_on_job.nobody_there(chat.session, job_id=found.id, staff_id=chat.speaker.staff_id, now=chat.now)
    except JobMoveRefused:
        return show_job(chat, found)
    said = words("Noted: nobody was there for *%(job)s*. The customer is asked for another time.", job=found.number)
    return Reply(said, buttons=(JOBS,))


def ticked(chat: Chat, argument: str) -> Reply:
    """`J-311:speed_test`, from the button of an open line."""
    number, _, what = argument.partition(":")
    found = own_job_numbered(chat, number)
    if found is None or found.state != "arrived":
        return show_job(chat, found) if found else Reply(NOT_YOURS, buttons=(JOBS,))
    try:
        tick(chat.session, found, what=what, actor=chat.speaker.actor, now=chat.now)
    except LineUnknown:
        return show_job(chat, found)
    return show_job(chat, found, words("Done: %(what)s", what=line_name(what)))


def line(chat: Chat, number: str) -> Reply:
    """Starts the service of an installation and says what to type into the box."""
    found = own_job_numbered(chat, number or job_meant(chat))
    if found is None or found.state != "arrived" or found.kind != "installation":
        return show_job(chat, found) if found else Reply(NOT_YOURS, buttons=(JOBS,))
    try:
        with chat.session.begin_nested():
            started = start_line(chat.session, job_id=found.id, actor=chat.speaker.actor, now=chat.now)
    except (LeadIncomplete, AccountTaken):
        return Reply(words("The office has to complete the request first. Please call it."), buttons=(JOBS,))
    said = words(
        "The line is being switched on. PPPoE name *%(name)s*, password *%(password)s*. Try it now.",
        name=started.username, password=started.password,
    )  # fmt: skip
    return show_job(chat, found, said)


def piece(chat: Chat, named: str) -> Reply:
    """The tap under a photo that shows a piece of his: it was used at that job."""
    number, _, serial = named.partition(":")
    found = own_job_numbered(chat, number)
    if found is None or chat.speaker.staff_id is None:
        return Reply(NOT_YOURS, buttons=(JOBS,))
    others = work_on_job.pieces_replaceable(chat.session, found, serial=serial)
    work_on_job.use_part_on_job(
        chat.session, job_id=found.id, staff_id=chat.speaker.staff_id, serial=serial, now=chat.now,
        key=f"{chat.origin}:part", origin=chat.origin,
    )  # fmt: skip
    shown = show_job(chat, found, words("Noted: %(what)s is at the customer's now.", what=serial))
    back = Button(f"flow:part_back:{found.number}", words("Piece taken back"))
    return replace(shown, buttons=(back, *shown.buttons[:2])) if others else shown


def stock(chat: Chat, _: str) -> Reply:
    """What he carries, pieces by their serials."""
    assert chat.speaker.staff_id is not None
    carried = own_stock(chat.session, staff_id=chat.speaker.staff_id)
    if not carried:
        return Reply(words("You carry nothing of ours."), buttons=(RESTOCK, JOBS))
    said = []
    for item_type, quantity, pieces in carried:
        if pieces:
            serials = ", ".join(piece.serial for piece in pieces[:SERIALS_SHOWN])
            said.append(words("• %(name)s: %(count)s (%(serials)s)", name=item_type.name, count=len(pieces),
                              serials=serials))  # fmt: skip
        else:
            said.append(words("• %(name)s: %(quantity)s %(unit)s", name=item_type.name, quantity=plain(quantity),
                              unit=item_type.unit))  # fmt: skip
    return Reply(lines(words("You carry:"), *said), buttons=(RESTOCK, JOBS))


HANDLERS = (
    Handler("menu", ("menu",), "chat.menu", menu),
    Handler("jobs", ("jobs",), "chat.jobs", jobs),
    Handler("job", ("job_open", "customer_lookup"), "chat.jobs", job),
    Handler("job_start", ("job_start",), "chat.jobs", start),
    Handler("job_nobody", (), "chat.jobs", nobody),
    Handler("job_tick", (), "chat.jobs", ticked),
    Handler("job_line", (), "chat.jobs", line),
    Handler("piece", (), "chat.jobs", piece),
    Handler("stock", ("stock",), "chat.stock", stock),
)
