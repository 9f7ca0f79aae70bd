"""How fast the simulator lets a business send, as the real one does."""

from __future__ import annotations

import pytest

from simulators.whatsapp_cloud.errors import GraphError
from simulators.whatsapp_cloud.limits import Limits
from simulators.whatsapp_cloud.server import Simulator
from tests.simulators.meta import AYESHA, post, text


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def refusals(limits: Limits, recipients: list[str]) -> list[int]:
    codes = []
    for recipient in recipients:
        try:
            limits.admit(recipient)
        except GraphError as refused:
            codes.append(refused.code)
    return codes


def test_eighty_messages_go_in_a_second_and_the_next_ones_later() -> None:
    clock = Clock()
    limits = Limits(80, clock)
    people = [f"9230000{n:05d}" for n in range(100)]
    assert refusals(limits, people) == [130429] * 20
    clock.now += 0.99
    assert refusals(limits, people[:1]) == [130429]
    clock.now += 0.02
    assert refusals(limits, people[:80]) == []


def test_what_comes_in_counts_towards_the_throughput() -> None:
    limits = Limits(80, Clock())
    for _ in range(30):
        limits.count_inbound()
    assert refusals(limits, [f"9230000{n:05d}" for n in range(51)]) == [130429]


def test_one_person_gets_forty_five_at_once_and_then_one_every_six_seconds() -> None:
    clock = Clock()
    limits = Limits(1000, clock)
    assert refusals(limits, ["92300"] * 46) == [131056]
    assert refusals(limits, ["92301"]) == []
    clock.now += 5.9
    assert refusals(limits, ["92300"]) == [131056]
    clock.now += 0.2
    assert refusals(limits, ["92300"] * 2) == [131056]


def test_limits_can_be_taken_off() -> None:
    assert refusals(Limits(1, Clock(), on=False), ["92300"] * 100) == []


def test_the_api_answers_in_metas_words(simulator: Simulator) -> None:
    simulator.limits.per_second = 1
    assert post(simulator, text()).status_code == 200
    refused = post(simulator, text())
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, 130429)
    simulator.limits.per_second = 1000
    answers = [post(simulator, text(str(n))) for n in range(45)]
    assert [answer.status_code for answer in answers] == [200] * 44 + [400]
    assert answers[-1].json()["error"]["code"] == 131056


@pytest.mark.parametrize("spelling", [AYESHA.phone, AYESHA.digits, "+92 300 1234567"])
def test_a_person_is_one_however_the_number_is_written(simulator: Simulator, spelling: str) -> None:
    for _ in range(45):
        simulator.limits.admit(AYESHA.digits)
    assert post(simulator, text() | {"to": spelling}).json()["error"]["code"] == 131056
