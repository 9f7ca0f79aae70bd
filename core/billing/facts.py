"""Reading subscriptions as pricing needs them: any number of them in the same few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.orm import Session

from core.billing.taxes import Exemption, Taxpayer
from core.billing.terms import BillingFacts, ChargeTerms, DiscountTerms, LineTerms, PolicyTerms, Tariffs
from core.db import array_of
from core.ids import Id

Grouped = dict[Any, list[Any]]
"""Lists by a subscription's place among those asked for, from 1, or by a payer's id."""
LONGEST_INTERVAL_DAYS = 36 * 31


@dataclass(frozen=True, slots=True)
class Account:
    """A subscription to be billed, with what its invoice says of the customer."""

    facts: BillingFacts
    customer_number: str
    payer_name: str
    payer_tax_number: str
    address: str
    area_id: Id | None
    invoiced: tuple[tuple[date, date], ...]
    """Periods from `billed_until` on that have their invoice already."""


@dataclass(frozen=True, slots=True)
class Payer:
    """A customer as an invoice of his own charges names and taxes him; no address says that there is none."""

    number: str
    name: str
    tax_number: str
    address: str
    area_id: Id | None
    taxpayer: Taxpayer


_WANTED = "unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS w(id, place)"
# OFFSET 0 keeps every look-up by key: without statistics the planner would join whole tables, thousands of rows each.
# Under row-level security a key must be a plain column to be looked up, so the payer is worked out beforehand.
_SUBSCRIPTIONS = text(f"""
    SELECT w.place, s.billed_to, s.started_on, s.ended_on, s.billing_day, s.interval_months,
           s.billed_until, s.due_days, c.number, p.name, p.customer_class, p.tax_number, right(p.cnic, 4),
           coalesce(nullif(home.address, ''), site.address, ''), z.area_id, coalesce(a.jurisdiction, '')
      FROM {_WANTED}
      CROSS JOIN LATERAL (
        SELECT *, coalesce(payer_id, customer_id) AS billed_to FROM subscription WHERE id = w.id OFFSET 0) s
      CROSS JOIN LATERAL (SELECT * FROM customer WHERE id = s.customer_id OFFSET 0) c
      CROSS JOIN LATERAL (SELECT * FROM customer WHERE id = s.billed_to OFFSET 0) p
      LEFT JOIN LATERAL (SELECT address FROM site WHERE id = s.site_id OFFSET 0) site ON true
      LEFT JOIN LATERAL (
        SELECT (array_agg(address ORDER BY id))[1] AS address FROM site
         WHERE customer_id = s.payer_id AND s.payer_id <> s.customer_id OFFSET 0) home ON true
      LEFT JOIN sub_zone z ON z.id = c.sub_zone_id
      LEFT JOIN area a ON a.id = z.area_id
     ORDER BY w.place
""")  # noqa: S608 - no value is put in
_LINES = text(f"""
    SELECT w.place, l.id, l.plan_id, l.starts_on, l.ends_on, l.quantity, l.agreed_price, l.description
      FROM {_WANTED}
      CROSS JOIN LATERAL (SELECT * FROM subscription_line WHERE subscription_id = w.id OFFSET 0) l
     ORDER BY w.place, l.position
""")  # noqa: S608 - no value is put in
_DISCOUNTS = text(f"""
    SELECT w.place, d.valid_from, d.valid_to, d.percent, d.amount, d.line_id
      FROM {_WANTED}
      CROSS JOIN LATERAL (SELECT * FROM discount WHERE subscription_id = w.id OFFSET 0) d
     ORDER BY w.place, d.id
""")  # noqa: S608 - no value is put in
_EXEMPTIONS = text("""
    SELECT customer_id, tax_code, valid_from, valid_to
      FROM tax_exemption WHERE customer_id = ANY(CAST(:payers AS uuid[])) ORDER BY customer_id, id
