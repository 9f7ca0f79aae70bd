"""Reading a company's tariffs, once for as many drafts as follow."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.plan_models import BillingPolicy, Plan, PlanBand, PlanPrice
from core.billing.rating import Band
from core.billing.tax_table import read_rules
from core.billing.terms import PlanTerms, PolicyTerms, Tariffs
from core.ids import Id


def read_tariffs(session: Session) -> Tariffs:
    """The company's plans with prices and bands, its taxes and its policy; five statements."""
    prices: dict[Id, list[tuple[date, Decimal]]] = defaultdict(list)
    for plan_id, valid_from, amount in session.execute(
        select(PlanPrice.plan_id, PlanPrice.valid_from, PlanPrice.amount).order_by(PlanPrice.valid_from)
    ):
        prices[plan_id].append((valid_from, amount))
    bands: dict[Id, list[tuple[date, Band]]] = defaultdict(list)
    for plan_id, valid_from, above, price in session.execute(
        select(PlanBand.plan_id, PlanBand.valid_from, PlanBand.above_units, PlanBand.unit_price).order_by(
            PlanBand.valid_from, PlanBand.above_units
        )
    ):
        bands[plan_id].append((valid_from, Band(above, price)))
    columns = (
        Plan.id, Plan.name, Plan.kind, Plan.service_class, Plan.income_account, Plan.interval_months,
        Plan.tax_inclusive, Plan.validity_days.is_not(None), Plan.allowance_gb, Plan.unit, Plan.rating,
    )  # fmt: skip
    plans = {
        row[0]: PlanTerms(*row, prices=tuple(prices[row[0]]), bands=tuple(bands[row[0]]))
        for row in session.execute(select(*columns))
    }
    return Tariffs(plans, read_rules(session), read_policy(session))


def read_policy(session: Session) -> PolicyTerms:
    """The company's billing policy; the defaults where it has none yet."""
    row = session.execute(
        select(
            BillingPolicy.alignment, BillingPolicy.calendar_day, BillingPolicy.due_days, BillingPolicy.proration,
            BillingPolicy.end_day_charged, BillingPolicy.short_first_period_days, BillingPolicy.tax_rounding,
            BillingPolicy.tax_point, BillingPolicy.whole_rupees, BillingPolicy.suspended_days_billed,
            BillingPolicy.pause_credit_days_min, BillingPolicy.notices, BillingPolicy.deferral_over_months,
        )
    ).one_or_none()  # fmt: skip
    return PolicyTerms(*row) if row else PolicyTerms()
