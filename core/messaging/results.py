"""Writing down what became of the messages that were sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, case, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from core.ids import Id
from core.messaging import payloads, statuses, unwanted, window
from core.messaging.batches import SENT_AGAIN, Claimed
from core.messaging.models import OutboundMessage
from core.messaging.outcomes import Accepted, Outcome, Refused, Unknown, wait_seconds

WINDOW_CLOSED = "window closed"
UNWANTED = "the person has stopped marketing"
STILL_TO_SEND = ("queued", "unknown")
PAIR_RATE = "waits for the limit of messages to one person"


@dataclass(frozen=True)
class Verdict:
    """The row after an attempt or instead of one."""

    id: Id
    state: str
    not_before: datetime
    attempts: int
    error_code: int | None = None
    error: str = ""


@dataclass(frozen=True)
class Result:
    """The message as it was sent or is to be sent next (maybe as its twin), and the verdict on it."""

    message: Claimed
    verdict: Verdict
    wamid: str = ""


def refused_before_sending(message: Claimed, now: datetime) -> Verdict | None:
    """The verdict on a message that must not be sent any more; None when it may go."""
    if message.expires_at <= now:
        return Verdict(message.id, "expired", now, message.attempts, error="not sent in time")
    if message.unwanted:
        return Verdict(message.id, "failed", now, message.attempts, error=UNWANTED)
    is_free_form = message.kind not in ("template", "read")
    if is_free_form and message.template is None and not window.is_open(message.last_inbound_at, now):
        return Verdict(message.id, "failed", now, message.attempts, error=WINDOW_CLOSED)
    return None


def with_twin_if_needed(message: Claimed, now: datetime) -> Claimed:
    """The message itself inside the 24-hour window, its template twin outside."""
    if message.kind in ("template", "read") or window.is_open(message.last_inbound_at, now):
        return message
    return as_twin(message)


def as_twin(message: Claimed) -> Claimed:
    """The template twin in the message's place; the message must have one."""
    assert message.template is not None
    return replace(message, kind="template", payload=payloads.template(**message.template), attachment=None)


def deferred(message: Claimed, seconds: float, now: datetime) -> Verdict:
    """Back to the queue because the person had too many messages; no attempt was made."""
    return Verdict(
        message.id,
        "queued",
        now + timedelta(seconds=seconds),
        message.attempts,
        error=message.error or PAIR_RATE,
    )


def judge(message: Claimed, outcome: Outcome, now: datetime) -> Result:
    """What an attempt's outcome makes of the message; pure."""
    attempts = message.attempts + 1
    if isinstance(outcome, Accepted):
        return Result(message, Verdict(message.id, "accepted", now, attempts), wamid=outcome.wamid)
    if message.kind == "read":
        reason = outcome.detail if isinstance(outcome, Refused) else outcome.reason
        code = outcome.code if isinstance(outcome, Refused) else None
        return Result(message, Verdict(message.id, "failed", now, attempts, code, reason))
    if isinstance(outcome, Unknown):
        error = message.error if message.error.startswith(SENT_AGAIN) else outcome.reason
        return Result(message, Verdict(message.id, "unknown", now, attempts, error=error))
    return _refused(message, outcome, attempts, now)


def _refused(message: Claimed, refused: Refused, attempts: int, now: datetime) -> Result:
    rule = refused.rule
    if rule.action == "needs_template" and message.template is not None and message.kind != "template":
        verdict = Verdict(message.id, "queued", now, attempts, refused.code, refused.detail)
        return Result(as_twin(message), verdict)
    again = rule.action in ("retry_after", "stop_lane", "stop_number")
    if not again or (rule.tries and attempts >= rule.tries):
        return Result(message, Verdict(message.id, "failed", now, attempts, refused.code, refused.detail))
    later = now + timedelta(seconds=wait_seconds(rule, message.id, attempts))
    return Result(message, Verdict(message.id, "queued", later, attempts, refused.code, refused.detail))


_IN_TURN = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(wamid, 0)) FROM unnest(CAST(:wamids AS text[])) AS told (wamid)"
)
_TABLE: Any = OutboundMessage.__table__
_SETTLE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("message"), _TABLE.c.state == "sending")
    .values(
        state=bindparam("state"),
        state_since=bindparam("now"),
        not_before=bindparam("not_before"),
        attempts=bindparam("attempts"),
        error_code=bindparam("error_code"),
        error=bindparam("error"),
        kind=bindparam("kind"),
        payload=bindparam("payload"),
        attachment=bindparam("attachment", type_=JSONB(none_as_null=True)),
        sealed=bindparam("sealed"),
        quota_at=case((bindparam("released"), None), else_=_TABLE.c.quota_at),
        price=case((bindparam("takes_back"), _TABLE.c.price - bindparam("charge")), else_=_TABLE.c.price),
        cost_state=case(
            (and_(bindparam("released"), _TABLE.c.cost_state != ""), "released"), else_=_TABLE.c.cost_state
        ),
    )
)
_NAME = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("message"), _TABLE.c.wamid.is_(None), _TABLE.c.state != "queued")
    .values(
        wamid=bindparam("told_wamid"),
        sealed=None,
        state=case((_TABLE.c.state == "unknown", "accepted"), else_=_TABLE.c.state),
    )
)


def write(session: Session, results: Sequence[Result], *, now: datetime) -> None:
    """Store verdicts and Meta's ids, then the statuses that came before them.

    A row that a status has already moved on keeps its state. Statuses take the same lock per id, so
    neither side can miss the other.
    """
    ordered = sorted(results, key=lambda result: result.message.id)
    named = [result for result in ordered if result.wamid]
    if named:
        session.execute(_IN_TURN, {"wamids": sorted(result.wamid for result in named)})
    _execute(session, _SETTLE, [_columns(result, now) for result in ordered])
    _execute(session, _NAME, [{"message": each.message.id, "told_wamid": each.wamid} for each in named])
    statuses.apply_waiting(session, wamids=[result.wamid for result in named], now=now)
    refused = [each.message.contact_id for each in ordered if each.verdict.error_code == unwanted.STOPPED_CODE]
    unwanted.stop_marketing(session, contact_ids=refused, now=now)


def _execute(session: Session, statement: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        session.connection().execute(statement, rows)


def _columns(result: Result, now: datetime) -> dict[str, Any]:
    verdict, message = result.verdict, result.message
    # Meta certainly did not take it; what an earlier attempt in doubt has taken stays.
    not_sent = verdict.state in ("queued", "failed", "expired")
    doubled = message.error.startswith(SENT_AGAIN)
    return {
        "released": not_sent and not doubled,
        "takes_back": not_sent and doubled,
        "charge": message.charge,
        "message": verdict.id,
        "state": verdict.state,
        "now": now,
        "not_before": verdict.not_before,
        "attempts": verdict.attempts,
        "error_code": verdict.error_code,
        "error": verdict.error,
        "kind": message.kind,
        "payload": message.payload,
        "attachment": message.attachment,
        "sealed": message.sealed if verdict.state in STILL_TO_SEND else None,
    }