""")
_PAYERS = text("""
    SELECT w.id, c.number, c.name, c.tax_number, right(c.cnic, 4), coalesce(home.address, ''), z.area_id,
           c.customer_class, coalesce(a.jurisdiction, '')
      FROM unnest(CAST(:payers AS uuid[])) AS w(id)
      CROSS JOIN LATERAL (SELECT * FROM customer WHERE id = w.id OFFSET 0) c
      CROSS JOIN LATERAL (
        SELECT (array_agg(address ORDER BY id))[1] AS address FROM site
         WHERE customer_id = w.id AND address <> '' OFFSET 0) home
      LEFT JOIN sub_zone z ON z.id = c.sub_zone_id
      LEFT JOIN area a ON a.id = z.area_id
""")
CHARGE_COLUMNS = (
    "id", "description", "amount", "account_code", "service_class", "invoice_kind", "quantity", "unit_price",
    "tax_inclusive", "bill_from",
)  # fmt: skip
_CHARGES = text(f"""
    SELECT coalesce(w.place, 0), p.customer_id, {", ".join("p." + name for name in CHARGE_COLUMNS)}
      FROM pending_charge p LEFT JOIN {_WANTED} ON w.id = p.subscription_id
     WHERE p.invoice_id IS NULL AND p.cancelled_at IS NULL
       AND (w.id IS NOT NULL OR p.subscription_id IS NULL AND p.customer_id = ANY(CAST(:payers AS uuid[])))
     ORDER BY p.bill_from, p.id
""")  # noqa: S608 - no value is put in
_PAUSES = text(f"""
    SELECT w.place, p.reason, p.starts_on, p.ends_on
      FROM {_WANTED}
      CROSS JOIN LATERAL (
        SELECT * FROM service_pause WHERE subscription_id = w.id AND ends_on IS NOT NULL OFFSET 0) p
     ORDER BY w.place, p.starts_on
""")  # noqa: S608 - no value is put in
_INVOICED = text(f"""
    SELECT w.place, i.period_start, i.period_end
      FROM {_WANTED}
      CROSS JOIN LATERAL (SELECT billed_until, started_on FROM subscription WHERE id = w.id OFFSET 0) s
      CROSS JOIN LATERAL (
        SELECT period_start, period_end FROM invoice
         WHERE company_id = taar_company() AND subscription_id = w.id AND reason = 'period' AND state <> 'void'
           AND state <> 'draft' AND period_start >= coalesce(s.billed_until, s.started_on) - interval '37 months'
        OFFSET 0) i
     ORDER BY w.place, i.period_start
""")  # noqa: S608 - no value is put in
_USAGE = text("""
    SELECT w.place, u.day, sum(u.bytes)
      FROM unnest(CAST(:places AS integer[]), CAST(:ids AS uuid[]), CAST(:since AS date[])) AS w(place, id, since)
      CROSS JOIN LATERAL (
        SELECT * FROM usage_event
         WHERE company_id = taar_company() AND subscription_id = w.id AND day >= w.since OFFSET 0) u
     GROUP BY w.place, u.day
