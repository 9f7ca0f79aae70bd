"""The ringer: rings from its own thread, loses none, and makes many equal ones into few."""

from __future__ import annotations

import threading

from core.jobs import Ringer

PATIENCE = 10.0


def test_every_ring_is_followed_by_its_bell() -> None:
    ringer, rung = Ringer(pause=0.0), threading.Event()
    ringer.ring("a", rung.set)
    assert rung.wait(PATIENCE)


def test_rings_that_come_while_a_bell_sounds_are_one_more() -> None:
    ringer = Ringer(pause=0.0)
    sounding, let_go, after = threading.Event(), threading.Event(), threading.Event()
    heard: list[str] = []

    def slow_bell() -> None:
        heard.append("slow")
        sounding.set()
        let_go.wait(PATIENCE)

    def bell() -> None:
        heard.append("again")

    ringer.ring("number", slow_bell)
    assert sounding.wait(PATIENCE)
    for _ in range(5):
        ringer.ring("number", bell)
    ringer.ring("other", after.set)
    let_go.set()
    assert after.wait(PATIENCE)
    assert heard == ["slow", "again"]


def test_a_bell_that_breaks_does_not_silence_the_others() -> None:
    ringer, rung = Ringer(pause=0.0), threading.Event()
    ringer.ring("broken", lambda: 1 / 0)
    ringer.ring("whole", rung.set)
    assert rung.wait(PATIENCE)
