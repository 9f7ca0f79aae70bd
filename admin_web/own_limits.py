"""The fields of one agent's own limits of cash, for his page and for the settings of pay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from admin_web.settings import Group, Setting
from core.ids import Id
from core.staff.agent_cash import own_cash_limits
from core.staff.cash_models import CashLimit
from core.staff.people import active_staff

FIELDS = (
    Setting("own_limit", "Which limits hold", "The company's stand under Settings, Pay and cash.", "choice",
            (("company", "the company's"), ("own", "his own"))),
    Setting("own_cash_limit", "At most", "Above it he takes no more cash until he hands over. Empty: no limit for him.",
            "amount", optional=True),
    Setting("own_cash_days", "For at most, days", "How old his oldest cash may be. Empty: no limit for him.", most=365,
            optional=True),
)  # fmt: skip


def own_limit_groups(session: Session) -> Sequence[Group]:
    """The fields with the employee to choose before them."""
    people = [(str(person.id), person.name) for person in active_staff(session)]
    who = Setting("own_limit_of", "Employee", "Whoever takes cash from customers.", "choice", people)
    return (Group("One agent's own limits", (who, *FIELDS)),)


def own_limit_values(limit: CashLimit | None) -> dict[str, Any]:
    """What stands in the fields."""
    return {
        "own_limit": "own" if limit else "company", "own_cash_limit": limit.amount if limit else None,
        "own_cash_days": limit.age_days if limit else None,
    }  # fmt: skip


def limits_shown(session: Session) -> list[tuple[Id, str, CashLimit]]:
    """Who has limits of his own, by name."""
    own = own_cash_limits(session)
    return [(person.id, person.name, own[person.id]) for person in active_staff(session) if person.id in own]
