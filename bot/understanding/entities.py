"""Gathers what a message names: codes, days, money, things, languages."""

import re
from datetime import date
from functools import lru_cache
from typing import Any

from bot.understanding.amounts import BARE_MIN, find_amount
from bot.understanding.codes import find_codes
from bot.understanding.dates import find_date
from bot.understanding.folding import normalise
from bot.understanding.lexicon import phrase_table, word_list
from bot.understanding.months import find_month
from bot.understanding.numerals import Number, Token, read_number, tokens_of

_ALWAYS_BACK = frozenset(("payment_made", "cash_collected", "today_figures", "my_performance", "stock"))
_SUMS = frozenset(("payment_made", "cash_collected"))
"""Of money that is yet to come only the verb tells."""
_UNTIL = re.compile(
    r"(?<!\w)(?:kal|kl|parson|parso|کل|پرسوں|\d{1,2}(?: tareekh| tarikh| تاریخ)?)\s+(?:tak|tk|تک)(?!\w)"
)
_ALWAYS_AHEAD = frozenset(("promise_to_pay", "promise_log", "restock_request", "relocation"))
_WORK_TO_COME = frozenset(("jobs", "worklist", "job_blocked"))
_USUALLY_BACK = frozenset(
    [
        "cash_handover",
        "complaint_new",
        "complaint_status",
        "outage",
        "job_done",
        "part_used",
        "signal_reading",
        "usage",
        "invoice",
        "balance",
        "attempt_log",
        "customer_lookup",
    ]
)
_TO_COME = re.compile(
    r"(?<!\w)(?:\w{2,}(?:unga|oonga|onga|ungi|oongi|ongi|enge|ainge|einge|ega|egi|ayga|aiga|eyga|aygi|eygi|aigi)|ga|gi|gy|gay|gey|dega|dunga|aana|dun|doon|karun|kron|krun|lun|jaun|bhejun|aaun|دوں|کروں|بھیجوں"
    r"|de do|dedo|bhejo|bhej do|bhejdo|if|will|shall|going to|aao|aiye|ayen|krna|karna|krni|karni|karwani|karwana|krwana|lagwana|kar dein|kr dein|kardein|kar den|kr den|karden|kar do|kr do|kardo|krdo|chahiye|chahye|bhejna|lena|dena|jana|گا|گی|گے|گیں|آنا|جانا|کرنا|کرنی|دینا|دینی|لینا|بھیجنا|کر دیں|چاہیے)(?!\w)"
)
_GONE_BY = re.compile(
    r"(?<!\w)(?:tha|thi|thy|thay|thin|diye|diya|dia|kiya|kia tha|kia|kiye|bheje|bheja|(?<!ke )(?<!k )(?<!kay )(?<!ky )(?<!is )liye|lia|liya|hua|hui|hue|aya|aayi|aai|gaya|gya|gayi|gai|gaye"
    r"|karaya|karwaya|karaye|krwaya|kraya|chuka|chuki|chuke|paid|sent|gave|was|were|did|had|took|done|made|deposited|collected|received"
    r"|تھا|تھی|تھے|دیا|دیے|دیئے|کیا|کیے|بھیجا|بھیجے|گیا|گئی|گئے|ہوا|ہوئی|ہوئے|لیا|(?<!کے )(?<!اس )لیے|آیا|کرایا|کروایا|کرائے|چکا)(?!\w)"
)
_CODE_BEFORE = re.compile(r"(?<!\w)(?:code|otp|pin|کوڈ)(?:\s+\w+){0,4}\s*$")
_BARE_JOB = re.compile(r"(?<![\w.:/-])(?<!gali )(?<!makan )(?<!house )(?<!block )(\d{3,5})(?![\w.:/%])(?!-\d)")
_WORK_ON_JOBS = frozenset(("job_open", "job_start", "job_done", "job_blocked", "part_used", "signal_reading"))
_PLANS_AHEAD = frozenset(("plan_change", "disconnect", "relocation", "new_connection", "promise_to_pay", "promise_log"))
_NO_BARE_AMOUNTS = frozenset(("usage", "outage", "wifi_password"))
_QUARRELS = frozenset(("", "billing_dispute", "other"))
PRICE_MIN = 500
"""Among plans a smaller figure is a speed."""
_PLAN_WANTED = frozenset(("plan_change", "plan_list", "new_connection"))
_BARE_SPEED = re.compile(
    r"(?<![\w.:/-])(\d{1,3})(?:\s*(?:wala|wali|wale|waala|pe|par|والا|والی|پر)(?!\w)|\s*(?=(?:karo|kar|krdo|krna|karna|kro|کر|کریں)(?!\w)))(?!\s*(?:hai|tha|ہے|تھا)(?!\w))"
)
_DETAILS = {"complaint_new": "complaint_category", "attempt_log": "outcome"}
_UNITS_BETWEEN = r"(?:\s*(?:meters?|metres?|mtrs?|mtr|m|feet|ft|adad|adat|pcs|pieces?|pc|x|nos?|میٹر|عدد)\b)?(?:\s*(?:ki|ka|ke|of|کی|کا|کے)\b)?"


