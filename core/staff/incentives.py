"""Recovery incentives: a percent or amount of cash collected, by the age of the debt or by the month's sum.

Money that bounced earns nothing, cash earns only once it is handed over (reference money 4.5), and not while its
customer disputes it. Pure: facts in, amounts with their reason out.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.ids import Id
from core.money import ZERO
from core.staff.commission_models import CommissionRule, RuleTier
from core.staff.commission_rules import RuleBook
from core.staff.commissions import Assessment, Due
from core.staff.months import month_of
from core.staff.percents import percent_of
from core.staff.wording import shown, shown_percent

_SUMS = uuid.UUID("6f0a4c1e-2f6b-5d0e-9a53-7d1c40a5b0c1")


@dataclass(frozen=True)
class Collection:
    """A part of a payment that an agent collected and that settled one invoice."""

    allocation_id: Id
    payment_number: str
    staff_id: Id
    customer_id: Id
    customer: str
    invoice_number: str
    amount: Decimal
    collected_on: date
    due_on: date
    undone: str
    """Why it does not count any more (bounced, reversed, moved to another bill); empty while it does."""
    handed_over: bool
    """False while the cash of its payment is in the agent's hands."""
    disputed: bool = False
    """The customer says that he paid another amount, or nothing, and the office has not decided."""

    @property
    def days_late(self) -> int:
        """The age of the debt when it was collected; below zero for a bill not due yet."""
        return (self.collected_on - self.due_on).days

    @property
    def counts(self) -> bool:
        """Whether it earns now."""
        return not self.undone and self.handed_over and not self.disputed


def assess_collections(collections: Sequence[Collection], book: RuleBook, sign: str) -> list[Assessment]:
    """What is due for the collections of whole months: per bill, per account and month, or per month's sum.

    The months must be complete, since tiers by month look at their sums.
    """
    ordered = sorted(collections, key=lambda fact: (fact.collected_on, fact.payment_number, fact.allocation_id))
    return [
        *(_per_bill(fact, book, sign) for fact in ordered),
        *_per_account(ordered, book, sign),
        *_per_month(ordered, book, sign),
    ]


def _rules(book: RuleBook, fact: Collection) -> list[CommissionRule]:
    rules = book.rules_for(fact.staff_id, "recovery", fact.collected_on)
    return [rule for rule in rules if rule.days_late_min is None or fact.days_late >= rule.days_late_min]


def _pays_flat(rule: CommissionRule) -> bool:
    return rule.amount is not None or (rule.tier_by == "age" and rule.tiers[0].amount is not None)


def _per_bill(fact: Collection, book: RuleBook, sign: str) -> Assessment:
    dues = []
    for rule in _rules(book, fact) if fact.counts else []:
        if rule.tier_by == "month" or _pays_flat(rule):
            continue
        percent = rule.percent
        if percent is None:
            percent = tier_of(rule.tiers, Decimal(fact.days_late)).percent or ZERO
        what = f"{shown_percent(percent)} of {shown(fact.amount, sign)} collected on {fact.invoice_number}"
        amount = percent_of(fact.amount, percent)
        dues.append(Due(rule.id, rule.kind, fact.staff_id, amount, f"{what}, {late(fact.days_late)}"))
    waits = "the customer disputes it" if fact.disputed else "not handed over"
    why_not = f"{fact.payment_number} for {fact.invoice_number}: {fact.undone or waits}"
    return Assessment("recovery", "allocation", fact.allocation_id, fact.collected_on, tuple(dues), why_not)


def _per_account(facts: Iterable[Collection], book: RuleBook, sign: str) -> list[Assessment]:
    accounts: dict[tuple[Id, date], list[Collection]] = {}
    for fact in facts:
        accounts.setdefault((fact.customer_id, month_of(fact.collected_on)), []).append(fact)
    return [_account(month, group, book, sign) for (_, month), group in accounts.items()]


