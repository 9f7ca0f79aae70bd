"""One statement hears a message: who writes it to whom, kept under Meta's id, its conversation locked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString, NamedTuple

from psycopg.types.json import Jsonb
from sqlalchemy.orm import Session

from core.companies import Company, company_as_of
from core.crm.contacts import LinkedAccount, accounts_of, identify, link_by_phone
from core.db import Json, run
from core.ids import Id, new_id


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


@dataclass(frozen=True)
class Heard:
    """A message kept for the first time; the conversation is locked until the transaction ends."""

    message_id: Id
    writer: Writer
    company: Company
    conversation_id: Id | None
    """None for a message that is no part of the talk."""
    state: Json
    with_human: bool = False
    """A person answers in this conversation, or is waited for."""


class NumberMoved(LookupError):
    """The business number belongs to no company any more, or to another one."""


class _Row(NamedTuple):
    """What the statement tells, column by column."""

    company_id: Id
    company_version: str
    known: bool
    contact_id: Id
    trusted_phone: str | None
    name: str
    language: str | None
    language_chosen: bool
    staff_id: Id | None
    staff_name: str | None
    staff_role: str
    extra_roles: Sequence[str]
    accounts: Sequence[tuple[str, str, str]] | None
    more_on_file: bool
    message_id: Id | None
    conversation_id: Id | None
    state: Json | None
    human_since: datetime | None


def _hearing(contact: LiteralString, known: LiteralString) -> LiteralString:
    """`contact` finds the writer, `known` says whether all he told of himself is on file; only then he is heard."""
    return f"""
WITH who AS (
    SELECT company.id AS company_id, company.xmin::text AS company_version, {known} AS known,
           contact.id AS contact_id, CASE WHEN contact.phone_trusted THEN contact.phone END AS trusted_phone,
           contact.name, contact.language, contact.language_chosen,
           staff.id AS staff_id, staff.name AS staff_name, staff.role AS staff_role, staff.extra_roles,
           (SELECT json_agg(json_build_array(customer.id, customer.number, customer.name) ORDER BY customer.number)
              FROM contact_account JOIN customer ON customer.id = contact_account.customer_id
             WHERE contact_account.contact_id = contact.id AND customer.state <> 'left') AS accounts,
           coalesce(contact.phone_trusted, false) AND EXISTS (
             SELECT FROM customer_phone AS on_file
              WHERE on_file.phone = contact.phone AND on_file.opens_account AND NOT EXISTS (
                SELECT FROM contact_account AS linked
                 WHERE linked.contact_id = contact.id AND linked.customer_id = on_file.customer_id)) AS more_on_file
      FROM business_number
      JOIN company ON company.id = business_number.company_id
      LEFT JOIN contact ON {contact}
      LEFT JOIN LATERAL (
           SELECT * FROM staff
            WHERE staff.state = 'active'
              AND (staff.id = contact.staff_id
                   OR contact.phone_trusted AND staff.phone = contact.phone AND staff.phone_opens_chat)
            ORDER BY staff.phone = contact.phone DESC LIMIT 1) AS staff ON true
     WHERE business_number.id = %(business_number_id)s
), kept AS (
    INSERT INTO inbound_message
           (id, wamid, contact_id, business_number_id, event_id, type, text, content, sent_at, corrects)
    SELECT %(message_id)s, %(wamid)s, contact_id, %(business_number_id)s, %(event_id)s, %(type)s, %(text)s,
           %(content)s, %(sent_at)s, %(corrects)s
      FROM who WHERE known
    ON CONFLICT (company_id, wamid) DO NOTHING
    RETURNING id, contact_id
), talk AS (
    INSERT INTO conversation (contact_id, business_number_id, state, last_inbound_at)
    SELECT contact_id, %(business_number_id)s, '{{}}', %(heard_at)s FROM kept WHERE %(talks)s
    ON CONFLICT (company_id, contact_id, business_number_id)
    DO UPDATE SET last_inbound_at = greatest(conversation.last_inbound_at, excluded.last_inbound_at)
    RETURNING id, state, human_since, set_config('taar.actor', 'contact:' || contact_id, true)
)
SELECT who.*, kept.id, talk.id, talk.state, talk.human_since FROM who LEFT JOIN kept ON true LEFT JOIN talk ON true
"""  # noqa: S608 - only the constants below come in


_BY_IDENTITY = _hearing(
    contact="contact.phone = %(phone)s OR contact.user_id = %(user_id)s",
    known="""coalesce(
               (%(phone)s::text IS NULL OR contact.phone = %(phone)s)
               AND (%(user_id)s::text IS NULL OR contact.user_id = %(user_id)s)
               AND %(name)s IN ('', contact.name) AND %(username)s IN ('', contact.username)
               AND (staff.id IS NULL OR staff.id = contact.staff_id), false)""",
)
_BY_ID = _hearing(contact="contact.id = %(contact_id)s", known="true")


def hear(
    session: Session, *, phone: str | None, user_id: str | None, name: str, username: str, message: Mapping[str, Any],
    heard_at: datetime, talks: bool = True,
) -> Heard | None:  # fmt: skip
    """Keep a message under Meta's id and, if it `talks`, lock its conversation until the transaction ends.

    None when it is kept already, also by a transaction that runs now. The sender is the person whom `identify` knows
    or makes; most people are known and have not changed, and then this is one statement. The window of 24 hours never
    moves backwards. `message` has wamid, business_number_id, event_id, type, text, content and sent_at, and `corrects`
    where it changes or takes back another one. From here on the audit trail names the person as the actor.
    Raises NumberMoved.
    """
    told = {
        "corrects": None, **message, "message_id": new_id(), "content": Jsonb(message["content"]),
        "heard_at": heard_at, "talks": talks, "phone": phone, "user_id": user_id, "name": name, "username": username,
    }  # fmt: skip
    rows = run(session, _BY_IDENTITY, told).fetchall()
    if not rows:
        raise NumberMoved(f"the business number {message['business_number_id']} belongs to another company")
    row = _Row(*rows[0])
    if not row.known:
        contact = identify(session, phone=phone, user_id=user_id, name=name, username=username)
        session.flush()
        row = _Row(*run(session, _BY_ID, {**told, "contact_id": contact.id}).fetchall()[0])
    if row.message_id is None:
        return None
    company = company_as_of(session, row.company_id, row.company_version)
    return Heard(
        row.message_id,
        _writer(session, row),
        company,
        row.conversation_id,
        row.state or {},
        row.human_since is not None,
    )


def is_kept(session: Session, wamid: str) -> bool:
    """Whether the message was heard before."""
    return (
        run(session, "SELECT 1 FROM inbound_message WHERE wamid = %(wamid)s", {"wamid": wamid}).fetchone() is not None
    )


def _writer(session: Session, row: _Row) -> Writer:
    accounts = [LinkedAccount(Id(customer_id), number, called) for customer_id, number, called in row.accounts or ()]
    if row.more_on_file and row.trusted_phone and link_by_phone(session, row.contact_id, row.trusted_phone):
        accounts = accounts_of(session, row.contact_id)
    return Writer(
        contact_id=row.contact_id, name=row.name, language=row.language, language_chosen=row.language_chosen,
        staff_id=row.staff_id, staff_name=row.staff_name or "",
        staff_roles=tuple(dict.fromkeys((row.staff_role, *row.extra_roles))) if row.staff_id else (),
        accounts=accounts,
    )  # fmt: skip
