"""Who is writing: people known by phone, by Meta's user id, or by both, and the accounts they may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.crm.models import Contact, ContactAccount, Customer, CustomerPhone
from core.db import table_of
from core.ids import Id, new_id
from core.staff.models import Staff


@dataclass(frozen=True)
class LinkedAccount:
    """An account this person may act for."""

    customer_id: Id
    number: str
    name: str


def identify(
    session: Session, *, phone: str | None, user_id: str | None, name: str = "", username: str = ""
) -> Contact:
    """The contact behind a sender; made on first sight, completed when a second identifier arrives.

    `phone` is E.164 with the plus. Meta's user id is the stronger identity: when a known number comes with
    another user id, the number has changed hands, and the newcomer gets a contact without any account. A known user
    id that comes with another number has changed number: his accounts stay his, the accounts of the number do not
    become his.
    """
    found = _matching(session, phone, user_id)
    contact = _one_of(session, found, phone, user_id)
    if contact is None:
        contact = _created(session, phone, user_id, name, username)
    if user_id and not contact.user_id:
        contact.user_id = user_id
    if phone and not contact.phone:
        contact.phone = phone
    if name and contact.name != name:
        contact.name = name
    if username and contact.username != username:
        contact.username = username
    if contact.phone and contact.phone_trusted:
        contact.staff_id = _staff_at(session, contact.phone) or contact.staff_id
    return contact


def _matching(session: Session, phone: str | None, user_id: str | None) -> Sequence[Contact]:
    same = [Contact.phone == phone] if phone else []
    same += [Contact.user_id == user_id] if user_id else []
    return session.scalars(select(Contact).where(or_(*same))).all()


def _one_of(session: Session, found: Sequence[Contact], phone: str | None, user_id: str | None) -> Contact | None:
    by_user = next((c for c in found if user_id and c.user_id == user_id), None)
    by_phone = next((c for c in found if phone and c.phone == phone), None)
    if by_user is not None and phone and by_user.phone not in (None, phone):
        change_number(session, contact_id=by_user.id, phone=phone, user_id=user_id)
        return by_user
    if by_phone is not None and user_id and by_phone.user_id not in (None, user_id):
        return _recycled(session, by_phone, by_user, user_id)
    if by_user is None or by_phone is None or by_user is by_phone:
        return by_user or by_phone
    return _merged(session, into=by_phone, from_=by_user)


_FOLLOW = (
    *(f"UPDATE {table} SET contact_id = :into WHERE contact_id = :old" for table in (  # noqa: S608 - constants
        "inbound_message", "outbound_message", "document", "link_request", "lead", "upload_link", "staff_invite",
        "invite_try",
    )),
    "UPDATE contact_account SET contact_id = :into WHERE contact_id = :old AND customer_id NOT IN"
    " (SELECT customer_id FROM contact_account WHERE contact_id = :into)",
    "UPDATE consent_change c SET contact_id = :into WHERE contact_id = :old AND NOT EXISTS (SELECT FROM"
    " consent_change k WHERE k.contact_id = :into AND (k.category, k.choice, k.told_at)"
    " = (c.category, c.choice, c.told_at))",
    "UPDATE campaign_person SET contact_id = :into WHERE contact_id = :old AND campaign_id NOT IN"
    " (SELECT campaign_id FROM campaign_person WHERE contact_id = :into)",
    "UPDATE conversation c SET state = o.state, human_since = o.human_since, human_staff_id = o.human_staff_id,"
    " human_by = o.human_by, human_due_at = o.human_due_at, answered_at = o.answered_at,"
    " last_inbound_at = greatest(c.last_inbound_at, o.last_inbound_at) FROM conversation o"
    " WHERE c.contact_id = :into AND o.contact_id = :old AND c.business_number_id = o.business_number_id"
    " AND o.last_inbound_at > coalesce(c.last_inbound_at, '-infinity')",
    "UPDATE conversation SET contact_id = :into WHERE contact_id = :old AND business_number_id NOT IN"
    " (SELECT business_number_id FROM conversation WHERE contact_id = :into)",
)  # fmt: skip
"""What belongs to a person and goes with him when two contacts turn out to be one."""


def _merged(session: Session, *, into: Contact, from_: Contact) -> Contact:
    session.flush()
    for statement in _FOLLOW:
        session.execute(text(statement), {"into": into.id, "old": from_.id})
    session.execute(delete(Contact).where(Contact.id == from_.id))
    session.expunge(from_)
    into.user_id = from_.user_id
    into.staff_id = into.staff_id or from_.staff_id
    into.opted_out_at = into.opted_out_at or from_.opted_out_at
    into.marketing_stopped_at = into.marketing_stopped_at or from_.marketing_stopped_at
    if from_.language is not None and (from_.language_chosen or into.language is None):
        into.language, into.language_chosen = from_.language, from_.language_chosen
    return into


def _recycled(session: Session, holder: Contact, newcomer: Contact | None, user_id: str | None) -> Contact:
    phone = holder.phone
    holder.phone = None
    session.flush()
    if newcomer is None:
        newcomer = Contact(id=new_id(), user_id=user_id)
        session.add(newcomer)
    newcomer.phone = phone
    newcomer.phone_trusted = False
    session.flush()
    return newcomer


def _created(session: Session, phone: str | None, user_id: str | None, name: str, username: str) -> Contact:
    session.execute(
        insert(Contact)
        .values(id=new_id(), phone=phone, user_id=user_id, name=name, username=username)
        .on_conflict_do_nothing()
    )
    contact = _one_of(session, _matching(session, phone, user_id), phone, user_id)
    assert contact is not None
    return contact


def meet_by_phone(session: Session, phones: Iterable[str]) -> None:
    """Every one of these E.164 numbers has its contact afterwards, so that people who never wrote can be written to."""
    wanted = sorted(set(phones))
    if not wanted:
        return
    staff = {row.phone: row.id for row in session.execute(
        select(Staff.phone, Staff.id).where(
            Staff.phone.in_(wanted), Staff.state == "active", Staff.phone_opens_chat
        )
    )}  # fmt: skip
    rows = [{"id": new_id(), "phone": phone, "staff_id": staff.get(phone)} for phone in wanted]
    session.execute(insert(Contact).values(rows).on_conflict_do_nothing())


def _staff_at(session: Session, phone: str) -> Id | None:
    mine = select(Staff.id).where(Staff.phone == phone, Staff.state == "active", Staff.phone_opens_chat)
    return session.scalar(mine)


def accounts_of(session: Session, contact_id: Id) -> list[LinkedAccount]:
    """The accounts the person may see, in the order of their numbers; those that have left are over."""
    rows = session.execute(
        select(Customer.id, Customer.number, Customer.name)
        .join(ContactAccount, ContactAccount.customer_id == Customer.id)
        .where(ContactAccount.contact_id == contact_id, Customer.state != "left")
        .order_by(Customer.number)
    )
    return [LinkedAccount(*row) for row in rows]


def link_by_phone(session: Session, contact_id: Id, phone: str) -> int:
    """Let the person act for the accounts that have his number on file; how many those are.

    For a number that is trusted only: one that changed hands would open its former holder's account. Nor for an account
    that the person gave up.
    """
    on_file = select(CustomerPhone.customer_id).where(CustomerPhone.phone == phone, CustomerPhone.opens_account)
    customers = session.scalars(on_file).all()
    for customer_id in customers:
        session.execute(
            insert(ContactAccount)
            .values(id=new_id(), contact_id=contact_id, customer_id=customer_id, linked_by="phone_on_file")
            .on_conflict_do_nothing()
        )
    return len(customers)


_CONTACTS = table_of(Contact)
_SET_LANGUAGE = (
    update(_CONTACTS)
    .where(_CONTACTS.c.id == bindparam("contact_id"))
    .values(language=bindparam("language_heard"), language_chosen=bindparam("chosen"))
)


def set_language(session: Session, *, contact_id: Id, language: str, chosen: bool) -> None:
    """Answer the person in this language from now on; one he has `chosen` no longer follows what he writes."""
    session.execute(_SET_LANGUAGE, {"contact_id": contact_id, "language_heard": language, "chosen": chosen})


def change_number(session: Session, *, contact_id: Id, phone: str | None, user_id: str | None) -> None:
    """Meta says this person changed number: both identifiers move, the accounts stay with the person.

    None is an identifier that Meta does not tell; the old one is no longer his, so it is dropped. The new number is
    not trusted for further accounts until staff or a code confirm it, and neither is the old one, whoever has it next.
    """
    if phone is None and user_id is None:
        return
    contact = session.get_one(Contact, contact_id)
    left = contact.phone if contact.phone != phone else None
    _take_from_others(session, contact, phone, user_id)
    contact.phone, contact.user_id, contact.phone_trusted = phone, user_id, False
    session.flush()
    if left is not None:
        session.add(_placeholder(left))
        session.flush()


def change_user_id(session: Session, *, contact_id: Id, user_id: str) -> None:
    """Meta gave this person another user id; his number stays what it was."""
    contact = session.get_one(Contact, contact_id)
    _take_from_others(session, contact, None, user_id)
    contact.user_id = user_id
    session.flush()


def _take_from_others(session: Session, contact: Contact, phone: str | None, user_id: str | None) -> None:
    for other in _matching(session, phone, user_id):
        if other is contact:
            continue
        other.phone = None if other.phone == phone else other.phone
        other.user_id = None if other.user_id == user_id else other.user_id
        if other.phone is None and other.user_id is None:
            other.user_id = _former_id()
    session.flush()


def _placeholder(phone: str) -> Contact:
    """Nobody yet, with a number that somebody has left: who writes from it next is not taken for him."""
    return Contact(id=new_id(), phone=phone, user_id=_former_id(), phone_trusted=False)


def _former_id() -> str:
    return f"former:{new_id()}"
