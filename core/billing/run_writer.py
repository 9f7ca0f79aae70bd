"""Writing a batch of the run: invoices, lines, books, advance, charges, notices, next dates, each in one statement."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import psycopg
from sqlalchemy import TextClause
from sqlalchemy.orm import Session

from core import jobs
from core.billing import run_statements as sql
from core.billing.deferrals import DEFERRED
from core.billing.invoices import DEPOSITS, is_deferred
from core.billing.run_drafts import Bill, Outcome, Pattern
from core.billing.run_facts import Batch, Recipient
from core.billing.terms import DraftLine
from core.companies import Company
from core.db import array_of
from core.ids import Id
from core.messaging.invoice_notices import decent_hour, notice, template_language
from core.messaging.lanes import RULES
from core.money import ZERO
from core.numbering import PREFIXES, fiscal_year_of, reserve

LANE = "billing"
NULL = "\\N"
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


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
    connection.execute(sql.TEMPORARY)
    driver: psycopg.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    with driver.cursor() as cursor:
        for table, columns in sql.COLUMNS.items():
            if rows.of[table]:
                with cursor.copy(f"COPY pg_temp.{table} ({', '.join(columns)}) FROM STDIN") as copy:
                    copy.write("".join(rows.of[table]))
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


def _statements(session: Session, run: Run, rows: _Rows, actor: str) -> Iterable[tuple[TextClause, Mapping[str, Any]]]:
    if not rows.count:
        return
    year = fiscal_year_of(run.day, run.company.fiscal_year_start_month)
    numbers = reserve(session, "invoice", rows.count, fiscal_year=year)
    number = {"prefix": f"{PREFIXES['invoice']}-{year}-", "first": numbers[0] - 1}
    posting = {"day": run.day, "actor": actor, "origin": run.origin}
    yield sql.INVOICES, {"run_id": run.id, "day": run.day, **number}
    yield sql.LINES, {}
    if rows.defers:
        yield sql.DEFERRALS, {}
    if rows.of["run_charge"]:
        yield sql.CHARGES_TAKEN, {}
    yield sql.POSTINGS, {**number, **posting, "deposits": DEPOSITS, "deferred": DEFERRED}
    if rows.of["run_share"]:
        yield sql.SHARES, {"day": run.day}
        yield sql.SHARE_POSTINGS, number | posting
        yield sql.PAYMENTS_USED, {}
        yield sql.CREDIT_NOTES_USED, {}
    if rows.of["run_notice"]:
        start = decent_hour(run.now, run.company.timezone)
        until = start + RULES[LANE].lifetime
        yield sql.NOTICES, {**number, "now": run.now, "not_before": start, "expires_at": until}
        if start <= run.now:
            for business_number_id in rows.business_numbers:
                jobs.ring(session, "drain_number", queue=LANE, company_id=str(run.company.id),
                          business_number_id=str(business_number_id))  # fmt: skip


class _Rows:
    """Rows in COPY's text form, table by table; counts and sums what they come to."""

    def __init__(self, run: Run, batch: Batch) -> None:
        self.run, self.batch = run, batch
        self.of: dict[str, list[str]] = {table: [] for table in sql.COLUMNS}
        self.count = 0
        self.amount = ZERO
        self.defers = False
        self.business_numbers: set[Id] = set()
        self.printed: dict[int, tuple[Pattern, tuple[str, ...]]] = {}

    def add(self, outcome: Outcome) -> None:
        for bill in outcome.bills:
            self._invoice(bill)
        subscription_id = outcome.account.facts.subscription_id.hex
        self.of["run_step"].append(
            f"{subscription_id}\t{_or_null(outcome.billed_until)}\t{_or_null(outcome.next_bill_on)}\n"
        )

    def _invoice(self, bill: Bill) -> None:
        self.count += 1
        draft, to = bill.draft, bill.addressee
        self.amount += draft.total
        owed = self.batch.owed.get(to.customer_id, ZERO)
        balance = draft.total - self._settled(to.customer_id, draft.total)
        state = "paid" if not balance else "issued" if balance == draft.total else "part_paid"
        self.of["run_invoice"].append(
            f"{self.count}\t{to.customer_id.hex}\t{bill.account.facts.subscription_id.hex}\t{_text(to.name)}"
            f"\t{_text(to.address)}\t{_text(to.tax_number)}\t{_or_null(to.area_id)}\t{bill.period.start}"
            f"\t{bill.period.end}\t{bill.due_on}\t{draft.tax_rounding}\t{draft.net}\t{draft.tax}\t{draft.rounding}"
            f"\t{draft.total}\t{balance}\t{state}\t{owed}\n"
        )
        lines = zip(self._printed(bill.pattern), bill.line_ids, strict=True)
        self.of["run_line"] += [f"{self.count}\t{line}\t{i.hex if i else NULL}\n" for line, i in lines]
        self.of["run_charge"] += [f"{charge_id.hex}\t{self.count}\n" for charge_id in draft.charge_ids]
        recipient = self.batch.recipients.get(to.customer_id)
        if recipient is not None and draft.total:
            self._notice(bill, recipient, balance, owed)
        self.batch.owed[to.customer_id] = owed + balance

    def _printed(self, pattern: Pattern) -> tuple[str, ...]:
        """The lines of a draft without the ids that differ, written once for all that share it."""
        known = self.printed.get(id(pattern))
        if known is None:
            lines = tuple(f"{position}\t{_line(line)}" for position, line in enumerate(pattern.draft.lines, 1))
            # The pattern is kept beside its lines, so that its id is not given to another.
            known = self.printed[id(pattern)] = (pattern, lines)
            self.defers = self.defers or any(is_deferred(line) for line in pattern.draft.lines)
        return known[1]

    def _settled(self, customer_id: Id, total: Decimal) -> Decimal:
        """Let the customer's advance, the oldest first, settle an invoice of `total`."""
        settled = ZERO
        for source in self.batch.advances.get(customer_id, ()):
            part = min(source.left, total - settled)
            if part > 0:
                source.left -= part
                settled += part
                ids = f"{source.id}\t{NULL}" if source.is_payment else f"{NULL}\t{source.id}"
                self.of["run_share"].append(f"{self.count}\t{ids}\t{part}\n")
        return settled

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
    twin = {"name": "invoice_issued", "language": template_language(language), "parameters": parts}
    columns = (json.dumps(payload, ensure_ascii=False), words, json.dumps(twin, ensure_ascii=False))
    return "\t".join(_text(column) for column in columns)


def _line(line: DraftLine) -> str:
    return (
        f"{line.kind}\t{_text(line.description)}\t{line.quantity}\t{line.unit_price}\t{line.discount}\t{line.amount}"
        f"\t{_or_null(line.period_start)}\t{_or_null(line.period_end)}\t{_or_null(line.plan_id)}"
        f"\t{_text(line.service_class)}\t{_text(line.tax_code)}\t{_or_null(line.tax_percent)}\t{_or_null(line.tax_base)}"
        f"\t{_text(line.account_code)}\t{is_deferred(line)}"
    )


def _or_null(value: object) -> str:
    return NULL if value is None else str(value)


def _text(value: str) -> str:
    return value.translate(ESCAPES)
