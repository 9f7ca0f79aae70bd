"""What was billed in advance against what is to be billed now: days that fell away are credited, new days charged.

Whoever changes the lines, the pauses or the end of a subscription takes its standing before and settles afterwards,
so every change in a period that is billed already chains from what was really invoiced (reference money 2.2).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.credit_notes import CREDITABLE_STATES, credit_invoice, credited_by_line
from core.billing.drafts import draft_days
from core.billing.facts import Account, read_accounts
from core.billing.invoice_models import CreditNote, Invoice, InvoiceLine
from core.billing.invoices import addressee_of, due_day, issue_draft
from core.billing.periods import Period, periods_between
from core.billing.pricing import USAGE_INCOME
from core.billing.proration import prorated, share_of
from core.billing.subscription_models import Subscription
from core.billing.tariffs import read_tariffs
from core.billing.terms import PlanTerms, Tariffs
from core.errors import NotFound
from core.ids import Id, new_id
from core.money import ZERO

Spans = tuple[Period, ...]


@dataclass(frozen=True)
class Standing:
    """A subscription as it is billed at a moment."""

    tariffs: Tariffs
    account: Account


@dataclass(frozen=True)
class Settled:
    """The documents that a change led to; a change that nets to zero still has both."""

    credits: tuple[CreditNote, ...] = ()
    invoices: tuple[Invoice, ...] = ()

    @property
    def net(self) -> Decimal:
        """What the change costs the customer, taxes included; negative if he gets money back."""
        charged = sum((invoice.total for invoice in self.invoices), ZERO)
        return charged - sum((note.total for note in self.credits), ZERO)


def locked_subscription(session: Session, subscription_id: Id) -> Subscription:
    """The subscription, locked before its customer as the run does it; raises NotFound."""
    session.flush()
    subscription = session.scalar(
        select(Subscription)
        .where(Subscription.id == subscription_id)
        .with_for_update(of=Subscription)
        .execution_options(populate_existing=True)
    )
    if subscription is None:
        raise NotFound("There is no such subscription")
    return subscription


def standing_of(session: Session, subscription_id: Id) -> Standing:
    """How the subscription is billed now; the caller holds its lock."""
    session.flush()
    tariffs = read_tariffs(session)
    accounts = read_accounts(session, tariffs, [subscription_id])
    return Standing(tariffs, accounts[0])


def settle_difference(
    session: Session, *, before: Standing, reason: str, key: str, day: date, actor: str, origin: str = "",
    credits_days: bool = True,
) -> Settled:  # fmt: skip
    """Credit the billed days that no line serves any more, then charge those that are served now but not billed.

    Only days before `billed_until` are settled, the run bills the others. Each credit is one note an invoice, at its
    own price and rates and at most what is left of it; `key` names the event in the notes' keys.
    """
    after = standing_of(session, before.account.facts.subscription_id)
    was, now = _served(before), _served(after)
    fallen = {line_id: without(spans, now.get(line_id, ())) for line_id, spans in was.items()}
    new = {line_id: without(spans, was.get(line_id, ())) for line_id, spans in now.items()}
    credits: list[CreditNote] = []
    if credits_days:
        for invoice, amounts in _to_credit(session, before, after, fallen):
            credits.append(
                credit_invoice(
                    session, invoice_id=invoice, reason=reason, issued_on=day, made_by=actor, origin=origin,
                    idempotency_key=f"{key}:{new_id()}", amounts=amounts,
                )
            )  # fmt: skip
    invoices = _charge(session, after, new, day=day, actor=actor, origin=origin)
    return Settled(tuple(credits), tuple(invoices))


def _served(standing: Standing) -> dict[Id, Spans]:
    """The days of each line that a bill up to `billed_until` covers."""
    facts = standing.account.facts
    until = facts.billed_until or facts.started_on
    served = {}
    for line in facts.lines:
        end = min(day for day in (line.ends_on, facts.ended_on, until) if day is not None)
        if not standing.tariffs.plan(line.plan_id).prepaid:
            served[line.id] = without((Period(line.starts_on, end),), _pauses(standing))
    return served


def without(spans: Iterable[Period], taken: Iterable[Period]) -> Spans:
    """The days of `spans` that are not in `taken`."""
    left = [span for span in spans if span.start < span.end]
    for start, end in taken:
        parts = [(Period(a, min(b, start)), Period(max(a, end), b)) for a, b in left]
        left = [part for pair in parts for part in pair if part.start < part.end]
    return tuple(left)


def _within(spans: Iterable[Period], limit: Period) -> Spans:
    cut = (Period(max(a, limit.start), min(b, limit.end)) for a, b in spans)
    return tuple(span for span in cut if span.start < span.end)


def _to_credit(
    session: Session, before: Standing, after: Standing, fallen: Mapping[Id, Spans]
) -> list[tuple[Id, dict[Id, Decimal]]]:
    """(invoice, net by line) for the billed days of these lines, the oldest period first."""
    line_ids = [line_id for line_id, spans in fallen.items() if spans]
    if not line_ids:
        return []
    billed = session.scalars(
        select(InvoiceLine)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(
            InvoiceLine.subscription_line_id.in_(line_ids), InvoiceLine.kind == "charge",
            InvoiceLine.account_code != USAGE_INCOME, Invoice.state.in_(CREDITABLE_STATES),
        )
        .order_by(InvoiceLine.period_start, Invoice.id, InvoiceLine.position)
    ).all()  # fmt: skip
    amounts: dict[Id, dict[Id, Decimal]] = defaultdict(dict)
    credited: dict[Id, dict[Id, Decimal]] = {}
    for line in billed:
        assert line.subscription_line_id is not None and line.period_start is not None and line.period_end is not None
        spans = _within(fallen[line.subscription_line_id], Period(line.period_start, line.period_end))
        if not spans:
            continue
        if line.invoice_id not in credited:
            credited[line.invoice_id] = credited_by_line(session, line.invoice_id)
        left = line.amount - credited[line.invoice_id].get(line.id, ZERO)
        amount = min(_price(before, after, line, spans), left)
        if amount > ZERO:
            amounts[line.invoice_id][line.id] = amount
    return list(amounts.items())


def _price(before: Standing, after: Standing, line: InvoiceLine, spans: Spans) -> Decimal:
    """What these days of a billed line cost on its invoice.

    From the printed price where that explains the amount, so that a day costs the same in a part period, and days that
    the invoice left out are not given back; else as a share of the amount, which holds inclusive taxes.
    """
    assert line.plan_id is not None and line.period_start is not None and line.period_end is not None
    plan = before.tariffs.plan(line.plan_id)
    whole = (Period(line.period_start, line.period_end),)
    for days in (whole, without(whole, _pauses(before)), without(whole, _pauses(after))):
        billed = _factor(before, plan, days)
        listed = line.unit_price * line.quantity / (billed.numerator if billed.denominator == 1 and billed else 1)
        if prorated(listed, billed) == line.amount + line.discount:
            part = _factor(before, plan, [day for limit in days for day in _within(spans, limit)])
            return prorated(line.amount, part / billed) if line.discount else prorated(listed, part)
    return prorated(line.amount, _factor(before, plan, spans) / _factor(before, plan, whole))


def _pauses(standing: Standing) -> list[Period]:
    return [Period(start, end) for start, end in standing.account.facts.not_billed]


def _factor(standing: Standing, plan: PlanTerms, spans: Iterable[Period]) -> Fraction:
    """How many of the plan's intervals these days are, counted as they are priced."""
    facts = standing.account.facts
    origin = facts.origin if plan.interval_months == facts.interval_months else facts.started_on
    method = standing.tariffs.policy.proration
    return sum(
        (
            Fraction(*share_of(max(a, of.start), min(b, of.end), of, method=method, anchor_day=facts.billing_day))
            for a, b in spans
            for of in periods_between(a, b, facts.billing_day, plan.interval_months, origin)
        ),
        Fraction(0),
    )


def _charge(
    session: Session, after: Standing, new: Mapping[Id, Sequence[Period]], *, day: date, actor: str, origin: str
) -> list[Invoice]:
    by_span: dict[Period, list[Id]] = defaultdict(list)
    for line_id, spans in new.items():
        for span in spans:
            by_span[span].append(line_id)
    account, tariffs = after.account, after.tariffs
    invoices = []
    for span in sorted(by_span):
        draft = draft_days(
            tariffs, account.facts, line_ids=by_span[span], start=span.start, end=span.end, issued_on=day
        )
        if draft.lines:
            invoices.append(
                issue_draft(
                    session, draft=draft, addressee=addressee_of(account), kind="subscription", reason="change",
                    issued_on=day, due_on=due_day(tariffs, account, day), actor=actor, origin=origin,
                    subscription_id=account.facts.subscription_id, period=span,
                )
            )  # fmt: skip
    return invoices
