"""Which bank lines may be which postings: pure proposals over facts, in the order of reference money 6."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby

from core.ids import Id
from core.money import ZERO

EXACT, SAME_AMOUNT, SUM, SIMILAR, RULE = 1, 2, 3, 4, 5
"""The classes of proposals, in the order they are tried."""
REFERENCE_DIGITS_MIN = 4
PARTS_MAX = 6
"""Words a reference may be broken into by a bank."""
SEARCH_STEPS_MAX = 20_000
CANDIDATES_MAX = 40


@dataclass(frozen=True)
class LineFacts:
    """A bank line; `keys` are the references its words may be."""

    id: Id
    day: date
    amount: Decimal
    keys: frozenset[str] = frozenset()


@dataclass(frozen=True)
class BookFacts:
    """A posting on the account; `keys` are the references it is known by.

    `weak_keys` come back with every payment, as a customer's number, and count only near its day.
    """

    id: Id
    day: date
    amount: Decimal
    keys: frozenset[str] = frozenset()
    weak_keys: frozenset[str] = frozenset()
    reverses: Id | None = None
    entry_id: Id | None = None


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What a bank line may be; a person confirms it.

    `kind` is match, payment, claim, transfer, settlement, account or set_off; which of the ids count follows from it.
    """

    rank: int
    kind: str
    reason: str
    line_ids: tuple[Id, ...] = ()
    posting_ids: tuple[Id, ...] = ()
    sure: bool = False
    """Exact enough to be confirmed with all others of its class at once."""
    customer_id: Id | None = None
    invoice_ids: tuple[Id, ...] = ()
    claim_id: Id | None = None
    transfer_id: Id | None = None
    gateway_id: Id | None = None
    account_code: str = ""
    automatic: bool = False
    fee: Decimal = field(default=ZERO)
    score: int = 0


def keys_in(text: str) -> frozenset[str]:
    """Every run of up to six words as one, without case and punctuation: what references in `text` may be."""
    words = plain_words(text)
    return frozenset(
        "".join(words[start:end])
        for start in range(len(words))
        for end in range(start + 1, min(start + PARTS_MAX, len(words)) + 1)
    )


def key_of_reference(reference: str) -> str:
    """A reference as a key, or empty where it has too few digits to tell anything apart."""
    key = "".join(plain_words(reference))
    return key if sum(c.isdigit() for c in key) >= REFERENCE_DIGITS_MIN else ""


def plain_words(text: str) -> list[str]:
    """The words of `text` without case and punctuation, digits of any script as ours."""
    plain = "".join(
        str(unicodedata.decimal(c)) if c.isdecimal() else c if c.isalnum() else " "
        for c in unicodedata.normalize("NFKC", text).casefold()
    )
    return plain.split()


def by_reference(lines: Sequence[LineFacts], books: Sequence[BookFacts], *, days: int) -> list[Proposal]:
    """Class 1: the line holds the posting's reference and the amounts are equal; ambiguous ones are not sure."""
    known: dict[str, list[BookFacts]] = defaultdict(list)
    for book in books:
        for key in book.keys | book.weak_keys:
            known[key].append(book)
    found, taken = [], set[Id]()
    for line in lines:
        hits = {
            book.id: (abs(book.day - line.day), book.day, str(book.id), key, book)
            for key in sorted(line.keys & known.keys())
            for book in known[key]
            if book.amount == line.amount and book.id not in taken
            and (key in book.keys or abs((book.day - line.day).days) <= days)
        }  # fmt: skip
        if hits:
            *_, key, book = min(hits.values(), key=lambda hit: hit[:3])
            taken.add(book.id)
            found.append(Proposal(rank=EXACT, kind="match", line_ids=(line.id,), posting_ids=(book.id,),
                                  sure=len(hits) == 1, reason=f"The reference {key} and the amount"))  # fmt: skip
    return found


def by_amount(lines: Sequence[LineFacts], books: Sequence[BookFacts], *, days: int) -> list[Proposal]:
    """Class 2: equal amounts within `days`, the nearest day first, each line and posting once."""
    by_sum: dict[Decimal, list[tuple[int, BookFacts]]] = defaultdict(list)
    for place, book in enumerate(books):
        by_sum[book.amount].append((place, book))
    pairs = [
        (abs((book.day - line.day).days), index, place)
        for index, line in enumerate(lines)
        for place, book in by_sum.get(line.amount, [])
        if abs((book.day - line.day).days) <= days
    ]
    choices: dict[int, int] = defaultdict(int)
    for _, index, _ in pairs:
        choices[index] += 1
    found, used_lines, used_books = [], set[int](), set[int]()
    for apart, index, place in sorted(pairs):
        if index in used_lines or place in used_books:
            continue
        used_lines.add(index)
        used_books.add(place)
        others = f"; {choices[index] - 1} others would fit too" if choices[index] > 1 else ""
        found.append(Proposal(
            rank=SAME_AMOUNT, kind="match", line_ids=(lines[index].id,), posting_ids=(books[place].id,),
            reason=f"The same amount, {apart} days apart{others}",
        ))  # fmt: skip
    return found


