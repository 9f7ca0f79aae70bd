"""How well the reader understands messages of families it was not taught, and how long one takes."""

from __future__ import annotations

import resource
import time
from collections import defaultdict

from bot.understanding.exam import HELD_BACK, Answer, confused, examine, share
from bot.understanding.index import role_index
from bot.understanding.intents import ROLES
from bot.understanding.model import model_of


def main() -> None:
    print("== Understanding")
    before, start = _resident(), time.perf_counter()
    for role in ROLES:
        role_index(role, HELD_BACK)
        model_of(role, HELD_BACK)
    print(f"  reader ready in {time.perf_counter() - start:.1f} s, {_resident() - before} MB")
    start = time.perf_counter()
    answers = examine()
    took = time.perf_counter() - start
    _report(answers)
    print(f"  {1000 * took / max(1, len(answers)):.2f} ms per message")
    for (meant, taken), times in confused(answers).most_common():
        print(f"  {times:4}  {meant} taken for {taken}")


def _report(answers: list[Answer]) -> None:
    sure = [answer for answer in answers if answer.is_sure]
    wrong = sum(not answer.is_right for answer in sure)
    named = [answer for answer in answers if {"amount", "date"} & dict(answer.line.entities).keys()]
    print(f"  {len(answers)} messages of families that were not taught")
    print(f"  right intent              {share(answers, (a.is_right for a in answers)):.1%}")
    print(f"  sure enough to act        {len(sure) / max(1, len(answers)):.1%}")
    print(f"  sure but wrong            {wrong / max(1, len(answers)):.2%}")
    read = share(named, (not answer.missed("amount", "date") for answer in named))
    print(f"  amounts and dates right   {read:.1%} of {len(named)}")
    invented = sum(bool(a.missed("amount", "date")) for a in answers if a not in named)
    print(f"  invented where none is    {invented}")
    by_role: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_role[answer.line.role].append(answer)
    for role, own in by_role.items():
        print(f"    {role:<15} {share(own, (a.is_right for a in own)):.1%} of {len(own)}")


def _resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
