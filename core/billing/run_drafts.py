"""What the run does with one subscription: its drafts up to a day, and where it stands afterwards. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date

from core.billing.drafts import TotalNegative, draft_period
from core.billing.facts import Account
from core.billing.invoices import Addressee, addressee_of, due_day
from core.billing.periods import Period
from core.billing.schedule import next_bill_day, next_step
from core.billing.terms import Draft, Tariffs
from core.errors import DomainError
from core.ledger.journal import UnknownAccount

PERIODS_MAX = 36


class TooFarBehind(DomainError):
    """So many periods are not billed that the subscription's dates are more likely wrong than late."""


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice that the run will write."""

    account: Account
    addressee: Addressee
    period: Period
    due_on: date
    draft: Draft


@dataclass(frozen=True, slots=True)
class Outcome:
    """The bills of a subscription and its next dates, or the reason why it cannot be billed."""

    account: Account
    bills: tuple[Bill, ...] = ()
    billed_until: date | None = None
    next_bill_on: date | None = None
    problem: str = ""


def bill_account(tariffs: Tariffs, account: Account, *, day: date, account_codes: Collection[str]) -> Outcome:
    """Draft every period that is due by `day`; whatever stands in the way becomes the outcome's problem.

    A period that has its invoice already is stepped over. More than 36 periods behind bills nothing.
    """
    try:
        return _billed(tariffs, account, day, account_codes)
    except DomainError as refusal:
        return Outcome(account, problem=str(refusal))
    except Exception as fault:  # noqa: BLE001 - one bad record is reported by name and holds nobody up
        return Outcome(account, problem=f"{type(fault).__name__}: {fault}")


def _billed(tariffs: Tariffs, account: Account, day: date, account_codes: Collection[str]) -> Outcome:
    facts = account.facts
    bills: list[Bill] = []
    invoiced = dict(account.invoiced)
    next_bill_on = account.next_bill_on
    if all(tariffs.plan(line.plan_id).prepaid for line in facts.lines):
        return Outcome(account, (), facts.billed_until, None)
    for _ in range(PERIODS_MAX + 1):
        if next_bill_on is None or next_bill_on > day:
            return Outcome(account, tuple(bills), facts.billed_until, next_bill_on)
        period = next_step(tariffs, facts)
        if period is None:
            return Outcome(account, tuple(bills), facts.billed_until, None)
        if period.start in invoiced:
            period = Period(period.start, invoiced[period.start])
        else:
            bills += _bill(tariffs, replace(account, facts=facts), period, day, account_codes)
        next_bill_on = next_bill_day(tariffs, facts, period)
        charged = {identifier for bill in bills for identifier in bill.draft.charge_ids}
        facts = replace(
            facts, billed_until=period.end, usage_since=period.start,
            charges=tuple(charge for charge in facts.charges if charge.id not in charged),
        )  # fmt: skip
    raise TooFarBehind(
        f"More than {PERIODS_MAX} periods are not billed, since {account.facts.origin}: correct its dates,"
        " or bill it by hand"
    )


def _bill(tariffs: Tariffs, account: Account, period: Period, day: date, account_codes: Collection[str]) -> list[Bill]:
    draft = draft_period(tariffs, account.facts, start=period.start, end=period.end, issued_on=day)
    if not draft.lines:
        return []
    if draft.total < 0:
        raise TotalNegative(f"The invoice from {period.start} comes to {draft.total}")
    missing = sorted({line.account_code for line in draft.lines} - set(account_codes))
    if missing:
        raise UnknownAccount(f"The chart of accounts has no {', '.join(missing)}")
    return [Bill(account, addressee_of(account), period, due_day(tariffs, account, day), draft)]
