"""Where the money lies and how it moves between the company's own accounts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.db import company_session
from core.ids import new_id
from core.ledger import cash_movements
from core.ledger.cash_accounts import (
    CashAccountInvalid,
    CashAccountNotEmpty,
    account_statement,
    balance_of,
    balances,
    close_cash_account,
    open_cash_account,
)
from core.ledger.journal import Line, post_entry
from core.ledger.transfers import (
    TransferInvalid,
    TransferNotUnderWay,
    cancel_transfer,
    receive_transfer,
    send_transfer,
    take_back_arrival,
    transfer_now,
    transfers_under_way,
)
from tests.cast import TestCompany
from tests.core.treasury.accounts import OPENED, a_bank, stands, the_books_balance, the_office

D1, D2, D3 = date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 4)
HAMID = "staff:hamid"


def test_each_account_has_a_ledger_account_and_its_opening_balance(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        first, second = a_bank(session), a_bank(session, name="HBL", opening="-250.50")
        drawer = the_office(session)
        wallet = open_cash_account(session, name="JazzCash", kind="wallet", opened_on=OPENED, actor=HAMID)
        codes = [account.account_code for account in (first, second, drawer, wallet)]
        assert codes == ["1020", "1021", "1010", "1030"]
        assert stands(session, *codes, "3990") == ["100000.00", "-250.50", "20000.00", "0.00", "-119749.50"]
        assert [(account.name, str(held)) for account, held in balances(session, as_of=OPENED)] == [
            ("Office drawer", "20000.00"), ("Meezan Bank", "100000.00"), ("HBL", "-250.50"), ("JazzCash", "0.00"),
        ]  # fmt: skip
        with pytest.raises(CashAccountInvalid, match="PKR"):
            open_cash_account(session, name="Dollars", kind="bank", currency="USD", opened_on=OPENED, actor=HAMID)
        with pytest.raises(CashAccountInvalid, match="named HBL"):
            a_bank(session, name="HBL")


def test_twelve_banks_find_an_account_each(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        codes = [a_bank(session, name=f"Bank {n}", opening="1.00").account_code for n in range(12)]
        assert codes == [*map(str, range(1020, 1030)), "102001", "102002"]


def test_a_statement_runs_from_its_opening_to_its_closing(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank, drawer = a_bank(session), the_office(session)
        transfer_now(session, from_id=drawer.id, to_id=bank.id, amount=Decimal("5000.00"), moved_on=D1,
                     idempotency_key="t1", actor=HAMID)  # fmt: skip
        cash_movements.record_bank_charge(
            session, cash_account_id=bank.id, amount=Decimal("-116.00"), moved_on=D3, description="SMS alerts",
            idempotency_key="f1", actor=HAMID,
        )  # fmt: skip
        statement = account_statement(session, cash_account_id=bank.id, start=D1, end=D3)
        assert (statement.opening, statement.closing) == (Decimal("100000.00"), Decimal("104884.00"))
        assert [(row.kind, str(row.amount), str(row.balance)) for row in statement.rows] == [
            ("transfer_in", "5000.00", "105000.00"), ("bank_fee", "-116.00", "104884.00"),
        ]  # fmt: skip
        assert balance_of(session, cash_account_id=bank.id, as_of=D2) == Decimal("105000.00")


def test_money_under_way_is_in_transit_until_it_arrives_less_the_fee(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank, other = a_bank(session), a_bank(session, name="HBL", opening="0.00")
        sent = send_transfer(
            session, from_id=bank.id, to_id=other.id, amount=Decimal("40000.00"), fee=Decimal("25.00"), sent_on=D1,
            idempotency_key="t1", actor=HAMID, reference="FT26306",
        )  # fmt: skip
        assert stands(session, "1020", "1050", "6800", "1021") == ["59975.00", "40000.00", "25.00", "0.00"]
        assert [t.number for t in transfers_under_way(session)] == ["TF-1"]
        with pytest.raises(TransferInvalid, match="no earlier"):
            receive_transfer(session, transfer_id=sent.id, arrived_on=date(2026, 11, 1), actor=HAMID)
        receive_transfer(session, transfer_id=sent.id, arrived_on=D2, fee=Decimal("10.00"), actor=HAMID)
        assert stands(session, "1020", "1050", "6800", "1021") == ["59975.00", "0.00", "35.00", "39990.00"]
        with pytest.raises(TransferNotUnderWay):
            cancel_transfer(session, transfer_id=sent.id, cancelled_on=D3, actor=HAMID)
        take_back_arrival(session, transfer_id=sent.id, taken_back_on=D3, actor=HAMID)
        receive_transfer(session, transfer_id=sent.id, arrived_on=D3, actor=HAMID)
        assert stands(session, "1050", "6800", "1021") == ["0.00", "25.00", "40000.00"]


@pytest.mark.parametrize(("returned", "left"), [(False, "99975.00"), (True, "100000.00")])
def test_a_cancelled_transfer_comes_back_with_or_without_its_fee(
    company: TestCompany, returned: bool, left: str
) -> None:
    with company_session(company.id, HAMID) as session:
        bank, drawer = a_bank(session), the_office(session)
        sent = send_transfer(session, from_id=bank.id, to_id=drawer.id, amount=Decimal("900.00"),
                             fee=Decimal("25.00"), sent_on=D1, idempotency_key="t1", actor=HAMID)  # fmt: skip
        cancel_transfer(session, transfer_id=sent.id, cancelled_on=D2, actor=HAMID, fee_returned=returned)
        assert stands(session, "1020", "1050") == [left, "0.00"]
        with pytest.raises(TransferNotUnderWay, match="cancelled"):
            receive_transfer(session, transfer_id=sent.id, arrived_on=D2, actor=HAMID)


def test_the_same_key_transfers_once(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank, drawer = a_bank(session), the_office(session)
        for _ in range(2):
            transfer_now(session, from_id=bank.id, to_id=drawer.id, amount=Decimal("900.00"), moved_on=D1,
                         idempotency_key="t1", actor=HAMID)  # fmt: skip
        assert stands(session, "1020", "1010") == ["99100.00", "20900.00"]
        with pytest.raises(TransferInvalid, match="new key"):
            send_transfer(session, from_id=bank.id, to_id=drawer.id, amount=Decimal("901.00"), sent_on=D1,
                          idempotency_key="t1", actor=HAMID)  # fmt: skip


def test_an_account_closes_only_when_empty(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        drawer, bank = the_office(session), a_bank(session, opening="0.00")
        with pytest.raises(CashAccountNotEmpty, match=r"20000\.00"):
            close_cash_account(session, cash_account_id=drawer.id)
        transfer_now(session, from_id=drawer.id, to_id=bank.id, amount=Decimal("20000.00"), moved_on=D1,
                     idempotency_key="t1", actor=HAMID)  # fmt: skip
        close_cash_account(session, cash_account_id=drawer.id)
        with pytest.raises(Exception, match="Office drawer is closed"):
            transfer_now(session, from_id=bank.id, to_id=drawer.id, amount=Decimal("1.00"), moved_on=D1,
                         idempotency_key="t2", actor=HAMID)  # fmt: skip


def test_the_owner_puts_in_and_takes_out_and_other_income_comes(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank = a_bank(session, opening="0.00")
        for key, amount in (("o1", "50000.00"), ("o2", "-12000.00")):
            cash_movements.record_owner_money(
                session, cash_account_id=bank.id, amount=Decimal(amount), moved_on=D1, description="owner",
                idempotency_key=key, actor=HAMID,
            )  # fmt: skip
        income = cash_movements.record_other_income(
            session, cash_account_id=bank.id, amount=Decimal("700.00"), received_on=D2, description="old cable sold",
            idempotency_key="i1", actor=HAMID,
        )  # fmt: skip
        assert stands(session, "1020", "3000", "3100", "4090") == ["38700.00", "-50000.00", "12000.00", "-700.00"]
        cash_movements.reverse_movement(session, movement_id=income.id, reversed_on=D3, actor=HAMID, reason="typo")
        assert stands(session, "1020", "4090") == ["38000.00", "0.00"]
        with pytest.raises(cash_movements.MovementReversed):
            cash_movements.reverse_movement(session, movement_id=income.id, reversed_on=D3, actor=HAMID, reason="x")
        with pytest.raises(cash_movements.MovementInvalid, match="no income account"):
            cash_movements.record_other_income(
                session, cash_account_id=bank.id, amount=Decimal("700.00"), received_on=D2, description="x",
                idempotency_key="i2", actor=HAMID, account_code="5000",
            )  # fmt: skip
        assert the_books_balance(session)


def test_taxes_are_paid_over_with_input_tax_set_off_and_never_more_than_owed(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank = a_bank(session)
        taxes = (("2100", "-19500.00"), ("2110", "-17925.00"), ("2120", "-400.00"), ("1130", "3600.00"))
        for code, amount in taxes:
            post_entry(session, kind="expense", source_id=new_id(), posted_on=D1, actor=HAMID,
                       lines=[Line(code, Decimal(amount)), Line("6100", -Decimal(amount))])  # fmt: skip
        with pytest.raises(cash_movements.MoreThanOwed, match=r"2110.*17925\.00"):
            cash_movements.pay_taxes(session, cash_account_id=bank.id, paid_on=D2, idempotency_key="x", actor=HAMID,
                                     advance_income_tax=Decimal("17925.01"))  # fmt: skip
        for _ in range(2):
            cash_movements.pay_taxes(
                session, cash_account_id=bank.id, paid_on=D2, idempotency_key="tax-10", actor=HAMID,
                sales_tax=Decimal("19500.00"), advance_income_tax=Decimal("17925.00"), deducted_tax=Decimal("400.00"),
                input_tax=Decimal("3600.00"),
            )  # fmt: skip
        assert stands(session, "2100", "2110", "2120", "1130", "1020") == ["0.00"] * 4 + ["65775.00"]


def test_wear_is_booked_once_a_month_and_not_below_zero(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        post_entry(session, kind="bill", source_id=new_id(), posted_on=D1, actor=HAMID,
                   lines=[Line("1500", Decimal("1500.00")), Line("3000", Decimal("-1500.00"))])  # fmt: skip
        entry = cash_movements.post_depreciation(
            session, account_code="1500", amount=Decimal("1000.00"), month=D1, actor=HAMID
        )
        assert entry.posted_on == date(2026, 11, 30)
        with pytest.raises(cash_movements.AlreadyDepreciated, match="November 2026"):
            cash_movements.post_depreciation(
                session, account_code="1500", amount=Decimal("1.00"), month=D3, actor=HAMID
            )
        with pytest.raises(cash_movements.MovementInvalid, match=r"worth 500\.00"):
            cash_movements.post_depreciation(
                session, account_code="1500", amount=Decimal("1000.00"), month=date(2026, 12, 1), actor=HAMID
            )
        assert stands(session, "6900", "1509") == ["1000.00", "-1000.00"]
