"""What a customer is told when an invoice is issued, in his language: plain words, and the template's twin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date

from core.messaging.receipts import APPROVED
from core.money import ZERO

NUMBER = "@number@"
"""Stands in the words for the invoice's number, which is known last."""
FIRST_HOUR, LAST_HOUR = time(9), time(20)
"""Nobody is told about money at night (reference money 4.7)."""
SIGNS = {"PKR": {"en": "Rs", "ur_Latn": "Rs", "ur": "روپے"}}
WORDS = {
    "en": "Invoice *{number}*\n{period}\nAmount: *{amount}*\nPay by: {due}\n{balance}",
    "ur_Latn": "Bill *{number}*\n{period}\nRaqam: *{amount}*\nAakhri tareekh: {due}\n{balance}",
    "ur": "بل *{number}*\n{period}\nرقم: *{amount}*\nآخری تاریخ: {due}\n{balance}",
}
TO_PAY = {"en": "To pay now: {amount}", "ur_Latn": "Abhi dena hai: {amount}", "ur": "ابھی واجب الادا: {amount}"}
PAID = {
    "en": "It is paid from your advance.",
    "ur_Latn": "Yeh aap ke advance se ada ho gaya.",
    "ur": "یہ آپ کی پیشگی رقم سے ادا ہو گیا۔",
}
WITH_EARLIER = {
    "en": "To pay now with your earlier balance: {amount}",
    "ur_Latn": "Pichle baqaya ke sath dena hai: {amount}",
    "ur": "پچھلے بقایا سمیت واجب الادا: {amount}",
}


def notice(
    *, total: Decimal, balance: Decimal, earlier: Decimal, period_start: date, period_end: date, due_on: date,
    currency: str, language: str,
) -> tuple[str, Mapping[str, str]]:  # fmt: skip
    """The words and the parameters of the template `invoice_issued`; both hold `NUMBER` where the number goes.

    `balance` is what is left of the invoice after the advance, `earlier` what older invoices leave to pay.
    """
    language = language if language in WORDS else "en"
    if balance + earlier <= ZERO:
        sentence = PAID[language]
    else:
        said = WITH_EARLIER if earlier else TO_PAY
        sentence = said[language].format(amount=money(balance + earlier, currency, language))
    parts = {
        "number": NUMBER, "period": _period(period_start, period_end, language),
        "amount": money(total, currency, language), "due": _day(due_on, language), "balance": sentence,
    }  # fmt: skip
    return WORDS[language].format(**parts), parts


def notice_twin(parts: Mapping[str, str], language: str) -> dict[str, Any]:
    """The approved template `invoice_issued`, filled with the parameters of `notice`."""
    suffix, approved = APPROVED[language if language in WORDS else "en"]
    return {"name": f"invoice_issued{suffix}", "language": approved, "parameters": parts}


@lru_cache(maxsize=65536)
def money(value: Decimal, currency: str, language: str) -> str:
    """`Rs 12,34,567.50`, grouped in lakh, paisa only when there are some."""
    whole, _, paisa = f"{abs(value):.2f}".partition(".")
    head, tail = whole[:-3], whole[-3:]
    groups = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)][::-1]
    figures = ("-" if value < 0 else "") + ",".join([*groups, tail]) + (f".{paisa}" if paisa != "00" else "")
    sign = SIGNS.get(currency, {}).get(language, currency)
    return f"{figures} {sign}" if language == "ur" else f"{sign} {figures}"


@lru_cache(maxsize=4096)
def _day(day: date, language: str) -> str:
    return format_date(day, "d MMM y", locale="ur" if language == "ur" else "en_GB")


@lru_cache(maxsize=4096)
def _period(start: date, end: date, language: str) -> str:
    last = max(start, end - timedelta(days=1))
    return f"{_day(start, language)} - {_day(last, language)}"


def decent_hour(now: datetime, timezone: str) -> datetime:
    """`now`, or the next 09:00 where the company works if it is night there."""
    local = now.astimezone(ZoneInfo(timezone))
    if FIRST_HOUR <= local.time() < LAST_HOUR:
        return now
    day = local.date() + timedelta(days=1 if local.time() >= LAST_HOUR else 0)
    return datetime.combine(day, FIRST_HOUR, ZoneInfo(timezone)).astimezone(now.tzinfo)
