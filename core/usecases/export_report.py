"""Any report of the books as a table, and any table as CSV or XLSX."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import singledispatch
from typing import IO, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.ageing import BUCKETS, AgeingRow
from core.billing.plan_models import Plan
from core.companies import current_company
from core.crm.models import Area, Customer
from core.errors import DomainError
from core.ids import Id
from core.ledger.account_books import GeneralLedger, LedgerLine, PartyStatement, general_ledger, ledger_lines
from core.ledger.cash_flow import CashFlow
from core.ledger.kinds import label_of
from core.ledger.statements import BalanceSheet, ProfitAndLoss, TrialRow
from core.ledger.tax_dues import TaxDues
from core.money import ZERO
from core.spreadsheets.tables import Column, Kind, Table, Value
from core.spreadsheets.write import write_csv, write_xlsx
from core.staff.employee_statements import EmployeeStatement
from core.staff.models import Staff
from core.usecases.deferred_revenue import DeferredRevenue

FORMATS = {"csv": write_csv, "xlsx": write_xlsx}
Names = Mapping[Id, str]


class FormatUnknown(DomainError):
    """Reports are written as CSV or XLSX."""


class NotATable(DomainError):
    """The report has no form as a table."""


def export_report(session: Session, report: object, *, title: str, format: str, out: IO[bytes]) -> int:
    """Write what a report function returned (one object, or a list of rows) under the company's name.

    Areas, plans, customers and employees are written by name. Returns the rows written; raises FormatUnknown,
    NotATable, TableTooLong.
    """
    return _write(session, tabulate(report, names_of(session)), title, format, out)


def export_general_ledger(session: Session, *, code: str, first: date, last: date, format: str, out: IO[bytes]) -> int:
    """An account's postings, however many: they are written while they are read. Raises as export_report."""
    head = general_ledger(session, code=code, first=first, last=last, limit=1)
    lines = ledger_lines(session, code=code, first=first, last=last, opening=head.opening)
    return _write(session, _ledger_table(head, lines, names_of(session)), f"{code} {head.name}", format, out)


def _write(session: Session, table: Table, title: str, format: str, out: IO[bytes]) -> int:
    if format not in FORMATS:
        raise FormatUnknown(f"{format!r} is no format of reports: use {' or '.join(FORMATS)}")
    notes = [current_company(session).name, title, *table.notes]
    return FORMATS[format](dataclasses.replace(table, title=title, notes=notes), out)


def names_of(session: Session) -> dict[Id, str]:
    """What a person calls every area, plan, employee and customer."""
    names: dict[Id, str] = {}
    for model in (Area, Plan, Staff):
        names.update((row[0], row[1]) for row in session.execute(select(model.id, model.name)))
    customers = session.execute(select(Customer.id, Customer.number, Customer.name))
    names.update((row.id, f"{row.number} {row.name}") for row in customers)
    return names


@singledispatch
def tabulate(report: object, names: Names) -> Table:
    """The report's columns and rows; ids that `names` knows are written as names."""
    raise NotATable(f"A {type(report).__name__} cannot be written as a table")


@tabulate.register(list)
@tabulate.register(tuple)
def _rows(report: Sequence[Any], names: Names) -> Table:
    if not report:
        return Table("", [Column("Nothing to report")], [])
    if isinstance(report[0], AgeingRow):
        return _ageing(report, names)
    if not dataclasses.is_dataclass(report[0]):
        raise NotATable(f"Rows of {type(report[0]).__name__} cannot be written as a table")
    fields = _fields_of(type(report[0]))
    columns = [Column(name.replace("_", " ").capitalize(), kind) for name, kind in fields.items()]
    return Table("", columns, ([_cell(getattr(row, name), names) for name in fields] for row in report))


