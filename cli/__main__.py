"""The command line: one tree of commands over the programs."""

from __future__ import annotations

import sys
from typing import IO

import click

from bot.understanding.intents import ROLES
from cli.database import migrate as run_migrations
from cli.demo import DemoFailed, run_demo
from cli.events import events_command
from cli.jobs import jobs_command
from cli.talks import chat, replay_command
from core.clock import business_day, utc_now
from core.db import platform_session
from core.errors import DomainError
from core.settings import Settings, SettingsInvalid, load_settings
from core.staff.logins import create_login
from core.staff.people import add_staff
from core.usecases.open_company import open_company
from core.usecases.start_process import start_process

PORT = click.IntRange(1, 65535)


def main() -> None:
    """The `taar` command; a setting at fault is named and ends it with code 2."""
    try:
        commands(standalone_mode=True)
    except SettingsInvalid as invalid:
        click.echo(f"{invalid}", err=True)
        sys.exit(2)


@click.group()
def commands() -> None:
    """Run an internet service provider from WhatsApp."""


@commands.command()
@click.option("--reset", is_flag=True, help="Delete the demo's data and start afresh.")
@click.option("--port", type=PORT, help="The panel's and webhook's port (TAAR_WEB_PORT).")
@click.option("--simulator-port", type=PORT, help="The phones' port (TAAR_SIMULATOR_PORT).")
def demo(reset: bool, port: int | None, simulator_port: int | None) -> None:
    """Start everything with a made-up company."""
    settings = load_settings()
    chosen = {"web_port": port, "simulator_port": simulator_port}
    settings = settings.model_copy(update={name: value for name, value in chosen.items() if value})
    if settings.is_production:
        raise click.ClickException("the demo does not run with TAAR_ENVIRONMENT=production")
    try:
        run_demo(settings, reset=reset, say=_say)
    except DemoFailed as failed:
        click.echo(f"taar demo: {failed}", err=True)
        sys.exit(2)


@commands.command()
def migrate() -> None:
    """Bring the database to the newest schema (TAAR_OWNER_DATABASE_URL)."""
    settings = load_settings()
    if not settings.owner_database_url:
        raise SettingsInvalid("TAAR_OWNER_DATABASE_URL is empty: migrations run as the owner role")
    run_migrations(settings.owner_database_url)


@commands.command()
def check() -> None:
    """Read the settings and say whether they can be used."""
    settings: Settings = load_settings()
    _say(f"The settings are complete for {settings.environment}.")


@commands.command("company-add")
@click.option("--slug", required=True, help="A short name in Latin letters.")
@click.option("--name", required=True, help="The company's name as customers know it.")
@click.option("--phone-number-id", required=True, help="Meta's id of the WhatsApp number.")
@click.option("--display-number", required=True, help="The number as people dial it.")
@click.option("--waba-id", default="", help="Meta's id of the WhatsApp Business Account, which has the templates.")
@click.option("--owner-email", required=True)
@click.option("--owner-phone", required=True, help="From which the owner writes to the bot, with +92.")
@click.password_option("--owner-password", help="At least ten characters.")
def company_add(
    slug: str, name: str, phone_number_id: str, display_number: str, waba_id: str, owner_email: str,
    owner_phone: str, owner_password: str,
) -> None:  # fmt: skip
    """Add a company with its WhatsApp number and its owner."""
    if len(owner_password) < 10:
        raise click.ClickException("the password is shorter than ten characters")
    start_process(load_settings())
    try:
        with platform_session("cli") as session:
            company = open_company(
                session,
                slug=slug,
                name=name,
                phone_number_id=phone_number_id,
                display_number=display_number,
                waba_id=waba_id,
            )
            owner = add_staff(session, name=f"Owner of {name}", role="owner", phone=owner_phone)
            create_login(
                session, email=owner_email, password=owner_password, name=owner.name, role="owner",
                company_id=company.id, staff_id=owner.id,
            )  # fmt: skip
    except DomainError as refused:
        raise click.ClickException(str(refused)) from refused
    _say(f"{name} is ready: sign in as {owner_email}.")


@commands.command()
@click.option("--processes", "-n", default=1, show_default=True, type=click.IntRange(1, 64), help="How many at once.")
def worker(processes: int) -> None:
    """Serve the queues. SIGTERM lets each process finish its job, a second one kills them."""
    from workers import pool, run

    if processes == 1:
        run.main()
    else:
        load_settings()
        sys.exit(pool.Pool(processes).run())


@commands.command()
def scheduler() -> None:
    """Keep the timetable. Several may run: each time belongs to one, and another goes on when it ends."""
    from workers import schedule

    schedule.main()


@commands.command()
@click.argument("text", required=False)
@click.option("--role", default="customer", show_default=True, type=click.Choice(ROLES), help="Who writes TEXT.")
@click.option("--jsonl", type=click.File("rb"), help="Answer a file of {id, role, text, today} lines; - reads stdin.")
def understand(text: str | None, role: str, jsonl: IO[bytes] | None) -> None:
    """Show what the bot makes of TEXT, and why."""
    from cli.understanding import answer_file, told

    if (text is None) == (jsonl is None):
        raise click.UsageError("give a TEXT or --jsonl FILE")
    if jsonl is not None:
        sys.exit(0 if answer_file(jsonl) else 1)
    for line in told(text or "", role, business_day(utc_now(), "Asia/Karachi")):
        _say(line)


commands.add_command(chat)
commands.add_command(events_command)
commands.add_command(jobs_command)
commands.add_command(replay_command)


def _say(text: str) -> None:
    click.echo(text)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
