"""Reading subscriptions as pricing needs them: any number of them in the same few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from core.billing.taxes import Exemption, Taxpayer
from core.billing.terms import BillingFacts, ChargeTerms, DiscountTerms, LineTerms, PolicyTerms, Tariffs
from core.ids import Id

Grouped = dict[Id, list[Any]]
LONGEST_INTERVAL_DAYS = 36 * 31


@dataclass(frozen=True, slots=True)
class Account:
    """A subscription to be billed, with what its invoice says of the customer."""

    facts: BillingFacts
    state: str
    next_bill_on: date | None
    customer_number: str
    customer_name: str
    payer_name: str
    payer_tax_number: str
    address: str
    area_id: Id | None
    invoiced: tuple[tuple[date, date], ...]
    """Periods from `billed_until` on that have their invoice already."""


_SUBSCRIPTIONS = text("""
    SELECT s.id, coalesce(s.payer_id, s.customer_id) AS payer_id, s.started_on, s.ended_on, s.billing_day,
           s.interval_months, s.billed_until, s.due_days, s.state, s.next_bill_on, c.number, c.name,
           p.name AS payer_name, p.customer_class, p.tax_number, right(p.cnic, 4) AS cnic_end,
           coalesce(nullif(home.address, ''), site.address, '') AS address, z.area_id,
           coalesce(a.jurisdiction, '') AS jurisdiction
      FROM subscription s
      JOIN customer c ON c.id = s.customer_id
      JOIN customer p ON p.id = coalesce(s.payer_id, s.customer_id)
      LEFT JOIN site ON site.id = s.site_id
      LEFT JOIN LATERAL (SELECT address FROM site WHERE site.customer_id = s.payer_id ORDER BY site.id LIMIT 1) home
             ON s.payer_id <> s.customer_id
      LEFT JOIN sub_zone z ON z.id = c.sub_zone_id
      LEFT JOIN area a ON a.id = z.area_id
     WHERE s.id = ANY(:ids)
     ORDER BY array_position(CAST(:ids AS uuid[]), s.id)
""")
_LINES = text("""
    SELECT subscription_id, id, plan_id, starts_on, ends_on, quantity, agreed_price, description
      FROM subscription_line WHERE subscription_id = ANY(:ids) ORDER BY subscription_id, position
""")
_DISCOUNTS = text("""
    SELECT subscription_id, valid_from, valid_to, percent, amount, line_id
      FROM discount WHERE subscription_id = ANY(:ids) ORDER BY subscription_id, id
""")
_EXEMPTIONS = text("""
    SELECT customer_id, tax_code, valid_from, valid_to
      FROM tax_exemption WHERE customer_id = ANY(:payers) ORDER BY customer_id, id
""")
CHARGE_COLUMNS = (
    "id, description, amount, account_code, service_class, invoice_kind, quantity, unit_price, tax_inclusive, bill_from"
)
_CHARGES = text(f"""
    SELECT subscription_id, customer_id, {CHARGE_COLUMNS}
      FROM pending_charge
     WHERE invoice_id IS NULL AND cancelled_at IS NULL
       AND (subscription_id = ANY(:ids) OR subscription_id IS NULL AND customer_id = ANY(:payers))
     ORDER BY bill_from, id
""")  # noqa: S608 - the columns are named above
_PAUSES = text("""
    SELECT subscription_id, reason, starts_on, ends_on
      FROM service_pause WHERE subscription_id = ANY(:ids) AND ends_on IS NOT NULL ORDER BY subscription_id, starts_on
""")
_INVOICED = text("""
    SELECT i.subscription_id, i.period_start, i.period_end
      FROM invoice i JOIN subscription s ON s.id = i.subscription_id
     WHERE i.subscription_id = ANY(:ids) AND i.reason = 'period' AND i.state NOT IN ('void', 'draft')
       AND i.period_start >= coalesce(s.billed_until, s.started_on) - interval '37 months'
     ORDER BY i.subscription_id, i.period_start
""")
_USAGE = text("""
    SELECT u.subscription_id, u.day, sum(u.bytes)
      FROM unnest(CAST(:ids AS uuid[]), CAST(:since AS date[])) AS w(id, since)
      JOIN usage_event u ON u.subscription_id = w.id AND u.day >= w.since
     GROUP BY u.subscription_id, u.day