def _account(month: date, group: Sequence[Collection], book: RuleBook, sign: str) -> Assessment:
    dues: dict[Id, Due] = {}
    for fact in sorted(group, key=lambda fact: -fact.days_late):
        for rule in _rules(book, fact) if fact.counts else []:
            if not _pays_flat(rule) or rule.id in dues:
                continue
            amount = rule.amount
            if amount is None:
                amount = tier_of(rule.tiers, Decimal(fact.days_late)).amount or ZERO
            why = f"{shown(amount, sign)} for the account of {fact.customer} in {month:%B %Y}, {late(fact.days_late)}"
            dues[rule.id] = Due(rule.id, rule.kind, fact.staff_id, amount, why)
    source = _sum_id(group[0].customer_id, month)
    why_not = f"Nothing collected from {group[0].customer} in {month:%B %Y} stayed"
    return Assessment("recovery", "account", source, group[0].collected_on, tuple(dues.values()), why_not)


def _per_month(facts: Iterable[Collection], book: RuleBook, sign: str) -> list[Assessment]:
    months: dict[tuple[Id, date], list[Collection]] = {}
    for fact in facts:
        months.setdefault((fact.staff_id, month_of(fact.collected_on)), []).append(fact)
    return [_month(staff_id, month, group, book, sign) for (staff_id, month), group in months.items()]


def _month(staff_id: Id, month: date, group: Sequence[Collection], book: RuleBook, sign: str) -> Assessment:
    collected: dict[Id, Decimal] = {}
    by_id: dict[Id, CommissionRule] = {}
    for fact in group:
        for rule in _rules(book, fact) if fact.counts else []:
            if rule.tier_by == "month":
                by_id[rule.id] = rule
                collected[rule.id] = collected.get(rule.id, ZERO) + fact.amount
    dues = []
    for rule_id, total in collected.items():
        amount, how = month_incentive(by_id[rule_id], total, sign)
        why = f"{how} of {shown(total, sign)} collected in {month:%B %Y}"
        dues.append(Due(rule_id, "recovery", staff_id, amount, why))
    why_not = f"What was collected in {month:%B %Y} is less now"
    return Assessment("recovery", "month", _sum_id(staff_id, month), group[-1].collected_on, tuple(dues), why_not)


def month_incentive(rule: CommissionRule, total: Decimal, sign: str) -> tuple[Decimal, str]:
    """The incentive of a month's sum and how it was reached: at the tier reached, or slice by slice.

    A slice up to and including its limit is paid at its own percent, and each is rounded.
    """
    if not rule.graduated:
        tier = tier_of(rule.tiers, total)
        if tier.amount is not None:
            return tier.amount, shown(tier.amount, sign)
        percent = tier.percent or ZERO
        return percent_of(total, percent), shown_percent(percent)
    amount, below, said = ZERO, ZERO, []
    for tier in rule.tiers:
        top = total if tier.up_to is None else min(total, tier.up_to)
        if top <= below:
            break
        percent = tier.percent or ZERO
        amount += percent_of(top - below, percent)
        said.append(f"{shown_percent(percent)} on {shown(top - below, sign)}")
        below = top
    return amount, ", ".join(said)


def tier_of(tiers: Sequence[RuleTier], value: Decimal) -> RuleTier:
    """The first tier that reaches up to `value`; its limit belongs to it: day 30 is in "up to 30"."""
    return next(tier for tier in tiers if tier.up_to is None or value <= tier.up_to)


def late(days: int) -> str:
    """`12 days late`, `1 day late`, `on its due day`, `3 days before it was due`."""
    if days == 0:
        return "on its due day"
    count = f"{abs(days)} day{'' if abs(days) == 1 else 's'}"
    return f"{count} late" if days > 0 else f"{count} before it was due"


def _sum_id(of: Id, month: date) -> Id:
    return uuid.uuid5(_SUMS, f"{of}:{month:%Y-%m}")