@lru_cache(maxsize=4)
def _named(table: str) -> re.Pattern[str]:
    phrases = sorted((normalise(phrase) for phrase in phrase_table(table)), key=len, reverse=True)
    return re.compile(rf"(?<!\w)({'|'.join(map(re.escape, phrases))})(?!\w)")


@lru_cache(maxsize=4)
def _meanings(table: str) -> dict[str, str]:
    return {normalise(phrase): word for phrase, word in phrase_table(table).items()}


def _find_named(table: str, text: str) -> str | None:
    found = _named(table).search(text)
    return _meanings(table)[found[1]] if found else None


_MORE = r"(?:\s*\b(?:more|aur|new|naye|nayi|extra|fast|اور|مزید|نئے))?"
_DOZEN = re.compile(r"(?<!\w)(\w+)\s+(?:dozens?|darjan|darzan|درجن)\s*$")


def _whole(said: str) -> int | None:
    """The number that a text ends with, when it is a whole one."""
    tokens = tokens_of(said)
    for first in range(max(0, len(tokens) - 3), len(tokens)):
        number = read_number(tokens, first)
        if number is not None and number.after == len(tokens) and number.value == int(number.value):
            return int(number.value)
    return 1 if tokens and tokens[-1].text in ("a", "an") else None


def _quantity(text: str, item: re.Match[str]) -> int | None:
    """The count nearest to an item: "2 patch cord", "fiber 150 meter", "do router", "connector x3"."""
    before = re.sub(_UNITS_BETWEEN + _MORE + r"\s*$", "", text[: item.start()])
    dozens = _DOZEN.search(before)
    count = _whole(before[: dozens.end(1)]) if dozens else _whole(before)
    if count is not None:
        return 12 * count if dozens else count
    after = tokens_of(re.sub(r"^\W*x\s*(?=\d)", "", text[item.end() :]))
    for first in range(min(len(after), FAR_MAX)):
        number = read_number(after, first)
        if number is None or number.value != int(number.value):
            continue
        measured = _is_measured(after, number)
        if number.value >= LOOSE_MIN and not measured:
            continue
        is_give = after[first].text in ("do", "دو") and (first > 0 or number.after == len(after))
        if not is_give and (first <= NEAR_MAX or measured or _is_asked(after, number)):
            return int(number.value)
    return None


NEAR_MAX, FAR_MAX = 2, 8
"""A count stands within so many words behind its thing, one with a unit within so many."""
LOOSE_MIN = 300
"""So many of a thing are only meant with a unit beside the number."""


def _is_measured(tokens: list[Token], number: Number) -> bool:
    return number.after < len(tokens) and tokens[number.after].text in word_list("units")


_ASKED = frozenset(
    normalise("bhejo bhej bhejwa bhijwa chahiye chahye chahie mangwa mangwao dila dilwa send need more بھیجو بھیج چاہیے چاہئیں منگوا")
    .split()
)  # fmt: skip


def _is_asked(tokens: list[Token], number: Number) -> bool:
    return number.after < len(tokens) and tokens[number.after].text in _ASKED


_METRES = frozenset(("m", "mtr", "mtrs", "meter", "meters", "metre", "metres", "میٹر"))


def _length(text: str) -> int | None:
    """The first length in metres."""
    tokens = tokens_of(text)
    for first in range(len(tokens)):
        number = read_number(tokens, first)
        unit = tokens[number.after].text if number and number.after < len(tokens) else ""
        if number is not None and unit in _METRES and 0 < number.value == int(number.value) < 100_000:
            return int(number.value)
    return None


def _things(text: str) -> dict[str, Any]:
    fallback: dict[str, Any] = {}
    for item in _named("items").finditer(text):
        named = {"item": _meanings("items")[item[1]]}
        quantity = _quantity(text, item)
        if quantity is not None and 0 < quantity < 100_000:
            return named | {"quantity": quantity}
        fallback = fallback or named
    length = _length(text) if "quantity" not in fallback else None
    return fallback | ({"quantity": length} if length else {})


_LONG_GONE = re.compile(r"(?<!\w)(?:tha|thi|thy|thay|thin|yesterday|was|were|تھا|تھی|تھے)(?!\w)")
_THE_REST_LATER = re.compile(
    r"(?<!\w)(?:baqi|baki|baqaya|baaki|rest|remaining|balance|باقی)(?!\w).*?(?<!\w)(?:kal|kl|parson|parso|tomorrow|کل|پرسوں|\w+ (?:ko|tak|کو|تک)|dega|degi|de ga|dunga)(?!\w)"
)
_DAY_EITHER_WAY = re.compile(
    r"(?<!\w)(?:kal|kl|parson|parso|prson|prso|tarson|narson|کل|پرسوں|ترسوں)(?!\w)|(?<!\w)(?:ko|کو|tareekh|تاریخ)(?!\w)"
)