def by_sum(lines: Sequence[LineFacts], books: Sequence[BookFacts], *, days: int) -> list[Proposal]:
    """Class 3: one line that is several postings, as a deposit of many receipts; each posting once."""
    found, used = [], set[Id]()
    for line in sorted(lines, key=lambda line: (line.day, str(line.id))):
        near = [
            book for book in books
            if book.id not in used and abs((book.day - line.day).days) <= days
            and ZERO < book.amount / line.amount < 1
        ]  # fmt: skip
        parts = _parts_of(line.amount, near)
        if parts:
            used |= {book.id for book in parts}
            found.append(Proposal(rank=SUM, kind="match", line_ids=(line.id,),
                                  posting_ids=tuple(book.id for book in parts),
                                  reason=f"{len(parts)} entries add up to it"))  # fmt: skip
    return found


def _parts_of(total: Decimal, books: Sequence[BookFacts]) -> list[BookFacts]:
    """Postings that add up to `total`: all of one day, all of them, else a search that gives up in time."""
    by_day = [list(group) for _, group in groupby(sorted(books, key=lambda book: book.day), key=lambda book: book.day)]
    for group in [*by_day, list(books)]:
        if len(group) > 1 and sum((book.amount for book in group), ZERO) == total:
            return group
    ordered = sorted(books, key=lambda book: (-abs(book.amount), book.day, str(book.id)))[:CANDIDATES_MAX]
    return _search(abs(total), ordered)


def _search(total: Decimal, books: Sequence[BookFacts]) -> list[BookFacts]:
    rests = [ZERO] * (len(books) + 1)
    for index in range(len(books) - 1, -1, -1):
        rests[index] = rests[index + 1] + abs(books[index].amount)
    stack: list[tuple[int, Decimal, tuple[int, ...]]] = [(0, total, ())]
    for _ in range(SEARCH_STEPS_MAX):
        if not stack:
            return []
        index, left, chosen = stack.pop()
        if left == ZERO and len(chosen) > 1:
            return [books[place] for place in chosen]
        if index == len(books) or left <= ZERO or rests[index] < left:
            continue
        stack.append((index + 1, left, chosen))
        if abs(books[index].amount) <= left:
            stack.append((index + 1, left - abs(books[index].amount), (*chosen, index)))
    return []


def by_settlement(
    lines: Sequence[LineFacts], gateways: Mapping[Id, Sequence[BookFacts]], *, fee_percent_max: Decimal
) -> list[Proposal]:
    """Class 3: a gateway pays out the receipts of some whole days in a row, less its fee; the oldest days first."""
    found, used = [], set[Id]()
    for line in sorted((line for line in lines if line.amount > ZERO), key=lambda line: (line.day, str(line.id))):
        for gateway_id, books in gateways.items():
            waiting = [book for book in books if book.id not in used and book.day <= line.day]
            parts = _paid_out(line.amount, waiting, fee_percent_max)
            if parts:
                used |= {book.id for book in parts}
                fee = sum((book.amount for book in parts), ZERO) - line.amount
                found.append(Proposal(
                    rank=SUM, kind="settlement", line_ids=(line.id,), posting_ids=tuple(book.id for book in parts),
                    gateway_id=gateway_id, fee=fee, reason=f"{len(parts)} receipts paid out less a fee of {fee}",
                ))  # fmt: skip
                break
    return found


def _paid_out(net: Decimal, books: Sequence[BookFacts], fee_percent_max: Decimal) -> list[BookFacts]:
    days = [list(group) for _, group in groupby(sorted(books, key=lambda b: b.day), key=lambda b: b.day)]
    for start in range(len(days)):
        gross, parts = ZERO, list[BookFacts]()
        for group in days[start:]:
            parts = parts + group
            gross += sum((book.amount for book in group), ZERO)
            if gross >= net and gross - net <= gross * fee_percent_max / 100:
                return parts
            if gross > net * 2:
                break
    return []


def reversals(books: Sequence[BookFacts]) -> list[Proposal]:
    """An entry and its reversal, neither of which the bank has shown: to be set off against each other."""
    first = {book.entry_id: book for book in books}
    return [
        Proposal(rank=SUM, kind="set_off", posting_ids=(first[book.reverses].id, book.id),
                 reason="An entry and its reversal, which the bank never showed")
        for book in books if book.reverses in first and first[book.reverses].amount == -book.amount
    ]  # fmt: skip


def without(
    proposals: Iterable[Proposal], lines: Sequence[LineFacts], books: Sequence[BookFacts]
) -> tuple[list[LineFacts], list[BookFacts]]:
    """What the proposals leave."""
    proposals = list(proposals)
    used = {each for proposal in proposals for each in (*proposal.line_ids, *proposal.posting_ids)}
    return [line for line in lines if line.id not in used], [book for book in books if book.id not in used]


INVOICE_KEY = re.compile(r"inv(\d{4})(\d{2})?(\d{6,})")
CUSTOMER_KEY = re.compile(r"c(\d{4,})")
TOKEN_KEY = re.compile(r"[0-9a-f]{32}")


def own_references(keys: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Numbers and tokens of ours among the keys: ("invoice" | "customer" | "token", as we print it)."""
    for key in keys:
        invoice, customer = INVOICE_KEY.fullmatch(key), CUSTOMER_KEY.fullmatch(key)
        if invoice:
            year = "-".join(filter(None, invoice.group(1, 2)))
            yield "invoice", f"INV-{year}-{invoice[3]}"
        elif customer:
            yield "customer", f"C-{customer[1]}"
        elif TOKEN_KEY.fullmatch(key):
            yield "token", key
