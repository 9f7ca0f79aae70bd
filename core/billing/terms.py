"""What pricing knows, in memory: a company's tariffs and the facts of one subscription. No session, no tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from core.billing.rating import Band
from core.billing.taxes import Taxpayer, TaxRule, choose_rules
from core.errors import DomainError, NotFound
from core.ids import Id
from core.money import ZERO

ANYBODY = Taxpayer()
DAYS_OF_A_LONG_MONTH = 31


class NoPriceOnDay(DomainError):
    """The plan has no price that holds on the day."""


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """A plan with its dated prices and bands, the oldest first."""

    id: Id
    name: str
    kind: str = "flat"
    service_class: str = "internet"
    income_account: str = "4000"
    interval_months: int = 1
    tax_inclusive: bool = False
    prepaid: bool = False
    allowance: int | None = None
    unit: str = "GB"
    rating: str = ""
    prices: tuple[tuple[date, Decimal], ...] = ()
    bands: tuple[tuple[date, Band], ...] = ()

    @property
    def metered(self) -> bool:
        """Billed by use, in arrears."""
        return self.kind == "metered"

    def price_on(self, day: date) -> Decimal:
        """The price of one interval that holds on `day`; a metered plan without prices has no base fee.

        Raises NoPriceOnDay.
        """
        holding = [price for valid_from, price in self.prices if valid_from <= day]
        if holding:
            return holding[-1]
        if self.metered and not self.prices:
            return ZERO
        raise NoPriceOnDay(f"{self.name} has no price on {day}: add one that starts on that day or before")

    def bands_on(self, day: date) -> tuple[Band, ...]:
        """The tariff of metered units that holds on `day`; empty before the first."""
        tariffs = [valid_from for valid_from, _ in self.bands if valid_from <= day]
        return tuple(band for valid_from, band in self.bands if tariffs and valid_from == max(tariffs))


@dataclass(frozen=True, slots=True)
class PolicyTerms:
    """The company's choices that change what an invoice says."""

    alignment: str = "calendar"
    calendar_day: int = 1
    due_days: int = 9
    proration: str = "actual"
    end_day_charged: bool = False
    short_first_period_days: int = 0
    tax_rounding: str = "line"
    tax_point: str = "invoice_date"
    whole_rupees: bool = False
    suspended_days_billed: bool = True
    pause_credit_days_min: int = 3
    notices: bool = True
    deferral_over_months: int = 1

    def defers(self, start: date, end: date) -> bool:
        """Whether the price of `[start, end)` is earned month by month: it is longer than so many months of 31 days."""
        return (end - start).days > DAYS_OF_A_LONG_MONTH * self.deferral_over_months


@dataclass(frozen=True, slots=True)
class Tariffs:
    """What a company sells and by which rules, read once and used for every draft."""

    plans: Mapping[Id, PlanTerms]
    taxes: tuple[TaxRule, ...] = ()
    policy: PolicyTerms = PolicyTerms()
    _chosen: dict[tuple[Taxpayer, str, date], tuple[TaxRule, ...]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def plan(self, plan_id: Id) -> PlanTerms:
        """The plan of that id; raises NotFound."""
        found = self.plans.get(plan_id)
        if found is None:
            raise NotFound("The plan of a line does not exist")
        return found

    def rules(self, taxpayer: Taxpayer, service_class: str, day: date) -> tuple[TaxRule, ...]:
        """The tax rows for a service of this customer on `day`; remembered, as most customers are alike."""
        key = (taxpayer, service_class, day)
        found = self._chosen.get(key)
        if found is None:
            found = self._chosen[key] = choose_rules(self.taxes, taxpayer, service_class=service_class, day=day)
        return found


@dataclass(frozen=True, slots=True)
class LineTerms:
    """One line of a subscription; `starts_on` to `ends_on` (the first day that is not billed)."""

    id: Id
    plan_id: Id
    starts_on: date
    ends_on: date | None = None
    quantity: Decimal = Decimal(1)
    agreed_price: Decimal | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class DiscountTerms:
    """Percent or amount off a whole interval, for the periods that start from `valid_from` to `valid_to`."""

    valid_from: date
    valid_to: date | None = None
    percent: Decimal | None = None
    amount: Decimal | None = None
    line_id: Id | None = None

    def holds(self, period_start: date) -> bool:
        """Whether a period that starts then is discounted."""
        return self.valid_from <= period_start and (self.valid_to is None or period_start <= self.valid_to)


@dataclass(frozen=True, slots=True)
class ChargeTerms:
    """A one-off charge, before tax unless inclusive; negative for a reduction."""

    id: Id | None
    description: str
    amount: Decimal
    account_code: str
    service_class: str = "other"
    invoice_kind: str = "other"
    quantity: Decimal = Decimal(1)
    unit_price: Decimal | None = None
    tax_inclusive: bool = False
    bill_from: date = date.min


@dataclass(frozen=True, slots=True)
class BillingFacts:
    """One subscription as the books need it.

    `usage` is bytes by day, from `usage_since` on (the start of the last billed period; None before the first).
    `not_billed` are spans of days that are not charged, such as a pause that is over.
    """

    subscription_id: Id
    payer_id: Id
    started_on: date
    lines: tuple[LineTerms, ...]
    taxpayer: Taxpayer = ANYBODY
    billing_day: int = 1
    interval_months: int = 1
    ended_on: date | None = None
    billed_until: date | None = None
    due_days: int | None = None
    discounts: tuple[DiscountTerms, ...] = ()
    charges: tuple[ChargeTerms, ...] = ()
    usage: tuple[tuple[date, int], ...] = ()
    usage_since: date | None = None
    not_billed: tuple[tuple[date, date], ...] = ()

    @property
    def origin(self) -> date:
        """From where the cycle of its periods counts."""
        return self.billed_until or self.started_on


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A line as an invoice prints it; the columns of InvoiceLine, and whether its net is deferred."""

    kind: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    account_code: str
    discount: Decimal = ZERO
    period_start: date | None = None
    period_end: date | None = None
    subscription_line_id: Id | None = None
    plan_id: Id | None = None
    service_class: str = ""
    tax_code: str = ""
    tax_percent: Decimal | None = None
    tax_base: Decimal | None = None
    deferred: bool = False
    """Posted to 2220 with the invoice, and to its income account as its days are served."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An invoice before it is issued: `total` is net + tax + rounding, each the sum of what is printed."""

    lines: tuple[DraftLine, ...]
    net: Decimal
    tax: Decimal
    rounding: Decimal
    total: Decimal
    tax_rounding: str = "line"
    charge_ids: tuple[Id, ...] = ()
    """The one-off charges that it takes in."""
