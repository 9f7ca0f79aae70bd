"""Writing a batch of the run: invoices, lines, books, advance, charges, notices, next dates, each in one statement."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from sqlalchemy.orm import Session

from core import jobs
from core.billing import run_statements as sql
from core.billing.run_drafts import Bill, Outcome, Pattern
from core.billing.run_facts import Batch, Recipient
from core.billing.run_rows import InvoiceRows, Statements, into_the_books, or_null, reserved_numbers, text_of
from core.companies import Company
from core.db import array_of
from core.ids import Id
from core.messaging.invoice_notices import decent_hour, notice, notice_twin
from core.messaging.lanes import RULES
from core.money import ZERO

LANE = "billing"


@dataclass(frozen=True)
class Run:
    """The run that writes: its row, its company and the day it bills."""

    id: Id
    company: Company
    day: date
    now: datetime

    @property
    def origin(self) -> str:
        """What its entries name as their cause."""
        return f"run:{self.id}"


def write_batch(session: Session, run: Run, batch: Batch, outcomes: Sequence[Outcome], *, actor: str) -> None:
    """Write the bills, move their subscriptions on, park what has a problem; the caller's transaction holds it all.

    The number series is locked late, so that two batches only wait for each other while rows go in.
    """
    rows = _Rows(run, batch)
    for outcome in outcomes:
        if not outcome.problem:
            rows.add(outcome)
    connection = session.connection()
    rows.copy_in(connection)
    billed = array_of(outcome.account.facts.subscription_id for outcome in outcomes if not outcome.problem)
    connection.execute(sql.SUBSCRIPTIONS, {"ids": billed})
    for statement, parameters in _statements(session, run, rows, actor):
        connection.execute(statement, parameters)
    connection.execute(sql.RESOLVED, {"ids": billed, "now": run.now})
    park(session, run, {o.account.facts.subscription_id: o.problem for o in outcomes if o.problem})
    connection.execute(sql.PROGRESS, {"run_id": run.id, "invoiced": rows.count, "amount": rows.amount})


def park(session: Session, run: Run, reasons: Mapping[Id, str]) -> None:
    """Keep subscriptions that cannot be billed with the reason, one open row each, until a run bills them."""
    if reasons:
        found = {"run_id": run.id, "ids": array_of(reasons), "reasons": [reason[:2000] for reason in reasons.values()]}
        session.execute(sql.STILL_PARKED, found)
        session.execute(sql.PARKED, found)


def _statements(session: Session, run: Run, rows: _Rows, actor: str) -> Statements:
    if not rows.count:
        return
    number = reserved_numbers(session, run.company, rows.count, run.day)
    yield from into_the_books(
        rows, number, day=run.day, actor=actor, origin=run.origin, kind="subscription", reason="period", run_id=run.id
    )
    if rows.of["run_notice"]:
        start = decent_hour(run.now, run.company.timezone)
        until = start + RULES[LANE].lifetime
        yield sql.NOTICES, {**number, "now": run.now, "not_before": start, "expires_at": until}
        if start <= run.now:
            for business_number_id in rows.business_numbers:
                jobs.ring(session, "drain_number", queue=LANE, company_id=str(run.company.id),
                          business_number_id=str(business_number_id))  # fmt: skip


class _Rows(InvoiceRows):
    """The rows of a batch of the run: beside the invoices its subscriptions' next dates and the notices."""

    def __init__(self, run: Run, batch: Batch) -> None:
        super().__init__(batch.owed, batch.advances)
        self.run, self.recipients = run, batch.recipients
        self.business_numbers: set[Id] = set()
        self.lines_of: dict[int, tuple[Pattern, tuple[str, ...]]] = {}

    def add(self, outcome: Outcome) -> None:
        for bill in outcome.bills:
            self._bill(bill)
        subscription_id = outcome.account.facts.subscription_id.hex
        self.of["run_step"].append(
            f"{subscription_id}\t{or_null(outcome.billed_until)}\t{or_null(outcome.next_bill_on)}\n"
        )

    def _bill(self, bill: Bill) -> None:
        draft, to = bill.draft, bill.addressee
        owed = self.owed.get(to.customer_id, ZERO)
        balance = self.invoice(
            to, draft, due_on=bill.due_on, lines=self._lines(bill.pattern), line_ids=bill.line_ids,
            subscription_id=bill.account.facts.subscription_id, period=bill.period,
        )  # fmt: skip
        self.of["run_charge"] += [f"{charge_id.hex}\t{self.count}\n" for charge_id in draft.charge_ids]
        recipient = self.recipients.get(to.customer_id)
        if recipient is not None and draft.total:
            self._notice(bill, recipient, balance, owed)

    def _lines(self, pattern: Pattern) -> tuple[str, ...]:
        """Written once for all bills that share the draft."""
        known = self.lines_of.get(id(pattern))
        if known is None:
            # The pattern is kept beside its lines, so that its id is not given to another.
            known = self.lines_of[id(pattern)] = (pattern, self.printed(pattern.draft.lines))
        return known[1]

    def _notice(self, bill: Bill, to: Recipient, balance: Decimal, owed: Decimal) -> None:
        self.business_numbers.add(to.business_number_id)
        said = _notice_columns(
            bill.draft.total, balance, owed, bill.period.start, bill.period.end, bill.due_on,
            self.run.company.currency, to.language,
        )  # fmt: skip
        self.of["run_notice"].append(f"{self.count}\t{to.contact_id.hex}\t{to.business_number_id.hex}\t{said}\n")


@lru_cache(maxsize=16384)
def _notice_columns(
    total: Decimal, balance: Decimal, earlier: Decimal, start: date, end: date, due_on: date, currency: str,
    language: str,
) -> str:  # fmt: skip
    """Payload, words and template; many customers of a day are told the same but for the number."""
    words, parts = notice(
        total=total, balance=balance, earlier=earlier, period_start=start, period_end=end, due_on=due_on,
        currency=currency, language=language,
    )  # fmt: skip
    payload = {"type": "text", "text": {"body": words, "preview_url": False}}
    twin = notice_twin(parts, language)
    columns = (json.dumps(payload, ensure_ascii=False), words, json.dumps(twin, ensure_ascii=False))
    return "\t".join(text_of(column) for column in columns)
