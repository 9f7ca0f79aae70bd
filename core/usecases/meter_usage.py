"""A reading of the network is kept for the customer to see, and for the bill where his plan is metered."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.billing.plan_models import Plan
from core.billing.subscription_models import SubscriptionLine, UsageEvent
from core.db import table_of
from core.ids import Id, new_id
from core.network.usage import UsageDelta, record_usage


def meter_usage(session: Session, *, reading: str, deltas: Sequence[UsageDelta]) -> int:
    """Add what `record_usage` adds; lines of metered plans are billed by it as well, each once a `reading`.

    `reading` names the poll, such as `radius:<session>:<interim>`: for metered lines the same one again changes
    nothing, neither the bill nor what is shown. Both see the same bytes. Returns how many deltas were new.
    Raises UsageInvalid.
    """
    metered = set(session.scalars(
        select(SubscriptionLine.subscription_id).join(Plan, Plan.id == SubscriptionLine.plan_id).where(
            Plan.kind == "metered",
            SubscriptionLine.subscription_id.in_({delta.subscription_id for delta in deltas}),
        )
    ))  # fmt: skip
    fresh = [delta for delta in deltas if delta.subscription_id not in metered or _billed_once(session, reading, delta)]
    record_usage(session, deltas=fresh)
    return len(fresh)


def _billed_once(session: Session, reading: str, delta: UsageDelta) -> bool:
    row: dict[str, object] = {
        "id": new_id(), "subscription_id": delta.subscription_id, "day": delta.day,
        "bytes": max(0, delta.bytes_down + delta.bytes_up),
        "source_id": f"{reading}:{delta.subscription_id}:{delta.day}",
    }  # fmt: skip
    written = insert(table_of(UsageEvent)).values(row).on_conflict_do_nothing().returning(UsageEvent.id)
    kept: Id | None = session.scalar(written)
    return kept is not None
