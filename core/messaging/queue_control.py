"""What people do to queued messages: cancel them, or put them into another lane. What is on its way stays so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.orm import Session

from core import jobs
from core.errors import DomainError
from core.ids import Id, new_id
from core.messaging.holds import ReasonMissing
from core.messaging.lanes import RULES
from core.messaging.models import OutboundMessage
from core.messaging.outbox import READ_MARK
from core.messaging.reservation import BUDGET, QUIET, QUOTA
from core.messaging.sending_models import QueueAction


class NothingChosen(DomainError):
    """Say which messages: by key, person or lane."""


@dataclass(frozen=True)
class Choice:
    """Queued messages that fit everything that is given; at least one of key, person and lane must be."""

    key: str = ""
    contact_id: Id | None = None
    lane: str = ""
    business_number_id: Id | None = None


def cancel_messages(session: Session, *, choice: Choice, reason: str, actor: str, now: datetime) -> int:
    """Queued messages that fit become `cancelled` and are never sent; returns how many.

    Raises NothingChosen, ReasonMissing.
    """
    wanted = _wanted(choice, reason)
    cancelled = session.execute(
        update(OutboundMessage).where(*wanted)
        .values(state="cancelled", state_since=now, sealed=None, error=f"cancelled: {reason.strip()}"[:500])
        .returning(OutboundMessage.id).execution_options(synchronize_session=False)
    ).all()  # fmt: skip
    _note(session, "cancel", choice, "", len(cancelled), actor, reason, now)
    return len(cancelled)


def reprioritise(session: Session, *, choice: Choice, lane: str, reason: str, actor: str, now: datetime) -> int:
    """Put queued messages that fit into another lane, due at once where only our own limits made them wait.

    Returns how many. Raises NothingChosen, ReasonMissing.
    """
    if lane not in RULES:
        raise NothingChosen(f"The lane is one of {', '.join(RULES)}")
    wanted = [*_wanted(choice, reason), OutboundMessage.lane != lane]
    waits_for_us = OutboundMessage.error.in_((QUOTA, BUDGET, QUIET))
    due = func.least(OutboundMessage.not_before, now)
    moved = session.execute(
        update(OutboundMessage).where(*wanted)
        .values(lane=lane, not_before=_if(waits_for_us, due, OutboundMessage.not_before),
                error=_if(waits_for_us, "", OutboundMessage.error))
        .returning(OutboundMessage.company_id, OutboundMessage.business_number_id)
        .execution_options(synchronize_session=False)
    ).all()  # fmt: skip
    for company_id, number in {tuple(row) for row in moved}:
        jobs.ring(session, "drain_number", queue=lane, company_id=str(company_id), business_number_id=str(number))
    _note(session, "reprioritise", choice, lane, len(moved), actor, reason, now)
    return len(moved)


def _if(condition: ColumnElement[bool], then: object, otherwise: object) -> ColumnElement[object]:
    return case((condition, then), else_=otherwise)


def _wanted(choice: Choice, reason: str) -> list[ColumnElement[bool]]:
    if not reason.strip():
        raise ReasonMissing("Say why: it stands beside what was done")
    if not (choice.key or choice.contact_id or choice.lane):
        raise NothingChosen("Choose the messages by their key, a person or a lane")
    wanted: list[ColumnElement[bool]] = [OutboundMessage.state == "queued", OutboundMessage.kind != READ_MARK]
    if choice.key:
        wanted.append(OutboundMessage.dedupe_key == choice.key)
    if choice.contact_id:
        wanted.append(OutboundMessage.contact_id == choice.contact_id)
    if choice.lane:
        wanted.append(OutboundMessage.lane == choice.lane)
    if choice.business_number_id:
        wanted.append(OutboundMessage.business_number_id == choice.business_number_id)
    return wanted


def _note(
    session: Session, action: str, choice: Choice, lane: str, count: int, actor: str, reason: str, now: datetime
) -> None:  # fmt: skip
    chosen = {name: str(value) for name, value in asdict(choice).items() if value} | ({"to": lane} if lane else {})
    session.add(QueueAction(id=new_id(), action=action, chosen=chosen, messages=count, actor=actor,
                            reason=reason.strip()[:500], done_at=now))  # fmt: skip
    session.flush()


@dataclass(frozen=True)
class LaneDepth:
    """What waits in a lane of a number; `oldest` is since when the first of those that are due has been due."""

    business_number_id: Id
    lane: str
    waiting: int
    due: int
    oldest: datetime | None


def lane_depths(session: Session, *, now: datetime) -> Sequence[LaneDepth]:
    """The queue by number and lane; lanes without messages are left out."""
    is_due = OutboundMessage.not_before <= now
    rows = session.execute(
        select(OutboundMessage.business_number_id, OutboundMessage.lane, func.count(),
               func.count().filter(is_due), func.min(OutboundMessage.not_before).filter(is_due))
        .where(OutboundMessage.state == "queued").group_by(OutboundMessage.business_number_id, OutboundMessage.lane)
    )  # fmt: skip
    return [LaneDepth(*row) for row in rows]


def recent_actions(session: Session) -> Sequence[QueueAction]:
    """What people did to the queue, the newest first."""
    return session.scalars(select(QueueAction).order_by(QueueAction.id.desc()).limit(20)).all()
