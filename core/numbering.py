"""Gap-free numbers people see: a counter row per company, kind and fiscal year."""

from __future__ import annotations

from datetime import date
from typing import LiteralString

from sqlalchemy import PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.db import Base, run_flushed
from core.ids import Id

PREFIXES = {
    "customer": "C", "ticket": "T", "lead": "L", "job": "J", "invoice": "INV", "receipt": "R",
    "credit_note": "CN", "claim": "PC", "journal": "JE", "item": "IT",
    "vendor": "V", "bill": "VB", "vendor_credit": "VCN", "vendor_payment": "VP", "expense": "EX", "transfer": "TF",
    "cash_movement": "CM",
    "refund": "RF",
    "handover": "HO", "salary_payment": "SP", "employee_debt": "ED",
    "terms": "AP", "purchase": "GR", "restock": "RS", "stock_take": "ST",
}  # fmt: skip
FIRST = {"customer": 2000, "ticket": 1000, "lead": 1000, "job": 300}


class NumberSeries(Base):
    """The last number given in one series; `fiscal_year` is empty where a series never restarts."""

    __tablename__ = "number_series"
    __table_args__ = (PrimaryKeyConstraint("company_id", "kind", "fiscal_year"),)
    company_id: Mapped[Id] = mapped_column(server_default=text("taar_company()"))
    kind: Mapped[str]
    fiscal_year: Mapped[str] = mapped_column(default="")
    last: Mapped[int]


RESERVE: LiteralString = (
    "INSERT INTO number_series (kind, fiscal_year, last)"
    " VALUES (%(series)s, %(series_year)s, %(series_first)s::bigint + %(series_count)s)"
    " ON CONFLICT (company_id, kind, fiscal_year)"
    " DO UPDATE SET last = number_series.last + %(series_count)s RETURNING last"
)
"""For a statement of `core.db.run` that takes its number itself, with the values of `reservation`."""
PRINTED: LiteralString = "%(series_prefix)s || lpad(last::text, greatest(6, length(last::text)), '0')"
"""The printed number of a yearly series, where `last` is in scope."""


def reserve(session: Session, kind: str, count: int = 1, *, fiscal_year: str = "") -> range:
    """Take `count` consecutive numbers; call late, the series stays locked until the transaction ends."""
    ((last,),) = run_flushed(session, RESERVE, reservation(kind, count, fiscal_year=fiscal_year)).fetchall()
    return range(last - count + 1, last + 1)


def reservation(kind: str, count: int = 1, *, fiscal_year: str = "") -> dict[str, str | int]:
    """What `RESERVE` and `PRINTED` are executed with."""
    return {
        "series": kind, "series_year": fiscal_year, "series_count": count, "series_first": FIRST.get(kind, 0),
        "series_prefix": f"{PREFIXES[kind]}-{fiscal_year}-",
    }  # fmt: skip


def printed(kind: str, number: int, *, fiscal_year: str = "") -> str:
    """`INV-2026-27-000123` in a yearly series, `T-1042` in one that never restarts."""
    prefix = PREFIXES[kind]
    return f"{prefix}-{fiscal_year}-{number:06d}" if fiscal_year else f"{prefix}-{number}"


def next_number(session: Session, kind: str, *, fiscal_year: str = "") -> str:
    """The next printed number of a series."""
    return printed(kind, reserve(session, kind, fiscal_year=fiscal_year)[0], fiscal_year=fiscal_year)


def fiscal_year_of(day: date, start_month: int) -> str:
    """`2026-27` for a year that starts in July 2026; a calendar year prints as `2026`."""
    start = day.year if day.month >= start_month else day.year - 1
    return str(start) if start_month == 1 else f"{start}-{(start + 1) % 100:02d}"
