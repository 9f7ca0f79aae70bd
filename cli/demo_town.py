"""The demo's ground: areas, plans of every kind, staff, equipment, and the customers with what they have taken."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from cli.demo_timeline import Timeline
from core.billing.lines import grant_discount
from core.billing.plan_models import Plan
from core.billing.plans import add_plan, set_price
from core.billing.subscription_models import Subscription
from core.billing.subscriptions import NewLine, start_contract, start_subscription
from core.billing.tax_table import add_exemption, add_tax_rate
from core.crm.intake import add_area, add_customer
from core.crm.models import Customer, Site, SubZone
from core.ids import Id, new_id
from core.network.access import want_access
from core.staff.models import Staff
from core.staff.people import add_staff
from simulators.town import AREAS, PLANS, Household

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
# The customers by their place in the town to whom something particular happens.
PHONE_SHARED, PREPAID, PREPAID_LAPSED, METERED, TV = 7, 8, 9, (10, 11), 12
PLAN_CHANGED, PAYS_FOR_OTHER, PAID_BY_OTHER, NEGOTIATED, OWN_DUE_DAYS = 13, 15, 16, 17, 18
AMOUNT_OFF, THREE_PERIODS_OFF, PERCENT_OFF, ON_VACATION, EQUIPPED, REISSUED = 20, 21, 22, 23, 24, 25
WRITTEN_OFF, BOUNCED, PAID_AHEAD, REFUNDED, CLAIMANTS, VOUCHER = 26, 27, 28, 29, (30, 31, 32), 33
EXEMPT, TIERED, HOSPITAL, CONTRACT, SCHOOLS = 34, 35, 36, 37, 38
NAMED = {HOSPITAL: "Shifa Family Hospital", SCHOOLS: "Ravi Model Schools"}
BRANCHES = tuple(f"Campus {number:02}" for number in range(1, 37))
"""A bill of more lines than a page holds."""
SITES = ("Head office", "Warehouse", "Liberty branch", "DHA branch", "Township branch")
HABITS = {
    **dict.fromkeys((*range(8, 26), BOUNCED, PAID_AHEAD, VOUCHER, EXEMPT, TIERED, CONTRACT, SCHOOLS), "pays"),
    **dict.fromkeys(CLAIMANTS, "one_late"),
    REFUNDED: "advance",
    WRITTEN_OFF: "three_late",
    HOSPITAL: "two_late",
}
LIKE = {
    PREPAID: "P15", PREPAID_LAPSED: "P15", VOUCHER: "P15", METERED[0]: "M1", METERED[1]: "M2", TIERED: "T40",
    PLAN_CHANGED: "F10", HOSPITAL: "B100",
}  # fmt: skip
"""What they take in place of the plan that chance gave them."""


@dataclass(frozen=True)
class Resident:
    """A customer of the town and what he has."""

    number: int
    household: Household
    customer_id: Id
    subscription_id: Id
    started_on: date

    @property
    def is_prepaid(self) -> bool:
        """He pays before he uses, so no bill waits for him."""
        return LIKE.get(self.number) == "P15"

    @property
    def habit(self) -> str:
        """How he pays, see `simulators.town.Household.habit`."""
        return HABITS.get(self.number, self.household.habit)


@dataclass
class Town:
    """What the parts of the load share."""

    timeline: Timeline
    months: Sequence[date]
    """The first days of the last three months, today's among them."""
    chance: random.Random
    secret: str
    residents: list[Resident] = field(default_factory=list)
    staff: list[Staff] = field(default_factory=list)
    areas: dict[str, Id] = field(default_factory=dict)
    zones: dict[str, Id] = field(default_factory=dict)
    plans: dict[str, Id] = field(default_factory=dict)
    devices: dict[Id, Id] = field(default_factory=dict)
    """Area to the router that serves it."""

    @property
    def today(self) -> date:
        """The company's day."""
        return self.timeline.today

    def people(self, role: str) -> list[Staff]:
        """The employees of a role."""
        return [person for person in self.staff if person.role == role]

    def agent_of(self, resident: Resident) -> Staff:
        """The recovery agent of the resident's area."""
        area_id = self.areas[resident.household.area]
        return next(agent for agent in self.people("recovery_agent") if agent.area_id == area_id)

    def day(self, month: int, day: int) -> date:
        """A day of the first, second or last of the months."""
        return self.months[month].replace(day=day)


