"""Closing, reopening and the year's end; the totals of closed months are what the postings add up to, always."""

from __future__ import annotations

import threading
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.db import company_session
from core.ids import new_id
from core.ledger.journal import Line, post_entry, reverse_entry
from core.ledger.periods import (
    AlreadyClosed,
    NothingClosed,
    OwnerOnly,
    PeriodClosed,
    PeriodNotOver,
    ReasonMissing,
    books_state,
    close_period,
    period_history,
    reopen_periods,
    set_policy,
)
from core.ledger.statements import balance_sheet, profit_and_loss, trial_balance
from core.ledger.sums import Span, sums
from core.ledger.year_close import NothingToClose, YearClosed, close_year
from tests.cast import NOW, TestCompany
from tests.core.ledger.books import LATER, journal_balances, post

JULY, AUGUST, SEPTEMBER, OCTOBER = (date(2026, month, 10) for month in (7, 8, 9, 10))


def close(session: Session, through: date, *, hard: bool = False) -> None:
    close_period(session, through=through, hard=hard, by="staff:owner", now=NOW)


def reopen(session: Session, since: date, *, role: str = "owner", reason: str = "A bill came late") -> None:
    reopen_periods(session, since=since, reason=reason, by="staff:owner", by_role=role, now=NOW)


def reported(session: Session, last: date, first: date | None = None) -> dict[str, Decimal]:
    return {row.account.code: row.amount for row in sums(session, span=Span(first, last)) if row.amount}


