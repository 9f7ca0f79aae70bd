"""Sending what the outbox holds for one business number.

1. Claim: a short transaction marks the next messages `sending`, foremost lanes first, and sets aside a place among the
   day's people and the money for each; for whom there is no room is queued again.
2. Pace: one atomic script gives each its slot; who has had too many goes back to the queue.
3. Send: threads over keep-alive connections, with no transaction open; one errand per person.
4. Write: a short transaction stores what came of it, while the other threads go on sending.

A crash between 1 and 4 leaves `sending` rows, which `batches.release_doubtful` settles.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from core import vault
from core.clock import utc_now
from core.db import Json, company_session
from core.errors import DomainError
from core.ids import Id
from core.messaging import batches, payloads, reservation, results
from core.messaging.batches import Claimed
from core.messaging.holds import forget_past_holds, hold_lanes, lanes_stopped_by
from core.messaging.lanes import Shares
from core.messaging.limits import SendLimits
from core.messaging.number_state import SLOW_SECONDS, Pace, inbound_in_last_second, pace_of
from core.messaging.outcomes import GIVE_UP, NOT_PREPARED, Outcome, Refused, Unknown, wait_seconds
from core.messaging.reservation import Rules
from core.messaging.results import Result
from core.messaging.whatsapp import Gateway, MediaFailed

log = structlog.get_logger(__name__)

LoadAttachment = Callable[[Session, Mapping[str, Any]], tuple[str, str, bytes]]
"""(file name, MIME type, bytes) of an attachment; raises DomainError when there is no such thing."""

IN_FLIGHT_MAX = 32
LINGER_SECONDS = 0.01
"""How long finished sends wait for others, so that one transaction writes several."""
WRITE_TRIES = 3
MEDIA_GONE = (100, 131009, 131053)
"""What Meta may answer to the id of a file that it keeps no longer."""

Attempt = tuple[Claimed, Outcome]


@dataclass(frozen=True)
class Errand:
    """What goes to one person now: read marks first, then at most one message, each at its slot."""

    marks: tuple[Claimed, ...]
    message: Claimed | None
    delay: float


def drain(
    company_id: Id,
    business_number_id: Id,
    *,
    gateway: Gateway,
    load_attachment: LoadAttachment,
    pool: Executor,
    limits: SendLimits,
    clock: Callable[[], datetime] = utc_now,
    budget: timedelta = timedelta(seconds=10),
) -> bool:
    """Send what is due, until nothing is left or `budget` is spent; True if more may be waiting.

    Opens its own transactions. `pool` should outlive the call: its threads keep the connections.
    """
    with company_session(company_id) as session:
        now = clock()
        batches.release_doubtful(session, now=now)
        forget_past_holds(session, now=now)
        pace = pace_of(session, business_number_id=business_number_id)
        rules = reservation.read_rules(session, now=now)
        quiet = reservation.keep_quiet(session, number=business_number_id, rules=rules, now=now)
    run = _Run(company_id, business_number_id, gateway, load_attachment, pool, limits, clock, pace, rules, quiet)
    return run.until(now + budget)


@dataclass(frozen=True)
class Stop:
    """Lanes that a refusal of Meta holds until then."""

    lanes: Sequence[str]
    code: int | None
    detail: str
    until: datetime


@dataclass
class _Run:
    company_id: Id
    number: Id
    gateway: Gateway
    load_attachment: LoadAttachment
    pool: Executor
    limits: SendLimits
    clock: Callable[[], datetime]
    pace: Pace
    rules: Rules
    quiet: Sequence[str]
    inbound: int = 0
    """Messages of people in the last second: they count towards the number's throughput too."""
    shares: Shares = field(default_factory=Shares)
    flying: dict[Future[list[Attempt]], Errand] = field(default_factory=dict)

    def until(self, deadline: datetime) -> bool:
        more = True
        while True:
            in_time = self.clock() < deadline
            if in_time:
                more = self._take_off()
            if not self.flying:
                if more and in_time:
                    continue
                return more
            self._land()

    def _take_off(self) -> bool:
        """Claim and start as much as there is room for; whether there was anything to claim."""
        room = min(IN_FLIGHT_MAX, max(1, self.pace.share)) - len(self.flying)
        if room < 1:
            return True
        claimed, ready = self._claim(room)
        for errand in self._with_slots(ready):
            self.flying[self.pool.submit(self._carry, errand)] = errand
        return claimed

    def _claim(self, room: int) -> tuple[bool, list[Claimed]]:
        """Whether there was anything, and what of it may go now, each in the form in which it goes."""
        lanes = [lane for lane in self.limits.open_lanes(self.number) if lane not in self.quiet]
        now = self.clock()
        with company_session(self.company_id) as session:
            claimed = batches.claim(
                session, company_id=self.company_id, business_number_id=self.number, open_lanes=lanes,
                shares=self.shares, size=room, now=now, slow=self.pace.slow,
            )  # fmt: skip
            if not claimed:
                return False, []
            ready = self._reserve(session, claimed, now)
            self.inbound = inbound_in_last_second(session, business_number_id=self.number, now=now)
        if any(each.lane in self.pace.slow for each in claimed):
            self.limits.pause(self.number, "bulk", SLOW_SECONDS)
        return True, ready

    def _reserve(self, session: Session, claimed: Sequence[Claimed], now: datetime) -> list[Claimed]:
        refused: list[Result] = []
        marks: list[Claimed] = []
        messages: list[Claimed] = []
        for each in claimed:
            verdict = results.refused_before_sending(each, now)
            if verdict is not None:
                refused.append(Result(each, verdict))
            elif each.kind == "read":
                marks.append(each)
            else:
                messages.append(results.with_twin_if_needed(each, now))
        if refused:
            results.write(session, refused, now=now)
        return [
            *marks,
            *reservation.reserve(session, number=self.number, messages=messages, rules=self.rules, now=now),
        ]

    def _with_slots(self, ready: Sequence[Claimed]) -> list[Errand]:
        messages = [each for each in ready if each.kind != "read"]
        per_second = self.pace.per_second(self.inbound)
        slots = self.limits.reserve(self.number, [each.contact_id for each in messages], per_second=per_second)
        errands: dict[Id, Errand] = {}
        deferred: list[Result] = []
        for message, slot in zip(messages, slots, strict=True):
            if slot.granted:
                errands[message.contact_id] = Errand((), message, slot.delay)
            else:
                deferred.append(Result(message, results.deferred(message, slot.delay, self.clock())))
        self._write(deferred)
        return _joined([each for each in ready if each.kind == "read"], errands)

    def _carry(self, errand: Errand) -> list[Attempt]:
        """Runs in a thread, with no transaction but the attachment's reading."""
        attempts: list[Attempt] = [
            (mark, self.gateway.mark_as_read(wamid=mark.payload["message_id"], typing=mark.payload["typing"]))
            for mark in errand.marks
        ]
        if errand.message is not None:
            time.sleep(errand.delay)
            attempts.append((errand.message, self._send(errand.message)))
        return attempts

    def _send(self, message: Claimed) -> Outcome:
        outcome, reused = self._try(message, anew=message.attempts > 0)
        if reused and isinstance(outcome, Refused) and outcome.code in MEDIA_GONE:
            outcome, _ = self._try(message, anew=True)
        return outcome

    def _try(self, message: Claimed, *, anew: bool) -> tuple[Outcome, bool]:
        """The outcome, and whether the message went with a file that had been uploaded before."""
        try:
            body, reused = self._with_media(message, anew=anew)
            if message.sealed is not None:
                body = payloads.with_code(body, vault.unseal(message.sealed))
        except MediaFailed as failed:
            return Refused(None, str(failed), GIVE_UP if failed.permanent else NOT_PREPARED), False
        except DomainError as refused:
            return Refused(None, str(refused), GIVE_UP), False
        except (SQLAlchemyError, OSError) as away:
            return Refused(None, f"The attachment could not be read: {type(away).__name__}", NOT_PREPARED), False
        sent = self.gateway.send(body=body, phone=message.phone, user_id=message.user_id, reference=str(message.id))
        return sent, reused

    def _with_media(self, message: Claimed, *, anew: bool) -> tuple[Json, bool]:
        if message.attachment is None:
            return message.payload, False
        with company_session(self.company_id) as session:
            filename, mime_type, data = self.load_attachment(session, message.attachment)
        media_id, reused = self.gateway.media_id(data, mime_type, filename, anew=anew)
        content = {"id": media_id} | message.payload[message.kind]
        if message.kind == "document":
            content.setdefault("filename", filename)
        return {**message.payload, message.kind: content}, reused

    def _land(self) -> None:
        wait(self.flying, return_when=FIRST_COMPLETED)
        done, _ = wait(self.flying, timeout=LINGER_SECONDS)
        now = self.clock()
        attempts = [attempt for future in done for attempt in _attempts(future, self.flying.pop(future))]
        stops = [stop for message, outcome in attempts for stop in self._heed(message, outcome)]
        self._write([results.judge(message, outcome, now) for message, outcome in attempts], stops)

    def _heed(self, message: Claimed, outcome: Outcome) -> list[Stop]:
        """What a refusal says beyond the message it came for: lanes to hold, or the whole number for a moment."""
        if not isinstance(outcome, Refused):
            return []
        rule = outcome.rule
        seconds = wait_seconds(rule, message.id, message.attempts + 1)
        if rule.action == "retry_after" and rule.scope in ("number", "account"):
            self.limits.pause(self.number, None, seconds)
        lanes = lanes_stopped_by(rule, message.lane)
        if not lanes:
            return []
        log.error("lanes_held", number=str(self.number), lanes=lanes, code=outcome.code, detail=outcome.detail)
        return [Stop(lanes, outcome.code, outcome.detail, self.clock() + timedelta(seconds=seconds))]

    def _write(self, written: Sequence[Result], stops: Sequence[Stop] = ()) -> None:
        """Store results; a deadlock with a webhook's statuses is tried again, the loser being rolled back."""
        if not written:
            return
        for left in reversed(range(WRITE_TRIES)):
            try:
                with company_session(self.company_id) as session:
                    results.write(session, written, now=self.clock())
                    for stop in stops:
                        hold_lanes(
                            session, business_number_id=self.number, lanes=stop.lanes, cause="code", code=stop.code,
                            detail=stop.detail, now=self.clock(), until=stop.until,
                        )  # fmt: skip
            except OperationalError:
                if not left:
                    raise
            else:
                return


def _joined(marks: Sequence[Claimed], errands: dict[Id, Errand]) -> list[Errand]:
    """One errand per person: "typing…" must not appear after the answer it announces."""
    joined = dict(errands)
    for mark in marks:
        before = joined.get(mark.contact_id, Errand((), None, 0.0))
        joined[mark.contact_id] = Errand((*before.marks, mark), before.message, before.delay)
    return sorted(joined.values(), key=lambda errand: (not errand.marks, errand.delay))


def _attempts(future: Future[list[Attempt]], errand: Errand) -> list[Attempt]:
    """What a thread brought back; if it broke, nobody knows what had left by then."""
    broken = future.exception()
    if broken is None:
        return future.result()
    log.error("send_broke", exc_info=broken)
    everything = (*errand.marks, *((errand.message,) if errand.message else ()))
    return [(each, Unknown(f"The sender broke: {type(broken).__name__}")) for each in everything]
