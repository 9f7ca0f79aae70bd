"""What Meta tells of our messages: sent, delivered, read, failed. It comes in any order, and more than once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import exists, null, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import jobs
from core.db import Json
from core.ids import Id
from core.messaging import payloads, spending, unwanted
from core.messaging.holds import hold_lanes, lanes_stopped_by
from core.messaging.models import OutboundMessage, StatusUpdate
from core.messaging.outcomes import GIVE_UP, RULES, Rule, wait_seconds

RANK = {
    "queued": 0, "sending": 0, "unknown": 0, "expired": 0, "cancelled": 0, "accepted": 1,
    "sent": 2, "failed": 3, "delivered": 4, "read": 5, "played": 5,
}  # fmt: skip
"""A message only climbs: a late `failed` never hides that it was delivered."""
TOLD = ("sent", "failed", "delivered", "read", "played")
STATE = {"played": "read"}
WINDOW_CLOSED_CODE = 131047

_IN_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:wamid, 0))")


def apply_status(session: Session, *, status: Json, now: datetime) -> bool:
    """Take in one entry of a webhook's `statuses`; False for one that was there before or says nothing.

    A status whose message is not known yet is kept and applied when the send's own answer comes.
    """
    wamid, word = status.get("id"), status.get("status")
    if not isinstance(wamid, str) or not isinstance(word, str) or not wamid:
        return False
    session.execute(_IN_TURN, {"wamid": wamid})
    told_at = _instant(status.get("timestamp"), now)
    update_id = _keep(session, wamid, word, told_at, status)
    if update_id is None:
        return False
    message = _message_of(session, wamid, status)
    if message is not None:
        _link(session, [update_id], message.id)
        _apply(session, message, wamid, word, told_at, status, now)
    return True


def apply_waiting(session: Session, *, wamids: Sequence[str], now: datetime) -> None:
    """Apply the statuses that came before the answer that named their message."""
    if not wamids:
        return
    waiting = session.scalars(
        select(StatusUpdate).where(StatusUpdate.wamid.in_(wamids), StatusUpdate.message_id.is_(None))
    ).all()
    for kept in waiting:
        message = _by_wamid(session, kept.wamid)
        if message is not None:
            _link(session, [kept.id], message.id)
            _apply(session, message, kept.wamid, kept.status, kept.told_at, kept.content, now)


def _keep(session: Session, wamid: str, word: str, told_at: datetime, status: Json) -> Id | None:
    statement = (
        insert(StatusUpdate)
        .values(wamid=wamid, status=word, told_at=told_at, content=status)
        .on_conflict_do_nothing(index_elements=["company_id", "wamid", "status"])
        .returning(StatusUpdate.id)
    )
    return session.scalar(statement)


def _message_of(session: Session, wamid: str, status: Json) -> OutboundMessage | None:
    return _by_wamid(session, wamid) or _by_reference(session, wamid, status)


def _by_wamid(session: Session, wamid: str) -> OutboundMessage | None:
    return session.scalars(
        select(OutboundMessage)
        .where(OutboundMessage.wamid == wamid)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _by_reference(session: Session, wamid: str, status: Json) -> OutboundMessage | None:
    """The message that the status names by our own id, if nobody knows yet under which id Meta has it."""
    message_id = _id(status.get("biz_opaque_callback_data"))
    if message_id is None:
        return None
    message = session.scalars(
        select(OutboundMessage)
        .where(OutboundMessage.id == message_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if message is None or message.wamid is not None or message.state not in ("sending", "unknown"):
        return None
    if _is_of_earlier_attempt(session, wamid, message.id):
        return None
    message.wamid = wamid
    return message


def _is_of_earlier_attempt(session: Session, wamid: str, message_id: Id) -> bool:
    """A message sent again as a template must not take back the id under which it failed before."""
    earlier = exists().where(
        StatusUpdate.wamid == wamid, StatusUpdate.status == "failed", StatusUpdate.message_id == message_id
    )
    return bool(session.scalar(select(earlier)))


def _link(session: Session, updates: Sequence[Id], message_id: Id) -> None:
    session.execute(
        update(StatusUpdate)
        .where(StatusUpdate.id.in_(updates))
        .values(message_id=message_id)
        .execution_options(synchronize_session=False)
    )


def _apply(
    session: Session,
    message: OutboundMessage,
    wamid: str,
    word: str,
    told_at: datetime,
    status: Json,
    now: datetime,
) -> None:
    if word not in TOLD:
        return
    message.wamid = wamid
    if word == "failed":
        _fail(session, message, status, now)
    else:
        _note_instants(message, word, told_at)
        spending.note_billed(session, message, status.get("pricing"))
        if word == "delivered" and message.in_window is False:
            # Meta counts the person from the delivery on, which may come long after the sending.
            message.quota_at = max(message.quota_at or told_at, told_at)
        if RANK[word] > RANK[message.state]:
            message.state = STATE.get(word, word)
            message.state_since = now
            message.error, message.error_code = "", None
    if message.state != "queued":
        message.sealed = None
    session.flush()


def _note_instants(message: OutboundMessage, word: str, told_at: datetime) -> None:
    # A read message was delivered and a delivered one sent; Meta need not say so.
    reached = RANK[word]
    message.sent_at = min(message.sent_at or told_at, told_at)
    if reached >= RANK["delivered"]:
        message.delivered_at = min(message.delivered_at or told_at, told_at)
    if reached >= RANK["read"]:
        message.read_at = min(message.read_at or told_at, told_at)


def _fail(session: Session, message: OutboundMessage, status: Json, now: datetime) -> None:
    if RANK[message.state] >= RANK["failed"]:
        return
    code, reason = _fault(status)
    spending.release(message)
    spending.release_place(message)
    message.error_code, message.error = code, reason
    message.state_since = now
    if code == unwanted.STOPPED_CODE:
        unwanted.stop_marketing(session, contact_ids=[message.contact_id], now=now)
    rule = RULES.get(code, GIVE_UP) if code is not None else GIVE_UP
    seconds = wait_seconds(rule, message.id, message.attempts)
    if lanes := lanes_stopped_by(rule, message.lane):
        hold_lanes(
            session, business_number_id=message.business_number_id, lanes=lanes, cause="code", code=code,
            detail=reason, now=now, until=now + timedelta(seconds=seconds),
        )  # fmt: skip
    if code == WINDOW_CLOSED_CODE and message.template is not None and message.kind != "template":
        message.payload, message.kind = payloads.template(**message.template), "template"
        message.attachment = null()
        _queue_again(session, message, now)
    elif _may_go_again(message, rule, now):
        _queue_again(session, message, now + timedelta(seconds=seconds))
    else:
        message.state = "failed"


def _may_go_again(message: OutboundMessage, rule: Rule, now: datetime) -> bool:
    """Meta says that it did not go, for a reason that passes; a one-time code is gone by then and is never repeated."""
    passes = rule.action in ("retry_after", "stop_lane", "stop_number")
    in_time = message.expires_at > now and (not rule.tries or message.attempts < rule.tries)
    return passes and in_time and not payloads.holds_code_place(message.payload)


def _queue_again(session: Session, message: OutboundMessage, not_before: datetime) -> None:
    message.wamid = None
    message.state = "queued"
    message.not_before = not_before
    number = str(message.business_number_id)
    jobs.ring(
        session, "drain_number", queue=message.lane, company_id=str(message.company_id), business_number_id=number
    )  # fmt: skip


def _fault(status: Json) -> tuple[int | None, str]:
    errors = status.get("errors")
    first: Any = errors[0] if isinstance(errors, list) and errors else {}
    if not isinstance(first, dict):
        return None, "no reason given"
    data = first.get("error_data")
    details = data.get("details") if isinstance(data, dict) else data
    code = first.get("code")
    reason = details or first.get("message") or first.get("title") or "no reason given"
    return code if isinstance(code, int) else None, str(reason)[:500]


def _instant(seconds: Any, now: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return now


def _id(value: Any) -> Id | None:
    try:
        return Id(value) if isinstance(value, str) else None
    except ValueError:
        return None
