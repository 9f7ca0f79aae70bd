"""The last look before a template goes to the wire: what Meta has not approved does not go, and says why."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import Json, company_session
from core.ids import Id
from core.messaging.outcomes import TEMPLATE_PAUSED, TEMPLATE_UNUSABLE, Outcome, Refused
from core.messaging.template_models import MessageTemplate
from core.messaging.whatsapp import Gateway

REMEMBERED_SECONDS = 20.0
MISSING_CODE, PAUSED_CODE, DISABLED_CODE = 132001, 132015, 132016

States = Mapping[tuple[str, str], str]


class TemplateGuard(Gateway):
    """A number's gateway that asks for the template's state first; the answer is remembered for some seconds.

    A template in review or paused is tried again later, until its message expires; of others the message fails.
    """

    def __init__(self, states: Callable[[], States], **settings: Any) -> None:
        super().__init__(**settings)
        self._states = states
        self._known: States = {}
        self._read_at = float("-inf")

    def send(self, *, body: Json, phone: str | None, user_id: str | None, reference: str) -> Outcome:
        """As `Gateway.send`, or Refused without a call."""
        if body.get("type") == "template":
            refused = refusal_of(self._state_of(body["template"]), body["template"]["name"])
            if refused is not None:
                return refused
        return super().send(body=body, phone=phone, user_id=user_id, reference=reference)

    def _state_of(self, content: Json) -> str:
        now = time.monotonic()
        if now - self._read_at > REMEMBERED_SECONDS:
            self._known, self._read_at = self._states(), now
        return self._known.get((content["name"], content["language"]["code"]), "approved")


def refusal_of(state: str, name: str) -> Refused | None:
    """What stands in the way of a template in that state."""
    if state == "approved":
        return None
    if state in ("submitted", "paused"):
        what = "waits for Meta's review" if state == "submitted" else "is paused by Meta"
        return Refused(PAUSED_CODE, f"The template {name} {what}; its messages wait", TEMPLATE_PAUSED)
    if state == "disabled":
        return Refused(DISABLED_CODE, f"Meta has disabled the template {name}", TEMPLATE_UNUSABLE)
    what = "is refused by Meta" if state == "rejected" else "is not submitted to Meta"
    return Refused(MISSING_CODE, f"The template {name} {what}: see Messaging, Templates", TEMPLATE_UNUSABLE)


def states_of_company(company_id: Id) -> States:
    """As `template_states`, in a transaction of its own."""
    with company_session(company_id) as session:
        return template_states(session)


def template_states(session: Session) -> States:
    """Name and language of each template → its state; nothing where Meta was never asked, for then only Meta knows."""
    rows = session.execute(
        select(MessageTemplate.name, MessageTemplate.language, MessageTemplate.state, MessageTemplate.told_at)
    ).all()
    if not any(row.told_at for row in rows):
        return {}
    return {(row.name, row.language): row.state for row in rows}
