"""Who may count an agent's cash and decide over it: never the agent himself (reference money 4.6)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.errors import DomainError
from core.ids import Id
from core.staff.models import Staff
from core.staff.people import staff_named

CASHIERS = ("owner", "manager")


class NotTheCashier(DomainError):
    """Nobody counts his own cash, and only a manager or the owner counts."""


def require_cashier(session: Session, *, cashier_id: Id, agent_id: Id) -> Staff:
    """The person, if he may count or decide over this agent's cash; raises NotTheCashier, NotFound."""
    cashier = staff_named(session, cashier_id)
    if cashier_id == agent_id:
        raise NotTheCashier(
            f"{cashier.name} cannot count or decide over his own cash: another manager or the owner does"
        )
    if cashier.role not in CASHIERS or cashier.state != "active":
        raise NotTheCashier(f"{cashier.name} is no cashier: a manager or the owner counts cash")
    return cashier
