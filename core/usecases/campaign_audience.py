"""Whom a campaign is for: a part of the customers, and of each the one person who is written to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import phonenumbers
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.companies import LANGUAGES, Company
from core.crm.contacts import meet_by_phone
from core.db import Json
from core.errors import DomainError
from core.ids import Id
from core.messaging.prices import country_of
from core.money import parse_amount

STATES = ("active", "suspended", "left")


class SegmentInvalid(DomainError):
    """The part of the customers makes no sense; the fact `field` names the field."""


@dataclass(frozen=True)
class Segment:
    """Customers who fit everything that is given; an empty choice takes all.

    `balance_from` and `balance_to` are rupees unpaid on invoices, both included; `overdue_days` is the least age of the
    oldest unpaid due date. The languages are those in which people read (`core.companies.LANGUAGES`).
    """

    areas: tuple[str, ...] = ()
    sub_zones: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    states: tuple[str, ...] = ("active",)
    languages: tuple[str, ...] = ()
    balance_from: Decimal | None = None
    balance_to: Decimal | None = None
    overdue_days: int | None = None

    def as_json(self) -> Json:
        """As it is kept; amounts are words."""
        kept = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        return {name: str(value) if isinstance(value, Decimal) else value for name, value in kept.items()}


def read_segment(kept: Mapping[str, Any]) -> Segment:
    """A segment as `Segment.as_json` wrote it. Raises SegmentInvalid, AmountInvalid."""
    known = {each.name for each in fields(Segment)}
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in kept.items() if name in known
    }
    for name in ("balance_from", "balance_to"):
        if values.get(name) is not None:
            values[name] = parse_amount(values[name])
    segment = Segment(**values)
    check_segment(segment)
    return segment


def check_segment(segment: Segment) -> None:
    """Raise SegmentInvalid for states or languages that do not exist and for ranges that hold nobody."""
    if not segment.states or not set(segment.states) <= set(STATES):
        raise SegmentInvalid(f"Choose at least one state of customers: {', '.join(STATES)}", field="states")
    if not set(segment.languages) <= set(LANGUAGES):
        raise SegmentInvalid(f"A language is one of {', '.join(LANGUAGES)}", field="languages")
    low, high = segment.balance_from, segment.balance_to
    if (low is not None and low < 0) or (high is not None and high < 0):
        raise SegmentInvalid("A balance is zero or more", field="balance_from")
    if low is not None and high is not None and low > high:
        raise SegmentInvalid("The balance ends below where it begins", field="balance_to")
    if segment.overdue_days is not None and not 0 <= segment.overdue_days <= 3650:
        raise SegmentInvalid("The age of the debt is 0 to 3650 days", field="overdue_days")


@dataclass(frozen=True)
class Person:
    """Who is written to for a customer; no contact where nobody can be or wants to be."""

    customer_id: Id
    contact_id: Id | None
    speech: str


@dataclass(frozen=True)
class Group:
    """People of a language in a country; `speech` is empty for customers without anybody to write to."""

    speech: str
    country: str
    people: int


# The linked person who wrote last, of those who want offers; without links the first number on file. A number that
# changed hands is nobody's. One that never wrote has no contact yet and is a person all the same.
_AUDIENCE = """
WITH audience AS (
    SELECT c.id FROM customer AS c
     WHERE c.company_id = taar_company() AND c.state = ANY(CAST(:states AS text[]))
       AND (CAST(:areas AS uuid[]) = '{}' OR c.sub_zone_id IN
            (SELECT z.id FROM sub_zone AS z WHERE z.area_id = ANY(CAST(:areas AS uuid[]))))
       AND (CAST(:sub_zones AS uuid[]) = '{}' OR c.sub_zone_id = ANY(CAST(:sub_zones AS uuid[])))
       AND (CAST(:plans AS uuid[]) = '{}' OR EXISTS (SELECT FROM subscription AS s WHERE s.customer_id = c.id
            AND s.state <> 'ended' AND s.plan_id = ANY(CAST(:plans AS uuid[]))))
       AND (NOT :by_debt OR EXISTS (SELECT FROM (
            SELECT coalesce(sum(i.balance), 0) AS balance, min(i.due_on) AS oldest FROM invoice AS i
             WHERE i.company_id = c.company_id AND i.customer_id = c.id AND i.balance > 0
               AND i.state IN ('issued', 'part_paid')) AS owed
            WHERE owed.balance >= coalesce(CAST(:balance_from AS numeric), 0)
              AND (CAST(:balance_to AS numeric) IS NULL OR owed.balance <= CAST(:balance_to AS numeric))
              AND (CAST(:due_until AS date) IS NULL OR owed.oldest <= CAST(:due_until AS date))))
       AND (CAST(:after AS uuid) IS NULL OR c.id > CAST(:after AS uuid))
     ORDER BY c.id LIMIT :most
), person AS (
    SELECT a.id AS customer_id, coalesce(linked.id, filed.id) AS contact_id,
           coalesce(linked.phone, filed.phone) AS phone, coalesce(linked.user_id, filed.user_id) AS user_id,
           coalesce(linked.language, filed.language, :speech) AS speech,
           coalesce(linked.id IS NULL AND filed.phone IS NULL, true)
           OR CASE WHEN linked.id IS NULL THEN coalesce(filed.unwilling, false) ELSE linked.unwilling END AS silent
      FROM audience AS a
      LEFT JOIN LATERAL (
        SELECT k.id, k.phone, k.user_id, k.language,
               coalesce(k.marketing_stopped_at, k.opted_out_at) IS NOT NULL AS unwilling
          FROM contact_account AS l JOIN contact AS k ON k.id = l.contact_id
          LEFT JOIN conversation AS v ON v.company_id = k.company_id AND v.contact_id = k.id
         WHERE l.customer_id = a.id
         ORDER BY unwilling, v.last_inbound_at DESC NULLS LAST, l.id LIMIT 1) AS linked ON true
      LEFT JOIN LATERAL (
        SELECT k.id, p.phone, k.user_id, k.language,
               NOT k.phone_trusted OR coalesce(k.marketing_stopped_at, k.opted_out_at) IS NOT NULL AS unwilling
          FROM customer_phone AS p
          LEFT JOIN contact AS k ON k.company_id = p.company_id AND k.phone = p.phone
         WHERE p.customer_id = a.id AND p.opens_account AND linked.id IS NULL
         ORDER BY p.id LIMIT 1) AS filed ON true
)
"""
_FITS = "(CAST(:languages AS text[]) = '{}' OR speech = ANY(CAST(:languages AS text[])))"
_COUNT = text(
    _AUDIENCE
    + f"""
