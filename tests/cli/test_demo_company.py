"""The demo's company is real: its books hold, and everything the product knows of money is there to be seen."""

from __future__ import annotations

import io
import json
from collections import Counter
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from cli.demo_company import COMPLETE, PHONE_NUMBER_ID, SLUG, load
from core.billing.cash_proof_models import CashProof
from core.billing.debt_models import LateFee, WriteOff
from core.billing.invoice_models import CreditNote, Invoice
from core.billing.invoice_pdf import invoice_pdf
from core.billing.payment_models import Payment, PaymentClaim, Refund
from core.billing.plan_models import Discount, Plan, TaxExemption
from core.billing.subscription_models import ServicePause, Subscription, SubscriptionLine, UsageEvent, Voucher
from core.companies import BusinessNumber, Company
from core.crm.lead_models import Lead
from core.crm.models import Area, Customer
from core.db import company_session, platform_session
from core.ids import Id
from core.ledger.book_models import PeriodEvent
from core.ledger.reconciliation_models import BankLine, BankMatch
from core.ledger.statements import trial_balance
from core.ledger.treasury_models import Bill, CashAccount, Expense, Transfer, VendorCredit
from core.messaging.models import OutboundMessage
from core.network.models import Access
from core.recovery.case_models import Attempt, NeverCut, Promise, RecoveryCase, ServiceCut
from core.service_desk.job_models import Job, JobProof
from core.settings import Settings
from core.staff.cash_models import CashDifference, Handover
from core.staff.commission_models import CommissionAccrual
from core.staff.models import Staff
from core.staff.pay_models import EmployeeDebt, SalaryPayment
from core.usecases.check_books import check_books
from core.usecases.dashboard import dashboard
from tests.cast import NOW, TODAY, TestCompany
from tests.phones import Phone, webhook_client


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def town(database: str, folder: Path) -> Id:
    """The demo with forty customers, loaded once for this module."""
    said: list[str] = []
    load(Settings(data_dir=folder, _env_file=None), said.append, NOW, customers=40)
    assert said[-1] == "Loading the demo company: November 2026"
    with platform_session() as session:
        return session.scalars(select(Company.id).where(Company.slug == SLUG)).one()


def count(session: Session, model: type, *conditions: object) -> int:
    return session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0  # type: ignore[arg-type]


def states(session: Session, column: object) -> Counter[str]:
    return Counter(session.scalars(select(column)).all())  # type: ignore[call-overload]


def test_the_books_hold_and_balance(town: Id) -> None:
    with company_session(town) as session:
        assert check_books(session, as_of=TODAY) == []
        rows = trial_balance(session, as_of=TODAY)
        assert len(rows) > 30
        assert sum(row.debit for row in rows) == sum(row.credit for row in rows) > 0
        assert count(session, PeriodEvent) == 1
        assert {row.code for row in rows if row.credit > row.debit} >= {"4000", "4050", "2100", "2300"}


def test_every_kind_of_plan_and_agreement_is_sold(town: Id) -> None:
    with company_session(town) as session:
        assert set(session.scalars(select(Plan.kind).join(SubscriptionLine, SubscriptionLine.plan_id == Plan.id))) == {
            "flat", "tier", "metered",
        }  # fmt: skip
        contracts = session.scalars(select(Subscription).where(Subscription.contract_no != "")).all()
        assert sorted(len(contract.lines) for contract in contracts) == [5, 36]
        assert count(session, Subscription, Subscription.paid_until > NOW) == 2
        assert count(session, Subscription, Subscription.paid_until < NOW, Subscription.state == "suspended") == 1
        assert count(session, SubscriptionLine, SubscriptionLine.role == "addon") == 1
        assert count(session, Subscription, Subscription.payer_id.is_not(None)) == 1
        assert count(session, Subscription, Subscription.due_days == 20) == 1
        assert (count(session, Discount), count(session, TaxExemption)) == (3, 1)
        assert count(session, ServicePause, ServicePause.reason == "customer_request") == 1
        assert count(session, UsageEvent) > 100
        assert set(session.scalars(select(Area.jurisdiction))) == {"PK-PB"}


def test_bills_went_through_everything_that_happens_to_bills(town: Id) -> None:
    with company_session(town) as session:
        assert {"void", "paid", "issued", "part_paid"} <= set(states(session, Invoice.state))
        assert {"period", "change", "late_fee", "opening", "renewal"} <= set(states(session, Invoice.reason))
        assert count(session, CreditNote) >= 2 and count(session, LateFee) > 0
        assert states(session, WriteOff.state) == {"asked": 1}
        assert states(session, Refund.state) == {"asked": 1}
        assert {"cash", "jazzcash", "easypaisa", "bank", "cheque", "voucher", "opening"} <= set(
            states(session, Payment.method)
        )
        assert count(session, Payment, Payment.state == "bounced") == 1
        assert count(session, Payment, Payment.withheld_income_tax > 0) >= 2
        assert count(session, Payment, Payment.unallocated > 0) >= 1
        assert states(session, PaymentClaim.state) == {"pending": 3}
        assert states(session, Voucher.state) == {"made": 30, "sold": 19, "used": 1}


def test_recovery_is_under_way_and_who_is_cut_is_cut_on_the_network(town: Id) -> None:
    with company_session(town) as session:
        assert states(session, RecoveryCase.state)["open"] >= 3
        assert {"open", "kept", "broken"} <= set(states(session, Promise.state))
        assert count(session, Attempt) > 5 and count(session, NeverCut) == 1
        cuts = session.scalars(select(ServiceCut).where(ServiceCut.restored_at.is_(None))).all()
        assert cuts
        blocked = select(Subscription.customer_id).join(Access, Access.subscription_id == Subscription.id)
        blocked = blocked.where(Access.state == "blocked", Subscription.state == "suspended")
        assert {cut.customer_id for cut in cuts} <= set(session.scalars(blocked))
        hospital = session.scalars(select(Customer).where(Customer.customer_class == "hospital")).one()
        assert hospital.state == "active" and hospital.id not in {cut.customer_id for cut in cuts}
        assert states(session, Handover.state)["announced"] == 1
        assert count(session, CashDifference, CashDifference.kind == "short") >= 1


