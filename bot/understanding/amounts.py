"""Money in a message."""

import re
from collections.abc import Iterator
from decimal import Decimal

from bot.understanding.lexicon import word_list
from bot.understanding.numerals import Number, Token, read_number, tokens_of

BARE_MIN = Decimal(100)
BARE_MAX = Decimal(500_000)

_CURRENCY = re.compile(
    r"rs|pkr|rupees?|rupe|rupa?y|rupya|rupaye|rupaiy?e?|rupye|rupy|ruppe+s?|rp|rps|روپے|روپیے|روپئے|روپیہ|روپیئے|روپۓ|/-|₨"
)
_NEGATION = {"not", "nahi", "nai", "nahin", "نہیں"}


def _numbers(tokens: list[Token]) -> Iterator[Number]:
    at = 0
    while at < len(tokens):
        number = read_number(tokens, at)
        if number is None:
            at += 1
        else:
            yield number
            at = number.after


def _named_currency(tokens: list[Token], number: Number) -> bool:
    before = [token.text for token in tokens[max(0, number.first - 2) : number.first]]
    if before and before[-1] in (".", ":"):
        before.pop()
    after = tokens[number.after].text if number.after < len(tokens) else ""
    return bool((before and _CURRENCY.fullmatch(before[-1])) or _CURRENCY.fullmatch(after))


def _counts_something_else(tokens: list[Token], number: Number) -> bool:
    after = tokens[number.after].text if number.after < len(tokens) else ""
    before = [token.text for token in tokens[max(0, number.first - 3) : number.first] if token.text.isalnum()]
    units, places = word_list("units"), word_list("places")
    return after in units or after == "%" or (bool(before) and before[-1] in places)


def _rank(tokens: list[Token], number: Number, bare: bool) -> int:
    """3: rupees are named; 2: hundreds or thousands are; 1: a bare figure of a likely size; 0: no money."""
    if number.value <= 0 or number.value >= Decimal(10) ** 10:
        return 0
    if _named_currency(tokens, number):
        return 3
    if not bare or _counts_something_else(tokens, number):
        return 0
    if number.scaled:
        return 2
    return 1 if not number.spelt and BARE_MIN <= number.value <= BARE_MAX else 0


def find_amount(text: str, *, bare: bool) -> Decimal | None:
    """The rupees a normalised text speaks of; codes and dates must be blanked before.

    Without `bare` only a number with a currency beside it counts.
    """
    tokens = tokens_of(text)
    best: tuple[int, Number] | None = None
    for number in _numbers(tokens):
        rank = _rank(tokens, number, bare)
        negated = number.first > 0 and tokens[number.first - 1].text in _NEGATION
        worth = 2 * rank - negated
        if rank and (best is None or worth > best[0]):
            best = (worth, number)
    return best[1].value if best else None
