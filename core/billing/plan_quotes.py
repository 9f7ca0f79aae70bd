"""What plans on offer would cost one customer with his taxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.plan_models import Plan, TaxExemption
from core.billing.plans import offered_plans, price_on
from core.billing.tariffs import read_policy
from core.billing.tax_table import read_rules
from core.billing.taxes import Exemption, Taxable, Taxpayer, TaxRule, choose_rules, tax
from core.billing.terms import NoPriceOnDay
from core.crm.models import Customer
from core.ids import Id
from core.money import ZERO


@dataclass(frozen=True)
class PlanQuote:
    """A plan's list price of one interval, and what it comes to with the taxes that hold for the customer."""

    plan: Plan
    price: Decimal
    with_taxes: Decimal


def quote_plans(session: Session, *, customer_id: Id | None, day: date) -> list[PlanQuote]:
    """The plans on offer with their price of `day`, the slowest first; without a customer a household's taxes."""
    return _quoted(session, offered_plans(session, day=day), customer_id, day)


def quote_plan(session: Session, *, plan: Plan, customer_id: Id, day: date) -> PlanQuote | None:
    """One plan at its list price, on offer or not; None where it has no price on the day."""
    try:
        price = price_on(session, plan_id=plan.id, day=day)
    except NoPriceOnDay:
        return None
    return _quoted(session, [(plan, price)], customer_id, day)[0]


def _quoted(
    session: Session, priced: Sequence[tuple[Plan, Decimal]], customer_id: Id | None, day: date
) -> list[PlanQuote]:
    rules, rounding = read_rules(session), read_policy(session).tax_rounding
    taxpayer = _taxpayer(session, customer_id)
    return [PlanQuote(plan, price, _gross(plan, price, rules, taxpayer, rounding, day)) for plan, price in priced]


def _gross(
    plan: Plan, price: Decimal, rules: Sequence[TaxRule], taxpayer: Taxpayer, rounding: str, day: date
) -> Decimal:
    chosen = choose_rules(rules, taxpayer, service_class=plan.service_class, day=day)
    taxed = tax([Taxable(price, chosen, plan.tax_inclusive)], rounding=rounding)
    return sum(taxed.nets, ZERO) + sum((line.amount for line in taxed.lines), ZERO)


def _taxpayer(session: Session, customer_id: Id | None) -> Taxpayer:
    if customer_id is None:
        return Taxpayer()
    customer = session.get_one(Customer, customer_id)
    certificates = select(TaxExemption.tax_code, TaxExemption.valid_from, TaxExemption.valid_to).where(
        TaxExemption.customer_id == customer_id
    )
    exemptions = tuple(Exemption(*row) for row in session.execute(certificates))
    return Taxpayer(customer.customer_class, customer.sub_zone.area.jurisdiction, exemptions)
