"""Dated, stacked taxes: sales tax on the net, advance income tax on the inclusive amount (reference money 1.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.billing.plan_models import TaxRate
from core.ids import new_id
from core.money import ZERO, rounded


@dataclass(frozen=True)
class TaxLine:
    """A tax as it is printed: rate, base and amount."""

    code: str
    name: str
    percent: Decimal
    base: Decimal
    amount: Decimal
    account_code: str


def add_tax_rate(
    session: Session, *, code: str, name: str, kind: str, base: str, percent: Decimal, account_code: str,
    valid_from: date, valid_to: date | None = None,
) -> TaxRate:  # fmt: skip
    """A row of the tax table; `base` is net or net_plus_sales_tax."""
    rate = TaxRate(
        id=new_id(), code=code, name=name, kind=kind, base=base, percent=percent, account_code=account_code,
        valid_from=valid_from, valid_to=valid_to,
    )  # fmt: skip
    session.add(rate)
    session.flush()
    return rate


def taxes_on(session: Session, *, day: date) -> list[TaxRate]:
    """The rates that hold on `day`, those on the net first."""
    holds = select(TaxRate).where(TaxRate.valid_from <= day, or_(TaxRate.valid_to.is_(None), TaxRate.valid_to >= day))
    return list(session.scalars(holds.order_by(TaxRate.base, TaxRate.code)))


def tax_lines(net: Decimal, rates: Sequence[TaxRate]) -> list[TaxLine]:
    """Each tax rounded once, half up; what stacks is computed on the net plus the sales taxes."""
    plain = [_line(rate, net) for rate in rates if rate.base == "net"]
    inclusive = net + sum((line.amount for line in plain), ZERO)
    return plain + [_line(rate, inclusive) for rate in rates if rate.base == "net_plus_sales_tax"]


def _line(rate: TaxRate, base: Decimal) -> TaxLine:
    amount = rounded(base * rate.percent / 100)
    return TaxLine(rate.code, rate.name, rate.percent, base, amount, rate.account_code)
