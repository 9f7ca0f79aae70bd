"""The demo's network: what every line used day by day, an outage that is over and one that runs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cli.demo_timeline import ACTOR
from cli.demo_town import METERED, Resident, Town
from core.billing.plan_models import Plan
from core.billing.subscription_models import Subscription
from core.companies import BusinessNumber
from core.network import outages as network
from core.network.outages import change_outage_policy, open_outage, report_outage
from core.network.usage import UsageDelta, record_usage
from core.service_desk.models import Ticket
from core.service_desk.ratings import comment_on_rating, rate_ticket
from core.usecases.confirm_outage import confirm_outage
from core.usecases.credit_outage import credit_outage

DAYS = 75
BATCH = 5000
MB = 10**6
DARK, DARK_BEFORE = "Wapda Town", "Model Town C"
COMMENTS = {5: "Bohat acha kaam kiya", 4: "", 3: "Thora der se aye", 2: "Masla do din baad hal hua"}


def fill_usage(session: Session, town: Town) -> None:
    """Use by day of every line that is not metered; the metered ones were read as their bills needed it."""
    chance = random.Random(17)  # noqa: S311 - a made-up town
    speeds = {row.id: row.download_mbps for row in session.execute(
        select(Subscription.id, Plan.download_mbps).join(Plan, Plan.id == Subscription.plan_id)
    )}  # fmt: skip
    batch: list[UsageDelta] = []
    for resident in town.residents:
        if resident.number not in METERED:
            batch += _days(town, resident, speeds[resident.subscription_id], chance)
        if len(batch) >= BATCH:
            record_usage(session, deltas=batch)
            batch = []
    record_usage(session, deltas=batch)


def _days(town: Town, resident: Resident, mbps: int, chance: random.Random) -> Iterator[UsageDelta]:
    """More on fast lines and on weekends; today is half over."""
    since = max(resident.started_on, town.today - timedelta(days=DAYS - 1))
    habit = chance.uniform(0.4, 1.6)
    for number in range((town.today - since).days + 1):
        day = since + timedelta(days=number)
        share = (0.5 if day == town.today else 1.0) * (1.3 if day.isoweekday() in (6, 7) else 1.0)
        down = int(mbps * 420 * habit * share * chance.uniform(0.5, 1.5)) * MB
        hours = int(24 * share * chance.uniform(0.75, 0.99)) if share < 1 else int(24 * chance.uniform(0.8, 1.0))
        yield UsageDelta(resident.subscription_id, day, down, down // chance.randrange(8, 15), hours * 3600)


def tell_outages(session: Session, town: Town, now: datetime) -> None:
    """A cut fibre of last week that is over, and a cabinet without power that somebody works on now."""
    manager = f"staff:{town.people('manager')[0].id}"
    before = open_outage(
        session, sub_zone_ids=[town.zones[DARK_BEFORE]], opened_by=manager, now=now - timedelta(days=6), confirmed=True,
        cause="Fibre cut by road works", expected_end=now - timedelta(days=6) + timedelta(hours=5),
    )  # fmt: skip
    over = now - timedelta(days=6) + timedelta(hours=4)
    change_outage_policy(session, gives_credit=True, credit_unit="hour", credit_after_hours=2)
    network.end_outage(session, outage_id=before.id, ended_by=manager, now=over)
    credit_outage(session, outage=before, actor=manager, now=over, origin="demo:outage")
    running = open_outage(
        session, sub_zone_ids=[town.zones[DARK]], opened_by=ACTOR, now=now, started_at=now - timedelta(minutes=50)
    )
    confirm_outage(
        session, outage_id=running.id, confirmed_by=manager, now=now - timedelta(minutes=40),
        cause="No power at the street cabinet", expected_end=now + timedelta(hours=3),
    )  # fmt: skip
    number = session.scalar(select(BusinessNumber.id).limit(1))
    for resident in [each for each in town.residents if each.household.sub_zone == DARK][:4]:
        report_outage(session, outage_id=running.id, customer_id=resident.customer_id, contact_id=None,
                      business_number_id=number, now=now - timedelta(minutes=30))  # fmt: skip


def rate_some(session: Session, now: datetime) -> None:
    """Some of those whose complaints are solved said how satisfied they are."""
    solved = session.scalars(select(Ticket).where(Ticket.state == "resolved").order_by(Ticket.number)).all()
    for place, ticket in enumerate(solved):
        stars = (5, 4, 5, 3, 5, 4, 2)[place % 7]
        if place % 3:
            rate_ticket(session, ticket_id=ticket.id, rating=stars, now=now)
            if COMMENTS[stars]:
                comment_on_rating(session, ticket_id=ticket.id, comment=COMMENTS[stars])
