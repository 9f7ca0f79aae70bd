"""What every adapter has to do, whoever made the device."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from cli.embedded import EmbeddedServers
from core.network.adapter import Adapter, Change, WantedAccount
from core.network.diffing import difference
from tests.cast import NOW
from tests.core.network.benches import BENCHES, PLAN, SLOW, Bench


@pytest.fixture(params=sorted(BENCHES))
def bench(request: pytest.FixtureRequest, servers: EmbeddedServers) -> Iterator[Bench]:
    with BENCHES[request.param](servers) as bench:
        yield bench


@pytest.fixture
def device(bench: Bench) -> Iterator[Adapter]:
    device = bench.connect()
    device.prepare({"F50": PLAN, "F2": SLOW})
    yield device
    device.close()


def follow(device: Adapter, *wanted: WantedAccount) -> list[str]:
    """One pass; the moves it took."""
    changes = difference(wanted, device.read_accounts()).changes
    results = device.apply(changes)
    assert [result.change for result in results] == list(changes)
    assert {result.outcome for result in results} <= {"done"}, results
    return [change.move for change in changes]


def test_it_says_who_it_is_and_how_it_feels(device: Adapter) -> None:
    identity = device.identity()
    assert identity.name and identity.serial and identity.version
    assert device.health().uptime >= timedelta(0) and not device.closed


def test_what_was_made_is_read_back_as_wanted_and_a_second_pass_has_nothing_to_do(
    bench: Bench, device: Adapter
) -> None:
    wanted = [bench.account(number) for number in range(3)]
    assert follow(device, *wanted) == ["create"] * 3
    assert follow(device, *wanted) == []
    assert {each.subscription_id for each in device.read_accounts()} == {each.subscription_id for each in wanted}
    assert bench.speed_of(wanted[0].key) == (50_000, 10_000)


def test_one_who_is_suspended_is_out_and_one_who_paid_is_in(bench: Bench, device: Adapter) -> None:
    ali = bench.account(1)
    follow(device, ali)
    bench.plug_in(ali.key)
    assert bench.is_online(ali.key)
    assert follow(device, replace(ali, allowed=False)) == ["suspend"]
    assert not bench.is_online(ali.key)
    assert follow(device, replace(ali, allowed=False)) == []
    assert follow(device, ali) == ["restore"] and follow(device, ali) == []
    bench.plug_in(ali.key)
    assert bench.is_online(ali.key) and bench.speed_of(ali.key) == (50_000, 10_000)


def test_who_comes_back_on_another_plan_gets_its_speed(bench: Bench, device: Adapter) -> None:
    ali = bench.account(1)
    follow(device, ali)
    follow(device, replace(ali, allowed=False))
    assert follow(device, replace(ali, profile="F2", speed=SLOW)) == ["restore"]
    assert bench.speed_of(ali.key) == (2_000, 1_000)


def test_another_plan_is_another_speed(bench: Bench, device: Adapter) -> None:
    ali = bench.account(1)
    follow(device, ali)
    assert follow(device, replace(ali, profile="F2", speed=SLOW)) == ["change"]
    assert bench.speed_of(ali.key) == (2_000, 1_000)


def test_an_account_made_blocked_lets_nobody_in(bench: Bench, device: Adapter) -> None:
    ali = bench.account(1, allowed=False)
    assert follow(device, ali) == ["create"] and follow(device, ali) == []
    bench.plug_in(ali.key)
    assert not bench.is_online(ali.key)


def test_who_left_is_gone_and_may_come_back_as_somebody_else(bench: Bench, device: Adapter) -> None:
    ali = bench.account(1)
    follow(device, ali)
    bench.plug_in(ali.key)
    assert follow(device, replace(ali, absent=True)) == ["delete"]
    assert not bench.is_online(ali.key) and follow(device, replace(ali, absent=True)) == []
    again = bench.account(1)
    assert follow(device, again) == ["create"] and follow(device, again) == []
    bench.plug_in(ali.key)
    assert bench.is_online(ali.key)


def test_what_others_put_there_is_seen_and_left_alone(bench: Bench, device: Adapter) -> None:
    bench.add_by_hand(bench.key(9))
    bench.add_by_hand(bench.key(8))
    found = difference([bench.account(8), bench.account(1)], device.read_accounts())
    assert (found.foreign, len(found.taken), [change.move for change in found.changes]) == (1, 1, ["create"])
    (result,) = device.apply([Change("create", bench.account(9))])
    assert result.outcome == "refused" and not device.closed
    assert all(each.subscription_id is None for each in device.read_accounts())


def test_a_person_gives_an_account_of_his_to_a_subscription(bench: Bench, device: Adapter) -> None:
    bench.add_by_hand(bench.key(9))
    ours = bench.account(9)
    changes = difference([ours], device.read_accounts(), adopted={ours.subscription_id}).changes
    assert [result.outcome for result in device.apply(changes)] == ["done"]
    assert follow(device, ours) == [] and bench.speed_of(ours.key) == (50_000, 10_000)


def test_some_accounts_are_read_by_their_keys(bench: Bench, device: Adapter) -> None:
    follow(device, *(bench.account(number) for number in range(4)))
    assert {each.key for each in device.read_accounts(keys=[bench.key(1), bench.key(3), bench.key(77)])} == {
        bench.key(1), bench.key(3)}  # fmt: skip
    assert device.read_accounts(keys=[]) == []


def test_one_that_is_refused_holds_no_other_up(bench: Bench, device: Adapter) -> None:
    bench.add_by_hand(bench.key(1))
    results = device.apply([Change("create", bench.account(number)) for number in range(3)])
    assert [result.outcome for result in results] == ["done", "refused", "done"] and results[1].error


def test_who_is_online_and_what_he_moved(bench: Bench, device: Adapter) -> None:
    follow(device, bench.account(1), bench.account(2))
    bench.plug_in(bench.key(1))
    bench.move(bench.key(1), 5_000_000_000, 7_000)
    (session,) = device.sessions(now=NOW)
    (counter,) = device.counters(now=NOW)
    assert (session.kind, session.key) == (bench.kind, bench.key(1)) and session.started_at <= NOW
    assert (counter.key, counter.session) == (session.key, session.reference)
    assert (counter.bytes_down, counter.bytes_up) == (5_000_000_000, 7_000)
    assert device.disconnect([bench.key(1), bench.key(2)]) == 1 and device.disconnect([]) == 0


@pytest.mark.parametrize("carried_out", [False, True])
def test_of_a_write_that_was_under_way_when_the_line_broke_nothing_is_claimed(
    bench: Bench, device: Adapter, carried_out: bool
) -> None:
    (bench.break_after if carried_out else bench.break_before)()
    ali, bano = bench.account(1), bench.account(2)
    results = device.apply([Change("create", ali), Change("create", bano)])
    assert results[0].outcome == "unknown" and device.closed
    again = bench.connect()
    follow(again, ali, bano)
    assert follow(again, ali, bano) == []
