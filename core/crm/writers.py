"""Who is writing, told by one statement: the person, what he works as, the accounts he may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString, NamedTuple

from sqlalchemy.orm import Session

from core.companies import Company, company_as_of
from core.crm.contacts import LinkedAccount, identify, link_by_phone
from core.db import run
from core.ids import Id


@dataclass(frozen=True)
class Writer:
    """A person as this turn knows him; `staff_id` only of an employee who has not left."""

    contact_id: Id
    name: str
    language: str | None
    language_chosen: bool
    staff_id: Id | None
    staff_name: str
    staff_roles: Sequence[str]
    """What he may work as, his main role first."""
    accounts: Sequence[LinkedAccount]


class _Row(NamedTuple):
    """What the statement tells, column by column."""

    company_id: Id
    company_version: str
    id: Id | None
    phone: str | None
    user_id: str | None
    name: str
    username: str
    phone_trusted: bool
    language: str | None
    language_chosen: bool
    linked_staff_id: Id | None
    staff_id: Id | None
    staff_name: str | None
    staff_role: str
    extra_roles: Sequence[str]
    accounts: Sequence[tuple[str, str, str]] | None


class NumberMoved(LookupError):
    """The business number belongs to no company any more, or to another one."""


def _writers(contact: LiteralString) -> LiteralString:
    return f"""
SELECT company.id, company.xmin::text,
       contact.id, contact.phone, contact.user_id, contact.name, contact.username, contact.phone_trusted,
       contact.language, contact.language_chosen, contact.staff_id,
       staff.id, staff.name, staff.role, staff.extra_roles,
       (SELECT json_agg(json_build_array(customer.id, customer.number, customer.name) ORDER BY customer.number)
          FROM contact_account JOIN customer ON customer.id = contact_account.customer_id
         WHERE contact_account.contact_id = contact.id AND customer.state <> 'left')
  FROM business_number
  JOIN company ON company.id = business_number.company_id
  LEFT JOIN contact ON {contact}
  LEFT JOIN LATERAL (
       SELECT * FROM staff
        WHERE staff.state = 'active'
          AND (staff.id = contact.staff_id OR contact.phone_trusted AND staff.phone = contact.phone)
        ORDER BY staff.phone = contact.phone DESC LIMIT 1) AS staff ON true
 WHERE business_number.id = %(business_number_id)s
"""  # noqa: S608 - only the constants below come in


_BY_IDENTITY = _writers("contact.phone = %(phone)s OR contact.user_id = %(user_id)s")
_BY_ID = _writers("contact.id = %(contact_id)s")


def recognise(
    session: Session, *, business_number_id: Id, phone: str | None, user_id: str | None, name: str, username: str
) -> tuple[Writer, Company]:
    """The person behind a sender, as `identify` knows or makes him, and the company he writes to.

    Most people are known and have not changed, and then this is one statement. Raises NumberMoved.
    """
    told = {"business_number_id": business_number_id, "phone": phone, "user_id": user_id}
    rows = run(session, _BY_IDENTITY, told).fetchall()
    if not rows:
        raise NumberMoved(f"the business number {business_number_id} belongs to another company")
    row = _Row(*rows[0])
    if len(rows) > 1 or not _is_known(row, phone, user_id, name, username):
        contact = identify(session, phone=phone, user_id=user_id, name=name, username=username)
        row = _again(session, business_number_id, contact.id)
    assert row.id is not None
    if not row.accounts and row.phone and row.phone_trusted and link_by_phone(session, row.id, row.phone):
        row = _again(session, business_number_id, row.id)
    return _writer(row), company_as_of(session, row.company_id, row.company_version)


def _is_known(row: _Row, phone: str | None, user_id: str | None, name: str, username: str) -> bool:
    """Whether every identifier and name that came with the message is on file already, and his employment too."""
    told = ((phone, row.phone), (user_id, row.user_id), (name, row.name), (username, row.username))
    return (
        row.id is not None
        and row.staff_id in (None, row.linked_staff_id)
        and all(kept == given for given, kept in told if given)
    )


def _again(session: Session, business_number_id: Id, contact_id: Id) -> _Row:
    session.flush()
    told = {"business_number_id": business_number_id, "contact_id": contact_id}
    return _Row(*run(session, _BY_ID, told).fetchall()[0])


def _writer(row: _Row) -> Writer:
    assert row.id is not None
    roles = (row.staff_role, *(role for role in row.extra_roles if role != row.staff_role)) if row.staff_id else ()
    return Writer(
        contact_id=row.id, name=row.name, language=row.language, language_chosen=row.language_chosen,
        staff_id=row.staff_id, staff_name=row.staff_name or "", staff_roles=roles,
        accounts=[LinkedAccount(Id(account_id), number, called) for account_id, number, called in row.accounts or ()],
    )  # fmt: skip