@tabulate.register
def _profit_and_loss(report: ProfitAndLoss, names: Names) -> Table:
    keys = [column.key for column in report.columns] if report.by else []
    heads = [_heading(key, report.by, names) for key in keys]
    columns = [
        Column("Account"),
        Column("Name"),
        *(Column(head, "amount") for head in heads),
        Column("Total", "amount"),
    ]
    totals = [*(report.columns if report.by else ()), report.total]

    def rows() -> Iterator[Sequence[Value]]:
        for code, name in sorted({(row.code, row.name) for row in report.rows}):
            by_key = {row.key: row.amount for row in report.rows if row.code == code}
            yield [code, name, *(by_key.get(key, ZERO) for key in keys), sum(by_key.values(), ZERO)]
        for label, figure in _RESULT_LINES.items():
            yield ["", label, *(getattr(total, figure) for total in totals)]

    return Table("", columns, rows(), [_span(report.span.first, report.span.last)])


@tabulate.register
def _balance_sheet(report: BalanceSheet, names: Names) -> Table:
    def section(kind: str, lines: Sequence[TrialRow], sign: int, total: Decimal) -> Iterator[Sequence[Value]]:
        for line in lines:
            yield [kind, line.code, line.name, sign * (line.debit - line.credit)]
        yield [kind, "", f"Total {kind.lower()}", total]

    def rows() -> Iterator[Sequence[Value]]:
        yield from section("Assets", report.assets, 1, report.total_assets)
        yield from section("Liabilities", report.liabilities, -1, report.total_liabilities)
        yield from section("Equity", report.equity, -1, report.total_equity)
        yield ["Result", "", "Result of this fiscal year", report.result_of_year]
        yield ["Result", "", "Result of earlier years, not closed", report.result_of_earlier_years]

    columns = [Column("Section"), Column("Account"), Column("Name"), Column("Amount", "amount")]
    return Table("", columns, rows(), [f"As of {report.as_of}"])


@tabulate.register
def _cash_flow(report: CashFlow, names: Names) -> Table:
    columns = [Column("Section"), Column("Class"), Column("Account"), Column("Name"), Column("Amount", "amount")]
    rows: list[Sequence[Value]] = [["", "", "", "Cash at the beginning", report.opening]]
    rows += [[row.section.capitalize(), row.kind, row.code, row.name, row.amount] for row in report.rows]
    rows += [["", "", "", "Cash at the end", report.closing]]
    return Table("", columns, rows, [_span(report.span.first, report.span.last)])


@tabulate.register
def _general_ledger(report: GeneralLedger, names: Names) -> Table:
    return _ledger_table(report, report.lines, names)


def _ledger_table(report: GeneralLedger, lines: Iterable[LedgerLine], names: Names) -> Table:
    columns = [Column("Day", "date"), Column("Event"), Column("Memo"), Column("Party"), Column("By"), Column("Origin"),
               Column("Debit", "amount"), Column("Credit", "amount"), Column("Balance", "amount")]  # fmt: skip

    def rows() -> Iterator[Sequence[Value]]:
        yield [report.span.first, "Opening", "", "", "", "", None, None, report.opening]
        for line in lines:
            yield [line.posted_on, line.label, line.memo, _cell(line.party_id, names), line.actor, line.origin,
                   line.debit, line.credit, line.balance]  # fmt: skip
        yield [report.span.last, "Closing", "", "", "", "", None, None, report.closing]

    return Table("", columns, rows(), [_span(report.span.first, report.span.last)])


@tabulate.register
def _statement(report: PartyStatement, names: Names) -> Table:
    columns = [Column("Day", "date"), Column("Event"), Column("Document"), Column("Debit", "amount"),
               Column("Credit", "amount"), Column("Balance", "amount")]  # fmt: skip
    rows: list[Sequence[Value]] = [[report.span.first, "Opening", "", None, None, report.opening]]
    rows += [[row.posted_on, row.label, row.memo, row.debit, row.credit, row.balance] for row in report.lines]
    rows += [[report.span.last, "Closing", "", None, None, report.closing]]
    whose = str(_cell(report.party_id, names))
    return Table("", columns, rows, [whose, _span(report.span.first, report.span.last)])


