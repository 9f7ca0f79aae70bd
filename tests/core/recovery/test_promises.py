"""Promises: offered, taken, extended, and judged by the money."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import holidays
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.payment_models import Payment
from core.ids import Id
from core.money import AmountInvalid
from core.recovery.case_models import Attempt, Promise
from core.recovery.policy import change_policy, declare_day, policy_of
from core.recovery.promise_terms import History, PromiseRefused, terms_for
from core.recovery.promises import ExtensionsUsedUp, PromiseStillRunning, move_limits
from core.recovery.reliability import Record, score_of
from core.usecases.judge_promises import judge_promises_of
from core.usecases.log_promise import log_promise, promise_offers
from core.usecases.rate_customer import rate_customer
from tests.core.recovery.town import Town, at, pay

DUE = date(2026, 9, 10)
MONDAY = date(2026, 9, 14)


def promise(
    session: Session, customer_id: Id, amount: str, due_on: date, *, on: date = MONDAY, **options: object
) -> Promise:
    settled: dict[str, object] = {"taken_by": "contact:1", "channel": "chat"} | options
    return log_promise(session, customer_id=customer_id, amount=Decimal(amount), due_on=due_on, now=at(on), **settled)  # type: ignore[arg-type]


def state(town: Town, customer_id: Id, day: date) -> tuple[str, str]:
    with town.open() as session:
        judge_promises_of(session, customer_id=customer_id, now=at(day, 23))
        newest = session.scalars(select(Promise).where(Promise.customer_id == customer_id).order_by(Promise.id)).all()[
            -1
        ]
        return newest.state, str(newest.received)


@pytest.fixture
def debtor(town: Town) -> Id:
    customer_id = town.customer()
    town.owes(customer_id, "4000.00", DUE)
    town.ages(DUE + timedelta(days=1))
    return customer_id


def test_a_promise_waits_until_its_grace_is_over(town: Town, debtor: Id) -> None:
    with town.open() as session:
        made = promise(session, debtor, "4000.00", date(2026, 9, 16))
    assert made.limit_on == date(2026, 9, 17)
    assert state(town, debtor, date(2026, 9, 17)) == ("open", "0.00")
    assert state(town, debtor, date(2026, 9, 18)) == ("broken", "0.00")
    case = town.case(debtor)
    assert case is not None
    assert case.hastened


def test_a_limit_on_a_sunday_or_a_holiday_moves_to_the_next_working_day(town: Town, debtor: Id) -> None:
    with town.open() as session:
        made = promise(session, debtor, "4000.00", date(2026, 9, 19))
        assert made.limit_on == date(2026, 9, 21)
        declare_day(session, day=date(2026, 9, 21), is_holiday=True, name="Election", changed_by="staff:1")
        assert move_limits(session) == 1
    assert state(town, debtor, date(2026, 9, 22))[0] == "open"
    assert state(town, debtor, date(2026, 9, 23))[0] == "broken"


def test_only_money_after_the_promise_and_up_to_its_limit_counts(town: Town, debtor: Id) -> None:
    with town.open() as session:
        pay(session, debtor, "500.00", MONDAY)
        promise(session, debtor, "3500.00", date(2026, 9, 16))
        pay(session, debtor, "600.00", MONDAY)
        pay(session, debtor, "700.00", date(2026, 9, 11))  # entered late
        pay(session, debtor, "800.00", date(2026, 9, 17))
        pay(session, debtor, "900.00", date(2026, 9, 18))
    assert state(town, debtor, date(2026, 9, 18)) == ("partial", "1400.00")


def test_enough_money_keeps_a_promise_at_once_and_a_bounce_takes_it_back(town: Town, debtor: Id) -> None:
    with town.open() as session:
        promise(session, debtor, "2000.00", date(2026, 9, 16))
    payment_id, followed = town.pays(debtor, "2000.00", date(2026, 9, 15))
    assert [(each.state, each.received) for each in followed.judged] == [("kept", Decimal("2000.00"))]
    assert [each.state for each in town.bounces(payment_id, date(2026, 9, 16)).judged] == ["open"]
    assert state(town, debtor, date(2026, 9, 18)) == ("broken", "0.00")


def test_money_entered_late_but_received_in_time_mends_a_broken_promise(town: Town, debtor: Id) -> None:
    with town.open() as session:
        promise(session, debtor, "2000.00", date(2026, 9, 16))
    assert state(town, debtor, date(2026, 9, 20))[0] == "broken"
    with town.open() as session:
        pay(session, debtor, "2000.00", date(2026, 9, 17))
    assert state(town, debtor, date(2026, 9, 21)) == ("kept", "2000.00")


def test_one_promise_is_open_and_it_is_moved_twice_at_most(town: Town, debtor: Id) -> None:
    with town.open() as session:
        first = promise(session, debtor, "4000.00", date(2026, 9, 16))
        with pytest.raises(PromiseStillRunning) as refused:
            promise(session, debtor, "4000.00", date(2026, 9, 17))
        assert refused.value.promise.id == first.id
        second = promise(session, debtor, "3000.00", date(2026, 9, 18), extend=True)
        third = promise(session, debtor, "3000.00", date(2026, 9, 20), extend=True, on=date(2026, 9, 15))
        assert (first.state, second.state, third.state) == ("replaced", "replaced", "open")
        assert (third.replaces_id, third.extension_no) == (second.id, 2)
        with pytest.raises(ExtensionsUsedUp):
            promise(session, debtor, "3000.00", date(2026, 9, 21), extend=True, on=date(2026, 9, 16))
        offers = promise_offers(session, customer_id=debtor, today=date(2026, 9, 16))
        assert (offers.days, offers.reasons) == ((), ("the open promise was moved 2 times already",))


def test_two_agents_at_the_same_moment_take_one_promise(town: Town, debtor: Id) -> None:
    def take() -> str:
        try:
            with town.open() as session:
                promise(session, debtor, "4000.00", date(2026, 9, 16))
        except PromiseStillRunning:
            return "refused"
        return "taken"

    with ThreadPoolExecutor(4) as threads:
        outcomes = sorted(future.result() for future in [threads.submit(take) for _ in range(4)])
    assert outcomes == ["refused", "refused", "refused", "taken"]


def test_an_agents_promise_is_his_attempt_too(town: Town, debtor: Id) -> None:
    rabia = town.agent("Rabia")
    with town.open() as session:
        promise(session, debtor, "2000.00", date(2026, 9, 16), agent_id=rabia, channel="visit", origin="message:7")
        attempt = session.scalars(select(Attempt)).one()
        assert (attempt.outcome, attempt.channel, attempt.origin) == ("promised", "visit", "message:7")
    case = town.case(debtor)
    assert case is not None
    assert case.next_action_on == date(2026, 9, 16)


def test_days_and_amounts_are_offered_within_the_policy(town: Town, debtor: Id) -> None:
    with town.open() as session:
        offers = promise_offers(session, customer_id=debtor, today=MONDAY)
        assert (offers.days[0], offers.days[-1]) == (MONDAY, date(2026, 9, 28))
        assert (offers.amount_min, offers.amount_max) == (Decimal("2000.00"), Decimal("4000.00"))
        for amount, day in (("1999.99", MONDAY), ("4000.01", MONDAY), ("2000", date(2026, 9, 29)), ("2000", DUE)):
            with pytest.raises(PromiseRefused):
                promise(session, debtor, amount, day)
        with pytest.raises(AmountInvalid):
            promise(session, debtor, "2000.001", MONDAY)
        with pytest.raises(PromiseRefused):
            promise(session, debtor, "2000.00", MONDAY, channel="pigeon")


def test_who_owes_nothing_promises_nothing(town: Town) -> None:
    with town.open() as session:
        policy = policy_of(session)
    terms = terms_for(policy, overdue=Decimal(0), due=Decimal(0), history=History(70), today=MONDAY)
    assert (terms.days, terms.reasons) == ((), ("nothing is owed",))


def test_the_unreliable_are_offered_few_days_and_the_whole_amount_and_in_the_end_nothing(town: Town) -> None:
    with town.open() as session:
        policy = policy_of(session)
    owed = {"overdue": Decimal("4000.00"), "due": Decimal("6500.00"), "today": MONDAY}
    poor = terms_for(policy, history=History(39), **owed)  # type: ignore[arg-type]
    assert (poor.days[-1], poor.amount_min) == (date(2026, 9, 17), Decimal("4000.00"))
    good = terms_for(policy, history=History(40, broken_lately=2), **owed)  # type: ignore[arg-type]
    assert (good.days[-1], good.amount_min, good.amount_max) == (
        date(2026, 9, 28), Decimal("2000.00"), Decimal("6500.00"),
    )  # fmt: skip
    assert terms_for(policy, history=History(90, broken_lately=3), **owed).days == ()  # type: ignore[arg-type]


def test_the_score_is_the_sum_of_its_reasons_in_plain_words(town: Town) -> None:
    with town.open() as session:
        policy = policy_of(session)
    unknown = score_of(Record(), policy)
    assert (unknown.value, [str(reason.points) for reason in unknown.reasons]) == (75, ["35.0", "24.5", "15.0"])
    record = Record(kept=3, partial=1, broken=1, money_promised=Decimal("10000.00"), money_in_time=Decimal("7000.00"),
                    invoices=6, late_days=Decimal("6"), bounces=1)  # fmt: skip
    score = score_of(record, policy)
    # promises (3.5 + 5 × 0.7) / 2 + 0.7 = 4.2 of 6: 35; lateness 24/30: 28; bounces 2/3: 10
    assert score.value == 73
    assert [str(reason.points) for reason in score.reasons] == ["35.0", "28.0", "10.0"]
    assert score.reasons[0].words == "Kept 3 of 5 promises (1 in part), 7000.00 of 10000.00 came in time"
    worst = Record(broken=50, money_promised=Decimal(1), invoices=9, late_days=Decimal(90), bounces=8)
    assert score_of(worst, policy).value == 1


def test_the_score_follows_the_customers_history(town: Town, debtor: Id) -> None:
    with town.open() as session:
        before = rate_customer(session, customer_id=debtor, today=MONDAY)
        promise(session, debtor, "2000.00", date(2026, 9, 15))
    state(town, debtor, date(2026, 9, 17))
    with town.open() as session:
        after = rate_customer(session, customer_id=debtor, today=date(2026, 9, 17))
    assert before.reasons[1].words == "1 invoices, paid 4.0 days late on average"
    assert after.reasons[0].words == "Kept 0 of 1 promises (0 in part), 0.00 of 2000.00 came in time"
    assert after.value < before.value


def test_three_broken_promises_in_three_months_end_the_offers(town: Town, debtor: Id) -> None:
    with town.open() as session:
        change_policy(session, unreliable_below=0)
    day = MONDAY
    for _ in range(3):
        with town.open() as session:
            promise(session, debtor, "2000.00", day, on=day)
        day += timedelta(days=7)
        state(town, debtor, day)
    with town.open() as session:
        offers = promise_offers(session, customer_id=debtor, today=day)
        assert offers.reasons == ("3 promises were broken in the last 90 days",)
        assert promise_offers(session, customer_id=debtor, today=day + timedelta(days=120)).days != ()


@dataclass
class Told:
    """The naive oracle: everything that was told, in order."""

    promises: list[dict[str, object]] = field(default_factory=list)
    payments: list[dict[str, object]] = field(default_factory=list)
    clock: int = 0

    def outcome(self, index: int, today: date) -> tuple[str, Decimal]:
        mine = self.promises[index]
        later = self.promises[index + 1] if index + 1 < len(self.promises) else None
        received = Decimal("0.00")
        for payment in self.payments:
            if payment["bounced"] or payment["on"] > mine["limit"]:  # type: ignore[operator]
                continue
            if not self.is_after(payment, mine) or (later is not None and self.is_after(payment, later)):
                continue
            received += payment["amount"]  # type: ignore[operator]
        if mine["replaced"]:
            return "replaced", received
        if received >= mine["amount"]:  # type: ignore[operator]
            return "kept", received
        if later is None and today <= mine["limit"]:  # type: ignore[operator]
            return "open", received
        return ("partial" if received else "broken"), received

    @staticmethod
    def is_after(payment: dict[str, object], promise: dict[str, object]) -> bool:
        return (payment["on"], payment["at"]) > (promise["on"], promise["at"])  # type: ignore[operator]


PAKISTAN = holidays.country_holidays("PK")


def naive_limit(due_on: date) -> date:
    limit = due_on + timedelta(days=1)
    while limit.weekday() == 6 or limit in PAKISTAN:
        limit += timedelta(days=1)
    return limit


ACTIONS = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 6)),
    st.tuples(st.just("promise"), st.sampled_from(["100.00", "250.50", "1000.00"]), st.integers(0, 8), st.booleans()),
    st.tuples(st.just("pay"), st.sampled_from(["50.00", "100.00", "250.50", "900.00"]), st.integers(0, 3)),
    st.tuples(st.just("bounce"), st.integers(0, 5)),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ACTIONS, min_size=3, max_size=14))
def test_any_history_of_promises_payments_and_bounces_is_judged_as_a_naive_reader_would(
    town: Town, actions: list[tuple[object, ...]]
) -> None:
    with town.open() as session:
        change_policy(session, unreliable_below=0, broken_max=0, promise_share_min=Decimal(0))
    customer_id = town.customer("Random", line=False)
    town.owes(customer_id, "100000.00", DUE)
    told, day, rows = Told(), MONDAY, []
    with town.open() as session:
        for action in actions:
            told.clock += 1
            if action[0] == "wait":
                day += timedelta(days=int(str(action[1])))
            elif action[0] == "promise":
                _promise(session, told, customer_id, action, day)
            elif action[0] == "pay":
                back = timedelta(days=int(str(action[2])))
                rows.append(pay(session, customer_id, str(action[1]), day - back))
                told.payments.append(
                    {"on": day - back, "at": told.clock, "amount": Decimal(str(action[1])), "bounced": False}
                )
            elif rows:
                chosen = int(str(action[1])) % len(rows)
                session.get_one(Payment, rows[chosen].id).state = "bounced"
                told.payments[chosen]["bounced"] = True
            session.flush()
            judge_promises_of(session, customer_id=customer_id, now=at(day))
            assert judge_promises_of(session, customer_id=customer_id, now=at(day)) == []
        judged = session.scalars(select(Promise).where(Promise.customer_id == customer_id).order_by(Promise.id)).all()
        assert [(each.state, each.received) for each in judged] == [
            told.outcome(index, day) for index in range(len(told.promises))
        ]  # fmt: skip


def _promise(session: Session, told: Told, customer_id: Id, action: tuple[object, ...], day: date) -> None:
    newest = told.promises[-1] if told.promises else None
    is_open = newest is not None and told.outcome(len(told.promises) - 1, day)[0] == "open"
    due_on, extend = day + timedelta(days=int(str(action[2]))), bool(action[3])
    moved = int(str(newest["moved"])) if newest is not None and is_open else -1
    allowed = not is_open or (extend and moved < 2)
    try:
        promise(session, customer_id, str(action[1]), due_on, on=day, extend=extend)
    except (PromiseStillRunning, ExtensionsUsedUp, PromiseRefused):
        assert not allowed
        return
    assert allowed
    if newest is not None and is_open:
        newest["replaced"] = True
    told.promises.append({"on": day, "at": told.clock, "amount": Decimal(str(action[1])), "limit": naive_limit(due_on),
                          "replaced": False, "moved": moved + 1})  # fmt: skip
