"""An agent tells what came of a call, visit or chat; a customer who disputes the bill gets his ticket with it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from core.crm.distance import Place
from core.ids import Id
from core.recovery.case_models import Attempt
from core.recovery.cases import log_attempt
from core.service_desk.tickets import TicketAlreadyOpen, open_ticket


def record_attempt(
    session: Session, *, customer_id: Id, agent_id: Id, channel: str, outcome: str, now: datetime, note: str = "",
    here: Place | None = None, next_action_on: date | None = None, origin: str = "",
) -> Attempt:  # fmt: skip
    """Log the attempt; `disputes` also opens a billing dispute, which halts the ladder until it is resolved.

    A promise is taken with `log_promise`, which logs its attempt itself. Raises NoOpenCase, AttemptInvalid.
    """
    attempt = log_attempt(
        session, customer_id=customer_id, agent_id=agent_id, channel=channel, outcome=outcome, now=now, note=note,
        here=here, next_action_on=next_action_on, origin=origin,
    )  # fmt: skip
    if outcome == "disputes":
        try:
            open_ticket(
                session, customer_id=customer_id, category="billing_dispute", description=attempt.note,
                opened_by=f"staff:{agent_id}", now=now,
            )  # fmt: skip
        except TicketAlreadyOpen:
            return attempt
    return attempt
