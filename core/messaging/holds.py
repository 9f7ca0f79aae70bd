"""Lanes that are held: why, since when, until when. PostgreSQL keeps them, so that nothing forgets and people see them.

A hold with an end is tried again when it is over; if that fails it goes on as the same hold, so it is told once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select, text
from sqlalchemy.orm import Session

from core import jobs
from core.companies import BusinessNumber
from core.errors import DomainError, NotFound
from core.ids import Id
from core.messaging.models import LANES
from core.messaging.outcomes import Rule
from core.messaging.sending_models import LaneHold, QueueAction

FORGOTTEN_AFTER = timedelta(hours=1)
"""A hold that ran out and was not renewed for so long is over."""


class ReasonMissing(DomainError):
    """Whoever stops, resumes or cancels says why."""


def lanes_stopped_by(rule: Rule, lane: str) -> Sequence[str]:
    """Which lanes of the number are stopped by an error that came for a message of `lane`; answers never are alone."""
    if rule.action == "stop_number":
        return LANES
    if rule.action == "stop_lane":
        return (lane if lane in ("notice", "billing") else "bulk",)
    return ()


_HOLD = text("""
INSERT INTO lane_hold (business_number_id, lane, cause, detail, code, since, until, ended_by, end_reason)
SELECT :number, lane, :cause, :detail, :code, :now, :until, '', '' FROM unnest(CAST(:lanes AS text[])) AS lane
ON CONFLICT (company_id, business_number_id, lane, cause) WHERE ended_at IS NULL
DO UPDATE SET detail = excluded.detail, code = excluded.code,
    until = CASE WHEN excluded.until IS NULL THEN NULL ELSE greatest(lane_hold.until, excluded.until) END
""")


def hold_lanes(
    session: Session, *, business_number_id: Id, lanes: Sequence[str], cause: str, detail: str, now: datetime,
    until: datetime | None = None, code: int | None = None,
) -> None:  # fmt: skip
    """Send nothing from these lanes of a number until then, or until they are resumed; again prolongs the same hold."""
    session.execute(
        _HOLD,
        {"number": business_number_id, "lanes": [lane for lane in LANES if lane in lanes], "cause": cause,
         "detail": detail[:500], "code": code, "now": now, "until": until},
    )  # fmt: skip


def end_holds(
    session: Session, *, business_number_id: Id, cause: str, ended_by: str, reason: str, now: datetime,
    lanes: Sequence[str] = LANES,
) -> int:  # fmt: skip
    """End what holds lanes of a number for that cause, and ring for what waits; returns how many lanes."""
    held = session.scalars(
        select(LaneHold)
        .where(LaneHold.business_number_id == business_number_id, LaneHold.cause == cause,
               LaneHold.lane.in_(lanes), LaneHold.ended_at.is_(None))
        .order_by(LaneHold.id).with_for_update()
    ).all()  # fmt: skip
    for hold in held:
        hold.ended_at, hold.ended_by, hold.end_reason = now, ended_by, reason
        jobs.ring(session, "drain_number", queue=hold.lane, company_id=str(hold.company_id),
                  business_number_id=str(business_number_id))  # fmt: skip
    session.flush()
    return len(held)


def hold_by_hand(
    session: Session, *, business_number_id: Id, lane: str, reason: str, actor: str, now: datetime
) -> None:  # fmt: skip
    """An employee stops a lane until somebody resumes it. Raises NotFound, ReasonMissing."""
    _check(session, business_number_id, lane, reason)
    hold_lanes(session, business_number_id=business_number_id, lanes=[lane], cause="person", detail=reason, now=now)
    _note(session, "hold", business_number_id, lane, 1, actor, reason, now)


def resume_lane(
    session: Session, *, business_number_id: Id, lane: str, reason: str, actor: str, now: datetime
) -> int:  # fmt: skip
    """End whatever holds a lane of a number; what still stands in the way holds it again at the next message.

    Returns how many holds ended. Raises NotFound, ReasonMissing.
    """
    _check(session, business_number_id, lane, reason)
    ended = sum(
        end_holds(session, business_number_id=business_number_id, cause=hold.cause, lanes=[lane], ended_by=actor,
                  reason=reason, now=now)
        for hold in open_holds(session, now=now)
        if (hold.business_number_id, hold.lane) == (business_number_id, lane)
    )  # fmt: skip
    _note(session, "resume", business_number_id, lane, ended, actor, reason, now)
    return ended


def open_holds(session: Session, *, now: datetime) -> Sequence[LaneHold]:
    """What is held now, the oldest first."""
    active = or_(LaneHold.until.is_(None), LaneHold.until > now)
    return session.scalars(
        select(LaneHold).where(LaneHold.ended_at.is_(None), active).order_by(LaneHold.since, LaneHold.id)
    ).all()


_FORGET = text("""
UPDATE lane_hold SET ended_at = :now, ended_by = 'time', end_reason = 'it went on'
 WHERE ended_at IS NULL AND until < :passed
""")


def forget_past_holds(session: Session, *, now: datetime) -> None:
    """End the holds that ran out a while ago and were not renewed since."""
    session.execute(_FORGET, {"now": now, "passed": now - FORGOTTEN_AFTER})


def _check(session: Session, business_number_id: Id, lane: str, reason: str) -> None:
    if session.get(BusinessNumber, business_number_id) is None or lane not in LANES:
        raise NotFound("There is no such number or lane")
    if not reason.strip():
        raise ReasonMissing("Say why: the others see it beside the lane")


def _note(
    session: Session, action: str, number: Id, lane: str, count: int, actor: str, reason: str, now: datetime
) -> None:  # fmt: skip
    session.add(
        QueueAction(action=action, chosen={"business_number_id": str(number), "lane": lane}, messages=count,
                    actor=actor, reason=reason.strip()[:500], done_at=now)
    )  # fmt: skip
    session.flush()
