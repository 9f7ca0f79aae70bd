"""Amounts and days as they stand in explanations of pay."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from core.companies import current_company

SIGNS = {"PKR": "Rs"}


def currency_sign(session: Session) -> str:
    """`Rs` for rupees, else the company's currency code."""
    currency = current_company(session).currency
    return SIGNS.get(currency, currency)


def shown(amount: Decimal, sign: str = "Rs") -> str:
    """`Rs 2,500`, with the paisa only where there are some."""
    whole = amount == amount.to_integral_value()
    return f"{sign} {amount:,.0f}" if whole else f"{sign} {amount:,.2f}"


def shown_percent(percent: Decimal) -> str:
    """`1 %`, `2.5 %`."""
    return f"{percent.normalize():f} %"


def shown_day(day: date) -> str:
    """`5 Nov 2026`."""
    return f"{day.day} {day:%b %Y}"
