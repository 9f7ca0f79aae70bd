"""Random years of a company: whatever was billed, paid, booked, undone, closed and reopened, the books are right."""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from beancount import loader
from beancount.core.data import Transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.billing.invoices import AlreadyInvoiced
from core.billing.payments import record_payment
from core.db import company_session
from core.ids import Id, new_id
from core.ledger.cash_flow import cash_flow
from core.ledger.export_text import export_books
from core.ledger.journal import AlreadyReversed, Line, post_entry, reverse_entry
from core.ledger.manual_entries import write_manual_entry
from core.ledger.periods import (
    AlreadyClosed,
    NothingClosed,
    PeriodClosed,
    books_state,
    close_period,
    reopen_periods,
    set_policy,
)
from core.ledger.statements import balance_sheet, profit_and_loss, trial_balance
from core.ledger.year_close import NothingToClose, YearClosed, close_year
from core.money import ZERO
from core.usecases.check_books import check_books
from tests.builders import make_customer, make_invoice, make_plan, make_subscription
from tests.cast import NOW
from tests.conftest import open_test_company
from tests.core.ledger.books import journal_balances

_counter = itertools.count(1)
FIRST, LAST = date(2026, 1, 1), date(2026, 11, 20)
days = st.dates(FIRST, LAST)
amounts = st.integers(1, 9_999_999).map(lambda paisa: Decimal(paisa) / 100)
ACCOUNTANT = "staff:accountant"
EVENTS = (("expense", "6110", "1010"), ("other_income", "1020", "4090"), ("bill_payment", "5000", "1020"),
          ("transfer", "1010", "1020"), ("owner_capital", "1020", "3000"))  # fmt: skip
PROFIT = text("""
    SELECT coalesce(-sum(p.amount), 0) FROM posting p JOIN account a ON a.id = p.account_id
      JOIN journal_entry e ON e.id = p.entry_id LEFT JOIN journal_entry o ON o.id = e.reverses_id
     WHERE a.type IN ('income', 'expense') AND p.posted_on BETWEEN :first AND :last
       AND e.kind <> 'year_close' AND coalesce(o.kind, '') <> 'year_close'
""")


