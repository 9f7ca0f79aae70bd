"""An agent's cash account is what he collected, less what was handed over, taken back or booked as short: always."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from core.db import company_session
from core.errors import DomainError
from core.ids import Id, new_id
from core.money import ZERO
from core.staff.agent_cash import cash_in_hand, drop_cash_limit, set_cash_limit
from core.staff.cash_differences import book_difference, leave_difference, open_differences
from core.staff.handovers import (
    announce_handover,
    cancel_handover,
    confirm_handover,
    refuse_handover,
    waiting_handovers,
)
from core.staff.leaving import CashStillInHand
from core.usecases.collect_cash import collect_cash
from core.usecases.end_employment import end_unpaid_work
from core.usecases.take_back_payment import reverse_payment
from tests.builders import a_phone, customer_who_owes, make_staff
from tests.cast import NOW, TestCompany

EVENTS = (
    "collect", "reverse", "announce", "count", "count short", "count over", "refuse", "cancel", "book", "leave it",
    "limit", "no limit",
)  # fmt: skip


class Account:
    """The agent's account kept by hand beside the books."""

    def __init__(self, session: Session, company: TestCompany) -> None:
        self.session, self.at = session, NOW
        self.agent = make_staff(session, company, role="recovery_agent", name="Rabia").id
        self.manager = make_staff(session, company, role="manager", name="Saima").id
        self.owner = make_staff(session, company, role="owner", name="Hamid").id
        self.customer = customer_who_owes(session, company, a_phone()).id
        self.payments: list[tuple[Id, Decimal]] = []
        self.expected = ZERO

    def happens(self, event: str, rupees: int) -> None:
        """One event as the people of the company would bring it about; a refusal changes nothing."""
        self.at += timedelta(minutes=7)
        change = ZERO
        try:
            with self.session.begin_nested():
                change = getattr(self, event.replace(" ", "_"))(Decimal(rupees))
        except DomainError:
            change = ZERO
        self.expected += change

    def collect(self, amount: Decimal) -> Decimal:
        taken = collect_cash(self.session, agent_id=self.agent, customer_id=self.customer, amount=amount,
                             idempotency_key=str(new_id()), actor="test", now=self.at)  # fmt: skip
        self.payments.append((taken.payment.id, amount))
        return amount

    def reverse(self, rupees: Decimal) -> Decimal:
        if not self.payments:
            return ZERO
        payment_id, amount = self.payments.pop(int(rupees) % len(self.payments))
        reverse_payment(self.session, payment_id=payment_id, reason="typed twice", actor="test", now=self.at)
        return -amount

    def announce(self, amount: Decimal) -> Decimal:
        announce_handover(self.session, staff_id=self.agent, amount=amount, idempotency_key=str(new_id()), now=self.at)
        return ZERO

    def count(self, _rupees: Decimal, *, off: Decimal = ZERO) -> Decimal:
        waiting = waiting_handovers(self.session, staff_id=self.agent)
        if not waiting:
            return ZERO
        counted = max(waiting[0].announced + off, Decimal("0.50"))
        confirm_handover(self.session, handover_id=waiting[0].id, counted=counted, counted_by=self.manager,
                         now=self.at, actor="test")  # fmt: skip
        return -counted

    def count_short(self, rupees: Decimal) -> Decimal:
        return self.count(rupees, off=-rupees % 40)

    def count_over(self, rupees: Decimal) -> Decimal:
        return self.count(rupees, off=rupees % 40)

    def refuse(self, _rupees: Decimal) -> Decimal:
        for handover in waiting_handovers(self.session, staff_id=self.agent)[:1]:
            refuse_handover(self.session, handover_id=handover.id, refused_by=self.manager, reason="", now=self.at)
        return ZERO

    def cancel(self, _rupees: Decimal) -> Decimal:
        for handover in waiting_handovers(self.session, staff_id=self.agent)[:1]:
            cancel_handover(self.session, handover_id=handover.id, staff_id=self.agent, now=self.at)
        return ZERO

    def book(self, _rupees: Decimal) -> Decimal:
        for difference in open_differences(self.session, staff_id=self.agent)[:1]:
            booked = book_difference(self.session, difference_id=difference.id, decided_by=self.owner,
                                     decided_on=self.at.date(), reason="counted", actor="test").booked  # fmt: skip
            assert booked is not None
            return -booked if difference.kind == "short" else booked
        return ZERO

    def leave_it(self, _rupees: Decimal) -> Decimal:
        for difference in open_differences(self.session, staff_id=self.agent)[:1]:
            leave_difference(self.session, difference_id=difference.id, decided_by=self.owner,
                             decided_on=self.at.date(), reason="explained")  # fmt: skip
        return ZERO

    def limit(self, amount: Decimal) -> Decimal:
        set_cash_limit(self.session, staff_id=self.agent, amount=amount, age_days=None)
        return ZERO

    def no_limit(self, _rupees: Decimal) -> Decimal:
        drop_cash_limit(self.session, staff_id=self.agent)
        return ZERO


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(1, 900)), max_size=18))
def test_whatever_happens_the_account_is_collected_less_handed_over_taken_back_and_booked(
    company: TestCompany, history: list[tuple[str, int]]
) -> None:
    with company_session(company.id, "test") as session:
        account = Account(session, company)
        for event, rupees in history:
            account.happens(event, rupees)
            assert cash_in_hand(session, staff_id=account.agent) == account.expected, event
        waits = bool(waiting_handovers(session, staff_id=account.agent))
        try:
            end_unpaid_work(session, staff_id=account.agent, actor="test", now=account.at)
            gone = True
        except CashStillInHand:
            gone = False
        assert gone == (account.expected == ZERO and not waits)
        assert cash_in_hand(session, staff_id=account.agent) == account.expected
