"""Codes with a shape of their own: invoices, tickets, jobs, serials, phones, CNIC, readings in dBm."""

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

from bot.understanding.folding import normalise
from bot.understanding.numerals import small_numbers

DBM_MIN, DBM_MAX = 5, 45
"""Below zero: no optical receiver reads outside of these."""

_INVOICE = re.compile(r"\binv(?:oice)?[\s#:-]*(\d{4})[\s/-]*(\d{2})[\s/-]*(\d{1,6})\b")
_TICKET = re.compile(
    r"\bt[\s-]?(\d{3,7})\b|\b(?:ticket|complaint|complain|shikayat|tkt|ٹکٹ|شکایت)"
    r"[\s:]*(?:no\.?|number|num|nambar|id|نمبر)?[\s:#-]*(?:t[\s-]?)?(\d{3,7})\b(?!\s*(?:rs|rupe|/-|روپے))"
)
_JOB = re.compile(
    r"\bj[\s-]?(\d{2,7})\b|\b(?:job|جاب)[\s:]*(?:no\.?|number|num|nambar|id|نمبر)?[\s:#-]*(?:j-?)?(\d{2,7})\b"
)
_CUSTOMER_NO = re.compile(r"\bc-(\d{3,7})\b|\bc(\d{4,7})\b")
_MAC = re.compile(r"\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\b|\b[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}\b")
_BARE_MAC = re.compile(r"\bmac\s*(?:address)?\s*[:#-]?\s*([0-9a-f]{12})\b")
_GPON = re.compile(
    r"\b[a-z]{4}-?[0-9a-f]{8}\b|\b(?:hwtc|zteg|alcl|fhtt|gpon|vsol|bdcm|tplg|xpon|ztec|huaw|nokg|dbcg|sumi|utst) [0-9a-f]{8}\b|\b(?:48575443|5a544547|414c434c|46485454|47504f4e)[0-9a-f]{8}\b"
)
_NAMED_SERIAL = re.compile(
    r"\b(?:serial|s/n|sn|sr|سیریل)\b[\s:.#-]*(?:no\b|number\b|num\b|nambar\b|نمبر)?[\s:.#-]*(?:hai\s+)?"
    r"((?=[a-z0-9-]*\d)[a-z0-9][a-z0-9-]{4,23})\b"
)
_MIXED_SERIAL = re.compile(r"\b(?=(?:[a-z]*\d){3})(?=(?:\d*[a-z]){2})(?!\d+[a-z]+\b)[a-z0-9]{8,20}\b")
_MINUS = r"(?:minus|manfi|mines|minas|manus|mainus|negative|مائنس|منفی)"
_DB = r"(?:dbms?|db|d\.b|ڈی بی ایم|ڈی بی)"
_MEASURED = (
    r"(?:signals?|sgnl|power|pwr|rx|tx|readings?|levels?|light|optical|loss|meter pe|سگنل|سگنلز|پاور|ریڈنگ|لائٹ|لیول)"
)
_OTHER_UNITS = r"(?![\w%:/]|\.\d|\s*(?:baje|bje|din|days?|mbps|mb|m|mtr|meters?|metres?|rs|hazar|sau|k|ghante|min|hours?|تاریخ|tareekh|percent)\b)"
_SPOKEN_POINT = re.compile(r"(?<![\w.])(\d{1,2})\s+(?:point|poynt|اعشاریہ|پوائنٹ)\s+(\d{1,2})(?![\w.])")
_CNIC = re.compile(r"\b\d{5}-\d{7}-\d\b|\b\d{13}\b")
_PHONE = re.compile(r"(?<![\d.])(?:\+|00)?92[\s-]?3\d{2}[\s-]?\d{3}[\s-]?\d{4}\b|\b03\d{2}[\s-]?\d{3}[\s-]?\d{4}\b")
_REFERENCE = re.compile(
    r"\b(?:tid|trx|txn|ref|reference|transaction|trans|utr|stan|rrn|ٹرانزیکشن|ریفرنس|حوالہ)\b[\s:.#-]*"
    r"(?:(?:id|no|number|num|nambar|hai|is|آئی ڈی|نمبر)\b[\s:.#-]*)*([a-z]*\d[a-z0-9-]{3,30})\b"
    r"|(?<!rs )(?<!rs)(?<!rs\. )(?<!rs\.)(?<!pkr )(?<!pkr)(?<![\d.])\d{9,30}(?:\.\d+)?\b"
)
_LETTERED_REFERENCE = re.compile(r"(?<![\w-])[a-z]{2,4}-\d{6,20}\b")
_SPEED = re.compile(
    r"\b(\d{1,4})\s*-?\s*(?:mbps|mb/s|mb ps|mbs|mb|mbp|megabits?|mega|meg|ایم بی پی ایس|ایم بی)(?![a-z])(?!\s*(?:se|say|سے)(?!\w))"
)
_LEFT_SPEED = re.compile(r"\b\d{1,4}\s*-?\s*(?:mbps|mbs|mb|ایم بی)\s*(?:se|say|سے)(?!\w)")
_VOLUME = re.compile(r"\b\d+(?:\.\d+)?\s*(?:gb|gbs|tb|جی بی)(?![a-z])")

