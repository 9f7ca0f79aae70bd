"""A code that makes the WhatsApp number it is typed from an employee's."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from core import vault
from core.errors import DomainError
from core.ids import Id, new_id
from core.staff.invite_models import StaffInvite
from core.staff.people import staff_named

FIGURES = "23456789"
ALPHABET = FIGURES + "ABCDEFGHJKMNPQRSTVWXYZ"
"""Without the letters and figures that are taken for one another."""
LETTERS = 8
INVITE_LIFE = timedelta(hours=24)


class HasLeftStaff(DomainError):
    """Who has left is not invited."""


def invite_staff(session: Session, *, staff_id: Id, made_by: str, now: datetime) -> str:
    """The code `KX7M-29QD` to hand to the employee, good once within 24 hours; an earlier one is over.

    It is shown now and never again: only its fingerprint is kept. Raises NotFound, HasLeftStaff.
    """
    staff = staff_named(session, staff_id)
    if staff.state != "active":
        raise HasLeftStaff(f"{staff.name} has left: there is nobody to invite")
    void_invites(session, staff_id=staff_id, now=now)
    # A figure at the end tells a code from a word of eight letters.
    code = "".join(secrets.choice(ALPHABET) for _ in range(LETTERS - 1)) + secrets.choice(FIGURES)
    session.add(
        StaffInvite(
            id=new_id(),
            staff_id=staff_id,
            code_hash=vault.fingerprint(f"invite:{code}"),
            made_by=made_by,
            made_at=now,
            expires_at=now + INVITE_LIFE,
        )
    )  # fmt: skip
    session.flush()
    return f"{code[:4]}-{code[4:]}"


def void_invites(session: Session, *, staff_id: Id, now: datetime) -> None:
    """No code that was handed to the employee is good any more."""
    session.execute(
        update(StaffInvite).where(StaffInvite.staff_id == staff_id, StaffInvite.used_at.is_(None)).values(used_at=now)
    )
