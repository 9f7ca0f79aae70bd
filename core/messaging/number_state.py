"""What Meta tells of a business number and of the account, and what follows for its lanes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.companies import BusinessNumber
from core.db import Json, table_of
from core.ids import Id, new_id
from core.messaging.holds import end_holds, hold_lanes
from core.messaging.models import LANES
from core.messaging.sending_models import NumberState
from core.messaging.sending_policy import note_recipients

THROUGHPUT = {"STANDARD": 80, "HIGH": 1000}
SLOW_SECONDS = 1.0
SLOW_SIZE = 4
"""While the number's quality is yellow, bulk sends so many a second."""
INBOUND_LEAVES = 10
"""However many people write, so many a second still go out."""
BAD_STATUSES = ("BANNED", "DISCONNECTED", "DELETED", "UNVERIFIED")
BY_BUSINESS = ("notice", "billing", "bulk")
"""Lanes that write to people unasked."""


@dataclass(frozen=True)
class Pace:
    """How fast a number may send: `share` of Meta's `throughput` is for sending while nobody writes."""

    share: int
    throughput: int
    slow: Mapping[str, int] = field(default_factory=dict)

    def per_second(self, inbound: int) -> int:
        """What is left for sending while so many messages a second come in."""
        return max(1, min(self.share, max(INBOUND_LEAVES, self.throughput - inbound)))


def pace_of(session: Session, *, business_number_id: Id) -> Pace:
    """The number's pace; bulk is slow while Meta calls the quality yellow."""
    row = session.execute(
        select(BusinessNumber.messages_per_second, NumberState.throughput, NumberState.quality)
        .outerjoin(NumberState, NumberState.business_number_id == BusinessNumber.id)
        .where(BusinessNumber.id == business_number_id)
    ).one()
    slow = {"bulk": SLOW_SIZE} if row.quality == "YELLOW" else {}
    return Pace(row.messages_per_second, row.throughput or THROUGHPUT["STANDARD"], slow)


_INBOUND = text("""
SELECT count(*) FROM inbound_message WHERE company_id = taar_company() AND id >= CAST(:first AS uuid)
   AND business_number_id = :number
""")


def inbound_in_last_second(session: Session, *, business_number_id: Id, now: datetime) -> int:
    """Messages of people that came to the number within a second; found by their ids, which begin with the time."""
    milliseconds = int((now - timedelta(seconds=1)).timestamp() * 1000)
    first = Id(int=(milliseconds << 80) | (7 << 76) | (2 << 62))
    return int(session.execute(_INBOUND, {"first": first, "number": business_number_id}).scalar_one())


def state_of(session: Session, *, business_number_id: Id, now: datetime) -> NumberState:
    """What is known of the number, locked; made empty on first use."""
    wanted = select(NumberState).where(NumberState.business_number_id == business_number_id).with_for_update()
    kept = session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
    if kept is None:
        session.execute(
            insert(table_of(NumberState))
            .values(id=new_id(), business_number_id=business_number_id, quality="", status="", tier="", throughput=80,
                    review="", told_at=now, error="")
            .on_conflict_do_nothing()
        )  # fmt: skip
        kept = session.scalars(wanted).one()
    return kept


def note_facts(session: Session, *, business_number_id: Id, facts: Json, now: datetime) -> None:
    """Take over what the Graph API says of a number (reference whatsapp 4.2, 4.3), and hold or resume its lanes."""
    state = state_of(session, business_number_id=business_number_id, now=now)
    state.asked_at = state.told_at = now
    state.error = ""
    throughput = facts.get("throughput")
    if isinstance(throughput, dict):
        state.throughput = THROUGHPUT.get(str(throughput.get("level")), state.throughput)
    _note_tier(session, state, facts.get("whatsapp_business_manager_messaging_limit"))
    _note_status(session, state, facts.get("status"), now)
    note_quality(session, state, facts.get("quality_rating"), now)


def note_unanswered(session: Session, *, business_number_id: Id, error: str, now: datetime) -> None:
    """The API did not tell; what was known before stays."""
    state = state_of(session, business_number_id=business_number_id, now=now)
    state.asked_at, state.error = now, error[:500]
    session.flush()


def note_quality(session: Session, state: NumberState, quality: Any, now: datetime) -> None:
    """GREEN and YELLOW let bulk go on, RED holds it until the quality is better or a person resumes it."""
    if quality not in ("GREEN", "YELLOW", "RED", "UNKNOWN"):
        return
    before, state.quality = state.quality, quality
    number = state.business_number_id
    if quality == "RED" and before != "RED":
        hold_lanes(
            session, business_number_id=number, lanes=["bulk"], cause="quality", now=now,
            detail="Meta rates the quality of this number RED",
        )  # fmt: skip
    elif quality != "RED" and before == "RED":
        end_holds(session, business_number_id=number, cause="quality", ended_by="rule", now=now,
                  reason=f"the quality is {quality}")  # fmt: skip
    session.flush()


