"""Give open cases to recovery agents: by territory, balanced by amount, within their caps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.ids import Id
from core.ledger.models import Account, Posting
from core.recovery.assignment import give, loads, release_agent, release_unfit, share_out, unassigned

AGENT_CASH = "1040"


@dataclass(frozen=True)
class Assigned:
    """How many cases found an agent, and how many found none with room."""

    given: int
    without_agent: int


def assign_cases(session: Session, *, reason: str, assigned_by: str, now: datetime) -> Assigned:
    """Give every open case without a fit agent to one; cases with their agents stay with them."""
    release_unfit(session, now=now)
    waiting = unassigned(session)
    if not waiting:
        return Assigned(0, 0)
    given = share_out(waiting, loads(session, cash_in_hand=cash_in_hand(session)))
    give(session, given, reason=reason, assigned_by=assigned_by, now=now)
    return Assigned(len(given), len(waiting) - len(given))


def redistribute_agent(
    session: Session, *, agent_id: Id, reason: str, assigned_by: str, now: datetime
) -> Assigned:  # fmt: skip
    """Share an agent's cases out among all who are at work; who leaves is marked as left first."""
    release_agent(session, agent_id=agent_id, now=now)
    return assign_cases(session, reason=reason, assigned_by=assigned_by, now=now)


def cash_in_hand(session: Session) -> dict[Id, Decimal]:
    """What each agent has collected and not handed over, by the books."""
    rows = session.execute(
        select(Posting.party_id, func.sum(Posting.amount))
        .join(Account, Account.id == Posting.account_id)
        .where(Account.code == AGENT_CASH, Posting.party_id.is_not(None))
        .group_by(Posting.party_id)
    )
    return {agent_id: amount for agent_id, amount in rows if agent_id is not None}
