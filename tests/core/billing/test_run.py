"""The invoice run: everybody billed once, in sets, whatever is broken among them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core.billing.invoice_models import CreditNote, Invoice, InvoiceLine, InvoiceRun, InvoiceRunProblem
from core.billing.invoices import issue_charges, issue_subscription_invoice, preview_invoice
from core.billing.lines import add_line, end_line, grant_discount
from core.billing.payment_models import Allocation, Payment
from core.billing.payments import record_payment
from core.billing.plan_models import BillingPolicy, Plan
from core.billing.plans import add_plan
from core.billing.subscription_models import PendingCharge, ServicePause, Subscription, UsageEvent
from core.billing.subscriptions import NewLine, start_contract, start_subscription
from core.crm.models import Contact, ContactAccount, Customer, CustomerPhone
from core.db import company_session
from core.ids import Id, new_id
from core.ledger.models import Account, JournalEntry, Posting
from core.messaging import payloads
from core.messaging.models import OutboundMessage
from core.money import ZERO
from core.usecases.run_invoices import RunReport, dry_run, is_billed, run_invoices
from tests.builders import make_customer, make_plan
from tests.cast import TestCompany
from tests.town import build_town, pay_ahead
from workers.billing import run_invoices_of_day

DAY = date(2026, 11, 1)
DECEMBER = date(2026, 12, 1)
NOW = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)
D = Decimal


def subscribe(session: Session, company: TestCompany, plan: Plan, *, started_on: date = DAY, **more: Any) -> Id:
    customer = make_customer(session, company)
    return start_subscription(
        session, customer_id=customer.id, site_id=customer.sites[0].id, plan_id=plan.id, started_on=started_on, **more
    ).id


def bill(company: TestCompany, day: date = DAY, **more: Any) -> RunReport:
    return run_invoices(company.id, day, started_by="test", now=NOW, **more)


def set_policy(session: Session, **values: Any) -> None:
    policy = session.scalars(select(BillingPolicy)).one()
    for name, value in values.items():
        setattr(policy, name, value)


def invoices(company: TestCompany, subscription_id: Id) -> list[tuple[date, str]]:
    with company_session(company.id) as session:
        found = select(Invoice).where(Invoice.subscription_id == subscription_id).order_by(Invoice.number)
        return [(i.period_start, str(i.total)) for i in session.scalars(found) if i.period_start is not None]


def booked(session: Session, code: str) -> Decimal:
    total = select(func.sum(Posting.amount)).join(Account, Account.id == Posting.account_id).where(Account.code == code)
    return session.scalar(total) or ZERO


def test_a_run_bills_everybody_who_is_due_and_moves_them_on(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        plan = make_plan(session)
        due = [subscribe(session, company, plan) for _ in range(3)]
        later = subscribe(session, company, plan, started_on=date(2026, 11, 2))
    report = bill(company)
    assert (report.state, report.due, report.invoiced, report.problems) == ("done", 3, 3, 0)
    assert str(report.amount) == "10306.89"
    with company_session(company.id, "test") as session:
        numbers = session.scalars(select(Invoice.number).order_by(Invoice.number)).all()
        assert numbers == [f"INV-2026-27-00000{n}" for n in (1, 2, 3)]
        assert session.get_one(Subscription, due[0]).next_bill_on == DECEMBER
        assert session.get_one(Subscription, later).billed_until is None
        entry = session.scalars(select(JournalEntry).where(JournalEntry.kind == "invoice").limit(1)).one()
        assert (entry.origin, entry.actor, entry.posted_on) == (f"run:{report.run_id}", "test", DAY)
        assert (booked(session, "1100"), booked(session, "4000")) == (report.amount, D("-7500.00"))
        income = session.scalars(select(Posting).where(Posting.plan_id == plan.id)).all()
        assert [posting.area_id for posting in income] == [company.area_id] * 3


def test_a_second_run_of_the_day_changes_nothing(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        subscribe(session, company, make_plan(session))
    counted = [
        select(func.count()).select_from(model) for model in (Invoice, JournalEntry, OutboundMessage, InvoiceRun)
    ]
    first = bill(company)
    with company_session(company.id) as session:
        before = [session.scalar(count) for count in counted]
    assert bill(company) == first
    with company_session(company.id) as session:
        assert [session.scalar(count) for count in counted] == before
        assert is_billed(session, day=DAY) and not is_billed(session, day=DECEMBER)


def test_missed_months_are_caught_up_each_on_its_own_invoice(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        late = subscribe(session, company, make_plan(session), started_on=date(2026, 8, 31), billing_day=31)
    bill(company, date(2026, 11, 30))
    assert [start for start, _ in invoices(company, late)] == [
        date(2026, 8, 31), date(2026, 9, 30), date(2026, 10, 31), date(2026, 11, 30),
    ]  # fmt: skip
    with company_session(company.id) as session:
        owed = select(Invoice.earlier_balance).order_by(Invoice.number)
        assert [str(x) for x in session.scalars(owed)] == ["0.00", "3435.63", "6871.26", "10306.89"]


def test_whoever_is_too_far_behind_is_parked_unbilled(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        plan = make_plan(session)
        session.execute(text("UPDATE plan_price SET valid_from = '1990-01-01'"))
        subscribe(session, company, plan, started_on=date(1999, 1, 1))
        just = subscribe(session, company, plan, started_on=date(2023, 12, 1))
    report = bill(company)
    assert (report.invoiced, report.problems) == (36, 1)
    assert len(invoices(company, just)) == 36


# Broken records


def test_broken_records_are_reported_by_name_and_hold_nobody_up(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        plan, priceless = make_plan(session), make_plan(session, mbps=30)
        session.execute(text("DELETE FROM plan_price WHERE plan_id = :id"), {"id": priceless.id})
        healthy = [subscribe(session, company, plan) for _ in range(20)]
        broken = {subscribe(session, company, plan): reason for reason in ("address", "date", "sum", "lines")}
        broken[subscribe(session, company, priceless)] = "price"
        ids = {reason: identifier for identifier, reason in broken.items()}
        spoil: Callable[..., Any] = lambda sql, reason: session.execute(text(sql), {"id": ids[reason]})  # noqa: E731
        spoil("UPDATE site SET address = ' ' WHERE id = (SELECT site_id FROM subscription WHERE id = :id)", "address")
        spoil("UPDATE subscription_line SET ends_on = '12026-01-01' WHERE subscription_id = :id", "date")
        spoil("UPDATE subscription_line SET quantity = 99999, agreed_price = 1e11 WHERE subscription_id = :id", "sum")
        spoil("DELETE FROM subscription_line WHERE subscription_id = :id", "lines")
    report = bill(company, batch=8)
    assert (report.state, report.invoiced, report.problems) == ("done", 20, 5)
    assert all(len(invoices(company, identifier)) == 1 for identifier in healthy)
    with company_session(company.id) as session:
        problems = session.scalars(select(InvoiceRunProblem)).all()
        found = {broken[problem.subscription_id]: problem for problem in problems}
        assert found.keys() == ids.keys()
        assert found["address"].reason.endswith("has no address to invoice: add one to the site")
        assert found["address"].customer_name == "Ayesha Khan" and found["address"].customer_number.startswith("C-")
        assert "has no price on 2026-11-01" in found["price"].reason
        assert "year" in found["date"].reason and "more than an invoice can say" in found["sum"].reason
        assert sorted(session.scalars(select(Invoice.number))) == [f"INV-2026-27-{n:06d}" for n in range(1, 21)]
    dry = dry_run(company.id, DAY)
    assert {problem.subscription_id for problem in dry.problems} == broken.keys() and dry.invoices == []


def test_a_mended_record_is_billed_by_the_next_run_and_its_problem_resolved(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        mended = subscribe(session, company, make_plan(session))
        session.execute(text("UPDATE site SET address = ''"))
    assert bill(company).problems == 1
    assert bill(company).problems == 1
    with company_session(company.id) as session:
        assert session.scalar(select(func.count()).select_from(InvoiceRunProblem)) == 1
        session.execute(text("UPDATE site SET address = 'House 9'"))
    assert (bill(company).problems, len(invoices(company, mended))) == (0, 1)
    with company_session(company.id) as session:
        assert session.scalars(select(InvoiceRunProblem.resolved_at)).all() == [NOW]


# The same to the paisa


def test_preview_dry_run_single_issue_and_run_say_the_same(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        build_town(session, company, 120)
        ids = list(session.scalars(select(Subscription.id).order_by(Subscription.id)))
        for number, identifier in enumerate(ids[:30]):
            charge(session, session.get_one(Subscription, identifier).customer_id, amount=D(100 + number))
        previews = {i: preview_invoice(session, subscription_id=i, issued_on=DAY) for i in ids}
        for identifier in ids[::7]:
            issue_subscription_invoice(session, subscription_id=identifier, issued_on=DAY, actor="test")
    dry = dry_run(company.id, DAY, batch=17)
    report = bill(company, batch=17)
    assert (report.amount, report.invoiced) == (dry.amount, len(dry.invoices))
    dry_total = {invoice.subscription_id: invoice.total for invoice in dry.invoices}
    with company_session(company.id) as session:
        for identifier in ids:
            issued = session.scalars(select(Invoice).where(Invoice.subscription_id == identifier)).one()
            preview = previews[identifier]
            assert (issued.net, issued.tax, issued.total) == (preview.net, preview.tax, preview.total)
            assert dry_total.get(identifier, preview.total) == preview.total
            assert [
                (line.kind, line.description, line.quantity, line.unit_price, line.discount, line.amount,
                 line.subscription_line_id, line.plan_id, line.tax_code, line.tax_base, line.account_code)
                for line in issued.lines
            ] == [
                (line.kind, line.description, line.quantity, line.unit_price, line.discount, line.amount,
                 line.subscription_line_id, line.plan_id, line.tax_code, line.tax_base, line.account_code)
                for line in preview.lines
            ]  # fmt: skip


def test_what_a_run_freezes_is_what_a_single_issue_freezes(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        plan = make_plan(session)
        single, by_run = subscribe(session, company, plan), subscribe(session, company, plan)
        for identifier in (single, by_run):
            customer_id = session.get_one(Subscription, identifier).customer_id
            pay(session, customer_id, "1000.00")
        issue_subscription_invoice(session, subscription_id=single, issued_on=DAY, actor="test")
    bill(company)
    own = {"id", "created_at", "number", "token", "customer_id", "subscription_id", "run_id"}
    with company_session(company.id) as session:
        rows = session.execute(
            text("SELECT to_jsonb(i) FROM invoice i WHERE subscription_id IN (:a, :b)"), {"a": single, "b": by_run}
        ).scalars()
        one, other = [{name: value for name, value in row.items() if name not in own} for row in rows]
        assert one == other
        assert (one["state"], one["balance"], one["customer_tax_number"]) == ("part_paid", 2435.63, "*********5671")
        kinds = select(JournalEntry.kind, func.count()).group_by(JournalEntry.kind)
        assert dict(session.execute(kinds).all()) == {"payment": 2, "invoice": 2, "advance_applied": 2}  # type: ignore[arg-type]


# Money paid ahead, charges


def pay(session: Session, customer_id: Id, amount: str, day: date = date(2026, 10, 20)) -> Payment:
    return record_payment(
        session, customer_id=customer_id, amount=D(amount), method="cash", received_on=day,
        idempotency_key=str(new_id()), taken_by="test", now=NOW,
    )  # fmt: skip


def charge(session: Session, customer_id: Id, *, amount: Decimal, bill_from: date = DAY,
           subscription_id: Id | None = None) -> Id:  # fmt: skip
    row = PendingCharge(
        id=new_id(), customer_id=customer_id, subscription_id=subscription_id, invoice_kind="installation",
        service_class="installation", description="Cable to the roof", unit_price=amount, amount=amount,
        account_code="4020", bill_from=bill_from, idempotency_key=str(new_id()), created_by="test",
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def test_advance_settles_the_oldest_first_from_payments_and_credit_notes(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        plan = make_plan(session)
        identifier = subscribe(session, company, plan)
        customer_id = session.get_one(Subscription, identifier).customer_id
        billed = issue_subscription_invoice(session, subscription_id=subscribe(session, company, plan), issued_on=DAY,
                                            actor="test")  # fmt: skip
        newer, older = pay(session, customer_id, "3000.00"), pay(session, customer_id, "500.00", date(2026, 10, 1))
        credit = CreditNote(
            id=new_id(), number="CN-1", invoice_id=billed.id, customer_id=customer_id, reason="x",
            issued_on=date(2026, 10, 10), net=D(100), tax=ZERO, total=D(100), unallocated=D(100),
            idempotency_key="x", made_by="test",
        )  # fmt: skip
        session.add(credit)
    bill(company)
    with company_session(company.id) as session:
        invoice = session.scalars(select(Invoice).where(Invoice.subscription_id == identifier)).one()
        assert (str(invoice.balance), invoice.state) == ("0.00", "paid")
        left = [session.get_one(Payment, p.id).unallocated for p in (older, newer)]
        assert [str(x) for x in (*left, session.get_one(CreditNote, credit.id).unallocated)] == [
            "0.00",
            "164.37",
            "0.00",
        ]
        parts = session.scalars(select(Allocation).where(Allocation.invoice_id == invoice.id)).all()
        assert sorted(str(part.amount) for part in parts) == ["100.00", "2835.63", "500.00"]
        assert all(part.from_advance for part in parts)


def test_the_subledgers_tie_after_a_run_over_a_town_that_paid_ahead(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        build_town(session, company, 200)
        pay_ahead(session)
    bill(company, batch=30)
    with company_session(company.id) as session:
        assert booked(session, "1100") == session.scalar(select(func.sum(Invoice.balance)))
        assert -booked(session, "2200") == session.scalar(select(func.sum(Payment.unallocated)))


def test_a_charge_joins_one_invoice_whatever_lines_its_payer_has(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        plan = make_plan(session)
        first = subscribe(session, company, plan)
        payer = session.get_one(Subscription, first).customer_id
        second = subscribe(session, company, plan, payer_id=payer)
        taken = charge(session, payer, amount=D("1000.00"))
        later = charge(session, payer, amount=D("500.00"), bill_from=DECEMBER)
        own = charge(session, payer, amount=D("200.00"), subscription_id=second)
    assert str(dry_run(company.id, DAY, batch=1).amount) == "8520.36"  # two months, and 1,200 with both taxes
    bill(company, batch=1)
    with company_session(company.id) as session:
        joined = {c: session.get_one(PendingCharge, c).invoice_id for c in (taken, later, own)}
        assert joined[later] is None
        assert session.get_one(Invoice, joined[taken]).subscription_id == first
        assert session.get_one(Invoice, joined[own]).subscription_id == second
        assert set(session.scalars(select(Invoice.customer_id))) == {payer}
        alone = issue_charges(session, customer_id=payer, issued_on=DECEMBER, actor="test")
        assert (alone.kind, str(alone.total)) == ("installation", "687.13")


# Who is billed, and when


def test_prepaid_ended_and_held_subscriptions_are_left_alone(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        plan = make_plan(session)
        prepaid = add_plan(session, code="P30", name="Prepaid", download_mbps=10, upload_mbps=10, price=D(1000),
                           valid_from=date(2026, 1, 1), validity_days=30)  # fmt: skip
        assert session.get_one(Subscription, subscribe(session, company, prepaid)).next_bill_on is None
        forced, ended, suspended, paused = (
            subscribe(session, company, p) for p in (prepaid, plan, plan, plan)
        )  # fmt: skip
        session.get_one(Subscription, forced).next_bill_on = DAY
        session.get_one(Subscription, ended).state = "ended"
        session.get_one(Subscription, ended).ended_on = DAY
        session.get_one(Subscription, suspended).state = "suspended"
        session.get_one(Subscription, paused).state = "paused"
        set_policy(session, suspended_days_billed=False)
    assert bill(company).invoiced == 0
    with company_session(company.id, "test") as session:
        assert session.get_one(Subscription, ended).next_bill_on is None
        set_policy(session, suspended_days_billed=True)
    assert bill(company).invoiced == 1
    with company_session(company.id, "test") as session:
        session.add(ServicePause(id=new_id(), subscription_id=paused, reason="customer_request", starts_on=DAY,
                                 ends_on=date(2026, 11, 16)))  # fmt: skip
        session.get_one(Subscription, paused).state = "active"
    bill(company, date(2026, 11, 16))
    assert invoices(company, paused) == [(DAY, "1717.81")]


def test_an_ended_subscription_is_billed_to_its_end_and_metered_use_after_it(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        metered = add_plan(session, code="M", name="Metered", download_mbps=10, upload_mbps=10, price=D("300.00"),
                           valid_from=date(2026, 1, 1), kind="metered", allowance_gb=10, rating="graduated",
                           bands=[(0, D("5"))])  # fmt: skip
        session.execute(text("DELETE FROM tax_rate"))
        identifier = subscribe(session, company, metered)
        subscription = session.get_one(Subscription, identifier)
        subscription.ended_on = date(2026, 12, 16)
        for day, used in ((DAY, 20 * 10**9), (DECEMBER, 15 * 10**9)):
            session.add(UsageEvent(id=new_id(), subscription_id=identifier, day=day, bytes=used, source_id=str(day)))
    for day in (DAY, DECEMBER, date(2026, 12, 16), date(2027, 1, 1)):
        bill(company, day)
    # November's fee; December's half fee and 10 GB above; 15 - 4.84 GB = 11 GB above in December.
    assert invoices(company, identifier) == [(DAY, "300.00"), (DECEMBER, "195.16"), (date(2026, 12, 16), "55.00")]


def test_a_contract_is_one_invoice_to_its_payer_with_its_own_days_and_shared_price(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        plan, customer = make_plan(session), make_customer(session, company)
        head_office = make_customer(session, company, name="Head Office")
        site = customer.sites[0].id
        lines = [NewLine(plan.id, "site", site, f"Branch {n}") for n in range(3)]
        contract = start_contract(
            session, customer_id=customer.id, payer_id=head_office.id, started_on=DAY, lines=lines, contract_no="CT-7",
            package_price=D("10000.00"), due_days=30,
        )  # fmt: skip
        session.execute(text("DELETE FROM tax_rate"))
    bill(company)
    with company_session(company.id) as session:
        invoice = session.scalars(select(Invoice).where(Invoice.subscription_id == contract.id)).one()
        assert (invoice.customer_name, invoice.due_on) == ("Head Office", date(2026, 12, 1))
        assert [str(line.amount) for line in invoice.lines] == ["3333.34", "3333.33", "3333.33"]
        assert invoice.lines[1].description.startswith("Branch 1, ")


def test_an_add_on_is_invoiced_for_the_days_left_and_then_by_the_run(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        session.execute(text("DELETE FROM tax_rate"))
        plan = make_plan(session)
        tv = add_plan(session, code="TV", name="TV", download_mbps=0, upload_mbps=0, price=D("300.00"),
                      valid_from=date(2026, 1, 1), service_class="tv")  # fmt: skip
        identifier = subscribe(session, company, plan)
        issue_subscription_invoice(session, subscription_id=identifier, issued_on=DAY, actor="test")
        line, invoice = add_line(session, subscription_id=identifier, line=NewLine(tv.id), issued_on=date(2026, 11, 16),
                                 actor="test")  # fmt: skip
        assert invoice is not None and (str(invoice.total), invoice.reason) == ("150.00", "change")
        grant_discount(
            session, subscription_id=identifier, amount=D("100.00"), valid_from=date(2026, 11, 20), periods=1
        )
    bill(company, DECEMBER)
    with company_session(company.id, "test") as session:
        end_line(session, line_id=line.id, on=date(2027, 1, 11))
    bill(company, date(2027, 1, 1))
    bill(company, date(2027, 2, 1))
    assert [total for _, total in invoices(company, identifier)] == [
        "2500.00",
        "150.00",
        "2700.00",
        "2596.77",
        "2500.00",
    ]


def test_a_discount_for_some_periods_counts_from_the_next_one(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        session.execute(text("DELETE FROM tax_rate"))
        identifier = subscribe(session, company, make_plan(session), started_on=date(2026, 10, 15), billing_day=31)
        discount = grant_discount(session, subscription_id=identifier, percent=D(50), valid_from=date(2026, 10, 20),
                                  periods=3)  # fmt: skip
        assert discount.valid_to == date(2026, 12, 31)
    bill(company, date(2027, 1, 31))
    assert [total for _, total in invoices(company, identifier)] == [
        "1290.32", "1250.00", "1250.00", "1250.00", "2500.00",
    ]  # fmt: skip


# Notices


def test_notices_go_to_whom_may_be_told_in_his_language_and_pass_meta(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        plan = make_plan(session)
        told, left, unknown = (subscribe(session, company, plan) for _ in range(3))
        for identifier, gone in ((told, None), (left, NOW)):
            customer = session.get_one(Customer, session.get_one(Subscription, identifier).customer_id)
            phone = session.scalars(select(CustomerPhone.phone).where(CustomerPhone.customer_id == customer.id)).one()
            contact = Contact(id=new_id(), phone=phone, language="ur_Latn", opted_out_at=gone)
            session.add(contact)
            session.flush()
            session.add(ContactAccount(id=new_id(), contact_id=contact.id, customer_id=customer.id))
    bill(company)
    with company_session(company.id) as session:
        message = session.scalars(select(OutboundMessage)).one()
        invoice = session.scalars(select(Invoice).where(Invoice.subscription_id == told)).one()
        assert (message.lane, message.dedupe_key) == ("billing", f"invoice:{invoice.id}")
        assert message.text.splitlines() == [
            f"Bill *{invoice.number}*", "1 Nov 2026 - 30 Nov 2026", "Raqam: *Rs 3,435.63*",
            "Aakhri tareekh: 10 Nov 2026", "Abhi dena hai: Rs 3,435.63",
        ]  # fmt: skip
        assert message.payload == payloads.text(message.text) and message.template is not None
        assert invoice.number in json.dumps(payloads.template(**message.template))
        assert message.expires_at - message.not_before == timedelta(days=3)
        assert unknown != left


def test_nobody_is_told_at_night_and_nobody_at_all_where_the_company_does_not_want_it(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        build_town(session, company, 4)
    midnight = datetime(2026, 10, 31, 19, 5, tzinfo=UTC)
    run_invoices(company.id, DAY, started_by="test", now=midnight)
    with company_session(company.id, "test") as session:
        starts = set(session.scalars(select(OutboundMessage.not_before)))
        assert starts == {datetime(2026, 11, 1, 4, 0, tzinfo=UTC)}
        set_policy(session, notices=False)
    bill(company, DECEMBER)
    with company_session(company.id) as session:
        assert session.scalar(select(func.count()).select_from(OutboundMessage)) == 4


# The day's job, and settings


def test_the_days_job_bills_a_company_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        subscribe(session, company, make_plan(session))
    run_invoices_of_day(str(company.id))
    run_invoices_of_day(str(company.id))
    with company_session(company.id) as session:
        run = session.scalars(select(InvoiceRun)).one()
        assert (run.state, run.started_by) == ("done", "system") and run.invoiced >= 1


@pytest.mark.parametrize(
    ("policy", "started_on", "totals"),
    [
        ({"alignment": "anniversary"}, date(2026, 10, 31), ["2500.00"]),
        ({}, date(2026, 10, 20), ["967.74", "2500.00"]),
        ({"calendar_day": 5}, date(2026, 10, 20), ["1290.32"]),
        ({"short_first_period_days": 13}, date(2026, 10, 20), ["3467.74"]),
        ({"proration": "thirty"}, date(2026, 10, 20), ["916.67", "2500.00"]),
        ({"whole_rupees": True}, date(2026, 10, 20), ["968.00", "2500.00"]),
    ],
)
def test_the_companys_policy_decides_the_first_invoices(
    company: TestCompany, policy: dict[str, Any], started_on: date, totals: list[str]
) -> None:
    with company_session(company.id, "test") as session:
        session.execute(text("DELETE FROM tax_rate"))
        set_policy(session, **policy)
        identifier = subscribe(session, company, make_plan(session), started_on=started_on)
    bill(company)
    assert [total for _, total in invoices(company, identifier)] == totals
    with company_session(company.id) as session:
        rounded_off = select(InvoiceLine.amount).where(InvoiceLine.kind == "rounding")
        assert [str(x) for x in session.scalars(rounded_off)] == (["0.26"] if "whole_rupees" in policy else [])
