"""Whatever happens to invoices of a year, in whatever order: 2220 is what they have not earned, and ends at nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.credit_notes import credit_invoice
from core.billing.deferral_models import Deferral
from core.billing.invoice_models import Invoice
from core.billing.subscription_models import Subscription
from core.billing.voiding import void_invoice
from core.billing.write_offs import approve_write_off, write_off_invoice
from core.db import company_session
from core.errors import DomainError
from core.ids import new_id
from core.money import ZERO
from core.usecases.earn_revenue import earn_revenue
from core.usecases.end_service import end_service
from tests.cast import TestCompany
from tests.core.billing.ledger_checks import assert_books_tie, booked
from tests.core.billing.life import only_tax, policy
from tests.core.billing.yearly import bill, earn_until, held, subscribe_for_long

D = Decimal
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["wait", "wait", "earn", "bill", "credit", "credit", "end", "void", "write_off"]),
        st.integers(0, 1), st.integers(1, 99),
    ),
    min_size=4, max_size=14,
)  # fmt: skip


@dataclass
class History:
    """Two subscriptions, of a year and of half a year, and a day that only goes on."""

    session: Session
    subscriptions: list[Subscription]
    today: date = date(2026, 1, 1)
    happened: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime(self.today.year, self.today.month, self.today.day, 7, tzinfo=UTC)

    def invoices(self, which: int) -> list[Invoice]:
        mine = select(Invoice).where(Invoice.subscription_id == self.subscriptions[which].id)
        return list(self.session.scalars(mine.order_by(Invoice.issued_on, Invoice.id)))

    def does(self, what: str, which: int, size: int) -> None:
        """What the domain refuses did not happen."""
        try:
            with self.session.begin_nested():
                getattr(self, what)(which, size)
        except DomainError:
            return
        self.happened.append(what)

    def wait(self, _which: int, size: int) -> None:
        self.today += timedelta(days=size)

    def earn(self, _which: int, _size: int) -> None:
        earn_revenue(self.session, today=self.today, actor="system")

    def bill(self, which: int, _size: int) -> None:
        bill(self.session, self.subscriptions[which], self.today)

    def credit(self, which: int, size: int) -> None:
        for invoice in self.invoices(which)[-1:]:
            credit_invoice(
                self.session, invoice_id=invoice.id, reason="sorry", issued_on=self.today, made_by="test",
                idempotency_key=str(new_id()), share=D(size) / 100,
            )  # fmt: skip

    def end(self, which: int, size: int) -> None:
        end_service(
            self.session, subscription_id=self.subscriptions[which].id, end_day=self.today - timedelta(days=size % 40),
            now=self.now(), actor="test",
        )  # fmt: skip

    def void(self, which: int, _size: int) -> None:
        for invoice in self.invoices(which)[-1:]:
            void_invoice(self.session, invoice_id=invoice.id, reason="wrong", day=self.today, actor="test")

    def write_off(self, which: int, _size: int) -> None:
        for invoice in self.invoices(which)[:1]:
            asked = write_off_invoice(self.session, invoice_id=invoice.id, reason="gone", asked_by="a", now=self.now())
            approve_write_off(self.session, write_off_id=asked.id, approved_by="b", now=self.now())


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS, st.booleans())
def test_deferred_revenue_ties_and_ends_at_nothing(
    company: TestCompany, events: list[tuple[str, int, int]], refunded: bool
) -> None:
    with company_session(company.id) as session:
        only_tax(session, "19.5")
        policy(session).unused_days_refunded = refunded
        suffix = str(new_id().int % 10**9)
        before = held(session)
        history = History(session, [
            subscribe_for_long(session, company, price=price, months=months, taxes=True)
            for price, months in ((f"12345.{suffix[-2:]}", 12), (f"777.{suffix[-4:-2]}", 6))
        ])  # fmt: skip
        history.does("bill", 0, 0)
        for event in events:
            history.does(*event)
            open_left = select(func.sum(Deferral.amount - Deferral.earned - Deferral.taken))
            assert -booked(session, "2220") == (session.scalar(open_left) or ZERO)
        assert_books_tie(session)

        ends = [invoice.period_end for which in (0, 1) for invoice in history.invoices(which) if invoice.period_end]
        earn_until(session, max([history.today, *ends]) + timedelta(days=62))

        assert held(session)[0] == ZERO == before[0]
        assert_books_tie(session)
        session.rollback()