_MASKS = (
    (_INVOICE, " invoiceno "),
    (_MAC, " serialno "),
    (_BARE_MAC, " serialno "),
    (_GPON, " serialno "),
    (_NAMED_SERIAL, " serialno "),
    (_CNIC, " cnicno "),
    (_PHONE, " phoneno "),
    (_REFERENCE, " referenceno "),
    (_TICKET, " ticketno "),
    (_JOB, " jobno "),
    (_CUSTOMER_NO, " customerno "),
    (_SPEED, " 0 mbps "),
    (_VOLUME, " 0 gb "),
)


def mask_codes(text: str) -> str:
    """Replace every code of a normalised text by a word that names its kind."""
    if not any(c.isdigit() for c in text):
        return text
    text = _surely_dbm().sub(" 0 dbm ", text)
    for pattern, kind in _MASKS:
        text = pattern.sub(kind, text)
    return text


def reference_in(text: str) -> str | None:
    """The reference or transaction number of a transfer that the words name, in capitals; None where there is none."""
    settled = normalise(text)
    for pattern, _ in _MASKS[: _MASKS.index((_REFERENCE, " referenceno "))]:
        settled = pattern.sub(" ", settled)
    value = _take(settled, _LETTERED_REFERENCE)[0] or _take(settled, _REFERENCE)[0]
    return value.upper() if value else None


def _blank(text: str, found: re.Match[str]) -> str:
    return text[: found.start()] + " " * (found.end() - found.start()) + text[found.end() :]


def _take(text: str, pattern: re.Pattern[str]) -> tuple[str | None, str]:
    found = pattern.search(text)
    if found is None:
        return None, text
    value = next((group for group in found.groups() if group), found.group())
    return value, _blank(text, found)


@lru_cache(maxsize=1)
def _spelt() -> dict[str, Decimal]:
    """Readings in words: chaubees, twenty four."""
    small = {word: Decimal(value) for word, value in small_numbers().items() if DBM_MIN <= value <= DBM_MAX}
    tens = {word: value for word, value in small.items() if value in (20, 30, 40)}
    ones = {word: value for word, value in small_numbers().items() if 0 < value < 10}
    return small | {f"{ten} {one}": tens[ten] + ones[one] for ten in tens for one in ones}


@lru_cache(maxsize=1)
def _value() -> str:
    words = "|".join(map(re.escape, sorted(_spelt(), key=len, reverse=True)))
    return rf"(?P<value>\d{{1,2}}(?:\.\d{{1,2}})?|(?:{words})(?!\w))"


