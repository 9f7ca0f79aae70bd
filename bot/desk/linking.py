"""Links to accounts, with everybody told whom they concern: the same for chat and panel."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.desk.notices import send_code, tell, tell_office
from bot.texts.reply import Button, Reply, Saying, lines, verbatim, words
from core.crm.link_models import LinkRequest
from core.crm.linking import CODE_LIFE, Asked, approve_link, ask_link, holders_of, refuse_link
from core.crm.masking import mask_phone
from core.crm.models import Contact
from core.ids import Id
from core.messaging.payloads import CODE_PLACE

MENU = Button("menu", words("Menu"))


def who_asks(contact: Contact) -> Saying:
    """A newcomer as the account's people may know him: the end of his number, or that he hides it."""
    return verbatim(mask_phone(contact.phone)) if contact.phone else words("a number that WhatsApp hides")


def begin_link(session: Session, *, contact_id: Id, wanted: str, now: datetime) -> LinkRequest:
    """Ask for an account and send the code to those who are in it; raises what `ask_link` raises."""
    asked = ask_link(session, contact_id=contact_id, wanted=wanted, now=now)
    for holder in asked.holders:
        _send_code(session, asked, holder, now)
    return asked.request


def _send_code(session: Session, asked: Asked, holder: Id, now: datetime) -> None:
    request, contact = asked.request, session.get_one(Contact, holder)
    asker = who_asks(session.get_one(Contact, request.contact_id))
    wants = words("%(who)s wants to see your account *%(number)s*.", who=asker, number=request.wanted)
    code = words("If this is you, write this code there within 10 minutes: *%(code)s*", code=verbatim(CODE_PLACE))
    beware = words("If it is not you, tell the code to nobody and tap the button.")
    by_itself = contact.phone is not None
    said = lines(wants, words("If this is you, write the code that comes now there within 10 minutes."), beware)
    tell(
        session, contact_id=holder, dedupe_key=f"link_wanted:{request.id}:{holder}", now=now, lane="urgent",
        reply=Reply(said if by_itself else lines(wants, code, beware),
                    buttons=(Button(f"link.deny:{request.id}", words("It was not me")),)),
        template=("account_link_asked", {"account": request.wanted, "who": asker}) if by_itself else None,
        with_taps=True, expires_in=CODE_LIFE, code=None if by_itself else asked.code,
    )  # fmt: skip
    if by_itself:
        send_code(
            session, contact_id=holder, code=asked.code, shown=code, dedupe_key=f"link_code:{request.id}:{holder}",
            now=now, life=CODE_LIFE,
        )  # fmt: skip


def tell_of_link(session: Session, *, request: LinkRequest, now: datetime) -> None:
    """Tell the account's other people of the newcomer, with one tap to object."""
    assert request.customer_id is not None
    asker = who_asks(session.get_one(Contact, request.contact_id))
    said = words(
        "%(who)s can see your account *%(number)s* on WhatsApp now. If you do not know this number, tap the button.",
        who=asker, number=request.wanted,
    )  # fmt: skip
    for other in holders_of(session, customer_id=request.customer_id, besides=request.contact_id):
        tell(
            session, contact_id=other, dedupe_key=f"link_told:{request.id}:{other}", now=now,
            reply=Reply(said, buttons=(Button(f"link.undo:{request.id}", words("I do not know this")),)),
            template=("account_linked", {"account": request.wanted, "who": asker}), with_taps=True,
        )  # fmt: skip


def tell_office_of_request(session: Session, *, request: LinkRequest, now: datetime) -> None:
    """Let the managers know that a request waits for their yes."""
    asker = who_asks(session.get_one(Contact, request.contact_id))
    said = words("%(who)s asks to be linked to account %(number)s without a code.", who=asker, number=request.wanted)
    tell_office(
        session, reply=Reply(said, buttons=(Button("approvals", words("Approvals")),)),
        dedupe_key=f"link_asked:{request.id}", now=now,
    )  # fmt: skip


def approve(session: Session, *, request_id: Id, decided_by: str, now: datetime) -> LinkRequest:
    """Approve as `approve_link` does, with its refusals; the person and the account's others are told."""
    request = approve_link(session, request_id=request_id, decided_by=decided_by, now=now)
    said = words("Account *%(number)s* is linked to this number now. You can ask me about it.", number=request.wanted)
    tell(
        session, contact_id=request.contact_id, reply=Reply(said, buttons=(MENU,)), now=now,
        dedupe_key=f"link_approved:{request.id}", template=("account_link_decided", {"what": said}),
    )  # fmt: skip
    tell_of_link(session, request=request, now=now)
    return request


def refuse(session: Session, *, request_id: Id, decided_by: str, reason: str, now: datetime) -> LinkRequest:
    """Refuse as `refuse_link` does, with its refusals; the person is told, politely and without the account's facts."""
    request = refuse_link(session, request_id=request_id, decided_by=decided_by, reason=reason, now=now)
    said = words(
        "We could not link account %(number)s to this number. Please visit our office with your ID card.",
        number=request.wanted,
    )
    tell(
        session, contact_id=request.contact_id, reply=Reply(said, buttons=(MENU,)), now=now,
        dedupe_key=f"link_refused:{request.id}", template=("account_link_decided", {"what": said}),
    )  # fmt: skip
    return request
