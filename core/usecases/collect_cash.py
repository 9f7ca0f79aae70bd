"""An agent takes cash from a customer: within his limit, into his hands by the books, with a receipt at once."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from core.clock import business_day
from core.companies import current_company
from core.ids import Id
from core.staff.agent_cash import require_room_for_cash
from core.usecases.take_payment import Taken, take_payment


def collect_cash(
    session: Session, *, agent_id: Id, customer_id: Id, amount: Decimal, idempotency_key: str, actor: str,
    now: datetime, origin: str = "",
) -> Taken:  # fmt: skip
    """Record cash received by an agent today, as `take_payment` does. Locks the agent, then the customer.

    Raises CashLimitReached where the agent may not hold so much more, and what `take_payment` raises.
    """
    today = business_day(now, current_company(session).timezone)
    cash = require_room_for_cash(session, staff_id=agent_id, amount=amount, today=today)
    return take_payment(
        session, customer_id=customer_id, amount=amount, method="cash", received_on=today, taken_by=actor, now=now,
        idempotency_key=idempotency_key, collected_by=agent_id, cash_limit_left=cash.left, origin=origin,
    )  # fmt: skip