@lru_cache(maxsize=1)
def _surely_dbm() -> re.Pattern[str]:
    """A figure with its unit or a spoken minus."""
    value = _value().replace("?P<value>", "?:")
    return re.compile(
        rf"(?<![\w.])-?\s*{value}\s*{_DB}(?!\w)|(?<!\w){_MINUS}\s*(?:mein\s*)?{value}(?:\s*{_DB}(?!\w))?|(?<![\w.]){value}\s*{_MINUS}(?!\w)"
    )


@lru_cache(maxsize=1)
def _readings() -> tuple[re.Pattern[str], ...]:
    """From the surest way of telling a signal to the least sure."""
    return tuple(
        re.compile(pattern)
        for pattern in (
            rf"(?<![\w.])-?\s*{_value()}\s*{_DB}(?!\w)",
            rf"(?<!\w){_DB}\s*(?:hai|is|:|=)?\s*(?:-|{_MINUS})?\s*{_value()}{_OTHER_UNITS}",
            rf"(?<!\w){_MINUS}\s*{_value()}",
            rf"(?<![\w.]){_value()}\s*{_MINUS}(?!\w)",
            rf"(?<![\w)])(?<!\d )-\s?{_value()}{_OTHER_UNITS}",
            rf"(?<!\w){_MEASURED}\W+(?:\w+\W+){{0,2}}?{_value()}{_OTHER_UNITS}",
        )
    )


def _signal(text: str) -> tuple[Decimal | None, str]:
    """The reading of now: the last one named."""
    for patterns in (_readings()[:-1], _readings()[-1:]):
        named = [(found.start("value"), found) for pattern in patterns for found in pattern.finditer(text)]
        for _, found in sorted(named, key=lambda pair: pair[0], reverse=True):
            said = found["value"]
            value = Decimal(said) if said[0].isdigit() else _spelt()[said]
            if DBM_MIN <= value <= DBM_MAX:
                return -value, _blank(text, found)
    return None, text


def _serial(text: str, mixed: bool) -> tuple[str | None, str]:
    found = _MAC.search(text) or _BARE_MAC.search(text)
    if found is not None:
        digits = re.sub(r"[^0-9a-f]", "", found[found.lastindex or 0]).upper()
        return ":".join(digits[i : i + 2] for i in range(0, 12, 2)), _blank(text, found)
    for pattern in (_GPON, _NAMED_SERIAL, _MIXED_SERIAL) if mixed else (_GPON, _NAMED_SERIAL):
        value, rest = _take(text, pattern)
        if value is not None:
            return value.upper().replace(" ", ""), rest
    return None, text


def find_codes(text: str, *, technician: bool) -> tuple[dict[str, Any], str]:
    """Codes in a normalised text, and the text with them blanked so that no money is read in them."""
    found: dict[str, Any] = {}
    invoice = _INVOICE.search(text)
    if invoice is not None:
        year, short, number = invoice.groups()
        found["invoice_no"] = f"INV-{year}-{short}-{int(number):06d}"
        text = _blank(text, invoice)
    serial, text = _serial(text, mixed=technician)
    _, text = _take(text, _CNIC)
    phone, text = _take(text, _PHONE)
    _, text = _take(text, _REFERENCE)
    ticket, text = _take(text, _TICKET)
    job, text = _take(text, _JOB)
    customer, text = _take(text, _CUSTOMER_NO)
    signal, text = _signal(_SPOKEN_POINT.sub(r"\1.\2", text)) if technician else (None, text)
    speed, text = _take(text, _SPEED)
    text = _LEFT_SPEED.sub(" ", text)
    text = _VOLUME.sub(" ", text)
    values = {
        "serial": serial,
        "phone": re.sub(r"[\s-]", "", phone) if phone else None,
        "ticket_no": f"T-{ticket}" if ticket else None,
        "job_no": f"J-{job}" if job else None,
        "customer_no": f"C-{customer}" if customer else None,
        "signal_dbm": signal,
        "plan": f"{int(speed)} mbps" if speed else None,
    }
    return found | {name: value for name, value in values.items() if value is not None}, text
