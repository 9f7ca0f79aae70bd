"""Money in a message."""

import re
from collections.abc import Iterator
from decimal import Decimal

from bot.understanding.lexicon import word_list
from bot.understanding.numerals import Number, Token, read_number, tokens_of

BARE_MIN = 100
BARE_MAX = Decimal(500_000)

_CURRENCY = re.compile(
    r"rs|pkr|rupees?|rupe|rupa?y|rupya|rupaye|rupaiy?e?|rupye|rupy|ruppe+s?|rp|rps|روپے|روپیے|روپئے|روپیہ|روپیئے|روپۓ|/-|₨"
)
_NEGATION = {"nahi", "nai", "nhi", "nahin", "nahe", "نہیں"}


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


def _rank(tokens: list[Token], number: Number, least: int | None) -> int:
    """3: rupees are named; 2: hundreds or thousands are; 1: a bare figure of a likely size; 0: no money."""
    if number.value <= 0 or (number.value == 1 and number.spelt) or number.value >= Decimal(10) ** 10:
        return 0
    if _named_currency(tokens, number):
        return 3
    if least is None or _counts_something_else(tokens, number):
        return 0
    if number.scaled:
        return 2
    is_code = tokens[number.first].text.startswith("0")
    return 1 if not number.spelt and not is_code and least <= number.value <= BARE_MAX else 0


_SPACED = re.compile(
    r"(?<![\d.])\d{1,3}(?: 000)+(?!\d)|(?<=rs )\d{1,3}(?: \d{3})+(?!\d)|(?<=pkr )\d{1,3}(?: \d{3})+(?!\d)"
)
_DOOR = re.compile(r"\b[a-z]-\d+\b")
_AND_A_HALF = re.compile(r"\b(\w+) and a half (?=thousand|hundred|lakh|lac|million|crore)")
_EACH = re.compile(r"(?<![\w.])(\d{2,5}|hazar|hazaar|sau|ہزار|سو)\s+\1\s+(?:ke|k|kay|ky|کے)\s+(\w+)(?!\w)")
_LONE_K = re.compile(
    r"(?<![\w.])(\d{1,3}) k(?=$| (?:rs|pkr|rupay|rupees|diye|diya|bheje|bheja|jama|sent|paid|transfer|send|de)\b)"
)


def _settled(text: str) -> str:
    """The text with figures that are written in pieces made whole: 3 000, 2 k, three and a half thousand."""
    text = _DOOR.sub(" ", text)
    text = _SPACED.sub(lambda found: found.group().replace(" ", ""), text)
    text = _AND_A_HALF.sub(r"sarhe \1 ", text)
    return _LONE_K.sub(r"\1k", text)


def _of_each(text: str) -> Decimal | None:
    """ "500 500 ke do": two of five hundred."""
    found = _EACH.search(text)
    if found is None:
        return None
    note, count = (
        read_number(tokens_of(found[1].replace("sau", "100").replace("سو", "100")), 0),
        read_number(tokens_of(found[2]), 0),
    )
    return note.value * count.value if note and count and 2 <= count.value <= 20 else None


def _negated(tokens: list[Token], number: Number) -> bool:
    """English takes back what follows, Urdu what precedes: "not 25000", "2000 nahi 2500"."""
    before = tokens[number.first - 1].text if number.first else ""
    after = tokens[number.after].text if number.after < len(tokens) else ""
    return before == "not" or after in _NEGATION


_BEFORE_NOW = {"pehle", "pehlay", "phle", "bola", "kaha", "was", "previously", "پہلے"}
_NOW = {"now", "ab", "abb", "اب"}
_OF_A_PLAN = {"package", "pkg", "plan", "hota", "bataya", "btaya", "bola", "mahana", "پیکج", "پیکیج"}


_OUT_OF = re.compile(
    r"(?:mein|me|mai|main|میں) (?:se|sy|سے)\b|(?:se|sy|سے) (?:upar|zyada)\b"
    r"|(?:ki|ke|k|کی|کے) (?:jagah|jaga|jga|bajaye|bajae|bajay|جگہ|بجائے)(?!\w)"
)


def _after(tokens: list[Token], number: Number) -> list[str]:
    return [token.text for token in tokens[number.after : number.after + 2]]


def _told_before(tokens: list[Token], number: Number) -> bool:
    """What a plan costs or was said to cost, beside the sum that is meant: "2000 ka package, 3400 ka bill"."""
    before = {token.text for token in tokens[max(0, number.first - 3) : number.first]}
    after = set(_after(tokens, number))
    is_price = bool(before & {"package", "pkg"}) and not any(word[0].isdigit() for word in before)
    return bool(
        before & _BEFORE_NOW or after & _OF_A_PLAN or is_price or _OUT_OF.match(" ".join(_after(tokens, number)))
    )


def _of_now(tokens: list[Token], number: Number) -> bool:
    return any(token.text in _NOW for token in tokens[max(0, number.first - 2) : number.first])


def _total(tokens: list[Token], number: Number) -> Decimal:
    """A number and what is added to it with plus signs."""
    total, at = number.value, number.after
    while at + 1 < len(tokens) and tokens[at].text == "+":
        added = read_number(tokens, at + 1)
        if added is None:
            break
        total, at = total + added.value, added.after
    return total


def find_amount(text: str, *, least: int | None = BARE_MIN) -> Decimal | None:
    """The rupees a normalised text speaks of; codes and dates must be blanked before.

    A figure without a currency or "thousand" beside it counts from `least` rupees on, none where that is None. Sums are added up: 1500 + 200 is 1700.
    """
    text = _settled(text)
    each = _of_each(text) if least is not None else None
    if each is not None:
        return each
    tokens = tokens_of(text)
    best: tuple[int, Number] | None = None
    for number in _numbers(tokens):
        rank = _rank(tokens, number, least)
        worth = 4 * rank - 6 * _negated(tokens, number) - _told_before(tokens, number) + _of_now(tokens, number)
        if rank and (best is None or worth > best[0]):
            best = (worth, number)
    return _total(tokens, best[1]) if best else None
