"""Lines that drop together and routers that fall silent make one suspicion; what is no outage makes none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.db import company_session
from core.messaging.models import OutboundMessage
from core.network.device_models import NetworkDevice
from core.network.outage_models import Outage
from core.network.outages import change_outage_policy, dismiss_outage
from core.usecases.poll_device import poll_device
from simulators.routeros.router import Router
from tests.builders import a_phone, make_staff
from tests.cast import NOW, TestCompany
from tests.core.network.routers import Site, a_site

NAMES = tuple(f"line{number}" for number in range(10))


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now.timestamp()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(company: TestCompany, clock: Clock) -> Iterator[Site]:
    """Ten lines that are online for an hour, on a router that runs for longer, and a manager."""
    with company_session(company.id, "test") as session:
        make_staff(session, company, role="manager", name="Saima", phone=a_phone())
    with a_site(company, Router("Gulberg-1", clock=clock)) as site:
        for name in NAMES:
            site.connect(name)
        site.pass_over()
        for name in NAMES:
            site.router.plug_in(name, site.password(name), redial_seconds=0)
        for minutes in (5, 55):
            poll(site, clock, minutes)
        yield site


def poll(site: Site, clock: Clock, minutes: int) -> None:
    clock.now += timedelta(minutes=minutes)
    poll_device(site.company.id, device_id=site.device_id, now=clock.now)


def unplug(site: Site, count: int) -> None:
    for name in NAMES[:count]:
        site.router.unplug(name)


def the_outages(site: Site) -> list[Outage]:
    with company_session(site.company.id) as session:
        return list(session.scalars(select(Outage).order_by(Outage.id)))


def told(site: Site) -> list[str]:
    with company_session(site.company.id) as session:
        said = select(OutboundMessage.text).where(OutboundMessage.dedupe_key.like("outage%"))
        return [text or "" for text in session.scalars(said.order_by(OutboundMessage.id))]


def test_lines_that_drop_together_make_one_suspicion_and_one_question(site: Site, clock: Clock) -> None:
    unplug(site, 6)
    poll(site, clock, 5)
    poll(site, clock, 5)
    (outage,) = the_outages(site)
    assert (outage.state, outage.device_id, outage.lines_before) == ("suspected", site.device_id, 10)
    (question,) = told(site)
    assert "6 of 10 lines in Gulberg III dropped together" in question


def test_a_few_lines_and_lines_that_are_back_are_no_outage(site: Site, clock: Clock) -> None:
    unplug(site, 4)
    poll(site, clock, 5)
    assert the_outages(site) == []
    for name in NAMES[:4]:
        site.router.plug_back(name)
    poll(site, clock, 30)
    unplug(site, 6)
    clock.now += timedelta(minutes=1)
    for name in NAMES[:6]:
        site.router.plug_back(name)
    poll(site, clock, 4)
    assert the_outages(site) == []


def test_few_lines_online_at_night_say_nothing(site: Site, clock: Clock) -> None:
    unplug(site, 3)
    poll(site, clock, 5)
    poll(site, clock, 30)
    for name in NAMES[3:]:
        site.router.unplug(name)
    poll(site, clock, 5)
    assert the_outages(site) == []


def test_lines_that_we_cut_are_no_outage(site: Site, clock: Clock) -> None:
    for name in NAMES[:6]:
        site.want(name, state="blocked")
    site.now = clock.now
    site.pass_over()
    unplug(site, 6)
    poll(site, clock, 5)
    assert the_outages(site) == []


def test_a_dismissed_suspicion_is_not_raised_again(site: Site, clock: Clock) -> None:
    unplug(site, 6)
    poll(site, clock, 5)
    with company_session(site.company.id, "test") as session:
        dismiss_outage(session, outage_id=the_outages(site)[0].id, dismissed_by="staff:1", now=clock.now)
    poll(site, clock, 4)
    assert [outage.state for outage in the_outages(site)] == ["dismissed"]


def test_lines_that_are_back_propose_the_end_once_and_end_nothing(site: Site, clock: Clock) -> None:
    unplug(site, 6)
    poll(site, clock, 5)
    for name in NAMES[:6]:
        site.router.plug_back(name)
    poll(site, clock, 5)
    back_at = clock.now
    assert len(told(site)) == 1
    for _ in range(3):
        poll(site, clock, 5)
    (outage,) = the_outages(site)
    assert (outage.state, outage.recovered_at) == ("suspected", back_at)
    assert [text for text in told(site) if "online again" in text] == [
        "10 of 10 lines in Gulberg III are online again. Is the outage there over?"
    ]


def test_a_silent_router_is_suspected_after_its_time(site: Site, clock: Clock) -> None:
    with company_session(site.company.id, "test") as session:
        change_outage_policy(session, dead_after_minutes=20)
    site.port.switch_off()
    for _ in range(3):
        poll(site, clock, 5)
    assert the_outages(site) == []
    poll(site, clock, 16)
    (outage,) = the_outages(site)
    assert (outage.state, outage.lines_before) == ("suspected", 10)
    assert "Router Gulberg-1 has not answered since" in told(site)[0]


def test_every_router_silent_at_once_is_our_own_line(site: Site, clock: Clock) -> None:
    with company_session(site.company.id, "test") as session:
        session.add(NetworkDevice(
            name="Gulberg-2", vendor="mikrotik", host="127.0.0.1", port=1, login="taar", sealed_password="x",
            state="unreachable",
        ))  # fmt: skip
    site.port.switch_off()
    for minutes in (5, 5, 5, 16):
        poll(site, clock, minutes)
    assert the_outages(site) == []