""")


def read_accounts(
    session: Session, tariffs: Tariffs, subscription_ids: Sequence[Id], *, since: date | None = None
) -> list[Account]:
    """The subscriptions of these ids in their order, with everything a draft needs; at most eight statements for all.

    A one-off charge of a customer without a subscription of its own goes to the first of his subscriptions here.
    `since` is the period start to be billed, where it is not the first day that has not been billed.
    """
    ids = list(subscription_ids)
    rows = session.execute(_SUBSCRIPTIONS, {"ids": ids}).all()
    payers = list({row.payer_id for row in rows})
    lines = _grouped(session, _LINES, LineTerms, ids=ids)
    discounts = _grouped(session, _DISCOUNTS, DiscountTerms, ids=ids)
    exemptions = _grouped(session, _EXEMPTIONS, Exemption, payers=payers)
    charges = _charges(session, rows, ids, payers)
    pauses = _pauses(session, tariffs.policy, ids)
    invoiced = _grouped(session, _INVOICED, lambda *span: span, ids=ids)
    starts = {row.id: since or row.billed_until or row.started_on for row in rows}
    used_from = {
        key: max((start for start, _ in spans if start < starts[key]), default=None) for key, spans in invoiced.items()
    }
    usage = _usage(session, tariffs, rows, lines, used_from, starts)
    taxpayers: dict[tuple[Any, ...], Taxpayer] = {}
    accounts = []
    for row in rows:
        billed = tuple(span for span in invoiced.get(row.id, ()) if span[0] >= starts[row.id])
        key = (row.customer_class, row.jurisdiction, tuple(exemptions.get(row.payer_id, ())))
        facts = BillingFacts(
            subscription_id=row.id, payer_id=row.payer_id, started_on=row.started_on, ended_on=row.ended_on,
            lines=tuple(lines.get(row.id, ())), taxpayer=taxpayers.setdefault(key, Taxpayer(*key)),
            billing_day=row.billing_day, interval_months=row.interval_months, billed_until=row.billed_until,
            due_days=row.due_days, discounts=tuple(discounts.get(row.id, ())), charges=tuple(charges.get(row.id, ())),
            usage=tuple(usage.get(row.id, ())), not_billed=tuple(pauses.get(row.id, ())),
            usage_since=used_from.get(row.id),
        )  # fmt: skip
        accounts.append(_account(row, facts, billed))
    return accounts


def _account(row: Row[Any], facts: BillingFacts, invoiced: tuple[tuple[date, date], ...]) -> Account:
    return Account(
        facts=facts, state=row.state, next_bill_on=row.next_bill_on, customer_number=row.number,
        customer_name=row.name, payer_name=row.payer_name,
        payer_tax_number=printed_tax_number(row.tax_number, row.cnic_end), address=row.address, area_id=row.area_id,
        invoiced=invoiced,
    )  # fmt: skip


def printed_tax_number(tax_number: str, cnic_end: str) -> str:
    """The NTN; without one the last four digits of the CNIC, the others hidden."""
    return tax_number or (f"*********{cnic_end}" if cnic_end else "")


def _grouped(session: Session, statement: Any, make: Any, **parameters: object) -> Grouped:
    """Rows by their first column, each the arguments of `make`."""
    groups: Grouped = defaultdict(list)
    for key, *rest in session.execute(statement, parameters):
        groups[key].append(make(*rest))
    return groups


def _charges(session: Session, rows: Sequence[Row[Any]], ids: list[Id], payers: list[Id]) -> Grouped:
    home = {row.payer_id: row.id for row in reversed(rows)}
    groups: Grouped = defaultdict(list)
    for subscription_id, customer_id, *rest in session.execute(_CHARGES, {"ids": ids, "payers": payers}):
        groups[subscription_id or home[customer_id]].append(ChargeTerms(*rest))
    return groups


def _pauses(session: Session, policy: PolicyTerms, ids: list[Id]) -> Grouped:
    """The spans that are over and that the policy does not charge for.

    What was billed before a pause ended is credited when it is settled; these are the days not billed yet.
    """
    groups: Grouped = defaultdict(list)
    for subscription_id, reason, start, end in session.execute(_PAUSES, {"ids": ids}):
        if reason == "non_payment":
            free = not policy.suspended_days_billed
        else:
            free = (end - start).days >= policy.pause_credit_days_min
        if free and start < end:
            groups[subscription_id].append((start, end))
    return groups


def _usage(
    session: Session, tariffs: Tariffs, rows: Sequence[Row[Any]], lines: Grouped, used_from: Mapping[Id, date | None],
    starts: Mapping[Id, date],
) -> Grouped:  # fmt: skip
    """Bytes by day of what is not billed yet; without an earlier invoice from the longest interval before."""
    metered = {plan.id for plan in tariffs.plans.values() if plan.metered}
    ids = [row.id for row in rows if any(line.plan_id in metered for line in lines.get(row.id, ()))]
    if not ids:
        return {}
    since = [used_from.get(key) or starts[key] - timedelta(days=LONGEST_INTERVAL_DAYS) for key in ids]
    return _grouped(session, _USAGE, lambda day, used: (day, int(used)), ids=ids, since=since)
