"""Who is writing: people known by phone, by Meta's user id, or by both, and the accounts they may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.crm.models import Contact, ContactAccount, Customer, CustomerPhone
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
    another user id, the number has changed hands, and the newcomer gets a contact without any account.
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
    return contact


def _matching(session: Session, phone: str | None, user_id: str | None) -> Sequence[Contact]:
    same = [Contact.phone == phone] if phone else []
    same += [Contact.user_id == user_id] if user_id else []
    return session.scalars(select(Contact).where(or_(*same))).all()


def _one_of(session: Session, found: Sequence[Contact], phone: str | None, user_id: str | None) -> Contact | None:
    by_user = next((c for c in found if user_id and c.user_id == user_id), None)
    by_phone = next((c for c in found if phone and c.phone == phone), None)
    if by_user is None or by_phone is None or by_user is by_phone:
        if by_phone is not None and user_id and by_phone.user_id not in (None, user_id):
            return _recycled(session, by_phone, by_user, user_id)
        return by_user or by_phone
    if by_phone.user_id is None:
        return _merged(session, into=by_phone, from_=by_user)
    return _recycled(session, by_phone, by_user, user_id)


def _merged(session: Session, *, into: Contact, from_: Contact) -> Contact:
    user_id = from_.user_id
    moves = (
        "UPDATE inbound_message SET contact_id = :into WHERE contact_id = :old",
        "UPDATE outbound_message SET contact_id = :into WHERE contact_id = :old",
        "UPDATE document SET contact_id = :into WHERE contact_id = :old",
        "UPDATE contact_account SET contact_id = :into WHERE contact_id = :old AND customer_id NOT IN"
        " (SELECT customer_id FROM contact_account WHERE contact_id = :into)",
    )
    for statement in moves:
        session.execute(text(statement), {"into": into.id, "old": from_.id})
    session.execute(delete(Contact).where(Contact.id == from_.id))
    session.expunge(from_)
    into.user_id = user_id
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
    staff_id = session.scalar(select(Staff.id).where(Staff.phone == phone, Staff.state == "active"))
    session.execute(
        insert(Contact)
        .values(id=new_id(), phone=phone, user_id=user_id, name=name, username=username, staff_id=staff_id)
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
        select(Staff.phone, Staff.id).where(Staff.phone.in_(wanted), Staff.state == "active")
    )}  # fmt: skip
    rows = [{"id": new_id(), "phone": phone, "staff_id": staff.get(phone)} for phone in wanted]
    session.execute(insert(Contact).values(rows).on_conflict_do_nothing())


def accounts_of(session: Session, contact: Contact) -> list[LinkedAccount]:
    """The accounts `contact` may see, oldest first; links what is on file for his number on first sight."""
    accounts = _linked(session, contact.id)
    if not accounts and contact.phone and contact.phone_trusted:
        _link_by_phone(session, contact.id, contact.phone)
        accounts = _linked(session, contact.id)
    return accounts


def _linked(session: Session, contact_id: Id) -> list[LinkedAccount]:
    rows = session.execute(
        select(Customer.id, Customer.number, Customer.name)
        .join(ContactAccount, ContactAccount.customer_id == Customer.id)
        .where(ContactAccount.contact_id == contact_id, Customer.state != "left")
        .order_by(Customer.number)
    )
    return [LinkedAccount(*row) for row in rows]


def _link_by_phone(session: Session, contact_id: Id, phone: str) -> None:
    on_file = select(CustomerPhone.customer_id).where(CustomerPhone.phone == phone)
    for customer_id in session.scalars(on_file):
        session.execute(
            insert(ContactAccount)
            .values(id=new_id(), contact_id=contact_id, customer_id=customer_id, linked_by="phone_on_file")
            .on_conflict_do_nothing()
        )


def change_number(session: Session, *, contact: Contact, phone: str | None, user_id: str | None) -> None:
    """Meta says this person changed number: both identifiers move, the accounts stay with the person.

    The new number is not trusted for linking further accounts until staff or a code confirm it.
    """
    others = [c for c in _matching(session, phone, user_id) if c.id != contact.id] if phone or user_id else []
    for other in others:
        session.execute(update(Contact).where(Contact.id == other.id).values(phone=None, user_id=f"former:{other.id}"))
    contact.phone = phone
    contact.user_id = user_id
    contact.phone_trusted = False
