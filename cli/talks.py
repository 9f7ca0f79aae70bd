"""Commands that talk to the bot without WhatsApp: play a conversation, and run a stored one again."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from uuid import UUID

import click
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

import core.schema  # noqa: F401 - every table must be known before the first query
from bot.conversation import Route
from bot.inbound import Sender
from bot.rehearsal import PHOTO, STICKER, VOICE, Answer, Rehearsal, rehearsed
from bot.replay import DIFFERS, FIGURES, Compared, play, remember
from cli.scratch import scratch_copy
from core.clock import utc_now
from core.companies import BusinessNumber, Company
from core.crm.models import Contact, Customer, CustomerPhone
from core.db import elsewhere, platform_session
from core.errors import DomainError, NotFound
from core.ids import Id
from core.messaging.models import Conversation
from core.settings import Settings, SettingsInvalid, load_settings
from core.staff.models import Staff
from core.usecases.start_process import start_process

MEDIA = {"/photo": PHOTO, "/voice": VOICE, "/sticker": STICKER}
HELP = """Write as the person would. A number in brackets is a choice: /1 taps the first one.
/photo, /voice, /sticker and /location 31.52,74.35 send those. /quit ends. Nothing is sent, nothing is kept."""
_LOCATION = re.compile(r"/location\s+(-?[0-9.]+)\s*,\s*(-?[0-9.]+)")


@click.command()
@click.option("--as", "person", required=True, help="A phone (+92…), customer number, or name; an unknown phone too.")
@click.option("--company", "slug", help="The company's short name, where there is more than one.")
def chat(person: str, slug: str | None) -> None:
    """Play a conversation in the terminal: real answers on real data, and nothing of it is kept."""
    start_process(load_settings())
    try:
        company_id = _company(slug)
        with rehearsed(company_id) as session:
            number = session.scalars(select(BusinessNumber).order_by(BusinessNumber.id).limit(1)).one_or_none()
            if number is None:
                raise NotFound("The company has no WhatsApp number yet")
            phone, name = find_person(session, person)
            route = Route(company_id, number.id, None)
            click.echo(f"{name}, {phone}. {HELP}")
            _play(Rehearsal(session, route, number.phone_number_id, Sender(phone, None, name)), name)
    except DomainError as refused:
        raise click.ClickException(str(refused)) from refused


@click.command("replay")
@click.argument("conversation")
@click.option("--company", "slug", help="The company's short name, where there is more than one.")
@click.option("--all", "everything", is_flag=True, help="Show the answers that are the same, too.")
def replay_command(conversation: str, slug: str | None, everything: bool) -> None:
    """Play a stored conversation (its id, or a phone) against the present code, in a scratch database.

    Exit code 1 when something differs: what is understood, asked, said or done. Needs TAAR_OWNER_DATABASE_URL, whose
    role may create databases.
    """
    settings = load_settings()
    start_process(settings)
    try:
        company_id = _company(slug)
        compared = replay(settings, company_id, _conversation(company_id, conversation))
    except DomainError as refused:
        raise click.ClickException(str(refused)) from refused
    for line in report(compared, everything=everything):
        click.echo(line)
    if any(one.verdict == DIFFERS for one in compared):
        sys.exit(1)


def replay(settings: Settings, company_id: Id, conversation_id: Id) -> list[Compared]:
    """Every message of the conversation, then and now; the scratch database is gone afterwards, also after a failure.

    Raises SettingsInvalid, NotFound, ScratchRefused.
    """
    if not settings.owner_database_url:
        raise SettingsInvalid("TAAR_OWNER_DATABASE_URL is empty: only the owner role can make a scratch database")
    talk = remember(company_id, conversation_id)
    with scratch_copy(
        settings.owner_database_url, settings.database_url, company_id=company_id, since=talk.since
    ) as scratch, elsewhere(scratch):  # fmt: skip
        return play(talk)


def report(compared: Sequence[Compared], *, everything: bool) -> list[str]:
    """The comparison in lines: a total, and each message whose answer is another one."""
    counts = {verdict: sum(one.verdict == verdict for one in compared) for verdict in (FIGURES, DIFFERS)}
    told = [f"{len(compared)} messages: {counts[DIFFERS]} differ, {counts[FIGURES]} in figures only."]
    for one in compared:
        if everything or one.verdict == DIFFERS:
            told += ["", f"{one.at:%Y-%m-%d %H:%M}  {one.said}"]
            told += _marked("=", one.now) if one.before == one.now else [
                *_marked("-", one.before), *_marked("+", one.now)
            ]  # fmt: skip
            told += [f"  ! {difference}" for difference in one.differences]
    return told


def _marked(mark: str, text: str) -> list[str]:
    return [f"  {mark} {line}" for line in text.splitlines() or ["(nothing)"]]


def _company(slug: str | None) -> Id:
    with platform_session("cli") as session:
        companies = session.execute(select(Company.id, Company.slug).order_by(Company.slug)).all()
    chosen = [row.id for row in companies if slug in (None, row.slug)]
    if len(chosen) == 1:
        found: Id = chosen[0]
        return found
    known = ", ".join(row.slug for row in companies) or "none"
    raise NotFound(f"Which company? --company takes one of: {known}")


def find_person(session: Session, said: str) -> tuple[str, str]:
    """Phone and name of whom is meant: by phone, customer number or name. Raises NotFound, also for several."""
    phone = re.sub(r"[\s()-]", "", said)
    if re.fullmatch(r"\+[0-9]{6,15}", phone):
        known = session.scalar(select(Contact.name).where(Contact.phone == phone))
        return phone, known or "Somebody"
    customers = session.execute(
        select(CustomerPhone.phone, Customer.name)
        .join(Customer, Customer.id == CustomerPhone.customer_id)
        .where(or_(Customer.number == said.upper(), Customer.name.icontains(said, autoescape=True)))
        .order_by(Customer.number, CustomerPhone.id)
    ).all()
    employees = session.execute(
        select(Staff.phone, Staff.name).where(Staff.name.icontains(said, autoescape=True), Staff.phone != "")
    ).all()
    found = {name: number for number, name in (*reversed(customers), *employees)}
    if len(found) == 1:
        name, number = next(iter(found.items()))
        return number, name
    if not found:
        raise NotFound(f"Nobody is called {said!r}: give a phone with +92, a customer number or a name")
    raise NotFound(f"{said!r} may be {', '.join(sorted(found)[:10])}: say which")


def _conversation(company_id: Id, said: str) -> Id:
    try:
        return UUID(said)
    except ValueError:
        with rehearsed(company_id) as session:
            phone, name = find_person(session, said)
            found = session.scalar(
                select(Conversation.id)
                .join(Contact, Contact.id == Conversation.contact_id)
                .where(Contact.phone == phone)
                .order_by(Conversation.last_inbound_at.desc())
                .limit(1)
            )
        if found is None:
            raise NotFound(f"{name} ({phone}) has not written yet") from None
        return found


def _play(talk: Rehearsal, name: str) -> None:
    last: list[Answer] = []
    while (said := _prompt(name)) is not None:
        try:
            turn = _turn(talk, said, last)
        except LookupError as wrong:
            click.echo(f"  {wrong}")
            continue
        last = turn()
        for answer in last:
            _show(answer)
        if not last and talk.is_with_people():
            click.echo("  | (quiet: people answer in this chat; write menu for the bot)")


def _prompt(name: str) -> str | None:
    try:
        said = input(f"{name}> ").strip()
    except EOFError:
        return None
    return None if said == "/quit" else said


def _turn(talk: Rehearsal, said: str, last: Sequence[Answer]) -> Callable[[], list[Answer]]:
    """What a line does. Raises LookupError for a choice that is not there."""
    now = utc_now()
    if said in MEDIA:
        return lambda: talk.sends_media(MEDIA[said], now=now)
    if place := _LOCATION.fullmatch(said):
        latitude, longitude = place.groups()
        return lambda: talk.sends("location", {"latitude": latitude, "longitude": longitude}, now=now)
    if said.startswith("/"):
        choices = [choice for answer in last for choice in answer.choices]
        if not said[1:].isdecimal() or not 1 <= int(said[1:]) <= len(choices):
            raise LookupError(f"There is no {said}. {HELP}")
        return lambda: talk.taps(choices[int(said[1:]) - 1], now=now)
    return lambda: talk.says(said, now=now)


def _show(answer: Answer) -> None:
    for line in answer.text.splitlines():
        click.echo(f"  | {line}")
    if answer.attachment:
        click.echo(f"  | [{answer.attachment.get('filename') or answer.kind}]")
    if answer.choices:
        click.echo("  | " + "  ".join(f"[{i}] {choice.title}" for i, choice in enumerate(answer.choices, 1)))
