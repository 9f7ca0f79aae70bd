"""Dated, stacked taxes: which rows hold, and what they come to (reference money 1.3, 1.4).

Sales taxes and excise are computed on the net; advance income tax on the net plus them. A price that includes its
sales taxes gives its net up so that the gross stays exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from core.money import ZERO, rounded, split

DEPOSIT = "deposit"
SALES_TAXES = ("sales_tax", "excise")
BY_LINE, ON_TOTAL = "line", "total"
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class TaxRule:
    """A row of the tax table; what is empty means any."""

    code: str
    name: str
    kind: str
    base: str
    percent: Decimal
    account_code: str
    valid_from: date
    valid_to: date | None = None
    threshold: Decimal = ZERO
    jurisdiction: str = ""
    service_class: str = ""
    customer_class: str = ""

    @property
    def included(self) -> bool:
        """Whether an inclusive price contains it, and whether what stacks is computed on it."""
        return self.base == "net" and self.kind in SALES_TAXES


@dataclass(frozen=True, slots=True)
class Exemption:
    """A certificate that one tax is not collected, from a day to a last day."""

    tax_code: str
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Taxpayer:
    """Who is billed, as far as taxes ask: class, place of the service, certificates."""

    customer_class: str = "residential"
    jurisdiction: str = ""
    exemptions: tuple[Exemption, ...] = ()


@dataclass(frozen=True, slots=True)
class Taxable:
    """A charge with the rules that hold for it; `amount` is the gross if `inclusive`, else the net."""

    amount: Decimal
    rules: tuple[TaxRule, ...]
    inclusive: bool = False


@dataclass(frozen=True, slots=True)
class TaxLine:
    """A tax as it is printed: rate, base and amount."""

    code: str
    name: str
    percent: Decimal
    base: Decimal
    amount: Decimal
    account_code: str


@dataclass(frozen=True, slots=True)
class Taxed:
    """The net of every charge in its order, and the taxes of all of them."""

    nets: tuple[Decimal, ...]
    lines: tuple[TaxLine, ...]


def choose_rules(rules: Iterable[TaxRule], taxpayer: Taxpayer, *, service_class: str, day: date) -> tuple[TaxRule, ...]:
    """The rows that tax a service on `day`: of each code the most specific, what stacks last.

    More named columns are more specific; among equals the jurisdiction counts before the service class and that
    before the customer class, then the later row. A deposit is never taxed; an exempt code is left out.
    """
    if service_class == DEPOSIT:
        return ()
    exempt = {e.tax_code for e in taxpayer.exemptions if _holds(e.valid_from, e.valid_to, day)}
    best: dict[str, TaxRule] = {}
    for rule in rules:
        fits = (
            rule.code not in exempt
            and _holds(rule.valid_from, rule.valid_to, day)
            and rule.jurisdiction in ("", taxpayer.jurisdiction)
            and rule.service_class in ("", service_class)
            and rule.customer_class in ("", taxpayer.customer_class)
        )
        if fits and (rule.code not in best or _rank(rule) > _rank(best[rule.code])):
            best[rule.code] = rule
    return tuple(sorted(best.values(), key=lambda rule: (not rule.included, rule.base, rule.code)))


def _holds(first: date, last: date | None, day: date) -> bool:
    return first <= day and (last is None or day <= last)


def _rank(rule: TaxRule) -> tuple[int, bool, bool, bool, date]:
    named = (bool(rule.jurisdiction), bool(rule.service_class), bool(rule.customer_class))
    return (sum(named), *named, rule.valid_from)


def tax(charges: Sequence[Taxable], *, rounding: str) -> Taxed:
    """What the charges of one document bear; each tax is rounded by line or once on its total.

    The tax of an inclusive charge is always taken out by line, so that its gross is exact.
    """
    ledger = _Ledger(on_total=rounding == ON_TOTAL)
    nets = tuple(ledger.add(charge) for charge in charges)
    return Taxed(nets, ledger.lines())


@dataclass
class _Sum:
    """What one rule has come to so far; `exact` is not rounded yet and comes from `exact_of` charges."""

    consumed: Decimal = ZERO
    base: Decimal = ZERO
    amount: Decimal = ZERO
    exact_base: Decimal = ZERO
    charges: set[int] = field(default_factory=set)


class _Ledger:
    """Adds charges up rule by rule; a threshold is used up once in a document, in the order of the charges."""

    def __init__(self, *, on_total: bool) -> None:
        self.on_total = on_total
        self.sums: dict[TaxRule, _Sum] = {}
        self.exact_taxes: dict[TaxRule, dict[int, Decimal]] = {}
        self.count = 0

    def add(self, charge: Taxable) -> Decimal:
        """Take a charge in; returns its net."""
        self.count += 1
        included = [rule for rule in charge.rules if rule.included]
        net, sales = self._taken_out(charge.amount, included) if charge.inclusive else (charge.amount, ZERO)
        if not charge.inclusive:
            sales = sum((self._put(rule, net) for rule in included), ZERO)
        for rule in charge.rules:
            if not rule.included:
                self._put(rule, net if rule.base == "net" else net + sales)
        return net

    def _put(self, rule: TaxRule, value: Decimal) -> Decimal:
        """The tax on `value`: rounded by line, exact where the total is rounded later."""
        entry = self._entry(rule)
        base = self._above(rule, entry, value)
        exact = base * rule.percent / HUNDRED
        if self.on_total:
            entry.exact_base += base
            self.exact_taxes.setdefault(rule, {})[self.count] = exact
            return exact
        amount = rounded(exact)
        entry.base += base
        entry.amount += amount
        return amount

    def _entry(self, rule: TaxRule) -> _Sum:
        entry = self.sums.get(rule)
        if entry is None:
            entry = self.sums[rule] = _Sum()
        entry.charges.add(self.count)
        return entry

    def _above(self, rule: TaxRule, entry: _Sum, value: Decimal) -> Decimal:
        """The part of `value` that lies above what is left of the rule's threshold."""
        if not rule.threshold:
            return value
        before = max(ZERO, entry.consumed - rule.threshold)
        entry.consumed += value
        return max(ZERO, entry.consumed - rule.threshold) - before

    def _taken_out(self, gross: Decimal, rules: Sequence[TaxRule]) -> tuple[Decimal, Decimal]:
        """(net, sales taxes) of an inclusive price: net = round(gross / (1 + r)), the taxes are the rest."""
        entries = [self._entry(rule) for rule in rules]
        rooms = [max(ZERO, rule.threshold - entry.consumed) for rule, entry in zip(rules, entries, strict=True)]
        net = _net_of(gross, sorted(zip(rooms, (rule.percent for rule in rules), strict=True)))
        taxes = gross - net
        bases = [self._above(rule, entry, net) for rule, entry in zip(rules, entries, strict=True)]
        exact = [base * rule.percent for base, rule in zip(bases, rules, strict=True)]
        weights = [abs(part) for part in exact] if any(exact) else [rule.percent for rule in rules]
        parts = split(taxes, weights) if taxes else [ZERO] * len(rules)
        for entry, base, part in zip(entries, bases, parts, strict=True):
            entry.base += base
            entry.amount += part
        return net, taxes

    def lines(self) -> tuple[TaxLine, ...]:
        """The taxes as printed; rows of one code with equal rate are one line, a tax of nothing is none."""
        if self.on_total:
            self._round_totals()
        merged: dict[tuple[str, str, Decimal, str], tuple[Decimal, Decimal]] = {}
        for rule in sorted(self.sums, key=lambda rule: (not rule.included, rule.base, rule.code, rule.percent)):
            entry = self.sums[rule]
            key = (rule.code, rule.name, rule.percent, rule.account_code)
            base, amount = merged.get(key, (ZERO, ZERO))
            merged[key] = (base + entry.base, amount + entry.amount)
        return tuple(
            TaxLine(code, name, percent, rounded(base), amount, account)
            for (code, name, percent, account), (base, amount) in merged.items()
            if amount
        )

    def _round_totals(self) -> None:
        """Round each rule once; what stacks takes the rounded sales taxes of its charges into its base."""
        for rule in sorted(self.sums, key=lambda rule: not rule.included):
            entry = self.sums[rule]
            base = rounded(entry.exact_base if rule.base == "net" else self._stacked(rule, entry))
            entry.base += base
            entry.amount += rounded(base * rule.percent / HUNDRED)

    def _stacked(self, rule: TaxRule, entry: _Sum) -> Decimal:
        """The exact base, moved by what rounding did to the sales taxes that it holds wholly."""
        moved = sum(
            (
                rounded(sum(exact.values(), ZERO)) - sum(exact.values(), ZERO)
                for sales, exact in self.exact_taxes.items()
                if sales.included and exact.keys() <= entry.charges
            ),
            ZERO,
        )
        return entry.exact_base + moved if entry.exact_base else ZERO


def _net_of(gross: Decimal, steps: Sequence[tuple[Decimal, Decimal]]) -> Decimal:
    """Solve `net + sum(rate x part of net above its room) = gross`, each room being reached in turn."""
    rate, free = Decimal(0), Decimal(0)
    net = gross
    for room, percent in steps:
        if room and net <= room:
            break
        rate += percent / HUNDRED
        free += room * percent / HUNDRED
        net = (gross + free) / (1 + rate)
    return rounded(net)