def _note_status(session: Session, state: NumberState, status: Any, now: datetime) -> None:
    if not isinstance(status, str) or not status:
        return
    before, state.status = state.status, status
    number = state.business_number_id
    if status in BAD_STATUSES and before != status:
        hold_lanes(session, business_number_id=number, lanes=LANES, cause="account", now=now,
                   detail=f"The number is {status} at Meta")  # fmt: skip
    elif status not in BAD_STATUSES and before in BAD_STATUSES:
        end_holds(session, business_number_id=number, cause="account", ended_by="rule", now=now,
                  reason=f"the number is {status}")  # fmt: skip
    session.flush()


def _note_tier(session: Session, state: NumberState, tier: Any) -> None:
    # Meta also tells the bare number of people.
    name = f"TIER_{tier}" if isinstance(tier, int) and not isinstance(tier, bool) else tier
    if isinstance(name, str) and name and name != "TIER_NOT_SET":
        if state.tier != name:
            note_recipients(session, tier=name)
        state.tier = name


def take_news(session: Session, *, business_number_id: Id, topic: str, value: Json, now: datetime) -> None:
    """Take in a webhook on the number or its account; `topic` is its field (reference whatsapp 1.8).

    The same news again changes nothing; what is not understood is left to the kept event.
    """
    state = state_of(session, business_number_id=business_number_id, now=now)
    state.told_at = now
    if topic in ("phone_number_quality_update", "business_capability_update"):
        _note_tier(session, state, value.get("max_daily_conversations_per_business")
                   or value.get("max_daily_conversation_per_phone") or value.get("current_limit"))  # fmt: skip
        _note_event(session, state, str(value.get("event") or ""), now)
    elif topic == "account_update":
        _account(session, state, str(value.get("event") or ""), value, now)
    elif topic == "account_review_update":
        state.review = f"REVIEW {value.get('decision') or ''}"[:200]
    elif topic == "account_alerts":
        state.review = f"{value.get('alert_severity') or ''} {value.get('alert_type') or ''}".strip()[:200]
    session.flush()


def _note_event(session: Session, state: NumberState, event: str, now: datetime) -> None:
    if event == "THROUGHPUT_UPGRADE":
        state.throughput = THROUGHPUT["HIGH"]
    elif event == "FLAGGED":
        note_quality(session, state, "RED", now)
    elif event == "UNFLAGGED":
        note_quality(session, state, "GREEN", now)


def _account(session: Session, state: NumberState, event: str, value: Json, now: datetime) -> None:
    number = state.business_number_id
    if event == "ACCOUNT_RESTRICTION":
        for each in value.get("restriction_info") or []:
            _restrict(session, number, each if isinstance(each, dict) else {}, now)
    elif event == "DISABLED_UPDATE":
        ban = value.get("ban_info")
        ban_state = str(ban.get("waba_ban_state") if isinstance(ban, dict) else "")
        if ban_state == "DISABLE":
            _hold_account(session, number, LANES, "Meta has disabled the account", now)
        elif ban_state == "REINSTATE":
            _free_account(session, number, "Meta has reinstated the account", now)
    elif event in ("ACCOUNT_DELETED", "ACCOUNT_OFFBOARDED"):
        _hold_account(session, number, LANES, f"The account is gone: {event}", now)
    elif event == "ACCOUNT_RECONNECTED":
        _free_account(session, number, "the account is connected again", now)
    if event.startswith(("ACCOUNT_", "DISABLED_")):
        state.review = event


def _restrict(session: Session, number: Id, restriction: Json, now: datetime) -> None:
    kind = str(restriction.get("restriction_type") or "")
    lanes = {"RESTRICTED_BIZ_INITIATED_MESSAGING": BY_BUSINESS, "RESTRICTED_CUSTOMER_INITIATED_MESSAGING": LANES}
    if kind in lanes:
        _hold_account(session, number, lanes[kind], f"Meta restricts the account: {kind}", now,
                      until=_instant(restriction.get("expiration")))  # fmt: skip


def _hold_account(
    session: Session, number: Id, lanes: tuple[str, ...], detail: str, now: datetime, until: datetime | None = None
) -> None:
    if until is None or until > now:
        hold_lanes(session, business_number_id=number, lanes=lanes, cause="account", detail=detail, now=now,
                   until=until)  # fmt: skip


def _free_account(session: Session, number: Id, reason: str, now: datetime) -> None:
    end_holds(session, business_number_id=number, cause="account", ended_by="rule", reason=reason, now=now)


def _instant(value: Any) -> datetime | None:
    """Seconds since 1970, or an ISO date with or without a time; None for anything else."""
    try:
        if isinstance(value, int | float) or (isinstance(value, str) and value.isdecimal()):
            return datetime.fromtimestamp(int(value), UTC)
        told = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)
