"""Commissions of technicians and sellers: connections, complaints, invoices; once each, with their reason."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.billing.invoice_models import CreditNote, Invoice
from core.billing.subscription_models import Subscription
from core.db import company_session
from core.errors import NotFound
from core.ids import new_id
from core.ledger.models import JournalEntry, Posting
from core.money import ZERO
from core.service_desk.tickets import assign_ticket, open_ticket, resolve_ticket
from core.staff.accruals import Settled, settle_accruals
from core.staff.commission_models import CommissionRule
from core.staff.commission_rules import (
    Conditions,
    CreditInvalid,
    Measure,
    PlanNameTaken,
    RuleInvalid,
    Tier,
    add_plan,
    add_rule,
)
from core.staff.earnings import month_earnings
from core.staff.models import Staff
from core.staff.payslips import payslip
from core.usecases.accrue_commissions import accrue_commissions, take_back_commissions
from core.usecases.credit_connection import credit_connection
from core.usecases.own_performance import own_performance
from tests.builders import make_invoice
from tests.cast import TestCompany
from tests.core.staff.cast import (
    NOVEMBER,
    D,
    at,
    booked,
    bounce,
    collect,
    connect,
    employ,
    nov,
    plan_with,
    rabia,
    saima,
    tariq,
)


def accrue(session: Session, since: date, until: date | None = None) -> Settled:
    return accrue_commissions(session, since=since, until=until or since, actor="system", origin="run:test")


def earner(session: Session, company: TestCompany, kind: str, measure: Measure, **conditions) -> Staff:
    technician = tariq(session, company)
    employ(session, technician, salary="0.00", plan_id=plan_with(session, kind, measure, Conditions(**conditions)))
    return technician


def installed_by(session: Session, company: TestCompany, staff: Staff, *, role: str = "installed") -> Subscription:
    subscription = connect(session, company)
    credit_connection(session, subscription_id=subscription.id, staff_id=staff.id, role=role)
    return subscription


def paid_in_full(session: Session, company: TestCompany, subscription: Subscription, day: date) -> None:
    collect(session, saima(session, company), subscription, "3435.63", day, method="bank")


def test_a_new_connection_pays_once_on_activation_and_first_payment(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        seller = earner(session, company, "new_connection", Measure(amount=D(500)), credit="sold")
        subscription = installed_by(session, company, seller, role="sold")
        invoice = make_invoice(session, subscription.id)
        assert accrue(session, nov(1), nov(8)).accruals == ()
        for day in (9, 12):
            collect(session, saima(session, company), subscription, "1000.00", nov(day), method="bank")
            accrue(session, nov(day))
        assert booked(session, "6010") == D("500.00")
        why = month_earnings(session, staff_id=seller.id, month=NOVEMBER).by_rule[0].why
        assert why == ("New connection of C-2001, active since 1 Jan 2026, first paid 9 Nov 2026",)
        assert invoice.state == "part_paid"


def test_a_connection_whose_first_payment_bounced_is_taken_back_and_earned_by_the_next(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        seller = earner(session, company, "new_connection", Measure(amount=D(500)), credit="sold")
        subscription = installed_by(session, company, seller, role="sold")
        make_invoice(session, subscription.id)
        payment = collect(session, saima(session, company), subscription, "1000.00", nov(9), method="bank")
        accrue(session, nov(9))
        bounce(session, payment, nov(11))
        back = take_back_commissions(session, payment_ids=[payment.id], today=nov(11), actor="system", origin="run:x")
        assert [row.why for row in back.accruals] == ["Taken back: The first payment of C-2001 did not stay"]
        collect(session, saima(session, company), subscription, "1000.00", nov(20), method="bank")
        assert accrue(session, nov(20)).earned == D("500.00")
        assert (booked(session, "6010"), booked(session, "2400", seller.id)) == (D("500.00"), D("-500.00"))
        kinds = session.scalars(select(JournalEntry.kind).where(JournalEntry.kind.like("commission%")))
        assert sorted(kinds) == ["commission", "commission", "commission_taken_back"]


def test_a_connection_paid_before_its_first_day_pays_on_that_day(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        seller = earner(session, company, "new_connection", Measure(amount=D(500)), credit="sold")
        subscription = installed_by(session, company, seller, role="sold")
        subscription.started_on = nov(15)
        make_invoice(session, subscription.id)
        paid_in_full(session, company, subscription, nov(9))
        assert accrue(session, nov(1), nov(14)).accruals == ()
        assert [row.earned_on for row in accrue(session, nov(15)).accruals] == [nov(15)]


def test_who_sold_and_who_installed_are_paid_for_the_same_connection(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician = earner(session, company, "new_connection", Measure(amount=D(300)), credit="installed")
        seller = rabia(session, company)
        employ(session, seller, plan_id=plan_with(session, "new_connection", Measure(amount=D(700)),
                                                  Conditions(credit="sold")))  # fmt: skip
        subscription = installed_by(session, company, technician)
        credit_connection(session, subscription_id=subscription.id, staff_id=seller.id, role="sold")
        make_invoice(session, subscription.id)
        paid_in_full(session, company, subscription, nov(9))
        accrue(session, nov(9))
        assert [booked(session, "2400", person.id) for person in (technician, seller)] == [D("-300.00"), D("-700.00")]


def test_a_complaint_pays_after_its_days_without_coming_back(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician = earner(session, company, "complaint", Measure(amount=D(100)))
        resolved(session, technician, connect(session, company), "no_internet", nov(2))
        assert accrue(session, nov(2), nov(8)).accruals == ()
        done = accrue(session, nov(9))
        assert [(row.amount, row.why) for row in done.accruals] == [
            (D("100.00"), "Complaint T-1001 (no_internet) resolved 2 Nov 2026, not opened again within 7 days")
        ]
        assert accrue(session, nov(9), nov(20)).accruals == ()


def resolved(session: Session, technician: Staff, subscription: Subscription, category: str, day: date) -> None:
    ticket = open_ticket(session, customer_id=subscription.customer_id, category=category, description="",
                         opened_by="test", now=at(day))  # fmt: skip
    assign_ticket(session, ticket_id=ticket.id, staff_id=technician.id)
    resolve_ticket(session, ticket_id=ticket.id, now=at(day) + timedelta(hours=3))
    session.flush()


@pytest.mark.parametrize(("days_later", "paid"), [(7, False), (8, True)])
def test_a_complaint_that_comes_back_within_the_days_pays_nothing(
    company: TestCompany, days_later: int, paid: bool
) -> None:
    with company_session(company.id, "test") as session:
        technician = earner(session, company, "complaint", Measure(amount=D(100)))
        subscription = connect(session, company)
        resolved(session, technician, subscription, "slow_speed", nov(2))
        open_ticket(session, customer_id=subscription.customer_id, category="slow_speed", description="",
                    opened_by="test", now=at(nov(2 + days_later)))  # fmt: skip
        assert bool(accrue(session, nov(9), nov(30)).accruals) is paid


def test_a_complaint_of_another_category_is_not_the_same_one_and_has_its_own_rate(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician = earner(session, company, "complaint", Measure(amount=D(100)))
        plan_id = session.scalars(select(CommissionRule.plan_id)).one()
        add_rule(session, plan_id=plan_id, kind="complaint", name="Cable", valid_from=date(2026, 1, 1),
                 measure=Measure(amount=D(250)),
                 conditions=Conditions(category="cable_damage", reopen_days=0))  # fmt: skip
        subscription = connect(session, company)
        resolved(session, technician, subscription, "no_internet", nov(2))
        resolved(session, technician, subscription, "cable_damage", nov(3))
        assert sorted(row.amount for row in accrue(session, nov(1), nov(9)).accruals) == [D("100.00"), D("250.00")]


def test_a_technician_earns_a_percent_of_every_paid_invoice_of_what_he_installed(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician = earner(session, company, "invoice", Measure(percent=D(5)))
        subscription, stranger = installed_by(session, company, technician), connect(session, company)
        for one in (subscription, stranger):
            make_invoice(session, one.id)
            paid_in_full(session, company, one, nov(9))
        done = accrue(session, nov(1), nov(9))
        assert [(row.amount, row.why, row.earned_on) for row in done.accruals] == [
            (D("125.00"), "5 % of Rs 2,500 on INV-2026-27-000001, paid, of a connection he installed", nov(9))
        ]


def test_a_fixed_commission_on_issue_is_taken_back_with_a_void_invoice(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician = earner(session, company, "invoice", Measure(amount=D(50)), invoice_event="issued")
        invoice = make_invoice(session, installed_by(session, company, technician).id)
        assert accrue(session, nov(1)).earned == D("50.00")
        invoice.state = "void"
        session.flush()
        back = accrue(session, nov(20))
        assert [row.why for row in back.accruals] == ["Taken back: INV-2026-27-000001 is void"]


def test_a_credit_note_lowers_the_percent_and_a_bounce_takes_it_back(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician = earner(session, company, "invoice", Measure(percent=D(10)))
        subscription = installed_by(session, company, technician)
        invoice = make_invoice(session, subscription.id)
        payment = collect(session, saima(session, company), subscription, "3435.63", nov(9), method="bank")
        accrue(session, nov(9))
        session.add(CreditNote(
            id=new_id(), number="CN-1", invoice_id=invoice.id, customer_id=invoice.customer_id, reason="outage",
            issued_on=nov(12), net=D("500.00"), tax=D("187.13"), total=D("687.13"), unallocated=D("687.13"),
            idempotency_key="cn", made_by="test"))  # fmt: skip
        session.flush()
        lower = accrue(session, nov(12)).accruals[0]
        assert (lower.amount, lower.why.startswith("10 % of Rs 2,000 on")) == (D("-50.00"), True)
        bounce(session, payment, nov(14))
        assert accrue(session, nov(14)).taken_back == D("200.00")
        assert booked(session, "2400", technician.id) == ZERO


def test_only_the_first_months_pay_where_the_rule_says_so(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician = earner(session, company, "invoice", Measure(amount=D(10)), invoice_event="issued", months_max=2)
        subscription = connect(session, company)
        credit_connection(session, subscription_id=subscription.id, staff_id=technician.id, role="installed",
                          from_on=date(2026, 8, 15))  # fmt: skip
        for month in (8, 9, 10, 11):
            make_invoice(session, subscription.id, month=date(2026, month, 1))
        done = accrue(session, date(2026, 8, 1), nov(30))
        assert [row.earned_on for row in done.accruals] == [date(2026, 9, 1), date(2026, 10, 1)]


def test_another_technician_earns_from_the_day_the_connection_counts_for_him(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        first = earner(session, company, "invoice", Measure(amount=D(10)), invoice_event="issued")
        second = rabia(session, company)
        employ(session, second, plan_id=session.scalars(select(CommissionRule.plan_id)).one())
        subscription = installed_by(session, company, first)
        credit_connection(session, subscription_id=subscription.id, staff_id=second.id, role="installed",
                          from_on=date(2026, 10, 15))  # fmt: skip
        for month in (10, 11):
            make_invoice(session, subscription.id, month=date(2026, month, 1))
        accrue(session, date(2026, 10, 1), nov(30))
        assert [booked(session, "2400", person.id) for person in (first, second)] == [D("-10.00"), D("-10.00")]
        with pytest.raises(CreditInvalid, match="15 Oct 2026"):
            credit_connection(session, subscription_id=subscription.id, staff_id=first.id, role="installed",
                              from_on=date(2026, 10, 1))  # fmt: skip


def test_who_had_left_when_the_money_came_earns_nothing(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        seller = earner(session, company, "new_connection", Measure(amount=D(500)), credit="sold")
        session.execute(text("UPDATE pay_terms SET ends_on = '2026-11-05'"))
        session.expire_all()
        subscription = installed_by(session, company, seller, role="sold")
        make_invoice(session, subscription.id)
        paid_in_full(session, company, subscription, nov(9))
        assert accrue(session, nov(9)).accruals == ()


def test_every_accrual_has_its_entry_with_the_run_and_the_reason(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician = earner(session, company, "invoice", Measure(percent=D(5)))
        subscription = installed_by(session, company, technician)
        make_invoice(session, subscription.id)
        paid_in_full(session, company, subscription, nov(9))
        row = accrue(session, nov(9)).accruals[0]
        entry = session.scalars(select(JournalEntry).where(JournalEntry.source_id == row.id)).one()
        assert (entry.kind, entry.origin, entry.memo, entry.posted_on) == ("commission", "run:test", row.why, nov(9))
        sides = session.execute(select(Posting.amount, Posting.party_id).where(Posting.entry_id == entry.id))
        assert sorted(sides) == [(D("-125.00"), technician.id), (D("125.00"), None)]
        slip = payslip(session, staff_id=technician.id, month=NOVEMBER)
        assert [(line.description, line.amount) for line in slip.earnings] == [("By invoice", D("125.00"))]
        assert slip.carried_forward == D("125.00")


def test_a_technician_sees_what_he_repaired_and_installed(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician = earner(session, company, "complaint", Measure(amount=D(100)), reopen_days=0)
        subscription = connect(session, company)
        credit_connection(session, subscription_id=subscription.id, staff_id=technician.id, role="installed",
                          from_on=nov(3))  # fmt: skip
        resolved(session, technician, subscription, "no_internet", nov(2))
        accrue(session, nov(2))
        month = own_performance(session, staff_id=technician.id, month=NOVEMBER, today=nov(3))
    assert (month.complaints_resolved, month.hours_to_resolve, month.connections_installed) == (1, D("3.0"), 1)
    assert (month.earnings.total, month.earnings.owed_now) == (D("100.00"), D("100.00"))


@pytest.mark.parametrize(
    ("kind", "measure"),
    [
        ("dancing", Measure(amount=D(1))),
        ("invoice", Measure()),
        ("invoice", Measure(percent=D(1), amount=D(1))),
        ("invoice", Measure(amount=D(-1))),
        ("complaint", Measure(percent=D(1))),
        ("invoice", Measure(tier_by="age", tiers=(Tier(None, percent=D(1)),))),
        ("recovery", Measure(tier_by="age")),
        ("recovery", Measure(tier_by="age", tiers=(Tier(D(30), percent=D(1)),))),
        ("recovery", Measure(tier_by="age", tiers=(Tier(D(30), D(1)), Tier(D(30), D(2)), Tier(None, D(3))))),
        ("recovery", Measure(tier_by="age", tiers=(Tier(D(30), D(1)), Tier(None, amount=D(3))))),
        ("recovery", Measure(tier_by="age", tiers=(Tier(None, D(1)),), graduated=True)),
        ("recovery", Measure(tier_by="month", tiers=(Tier(None, amount=D(1)),), graduated=True)),
    ],
)
def test_a_rule_that_does_not_say_clearly_what_is_earned_is_refused(
    company: TestCompany, kind: str, measure: Measure
) -> None:
    with company_session(company.id, "test") as session:
        plan = add_plan(session, name="Field")
        with pytest.raises(PlanNameTaken):
            add_plan(session, name="Field ")
        with pytest.raises(RuleInvalid):
            add_rule(session, plan_id=plan.id, kind=kind, name="x", valid_from=nov(1), measure=measure)


def test_a_connection_that_does_not_exist_credits_nobody(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician = tariq(session, company)
        with pytest.raises(NotFound):
            credit_connection(session, subscription_id=new_id(), staff_id=technician.id, role="sold")
        with pytest.raises(CreditInvalid):
            installed_by(session, company, technician, role="admired")
        assert settle_accruals(session, [], posted_on=nov(1), actor="x", origin="").accruals == ()
        assert session.scalars(select(Invoice)).all() == []
