"""Which tickets are urgent: by the company's rules as they are opened, and by whoever says so later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.crm.models import Customer
from core.errors import DomainError
from core.ids import Id, new_id
from core.service_desk.desk_models import DeskPolicy
from core.service_desk.hours import desk_policy_of, due_at
from core.service_desk.models import CATEGORIES, OPEN_STATES, PICK_UP, REQUESTS, Ticket, TicketNote

PRIORITIES = ("normal", "high")
DAYS_MAX = 3650


class DeskRulesInvalid(DomainError):
    """These hours or rules cannot be kept."""


class PriorityRefused(DomainError):
    """The ticket is done, or the priority is none."""


def why_urgent(session: Session, *, customer_id: Id, category: str, now: datetime) -> str:
    """The rule that makes a customer's new ticket of that category urgent, in words; empty where none does."""
    policy = desk_policy_of(session)
    if category in policy.urgent_categories:
        return f"{category.replace('_', ' ')} is always urgent"
    if category not in CATEGORIES:
        return ""
    customer_class = session.scalar(select(Customer.customer_class).where(Customer.id == customer_id)) or ""
    if customer_class in policy.urgent_classes:
        return f"the customer is {customer_class}"
    if policy.repeat_count and _faults_since(session, customer_id, policy, now) + 1 >= policy.repeat_count:
        return f"fault {policy.repeat_count} or more within {policy.repeat_days} days"
    return ""


def change_priority(session: Session, *, ticket_id: Id, priority: str, author: str, why: str, now: datetime) -> Ticket:
    """Make an open ticket urgent, or no longer; its due time follows from when it was opened. A note says why.

    Raises PriorityRefused.
    """
    ticket = session.get(Ticket, ticket_id, with_for_update=True)
    if ticket is None or ticket.state not in OPEN_STATES or priority not in PRIORITIES:
        raise PriorityRefused("Choose normal or high for a ticket that is still open")
    ticket.priority, ticket.priority_why = priority, why.strip()
    since = ticket.reopened_at or ticket.opened_at
    ticket.due_at = due_at(session, category=ticket.category, priority=priority, opened_at=since)
    said = "Urgent" if priority == "high" else "Not urgent any more"
    session.add(TicketNote(id=new_id(), ticket_id=ticket.id, author=author, body=f"{said}: {why.strip()}",
                           public=False))  # fmt: skip
    session.flush()
    return ticket


def change_desk_rules(
    session: Session, *, opens: time, closes: time, rest_weekdays: Sequence[int], reopen_days: int,
    urgent_categories: Sequence[str], urgent_classes: Sequence[str], repeat_count: int, repeat_days: int,
) -> DeskPolicy:  # fmt: skip
    """When the desk works and what is urgent, for tickets opened from now on. Raises DeskRulesInvalid."""
    strange = set(urgent_categories) - {*CATEGORIES, *REQUESTS, PICK_UP}
    if strange:
        raise DeskRulesInvalid(f"{', '.join(sorted(strange))}: no category of tickets")
    if opens >= closes or len(set(rest_weekdays)) > 6 or not set(rest_weekdays) <= set(range(1, 8)):
        raise DeskRulesInvalid("The desk opens before it closes, on one day of the week at least")
    if not 0 <= reopen_days <= DAYS_MAX or not 0 <= repeat_count <= DAYS_MAX or not 1 <= repeat_days <= DAYS_MAX:
        raise DeskRulesInvalid(f"Days and counts go from 0 to {DAYS_MAX}, and faults are counted over one day at least")
    policy = desk_policy_of(session)
    policy.id = policy.id or new_id()
    policy.opens, policy.closes, policy.rest_weekdays = opens, closes, sorted(set(rest_weekdays))
    policy.reopen_days, policy.repeat_count, policy.repeat_days = reopen_days, repeat_count, repeat_days
    policy.urgent_categories = list(dict.fromkeys(urgent_categories))
    policy.urgent_classes = list(dict.fromkeys(name.strip() for name in urgent_classes if name.strip()))
    session.add(policy)
    session.flush()
    return policy


def _faults_since(session: Session, customer_id: Id, policy: DeskPolicy, now: datetime) -> int:
    since = now - timedelta(days=policy.repeat_days)
    return session.scalar(
        select(func.count()).select_from(Ticket).where(
            Ticket.customer_id == customer_id, Ticket.opened_at > since, Ticket.opened_at <= now,
            Ticket.category.in_(CATEGORIES), Ticket.merged_into_id.is_(None),
        )
    ) or 0  # fmt: skip