@tabulate.register
def _employee_statement(report: EmployeeStatement, names: Names) -> Table:
    columns = [Column("Account"), Column("Day", "date"), Column("Event"), Column("Memo"), Column("Amount", "amount"),
               Column("Balance", "amount")]  # fmt: skip
    rows: list[Sequence[Value]] = []
    for account in report.accounts:
        called = f"{account.code} {account.name}"
        rows.append([called, report.first, "Opening", "", None, account.opening])
        rows += [[called, line.posted_on, label_of(line.kind), line.memo, line.amount, line.balance]
                 for line in account.lines]  # fmt: skip
        rows.append([called, report.last, "Closing", "", None, account.closing])
    return Table("", columns, rows, [report.name, _span(report.first, report.last)])


@tabulate.register
def _tax_dues(report: TaxDues, names: Names) -> Table:
    table = _rows(report.rows, names)
    return dataclasses.replace(table, notes=[_span(report.span.first, report.span.last)])


@tabulate.register
def _deferred_revenue(report: DeferredRevenue, names: Names) -> Table:
    columns = [Column("Invoice"), Column("Customer"), Column("Billed on", "date"), Column("Served until", "date"),
               Column("Deferred", "amount"), Column("Earned", "amount"), Column("Credited or given up", "amount"),
               Column("Still to be earned", "amount")]  # fmt: skip
    rows: list[Sequence[Value]] = [
        [each.number, _cell(each.customer_id, names), each.issued_on, each.period_end, each.amount, each.earned,
         each.taken, each.left]
        for each in report.invoices
    ]  # fmt: skip
    for label, amount in (("Recharge cards sold and not used", report.cards),
                          ("Brought forward or posted by hand", report.other),
                          ("Balance of account 2220", report.balance)):  # fmt: skip
        rows.append(["", label, None, None, None, None, None, amount])
    return Table("", columns, rows, [f"As of {report.as_of}"])


def _ageing(report: Sequence[AgeingRow], names: Names) -> Table:
    columns = [Column("Whose"), *(Column(bucket, "amount") for bucket in BUCKETS), Column("Total", "amount"),
               Column("Invoices", "number"), Column("Paid ahead", "amount")]  # fmt: skip
    rows = ([_cell(row.key, names), *row.buckets, row.total, row.invoices, row.advance] for row in report)
    return Table("", columns, rows)


_RESULT_LINES = {"Income": "income", "Direct costs": "direct_costs", "Gross margin": "margin", "Expenses": "expenses",
                 "Profit": "profit"}  # fmt: skip
_KINDS: dict[type, Kind] = {Decimal: "amount", int: "number", date: "date", datetime: "instant"}


def _fields_of(row: type) -> dict[str, Kind]:
    """The fields of a row and after them what it computes, each with the kind of its type."""
    hints = typing.get_type_hints(row)
    found = {field.name: hints[field.name] for field in dataclasses.fields(row)}
    for name, computed in vars(row).items():
        if isinstance(computed, property) and computed.fget is not None:
            found[name] = typing.get_type_hints(computed.fget)["return"]
    return {name: "percent" if name in ("percent", "rate") else _kind_of(hint) for name, hint in found.items()}


def _kind_of(hint: Any) -> Kind:
    options = typing.get_args(hint) if typing.get_origin(hint) in (types.UnionType, typing.Union) else (hint,)
    kinds = {_KINDS.get(option, "text") for option in options if option is not types.NoneType}
    return kinds.pop() if len(kinds) == 1 else "text"


def _cell(value: Any, names: Names) -> Value:
    if isinstance(value, Id):
        return names.get(value, str(value))
    if value is None or isinstance(value, str | Decimal | int | date):
        return value
    return str(value)


def _heading(key: date | Id | None, by: str, names: Names) -> str:
    if key is None:
        return f"No {by}"
    return f"{key:%b %Y}" if isinstance(key, date) else str(_cell(key, names))


def _span(first: date | None, last: date) -> str:
    return f"{first or 'The beginning'} to {last}"
