"""The demo's company, loaded through the same functions the product uses: every figure is a real posting."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cli.demo_campaigns import hold_campaigns
from cli.demo_cash import answer_cash
from cli.demo_jobs import fill_board, plan_jobs
from cli.demo_logo import draw_logo
from cli.demo_messages import late_templates, register_templates, write_templates
from cli.demo_money import announce_bills_from_now_on, plan_money, set_billing_policy
from cli.demo_network import DARK, fill_usage, rate_some, tell_outages
from cli.demo_office import plan_leaver, plan_office
from cli.demo_people import write_people
from cli.demo_recovery import mark_delivered, plan_recovery
from cli.demo_routers import put_routers_on_file, write_routers
from cli.demo_stock import equip, is_new, lay_stock, plan_stock, stock_up
from cli.demo_timeline import ACTOR, Timeline
from cli.demo_town import Town, add_resident, lay_ground
from core.clock import business_day
from core.companies import Company
from core.db import company_session, platform_session
from core.ids import Id
from core.settings import Settings
from core.staff.logins import create_login
from core.staff.models import Staff
from core.usecases.keep_logo import keep_logo
from core.usecases.open_company import open_company
from simulators.town import households

SLUG = "ravi-fiber"
PHONE_NUMBER_ID = "1000200030004000"
DISPLAY_NUMBER = "+92 42 35550100"
WABA_ID = "100200300400500"
CUSTOMERS = 300
BATCH = 25
PASSWORD = "taar-demo"  # noqa: S105 - the demo's own, printed at every start
COMPLETE, ROUTERS, TEMPLATES = "demo.json", "routers.json", "templates.json"


class DemoUnfinished(Exception):
    """A load was interrupted; only a fresh start is sure to be whole."""


@dataclass(frozen=True)
class DemoLogin:
    """A sign-in of the panel that the demo prints."""

    role: str
    email: str
    password: str


def load(
    settings: Settings, say: Callable[[str], None], now: datetime, *, customers: int = CUSTOMERS
) -> list[DemoLogin]:
    """Load the company once; a second call only returns the logins. Raises DemoUnfinished."""
    marker = settings.data_dir / COMPLETE
    if marker.exists():
        if not (settings.data_dir / TEMPLATES).exists():  # loaded by a version without templates
            late_templates(SLUG, WABA_ID, settings.data_dir / TEMPLATES, now)
        return [DemoLogin(**row) for row in json.loads(marker.read_text())["logins"]]
    with platform_session(ACTOR) as session:
        if session.scalar(select(Company.id).where(Company.slug == SLUG)):
            raise DemoUnfinished("an earlier load was interrupted: run `make demo-reset`")
        company = _open(session)
    today = business_day(now, company.timezone)
    town = Town(
        timeline=Timeline(company.id, company.timezone, today, now), months=_last_months(today, 3),
        chance=random.Random(11), secret=settings.secret_key.get_secret_value(),  # noqa: S311 - a made-up town
    )  # fmt: skip
    _settle(town, customers, settings.router_port, say)
    _live(town, say)
    logins = _logins(company.id, town.staff)
    write_people(settings.data_dir / "people.json", company.id, today)
    with company_session(company.id, ACTOR) as session:
        write_routers(session, settings.data_dir / ROUTERS, DARK)
        write_templates(session, settings.data_dir / TEMPLATES)
    marker.write_text(json.dumps({"logins": [asdict(login) for login in logins]}, indent=2))
    return logins


def _open(session: Session) -> Company:
    return open_company(
        session, slug=SLUG, name="Ravi Fiber Networks", phone_number_id=PHONE_NUMBER_ID,
        display_number=DISPLAY_NUMBER, waba_id=WABA_ID, address="14-B Main Boulevard, Gulberg III, Lahore",
        support_phone="042 35550100", tax_number="1234567-8", sales_tax_number="P1234567-8",
        default_language="ur_Latn",
        payment_methods={
            "JazzCash": "0300 8000100", "Easypaisa": "0345 8000100",
            "Meezan Bank": "PK00 MEZN 0000 0001 2345 6702 (Ravi Fiber Networks)",
        },
    )  # fmt: skip


def _logins(company_id: Id, staff: Sequence[Staff]) -> list[DemoLogin]:
    logins = []
    with platform_session(ACTOR) as session:
        for person in staff:
            if person.role == "technician" or person.name in ("Naveed Akhtar", "Sohail Abbas"):
                continue
            email = f"{person.role.replace('recovery_agent', 'agent')}@ravifiber.example"
            create_login(session, email=email, password=PASSWORD, name=person.name, role=person.role,
                         company_id=company_id, staff_id=person.id)  # fmt: skip
            logins.append(DemoLogin(person.role, email, PASSWORD))
        create_login(session, email="admin@taar.example", password=PASSWORD, name="Super Admin",
                     role="super_admin", company_id=None, staff_id=None)  # fmt: skip
    return [*logins, DemoLogin("super_admin", "admin@taar.example", PASSWORD)]


def _settle(town: Town, customers: int, router_port: int, say: Callable[[str], None]) -> None:
    """The ground and the customers with their lines, in batches of transactions."""
    company_id = town.timeline.company_id
    with company_session(company_id, ACTOR) as session:
        set_billing_policy(session)
        keep_logo(session, data=draw_logo())
        lay_ground(session, town)
        put_routers_on_file(session, town, router_port)
        people = households(customers)
        lay_stock(session, town, people)
    for first in range(0, customers, BATCH):
        until = min(first + BATCH, customers)
        with company_session(company_id, ACTOR) as session:
            for number in range(first, until):
                customer = add_resident(session, town, number, people)
                if not is_new(number):
                    equip(session, town, customer, people[number])
        say(f"Loading the demo company: {until}/{customers} customers")
    with company_session(company_id, ACTOR) as session:
        stock_up(session, town)


def _live(town: Town, say: Callable[[str], None]) -> None:
    """Everything that happened, in order; what was sent then is not sent now."""
    plan_office(town)
    plan_leaver(town)
    plan_money(town)
    plan_recovery(town)
    plan_stock(town)
    plan_jobs(town)
    town.timeline.play(say)
    with company_session(town.timeline.company_id, ACTOR) as session:
        register_templates(session, town.timeline.now)
        fill_board(session, town, town.timeline.now)
        rate_some(session, town.timeline.now)
        answer_cash(session, town, town.timeline.now)
        tell_outages(session, town, town.timeline.now)
        fill_usage(session, town)
        announce_bills_from_now_on(session)
        mark_delivered(session, town.timeline.now)
        hold_campaigns(session, town, town.timeline.now)


def _last_months(today: date, count: int) -> list[date]:
    """The first days of the last `count` months, the oldest first, today's month among them."""
    index = today.year * 12 + today.month - 1
    return [date(i // 12, i % 12 + 1, 1) for i in range(index - count + 1, index + 1)]
