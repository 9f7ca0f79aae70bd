"""How much of each invoice line a credit note takes back: the invoice's own rates, and parts that add up to it exactly.

Taxes and rounding are computed for all that is credited so far and what earlier notes took comes off, so the note
that credits the rest gets exactly the rest (reference money 1.3).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import chain, combinations

from core.billing.invoice_models import InvoiceLine
from core.billing.taxes import DEPOSIT, HUNDRED, Taxable, TaxRule, tax
from core.ids import Id
from core.money import ZERO, rounded

Amounts = Mapping[Id, Decimal]
TaxesOfClass = Callable[[str], Collection[tuple[str, Decimal]]]
BASES = (("net", "sales_tax"), ("net_plus_sales_tax", "advance_income_tax"))
DRIFT_MAX = Decimal("0.05")
"""How far a recomputed base may be from the printed one and still be the same: inclusive prices round the other way."""


def credited_parts(
    lines: Sequence[InvoiceLine], credited: Amounts, asked: Amounts, *, tax_rounding: str, known: TaxesOfClass
) -> dict[Id, Decimal]:
    """The amount by invoice line of a note that takes back `asked` of the charges, beyond what is `credited`.

    `asked` names charge lines. `known` gives the (code, percent) that a service class bears by the tax table; it only
    decides where the invoice's own figures fit several classes. Lines of which nothing is taken are left out.
    """
    charges = [line for line in lines if line.kind == "charge"]
    after = {line.id: credited.get(line.id, ZERO) + asked.get(line.id, ZERO) for line in charges}
    frozen = _frozen_taxes(lines, charges, known, tax_rounding)
    amounts = _taxed(charges, after, frozen, tax_rounding)

    taken = dict(after)
    for each in frozen:
        whole = all(after[line.id] == line.amount for line in charges if line.id in each.charges)
        by_rate = min(amounts.get(_key(each.rule), (ZERO, ZERO))[1], each.line.amount, key=abs)
        taken[each.line.id] = each.line.amount if whole else by_rate
    net, part = sum((line.amount for line in charges), ZERO), sum(after.values(), ZERO)
    for line in lines:
        if line.kind == "rounding":
            taken[line.id] = line.amount if net == part or not net else rounded(line.amount * part / net)
    parts = {line_id: amount - credited.get(line_id, ZERO) for line_id, amount in taken.items()}
    return {line_id: amount for line_id, amount in parts.items() if amount != ZERO}


@dataclass(frozen=True)
class _Frozen:
    """A tax line of the invoice, the rule it came from, and the charges that bear it."""

    line: InvoiceLine
    rule: TaxRule
    charges: frozenset[Id]


def _key(rule: TaxRule) -> tuple[str, Decimal]:
    return rule.code, rule.percent


def _taxed(
    charges: Sequence[InvoiceLine], amounts: Amounts, frozen: Sequence[_Frozen], rounding: str
) -> dict[tuple[str, Decimal], tuple[Decimal, Decimal]]:
    """(base, tax) of the rules on these amounts, as an invoice computes them."""
    taxables = [
        Taxable(amounts[line.id], tuple(each.rule for each in frozen if line.id in each.charges)) for line in charges
    ]
    return {(line.code, line.percent): (line.base, line.amount) for line in tax(taxables, rounding=rounding).lines}


def _frozen_taxes(
    lines: Sequence[InvoiceLine], charges: Sequence[InvoiceLine], known: TaxesOfClass, rounding: str
) -> list[_Frozen]:
    """Which charges bear which tax line: those whose amounts give the printed base.

    A line that no choice of classes explains, such as one with a threshold, is spread over all that is no deposit.
    """
    found: list[_Frozen] = []
    whole = {line.id: line.amount for line in charges}
    for line in lines:
        if line.kind == "tax":
            fits = [
                (
                    abs(base - (line.tax_base or ZERO)) + abs(amount - line.amount),
                    _strangers(line, each, charges, known),
                    each,
                )
                for each in _candidates(line, charges)
                for base, amount in [
                    _taxed(charges, whole, [*found, each], rounding).get(_key(each.rule), (ZERO, ZERO))
                ]
            ]
            best = min(fits, key=lambda fit: fit[:2], default=None)
            found.append(best[2] if best and best[0] <= DRIFT_MAX else _spread(line, charges))
    return found


def _candidates(line: InvoiceLine, charges: Sequence[InvoiceLine]) -> Iterator[_Frozen]:
    classes = sorted({charge.service_class for charge in charges} - {DEPOSIT})
    for subset in chain.from_iterable(combinations(classes, size) for size in range(len(classes), 0, -1)):
        bearing = frozenset(charge.id for charge in charges if charge.service_class in subset)
        for base, kind in BASES:
            yield _Frozen(line, _rule(line, base, kind, line.tax_percent or ZERO), bearing)


def _strangers(line: InvoiceLine, each: _Frozen, charges: Sequence[InvoiceLine], known: TaxesOfClass) -> int:
    """How many classes the tax table would have taxed otherwise."""
    named = (line.tax_code, line.tax_percent or ZERO)
    bearing = {charge.service_class for charge in charges if charge.id in each.charges}
    return sum((name in bearing) != (named in known(name)) for name in {charge.service_class for charge in charges})


def _spread(line: InvoiceLine, charges: Sequence[InvoiceLine]) -> _Frozen:
    taxable = [charge for charge in charges if charge.service_class != DEPOSIT] or charges
    net = sum((charge.amount for charge in taxable), ZERO)
    percent = line.amount * HUNDRED / net if net else ZERO
    return _Frozen(line, _rule(line, "net", "advance_income_tax", percent), frozenset(c.id for c in taxable))


def _rule(line: InvoiceLine, base: str, kind: str, percent: Decimal) -> TaxRule:
    return TaxRule(
        code=line.tax_code, name=line.description, kind=kind, base=base, percent=percent,
        account_code=line.account_code, valid_from=date.min,
    )  # fmt: skip
