"""Prepaid time and recharge cards: days bought from the advance, cards used once."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.advance import customer_advance
from core.billing.payment_models import Payment
from core.billing.plan_changes import ChangeDayInvalid, change_plan
from core.billing.prepaid import AdvanceTooSmall, AlreadyRenewed, NotPrepaid, offer_renewal, renew
from core.billing.subscription_models import Subscription, Voucher
from core.billing.subscriptions import start_subscription
from core.billing.voucher_codes import ALPHABET, code_hash, new_code, printed_code, typed_code
from core.billing.vouchers import (
    Redemption,
    VoucherBatchInvalid,
    VoucherCancelled,
    VoucherExpired,
    VoucherForOtherPlan,
    VoucherMistyped,
    VoucherNotForSale,
    VoucherRefused,
    VoucherUnknown,
    VoucherUsed,
    cancel_vouchers,
    make_vouchers,
    redeem_voucher,
    sell_vouchers,
    used_unsold,
    voucher_counts,
)
from core.crm.models import Customer
from core.db import company_session
from core.errors import DomainError
from core.ids import Id, new_id
from core.money import ZERO
from core.network.access import want_access
from core.usecases import renew_prepaid as use_case
from tests.builders import make_customer, make_plan
from tests.cast import NOW, TODAY, TestCompany
from tests.core.billing.ledger_checks import assert_books_tie, booked
from tests.core.billing.life import bill, no_taxes, pay, prepaid_plan

D = Decimal
SECRET = "an installation's secret"
DAYS = timedelta(days=1)


def subscriber(session: Session, company: TestCompany, *, price: str = "1000.00") -> tuple[Customer, Subscription]:
    customer = make_customer(session, company)
    plan = prepaid_plan(session, price=price)
    subscription = start_subscription(
        session, customer_id=customer.id, site_id=customer.sites[0].id, plan_id=plan.id, started_on=TODAY
    )
    return customer, subscription


def cards(session: Session, *, count: int = 3, amount: str = "1000.00", plan_id: Id | None = None) -> list[str]:
    _, codes = make_vouchers(
        session, name=f"Autumn {new_id()}", amount=D(amount), count=count, expires_on=date(2026, 12, 31), secret=SECRET,
        made_by="staff:1", today=TODAY, plan_id=plan_id,
    )  # fmt: skip
    return codes


def redeem(session: Session, code: str, customer_id: Id, *, now: datetime = NOW) -> Redemption:
    return redeem_voucher(session, code=code, customer_id=customer_id, secret=SECRET, now=now, actor="contact:1")


def test_a_renewal_is_an_invoice_paid_from_the_advance(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer, subscription = subscriber(session, company)
        with pytest.raises(AdvanceTooSmall) as refusal:
            renew(session, subscription_id=subscription.id, now=NOW, actor="test")
        assert str(refusal.value.missing) == "1374.25"
        pay(session, customer.id, "1400.00")
        assert offer_renewal(session, subscription_id=subscription.id, now=NOW).missing == ZERO
        renewal = renew(session, subscription_id=subscription.id, now=NOW, actor="test")
        invoice = renewal.invoice
        assert (invoice.reason, invoice.state, str(invoice.total)) == ("renewal", "paid", "1374.25")
        assert (invoice.period_start, invoice.period_end) == (TODAY, date(2026, 12, 24))
        assert invoice.lines[0].plan_id == subscription.plan_id
        assert subscription.paid_until == NOW + 30 * DAYS
        assert customer_advance(session, customer.id) == D("25.75")
        assert_books_tie(session)


def test_an_early_renewal_adds_to_the_paid_time_and_a_late_one_counts_from_now(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        no_taxes(session)
        customer, subscription = subscriber(session, company)
        pay(session, customer.id, "5000.00")
        first = renew(session, subscription_id=subscription.id, now=NOW, actor="test").subscription.paid_until
        renew(session, subscription_id=subscription.id, now=NOW + 10 * DAYS, actor="test", shown_until=first)
        assert subscription.paid_until == NOW + 60 * DAYS
        with pytest.raises(AlreadyRenewed):
            renew(session, subscription_id=subscription.id, now=NOW + 10 * DAYS, actor="test", shown_until=first)
        renew(session, subscription_id=subscription.id, now=NOW + 70 * DAYS, actor="test")
        assert subscription.paid_until == NOW + 100 * DAYS


def test_what_runs_out_is_renewed_from_the_advance_or_stops(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        no_taxes(session)
        customer, subscription = subscriber(session, company)
        access = want_access(session, subscription_id=subscription.id, username="c", profile="x", allowed=True)
        pay(session, customer.id, "2500.00")
        use_case.renew_prepaid(session, subscription_id=subscription.id, now=NOW, actor="test")
        assert use_case.expire_prepaid(session, now=NOW + 29 * DAYS, actor="run").renewed == ()
        assert len(use_case.expire_prepaid(session, now=NOW + 30 * DAYS, actor="run").renewed) == 1
        report = use_case.expire_prepaid(session, now=NOW + 60 * DAYS, actor="run")
        assert [(one.subscription.id, "500.00 is missing" in one.why) for one in report.expired] == [
            (subscription.id, True)
        ]
        assert (subscription.state, access.state) == ("suspended", "blocked")
        assert use_case.expire_prepaid(session, now=NOW + 61 * DAYS, actor="run").expired == ()
        pay(session, customer.id, "500.00")
        renewals = use_case.renew_after_payment(session, customer_id=customer.id, now=NOW + 62 * DAYS, actor="test")
        assert (len(renewals), subscription.state, access.state) == (1, "active", "allowed")
        assert subscription.paid_until == NOW + 92 * DAYS
        assert customer_advance(session, customer.id) == ZERO


def test_one_that_cannot_be_priced_holds_nobody_up(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        no_taxes(session)
        customer, good = subscriber(session, company)
        pay(session, customer.id, "2000.00")
        broken = start_subscription(
            session, customer_id=customer.id, site_id=customer.sites[0].id,
            plan_id=prepaid_plan(session, mbps=9).id, started_on=TODAY,
        )  # fmt: skip
        broken.lines[0].starts_on = broken.lines[0].ends_on = date(2027, 1, 1)
        good.paid_until = broken.paid_until = NOW
        report = use_case.expire_prepaid(session, now=NOW, actor="run")
        assert [renewal.subscription.id for renewal in report.renewed] == [good.id]
        assert [expired.subscription.id for expired in report.expired] == [broken.id]


def test_a_prepaid_plan_changes_with_its_next_renewal(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        no_taxes(session)
        customer, subscription = subscriber(session, company)
        faster = prepaid_plan(session, price="1500.00", mbps=16)
        pay(session, customer.id, "5000.00")
        renew(session, subscription_id=subscription.id, now=NOW, actor="test")
        with pytest.raises(ChangeDayInvalid):
            change_plan(session, subscription_id=subscription.id, plan_id=faster.id, today=TODAY, actor="t",
                        effective="now")  # fmt: skip
        change_plan(session, subscription_id=subscription.id, plan_id=faster.id, today=TODAY, actor="t")
        renewal = renew(session, subscription_id=subscription.id, now=NOW + 30 * DAYS, actor="test")
        assert str(renewal.invoice.net) == "1500.00"
        with pytest.raises(NotPrepaid):
            flat = start_subscription(
                session, customer_id=customer.id, site_id=customer.sites[0].id, plan_id=make_plan(session).id,
                started_on=TODAY,
            )  # fmt: skip
            renew(session, subscription_id=flat.id, now=NOW, actor="test")


def test_a_card_is_paid_for_when_it_is_sold_and_earned_when_it_is_used(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        no_taxes(session)
        customer, subscription = subscriber(session, company)
        codes = cards(session)
        batch_id = session.scalars(select(Voucher.batch_id)).first()
        assert batch_id is not None
        sold = sell_vouchers(
            session, batch_id=batch_id, first=1, last=2, received=D("1900.00"), sold_on=TODAY, actor="s"
        )
        assert (sold, booked(session, "1010"), booked(session, "2220"), booked(session, "4080")) == (
            2, D(1900), D(-2000), D(100),
        )  # fmt: skip
        redemption = redeem(session, codes[0].lower().replace("-", " "), customer.id)
        assert (redemption.payment.method, str(redemption.payment.amount)) == ("voucher", "1000.00")
        assert [renewal.subscription.id for renewal in redemption.renewals] == [subscription.id]
        assert (subscription.paid_until, booked(session, "2220")) == (NOW + 30 * DAYS, D(-1000))
        redeem(session, codes[2], customer.id)
        assert [card.serial for card in used_unsold(session)] == [3]
        sell_vouchers(session, batch_id=batch_id, first=3, last=3, received=D(1000), sold_on=TODAY, actor="s")
        assert (used_unsold(session), booked(session, "2220")) == ([], D(-1000))
        with pytest.raises(VoucherNotForSale):
            sell_vouchers(session, batch_id=batch_id, first=1, last=2, received=D(1), sold_on=TODAY, actor="s")
        assert voucher_counts(session, batch_id=batch_id) == {"used": 2, "sold": 1}
        assert_books_tie(session)


def test_a_card_that_cannot_be_used_says_why(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer, _ = subscriber(session, company)
        used, cancelled, late, whole = cards(session, count=4)
        redeem(session, used, customer.id)
        batch_id = session.scalars(select(Voucher.batch_id)).first()
        assert batch_id is not None
        assert cancel_vouchers(session, batch_id=batch_id, serials=[1, 2]) == 1
        other = printed_code(typed_code(new_code()) or "")
        wrong = whole[:-1] + ("3" if whole[-1] == "2" else "2")
        after = datetime(2026, 12, 31, 19, 30, tzinfo=UTC)
        expected: list[tuple[str, datetime, type[VoucherRefused], bool]] = [
            (used, NOW, VoucherUsed, False), (cancelled, NOW, VoucherCancelled, False),
            (late, after, VoucherExpired, False), (other, NOW, VoucherUnknown, True),
            (wrong, NOW, VoucherMistyped, False), ("", NOW, VoucherMistyped, False),
        ]  # fmt: skip
        for code, now, refusal, guess in expected:
            with pytest.raises(refusal) as refused:
                redeem(session, code, customer.id, now=now)
            assert refused.value.guess is guess
        assert len(session.scalars(select(Payment)).all()) == 1


def test_a_card_for_a_plan_renews_that_plan_only_and_says_what_is_missing(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer, subscription = subscriber(session, company)
        other = prepaid_plan(session, mbps=9)
        with pytest.raises(VoucherForOtherPlan):
            redeem(session, cards(session, plan_id=other.id)[0], customer.id)
        redemption = redeem(session, cards(session, plan_id=subscription.plan_id)[0], customer.id)
        assert (redemption.renewals, str(redemption.missing)) == ((), "374.25")
        assert customer_advance(session, customer.id) == D(1000)


def test_a_card_pays_what_is_owed_first(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        no_taxes(session)
        customer, _ = subscriber(session, company)
        debt = bill(session, customer, ("300.00", "installation"))
        redemption = redeem(session, cards(session)[0], customer.id)
        assert (debt.state, str(redemption.missing)) == ("paid", "300.00")


def test_only_a_hash_of_a_code_is_kept(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        code = cards(session, count=1)[0]
        stored = session.scalars(select(Voucher.code_hash)).one()
        assert code.replace("-", "") not in stored
        assert stored == code_hash(code, SECRET) != code_hash(code, "another secret")
        for wrong in ({"count": 0}, {"count": 10_001}, {"amount": "0.00"}):
            with pytest.raises(VoucherBatchInvalid):
                cards(session, **wrong)  # type: ignore[arg-type]


def test_two_people_with_one_code_at_the_same_moment_use_it_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        no_taxes(session)
        people = [make_customer(session, company, name=name).id for name in "ABCDEF"]
        code = cards(session, count=1)[0]
    outcomes: list[str] = []
    start = threading.Barrier(len(people))

    def use(customer_id: Id) -> None:
        start.wait()
        try:
            with company_session(company.id, "test") as session:
                redeem(session, code, customer_id)
            outcomes.append("used")
        except DomainError as refusal:
            outcomes.append(type(refusal).__name__)

    threads = [threading.Thread(target=use, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["VoucherUsed"] * 5 + ["used"]
    with company_session(company.id, "test") as session:
        assert len(session.scalars(select(Payment)).all()) == 1
        assert_books_tie(session)


@given(st.integers(0, 15), st.integers(0, 15), st.sampled_from(ALPHABET))
def test_one_wrong_letter_or_two_swapped_are_never_a_code(at: int, other: int, letter: str) -> None:
    code = typed_code(new_code())
    assert code is not None
    letters = list(code)
    letters[at] = letter
    assert typed_code("".join(letters)) == (code if code[at] == letter else None)
    letters = list(code)
    letters[at], letters[other] = letters[other], letters[at]
    assert typed_code("".join(letters)) == (code if code[at] == code[other] else None)
