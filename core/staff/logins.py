"""Signing in to the panel: passwords hashed with Argon2, locked for a while after repeated failures."""

from __future__ import annotations

from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import DomainError
from core.ids import Id, new_id
from core.staff.models import PanelLogin

FAILURES_MAX = 5
LOCKED_FOR = timedelta(minutes=15)
_hasher = PasswordHasher()
_NOBODY = _hasher.hash("nobody has this password")


class LoginRefused(DomainError):
    """Unknown address, wrong password, or locked; the text does not tell which of the first two."""


def create_login(
    session: Session, *, email: str, password: str, name: str, role: str, company_id: Id | None, staff_id: Id | None
) -> PanelLogin:
    """A sign-in; needs a platform session. Without a company it is a super admin's."""
    login = PanelLogin(
        id=new_id(), email=email.strip().lower(), password_hash=_hasher.hash(password), name=name, role=role,
        company_id=company_id, staff_id=staff_id, failed_attempts=0,
    )  # fmt: skip
    session.add(login)
    session.flush()
    return login


def check_password(session: Session, *, email: str, password: str, now: datetime) -> PanelLogin | None:
    """The login, or None after counting the failure; raises LoginRefused while locked. Needs a platform session.

    Returns instead of raising for a wrong password, so that the caller's transaction keeps the count.
    """
    login = session.scalar(select(PanelLogin).where(PanelLogin.email == email.strip().lower()).with_for_update())
    if login is not None and login.locked_until is not None and login.locked_until > now:
        raise LoginRefused("Too many wrong passwords: try again in a quarter of an hour.")
    try:
        _hasher.verify(login.password_hash if login else _NOBODY, password)
    except VerificationError:
        if login is not None:
            login.failed_attempts += 1
            if login.failed_attempts >= FAILURES_MAX:
                login.failed_attempts, login.locked_until = 0, now + LOCKED_FOR
        return None
    if login is not None:
        login.failed_attempts, login.locked_until = 0, None
    return login
