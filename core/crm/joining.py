"""An employee types his invitation: from then on he works from this WhatsApp number, and from no other."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core import vault
from core.crm.models import Contact
from core.errors import DomainError
from core.ids import Id, new_id
from core.staff.invite_models import InviteTry, StaffInvite
from core.staff.invites import ALPHABET, LETTERS
from core.staff.models import Staff
from core.staff.people import lock_staff

TRIES_MAX = 5
TRIES_WITHIN = timedelta(hours=1)
_CODE = re.compile(rf"([{ALPHABET}]{{4}})\s?-\s?([{ALPHABET}]{{4}})", re.IGNORECASE)


class InviteRefused(DomainError):
    """The code is wrong, used or has expired, or too many were tried; which of them is not told."""


def invite_code(written: str) -> str | None:
    """The eight letters and figures of an invitation with its dash, alone in a message; None for anything else."""
    found = _CODE.fullmatch(written.strip())
    code = (found[1] + found[2]).upper() if found else ""
    return code if len(code) == LETTERS and any(sign.isdigit() for sign in code) else None


def may_try(session: Session, *, contact_id: Id, now: datetime) -> bool:
    """Whether the person has not yet typed too many wrong codes of late."""
    wrong = select(func.count()).where(InviteTry.contact_id == contact_id, InviteTry.tried_at > now - TRIES_WITHIN)
    return (session.scalar(wrong) or 0) < TRIES_MAX


def join_staff(session: Session, *, contact_id: Id, code: str, now: datetime) -> Staff | None:
    """The employee whose invitation was typed; None after counting a wrong one, so the caller must not roll back.

    Whoever wrote as this employee before does so no longer, the number on file included unless it is this one.
    """
    if not may_try(session, contact_id=contact_id, now=now):
        return None
    invite = session.scalar(
        select(StaffInvite)
        .where(StaffInvite.code_hash == vault.fingerprint(f"invite:{code}"), StaffInvite.used_at.is_(None),
               StaffInvite.expires_at > now)
        .with_for_update()
    )  # fmt: skip
    staff = lock_staff(session, invite.staff_id) if invite is not None else None
    if invite is None or staff is None or staff.state != "active":
        session.add(InviteTry(id=new_id(), contact_id=contact_id, tried_at=now))
        session.flush()
        return None
    invite.used_at, invite.contact_id = now, contact_id
    session.execute(update(Contact).where(Contact.staff_id == staff.id).values(staff_id=None))
    contact = session.get_one(Contact, contact_id, populate_existing=True)
    contact.staff_id = staff.id
    staff.phone_opens_chat = contact.phone == staff.phone
    session.flush()
    return staff