class Books(RuleBasedStateMachine):
    """Each step is a transaction of its own; what must be refused is known before it is tried."""

    @initialize()
    def open(self) -> None:
        number = next(_counter)
        self.company = open_test_company(f"random-{os.getpid()}-{number}", f"8{os.getpid() % 10**7:07d}{number:08d}")
        self.areas = [self.company.area_id, new_id(), None]
        self.plans = [new_id(), None]
        self.undoable: list[Id] = []
        with company_session(self.company.id, "test") as session:
            set_policy(session, accountants=[ACCOUNTANT], manual_limit=Decimal("99999999.00"))
            plan = make_plan(session)
            customers = [make_customer(session, self.company) for _ in range(3)]
            self.customers = [customer.id for customer in customers]
            self.lines = [make_subscription(session, customer, plan).id for customer in customers]

    def attempt(self, day: date, action: Callable[[Session], object], *, adjusts: bool = False) -> object | None:
        """Do it in a transaction; it must be refused exactly where the books are closed to it."""
        with company_session(self.company.id, "test") as session:
            state = books_state(session)
        hard = state.hard_through is not None and day <= state.hard_through
        soft = state.soft_through is not None and day <= state.soft_through and not adjusts
        try:
            with company_session(self.company.id, "test") as session:
                done = action(session)
        except PeriodClosed:
            assert hard or soft
            return None
        assert not (hard or soft)
        return done

    @rule(day=days, amount=amounts, event=st.sampled_from(EVENTS), area=st.integers(0, 2), plan=st.integers(0, 1),
          accountant=st.booleans())  # fmt: skip
    def book(
        self, day: date, amount: Decimal, event: tuple[str, str, str], area: int, plan: int, accountant: bool
    ) -> None:
        kind, debit, credit = event
        sides = {"area_id": self.areas[area], "plan_id": self.plans[plan]}
        lines = [Line(debit, amount, None, **sides), Line(credit, -amount, None, **sides)]
        entry = self.attempt(day, lambda session: post_entry(
            session, kind=kind, source_id=new_id(), posted_on=day, lines=lines, origin="run:random",
            actor=ACCOUNTANT if accountant else "staff:a",
        ).id)  # fmt: skip
        if isinstance(entry, Id):
            self.undoable.append(entry)

    @rule(day=days, amount=amounts, accountant=st.booleans())
    def adjust(self, day: date, amount: Decimal, accountant: bool) -> None:
        by = ACCOUNTANT if accountant else "staff:a"
        self.attempt(day, adjusts=accountant, action=lambda session: write_manual_entry(
            session, posted_on=day, lines=[Line("6900", amount), Line("1509", -amount)], reason="Depreciation", by=by,
            origin="panel:manual", now=NOW,
        ))  # fmt: skip

    @precondition(lambda self: self.undoable)
    @rule(day=days, which=st.integers(0, 10_000), accountant=st.booleans())
    def undo(self, day: date, which: int, accountant: bool) -> None:
        entry = self.undoable[which % len(self.undoable)]
        by = ACCOUNTANT if accountant else "staff:a"
        try:
            self.attempt(day, adjusts=accountant, action=lambda session: reverse_entry(
                session, entry_id=entry, posted_on=day, actor=by, origin="panel:undo",
            ))  # fmt: skip
        except AlreadyReversed:
            return

    @rule(who=st.integers(0, 2), month=st.integers(1, 11))
    def bill(self, who: int, month: int) -> None:
        day = date(2026, month, 1)
        try:
            self.attempt(day, lambda session: make_invoice(session, self.lines[who], month=day))
        except AlreadyInvoiced:
            return

    @rule(who=st.integers(0, 2), day=days, amount=amounts)
    def pay(self, who: int, day: date, amount: Decimal) -> None:
        self.attempt(day, lambda session: record_payment(
            session, customer_id=self.customers[who], amount=amount, method="cash", received_on=day, taken_by="test",
            idempotency_key=str(new_id()), origin="message:random", now=NOW,
        ))  # fmt: skip

    @rule(through=days, hard=st.booleans())
    def close(self, through: date, hard: bool) -> None:
        try:
            with company_session(self.company.id, "test") as session:
                close_period(session, through=through, hard=hard, by="staff:owner", now=NOW)
        except AlreadyClosed:
            return

    @rule(back=st.integers(0, 150))
    def reopen(self, back: int) -> None:
        with company_session(self.company.id, "test") as session:
            through = books_state(session).soft_through or LAST
            try:
                reopen_periods(session, since=through - timedelta(days=back), reason="Late", by="staff:owner",
                               by_role="owner", now=NOW)  # fmt: skip
            except NothingClosed:
                return

    @rule()
    def end_the_year(self) -> None:
        day = date(2026, 6, 30)
        try:
            self.attempt(day, adjusts=True, action=lambda session: close_year(
                session, year_of=day, by=ACCOUNTANT, origin="panel:year", now=NOW
            ))  # fmt: skip
        except (YearClosed, NothingToClose):
            return

    @rule(day=days, since=days)
    def look(self, day: date, since: date) -> None:
        first, last = min(day, since), max(day, since)
        with company_session(self.company.id, "test") as session:
            rows = trial_balance(session, as_of=last)
            journal = journal_balances(session, last)
            assert {row.code: row.debit - row.credit for row in rows if row.debit or row.credit} == journal
            assert sum((row.debit - row.credit for row in rows), ZERO) == ZERO
            assert balance_sheet(session, as_of=last).off_by == ZERO
            profit = session.scalar(PROFIT, {"first": first, "last": last})
            for by in ("", "month", "area", "plan"):
                assert profit_and_loss(session, first=first, last=last, by=by).total.profit == profit
            flow = cash_flow(session, first=first, last=last)
            assert flow.opening + flow.net == flow.closing

    @rule()
    def check(self) -> None:
        with company_session(self.company.id, "test") as session:
            assert [found for found in check_books(session, as_of=LAST) if found.check != "origin"] == []

    def teardown(self) -> None:
        if not hasattr(self, "company"):
            return
        self.check()
        self.look(LAST, FIRST)
        out = io.StringIO()
        with company_session(self.company.id, "test") as session:
            export_books(session, format="beancount", last=LAST, out=out)
            ours = journal_balances(session, LAST)
        entries, errors, _ = loader.load_string(out.getvalue())
        assert errors == []
        theirs: dict[str, Decimal] = {}
        for side in (p for entry in entries if isinstance(entry, Transaction) for p in entry.postings):
            code = side.account.split(":")[1][:4]
            theirs[code] = theirs.get(code, ZERO) + side.units.number
        assert {code: amount for code, amount in theirs.items() if amount} == ours


def test_books_are_right_after_any_history(database: str) -> None:
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=4, stateful_step_count=300, deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        ),
    )  # fmt: skip