def test_customers_have_their_say_on_the_cash_of_agents(town: Id) -> None:
    with company_session(town) as session:
        counts = states(session, CashProof.state)
    assert counts["confirmed"] > counts["waiting"] > counts["disputed"] == counts["settled"] == 1
    assert counts["unreachable"] > 0


def test_the_office_has_its_papers(town: Id) -> None:
    with company_session(town) as session:
        assert states(session, CashAccount.kind) == {"cash": 1, "bank": 2, "wallet": 2}
        assert states(session, Transfer.state)["sent"] == 1 and states(session, Transfer.state)["arrived"] >= 1
        assert {"open", "paid", "part_paid"} & set(states(session, Bill.state)) and count(session, Bill) == 8
        assert states(session, Expense.state)["asked"] == 1 and count(session, Expense) > 9
        assert count(session, SalaryPayment) == 22 and count(session, EmployeeDebt) == 2
        assert count(session, CommissionAccrual) > 0
        lines, matched = count(session, BankLine), count(session, BankMatch)
        assert lines > matched > 0


def test_a_long_bill_goes_over_two_pages(town: Id) -> None:
    with company_session(town) as session:
        school = session.scalars(select(Customer).where(Customer.name == "Ravi Model Schools")).one()
        bill = session.scalars(
            select(Invoice).where(Invoice.customer_id == school.id, Invoice.reason == "period").limit(1)
        ).one()
        pages = PdfReader(io.BytesIO(invoice_pdf(session, invoice_id=bill.id)[1])).pages
        assert len(pages) == 2 and "Campus 36" in pages[1].extract_text() + pages[0].extract_text()


def test_a_vendor_credited_a_bill_and_an_employee_left_with_his_advance_set_off(town: Id) -> None:
    with company_session(town) as session:
        assert count(session, VendorCredit) == 1
        gone = session.scalars(select(Staff).where(Staff.state == "left")).one()
        debt = session.scalars(select(EmployeeDebt).where(EmployeeDebt.staff_id == gone.id)).one()
        assert (gone.name, debt.outstanding) == ("Kashif Iqbal", 0)


def test_agents_visits_say_how_far_from_the_customer_they_were(town: Id) -> None:
    with company_session(town) as session:
        metres = session.scalars(select(Attempt.metres).where(Attempt.channel == "visit")).all()
        assert metres and all(each is not None for each in metres)
        assert min(metres) < 100 < 1000 < max(metres)


def test_technicians_have_weeks_of_visits_behind_them_and_a_day_before_them(town: Id) -> None:
    with company_session(town) as session:
        assert set(states(session, Job.state)) == {
            "planned", "assigned", "on_the_way", "arrived", "blocked", "no_show", "done",
        }  # fmt: skip
        assert {"installation", "repair", "survey"} <= set(states(session, Job.kind))
        assert {"tap", "code", "nobody"} <= set(states(session, Job.confirmed_by))
        assert count(session, JobProof, JobProof.twin_id.is_not(None)) == 1
        assert count(session, Job, Job.doubt != "", Job.looked_at_by == "") >= 3
        assert set(states(session, Lead.state)) == {"new", "approved", "refused"}


def test_nobody_is_written_to_about_the_past(town: Id) -> None:
    with company_session(town) as session:
        assert set(states(session, OutboundMessage.state)) <= {"delivered"}


def test_a_second_start_only_returns_the_logins(town: Id, folder: Path) -> None:
    logins = load(Settings(data_dir=folder, _env_file=None), print, NOW)
    assert [login.role for login in logins] == ["owner", "manager", "recovery_agent", "super_admin"]
    assert (folder / COMPLETE).exists()


def test_the_phones_show_what_people_owe_in_lakh(town: Id, folder: Path) -> None:
    people = json.loads((folder / "people.json").read_text())
    labels = [person["label"] for person in people if person["group"] == "Customers"]
    assert len(labels) >= 13 and any("Rs 2," in label or "Rs 3," in label for label in labels)
    assert Counter(person["group"] for person in people)["Technicians"] == 5


def test_the_dashboard_counts_what_happened(town: Id) -> None:
    with company_session(town) as session:
        board = dashboard(session, today=TODAY)
        assert board.books_off_by == 0 and board.billed_this_month > 50_000 and board.collected_this_month > 50_000


def test_customer_agent_technician_and_owner_are_answered_on_their_phones(town: Id, folder: Path) -> None:
    with company_session(town) as session:
        number = session.scalars(select(BusinessNumber)).one()
        area_id, zone_id = session.execute(text("SELECT area_id, id FROM sub_zone LIMIT 1")).one()
    company = TestCompany(town, SLUG, number.id, PHONE_NUMBER_ID, area_id, zone_id)
    people = json.loads((folder / "people.json").read_text())
    debtor = next(person for person in people if "overdue" in person["label"])
    assert debtor["label"].split("Rs ")[1].split(" ")[0] in answer_to(company, debtor["phone"], "what is my balance")
    assert "Rs" in answer_to(company, "+923008000001", "today's figures")
    assert "C-2" in answer_to(company, "+923008000011", "my worklist")
    assert "*J-" in answer_to(company, "+923008000021", "my jobs")


def answer_to(company: TestCompany, number: str, words: str) -> str:
    phone = Phone(webhook_client(), company, number)
    phone.replies()
    return phone.says(words).text
