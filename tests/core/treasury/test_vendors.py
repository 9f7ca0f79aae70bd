"""Upstream bills, purchases, payments in parts, and what each vendor is owed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.db import company_session
from core.ledger import bills
from core.ledger.bills import BillItem
from core.ledger.treasury_models import Bill, Vendor, VendorPayment
from core.ledger.vendor_payments import (
    VendorPaymentInvalid,
    VendorPaymentReversed,
    pay_vendor,
    reverse_vendor_payment,
    withholding_for,
)
from core.ledger.vendors import VendorInvalid, add_contract, add_vendor, owed_to, vendor_ageing, vendor_statement
from core.money import ZERO
from tests.cast import TestCompany
from tests.core.treasury.accounts import a_bank, stands, the_books_balance

HAMID = "staff:hamid"
NOV1, NOV20, DEC1 = date(2026, 11, 1), date(2026, 11, 20), date(2026, 12, 1)


def upstream(session: Session, *, name: str = "Transworld", terms_days: int = 15) -> Vendor:
    return add_vendor(session, name=name, kind="upstream", terms_days=terms_days, withholding_percent=Decimal(4))


def a_bill(session: Session, vendor: Vendor, net: str, *, day: date = NOV1, tax: str = "0.00", ref: str = "") -> Bill:
    return bills.enter_bill(
        session, vendor_id=vendor.id, billed_on=day, actor=HAMID, vendor_ref=ref,
        items=[BillItem("IP transit", Decimal(net), "5000", tax=Decimal(tax))],
    )  # fmt: skip


def test_a_bill_is_owed_with_its_input_tax_and_due_by_the_vendors_terms(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        vendor = upstream(session)
        bill = a_bill(session, vendor, "500000.00", tax="97500.00", ref="TW-9921")
        assert (bill.number, bill.due_on, str(bill.total)) == ("VB-1", date(2026, 11, 16), "597500.00")
        assert stands(session, "5000", "1130", "2300") == ["500000.00", "97500.00", "-597500.00"]
        with pytest.raises(bills.BillKnown, match="VB-1"):
            a_bill(session, vendor, "1.00", ref="tw-9921")
        with pytest.raises(bills.BillInvalid, match="1100"):
            bills.enter_bill(session, vendor_id=vendor.id, billed_on=NOV1, actor=HAMID,
                             items=[BillItem("x", Decimal(5), "1100")])  # fmt: skip


def test_part_payments_settle_and_tax_withheld_settles_like_money(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank, vendor = a_bank(session, opening="900000.00"), upstream(session)
        bill = a_bill(session, vendor, "500000.00")
        assert withholding_for(session, vendor_id=vendor.id, settled=Decimal("200000.00")) == Decimal("8000.00")
        for _ in range(2):
            pay_vendor(session, vendor_id=vendor.id, cash_account_id=bank.id, amount=Decimal("192000.00"),
                       withheld=Decimal("8000.00"), paid_on=NOV20, idempotency_key="p1", actor=HAMID)  # fmt: skip
        assert (bill.state, str(bill.balance)) == ("part_paid", "300000.00")
        assert stands(session, "2300", "2120", "1020") == ["-300000.00", "-8000.00", "708000.00"]
        rest = pay_vendor(session, vendor_id=vendor.id, cash_account_id=bank.id, amount=Decimal("310000.00"),
                          paid_on=NOV20, idempotency_key="p2", actor=HAMID)  # fmt: skip
        assert (bill.state, str(rest.unallocated)) == ("paid", "10000.00")
        assert owed_to(session, vendor_id=vendor.id) == Decimal("-10000.00")
        following = a_bill(session, vendor, "25000.00", day=DEC1)
        assert (following.state, str(following.balance)) == ("part_paid", "15000.00")
        with pytest.raises(VendorPaymentInvalid, match="named bill"):
            pay_vendor(session, vendor_id=vendor.id, cash_account_id=bank.id, amount=Decimal("1.00"), paid_on=NOV20,
                       idempotency_key="p3", actor=HAMID, bill_ids=[bill.id])  # fmt: skip


def test_a_named_bill_is_paid_before_an_older_one(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank, vendor = a_bank(session), upstream(session)
        older, newer = a_bill(session, vendor, "1000.00"), a_bill(session, vendor, "1000.00", day=NOV20)
        pay_vendor(session, vendor_id=vendor.id, cash_account_id=bank.id, amount=Decimal("1200.00"), paid_on=NOV20,
                   idempotency_key="p1", actor=HAMID, bill_ids=[newer.id])  # fmt: skip
        assert (str(older.balance), str(newer.balance)) == ("800.00", "0.00")


def test_a_payment_taken_back_opens_its_bills_again(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank, vendor = a_bank(session), upstream(session)
        bill = a_bill(session, vendor, "1000.00")
        paid = pay_vendor(session, vendor_id=vendor.id, cash_account_id=bank.id, amount=Decimal("1500.00"),
                          paid_on=NOV20, idempotency_key="p1", actor=HAMID)  # fmt: skip
        reverse_vendor_payment(session, payment_id=paid.id, reversed_on=NOV20, actor=HAMID, reason="cheque returned")
        assert (bill.state, str(bill.balance), stands(session, "2300", "1020")) == (
            "open", "1000.00", ["-1000.00", "100000.00"],
        )  # fmt: skip
        with pytest.raises(VendorPaymentReversed):
            reverse_vendor_payment(session, payment_id=paid.id, reversed_on=NOV20, actor=HAMID, reason="again")
        bills.void_bill(session, bill_id=bill.id, voided_on=NOV20, actor=HAMID, reason="wrong vendor")
        assert stands(session, "2300", "5000") == ["0.00", "0.00"]


def test_a_paid_bill_is_not_voided(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank, vendor = a_bank(session), upstream(session)
        bill = a_bill(session, vendor, "1000.00")
        pay_vendor(session, vendor_id=vendor.id, cash_account_id=bank.id, amount=Decimal("1.00"), paid_on=NOV20,
                   idempotency_key="p1", actor=HAMID)  # fmt: skip
        with pytest.raises(bills.BillNotVoidable, match="part_paid"):
            bills.void_bill(session, bill_id=bill.id, voided_on=NOV20, actor=HAMID, reason="x")


def test_contracts_propose_each_month_once_by_amount_mbps_and_gb(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        vendor = upstream(session)
        fixed = add_contract(session, vendor_id=vendor.id, name="Dark fibre", pricing="fixed",
                             unit_price=Decimal("90000"), starts_on=date(2026, 11, 16))  # fmt: skip
        add_contract(session, vendor_id=vendor.id, name="IP transit", pricing="per_mbps", unit_price=Decimal("415.50"),
                     units=Decimal(1200), tax_percent=Decimal("19.5"), starts_on=date(2026, 1, 1))  # fmt: skip
        gigabytes = add_contract(
            session, vendor_id=vendor.id, name="CDN", pricing="per_gb", unit_price=Decimal("1.2345"),
            units=Decimal(10000), starts_on=date(2026, 1, 1), ends_on=DEC1,
        )  # fmt: skip
        drafts = {b.lines[0].description.split(",")[0]: b for b in bills.propose_bills(session, month=NOV20, actor="s")}
        assert {name: (str(bill.net), str(bill.tax)) for name, bill in drafts.items()} == {
            "Dark fibre": ("45000.00", "0.00"), "IP transit": ("498600.00", "97227.00"), "CDN": ("12345.00", "0.00"),
        }  # fmt: skip
        assert bills.propose_bills(session, month=NOV1, actor="s") == []
        assert stands(session, "2300") == ["0.00"]
        bills.meter_bill(session, bill_id=drafts["CDN"].id, units=Decimal("23456.7"))
        assert str(drafts["CDN"].total) == "28957.30"
        bills.meter_bill(session, bill_id=drafts["CDN"].id, units=Decimal(5))
        assert str(drafts["CDN"].total) == "12345.00"
        for bill in drafts.values():
            bills.accept_bill(session, bill_id=bill.id, billed_on=DEC1, actor=HAMID)
        assert stands(session, "2300", "1130") == ["-653172.00", "97227.00"]
        december = bills.propose_bills(session, month=DEC1, actor="s")
        assert {b.contract_id for b in december} & {fixed.id, gigabytes.id} == {fixed.id}
        bills.discard_draft(session, bill_id=december[0].id)
        assert len(bills.propose_bills(session, month=DEC1, actor="s")) == 1


def test_stock_is_not_bought_past_the_store(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        vendor = add_vendor(session, name="Fibre Store")
        onus = [BillItem("ONU", Decimal("3500"), bills.STOCK, Decimal(10), Decimal("6300.00"))]
        with pytest.raises(bills.BillInvalid, match="received in the store"):
            bills.enter_bill(session, vendor_id=vendor.id, items=onus, billed_on=NOV1, actor=HAMID)


def test_ageing_tells_what_was_owed_on_a_past_day(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank, vendor = a_bank(session), upstream(session)
        a_bill(session, vendor, "1000.00", day=date(2026, 8, 1))
        a_bill(session, vendor, "400.00", day=date(2026, 10, 20))
        pay_vendor(session, vendor_id=vendor.id, cash_account_id=bank.id, amount=Decimal("600.00"), paid_on=NOV20,
                   idempotency_key="p1", actor=HAMID)  # fmt: skip
        [before] = vendor_ageing(session, as_of=date(2026, 11, 19))
        assert {k: str(v) for k, v in before.buckets.items() if v} == {"1-30": "400.00", "over 90": "1000.00"}
        [after] = vendor_ageing(session, as_of=NOV20)
        assert (str(after.total), str(after.buckets["over 90"])) == ("800.00", "400.00")
        pay_vendor(session, vendor_id=vendor.id, cash_account_id=bank.id, amount=Decimal("900.00"), paid_on=DEC1,
                   idempotency_key="p2", actor=HAMID)  # fmt: skip
        [ahead] = vendor_ageing(session, as_of=DEC1)
        assert (ahead.total, ahead.advance) == (ZERO, Decimal("100.00"))
        statement = vendor_statement(session, vendor_id=vendor.id, start=NOV1, end=DEC1)
        assert [str(statement.opening), *(str(row.owed) for row in statement.rows)] == ["1400.00", "800.00", "-100.00"]


def test_a_vendor_is_entered_once(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        upstream(session)
        with pytest.raises(VendorInvalid):
            upstream(session, name=" transworld ")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE bill SET total = 1, net = 1, tax = 0",
        "UPDATE bill_line SET amount = 1",
        "DELETE FROM bill",
        "UPDATE vendor_payment SET amount = 2",
        "DELETE FROM vendor_allocation",
    ],
)
def test_the_database_refuses_to_rewrite_a_bill_or_its_payment(company: TestCompany, statement: str) -> None:
    with company_session(company.id, HAMID) as session:
        bank, vendor = a_bank(session), upstream(session)
        a_bill(session, vendor, "1000.00")
        pay_vendor(session, vendor_id=vendor.id, cash_account_id=bank.id, amount=Decimal("1.00"), paid_on=NOV20,
                   idempotency_key="p1", actor=HAMID)  # fmt: skip
    with pytest.raises(DBAPIError), company_session(company.id, HAMID) as session:
        session.execute(text(statement))


AMOUNTS = st.decimals("0.01", "5000", places=2)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["bill", "pay", "void", "take back"]), AMOUNTS), max_size=14))
def test_what_vendors_are_owed_ties_to_the_books_after_any_history(
    company: TestCompany, history: list[tuple[str, Decimal]]
) -> None:
    with company_session(company.id, HAMID) as session:
        bank = a_bank(session, name=f"Bank {len(session.scalars(select(Vendor)).all())}", opening="0.00")
        vendor = add_vendor(session, name=f"Vendor {bank.name}")
        for step, (event, amount) in enumerate(history):
            mine = select(Bill).where(Bill.vendor_id == vendor.id, Bill.state == "open").limit(1)
            paid = select(VendorPayment).where(VendorPayment.vendor_id == vendor.id, VendorPayment.state == "paid")
            if event == "bill":
                a_bill(session, vendor, str(amount))
            elif event == "pay":
                pay_vendor(session, vendor_id=vendor.id, cash_account_id=bank.id, amount=amount, paid_on=NOV20,
                           idempotency_key=f"{vendor.id}:{step}", actor=HAMID)  # fmt: skip
            elif event == "void" and (bill := session.scalar(mine)) is not None:
                bills.void_bill(session, bill_id=bill.id, voided_on=NOV20, actor=HAMID, reason="x")
            elif event == "take back" and (payment := session.scalar(paid.limit(1))) is not None:
                reverse_vendor_payment(session, payment_id=payment.id, reversed_on=NOV20, actor=HAMID, reason="x")
        left = select(func.sum(Bill.balance)).where(Bill.vendor_id == vendor.id)
        ahead = select(func.sum(VendorPayment.unallocated)).where(VendorPayment.vendor_id == vendor.id)
        net = (session.scalar(left) or ZERO) - (session.scalar(ahead) or ZERO)
        assert owed_to(session, vendor_id=vendor.id) == net
        aged = [row for row in vendor_ageing(session, as_of=DEC1) if row.vendor_id == vendor.id]
        assert sum((row.total - row.advance for row in aged), ZERO) == net
        assert the_books_balance(session)
