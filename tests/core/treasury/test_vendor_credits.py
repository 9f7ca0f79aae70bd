"""A vendor takes a part of his bill back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from core.db import company_session
from core.ids import new_id
from core.ledger import bills
from core.ledger.bills import BillItem, void_bill
from core.ledger.treasury_models import Bill, Vendor, VendorCredit
from core.ledger.vendor_credits import VendorCreditInvalid, record_vendor_credit, vendor_credits_of
from core.ledger.vendor_payments import pay_vendor
from core.ledger.vendors import owed_to, vendor_ageing
from core.usecases.check_books import check_books
from tests.cast import TestCompany
from tests.core.treasury.accounts import a_bank, stands, the_books_balance
from tests.core.treasury.test_vendors import upstream

D = Decimal
NOV_1, NOV_9, DEC_1 = date(2026, 11, 1), date(2026, 11, 9), date(2026, 12, 1)


def a_bill(session: Session, vendor: Vendor, *items: tuple[str, str, str], day: date = NOV_1) -> Bill:
    """(net, tax, account) of each line."""
    return bills.enter_bill(
        session, vendor_id=vendor.id, billed_on=day, actor="staff:hamid", origin="panel:x",
        items=[BillItem(f"Line {account}", D(net), account, tax=D(tax)) for net, tax, account in items],
    )  # fmt: skip


def credit(session: Session, bill: Bill, day: date = NOV_9, **amounts: str) -> VendorCredit:
    """Net amounts by the accounts of the bill's lines, or all that is left."""
    by_line = {
        line.id: D(amounts[f"on_{line.account_code}"]) for line in bill.lines if f"on_{line.account_code}" in amounts
    }
    return record_vendor_credit(
        session, bill_id=bill.id, credited_on=day, reason="Outage of two days", actor="staff:hamid",
        idempotency_key=str(new_id()), amounts=by_line or None, vendor_ref="CN-1", origin="panel:x",
    )  # fmt: skip


def clean(session: Session) -> bool:
    return check_books(session, as_of=date(2026, 12, 31)) == []


def test_a_credit_on_an_unpaid_bill_lowers_what_is_owed_the_cost_and_the_input_tax(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        vendor = upstream(session)
        bill = a_bill(session, vendor, ("1000.00", "195.00", "5000"), ("100.00", "0.00", "6140"))

        made = credit(session, bill, on_5000="200.00")

        assert (made.number, str(made.net), str(made.tax), str(made.unallocated)) == (
            "VCN-1",
            "200.00",
            "39.00",
            "0.00",
        )
        assert (str(bill.balance), bill.state) == ("1056.00", "part_paid")
        assert stands(session, "2300", "5000", "6140", "1130") == ["-1056.00", "800.00", "100.00", "156.00"]
        assert [each.id for each in vendor_credits_of(session, vendor_id=vendor.id)] == [made.id]
        assert the_books_balance(session) and clean(session)


def test_credits_add_up_to_the_bill_exactly(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        bill = a_bill(session, upstream(session), ("100.00", "19.50", "5000"), ("33.33", "6.50", "6140"))

        taxes = [credit(session, bill, on_5000="33.33").tax, credit(session, bill, on_5000="33.33").tax]
        rest = credit(session, bill)

        assert [str(tax) for tax in (*taxes, rest.tax)] == ["6.50", "6.50", "13.00"]
        assert (bill.state, stands(session, "2300", "5000", "6140", "1130")) == ("paid", ["0.00"] * 4)
        with pytest.raises(VendorCreditInvalid, match="Nothing is left"):
            credit(session, bill)
        assert clean(session)


def test_what_was_paid_already_pays_the_next_bill(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        vendor, bank = upstream(session), a_bank(session)
        bill = a_bill(session, vendor, ("1000.00", "0.00", "5000"))
        pay_vendor(session, vendor_id=vendor.id, cash_account_id=bank.id, amount=D("900.00"), paid_on=NOV_1,
                   idempotency_key="p", actor="test", origin="panel:x")  # fmt: skip

        made = credit(session, bill, on_5000="400.00")
        assert (bill.state, str(made.unallocated), owed_to(session, vendor_id=vendor.id)) == (
            "paid",
            "300.00",
            D("-300.00"),
        )
        assert vendor_ageing(session, as_of=NOV_9)[0].advance == D("300.00")
        following = a_bill(session, vendor, ("1000.00", "0.00", "5000"), day=DEC_1)

        assert (str(following.balance), str(made.unallocated)) == ("700.00", "0.00")
        (aged,) = vendor_ageing(session, as_of=DEC_1)
        assert (aged.total, aged.advance) == (D("700.00"), D("0.00"))
        assert clean(session)


def test_a_credit_beyond_its_bill_settles_another_open_one_at_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        vendor, bank = upstream(session), a_bank(session)
        paid = a_bill(session, vendor, ("500.00", "0.00", "5000"))
        pay_vendor(session, vendor_id=vendor.id, cash_account_id=bank.id, amount=D("500.00"), paid_on=NOV_1,
                   idempotency_key="p", actor="test", origin="panel:x")  # fmt: skip
        open_bill = a_bill(session, vendor, ("800.00", "0.00", "5000"))

        made = credit(session, paid)

        assert (str(open_bill.balance), str(made.unallocated)) == ("300.00", "0.00")
        assert clean(session)


def test_what_is_no_credit_is_refused(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        vendor = upstream(session)
        bill, void = (a_bill(session, vendor, ("100.00", "0.00", "5000")) for _ in range(2))
        void_bill(session, bill_id=void.id, voided_on=NOV_1, actor="x", reason="Twice", origin="panel:x")
        for refused in ("100.01", "-1.00"):
            with pytest.raises(VendorCreditInvalid, match=r"100.00 of it is left"):
                credit(session, bill, on_5000=refused)
        with pytest.raises(VendorCreditInvalid, match="void"):
            credit(session, void)
        with pytest.raises(VendorCreditInvalid, match="no earlier"):
            credit(session, bill, day=date(2026, 10, 31))
        with pytest.raises(VendorCreditInvalid, match="named lines"):
            record_vendor_credit(session, bill_id=bill.id, credited_on=NOV_9, reason="x", actor="x",
                                 idempotency_key="k", amounts={new_id(): D("1.00")})  # fmt: skip


def test_a_repeated_key_is_the_same_credit(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        vendor = upstream(session)
        bill, other = (a_bill(session, vendor, ("100.00", "0.00", "5000")) for _ in range(2))
        facts = {"credited_on": NOV_9, "reason": "Late", "actor": "x", "idempotency_key": "k", "origin": "panel:x"}
        first, second = (record_vendor_credit(session, bill_id=bill.id, **facts) for _ in range(2))
        assert first.id == second.id
        with pytest.raises(VendorCreditInvalid, match="another bill"):
            record_vendor_credit(session, bill_id=other.id, **facts)
