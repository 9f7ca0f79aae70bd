"""What a payment, a bounce or a credit note means for recovery, in its own transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from core.ids import Id
from core.recovery.case_models import Promise, ServiceCut
from core.usecases.judge_promises import judge_promises_of
from core.usecases.restore_service import restore_if_clear


@dataclass(frozen=True)
class Followed:
    """Promises whose outcome changed, and the suspension that ended, if any."""

    judged: list[Promise]
    restored: ServiceCut | None


def follow_payment(
    session: Session, *, customer_id: Id, now: datetime, actor: str = "system", origin: str = ""
) -> Followed:  # fmt: skip
    """Judge the customer's promises, close his case and restore his service as far as the money goes."""
    judged = judge_promises_of(session, customer_id=customer_id, now=now)
    restored = restore_if_clear(session, customer_id=customer_id, now=now, actor=actor, origin=origin)
    return Followed(judged, restored)