def _looks_back(text: str, intent: str, detail: str) -> bool:
    """Whether "kal" and "Friday" are behind us: the wish decides, else the tense, else what is usual for it."""
    to_come, gone_by = bool(_TO_COME.search(text)), bool(_GONE_BY.search(text))
    if (intent in _SUMS or _UNTIL.search(text)) and to_come and not gone_by:
        return False
    if intent in _ALWAYS_BACK or intent in _ALWAYS_AHEAD:
        return intent in _ALWAYS_BACK and not _THE_REST_LATER.search(text)
    if intent in _WORK_TO_COME:
        return bool(_LONG_GONE.search(text))
    usual = intent in _USUALLY_BACK and detail != "will_call_back"
    if to_come != gone_by:
        return gone_by
    day = _DAY_EITHER_WAY.search(text)
    if not to_come or day is None:
        return usual
    # The verb comes last in Urdu: the first one after the day is the day's own.
    ahead, behind = _TO_COME.search(text, day.end()), _GONE_BY.search(text, day.end())
    if ahead is None or behind is None:
        return usual if ahead is behind else behind is not None
    return behind.start() < ahead.start()


def _job_meant(text: str, intent: str) -> tuple[str | None, str]:
    """A technician's bare number is a job: "1042 khatam"."""
    if intent not in _WORK_ON_JOBS:
        return None, text
    found = next((found for found in _BARE_JOB.finditer(text) if not _is_counted(text, found)), None)
    if found is None:
        return None, text
    return f"J-{found[1]}", text[: found.start()] + " " * len(found.group()) + text[found.end() :]


def _is_counted(text: str, found: re.Match[str]) -> bool:
    """Whether a number counts or measures something, or is a customer's code."""
    if _CODE_BEFORE.search(text[: found.start()]):
        return True
    after = tokens_of(text[found.end() :])[:1]
    return bool(after) and (after[0].text in word_list("units") or after[0].text in ("rs", "rupay", "adad", "pcs"))


def _least_figure(role: str, intent: str, detail: str) -> int | None:
    """From what a figure without "rupees" can be money: never beside jobs and parts, nor in a fault of the line."""
    if (role == "technician" and intent != "out_of_scope") or intent in _NO_BARE_AMOUNTS:
        return None
    if intent == "complaint_new" and detail not in _QUARRELS:
        return None
    return PRICE_MIN if intent in _PLAN_WANTED else BARE_MIN


def _plan(text: str, intent: str) -> str | None:
    """The plan that is wanted: in "silver se gold" the second one, in "10 wala hai 20 wala karo" 20 Mbps."""
    named = [found for found in _named("plans").finditer(text) if not _LEAVING.match(text, found.end())]
    if named:
        return _meanings("plans")[named[0][1]]
    bare = _BARE_SPEED.search(text) if intent in _PLAN_WANTED else None
    return f"{int(bare[1])} mbps" if bare and int(bare[1]) > 0 else None


_LEAVING = re.compile(r"\s+(?:se|say|from|سے)(?!\w)")
_NOT_THIS = re.compile(
    r"\s+(?:font|wale haroof|haroof|mein|me|zaban)?\s*(?:samajh|smjh|nahi|nai|nhi|not|na|نہیں)(?!\w)"
)
_IN_LATIN = re.compile(
    r"(?:english|angrezi|انگریزی|انگلش)\s+(?:ke\s+|k\s+|کے\s+)?(?:haroof|huroof|letters?|alphabets?|alfaz|words|likhai|حروف)"
)


def _language(text: str) -> str | None:
    """The language asked for, not the one that is not understood."""
    if _IN_LATIN.search(text) and re.search(r"urdu|اردو", text):
        return "ur_Latn"
    named = list(_named("languages").finditer(text))
    kept = [found for found in named if not _NOT_THIS.match(text, found.end())]
    codes = [_meanings("languages")[found[1]] for found in kept]
    if "ur_Latn" in codes:
        return "ur_Latn"
    return codes[-1] if codes else None


def find_entities(text: str, *, role: str, intent: str, detail: str, today: date) -> dict[str, Any]:
    """What a raw text names, read in the light of the intent that won."""
    technician = role == "technician"
    found, rest = find_codes(normalise(text), technician=technician)
    if intent in _DETAILS and detail:
        found[_DETAILS[intent]] = detail
    day, rest = find_date(rest, today=today, past=_looks_back(rest, intent, detail))
    month, rest = find_month(rest, today=today, ahead=intent in _PLANS_AHEAD)
    if technician and "job_no" not in found:
        job, rest = _job_meant(rest, intent)
        found |= {"job_no": job} if job else {}
    if technician or role in ("manager", "owner"):
        found |= _things(rest)
    amount = find_amount(rest, least=_least_figure(role, intent, detail))
    plan = found.get("plan") or _plan(rest, intent)
    language = _language(rest) if intent == "language" else None
    values = {"date": day, "month": month, "amount": amount, "plan": plan, "language": language}
    return found | {name: value for name, value in values.items() if value is not None}
