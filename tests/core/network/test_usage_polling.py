"""Counters that start over, wrap and vanish become use by day, each byte once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from core.db import company_session
from core.network.adapter import Counter
from core.network.counting import Growth, Reading, by_day, growth, is_plausible
from core.network.record_models import LineSession, SuspectReading
from core.network.usage import daily_use, total_use
from core.usecases.poll_device import poll_device
from simulators.routeros.router import Router
from tests.cast import NOW, TestCompany
from tests.core.network.routers import Site, a_site

MB = 10**6
KARACHI = "Asia/Karachi"


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
    with a_site(company, Router("Gulberg-1", clock=clock)) as site:
        yield site


def poll(site: Site, clock: Clock, minutes: int) -> None:
    clock.now += timedelta(minutes=minutes)
    assert poll_device(site.company.id, device_id=site.device_id, now=clock.now) is not None


def used(site: Site, name: str) -> int:
    with company_session(site.company.id) as session:
        days = daily_use(session, subscription_ids=[site.numbers[name]], since=date(2026, 11, 20),
                         until=date(2026, 12, 1))  # fmt: skip
        return total_use(days)


def online(site: Site, name: str) -> None:
    site.connect(name)
    site.pass_over()
    site.router.plug_in(name, site.password(name), redial_seconds=0)


def test_use_is_counted_over_a_reconnect_and_a_reboot(site: Site, clock: Clock) -> None:
    online(site, "ali")
    site.router.moved("ali", down=100 * MB, up=10 * MB)
    poll(site, clock, 5)
    site.router.moved("ali", down=50 * MB)
    poll(site, clock, 5)
    assert used(site, "ali") == 160 * MB
    site.router.unplug("ali")
    clock.now += timedelta(minutes=1)
    site.router.plug_back("ali")
    site.router.moved("ali", down=30 * MB)
    poll(site, clock, 4)
    site.router.reboot()
    clock.now += timedelta(minutes=1)
    assert site.router.is_online("ali")
    site.router.moved("ali", up=5 * MB)
    poll(site, clock, 5)
    assert used(site, "ali") == 195 * MB
    with company_session(site.company.id) as session:
        sessions = session.scalars(select(LineSession).order_by(LineSession.started_at)).all()
        assert [(row.bytes_down + row.bytes_up, row.ended_at is None) for row in sessions] == [
            (160 * MB, False), (30 * MB, False), (5 * MB, True),
        ]  # fmt: skip


def test_the_same_reading_twice_adds_nothing(site: Site, clock: Clock) -> None:
    online(site, "ali")
    site.router.moved("ali", down=100 * MB)
    poll(site, clock, 5)
    poll(site, clock, 0)
    assert used(site, "ali") == 100 * MB


def test_what_a_line_cannot_carry_is_kept_aside_and_not_billed(site: Site, clock: Clock) -> None:
    online(site, "ali")
    poll(site, clock, 5)
    site.router.moved("ali", down=10**12)
    poll(site, clock, 5)
    assert used(site, "ali") == 0
    with company_session(site.company.id) as session:
        assert session.scalars(select(SuspectReading.bytes_down)).all() == [10**12]
    site.router.moved("ali", down=MB)
    poll(site, clock, 5)
    assert used(site, "ali") == MB


def test_a_router_that_does_not_answer_ends_nobodys_session(site: Site, clock: Clock) -> None:
    online(site, "ali")
    poll(site, clock, 5)
    site.port.switch_off()
    clock.now += timedelta(minutes=5)
    assert poll_device(site.company.id, device_id=site.device_id, now=clock.now) is None
    with company_session(site.company.id) as session:
        assert session.scalars(select(LineSession.ended_at)).all() == [None]


def test_what_was_moved_since_the_last_reading_is_counted_before_a_cut(site: Site, clock: Clock) -> None:
    online(site, "ali")
    poll(site, clock, 5)
    site.router.moved("ali", down=7 * MB)
    site.now = clock.now = clock.now + timedelta(minutes=2)
    site.want("ali", state="absent")
    site.pass_over(full=False)
    assert used(site, "ali") == 7 * MB


def test_accounts_that_are_not_ours_are_not_counted(site: Site, clock: Clock) -> None:
    site.router.table("/ppp/secret").add({"name": "office", "password": "x"})
    site.router.plug_in("office", "x")
    site.router.moved("office", down=5 * MB)
    poll(site, clock, 5)
    with company_session(site.company.id) as session:
        assert session.scalars(select(LineSession)).all() == []


def counter(down: int, bits: int = 64) -> Counter:
    return Counter("pppoe", "ali", "0x1", NOW - timedelta(hours=1), down, 0, bits)


def known(down: int) -> Reading:
    return Reading(NOW - timedelta(hours=1), NOW - timedelta(minutes=5), down, 0)


def test_a_narrow_counter_wraps_and_a_wide_one_starts_over() -> None:
    just_below = 2**32 - 10 * MB
    assert growth(known(just_below), counter(5 * MB, 32), now=NOW, line_kbps=20_000).down == 15 * MB
    assert growth(known(just_below), counter(5 * MB, 64), now=NOW, line_kbps=20_000).down == 5 * MB


def test_a_narrow_counter_far_from_its_end_started_over() -> None:
    assert growth(known(10 * MB), counter(5 * MB, 32), now=NOW, line_kbps=20_000).down == 5 * MB


def test_use_over_midnight_belongs_to_both_days() -> None:
    midnight = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
    grown = Growth(1000, 100, midnight - timedelta(minutes=1), midnight + timedelta(minutes=3))
    assert list(by_day(grown, KARACHI)) == [(date(2026, 11, 24), 250, 25, 60), (date(2026, 11, 25), 750, 75, 180)]


@given(
    st.integers(0, 2**50), st.integers(0, 2**50), st.integers(0, 10 * 86400),
    st.sampled_from([KARACHI, "America/New_York", "Europe/London", "Pacific/Apia"]),
)  # fmt: skip
def test_sharing_out_by_day_keeps_every_byte(down: int, up: int, seconds: int, zone: str) -> None:
    grown = Growth(down, up, NOW - timedelta(seconds=seconds), NOW)
    parts = list(by_day(grown, zone))
    assert sum(part[1] for part in parts) == down and sum(part[2] for part in parts) == up
    assert all(part[1] >= 0 and part[2] >= 0 and part[3] >= 0 for part in parts)
    assert [part[0] for part in parts] == sorted({part[0] for part in parts})


@given(st.lists(st.tuples(st.integers(0, 10**9), st.booleans()), max_size=30))
def test_a_counter_read_often_never_loses_or_invents(steps: list[tuple[int, bool]]) -> None:
    """What is lost at a reset is at most what was moved since the last reading."""
    reading, real, billed, value = known(0), 0, 0, 0
    for moved, reset_first in steps:
        value = moved if reset_first else value + moved
        real += moved
        grown = growth(reading, counter(value), now=NOW, line_kbps=10**9)
        assert is_plausible(grown, line_kbps=10**9)
        billed += grown.down
        reading = known(value)
    assert billed <= real


def test_the_first_reading_of_a_new_device_bills_nothing_of_before(site: Site, clock: Clock) -> None:
    with company_session(site.company.id) as session:
        from core.network.device_models import NetworkDevice

        session.get_one(NetworkDevice, site.device_id).created_at = clock.now + timedelta(minutes=1)
    online(site, "ali")
    site.router.moved("ali", down=100 * MB)
    poll(site, clock, 5)
    site.router.moved("ali", down=MB)
    poll(site, clock, 5)
    assert used(site, "ali") == MB
