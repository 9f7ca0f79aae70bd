"""What became of a call to Meta, and what each of Meta's error codes asks us to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from core.ids import Id

Scope = Literal["person", "template", "number", "account", "message"]
Action = Literal["retry_after", "needs_template", "stop_lane", "stop_number", "give_up"]


@dataclass(frozen=True)
class Rule:
    """How to treat one error. Waits are seconds and double with every attempt up to `wait_max`.

    `tries` bounds the attempts of a message; 0 leaves it to the message's own expiry.
    """

    scope: Scope
    action: Action
    wait: float = 0.0
    wait_max: float = 0.0
    tries: int = 0


@dataclass(frozen=True)
class Accepted:
    """Meta took it; `held` means a quality check decides later whether it goes on."""

    wamid: str
    held: bool = False


@dataclass(frozen=True)
class Refused:
    """It was certainly not sent. `code` is None where no Graph error names the reason."""

    code: int | None
    detail: str
    rule: Rule

    @property
    def scope(self) -> Scope:
        return self.rule.scope

    @property
    def action(self) -> Action:
        return self.rule.action


@dataclass(frozen=True)
class Unknown:
    """The request left and no answer tells whether it arrived; only a status can."""

    reason: str


Outcome = Accepted | Refused | Unknown

GIVE_UP = Rule("message", "give_up")
PERSON_UNREACHABLE = Rule("person", "give_up")
WINDOW_CLOSED = Rule("person", "needs_template")
TEMPLATE_UNUSABLE = Rule("template", "give_up")
TEMPLATE_PAUSED = Rule("template", "retry_after", wait=3600, wait_max=21_600)
STOP_NUMBER = Rule("number", "stop_number", wait=300, wait_max=3600)
STOP_ACCOUNT = Rule("account", "stop_number", wait=300, wait_max=3600)
META_AWAY = Rule("number", "retry_after", wait=2, wait_max=300)
NOT_CONNECTED = Rule("number", "retry_after", wait=2, wait_max=60)
NO_GRAPH_ERROR = Rule("message", "retry_after", wait=5, wait_max=60, tries=3)
MEDIA_FAILED = Rule("message", "retry_after", wait=30, wait_max=60, tries=3)
NOT_PREPARED = Rule("message", "retry_after", wait=30, wait_max=900, tries=8)


def _each(codes: Iterable[int], rule: Rule) -> dict[int, Rule]:
    return dict.fromkeys(codes, rule)


RULES: dict[int, Rule] = {
    **_each((0, 104, 190, 3, 10, 131005, 131031, 368), STOP_ACCOUNT),
    **_each(range(200, 300), STOP_ACCOUNT),
    **_each((131042, 131064), STOP_ACCOUNT),
    **_each((33, 131037, 131045, 133010), STOP_NUMBER),
    **_each((4, 80007), Rule("account", "retry_after", wait=60, wait_max=900)),
    **_each((2, 131016, 133004), META_AWAY),
    130429: Rule("number", "retry_after", wait=1, wait_max=60),
    **_each((131057, 2494100), Rule("number", "retry_after", wait=60, wait_max=60, tries=10)),
    131048: Rule("number", "stop_lane", wait=3600, wait_max=14_400),
    131056: Rule("person", "retry_after", wait=4, wait_max=256),
    **_each((1, 131000), Rule("message", "retry_after", wait=5, wait_max=60, tries=3)),
    131053: MEDIA_FAILED,
    134101: Rule("message", "retry_after", wait=600, wait_max=600, tries=3),
    135000: Rule("message", "retry_after", wait=5, wait_max=5, tries=2),
    131047: WINDOW_CLOSED,
    **_each((130403, 130497, 131026, 131050), PERSON_UNREACHABLE),
    **_each((132001, 132005, 132007, 132008, 132016, 132068, 132069), TEMPLATE_UNUSABLE),
    132015: TEMPLATE_PAUSED,
}
"""Codes that are not here are faults of the message itself: GIVE_UP."""


def refusal(code: int, detail: str) -> Refused:
    """The refusal for one of Meta's error codes."""
    return Refused(code, detail, RULES.get(code, GIVE_UP))


def wait_seconds(rule: Rule, message_id: Id, attempts: int) -> float:
    """The doubling wait with up to a quarter on top, taken from the id so that messages spread."""
    wait = min(rule.wait_max, rule.wait * 2.0 ** min(attempts - 1, 30))
    return wait * (1 + (message_id.int % 1000) / 4000)
