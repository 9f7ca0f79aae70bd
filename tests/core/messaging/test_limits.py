"""Meta's limits are reserved before sending, in Redis or, while that is away, far below them."""

from __future__ import annotations

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.ids import new_id
from core.messaging.limits import LOCAL_PAIR_BURST, PAIR_BURST, SendLimits
from tests.cast import NOW
from tests.core.messaging.conftest import Desk
from tests.core.messaging.wire import Wire


@pytest.fixture
def limits(redis_url: str) -> SendLimits:
    connection = Redis.from_url(redis_url)
    return SendLimits(lambda: connection)


@pytest.fixture
def without_redis() -> SendLimits:
    nobody = Redis(unix_socket_path="/nonexistent/redis.sock", retry=Retry(NoBackoff(), 0))
    return SendLimits(lambda: nobody)


def test_a_numbers_messages_are_spread_over_time(limits: SendLimits) -> None:
    slots = limits.reserve(new_id(), [new_id() for _ in range(100)], per_second=50)

    assert all(slot.granted for slot in slots)
    assert 1.7 < slots[-1].delay <= 2.0


def test_two_processes_share_a_numbers_rate(limits: SendLimits, redis_url: str) -> None:
    number = new_id()
    connection = Redis.from_url(redis_url)
    other = SendLimits(lambda: connection)

    limits.reserve(number, [new_id() for _ in range(50)], per_second=50)
    late = other.reserve(number, [new_id()], per_second=50)

    assert late[0].delay > 0.7


def test_one_person_gets_a_burst_and_then_one_in_six_seconds(limits: SendLimits) -> None:
    number, person = new_id(), new_id()

    slots = limits.reserve(number, [person] * (PAIR_BURST + 5), per_second=1000)

    assert [slot.granted for slot in slots] == [True] * PAIR_BURST + [False] * 5
    assert 5.5 < slots[-1].delay <= 6.0


def test_without_redis_sending_goes_on_far_below_the_limits(without_redis: SendLimits) -> None:
    number, person = new_id(), new_id()

    burst = without_redis.reserve(number, [person] * 10, per_second=70)
    others = without_redis.reserve(number, [new_id() for _ in range(20)], per_second=70)

    assert sum(slot.granted for slot in burst) == LOCAL_PAIR_BURST
    assert others[-1].delay > 1.5


@pytest.mark.parametrize("which", ["limits", "without_redis"])
def test_a_paused_lane_is_closed_for_its_number_alone(which: str, request: pytest.FixtureRequest) -> None:
    held: SendLimits = request.getfixturevalue(which)
    number = new_id()

    held.pause(number, "bulk", 60)

    assert "bulk" not in held.open_lanes(number) and "reply" in held.open_lanes(number)
    assert "bulk" in held.open_lanes(new_id())
    held.pause(number, None, 60)
    assert held.open_lanes(number) == ()


def test_a_flooded_person_is_served_later_and_still_in_order(desk: Desk, wire: Wire) -> None:
    person = desk.person()
    queued = [desk.queue(person, str(n)) for n in range(PAIR_BURST + 2)]

    desk.drain()

    assert [body["text"]["body"] for body in wire.messages] == [str(n) for n in range(PAIR_BURST)]
    waiting = [desk.row(message) for message in queued[PAIR_BURST:]]
    assert [row.state for row in waiting] == ["queued", "queued"]
    assert waiting[0].not_before > NOW
    assert waiting[0].attempts == 0


def test_draining_goes_on_without_redis(desk: Desk, wire: Wire, without_redis: SendLimits) -> None:
    desk.limits = without_redis
    message = desk.queue(desk.person(), "hello")

    desk.drain()

    assert desk.row(message).state == "accepted"
