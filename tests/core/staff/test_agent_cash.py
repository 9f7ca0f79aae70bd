"""Cash in an agent's hands: limits, the oldest money, handovers counted by another, differences decided by another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from core.db import company_session
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.money import ZERO
from core.staff.agent_cash import (
    CashLimitReached,
    cash_in_hand,
    cash_limit_left,
    cash_of_agents,
    drop_cash_limit,
    money_in_hand,
    require_room_for_cash,
    set_cash_limit,
)
from core.staff.balances import NoMoneyAccount
from core.staff.cash_differences import (
    CountInvalid,
    DifferenceDecided,
    NothingToBook,
    NotTheReviewer,
    book_difference,
    count_agent,
    leave_difference,
    open_differences,
)
from core.staff.cash_models import CashDifference, Handover
from core.staff.cashiers import NotTheCashier
from core.staff.handovers import (
    HandoverInvalid,
    HandoverKeyReused,
    HandoverNotWaiting,
    MoreThanInHand,
    SlipUsed,
    announce_handover,
    cancel_handover,
    confirm_handover,
    handover_numbered,
    refuse_handover,
    waiting_handovers,
)
from core.staff.models import Staff
from core.usecases.agent_sheet import agent_sheet
from tests.cast import TestCompany
from tests.core.staff.cast import (
    D,
    at,
    booked,
    bounce,
    collect,
    connect,
    employ,
    hamid,
    hand_over,
    nov,
    rabia,
    saima,
    tariq,
)

TENTH = date(2026, 11, 10)


def announce(session, agent: Staff, amount: str, day: date = TENTH, **more) -> Handover:
    key = more.pop("idempotency_key", str(new_id()))
    return announce_handover(session, staff_id=agent.id, amount=D(amount), idempotency_key=key, now=at(day), **more)


def confirm(session, handover: Handover, counted: str, by: Staff, day: date = TENTH) -> Handover:
    return confirm_handover(session, handover_id=handover.id, counted=D(counted), counted_by=by.id, now=at(day),
                            actor="test")  # fmt: skip


def test_a_handover_moves_the_counted_cash_to_the_office(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, manager = rabia(session, company), saima(session, company)
        collect(session, agent, connect(session, company), "7000.00", nov(10))
        handover = announce(session, agent, "5000.00")
        assert (handover.number, booked(session, "1010")) == ("HO-1", ZERO)
        confirm(session, handover, "5000.00", manager)
        assert (booked(session, "1010"), cash_in_hand(session, staff_id=agent.id)) == (D("5000.00"), D("2000.00"))
        assert handover_numbered(session, number="HO-1").state == "confirmed"


def test_the_agent_cannot_count_his_own_cash_and_neither_can_a_technician(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, technician, manager = rabia(session, company), tariq(session, company), saima(session, company)
        collect(session, agent, connect(session, company), "100.00", nov(10))
        handover = announce(session, agent, "100.00")
        for wrong in (agent, technician):
            with pytest.raises(NotTheCashier, match=wrong.name):
                confirm(session, handover, "100.00", wrong)
        collect(session, manager, connect(session, company), "50.00", nov(10))
        with pytest.raises(NotTheCashier, match="his own cash"):
            confirm(session, announce(session, manager, "50.00"), "50.00", manager)
        by_hand = text("UPDATE handover SET state = 'confirmed', counted = 1, counted_by = staff_id WHERE id = :id")
        with pytest.raises(DBAPIError, match="two_persons"), session.begin_nested():
            session.execute(by_hand, {"id": handover.id})


def test_only_what_is_in_hand_and_not_announced_already_can_be_announced(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, owner = rabia(session, company), hamid(session, company)
        collect(session, agent, connect(session, company), "3000.00", nov(10))
        first = announce(session, agent, "2000.00")
        with pytest.raises(MoreThanInHand, match="at most Rs 1,000"):
            announce(session, agent, "1000.01")
        second = announce(session, agent, "1000.00")
        cancel_handover(session, handover_id=first.id, staff_id=agent.id, now=at(nov(10)))
        refuse_handover(session, handover_id=second.id, refused_by=owner.id, reason="nobody came", now=at(nov(10)))
        third = announce(session, agent, "3000.00")
        assert (third.number, [h.number for h in waiting_handovers(session)]) == ("HO-3", ["HO-3"])
        for done in (first, second):
            with pytest.raises(HandoverNotWaiting, match="already"):
                confirm(session, done, "10.00", owner)
        assert (booked(session, "1010"), second.note) == (ZERO, "nobody came")


def test_another_s_handover_cannot_be_cancelled(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, other = rabia(session, company), tariq(session, company)
        collect(session, agent, connect(session, company), "100.00", nov(10))
        handover = announce(session, agent, "100.00")
        with pytest.raises(NotFound):
            cancel_handover(session, handover_id=handover.id, staff_id=other.id, now=at(nov(10)))


def test_the_same_message_announces_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent = rabia(session, company)
        collect(session, agent, connect(session, company), "900.00", nov(10))
        first = announce(session, agent, "400.00", idempotency_key="message:1")
        assert announce(session, agent, "400.00", idempotency_key="message:1").id == first.id
        with pytest.raises(HandoverKeyReused):
            announce(session, agent, "500.00", idempotency_key="message:1")


def test_a_deposit_into_the_bank_needs_a_slip_that_counts_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, owner = rabia(session, company), hamid(session, company)
        collect(session, agent, connect(session, company), "9000.00", nov(10))
        with pytest.raises(HandoverInvalid, match="slip"):
            announce(session, agent, "4000.00", account_code="1020")
        with pytest.raises(NoMoneyAccount):
            announce(session, agent, "4000.00", account_code="2400", slip="S1")
        deposit = announce(session, agent, "4000.00", account_code="1020", slip="MZN-881")
        with pytest.raises(SlipUsed, match="HO-1"):
            announce(session, agent, "4000.00", account_code="1020", slip=" MZN-881 ")
        confirm(session, deposit, "4000.00", owner)
        assert (booked(session, "1020"), booked(session, "1040", agent.id)) == (D("4000.00"), D("5000.00"))


def test_a_shortage_stays_on_the_agent_until_another_person_charges_it(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, manager, owner = rabia(session, company), saima(session, company), hamid(session, company)
        employ(session, agent)
        collect(session, agent, connect(session, company), "5000.00", nov(10))
        confirm(session, announce(session, agent, "5000.00"), "4600.00", manager)
        short = open_differences(session)[0]
        assert (short.kind, short.amount, cash_in_hand(session, staff_id=agent.id)) == (
            "short",
            D("400.00"),
            D("400.00"),
        )
        decision = {"difference_id": short.id, "decided_on": nov(11), "reason": "lost", "actor": "test"}
        for wrong, refusal in ((agent, NotTheCashier), (manager, NotTheReviewer)):
            with pytest.raises(refusal):
                book_difference(session, decided_by=wrong.id, **decision)
        book_difference(session, decided_by=owner.id, instalment=D("200.00"), **decision)
        assert (booked(session, "1040"), booked(session, "1310", agent.id)) == (ZERO, D("400.00"))
        with pytest.raises(DifferenceDecided):
            leave_difference(session, difference_id=short.id, decided_by=owner.id, decided_on=nov(11), reason="")


def test_a_shortage_that_was_handed_over_later_has_nothing_to_book(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, manager, owner = rabia(session, company), saima(session, company), hamid(session, company)
        collect(session, agent, connect(session, company), "5000.00", nov(10))
        confirm(session, announce(session, agent, "5000.00"), "4600.00", manager)
        hand_over(session, agent, manager, "400.00", nov(11))
        short = open_differences(session)[0]
        with pytest.raises(NothingToBook, match="Rs 0"):
            book_difference(session, difference_id=short.id, decided_by=owner.id, decided_on=nov(11), reason="",
                            actor="test")  # fmt: skip
        left = leave_difference(
            session, difference_id=short.id, decided_by=owner.id, decided_on=nov(11), reason="found"
        )
        assert (left.state, left.booked, booked(session, "1310")) == ("left", None, ZERO)


def test_too_much_becomes_cash_over_only_after_review(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, manager, owner = rabia(session, company), saima(session, company), hamid(session, company)
        connection = connect(session, company)
        collect(session, agent, connection, "1000.00", nov(10))
        confirm(session, announce(session, agent, "1000.00"), "1200.00", manager)
        assert (booked(session, "1010"), cash_in_hand(session, staff_id=agent.id)) == (D("1200.00"), D("-200.00"))
        assert booked(session, "4095") == ZERO
        collect(session, agent, connection, "500.00", nov(11))
        over = open_differences(session, staff_id=agent.id)[0]
        book_difference(session, difference_id=over.id, decided_by=owner.id, decided_on=nov(12), reason="no receipt",
                        amount=D("150.00"), actor="test")  # fmt: skip
        assert (booked(session, "4095"), booked(session, "1040")) == (D("-150.00"), D("450.00"))
        held = money_in_hand(session, as_of=nov(12))[agent.id]
        assert [(cash.collected_on, cash.left) for cash in held] == [(nov(11), D("450.00"))]


def test_a_surprise_count_notes_what_is_missing_or_found(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, manager, owner = rabia(session, company), saima(session, company), hamid(session, company)
        collect(session, agent, connect(session, company), "1000.00", nov(10))
        count = {"staff_id": agent.id, "counted_by": manager.id, "counted_on": nov(10)}
        assert count_agent(session, found=D("1000.00"), **count) is None
        with pytest.raises(CountInvalid):
            count_agent(session, found=D("-1.00"), **count)
        short, over = (count_agent(session, found=D(found), **count) for found in ("900.00", "1030.00"))
        assert short is not None and over is not None
        assert [(short.kind, short.amount), (over.kind, over.amount)] == [("short", D("100.00")), ("over", D("30.00"))]
        book_difference(session, difference_id=over.id, decided_by=owner.id, decided_on=nov(10), reason="tips",
                        actor="test")  # fmt: skip
        assert (cash_in_hand(session, staff_id=agent.id), booked(session, "4095")) == (D("1030.00"), D("-30.00"))


def test_over_the_limit_no_new_cash_is_taken_and_the_refusal_says_what_to_do(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, owner, connection = rabia(session, company), hamid(session, company), connect(session, company)
        set_cash_limit(session, staff_id=agent.id, amount=D("10000.00"), age_days=None)
        collect(session, agent, connection, "9000.00", nov(1))
        ask = {"staff_id": agent.id, "today": nov(10)}
        assert require_room_for_cash(session, amount=D("1000.00"), **ask).left == D("1000.00")
        with pytest.raises(CashLimitReached, match=r"holds Rs 9,000 of at most Rs 10,000 .* hand over first"):
            require_room_for_cash(session, amount=D("1000.01"), **ask)
        hand_over(session, agent, owner, "9000.00", nov(10))
        assert require_room_for_cash(session, amount=D("10000.00"), **ask).in_hand == ZERO


def test_the_company_s_limit_is_fifty_thousand_and_one_day(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, connection = rabia(session, company), connect(session, company)
        collect(session, agent, connection, "100.00", nov(9))
        ask = {"staff_id": agent.id, "amount": D("1.00")}
        assert require_room_for_cash(session, today=nov(10), **ask).left == D("49900.00")
        with pytest.raises(CashLimitReached, match=r"Rs 100, the oldest since 9 Nov 2026 \(2 days, allowed 1\)"):
            require_room_for_cash(session, today=nov(11), **ask)
        set_cash_limit(session, staff_id=agent.id, amount=None, age_days=None)
        assert require_room_for_cash(session, today=nov(30), **ask).left is None
        drop_cash_limit(session, staff_id=agent.id)
        assert cash_limit_left(session, staff_id=agent.id, today=nov(30)).left == ZERO


def test_a_handover_takes_the_oldest_money_first(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, owner, connection = rabia(session, company), hamid(session, company), connect(session, company)
        oldest = collect(session, agent, connection, "1000.00", nov(7))
        for day, amount in ((8, "2000.00"), (9, "3000.00")):
            collect(session, agent, connection, amount, nov(day))
        hand_over(session, agent, owner, "1500.00", nov(9))
        held = money_in_hand(session, as_of=nov(9))[agent.id]
        assert [(cash.collected_on, cash.left) for cash in held] == [(nov(8), D("1500.00")), (nov(9), D("3000.00"))]
        bounce(session, oldest, nov(10))
        held = money_in_hand(session, as_of=nov(10))[agent.id]
        assert [(cash.collected_on, cash.left) for cash in held] == [(nov(8), D("500.00")), (nov(9), D("3000.00"))]
        assert [cash.left for cash in money_in_hand(session, as_of=nov(7))[agent.id]] == [D("1000.00")]


def test_the_sheet_tells_the_day_by_receipts_and_handovers(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, owner, connection = rabia(session, company), hamid(session, company), connect(session, company)
        collect(session, agent, connection, "400.00", nov(9))
        wrong = collect(session, agent, connection, "50.00", nov(9))
        collect(session, agent, connection, "600.00", nov(10))
        bounce(session, wrong, nov(10))
        hand_over(session, agent, owner, "700.00", nov(10))
        sheet = agent_sheet(session, staff_id=agent.id, first=nov(10))
        board = cash_of_agents(session, today=nov(10))
    assert (sheet.opening, sheet.closing) == (D("450.00"), D("300.00"))
    assert [(receipt.number, receipt.amount) for receipt in sheet.collected] == [("R-3", D("600.00"))]
    assert [(r.number, r.amount, r.why) for r in sheet.taken_back] == [("R-2", D("-50.00"), "bounced, forged note")]
    assert [(given.number, given.amount) for given in sheet.handed_over] == [("HO-1", D("-700.00"))]
    assert (sheet.cash.oldest_on, sheet.limits.left, sheet.other) == (nov(10), D("49700.00"), ())
    assert [(row.name, row.in_hand, row.age_days) for row in board] == [("Rabia", D("300.00"), 0)]


def at_once(*actions: Callable[[], object]) -> list[str]:
    outcomes: list[str] = []

    def attempt(action: Callable[[], object]) -> None:
        try:
            action()
            outcomes.append("done")
        except DomainError as refused:
            outcomes.append(type(refused).__name__)

    threads = [threading.Thread(target=attempt, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def test_two_cashiers_counting_the_same_handover_book_it_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, manager, owner = rabia(session, company), saima(session, company), hamid(session, company)
        collect(session, agent, connect(session, company), "1000.00", nov(10))
        handover = announce(session, agent, "1000.00")

    def count(by: Staff) -> None:
        with company_session(company.id, "test") as session:
            confirm(session, handover, "1000.00", by)

    assert at_once(lambda: count(manager), lambda: count(owner)) == ["HandoverNotWaiting", "done"]
    with company_session(company.id, "test") as session:
        assert (booked(session, "1010"), booked(session, "1040")) == (D("1000.00"), ZERO)


def test_announcements_at_the_same_moment_never_exceed_the_cash(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent = rabia(session, company)
        collect(session, agent, connect(session, company), "1000.00", nov(10))

    def announce_most() -> None:
        with company_session(company.id, "test") as session:
            announce(session, agent, "600.00")

    assert at_once(*[announce_most] * 4) == ["MoreThanInHand", "MoreThanInHand", "MoreThanInHand", "done"]
    with company_session(company.id, "test") as session:
        assert [handover.number for handover in waiting_handovers(session)] == ["HO-1"]


def test_receipts_at_the_same_moment_do_not_pass_the_limit_together(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, connection = rabia(session, company), connect(session, company)
        set_cash_limit(session, staff_id=agent.id, amount=D("1000.00"), age_days=1)

    def take() -> None:
        with company_session(company.id, "test") as session:
            require_room_for_cash(session, staff_id=agent.id, amount=D("600.00"), today=nov(10))
            collect(session, agent, connection, "600.00", nov(10))

    assert at_once(take, take, take) == ["CashLimitReached", "CashLimitReached", "done"]


EVENTS = st.sampled_from(["collect", "bank", "bounce", "hand", "short", "over", "charge", "leave", "income"])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(EVENTS, st.integers(1, 900)), max_size=16))
def test_sheets_and_the_oldest_money_tie_to_1040_after_any_history(
    company: TestCompany, history: list[tuple[str, int]]
) -> None:
    with company_session(company.id, "test") as session:
        agent, manager, owner = rabia(session, company), saima(session, company), hamid(session, company)
        employ(session, agent)
        connection, payments, day = connect(session, company), [], 1
        for event, rupees in history:
            day += rupees % 2
            happen(session, agent, manager, owner.id, connection, payments, event, rupees, nov(day))
        carried = ZERO
        for number in range(1, 19):
            sheet = agent_sheet(session, staff_id=agent.id, first=nov(number))
            parts = (*sheet.collected, *sheet.taken_back, *sheet.handed_over, *sheet.other)
            assert sheet.opening == carried
            assert sheet.opening + sum((part.amount for part in parts), ZERO) == sheet.closing
            assert sum((cash.left for cash in sheet.cash.held), ZERO) == max(sheet.closing, ZERO)
            carried = sheet.closing
        assert carried == booked(session, "1040", agent.id) == cash_in_hand(session, staff_id=agent.id)
        handed = session.scalars(select(Handover.counted).where(Handover.staff_id == agent.id))
        assert sum((counted for counted in handed if counted), ZERO) == sum(
            (-line.amount for line in agent_sheet(session, staff_id=agent.id, first=nov(1), last=nov(30)).handed_over),
            ZERO,
        )


def happen(session, agent, manager, owner_id: Id, connection, payments, event: str, rupees: int, day: date) -> None:
    try:
        with session.begin_nested():
            if event in ("collect", "bank"):
                method = "cash" if event == "collect" else "bank"
                payments.append(collect(session, agent, connection, f"{rupees}.50", day, method=method))
            elif event == "bounce" and payments:
                bounce(session, payments.pop(rupees % len(payments)), day)
            elif event in ("hand", "short", "over"):
                counted = {"hand": rupees, "short": max(rupees - 5, 1), "over": rupees + 7}[event]
                hand_over(session, agent, manager, f"{rupees}.00", day, counted=f"{counted}.00")
            elif event in ("charge", "income", "leave"):
                kind = {"charge": "short", "income": "over"}.get(event)
                found = session.scalars(
                    select(CashDifference).where(CashDifference.state == "open", CashDifference.staff_id == agent.id)
                )
                for difference in [row for row in found if kind in (None, row.kind)][:1]:
                    decision = {"difference_id": difference.id, "decided_by": owner_id, "decided_on": day}
                    if kind is None:
                        leave_difference(session, **decision, reason="explained")
                    else:
                        book_difference(session, **decision, reason="", actor="test")
    except DomainError:
        pass
