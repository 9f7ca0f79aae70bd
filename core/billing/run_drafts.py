"""What the run does with one subscription: its drafts up to a day, and where it stands afterwards. Pure.

Most subscriptions of a company are alike but for who has them, so a draft is computed once for all that are.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from core.billing.drafts import NothingToBill, TotalNegative, draft_period
from core.billing.facts import Account
from core.billing.invoices import Addressee, addressee_of, due_day
from core.billing.periods import Period, period_containing
from core.billing.schedule import next_bill_day, next_step
from core.billing.terms import BillingFacts, Draft, LineTerms, Tariffs
from core.errors import DomainError
from core.ids import Id
from core.ledger.journal import UnknownAccount
from core.money import AMOUNT_MAX, AmountInvalid

PERIODS_MAX = 36
REMEMBERED_MAX = 20_000


class TooFarBehind(DomainError):
    """So many periods are not billed that the subscription's dates are more likely wrong than late."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A draft that may serve many subscriptions; `places` says which of a subscription's lines each line bills."""

    draft: Draft
    places: tuple[int | None, ...]

    def line_ids(self, lines: tuple[LineTerms, ...]) -> tuple[Id | None, ...]:
        """The subscription lines that the draft's lines bill, for the subscription that has `lines`."""
        return tuple(None if place is None else lines[place].id for place in self.places)


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice that the run will write. The draft's own line ids may be another's: `line_ids` holds."""

    account: Account
    addressee: Addressee
    period: Period
    due_on: date
    pattern: Pattern

    @property
    def draft(self) -> Draft:
        """Lines and sums of the invoice."""
        return self.pattern.draft

    @property
    def line_ids(self) -> tuple[Id | None, ...]:
        """The subscription line that each of the draft's lines bills."""
        return self.pattern.line_ids(self.account.facts.lines)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The bills of a subscription and its next dates, or the reason why it cannot be billed."""

    account: Account
    bills: tuple[Bill, ...] = ()
    billed_until: date | None = None
    next_bill_on: date | None = None
    problem: str = ""


@dataclass
class Drafter:
    """Drafts for a day with one company's tariffs; raises for what has none of the chart's accounts."""

    tariffs: Tariffs
    day: date
    account_codes: Collection[str]
    _known: dict[tuple[Any, ...], Pattern] = field(default_factory=dict)

    def pattern(self, facts: BillingFacts, period: Period) -> Pattern:
        """The draft of a period, from memory where nothing that it depends on differs."""
        likeness = _likeness(self.tariffs, facts, period)
        if likeness is None:
            return self._drafted(facts, period)
        found = self._known.get(likeness)
        if found is None:
            if len(self._known) >= REMEMBERED_MAX:
                self._known.clear()
            found = self._known[likeness] = self._drafted(facts, period)
        return found

    def _drafted(self, facts: BillingFacts, period: Period) -> Pattern:
        draft = draft_period(self.tariffs, facts, start=period.start, end=period.end, issued_on=self.day)
        if draft.total < 0:
            raise TotalNegative(f"The invoice from {period.start} comes to {draft.total}")
        if draft.total > AMOUNT_MAX:
            raise AmountInvalid(f"The invoice from {period.start} comes to {draft.total}: more than an invoice can say")
        missing = sorted({line.account_code for line in draft.lines} - set(self.account_codes))
        if missing:
            raise UnknownAccount(f"The chart of accounts has no {', '.join(missing)}")
        place_of = {line.id: place for place, line in enumerate(facts.lines)}
        places = (None if i is None else place_of[i] for i in (line.subscription_line_id for line in draft.lines))
        return Pattern(draft, tuple(places))


def _likeness(tariffs: Tariffs, facts: BillingFacts, period: Period) -> tuple[Any, ...] | None:
    """Everything that the draft of a whole or part period depends on, without ids; None where there may be more.

    Days before the period say nothing, so that subscriptions of any age are alike.
    """
    if facts.charges or facts.usage or facts.not_billed or facts.ended_on is not None:
        return None
    whole = period_containing(period.start, facts.billing_day, facts.interval_months, facts.origin)
    if period.end > whole.end:
        return None
    opens = max(whole.start, facts.started_on)
    lines = []
    for line in facts.lines:
        plan = tariffs.plan(line.plan_id)
        if plan.metered or plan.interval_months != facts.interval_months:
            return None
        ends_on = None if line.ends_on is None or line.ends_on >= period.end else line.ends_on
        lines.append(
            (line.plan_id, max(line.starts_on, whole.start), ends_on, line.quantity, line.agreed_price,
             line.description)
        )  # fmt: skip
    holding = [discount for discount in facts.discounts if discount.holds(opens)]
    discounts = tuple((d.percent, d.amount, _place(facts, d.line_id)) for d in holding)
    return (period, whole, facts.billing_day, opens, tuple(lines), discounts, facts.taxpayer)


def _place(facts: BillingFacts, line_id: Id | None) -> int | None:
    """Which line a discount is for; -1 for one of no line of these."""
    if line_id is None:
        return None
    return next((place for place, line in enumerate(facts.lines) if line.id == line_id), -1)


def bill_account(drafter: Drafter, account: Account) -> Outcome:
    """Draft every period that is due by the day; whatever stands in the way becomes the outcome's problem.

    A period that has its invoice already is stepped over. More than 36 periods behind bills nothing.
    """
    try:
        return _billed(drafter, account)
    except DomainError as refusal:
        return Outcome(account, problem=str(refusal))
    except Exception as fault:  # noqa: BLE001 - one bad record is reported by name and holds nobody up
        return Outcome(account, problem=f"{type(fault).__name__}: {fault}")


def _billed(drafter: Drafter, account: Account) -> Outcome:
    facts, tariffs = account.facts, drafter.tariffs
    if not facts.lines:
        raise NothingToBill(f"{account.customer_number} has a subscription without lines: add what it is for")
    if all(tariffs.plan(line.plan_id).prepaid for line in facts.lines):
        return Outcome(account, (), facts.billed_until, None)
    invoiced = dict(account.invoiced)
    bills: list[Bill] = []
    for _ in range(PERIODS_MAX):
        period = next_step(tariffs, facts)
        if period is None:
            return Outcome(account, tuple(bills), facts.billed_until, None)
        taken: tuple[Id, ...] = ()
        if period.start in invoiced:
            period = Period(period.start, invoiced[period.start])
        else:
            pattern = drafter.pattern(facts, period)
            taken = pattern.draft.charge_ids
            if pattern.draft.lines:
                due_on = due_day(tariffs, account, drafter.day)
                bills.append(Bill(account, addressee_of(account), period, due_on, pattern))
        next_bill_on = next_bill_day(tariffs, facts, period)
        if next_bill_on is None or next_bill_on > drafter.day:
            return Outcome(account, tuple(bills), period.end, next_bill_on)
        facts = replace(
            facts, billed_until=period.end, usage_since=period.start,
            charges=tuple(charge for charge in facts.charges if charge.id not in taken),
        )  # fmt: skip
    raise TooFarBehind(
        f"More than {PERIODS_MAX} periods are not billed, since {account.facts.origin}: correct its dates,"
        " or bill it by hand"
    )
