"""Everything goes wrong, by a seed: each message ends in one honest state, none is lost, none doubled but in doubt."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from core.db import company_session
from core.ids import Id
from core.messaging import batches
from core.messaging.lanes import Shares
from core.messaging.models import LANES
from core.messaging.statuses import apply_status
from tests.cast import NOW
from tests.core.messaging.conftest import Desk, minutes
from tests.core.messaging.wire import Answer, Request, Wire, accept, error, says

GARBLED = Answer(502, b"<html>", "text/html")
FINAL = {"delivered", "failed", "unknown"}
STEPS = 150


@dataclass
class Meta:
    """Takes, drops, repeats and reorders; what it does to an attempt depends on the seed and the attempt alone."""

    seed: int
    now: datetime = NOW
    tries: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    first_tries: list[str] = field(default_factory=list)
    taken: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    in_doubt: set[str] = field(default_factory=set)
    told: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Request) -> Answer:
        body = request.json
        words, ours = body["text"]["body"], body["biz_opaque_callback_data"]
        with self.lock:
            self.tries[words] += 1
            if self.tries[words] == 1:
                self.first_tries.append(words)
            chance = random.Random(f"{self.seed}:{words}:{self.tries[words]}")
            fate = chance.choices(
                ["taken", "lost", "late", "very late", "refused", "fails later", "passes"], [70, 6, 6, 3, 6, 3, 6]
            )[0]
            wamid = f"wamid.{ours}.{self.tries[words]}"
            if fate == "refused":
                return error(131000)
            if fate == "lost":
                self.in_doubt.add(words)
                return GARBLED
            if fate in ("fails later", "passes"):
                code = 131026 if fate == "fails later" else 131000
                self._tell(chance, wamid, ours, ["failed"], 0, code)
                return says({"messages": [{"id": wamid}]})
            self.taken[words] += 1
            self._tell(chance, wamid, ours, ["sent", "delivered"], 20 if fate == "very late" else 0)
            if fate != "taken":
                self.in_doubt.add(words)
                return GARBLED
            return says({"messages": [{"id": wamid}]})

    def _tell(
        self, chance: random.Random, wamid: str, ours: str, words: list[str], least: int, code: int = 0
    ) -> None:  # fmt: skip
        for word in words * chance.choice([1, 2]):
            told: dict[str, Any] = {"id": wamid, "status": word, "biz_opaque_callback_data": ours}
            self.told.append((self.now + minutes(least + chance.randint(0, 4)),
                              told | ({"errors": [{"code": code}]} if code else {})))  # fmt: skip

    def due(self) -> list[dict[str, Any]]:
        with self.lock:
            ready = [told for at, told in self.told if at <= self.now]
            self.told = [(at, told) for at, told in self.told if at > self.now]
        return sorted(ready, key=lambda told: random.Random(f"{self.seed}:{told}").random())


def die_with_what_was_claimed(desk: Desk, now: datetime) -> set[Id]:
    """A drainer that is killed between its claim and its sends; returns what it had taken."""
    with company_session(desk.company.id) as session:
        claimed = batches.claim(
            session, company_id=desk.company.id, business_number_id=desk.company.business_number_id,
            open_lanes=LANES, shares=Shares(), size=5, now=now,
        )  # fmt: skip
        return {each.id for each in claimed}


def forget(desk: Desk, *patterns: str) -> None:
    """Redis loses what it knew of the number."""
    redis = desk.limits._redis()
    for pattern in patterns:
        for key in redis.scan_iter(pattern):
            redis.delete(key)


@pytest.mark.parametrize("seed", [1, 2])
def test_through_every_fault_each_message_ends_in_one_honest_state(desk: Desk, wire: Wire, seed: int) -> None:
    meta = Meta(seed)
    wire.answer = lambda request: meta.answer(request) if request.json.get("to") else accept(request)
    number = desk.company.business_number_id
    people = [desk.person(NOW + timedelta(hours=12)) for _ in range(12)]
    lanes = ("reply", "notice", "billing")
    queued: dict[str, tuple[Id, str]] = {}
    for n in range(120):
        lane = lanes[n // 12 % 3]
        words = f"{lane}/{n % 12}/{n:03d}"
        queued[words] = (desk.queue(people[n % 12], words, lane=lane, expires_in=timedelta(days=2)), lane)

    orphaned: set[Id] = set()
    for step in range(STEPS):
        meta.now = NOW + minutes(step)
        if step in (0, 3, 9):
            orphaned |= die_with_what_was_claimed(desk, meta.now)
        # A step is a minute, so a pause of seconds is over; it would last as long on the real clock.
        forget(desk, f"pause:{number}*", *([f"rate:{{{number}}}*"] if step % 7 == 0 else []))
        desk.drain(meta.now)
        for told in meta.due():
            with company_session(desk.company.id) as session:
                apply_status(session, status=told, now=meta.now)

    assert meta.told == [] and meta.in_doubt
    for words, (message, lane) in queued.items():
        row, arrived = desk.row(message), meta.taken[words]
        doubtful = words in meta.in_doubt
        assert row.state in FINAL, (words, row.state, row.error)
        assert row.state != "unknown" or doubtful or message in orphaned
        assert row.state != "delivered" or arrived >= 1
        assert row.state != "failed" or arrived == 0 or doubtful
        assert arrived <= (2 if doubtful and lane != "billing" else 1)
        assert arrived == 0 or doubtful or row.state == "delivered"
    heard: dict[tuple[str, str], list[str]] = defaultdict(list)
    for words in meta.first_tries:
        lane, person, turn = words.split("/")
        if queued[words][0] not in orphaned:  # nobody knows whether these went, so later ones do not wait for ever
            heard[lane, person].append(turn)
    assert all(turns == sorted(turns) for turns in heard.values())
