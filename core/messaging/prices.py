"""What a message costs: Meta's price by category and country, and what the day has come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

import phonenumbers
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db import table_of
from core.errors import DomainError
from core.ids import new_id
from core.messaging.sending_models import CATEGORIES, MessagePrice

ELSEWHERE = "*"
FIRST_PRICES: Mapping[str, Mapping[str, Decimal]] = {
    "PK": {"marketing": Decimal("13.25"), "utility": Decimal("1.52"), "authentication": Decimal("1.52"),
           "service": Decimal("1.52")},
    ELSEWHERE: {"marketing": Decimal("22.40"), "utility": Decimal("3.20"), "authentication": Decimal("3.20"),
                "service": Decimal("3.20")},
}  # fmt: skip
"""Rupees, from US dollars at 280: a start until the company enters the prices of Meta's rate card."""


class PriceInvalid(DomainError):
    """The price cannot be kept."""


@dataclass(frozen=True)
class PriceList:
    """The prices that hold on one day."""

    by_country: Mapping[str, Mapping[str, Decimal]]

    def price(self, category: str, country: str) -> Decimal:
        """Of one delivered message; zero for what Meta does not bill."""
        for place in (country, ELSEWHERE):
            found = self.by_country.get(place, {}).get(category)
            if found is not None:
                return found
        return Decimal(0)


def price_list(session: Session, *, day: date) -> PriceList:
    """The newest price of each category and country that began by `day`, over those that Taar comes with."""
    rows = session.execute(
        select(MessagePrice.country, MessagePrice.category, MessagePrice.price)
        .where(MessagePrice.from_day <= day).order_by(MessagePrice.from_day)
    )  # fmt: skip
    found = {country: dict(prices) for country, prices in FIRST_PRICES.items()}
    for country, category, price in rows:
        found.setdefault(country, {})[category] = price
    return PriceList(found)


def set_price(session: Session, *, country: str, category: str, from_day: date, price: Decimal) -> None:
    """Keep Meta's price from a day on; the same day again replaces it. Raises PriceInvalid."""
    country = country.strip().upper()
    if country != ELSEWHERE and not (len(country) == 2 and country.isalpha() and country.isascii()):
        raise PriceInvalid("The country has two letters, such as PK; * is every other")
    if category not in CATEGORIES:
        raise PriceInvalid(f"The category is one of {', '.join(CATEGORIES)}")
    if not 0 <= price < 10_000:
        raise PriceInvalid("The price is from 0 to 10,000 for one message")
    row = {"country": country, "category": category, "from_day": from_day, "price": price}
    session.execute(
        insert(table_of(MessagePrice)).values(id=new_id(), **row)
        .on_conflict_do_update(index_elements=["company_id", "country", "category", "from_day"],
                               set_={"price": price})
    )  # fmt: skip


def category_of(*, kind: str, marketing: bool, is_code: bool) -> str:
    """What Meta bills the message as; a template's true category may be told by its status later."""
    if kind != "template":
        return "service"
    return "authentication" if is_code else "marketing" if marketing else "utility"


@lru_cache(maxsize=65_536)
def country_of(phone: str | None, user_id: str | None) -> str:
    """Two letters: of the phone, else of the user id, which begins with them; empty where neither tells."""
    if phone:
        try:
            return phonenumbers.region_code_for_number(phonenumbers.parse(phone)) or ""
        except phonenumbers.NumberParseException:
            return ""
    return (user_id or "")[:2]


@dataclass(frozen=True)
class Spending:
    """One category's money of a day; `released` is what was set aside and then not billed."""

    category: str
    messages: int
    reserved: Decimal
    spent: Decimal
    released: Decimal


_OF_DAY = text("""
SELECT category, count(*) FILTER (WHERE cost_state <> 'released') AS messages,
       coalesce(sum(price) FILTER (WHERE cost_state = 'reserved'), 0) AS reserved,
       coalesce(sum(price) FILTER (WHERE cost_state = 'spent'), 0) AS spent,
       coalesce(sum(price) FILTER (WHERE cost_state = 'released'), 0) AS released
  FROM outbound_message WHERE company_id = taar_company() AND charged_on = :day AND category <> ''
 GROUP BY category ORDER BY category
""")
_TOTAL = text("""
SELECT coalesce(sum(price), 0) FROM outbound_message
 WHERE company_id = taar_company() AND charged_on = :day AND cost_state IN ('reserved', 'spent')
""")


def spending_of_day(session: Session, *, day: date) -> list[Spending]:
    """What the company's messages of a day cost by category, as the messages themselves carry it."""
    return [Spending(**row._mapping) for row in session.execute(_OF_DAY, {"day": day})]


def spent_on(session: Session, *, day: date) -> Decimal:
    """What counts towards the day's budget: spent, or set aside for what is on its way."""
    return Decimal(session.execute(_TOTAL, {"day": day}).scalar_one())
