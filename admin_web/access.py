"""Who is signed in, and what a page needs: every view names its permission."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import abort, g, redirect, request, session, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import business_day, utc_now
from core.companies import Company, current_company
from core.db import company_session, platform_session
from core.staff.models import PanelLogin, Staff
from core.staff.permissions import may

View = TypeVar("View", bound=Callable[..., Any])
NEEDED: dict[str, str] = {}
"""View function → permission, for the test that walks every page."""


@dataclass(frozen=True)
class User:
    """The person at the screen."""

    login_id: UUID
    name: str
    role: str
    company_id: UUID | None
    staff_id: UUID | None

    @property
    def actor(self) -> str:
        """Who acts, as the audit trail and the journal name him: the employee, as in chat, if he is one."""
        return f"staff:{self.staff_id}" if self.staff_id else f"login:{self.login_id}"

    def may(self, permission: str) -> bool:
        return may(self.role, permission)


@dataclass(frozen=True)
class Books:
    """A page's transaction with its company and the company's day."""

    session: Session
    company: Company
    today: date
    zone: ZoneInfo
    actor: str


def current_user() -> User | None:
    """The signed-in person, read again from the database on each request so that leaving takes effect at once."""
    if "user" not in g:
        g.user = _load_user()
    user: User | None = g.user
    return user


def _load_user() -> User | None:
    kept = session.get("login")
    if not kept:
        return None
    with platform_session("panel") as database:
        login = database.get(PanelLogin, UUID(kept))
        if login is None:
            return None
        chosen = session.get("company") if login.company_id is None else None
        company_id = login.company_id or (UUID(chosen) if chosen else _only_company(database))
    role = _role_of(login) if login.staff_id else login.role
    return User(login.id, login.name, role, company_id, login.staff_id) if role else None


def _only_company(database: Session) -> UUID | None:
    companies = database.scalars(select(Company.id).limit(2)).all()
    return companies[0] if len(companies) == 1 else None


def _role_of(login: PanelLogin) -> str | None:
    """The role of the login while the employee has it, else the one he has now; None once he has left."""
    assert login.company_id is not None
    with company_session(login.company_id, "panel") as database:
        staff = database.get(Staff, login.staff_id)
        if staff is None or staff.state != "active":
            return None
        return login.role if login.role in (staff.role, *staff.extra_roles) else staff.role


def needs(permission: str) -> Callable[[View], View]:
    """Let a view run only for a role that has `permission`; anyone else signs in or is refused."""

    def decorate(view: View) -> View:
        NEEDED[view.__name__] = permission

        @functools.wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            user = current_user()
            if user is None:
                return redirect(url_for("panel.login", next=request.full_path.rstrip("?")))
            if not user.may(permission):
                abort(403)
            return view(*args, **kwargs)

        return guarded  # type: ignore[return-value]

    return decorate


@contextmanager
def books() -> Iterator[Books]:
    """The page's one transaction, in the company of the person at the screen."""
    user = current_user()
    if user is None or user.company_id is None:
        abort(404)
    with company_session(user.company_id, user.actor) as database:
        company = current_company(database)
        today, zone = business_day(utc_now(), company.timezone), ZoneInfo(company.timezone)
        yield Books(database, company, today, zone, user.actor)
