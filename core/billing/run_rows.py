"""Invoices as rows in COPY's text form, and the statements that put them into the books in sets.

The invoice run writes a batch of subscriptions so, late fees a batch of customers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
from sqlalchemy import Connection, TextClause
from sqlalchemy.orm import Session

from core.billing import run_statements as sql
from core.billing.deferrals import DEFERRED
from core.billing.invoices import DEPOSITS, Addressee, is_deferred
from core.billing.periods import Period
from core.billing.run_facts import AdvanceSource
from core.billing.terms import Draft, DraftLine
from core.companies import Company
from core.ids import Id
from core.money import ZERO
from core.numbering import PREFIXES, fiscal_year_of, reserve

NULL = "\\N"
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

Statements = Iterable[tuple[TextClause, Mapping[str, Any]]]


class InvoiceRows:
    """Rows table by table, each invoice settled from its customer's advance; `count` and `amount` say what they are.

    `owed` and `advances` are what the customers owe and have paid ahead; both move on with every invoice.
    """

    def __init__(self, owed: dict[Id, Decimal], advances: Mapping[Id, Sequence[AdvanceSource]]) -> None:
        self.owed, self.advances = owed, advances
        self.of: dict[str, list[str]] = {table: [] for table in sql.COLUMNS}
        self.count = 0
        self.amount = ZERO
        self.defers = False

    def invoice(
        self, to: Addressee, draft: Draft, *, due_on: date, lines: Sequence[str], line_ids: Sequence[Id | None],
        subscription_id: Id | None = None, period: Period | None = None,
    ) -> Decimal:  # fmt: skip
        """Add an invoice with its printed `lines`; what is left to pay of it."""
        self.count += 1
        self.amount += draft.total
        owed = self.owed.get(to.customer_id, ZERO)
        balance = draft.total - self._settled(to.customer_id, draft.total)
        state = "paid" if not balance else "issued" if balance == draft.total else "part_paid"
        start, end = period or (None, None)
        self.of["run_invoice"].append(
            f"{self.count}\t{to.customer_id.hex}\t{or_null(subscription_id)}\t{text_of(to.name)}"
            f"\t{text_of(to.address)}\t{text_of(to.tax_number)}\t{or_null(to.area_id)}\t{or_null(start)}"
            f"\t{or_null(end)}\t{due_on}\t{draft.tax_rounding}\t{draft.net}\t{draft.tax}\t{draft.rounding}"
            f"\t{draft.total}\t{balance}\t{state}\t{owed}\n"
        )
        printed = zip(lines, line_ids, strict=True)
        self.of["run_line"] += [f"{self.count}\t{line}\t{i.hex if i else NULL}\n" for line, i in printed]
        self.owed[to.customer_id] = owed + balance
        return balance

    def printed(self, lines: Iterable[DraftLine]) -> tuple[str, ...]:
        """The lines of a draft without the ids that differ among those that share it."""
        lines = tuple(lines)
        self.defers = self.defers or any(is_deferred(line) for line in lines)
        return tuple(f"{position}\t{_line(line)}" for position, line in enumerate(lines, 1))

    def _settled(self, customer_id: Id, total: Decimal) -> Decimal:
        """Let the customer's advance, the oldest first, settle an invoice of `total`."""
        settled = ZERO
        for source in self.advances.get(customer_id, ()):
            part = min(source.left, total - settled)
            if part > 0:
                source.left -= part
                settled += part
                ids = f"{source.id}\t{NULL}" if source.is_payment else f"{NULL}\t{source.id}"
                self.of["run_share"].append(f"{self.count}\t{ids}\t{part}\n")
        return settled

    def copy_in(self, connection: Connection) -> None:
        """Fill the temporary tables."""
        connection.execute(sql.TEMPORARY)
        driver: psycopg.Connection = connection.connection.driver_connection  # type: ignore[assignment]
        with driver.cursor() as cursor:
            for table, columns in sql.COLUMNS.items():
                if self.of[table]:
                    with cursor.copy(f"COPY pg_temp.{table} ({', '.join(columns)}) FROM STDIN") as copy:
                        copy.write("".join(self.of[table]))


def reserved_numbers(session: Session, company: Company, count: int, day: date) -> dict[str, str | int]:
    """The next invoice numbers, as the statements make them; the series is locked until the transaction ends."""
    year = fiscal_year_of(day, company.fiscal_year_start_month)
    numbers = reserve(session, "invoice", count, fiscal_year=year)
    return {"prefix": f"{PREFIXES['invoice']}-{year}-", "first": numbers[0] - 1}


def into_the_books(
    rows: InvoiceRows, number: Mapping[str, str | int], *, day: date, actor: str, origin: str, kind: str, reason: str,
    run_id: Id | None = None,
) -> Statements:  # fmt: skip
    """Invoices, lines, charges taken, entries and the advance that settles them, from the temporary tables."""
    posting = {"day": day, "actor": actor, "origin": origin}
    yield sql.INVOICES, {"run_id": run_id, "day": day, "kind": kind, "reason": reason, **number}
    yield sql.LINES, {}
    if rows.defers:
        yield sql.DEFERRALS, {}
    if rows.of["run_charge"]:
        yield sql.CHARGES_TAKEN, {}
    yield sql.POSTINGS, {**number, **posting, "deposits": DEPOSITS, "deferred": DEFERRED}
    if rows.of["run_share"]:
        yield sql.SHARES, {"day": day}
        yield sql.SHARE_POSTINGS, {**number, **posting}
        yield sql.PAYMENTS_USED, {}
        yield sql.CREDIT_NOTES_USED, {}


def _line(line: DraftLine) -> str:
    return (
        f"{line.kind}\t{text_of(line.description)}\t{line.quantity}\t{line.unit_price}\t{line.discount}"
        f"\t{line.amount}\t{or_null(line.period_start)}\t{or_null(line.period_end)}\t{or_null(line.plan_id)}"
        f"\t{text_of(line.service_class)}\t{text_of(line.tax_code)}\t{or_null(line.tax_percent)}"
        f"\t{or_null(line.tax_base)}\t{text_of(line.account_code)}\t{is_deferred(line)}"
    )


def or_null(value: object) -> str:
    """A value as COPY reads it."""
    return NULL if value is None else str(value)


def text_of(value: str) -> str:
    """A text as COPY reads it."""
    return value.translate(ESCAPES)
