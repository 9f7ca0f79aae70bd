"""The demo's company, loaded through the same functions the product uses: every figure is a real posting."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from cli.demo_people import write_people
from core.billing.invoice_models import Invoice
from core.billing.invoices import issue_subscription_invoice
from core.billing.payments import record_payment
from core.billing.plan_models import Plan
from core.billing.plans import add_plan, set_price
from core.billing.subscription_models import Subscription
from core.billing.subscriptions import start_subscription
from core.clock import business_day
from core.companies import Company
from core.crm.intake import add_area, add_customer
from core.crm.models import Customer
from core.db import company_session, platform_session
from core.ids import Id
from core.inventory.items import move_item, receive_item
from core.money import rounded
from core.network.access import want_access
from core.service_desk.tickets import add_note, assign_ticket, open_ticket, resolve_ticket
from core.settings import Settings
from core.staff.logins import create_login
from core.staff.models import Staff
from core.staff.people import add_staff
from core.usecases.open_company import open_company
from simulators.town import AREAS, PLANS, Household, households

SLUG = "ravi-fiber"
PHONE_NUMBER_ID = "1000200030004000"
DISPLAY_NUMBER = "+92 42 35550100"
CUSTOMERS = 300
BATCH = 25
PASSWORD = "taar-demo"  # noqa: S105 - the demo's own, printed at every start
COMPLETE = "demo.json"
ACTOR = "demo"
STAFF = (
    ("Hamid Mahmood", "owner", "+923008000001", None), ("Shazia Akram", "manager", "+923008000002", None),
    ("Rabia Aslam", "recovery_agent", "+923008000011", "Gulberg"),
    ("Naveed Akhtar", "recovery_agent", "+923008000012", "Johar Town"),
    ("Sohail Abbas", "recovery_agent", "+923008000013", "Model Town"),
    ("Tariq Mehmood", "technician", "+923008000021", "Gulberg"),
    ("Aslam Pervez", "technician", "+923008000022", "Gulberg"),
    ("Ghulam Rasool", "technician", "+923008000023", "Johar Town"),
    ("Shahid Nazir", "technician", "+923008000024", "Johar Town"),
    ("Irfan Haider", "technician", "+923008000025", "Model Town"),
)  # fmt: skip


class DemoUnfinished(Exception):
    """A load was interrupted; only a fresh start is sure to be whole."""


@dataclass(frozen=True)
class DemoLogin:
    """A sign-in of the panel that the demo prints."""

    role: str
    email: str
    password: str


def load(settings: Settings, say: Callable[[str], None], now: datetime) -> list[DemoLogin]:
    """Load the company once; a second call only returns the logins. Raises DemoUnfinished."""
    marker = settings.data_dir / COMPLETE
    if marker.exists():
        return [DemoLogin(**row) for row in json.loads(marker.read_text())["logins"]]
    with platform_session(ACTOR) as session:
        if session.scalar(select(Company.id).where(Company.slug == SLUG)):
            raise DemoUnfinished("an earlier load was interrupted: run `make demo-reset`")
        company = _open(session)
    today = business_day(now, company.timezone)
    loader = _Loader(company.id, today, now, random.Random(11), say)  # noqa: S311 - a made-up town, no secret
    loader.run()
    logins = _logins(company.id, loader.staff)
    write_people(settings.data_dir / "people.json", company.id, today)
    marker.write_text(json.dumps({"logins": [asdict(login) for login in logins]}, indent=2))
    return logins


def _open(session: Session) -> Company:
    return open_company(
        session, slug=SLUG, name="Ravi Fiber Networks", phone_number_id=PHONE_NUMBER_ID,
        display_number=DISPLAY_NUMBER, address="14-B Main Boulevard, Gulberg III, Lahore",
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


class _Loader:
    """Loads in batches of transactions, reporting progress."""

    def __init__(self, company_id: Id, today: date, now: datetime, chance: random.Random,
                 say: Callable[[str], None]) -> None:  # fmt: skip
        self.company_id, self.today, self.now, self.chance, self.say = company_id, today, now, chance, say
        self.months = _last_months(today, 3)
        self.staff: list[Staff] = []
        self.areas: dict[str, Id] = {}
        self.zones: dict[str, Id] = {}
        self.plans: dict[str, Id] = {}

    def run(self) -> None:
        with company_session(self.company_id, ACTOR) as session:
            self._ground(session)
        people = households(CUSTOMERS)
        for first in range(0, len(people), BATCH):
            with company_session(self.company_id, ACTOR) as session:
                for number, person in enumerate(people[first : first + BATCH], first):
                    self._customer(session, number, person, people)
            self.say(f"Loading the demo company: {min(first + BATCH, CUSTOMERS)}/{CUSTOMERS} customers")
        with company_session(self.company_id, ACTOR) as session:
            self._tickets(session)

    def _ground(self, session: Session) -> None:
        for name, zones in AREAS.items():
            area, sub_zones = add_area(session, name=name, sub_zones=[zone[0] for zone in zones])
            self.areas[name] = area.id
            self.zones |= {zone.name: zone.id for zone in sub_zones}
        for code, name, down, up, price in PLANS:
            plan = add_plan(session, code=code, name=name, download_mbps=down, upload_mbps=up,
                            price=Decimal(price), valid_from=date(self.today.year - 1, 7, 1))  # fmt: skip
            self.plans[code] = plan.id
        raised = Decimal("2600.00")
        set_price(session, plan_id=self.plans["F20"], amount=raised, valid_from=self.months[1])
        for name, role, phone, area_name in STAFF:
            area_id = self.areas[area_name] if area_name else None
            self.staff.append(add_staff(session, name=name, role=role, phone=phone, area_id=area_id))
        for number, person in enumerate(s for s in self.staff if s.role == "technician"):
            for spare in range(3):
                item = receive_item(session, kind="onu", model="HG8546M", serial=f"HWTCAA{number:02d}{spare:04d}",
                                    actor=ACTOR, now=self.now)  # fmt: skip
                move_item(session, item=item, to_kind="technician", to_id=person.id, reason="issued to van",
                          actor=ACTOR, now=self.now)  # fmt: skip

    def _customer(self, session: Session, number: int, person: Household, people: Sequence[Household]) -> None:
        # The eighth household is a second account on the first one's phone.
        phone = people[0].phone if number == 7 else person.phone
        customer, site = add_customer(
            session, name=person.name, cnic=person.cnic, sub_zone_id=self.zones[person.sub_zone], phones=[phone],
            address=person.address, latitude=person.latitude, longitude=person.longitude,
            fibre_metres=person.fibre_metres, customer_class="corporate" if person.business else "residential",
        )  # fmt: skip
        plan_id = self.plans[person.plan]
        subscription = start_subscription(
            session, customer_id=customer.id, site_id=site.id, plan_id=plan_id,
            started_on=self.months[0] - timedelta(days=self.chance.randrange(30, 700)), billing_day=1,
        )  # fmt: skip
        self._equipment(session, customer, person)
        self._money(session, customer, subscription, person.habit)
        blocked = person.habit == "three_late"
        if blocked:
            customer.state = subscription.state = "suspended"
        profile = session.get_one(Plan, plan_id).code
        want_access(session, subscription_id=subscription.id, username=customer.number.lower(), profile=profile,
                    allowed=not blocked)  # fmt: skip

    def _equipment(self, session: Session, customer: Customer, person: Household) -> None:
        for kind, model, serial in (
            ("onu", "HG8546M", person.onu_serial),
            ("router", "Archer C6", person.router_serial),
        ):
            mac = person.mac if kind == "router" else ""
            item = receive_item(session, kind=kind, model=model, serial=serial, mac=mac, actor=ACTOR, now=self.now)
            ownership = "rented" if kind == "onu" else "sold"
            move_item(session, item=item, to_kind="customer", to_id=customer.id, reason="installation", actor=ACTOR,
                      now=self.now, ownership=ownership)  # fmt: skip

    def _money(self, session: Session, customer: Customer, subscription: Subscription, habit: str) -> None:
        late = {"one_late": 1, "part": 1, "two_late": 2, "three_late": 3}.get(habit, 0)
        for index, month in enumerate(self.months):
            invoice = issue_subscription_invoice(
                session, subscription_id=subscription.id, period_start=month, period_end=_next_month(month),
                issued_on=month, due_on=month + timedelta(days=9), actor=ACTOR, origin=ACTOR,
            )  # fmt: skip
            paid_share = self._share(habit, months_left=len(self.months) - index, late=late)
            if paid_share and invoice.balance:
                self._pay(session, customer, invoice, rounded(invoice.balance * paid_share))

    def _share(self, habit: str, *, months_left: int, late: int) -> Decimal:
        """How much of a month's bill is paid: all, half of the last, or more than asked."""
        if months_left > late:
            return Decimal("1.5") if habit == "advance" and months_left == 1 else Decimal(1)
        return Decimal("0.4") if habit == "part" else Decimal(0)

    def _pay(self, session: Session, customer: Customer, invoice: Invoice, amount: Decimal) -> None:
        assert invoice.issued_on is not None
        method = self.chance.choices(("cash", "jazzcash", "easypaisa", "bank"), (40, 30, 15, 15))[0]
        day = min(invoice.issued_on + timedelta(days=self.chance.randrange(1, 9)), self.today)
        reference = "" if method == "cash" else f"{method[:2].upper()}{self.chance.randrange(10**10):010d}"
        record_payment(
            session, customer_id=customer.id, amount=amount, method=method, received_on=day,
            idempotency_key=f"demo:{invoice.number}", taken_by=ACTOR, reference=reference, origin=ACTOR,
            now=self.now,
        )  # fmt: skip

    def _tickets(self, session: Session) -> None:
        technicians = [person for person in self.staff if person.role == "technician"]
        customers = session.scalars(select(Customer).order_by(Customer.number)).all()
        texts = {"no_internet": "Red light on the ONU since morning", "slow_speed": "Very slow in the evening",
                 "intermittent": "Comes and goes since the rain", "cable_damage": "Cable cut at the pole",
                 "router_wifi": "Wi-Fi does not reach the upper floor"}  # fmt: skip
        for number, customer in enumerate(self.chance.sample(customers[8:], 34)):
            category = self.chance.choice(sorted(texts))
            opened = self.now - timedelta(hours=self.chance.randrange(1, 20) + (72 if number >= 20 else 0))
            ticket = open_ticket(session, customer_id=customer.id, category=category, description=texts[category],
                                 opened_by=ACTOR, now=opened)  # fmt: skip
            if number >= 8:
                person = technicians[number % len(technicians)]
                assign_ticket(session, ticket_id=ticket.id, staff_id=person.id)
                add_note(session, ticket_id=ticket.id, author=f"staff:{person.id}", public=True,
                         body=f"{person.name} will visit.")  # fmt: skip
            if number >= 20:
                resolve_ticket(session, ticket_id=ticket.id, now=opened + timedelta(hours=6))


def _last_months(today: date, count: int) -> list[date]:
    """The first days of the last `count` months, the oldest first, today's month among them."""
    index = today.year * 12 + today.month - 1
    return [date(i // 12, i % 12 + 1, 1) for i in range(index - count + 1, index + 1)]


def _next_month(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)