SELECT CASE WHEN silent THEN '' ELSE speech END AS speech,
       CASE WHEN silent THEN '' WHEN phone LIKE :home || '%' THEN :country WHEN phone IS NULL THEN left(user_id, 2)
            ELSE phone END AS place,
       count(DISTINCT CASE WHEN silent THEN customer_id::text ELSE coalesce(contact_id::text, phone) END) AS people
  FROM person WHERE {_FITS} GROUP BY 1, 2 ORDER BY 1, 2"""  # noqa: S608 - constants
)
_SLICE = text(_AUDIENCE + f"SELECT *, {_FITS} AS fits FROM person ORDER BY customer_id")  # noqa: S608 - constants


def count_audience(session: Session, *, segment: Segment, company: Company, today: date) -> Sequence[Group]:
    """The people by language and country, each once however many accounts he has, and those whom nobody reads for."""
    code = phonenumbers.country_code_for_region(company.country)
    values = {"home": f"+{code}" if code else "?", "country": company.country}
    found: dict[tuple[str, str], int] = {}
    for row in session.execute(_COUNT, _values(segment, company, today) | values):
        country = country_of(row.place, None) if row.place.startswith("+") else row.place
        found[row.speech, country] = found.get((row.speech, country), 0) + row.people
    return [Group(speech, country, people) for (speech, country), people in found.items()]


def next_people(
    session: Session, *, segment: Segment, company: Company, today: date, after: Id | None, most: int
) -> Sequence[Person]:
    """The next customers by key after `after`, at most so many, each with his person; his contact is made if need be.

    A customer whose person reads none of the segment's languages comes with no contact.
    """
    values = _values(segment, company, today) | {"after": after, "most": most}
    rows = session.execute(_SLICE, values).all()
    known: dict[str, Id] = {}
    unmet = {row.phone for row in rows if row.contact_id is None and not row.silent and row.fits}
    if unmet:
        meet_by_phone(session, unmet)
        met = session.execute(text("SELECT phone, id FROM contact WHERE phone = ANY(:phones)"), {"phones": list(unmet)})
        known = {row.phone: row.id for row in met}
    return [
        Person(row.customer_id, None if row.silent or not row.fits else row.contact_id or known.get(row.phone),
               row.speech) for row in rows
    ]  # fmt: skip


def _values(segment: Segment, company: Company, today: date) -> dict[str, Any]:
    days = segment.overdue_days
    return {
        "states": list(segment.states), "areas": list(segment.areas), "sub_zones": list(segment.sub_zones),
        "plans": list(segment.plans), "languages": list(segment.languages), "speech": company.default_language,
        "balance_from": segment.balance_from, "balance_to": segment.balance_to,
        "due_until": None if days is None else today - timedelta(days=days),
        "by_debt": not (segment.balance_from is None and segment.balance_to is None and days is None),
        "after": None, "most": None,
    }  # fmt: skip
