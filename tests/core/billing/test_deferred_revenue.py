"""What is billed for longer than a month stands in 2220 and becomes income as its days are served."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from core.billing.credit_notes import credit_invoice
from core.billing.deferral_models import Deferral, RevenueMonth
from core.billing.deferrals import deferred_by_invoice
from core.billing.earning import MonthNotOver, RevenueNotEarned, earn_month
from core.billing.prepaid import renew
from core.billing.subscriptions import start_subscription
from core.billing.voiding import void_invoice
from core.billing.write_offs import approve_write_off, write_off_invoice
from core.db import company_session
from core.ledger.models import Account, JournalEntry, Posting
from core.ledger.periods import close_period, reopen_periods
from core.usecases.close_books import close_books
from core.usecases.deferred_revenue import deferred_revenue
from core.usecases.earn_revenue import earn_revenue
from core.usecases.end_service import end_service
from core.usecases.run_invoices import dry_run, run_invoices
from tests.builders import make_customer
from tests.cast import TestCompany
from tests.core.billing.ledger_checks import assert_books_tie, booked
from tests.core.billing.life import no_taxes, pay, policy, prepaid_plan
from tests.core.billing.yearly import bill, earn_until, held, subscribe_for_long
from workers.ledger import earn_up_to

D = Decimal
JAN_1, FEB_1, MAR_1, JULY_1, NEXT = (
    date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1), date(2026, 7, 1), date(2027, 1, 1),
)  # fmt: skip


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 7, tzinfo=UTC)


def test_a_year_is_deferred_net_and_its_taxes_are_not(company: TestCompany) -> None:
    with company_session(company.id) as session:
        invoice = bill(session, subscribe_for_long(session, company, taxes=True))

        assert (invoice.net, booked(session, "1100")) == (D("36500.00"), invoice.total)
        assert held(session) == (D("36500.00"), D(0))
        assert -booked(session, "2100") - booked(session, "2110") == invoice.tax
        assert_books_tie(session)


def test_each_month_earns_its_days_and_the_last_the_exact_rest(company: TestCompany) -> None:
    with company_session(company.id) as session:
        bill(session, subscribe_for_long(session, company, price="10000.00"))

        earned = earn_until(session, NEXT)

        assert [str(amount) for amount in earned] == [
            "849.32", "767.12", "849.31", "821.92", "849.32", "821.91", "849.32", "849.31", "821.92", "849.32",
            "821.91", "849.32",
        ]  # fmt: skip
        assert (sum(earned), held(session)) == (D("10000.00"), (D(0), D("10000.00")))
        assert deferred_by_invoice(session, as_of=date(2026, 12, 30))[0].left == D("849.32")
        assert deferred_by_invoice(session, as_of=date(2026, 12, 31)) == []
        assert_books_tie(session)


def test_earned_revenue_keeps_its_area_and_plan(company: TestCompany) -> None:
    with company_session(company.id) as session:
        yearly, half = (subscribe_for_long(session, company, price=price, months=months)
                        for price, months in (("36500.00", 12), ("1810.00", 6)))  # fmt: skip
        for subscription in (yearly, half):
            bill(session, subscription)
        earn_until(session, FEB_1)

        rows = session.execute(
            select(Posting.plan_id, Posting.area_id, Posting.amount)
            .join(Account, Account.id == Posting.account_id)
            .where(Account.code == "4000")
        ).all()
        assert {row.plan_id: str(row.amount) for row in rows} == {yearly.plan_id: "-3100.00", half.plan_id: "-310.00"}
        assert {row.area_id for row in rows} == {company.area_id}


def test_a_month_is_not_earned_before_it_is_over_nor_twice(company: TestCompany) -> None:
    with company_session(company.id) as session:
        bill(session, subscribe_for_long(session, company))

        assert earn_revenue(session, today=date(2026, 1, 31), actor="system") is None
        with pytest.raises(MonthNotOver, match="January 2026"):
            earn_month(session, month=JAN_1, today=date(2026, 1, 31), actor="system")
        assert earn_until(session, FEB_1) == [D("3100.00")]
        assert earn_until(session, FEB_1) == []
        entry = session.scalars(select(JournalEntry).where(JournalEntry.kind == "deferred_revenue")).one()
        assert (entry.posted_on, entry.origin) == (date(2026, 1, 31), "run:revenue:2026-01")
        assert session.scalars(select(RevenueMonth)).one().id == entry.source_id


@pytest.mark.parametrize(
    ("over", "months", "deferred"), [(1, 3, 9000), (3, 3, 0), (3, 6, 9000), (36, 12, 0), (1, 1, 0)]
)
def test_the_company_says_from_how_many_months_on_it_defers(
    company: TestCompany, over: int, months: int, deferred: int
) -> None:
    with company_session(company.id) as session:
        policy(session).deferral_over_months = over
        bill(session, subscribe_for_long(session, company, price="9000.00", months=months))

        assert held(session) == (D(deferred), D(9000 - deferred))


def test_a_month_of_31_days_from_the_end_of_february_is_no_long_period(company: TestCompany) -> None:
    with company_session(company.id) as session:
        subscription = subscribe_for_long(session, company, months=1, started_on=date(2026, 1, 31))
        for day in (date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)):
            bill(session, subscription, day)

        assert held(session) == (D(0), D("109500.00"))


def test_a_prepaid_year_is_deferred_from_its_renewal(company: TestCompany) -> None:
    with company_session(company.id) as session:
        no_taxes(session)
        customer = make_customer(session, company)
        subscription = start_subscription(
            session, customer_id=customer.id, site_id=customer.sites[0].id, started_on=JAN_1,
            plan_id=prepaid_plan(session, price="36500.00", days=365).id,
        )  # fmt: skip
        pay(session, customer.id, "36500.00", on=JAN_1)
        renew(session, subscription_id=subscription.id, now=noon(JAN_1), actor="test")

        assert held(session) == (D("36500.00"), D(0))
        assert earn_until(session, MAR_1) == [D("3100.00"), D("2800.00")]
        assert_books_tie(session)


def test_the_run_defers_what_a_single_invoice_would(company: TestCompany) -> None:
    with company_session(company.id) as session:
        subscribe_for_long(session, company, price="36500.00")
        subscribe_for_long(session, company, price="2000.00", months=1)
        subscribe_for_long(session, company, price="9000.00", months=3)

    dry = dry_run(company.id, JAN_1)
    report = run_invoices(company.id, JAN_1, started_by="test", now=noon(JAN_1))

    with company_session(company.id) as session:
        assert (dry.amount, report.amount, report.invoiced) == (D("47500.00"), D("47500.00"), 3)
        assert held(session) == (D("45500.00"), D("2000.00"))
        assert session.scalar(select(func.count()).select_from(Deferral)) == 2
        assert earn_until(session, FEB_1) == [D("6200.00")]
        assert_books_tie(session)


def test_ending_early_credits_the_unserved_days_out_of_what_is_not_earned(company: TestCompany) -> None:
    with company_session(company.id) as session:
        subscription = subscribe_for_long(session, company)
        invoice = bill(session, subscription)
        earn_until(session, date(2026, 6, 20))

        end = end_service(
            session, subscription_id=subscription.id, end_day=date(2026, 6, 11), now=noon(date(2026, 6, 20)),
            actor="test",
        )  # fmt: skip

        assert sum((note.total for note in end.settled.credits), D(0)) == D("20400.00")  # 204 days from 11 June on
        assert held(session) == (D("1000.00"), D("15100.00"))  # ten days of June wait for the end of the month
        assert earn_until(session, JULY_1) == [D("1000.00")]
        assert (held(session), invoice.balance) == ((D(0), D("16100.00")), D("16100.00"))
        assert_books_tie(session)


def test_a_credit_of_more_than_is_left_takes_the_rest_out_of_income(company: TestCompany) -> None:
    with company_session(company.id) as session:
        invoice = bill(session, subscribe_for_long(session, company))
        earn_until(session, date(2026, 12, 2))

        credit_invoice(
            session, invoice_id=invoice.id, reason="It never worked", issued_on=date(2026, 12, 2), made_by="test",
            idempotency_key="all",
        )  # fmt: skip

        assert (held(session), earn_until(session, NEXT)) == ((D(0), D(0)), [])
        assert_books_tie(session)


def test_without_a_refund_the_rest_is_earned_with_the_end(company: TestCompany) -> None:
    with company_session(company.id) as session:
        policy(session).unused_days_refunded = False
        subscription = subscribe_for_long(session, company)
        bill(session, subscription)
        end_service(
            session, subscription_id=subscription.id, end_day=date(2026, 2, 10), now=noon(date(2026, 2, 10)),
            actor="test",
        )  # fmt: skip

        assert [str(month) for month in earn_until(session, date(2026, 4, 1))] == ["28287.50", "8212.50"]
        assert held(session) == (D(0), D("36500.00"))
        assert_books_tie(session)


def test_a_voided_invoice_gives_back_what_was_earned(company: TestCompany) -> None:
    with company_session(company.id) as session:
        invoice = bill(session, subscribe_for_long(session, company))
        earn_until(session, MAR_1)

        void_invoice(session, invoice_id=invoice.id, reason="Wrong plan", day=date(2026, 3, 5), actor="test")

        assert (held(session), booked(session, "1100"), earn_until(session, NEXT)) == ((D(0), D(0)), D(0), [])
        assert_books_tie(session)


def test_a_debt_given_up_takes_the_months_that_were_not_earned_with_it(company: TestCompany) -> None:
    with company_session(company.id) as session:
        subscription = subscribe_for_long(session, company)
        invoice = bill(session, subscription)
        pay(session, subscription.customer_id, "30000.00", on=JAN_1)
        earn_until(session, MAR_1)

        asked = write_off_invoice(
            session, invoice_id=invoice.id, reason="Moved away", asked_by="a", now=noon(date(2026, 3, 5))
        )
        approve_write_off(session, write_off_id=asked.id, approved_by="b", now=noon(date(2026, 3, 5)))

        assert (booked(session, "6820"), booked(session, "1100")) == (D(0), D(0))
        assert held(session) == (D("24100.00"), D("5900.00"))  # 30,000 is paid for: 5,900 earned, the rest to come
        earn_until(session, NEXT)
        assert held(session) == (D(0), D("30000.00"))
        pay(session, subscription.customer_id, "6500.00")
        assert booked(session, "6820") == D("-6500.00")
        assert_books_tie(session)


def test_a_debt_of_served_months_is_bad_debt(company: TestCompany) -> None:
    with company_session(company.id) as session:
        policy(session).write_off_limit = D("50000.00")
        invoice = bill(session, subscribe_for_long(session, company))
        earn_until(session, date(2026, 12, 1))

        write_off_invoice(session, invoice_id=invoice.id, reason="Gone", asked_by="a", now=noon(date(2026, 12, 5)))

        assert (booked(session, "6820"), held(session)) == (D("33400.00"), (D(0), D("33400.00")))
        assert_books_tie(session)


def test_missed_months_are_caught_up_and_a_late_invoice_earns_its_past_at_once(company: TestCompany) -> None:
    with company_session(company.id) as session:
        early, late = subscribe_for_long(session, company), subscribe_for_long(session, company, price="3650.00")
        bill(session, early)
        earn_until(session, FEB_1)
        bill(session, late, on=date(2026, 3, 15))

    assert earn_up_to(company.id, noon(date(2026, 4, 2))) == 2

    with company_session(company.id) as session:
        months = session.scalars(select(RevenueMonth).order_by(RevenueMonth.month)).all()
        assert [(row.month.month, str(row.earned), row.lines) for row in months] == [
            (1, "3100.00", 1), (2, "2800.00", 1), (3, "4000.00", 2),
        ]  # fmt: skip
        assert deferred_revenue(session, as_of=date(2026, 2, 28)).invoiced == D("30600.00")
        assert deferred_revenue(session, as_of=date(2026, 3, 31)).balance == D("30250.00")
        assert_books_tie(session)
    assert earn_up_to(company.id, noon(date(2026, 4, 2))) == 0


def test_a_month_closed_before_its_revenue_was_earned_says_so_and_waits(company: TestCompany) -> None:
    with company_session(company.id) as session:
        bill(session, subscribe_for_long(session, company))
        close_period(session, through=date(2026, 1, 31), by="owner", now=noon(date(2026, 2, 3)))
    with (
        company_session(company.id) as session,
        pytest.raises(RevenueNotEarned, match=r"January 2026 is not released yet \(3100.00\).*reopen"),
    ):
        earn_revenue(session, today=FEB_1, actor="system")

    assert earn_up_to(company.id, noon(MAR_1)) == 0

    with company_session(company.id) as session:
        assert session.scalar(select(func.count()).select_from(RevenueMonth)) == 0
        assert session.scalars(select(Deferral.earned)).one() == D(0)
        reopen_periods(session, since=JAN_1, reason="January's revenue", by="owner", by_role="owner", now=noon(MAR_1))

    assert earn_up_to(company.id, noon(MAR_1)) == 2


def test_closing_a_month_earns_it_first_and_leaves_later_months(company: TestCompany) -> None:
    with company_session(company.id) as session:
        bill(session, subscribe_for_long(session, company, price="10000.00"))
        close_books(session, through=date(2026, 2, 15), by="owner", now=noon(MAR_1))
        assert session.scalars(select(RevenueMonth.month)).all() == [JAN_1]
        close_books(session, through=date(2026, 2, 28), by="owner", now=noon(MAR_1))
        assert session.scalars(select(RevenueMonth.month).order_by(RevenueMonth.month)).all() == [JAN_1, FEB_1]
        assert_books_tie(session)
