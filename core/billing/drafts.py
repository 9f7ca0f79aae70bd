"""Drafts: the one computation of an invoice that preview, single issue and run share. Pure: no session, no clock.

Flat lines are billed in advance for the period, metered use in arrears for the days before it, on one invoice; charges
whose day has come join it. Then taxes, then the rounding to whole rupees where the company wants it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from core.billing.pricing import Priced, price_lines, price_usage, to_rate, usage_period
from core.billing.taxes import Taxable, TaxLine, Taxpayer, tax
from core.billing.terms import BillingFacts, ChargeTerms, Draft, DraftLine, Tariffs
from core.errors import DomainError
from core.ids import Id
from core.money import ZERO

ROUNDING_ACCOUNT = "4095"
ONE = Decimal(1)


class NothingToBill(DomainError):
    """The period has no line and no charge."""


class TotalNegative(DomainError):
    """The reductions are more than the charges: give them as a credit note."""


def draft_period(tariffs: Tariffs, facts: BillingFacts, *, start: date, end: date, issued_on: date) -> Draft:
    """The invoice of a subscription for `[start, end)`, with the use of the days before `start`.

    Reductions that would make the total negative wait for a later invoice, the last first. A draft without lines has
    nothing to bill. Raises NoPriceOnDay.
    """
    priced = price_lines(tariffs, facts, start=start, end=end)
    if any(tariffs.plan(line.plan_id).metered for line in facts.lines):
        used = usage_period(facts, start)
        priced += price_usage(tariffs, facts, start=used.start, end=used.end)
    due = [charge for charge in facts.charges if charge.bill_from <= issued_on]
    while True:
        draft = _assembled(tariffs, facts.taxpayer, priced, due, issued_on)
        reductions = [charge for charge in due if charge.amount < 0]
        if draft.total >= 0 or not reductions:
            return draft
        due.remove(reductions[-1])


def draft_days(
    tariffs: Tariffs, facts: BillingFacts, *, line_ids: Sequence[Id], start: date, end: date, issued_on: date
) -> Draft:
    """An invoice for some days of some lines with their taxes: the days left of a new plan or of an add-on."""
    priced = price_lines(tariffs, facts, start=start, end=end, line_ids=line_ids)
    return _assembled(tariffs, facts.taxpayer, priced, [], issued_on)


def draft_charges(tariffs: Tariffs, taxpayer: Taxpayer, charges: Sequence[ChargeTerms], *, issued_on: date) -> Draft:
    """An invoice of one-off charges alone. Raises NothingToBill, TotalNegative."""
    if not charges:
        raise NothingToBill("There is no charge to invoice")
    draft = _assembled(tariffs, taxpayer, [], charges, issued_on)
    if draft.total < 0:
        raise TotalNegative(f"The charges come to {draft.total}: reductions are given as a credit note")
    return draft


def _assembled(
    tariffs: Tariffs, taxpayer: Taxpayer, priced: Sequence[Priced], charges: Sequence[ChargeTerms], issued_on: date
) -> Draft:
    items = [*priced, *(_charge(charge) for charge in charges)]
    policy = tariffs.policy
    by_period = policy.tax_point == "period_start"
    taxables = []
    for item in items:
        day = item.line.period_start if by_period and item.line.period_start else issued_on
        rules = tariffs.rules(taxpayer, item.line.service_class, day)
        taxables.append(Taxable(item.line.amount, rules, item.inclusive))
    taxed = tax(taxables, rounding=policy.tax_rounding)
    lines = [
        replace(item.line, amount=net) if item.inclusive else item.line
        for item, net in zip(items, taxed.nets, strict=True)
    ]
    net, taxes = sum(taxed.nets, ZERO), sum((line.amount for line in taxed.lines), ZERO)
    rounding = _to_whole(net + taxes) if policy.whole_rupees else ZERO
    lines += [_tax_line(line) for line in taxed.lines]
    if rounding:
        lines.append(
            DraftLine(kind="rounding", description="Rounding", quantity=ONE, unit_price=rounding, amount=rounding,
                      account_code=ROUNDING_ACCOUNT)
        )  # fmt: skip
    taken = tuple(charge.id for charge in charges if charge.id is not None)
    return Draft(tuple(lines), net, taxes, rounding, net + taxes + rounding, policy.tax_rounding, taken)


def _to_whole(total: Decimal) -> Decimal:
    return total.quantize(ONE, rounding=ROUND_HALF_UP) - total


def _charge(charge: ChargeTerms) -> Priced:
    unit = charge.unit_price if charge.unit_price is not None else charge.amount / charge.quantity
    return Priced(
        DraftLine(
            kind="charge", description=charge.description, quantity=charge.quantity,
            unit_price=to_rate(unit), amount=charge.amount,
            account_code=charge.account_code, service_class=charge.service_class,
        ),
        charge.tax_inclusive,
    )  # fmt: skip


def _tax_line(line: TaxLine) -> DraftLine:
    return DraftLine(
        kind="tax", description=line.name, quantity=ONE, unit_price=line.amount, amount=line.amount,
        account_code=line.account_code, tax_code=line.code, tax_percent=line.percent, tax_base=line.base,
    )  # fmt: skip