def line_password(number: str) -> str:
    """Of a customer's PPPoE account, known to his simulated equipment too."""
    return f"line-{number.lower()}"


def lay_ground(session: Session, town: Town) -> None:
    """Areas in the Punjab's jurisdiction, plans and staff."""
    for name, zones in AREAS.items():
        area, sub_zones = add_area(session, name=name, sub_zones=[zone[0] for zone in zones])
        area.jurisdiction = "PK-PB"
        town.areas[name] = area.id
        town.zones |= {zone.name: zone.id for zone in sub_zones}
    add_tax_rate(
        session, code="SST", name="Punjab sales tax on services", kind="sales_tax", base="net",
        percent=Decimal("19.5"), account_code="2100", valid_from=date(2022, 7, 1), jurisdiction="PK-PB",
    )  # fmt: skip
    _plans(session, town)
    for name, role, phone, area_name in STAFF:
        area_id = town.areas[area_name] if area_name else None
        town.staff.append(add_staff(session, name=name, role=role, phone=phone, area_id=area_id))


def _plans(session: Session, town: Town) -> None:
    since = date(town.today.year - 3, 7, 1)

    def plan(code: str, name: str, mbps: int, price: str, **terms: object) -> None:
        added = add_plan(session, code=code, name=name, download_mbps=mbps, upload_mbps=mbps, price=Decimal(price),
                         valid_from=since, **terms)  # type: ignore[arg-type] # fmt: skip
        town.plans[code] = added.id

    for code, name, down, _, price in PLANS:
        plan(code, name, down, price, allowance_gb=down * 30, throttled_mbps=max(2, down // 5))
    plan("T40", "Home 40", 40, "3900", kind="tier", allowance_gb=1000, throttled_mbps=8)
    plan("M1", "Pay per GB", 50, "500", kind="metered", allowance_gb=50, rating="graduated",
         bands=((0, Decimal(12)), (100, Decimal(9))))  # fmt: skip
    plan("M2", "Shop per GB", 100, "900", kind="metered", allowance_gb=100, rating="volume",
         bands=((0, Decimal(10)), (200, Decimal(7))))  # fmt: skip
    plan("P15", "Prepaid 15 (30 days)", 15, "2300", validity_days=30, tax_inclusive=True)
    plan("TV", "Cable TV", 1, "450", service_class="tv")
    set_price(session, plan_id=town.plans["F20"], amount=Decimal("2600.00"), valid_from=town.months[1])


def add_resident(session: Session, town: Town, number: int, people: Sequence[Household]) -> Customer:
    """A customer with his line and what was agreed with him."""
    person = people[number]
    phone = people[0].phone if number == PHONE_SHARED else person.phone
    customer_class = "hospital" if number == HOSPITAL else (
        "corporate" if person.business or number == SCHOOLS else "residential"
    )  # fmt: skip
    customer, site = add_customer(
        session, name=NAMED.get(number, person.name), cnic=person.cnic,
        sub_zone_id=town.zones[person.sub_zone], phones=[phone], address=person.address, latitude=person.latitude,
        longitude=person.longitude, fibre_metres=person.fibre_metres, customer_class=customer_class,
    )  # fmt: skip
    subscription = _subscription(session, town, number, person, customer, site)
    is_prepaid = subscription.plan.validity_days is not None
    want_access(
        session, subscription_id=subscription.id, username=customer.number.lower(), allowed=not is_prepaid,
        profile=session.get_one(Plan, subscription.plan_id).code, password=line_password(customer.number),
        device_id=town.devices.get(session.get_one(SubZone, customer.sub_zone_id).area_id),
    )  # fmt: skip
    town.residents.append(Resident(number, person, customer.id, subscription.id, subscription.started_on))
    return customer


def _subscription(
    session: Session, town: Town, number: int, person: Household, customer: Customer, site: Site
) -> Subscription:
    is_new = number % 20 == 19
    started_on = town.day(1, 5 if number % 40 == 19 else 16) if is_new else (
        town.months[0] - timedelta(days=town.chance.randrange(30, 700))
    )  # fmt: skip
    if number in (CONTRACT, SCHOOLS):
        subscription = _contract(session, town, customer, site, started_on, is_school=number == SCHOOLS)
    else:
        subscription = start_subscription(
            session, customer_id=customer.id, site_id=site.id, started_on=started_on, billing_day=1,
            plan_id=town.plans[LIKE.get(number, person.plan)],
            payer_id=town.residents[PAYS_FOR_OTHER].customer_id if number == PAID_BY_OTHER else None,
            agreed_price=Decimal("1750.00") if number == NEGOTIATED else None,
            due_days=20 if number == OWN_DUE_DAYS else None,
            lines=[NewLine(plan_id=town.plans["TV"])] if number == TV else (),
        )  # fmt: skip
    if not is_new and subscription.next_bill_on is not None:
        # What came before was billed in the books before these.
        subscription.billed_until = subscription.next_bill_on = town.months[0]
    _agreements(session, town, number, subscription)
    return subscription


def _contract(
    session: Session, town: Town, customer: Customer, first: Site, started_on: date, *, is_school: bool
) -> Subscription:
    """A package for several sites: a trader's five, or a chain of schools with a bill of two pages."""
    names, others = (BRANCHES, "F20") if is_school else (SITES, "F50")
    sites = [first, *(Site(id=new_id(), customer_id=customer.id, address=f"{name}, {first.address}",
                           connection_type="fibre") for name in names[1:])]  # fmt: skip
    session.add_all(sites)
    session.flush()
    customer.tax_number = "8765432-1" if is_school else "7654321-0"
    lines = [
        NewLine(plan_id=town.plans[others if number else "B100"], role="site", site_id=site.id, description=name)
        for number, (site, name) in enumerate(zip(sites, names, strict=True))
    ]  # fmt: skip
    return start_contract(
        session, customer_id=customer.id, started_on=started_on, lines=lines,
        contract_no="RF-2026-021" if is_school else "RF-2026-014",
        contract_until=date(town.today.year + 1, 6, 30), billing_day=1, due_days=15,
        package_price=Decimal("86000.00" if is_school else "28000.00"),
    )  # fmt: skip


def _agreements(session: Session, town: Town, number: int, subscription: Subscription) -> None:
    since = town.months[0]
    manager = f"staff:{town.people('manager')[0].id}"
    if number == PERCENT_OFF:
        grant_discount(session, subscription_id=subscription.id, valid_from=since, percent=Decimal(10),
                       reason="Neighbour of the tower", approved_by=manager)  # fmt: skip
    if number == AMOUNT_OFF:
        grant_discount(session, subscription_id=subscription.id, valid_from=since, amount=Decimal("300.00"),
                       reason="Loyalty", approved_by=manager)  # fmt: skip
    if number == THREE_PERIODS_OFF:
        grant_discount(session, subscription_id=subscription.id, valid_from=since, percent=Decimal(25), periods=3,
                       reason="Welcome offer", approved_by=manager)  # fmt: skip
    if number == EXEMPT:
        add_exemption(session, customer_id=subscription.customer_id, tax_code="AIT236",
                      certificate_no="EXM-2026-00417", valid_from=since)  # fmt: skip