def test_a_softly_closed_month_takes_adjustments_of_an_accountant_only(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        post(session, AUGUST, "6110", "1010", "900.00")
        close(session, date(2026, 8, 31))
        set_policy(session, accountants=["staff:accountant"])
        for kind, actor in (("expense", "staff:accountant"), ("depreciation", "staff:a")):
            with pytest.raises(PeriodClosed):
                post(session, AUGUST, "6110", "1010", "1.00", kind=kind, actor=actor)
        post(session, AUGUST, "6900", "1509", "50.00", kind="depreciation", actor="staff:accountant")
        post(session, SEPTEMBER, "6110", "1010", "900.00")
        assert reported(session, date(2026, 8, 31)) == journal_balances(session, date(2026, 8, 31))
        assert reported(session, SEPTEMBER)["6110"] == Decimal("1800.00")


def test_a_hard_closed_month_takes_nothing(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        set_policy(session, accountants=["staff:accountant"])
        entry = post(session, JULY, "6110", "1010", "900.00")
        close(session, date(2026, 7, 31), hard=True)
        with pytest.raises(PeriodClosed, match="2026-07-31"):
            post(session, JULY, "6900", "1509", "50.00", kind="depreciation", actor="staff:accountant")
        with pytest.raises(PeriodClosed):
            reverse_entry(session, entry_id=entry, posted_on=JULY, actor="staff:accountant")
        reverse_entry(session, entry_id=entry, posted_on=AUGUST, actor="staff:a")
        assert reported(session, AUGUST) == {}
        assert reported(session, JULY) == {"1010": Decimal("-900.00"), "6110": Decimal("900.00")}


@pytest.mark.parametrize("hard", [False, True])
def test_the_database_closes_the_books_to_every_writer(company: TestCompany, hard: bool) -> None:
    with company_session(company.id, "test") as session:
        post(session, JULY, "6110", "1010", "900.00")
        close(session, date(2026, 7, 31), hard=hard)
    with pytest.raises(DBAPIError, match="closed through 2026-07-31"), company_session(company.id, "test") as session:
        entry = new_id()
        session.execute(
            text("INSERT INTO journal_entry (id, kind, source_id, posted_on, memo, actor, origin)"
                 " VALUES (:id, 'expense', :id, '2026-07-31', '', 'staff:a', '')"), {"id": entry})  # fmt: skip
        session.execute(
            text("INSERT INTO posting (entry_id, account_id, posted_on, amount) SELECT :id, id, '2026-07-31',"
                 " CASE code WHEN '1010' THEN 5 ELSE -5 END FROM account WHERE code IN ('1010', '4090')"),
            {"id": entry},
        )  # fmt: skip


def test_closings_go_forward_and_only_over_days_that_are_past(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        with pytest.raises(PeriodNotOver):
            close(session, date(2026, 11, 24))
        close(session, date(2026, 8, 15))
        assert books_state(session).totals_through == date(2026, 7, 31)
        with pytest.raises(AlreadyClosed):
            close(session, date(2026, 8, 15))
        close(session, date(2026, 8, 15), hard=True)
        close(session, date(2026, 9, 30))
        with pytest.raises(AlreadyClosed):
            close(session, date(2026, 8, 1), hard=True)
        state = books_state(session)
    assert (state.soft_through, state.hard_through, state.totals_through) == (
        date(2026, 9, 30), date(2026, 8, 15), date(2026, 9, 30),
    )  # fmt: skip


def test_only_the_owner_reopens_with_a_reason_and_it_is_logged(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        post(session, JULY, "6110", "1010", "900.00")
        post(session, AUGUST, "6110", "1010", "900.00")
        close(session, date(2026, 9, 30), hard=True)
        with pytest.raises(OwnerOnly):
            reopen(session, AUGUST, role="manager")
        with pytest.raises(ReasonMissing):
            reopen(session, AUGUST, reason="  ")
        with pytest.raises(NothingClosed):
            reopen(session, date(2026, 10, 1))
        reopen(session, AUGUST)
        post(session, AUGUST, "6110", "1010", "100.00")
        with pytest.raises(PeriodClosed):
            post(session, date(2026, 8, 9), "6110", "1010", "100.00")
        assert session.scalar(text("SELECT max(month) FROM account_month")) == date(2026, 7, 1)
        assert reported(session, date(2026, 8, 31))["6110"] == Decimal("1900.00")
        newest = period_history(session)[0]
    assert (newest.action, newest.reason, newest.done_by, newest.hard_through) == (
        "reopen", "A bill came late", "staff:owner", date(2026, 8, 9),
    )  # fmt: skip


def test_the_log_of_closings_is_not_rewritten(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        close(session, date(2026, 7, 31))
    with pytest.raises(DBAPIError), company_session(company.id, "test") as session:
        session.execute(text("DELETE FROM period_event"))


def test_who_is_posting_holds_up_who_closes_so_that_no_total_misses_an_entry(company: TestCompany) -> None:
    posted, closing = threading.Event(), threading.Event()

    def close_july() -> None:
        posted.wait()
        with company_session(company.id, "test") as session:
            closing.set()
            close(session, date(2026, 7, 31))

    closer = threading.Thread(target=close_july)
    closer.start()
    with company_session(company.id, "test") as session:
        post(session, JULY, "6110", "1010", "900.00")
        posted.set()
        closing.wait()
        closer.join(0.3)
        assert closer.is_alive()
    closer.join()
    with company_session(company.id, "test") as session:
        assert reported(session, date(2026, 7, 31))["6110"] == Decimal("900.00")


def test_the_year_moves_its_result_to_retained_earnings_and_the_statements_leave_that_out(company: TestCompany) -> None:
    first, last = date(2026, 7, 1), date(2027, 6, 30)
    with company_session(company.id, "test") as session:
        post(session, JULY, "1010", "4090", "5000.00", kind="other_income")
        post(session, date(2027, 6, 1), "6110", "1010", "1200.00")
        with pytest.raises(PeriodNotOver):
            close_year(session, year_of=JULY, by="staff:owner", origin="panel:year", now=NOW)
        entry = close_year(session, year_of=JULY, by="staff:owner", origin="panel:year", now=LATER)
        with pytest.raises(YearClosed):
            close_year(session, year_of=last, by="staff:owner", origin="panel:year", now=LATER)
        assert journal_balances(session, last) == {"1010": Decimal("3800.00"), "3900": Decimal("-3800.00")}
        for closed in (False, True):
            if closed:
                close_period(session, through=last, by="staff:owner", now=LATER)
            assert profit_and_loss(session, first=first, last=last).total.profit == Decimal("3800.00")
            sheet = balance_sheet(session, as_of=last)
            assert (sheet.total_equity, sheet.result, sheet.off_by) == (Decimal("3800.00"), 0, 0)
        set_policy(session, accountants=["staff:owner"])
        reverse_entry(session, entry_id=entry.id, posted_on=last, actor="staff:owner", origin="panel:year")
        sheet = balance_sheet(session, as_of=last)
        assert (sheet.total_equity, sheet.result_of_year, sheet.off_by) == (0, Decimal("3800.00"), 0)
        assert profit_and_loss(session, first=first, last=last).total.profit == Decimal("3800.00")
        close_year(session, year_of=JULY, by="staff:owner", origin="panel:year", now=LATER)
        with pytest.raises(YearClosed):
            close_year(session, year_of=date(2025, 8, 1), by="staff:owner", origin="panel:year", now=LATER)


def test_a_year_without_a_result_has_nothing_to_close(company: TestCompany) -> None:
    with company_session(company.id, "test") as session, pytest.raises(NothingToClose):
        close_year(session, year_of=date(2025, 8, 1), by="staff:owner", origin="panel:year", now=LATER)


def test_earlier_results_that_no_closing_moved_stand_apart_from_this_year(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        post(session, date(2026, 6, 30), "1010", "4090", "100.00", kind="other_income")
        post(session, JULY, "1010", "4090", "7.00", kind="other_income")
        sheet = balance_sheet(session, as_of=AUGUST)
    assert (sheet.result_of_earlier_years, sheet.result_of_year, sheet.off_by) == (
        Decimal("100.00"),
        Decimal("7.00"),
        0,
    )


def test_totals_of_one_company_are_not_those_of_another(company: TestCompany, other_company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        post(session, JULY, "6110", "1010", "900.00")
        close(session, date(2026, 8, 31), hard=True)
    with company_session(other_company.id, "test") as session:
        assert books_state(session).soft_through is None
        assert trial_balance(session, as_of=OCTOBER) == []
        post_entry(session, kind="expense", source_id=new_id(), posted_on=JULY, actor="test", origin="panel:x",
                   lines=[Line("6110", Decimal("1.00")), Line("1010", Decimal("-1.00"))])  # fmt: skip
