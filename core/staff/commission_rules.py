"""Plans of commissions and incentives: rules with dates and tiers, and which of them hold for whom on a day."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.money import parse_amount
from core.staff.commission_models import (
    CREDITS,
    KINDS,
    CommissionPlan,
    CommissionRule,
    ConnectionCredit,
    RuleTier,
)
from core.staff.pay_models import PayTerms
from core.staff.people import staff_named
from core.staff.percents import parse_percent
from core.staff.wording import shown_day


class RuleInvalid(DomainError):
    """The rule does not say clearly what is earned."""


class PlanNameTaken(DomainError):
    """A plan of that name exists."""


class CreditInvalid(DomainError):
    """The connection cannot be credited so."""


@dataclass(frozen=True)
class Tier:
    """Up to and including `up_to` (days overdue, or an amount; None has no end): a percent or a fixed amount."""

    up_to: Decimal | None
    percent: Decimal | None = None
    amount: Decimal | None = None


@dataclass(frozen=True)
class Measure:
    """How much a rule pays: exactly one of a percent, a fixed amount, or tiers by `age` or by `month`."""

    percent: Decimal | None = None
    amount: Decimal | None = None
    tier_by: str = ""
    tiers: tuple[Tier, ...] = ()
    graduated: bool = False


@dataclass(frozen=True)
class Conditions:
    """When a rule pays; what does not concern its kind is left alone (see CommissionRule)."""

    category: str = ""
    reopen_days: int = 7
    credit: str = "installed"
    invoice_event: str = "paid"
    months_max: int | None = None
    days_late_min: int | None = None


def add_plan(session: Session, *, name: str) -> CommissionPlan:
    """A plan without rules; terms of pay refer to it. Raises PlanNameTaken."""
    name = name.strip()
    if not name or session.scalar(select(CommissionPlan.id).where(CommissionPlan.name == name)) is not None:
        raise PlanNameTaken(f"{name!r} is empty or in use: choose another name for the plan")
    plan = CommissionPlan(id=new_id(), name=name)
    session.add(plan)
    session.flush()
    return plan


def add_rule(
    session: Session, *, plan_id: Id, kind: str, name: str, valid_from: date, measure: Measure,
    conditions: Conditions | None = None,
) -> CommissionRule:  # fmt: skip
    """A rule that holds from `valid_from` until `end_rule`; `name` is what payslips print.

    Percent and tiers are of money, so only invoices and recovery know them. Raises RuleInvalid, PercentInvalid,
    AmountInvalid.
    """
    conditions = conditions or Conditions()
    _refuse_unclear(kind, name, measure, conditions)
    rule = CommissionRule(
        id=new_id(), plan_id=plan_id, kind=kind, name=name.strip(), valid_from=valid_from, percent=measure.percent,
        amount=_amount(measure.amount), category=conditions.category,
        reopen_days=conditions.reopen_days, credit=conditions.credit, invoice_event=conditions.invoice_event,
        months_max=conditions.months_max, days_late_min=conditions.days_late_min, tier_by=measure.tier_by,
        graduated=measure.graduated,
    )  # fmt: skip
    rule.tiers = [
        RuleTier(
            id=new_id(), position=position, up_to=_amount(tier.up_to), percent=tier.percent, amount=_amount(tier.amount)
        )
        for position, tier in enumerate(measure.tiers, 1)
    ]
    session.add(rule)
    session.flush()
    return rule


def _amount(value: Decimal | None) -> Decimal | None:
    return None if value is None else parse_amount(value)


def _refuse_unclear(kind: str, name: str, measure: Measure, conditions: Conditions) -> None:
    if kind not in KINDS or not name.strip():
        raise RuleInvalid(f"A rule has a name and is one of {', '.join(KINDS)}")
    ways = [measure.percent is not None, measure.amount is not None, bool(measure.tier_by)]
    if ways.count(True) != 1 or bool(measure.tiers) != bool(measure.tier_by):
        raise RuleInvalid("A rule pays by exactly one of a percent, an amount, or tiers by age or month")
    if (measure.percent or Decimal(1)) <= 0 or (measure.amount or Decimal(1)) <= 0:
        raise RuleInvalid("The percent or amount of a rule is more than zero")
    for percent in (measure.percent, *(tier.percent for tier in measure.tiers)):
        if percent is not None:
            parse_percent(percent)
    if measure.percent is not None and kind not in ("invoice", "recovery"):
        raise RuleInvalid("A percent is of invoices or of money collected: use an amount instead")
    if measure.tier_by and (kind != "recovery" or measure.tier_by not in ("age", "month")):
        raise RuleInvalid("Tiers are for recovery, by 'age' of the debt or by the 'month' sum")
    if measure.graduated and measure.tier_by != "month":
        raise RuleInvalid("Only monthly tiers can be graduated")
    _refuse_uneven(measure)
    if conditions.credit not in CREDITS or conditions.invoice_event not in ("issued", "paid"):
        raise RuleInvalid("A connection is credited as 'sold' or 'installed', an invoice pays when 'issued' or 'paid'")
    if conditions.reopen_days < 0 or (conditions.months_max is not None and conditions.months_max < 1):
        raise RuleInvalid("Days to be opened again start at zero, months of a connection at one")


def _refuse_uneven(measure: Measure) -> None:
    if not measure.tiers:
        return
    limits = [tier.up_to for tier in measure.tiers]
    inner = [limit for limit in limits[:-1] if limit is not None]
    rising = all(low < high for low, high in itertools.pairwise(inner))
    if limits[-1] is not None or len(inner) != len(limits) - 1 or not rising:
        raise RuleInvalid("Tiers rise from step to step, and the last one has no end")
    for tier in measure.tiers:
        if (tier.percent is None) == (tier.amount is None) or (tier.percent or tier.amount or Decimal(0)) < 0:
            raise RuleInvalid("Each tier is a percent or an amount, not below zero")
    if measure.graduated and any(tier.percent is None for tier in measure.tiers):
        raise RuleInvalid("Graduated tiers are percents")
    if len({tier.percent is None for tier in measure.tiers}) != 1:
        raise RuleInvalid("All tiers of a rule are percents, or all are amounts")


def end_rule(session: Session, *, rule_id: Id, last_day: date) -> CommissionRule:
    """Let the rule pay for what is earned up to `last_day` and no longer; what it paid stays.

    Raises RuleInvalid, NotFound.
    """
    rule = session.get(CommissionRule, rule_id)
    if rule is None:
        raise NotFound("There is no such rule")
    if last_day < rule.valid_from - timedelta(days=1):
        raise RuleInvalid(f"The rule starts on {shown_day(rule.valid_from)}: it cannot end before")
    rule.valid_until = last_day + timedelta(days=1)
    session.flush()
    return rule


@dataclass(frozen=True)
class RuleBook:
    """All plans and who had which when, read once; a pure look-up from then on."""

    terms: dict[Id, list[PayTerms]]
    rules: dict[Id, list[CommissionRule]]

    def rules_for(self, staff_id: Id | None, kind: str, day: date) -> list[CommissionRule]:
        """The rules of a kind that the employee earned by on a day."""
        for terms in self.terms.get(staff_id, []) if staff_id else []:
            if terms.starts_on <= day and (terms.ends_on is None or day < terms.ends_on):
                plan = self.rules.get(terms.plan_id, []) if terms.plan_id else []
                return [rule for rule in plan if rule.kind == kind and _holds(rule, day)]
        return []

    def of_kind(self, kind: str) -> list[CommissionRule]:
        """Every rule of a kind, whenever it held."""
        return [rule for plan in self.rules.values() for rule in plan if rule.kind == kind]


def _holds(rule: CommissionRule, day: date) -> bool:
    return rule.valid_from <= day and (rule.valid_until is None or day < rule.valid_until)


def read_rule_book(session: Session) -> RuleBook:
    """The company's rules with their tiers and everybody's terms, in three statements."""
    terms: dict[Id, list[PayTerms]] = {}
    for row in session.scalars(select(PayTerms).where(PayTerms.plan_id.is_not(None)).order_by(PayTerms.starts_on)):
        terms.setdefault(row.staff_id, []).append(row)
    rules: dict[Id, list[CommissionRule]] = {}
    for rule in session.scalars(select(CommissionRule).order_by(CommissionRule.valid_from, CommissionRule.id)):
        rules.setdefault(rule.plan_id, []).append(rule)
    return RuleBook(terms, rules)


def commission_plans(session: Session) -> list[CommissionPlan]:
    """The plans, by name."""
    return list(session.scalars(select(CommissionPlan).order_by(CommissionPlan.name)))


def rules_of_plan(session: Session, *, plan_id: Id) -> Sequence[CommissionRule]:
    """A plan's rules, the oldest first."""
    return session.scalars(
        select(CommissionRule)
        .where(CommissionRule.plan_id == plan_id)
        .order_by(CommissionRule.valid_from, CommissionRule.id)
    ).all()


def credit_staff(session: Session, *, subscription_id: Id, staff_id: Id, role: str, from_on: date) -> ConnectionCredit:
    """From `from_on` the connection counts for this employee, as sold or installed by him, and no longer for another.

    The caller knows that the subscription exists. Raises CreditInvalid, NotFound.
    """
    if role not in CREDITS:
        raise CreditInvalid(f"A connection is credited as one of {', '.join(CREDITS)}, not {role!r}")
    staff_named(session, staff_id)
    running = session.scalar(
        select(ConnectionCredit)
        .where(
            ConnectionCredit.subscription_id == subscription_id, ConnectionCredit.role == role,
            ConnectionCredit.until_on.is_(None),
        )
        .with_for_update()
    )  # fmt: skip
    if running is not None and running.staff_id == staff_id:
        return running
    if running is not None:
        if running.from_on >= from_on:
            raise CreditInvalid(f"It counts for another from {shown_day(running.from_on)}: choose a later day")
        running.until_on = from_on
        session.flush()
    credit = ConnectionCredit(
        id=new_id(), subscription_id=subscription_id, staff_id=staff_id, role=role, from_on=from_on
    )
    session.add(credit)
    session.flush()
    return credit