""")


def read_accounts(
    session: Session, tariffs: Tariffs, subscription_ids: Sequence[Id], *, since: date | None = None
) -> list[Account]:
    """The subscriptions of these ids in their order, with everything a draft needs; at most eight statements for all.

    A one-off charge of a customer without a subscription of its own goes to the first of his subscriptions here.
    `since` is the period start to be billed, where it is not the first day that has not been billed.
    """
    ids = list(subscription_ids)
    wanted = array_of(ids)
    rows = session.execute(_SUBSCRIPTIONS, {"ids": wanted}).all()
    payers = array_of({row[1] for row in rows})
    lines = _grouped(session, _LINES, LineTerms, ids=wanted)
    discounts = _grouped(session, _DISCOUNTS, DiscountTerms, ids=wanted)
    exemptions = _grouped(session, _EXEMPTIONS, Exemption, payers=payers)
    charges = _charges(session, rows, wanted, payers)
    pauses = _pauses(session, tariffs.policy, wanted)
    invoiced = _grouped(session, _INVOICED, _span, ids=wanted)
    starts = {row[0]: since or row[6] or row[2] for row in rows}
    used_from = {
        place: max((start for start, _ in spans if start < starts[place]), default=None)
        for place, spans in invoiced.items()
    }
    usage = _usage(session, tariffs, ids, lines, used_from, starts)
    taxpayers: dict[tuple[Any, ...], Taxpayer] = {}
    accounts = []
    for (
        place, payer_id, started_on, ended_on, billing_day, interval_months, billed_until, due_days, number,
        payer_name, customer_class, tax_number, cnic_end, address, area_id, jurisdiction,
    ) in rows:  # fmt: skip
        key = (customer_class, jurisdiction, tuple(exemptions.get(payer_id, ())))
        facts = BillingFacts(
            ids[place - 1], payer_id, started_on, tuple(lines.get(place, ())),
            taxpayers.get(key) or taxpayers.setdefault(key, Taxpayer(*key)), billing_day, interval_months, ended_on,
            billed_until, due_days, tuple(discounts.get(place, ())), tuple(charges.get(place, ())),
            tuple(usage.get(place, ())), used_from.get(place), tuple(pauses.get(place, ())),
        )  # fmt: skip
        billed = tuple(span for span in invoiced.get(place, ()) if span[0] >= starts[place])
        accounts.append(
            Account(facts, number, payer_name, printed_tax_number(tax_number, cnic_end),
                    address, area_id, billed)
        )  # fmt: skip
    return accounts


def read_payers(session: Session, customer_ids: Collection[Id]) -> dict[Id, Payer]:
    """The customers of these ids as invoices of their charges need them, in two statements for all."""
    session.flush()
    payers = array_of(customer_ids)
    exemptions = _grouped(session, _EXEMPTIONS, Exemption, payers=payers)
    found = {}
    for customer_id, number, name, tax_number, cnic_end, address, area_id, kind, jurisdiction in session.execute(
        _PAYERS, {"payers": payers}
    ):
        taxpayer = Taxpayer(kind, jurisdiction, tuple(exemptions.get(customer_id, ())))
        printed = printed_tax_number(tax_number, cnic_end)
        found[customer_id] = Payer(number, name, printed, address, area_id, taxpayer)
    return found


def _span(start: date, end: date) -> tuple[date, date]:
    return start, end


def printed_tax_number(tax_number: str, cnic_end: str) -> str:
    """The NTN; without one the last four digits of the CNIC, the others hidden."""
    return tax_number or (f"*********{cnic_end}" if cnic_end else "")


def _grouped(session: Session, statement: TextClause, make: Callable[..., Any], **parameters: object) -> Grouped:
    """Rows by their first column, each the arguments of `make`."""
    groups: Grouped = defaultdict(list)
    for key, *rest in session.execute(statement, parameters).all():
        groups[key].append(make(*rest))
    return groups


def _charges(session: Session, rows: Sequence[Row[Any]], ids: str, payers: str) -> Grouped:
    home = {row[1]: row[0] for row in reversed(rows)}
    groups: Grouped = defaultdict(list)
    for place, customer_id, *rest in session.execute(_CHARGES, {"ids": ids, "payers": payers}).all():
        groups[place or home[customer_id]].append(ChargeTerms(*rest))
    return groups


def _pauses(session: Session, policy: PolicyTerms, ids: str) -> Grouped:
    """The spans that are over and that the policy does not charge for.

    What was billed before a pause ended is credited when it is settled; these are the days not billed yet.
    """
    groups: Grouped = defaultdict(list)
    for place, reason, start, end in session.execute(_PAUSES, {"ids": ids}).all():
        if reason == "non_payment":
            free = not policy.suspended_days_billed
        else:
            free = (end - start).days >= policy.pause_credit_days_min
        if free and start < end:
            groups[place].append((start, end))
    return groups


def _usage(
    session: Session, tariffs: Tariffs, ids: list[Id], lines: Grouped, used_from: Mapping[int, date | None],
    starts: Mapping[int, date],
) -> Grouped:  # fmt: skip
    """Bytes by day of what is not billed yet; without an earlier invoice from the longest interval before."""
    metered = {plan.id for plan in tariffs.plans.values() if plan.metered}
    if not metered:
        return {}
    places = [place for place in starts if any(line.plan_id in metered for line in lines.get(place, ()))]
    if not places:
        return {}
    wanted = {
        "places": places,
        "ids": array_of(ids[place - 1] for place in places),
        "since": [used_from.get(place) or starts[place] - timedelta(days=LONGEST_INTERVAL_DAYS) for place in places],
    }
    return _grouped(session, _USAGE, lambda day, used: (day, int(used)), **wanted)
