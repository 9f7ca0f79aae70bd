"""Letting a person into an account: by a code sent to those who are in it already, or by the office's yes.

Never by a name, a CNIC or an account number alone, and nobody learns whether an account exists: a request for one that
does not is kept, counted and answered like any other, only that its code is sent to nobody.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import func, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import vault
from core.crm.contacts import meet_by_phone
from core.crm.link_models import LinkRequest
from core.crm.models import Contact, ContactAccount, Customer, CustomerPhone
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.numbering import PREFIXES

CODE_LIFE = timedelta(minutes=10)
TRIES_MAX = 5
ASKS_AN_HOUR, ASKS_A_DAY = 3, 6
"""Requests of one person."""
CODES_A_DAY = 5
"""Codes sent for one account, whoever asks."""
TOLD_MAX = 5
"""People who get one code."""
DENIED_FOR = timedelta(days=30)
"""Whom a holder of the account has turned away gets no code for it for so long."""
ASK_STAFF_WITHIN = timedelta(hours=24)
UNDO_WITHIN = timedelta(days=30)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_NUMBER = re.compile(r"(?:c|account|acc|a/c|id|no|number|#|:|\.|-|\s)*(\d{3,9})", re.IGNORECASE)


class TooManyLinkRequests(DomainError):
    """The person has asked too often; later he may again."""


class LinkedAlready(DomainError):
    """The person acts for the account already."""


class NoLinkRequest(DomainError):
    """The person has asked for no account of late."""


class LinkDecided(DomainError):
    """The request no longer waits for the office."""


class AccountUnknown(DomainError):
    """No account has the number of the request, so there is nothing to approve."""


class LinkNotUndoable(DomainError):
    """The link is not there any more, is too old, or the person is not one who may undo it."""


@dataclass(frozen=True)
class Asked:
    """A request just made, its code in clear, and whom to send it to: nobody where there is no such account."""

    request: LinkRequest
    code: str
    holders: Sequence[Id]


@dataclass(frozen=True)
class Entered:
    """What a typed code came to; `left` tries are left after a wrong one."""

    outcome: Literal["linked", "wrong", "over"]
    request: LinkRequest
    left: int = 0


def account_number(written: str) -> str | None:
    """`C-2001` for "c2001", "2001" or "account no. 2001"; None for what is no account number."""
    found = _NUMBER.fullmatch(written.strip())
    return f"{PREFIXES['customer']}-{int(found[1])}" if found else None


def ask_link(session: Session, *, contact_id: Id, wanted: str, now: datetime) -> Asked:
    """Begin a link to the account printed as `wanted`; the caller sends the code to the holders.

    Raises TooManyLinkRequests, and LinkedAlready for an account that the person sees anyway.
    """
    _keep_within_limits(session, contact_id, now)
    customer_id = session.scalar(select(Customer.id).where(Customer.number == wanted, Customer.state != "left"))
    if customer_id is not None and _is_linked(session, contact_id, customer_id):
        raise LinkedAlready(f"{wanted} is linked to this number already")
    for earlier in session.scalars(
        select(LinkRequest).where(LinkRequest.contact_id == contact_id, LinkRequest.state == "code")
    ):
        earlier.state = "over"
    code = f"{secrets.randbelow(1_000_000):06d}"
    request = LinkRequest(
        id=new_id(), contact_id=contact_id, customer_id=customer_id, wanted=wanted, state="code",
        code_hash="", code_expires_at=now + CODE_LIFE, tries=0, sent_to=0, asked_at=now,
    )  # fmt: skip
    request.code_hash = vault.fingerprint(f"{request.id}:{code}")
    holders = holders_of(session, customer_id=customer_id, besides=contact_id) if customer_id is not None else []
    if customer_id is not None and holders and not _may_send(session, contact_id, customer_id, now):
        holders = []
    request.sent_to = len(holders)
    session.add(request)
    session.flush()
    return Asked(request, code, holders)


def _keep_within_limits(session: Session, contact_id: Id, now: datetime) -> None:
    asked = select(func.count()).where(LinkRequest.contact_id == contact_id)
    for length, most in ((HOUR, ASKS_AN_HOUR), (DAY, ASKS_A_DAY)):
        if (session.scalar(asked.where(LinkRequest.asked_at > now - length)) or 0) >= most:
            raise TooManyLinkRequests("Too many accounts were asked for: please wait")


def _may_send(session: Session, contact_id: Id, customer_id: Id, now: datetime) -> bool:
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"link:{customer_id}"})
    of_account = select(func.count()).where(LinkRequest.customer_id == customer_id)
    sent = session.scalar(of_account.where(LinkRequest.sent_to > 0, LinkRequest.asked_at > now - DAY)) or 0
    denied = session.scalar(
        of_account.where(LinkRequest.contact_id == contact_id, LinkRequest.state.in_(("cancelled", "undone")),
                         LinkRequest.asked_at > now - DENIED_FOR)
    ) or 0  # fmt: skip
    return sent < CODES_A_DAY and not denied


def _is_linked(session: Session, contact_id: Id, customer_id: Id) -> bool:
    linked = select(ContactAccount.id).where(
        ContactAccount.contact_id == contact_id, ContactAccount.customer_id == customer_id
    )
    return session.scalar(linked) is not None


def holders_of(session: Session, *, customer_id: Id, besides: Id | None = None) -> list[Id]:
    """Contacts that act for the account or write from a number on file; at most five, who wrote to us first."""
    phones = session.scalars(
        select(CustomerPhone.phone).where(CustomerPhone.customer_id == customer_id, CustomerPhone.opens_account)
    ).all()
    meet_by_phone(session, phones)
    linked = select(ContactAccount.contact_id).where(ContactAccount.customer_id == customer_id)
    people = select(Contact.id).where(
        or_(Contact.id.in_(linked), Contact.phone.in_(phones) & Contact.phone_trusted),
        or_(Contact.phone.is_not(None), Contact.user_id.not_like("former:%")),
        Contact.id != besides if besides is not None else Contact.id.is_not(None),
    )
    return list(session.scalars(people.order_by(Contact.user_id.is_(None), Contact.id).limit(TOLD_MAX)))


def awaits_code(session: Session, *, contact_id: Id, now: datetime) -> bool:
    """Whether six digits of this person can only be the code of his last request, also of one that has just run out."""
    last = select(LinkRequest.state).where(LinkRequest.contact_id == contact_id, LinkRequest.asked_at > now - HOUR)
    return session.scalar(last.order_by(LinkRequest.asked_at.desc()).limit(1)) in ("code", "over")


def enter_code(session: Session, *, contact_id: Id, code: str, now: datetime) -> Entered:
    """Try a typed code on the person's request; a wrong one is counted, so the caller must not roll back.

    Raises NoLinkRequest.
    """
    request = session.scalars(
        select(LinkRequest)
        .where(LinkRequest.contact_id == contact_id, LinkRequest.state.in_(("code", "over")))
        .order_by(LinkRequest.asked_at.desc()).limit(1).with_for_update()
    ).one_or_none()  # fmt: skip
    if request is None:
        raise NoLinkRequest("Ask for an account first")
    if request.state == "over" or request.code_expires_at <= now or request.tries >= TRIES_MAX:
        request.state = "over"
        return Entered("over", request)
    request.tries += 1
    if vault.has_fingerprint(f"{request.id}:{code}", request.code_hash) and request.customer_id is not None:
        _link(session, request, "code")
        request.state, request.decided_at, request.decided_by = "linked", now, f"contact:{contact_id}"
        session.flush()
        return Entered("linked", request)
    if request.tries >= TRIES_MAX:
        request.state = "over"
    session.flush()
    return Entered("wrong" if request.state == "code" else "over", request, TRIES_MAX - request.tries)


def ask_office(session: Session, *, contact_id: Id, note: str, now: datetime) -> LinkRequest:
    """Leave the person's last request to the office, because the code cannot reach him; one waits at a time.

    Raises NoLinkRequest where he asked for no account within a day.
    """
    request = session.scalars(
        select(LinkRequest)
        .where(LinkRequest.contact_id == contact_id, LinkRequest.state.in_(("code", "over", "waiting")),
               LinkRequest.asked_at > now - ASK_STAFF_WITHIN)
        .order_by(LinkRequest.asked_at.desc()).limit(1).with_for_update()
    ).one_or_none()  # fmt: skip
    if request is None:
        raise NoLinkRequest("Ask for an account first")
    waiting = select(LinkRequest).where(LinkRequest.contact_id == contact_id, LinkRequest.state == "waiting")
    for earlier in session.scalars(waiting):
        earlier.state = "over"
    request.state, request.note = "waiting", note
    session.flush()
    return request


def waiting_links(session: Session) -> Sequence[LinkRequest]:
    """What waits for the office, the oldest first."""
    return session.scalars(
        select(LinkRequest).where(LinkRequest.state == "waiting").order_by(LinkRequest.asked_at, LinkRequest.id)
    ).all()


def _waiting(session: Session, request_id: Id) -> LinkRequest:
    request = session.scalar(select(LinkRequest).where(LinkRequest.id == request_id).with_for_update())
    if request is None:
        raise NotFound("There is no such request")
    if request.state != "waiting":
        raise LinkDecided("This request is decided already")
    return request


def approve_link(session: Session, *, request_id: Id, decided_by: str, now: datetime) -> LinkRequest:
    """Let the person in after the office made sure who he is. Raises LinkDecided, AccountUnknown, NotFound."""
    request = _waiting(session, request_id)
    if request.customer_id is None:
        raise AccountUnknown(f"There is no account {request.wanted}: refuse the request")
    _link(session, request, "office")
    request.state, request.decided_at, request.decided_by = "approved", now, decided_by
    session.flush()
    return request


def refuse_link(session: Session, *, request_id: Id, decided_by: str, reason: str, now: datetime) -> LinkRequest:
    """Turn the request down. Raises LinkDecided, NotFound."""
    request = _waiting(session, request_id)
    request.state, request.decided_at, request.decided_by = "refused", now, decided_by
    request.decision_note = reason
    session.flush()
    return request


def _link(session: Session, request: LinkRequest, how: str) -> None:
    session.execute(
        insert(ContactAccount)
        .values(id=new_id(), contact_id=request.contact_id, customer_id=request.customer_id, linked_by=how)
        .on_conflict_do_nothing()
    )


def object_to_link(session: Session, *, request_id: Id, contact_id: Id, now: datetime) -> LinkRequest:
    """A person who acts for the account says that he does not know the newcomer: his code or link is taken back.

    Only who was in the account before may, and for 30 days. Raises LinkNotUndoable.
    """
    request = session.scalar(select(LinkRequest).where(LinkRequest.id == request_id).with_for_update())
    mine = session.scalar(
        select(ContactAccount).where(
            ContactAccount.contact_id == contact_id,
            ContactAccount.customer_id == (request.customer_id if request else None),
        )
    )  # fmt: skip
    if request is None or mine is None or request.contact_id == contact_id:
        raise LinkNotUndoable("This is not yours to undo")
    since = request.decided_at or request.asked_at
    was_first = mine.linked_by == "phone_on_file" or mine.created_at <= since
    if not was_first or now - since > UNDO_WITHIN or request.state not in ("code", "waiting", "linked", "approved"):
        raise LinkNotUndoable("There is nothing to undo any more")
    if request.state in ("linked", "approved"):
        unlink(session, contact_id=request.contact_id, customer_id=mine.customer_id)
        request.state = "undone"
    else:
        request.state = "cancelled"
    request.decided_at, request.decided_by = now, f"contact:{contact_id}"
    session.flush()
    return request


def unlink(session: Session, *, contact_id: Id, customer_id: Id) -> bool:
    """The person acts for the account no longer, also not by his number on file; False where he did not."""
    contact = session.get_one(Contact, contact_id)
    linked = session.scalar(
        select(ContactAccount).where(
            ContactAccount.contact_id == contact_id, ContactAccount.customer_id == customer_id
        )
    )  # fmt: skip
    if linked is not None:
        session.delete(linked)
    on_file = session.scalars(
        select(CustomerPhone).where(
            CustomerPhone.customer_id == customer_id, CustomerPhone.phone == contact.phone, CustomerPhone.opens_account
        )
    ).all()
    for phone in on_file:
        phone.opens_account = False
    session.flush()
    return linked is not None or bool(on_file)
