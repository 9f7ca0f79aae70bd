"""Bank and books brought together: proposed in order, confirmed by a person, explained, saved and locked."""

from __future__ import annotations

import threading
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.billing.balance import account_balance
from core.billing.claims import claim_payment
from core.billing.invoice_models import Invoice
from core.billing.payment_models import Payment, PaymentClaim
from core.crm.models import Customer
from core.db import company_session
from core.ids import Id
from core.ledger import bank_files_import as imports
from core.ledger import reconciliation as recon
from core.ledger import reconciliation_booking as booking
from core.ledger.cash_accounts import open_cash_account
from core.ledger.cash_movements import record_bank_charge
from core.ledger.expenses import add_expense_category, approve_expense, waiting_expenses
from core.ledger.journal import reverse_entry
from core.ledger.reconciliation_matches import MatchInvalid, MatchLocked, Pairing, match, open_lines, open_postings
from core.ledger.reconciliation_models import BankLine, BankMatch
from core.ledger.reconciliation_rules import teach_rule
from core.ledger.transfers import send_transfer
from core.ledger.treasury_models import CashAccount
from core.ledger.vendors import add_vendor, owed_to
from core.usecases import reconcile_bank
from core.usecases.propose_matches import propose
from core.usecases.reconcile_bank import AlreadyIdentified, confirm, confirm_exact
from core.usecases.take_payment import take_payment
from tests.builders import customer_who_owes, make_customer
from tests.cast import NOW, TODAY, TestCompany
from tests.core.treasury import statements as files
from tests.core.treasury.accounts import a_bank, stands, the_books_balance

HAMID, RABIA = "staff:hamid", "staff:rabia"
NOV18, NOV19, NOV20, NOV21, NOV22 = (date(2026, 11, day) for day in range(18, 23))


def a_statement(
    session: Session, bank: CashAccount, lines: list[tuple[date, str, str]], *, opening: str = "100000.00"
) -> list[BankLine]:
    imports.save_mapping(session, cash_account_id=bank.id, mapping=files.SIMPLE)
    imports.import_statement(
        session, cash_account_id=bank.id, data=files.simple_csv(lines, opening), filename="n.csv", imported_by=HAMID,
        now=NOW,
    )  # fmt: skip
    return [line for line in open_lines(session, cash_account_id=bank.id) if line.kind == "line"]


def paid(
    session: Session, customer: Customer, bank: CashAccount, amount: str, *, day: date = NOV20, reference: str = ""
) -> Payment:
    return take_payment(
        session, customer_id=customer.id, amount=Decimal(amount), method="bank", received_on=day, taken_by=HAMID,
        idempotency_key=f"{customer.number}:{amount}:{day}", now=NOW, reference=reference,
        account_code=bank.account_code,
    ).payment  # fmt: skip


def proposed(session: Session, bank: CashAccount) -> list[tuple[int, str, bool]]:
    return [(p.rank, p.kind, p.sure) for p in propose(session, cash_account_id=bank.id)]


def do(session: Session, bank: CashAccount, kind: str) -> BankMatch:
    found = next(p for p in propose(session, cash_account_id=bank.id) if p.kind == kind)
    return confirm(session, cash_account_id=bank.id, proposal=found, confirmed_by=HAMID, now=NOW, origin="panel:bank")


def state_of(session: Session, line: BankLine) -> str:
    session.refresh(line)
    if line.match_id is None:
        return "open"
    return session.get_one(BankMatch, line.match_id).kind


def test_a_line_with_the_payments_reference_is_sure_and_all_sure_ones_go_at_once(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank = a_bank(session)
        ayesha, bilal = make_customer(session, company), make_customer(session, company, name="Bilal Ahmed")
        paid(session, ayesha, bank, "3435.63", day=date(2026, 10, 2), reference="FT-26306-118")
        paid(session, bilal, bank, "3435.63")
        first, second = a_statement(session, bank, [
            (NOV20, "3435.63", "IBFT ft26306118 from X"), (NOV20, "3435.63", "Raast credit"),
        ])  # fmt: skip
        assert proposed(session, bank) == [(1, "match", True), (1, "match", True), (2, "match", False)]
        done = confirm_exact(session, cash_account_id=bank.id, confirmed_by=HAMID, now=NOW)
        assert (len(done.matches), done.refused) == (2, [])
        assert (state_of(session, first), state_of(session, second)) == ("existing", "open")


def test_equal_amounts_match_the_nearest_day_one_to_one(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank = a_bank(session, opening="0.00")
        customers = [make_customer(session, company, name=f"Customer Number {n}") for n in range(3)]
        for customer, day in zip(customers, (NOV18, NOV20, date(2026, 11, 10)), strict=True):
            paid(session, customer, bank, "2500.00", day=day)
        a_statement(session, bank, [(NOV20, "2500.00", "a"), (NOV21, "2500.00", "b")], opening="0.00")
        first, second = propose(session, cash_account_id=bank.id)
        assert [first.rank, second.rank] == [2, 2]
        days = {p.posting_id: p.posted_on for p in open_postings(session, cash_account_id=bank.id)}
        assert [days[p.posting_ids[0]] for p in (first, second)] == [NOV20, NOV18]


def test_a_deposit_of_many_receipts_is_found(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank = a_bank(session, opening="0.00")
        for n, amount in enumerate(("1200.00", "2350.50", "900.00", "777.00")):
            paid(session, make_customer(session, company, name=f"Payer Number {n}"), bank, amount, day=NOV20)
        [line] = a_statement(session, bank, [(NOV21, "4450.50", "Cheque deposit slip")], opening="0.00")
        [found] = propose(session, cash_account_id=bank.id)
        assert (found.rank, len(found.posting_ids)) == (3, 3)
        confirm(session, cash_account_id=bank.id, proposal=found, confirmed_by=HAMID, now=NOW)
        assert state_of(session, line) == "existing"


def test_a_settlement_less_its_fee_clears_the_gateway(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank = a_bank(session, opening="0.00")
        gateway = open_cash_account(session, name="PayFast", kind="gateway", opened_on=NOV18, actor=HAMID)
        for day, amount in ((NOV18, "6000.00"), (NOV19, "4000.00"), (NOV22, "500.00")):
            paid(session, make_customer(session, company, name=f"Card {day:%d} Payer"), gateway, amount, day=day)
        [line] = a_statement(session, bank, [(NOV21, "9750.00", "MERCHANT SETTLEMENT")], opening="0.00")
        done = do(session, bank, "settlement")
        assert stands(session, "1020", "1030", "6810") == ["9750.00", "500.00", "250.00"]
        assert [p.amount for p in open_postings(session, cash_account_id=gateway.id)] == [Decimal("500.00")]
        reconcile_bank.undo(session, match_id=done.id, undone_by=HAMID, now=NOW)
        assert stands(session, "1020", "1030", "6810") == ["0.00", "10500.00", "0.00"]
        assert state_of(session, line) == "open"
        do(session, bank, "settlement")
        assert stands(session, "1020", "1030", "6810") == ["9750.00", "500.00", "250.00"]


def test_a_line_that_names_an_invoice_becomes_the_payment_once(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank = a_bank(session)
        customer = customer_who_owes(session, company, "+923009990001")
        number = session.scalars(select(Invoice.number)).one()
        assert number is not None
        [line] = a_statement(session, bank, [(NOV20, "3435.63", f"IBFT {number.replace('-', ' ')} AYESHA")])
        assert proposed(session, bank) == [(1, "match", True), (1, "payment", True)]
        confirm_exact(session, cash_account_id=bank.id, confirmed_by=HAMID, now=NOW, origin="panel:bank")
        payment = session.scalars(select(Payment)).one()
        assert (payment.idempotency_key, payment.account_code, payment.received_on) == (
            f"bank:{line.id}",
            "1020",
            NOV20,
        )
        assert account_balance(session, customer_id=customer.id, today=TODAY).due == Decimal(0)
        assert confirm_exact(session, cash_account_id=bank.id, confirmed_by=HAMID, now=NOW).matches == []


def test_a_payment_recorded_by_hand_is_matched_and_not_booked_again(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank = a_bank(session)
        customer = customer_who_owes(session, company, "+923009990001")
        paid(session, customer, bank, "3435.63", day=NOV19)
        a_statement(session, bank, [(NOV20, "3435.63", f"IBFT {customer.number}")])
        confirm_exact(session, cash_account_id=bank.id, confirmed_by=HAMID, now=NOW)
        assert len(session.scalars(select(Payment)).all()) == 1
        assert open_postings(session, cash_account_id=bank.id) == []


def test_a_claim_is_approved_by_the_banks_line(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank = a_bank(session, opening="0.00")
        customer = customer_who_owes(session, company, "+923009990001")
        claim = claim_payment(session, customer_id=customer.id, amount=Decimal("3435.63"), reference="JC 0088442211",
                              method="bank", document_id=None, now=NOW)  # fmt: skip
        [line] = a_statement(session, bank, [(NOV20, "3435.63", "JC-88442211 RAAST")], opening="0.00")
        confirm_exact(session, cash_account_id=bank.id, confirmed_by=HAMID, now=NOW)
        session.refresh(claim)
        assert (claim.state, claim.decided_by, state_of(session, line)) == ("approved", HAMID, "claim")
        reconcile_bank.undo(session, match_id=line.match_id, undone_by=HAMID, now=NOW)  # type: ignore[arg-type]
        assert account_balance(session, customer_id=customer.id, today=TODAY).due == Decimal("3435.63")
        assert open_postings(session, cash_account_id=bank.id) == []


def test_a_named_customers_claim_is_not_paid_beside(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank = a_bank(session, opening="0.00")
        customer = customer_who_owes(session, company, "+923009990001")
        claim_payment(session, customer_id=customer.id, amount=Decimal("3435.63"), reference="", method="bank",
                      document_id=None, now=NOW)  # fmt: skip
        a_statement(session, bank, [(NOV20, "3435.63", f"from {customer.number}")], opening="0.00")
        assert proposed(session, bank) == [(1, "claim", True)]
        confirm_exact(session, cash_account_id=bank.id, confirmed_by=HAMID, now=NOW)
        assert session.scalars(select(PaymentClaim.state)).all() == ["approved"]


def test_a_payer_is_found_by_phone_and_by_a_name_like_his(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank = a_bank(session, opening="0.00")
        bilal = make_customer(session, company, name="Bilal Ahmed Chaudhry", phone="+923214567890")
        owing = customer_who_owes(session, company, "+923009990001")
        a_statement(session, bank, [
            (NOV20, "10.00", "IBFT 03214567890"), (NOV21, "3435.63", "IBFT from AYESHAA KHAN HBL"),
            (NOV22, "5.00", "zzz"),
        ], opening="0.00")  # fmt: skip
        found = propose(session, cash_account_id=bank.id)
        assert {(p.rank, p.customer_id, p.sure) for p in found} == {(4, bilal.id, False), (4, owing.id, False)}
        assert "who owes just that" in next(p.reason for p in found if p.customer_id == owing.id)
        assert confirm_exact(session, cash_account_id=bank.id, confirmed_by=HAMID, now=NOW).matches == []


def test_a_taught_account_is_proposed_and_booked_alone_only_when_automatic(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank = a_bank(session, opening="0.00")
        first, *_ = a_statement(session, bank, [
            (NOV18, "-116.00", "SMS ALERT CHARGES 10/2026"), (NOV20, "-116.00", "Sms alert charges 11/2026"),
            (NOV21, "116.00", "SMS ALERT CHARGES refund"),
        ], opening="0.00")  # fmt: skip
        booking.book_line(session, line_id=first.id, account_code="6800", booked_by=HAMID, now=NOW)
        teach_rule(session, line_id=first.id, account_code="6800", made_by=HAMID)
        [found] = propose(session, cash_account_id=bank.id)
        assert (found.rank, found.kind, found.account_code) == (5, "account", "6800")
        assert reconcile_bank.post_automatic(session, cash_account_id=bank.id, now=NOW, origin="run:1").matches == []
        teach_rule(session, line_id=first.id, account_code="6800", made_by=HAMID, automatic=True)
        reconcile_bank.post_automatic(session, cash_account_id=bank.id, now=NOW, origin="run:1")
        assert stands(session, "6800", "1020") == ["232.00", "-232.00"]


def test_an_unknown_payer_is_held_and_later_identified(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank = a_bank(session, opening="0.00")
        customer = customer_who_owes(session, company, "+923009990001")
        [line] = a_statement(session, bank, [(NOV20, "5000.00", "CASH DEP LAHORE")], opening="0.00")
        held = booking.book_line(session, line_id=line.id, account_code="1060", booked_by=HAMID, now=NOW)
        assert stands(session, "1060", "1020") == ["-5000.00", "5000.00"]
        assert held.source_id is not None
        reconcile_bank.identify_receipt(session, movement_id=held.source_id, customer_id=customer.id,
                                        identified_by=HAMID, now=NOW, amount=Decimal("3000.00"))  # fmt: skip
        assert [str(left) for _, left in reconcile_bank.unidentified(session)] == ["2000.00"]
        with pytest.raises(AlreadyIdentified):
            reconcile_bank.undo(session, match_id=held.id, undone_by=HAMID, now=NOW)
        reconcile_bank.identify_receipt(session, movement_id=held.source_id, customer_id=customer.id,
                                        identified_by=HAMID, now=NOW)  # fmt: skip
        assert stands(session, "1060", "1020", "1100", "2200") == ["0.00", "5000.00", "0.00", "-1564.37"]
        with pytest.raises(AlreadyIdentified):
            reconcile_bank.identify_receipt(session, movement_id=held.source_id, customer_id=customer.id,
                                            identified_by=HAMID, now=NOW)  # fmt: skip


def test_a_transfer_arrives_by_the_banks_line(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank, other = a_bank(session), a_bank(session, name="HBL", opening="0.00")
        send_transfer(session, from_id=bank.id, to_id=other.id, amount=Decimal("40000.00"), sent_on=NOV18,
                      idempotency_key="t", actor=HAMID, reference="FT7781234")  # fmt: skip
        [line] = a_statement(session, other, [(NOV20, "40000.00", "IFT ft7781234")], opening="0.00")
        assert proposed(session, other) == [(1, "transfer", True)]
        done = do(session, other, "transfer")
        assert stands(session, "1050", "1021") == ["0.00", "40000.00"]
        reconcile_bank.undo(session, match_id=done.id, undone_by=HAMID, now=NOW)
        assert stands(session, "1050", "1021") == ["40000.00", "0.00"]
        do(session, other, "transfer")
        assert (state_of(session, line), stands(session, "1050")) == ("transfer", ["0.00"])


def test_an_expense_above_the_limit_waits_and_a_vendor_is_paid(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank, vendor = a_bank(session, opening="0.00"), add_vendor(session, name="Transworld")
        rent, upstream = a_statement(session, bank, [
            (NOV20, "-30000.00", "RENT OFFICE"), (NOV20, "-12000.00", "IBFT TRANSWORLD"),
        ], opening="0.00")  # fmt: skip
        category = add_expense_category(session, name="Rent", account_code="6110")
        asked = {"line_id": rent.id, "category_id": category.id, "booked_by": HAMID, "now": NOW}
        assert booking.book_expense(session, **asked) is None
        [waiting] = waiting_expenses(session)
        approve_expense(session, expense_id=waiting.id, actor=RABIA)
        assert booking.book_expense(session, **asked) is not None
        paid_out = booking.book_vendor_payment(session, line_id=upstream.id, vendor_id=vendor.id, booked_by=HAMID,
                                               now=NOW)  # fmt: skip
        assert (stands(session, "6110"), owed_to(session, vendor_id=vendor.id)) == (["30000.00"], Decimal("-12000.00"))
        reconcile_bank.undo(session, match_id=paid_out.id, undone_by=HAMID, now=NOW)
        assert (owed_to(session, vendor_id=vendor.id), state_of(session, upstream)) == (Decimal(0), "open")


def test_a_payment_undone_is_taken_back_and_the_line_takes_the_right_customer(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank = a_bank(session, opening="0.00")
        right = customer_who_owes(session, company, "+923009990001")
        wrong = make_customer(session, company, name="Bilal Ahmed")
        [line] = a_statement(session, bank, [(NOV20, "3435.63", "x")], opening="0.00")
        made = reconcile_bank.book_payment(session, line_id=line.id, customer_id=wrong.id, booked_by=HAMID, now=NOW)
        reconcile_bank.undo(session, match_id=made.id, undone_by=HAMID, now=NOW)
        reconcile_bank.book_payment(session, line_id=line.id, customer_id=right.id, booked_by=HAMID, now=NOW)
        assert account_balance(session, customer_id=wrong.id, today=TODAY).advance == Decimal(0)
        assert account_balance(session, customer_id=right.id, today=TODAY).due == Decimal(0)
        assert open_postings(session, cash_account_id=bank.id) == []
        assert the_books_balance(session)


def test_what_does_not_fit_is_refused(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank, other = a_bank(session), a_bank(session, name="HBL")
        [line] = a_statement(session, bank, [(NOV20, "100.00", "x")])
        [posting] = open_postings(session, cash_account_id=bank.id)
        [foreign] = open_postings(session, cash_account_id=other.id)
        asked = {"cash_account_id": bank.id, "matched_by": HAMID, "now": NOW}
        for posting_ids, message in (
            ([posting.posting_id], "off by"),
            ([foreign.posting_id], "not of this"),
            ([], "off"),
        ):
            with pytest.raises(MatchInvalid, match=message):
                match(session, pairing=Pairing(line_ids=[line.id], posting_ids=posting_ids), **asked)
        for code in ("1100", "1500", "1010"):
            with pytest.raises(Exception, match=r"1100|1500|1010"):
                booking.book_line(session, line_id=line.id, account_code=code, booked_by=HAMID, now=NOW)


def test_differences_are_explained_saved_and_locked(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank = a_bank(session)
        customer = make_customer(session, company)
        paid(session, customer, bank, "2500.00", day=NOV18, reference="FT12345678")
        paid(session, customer, bank, "1000.00", day=NOV20)
        a_statement(session, bank, [(NOV18, "2500.00", "ft12345678"), (NOV20, "-116.00", "charges")])
        confirm_exact(session, cash_account_id=bank.id, confirmed_by=HAMID, now=NOW)
        found = recon.compare(session, cash_account_id=bank.id, as_of=NOV20)
        assert (found.book_balance, found.statement_balance) == (Decimal("103500.00"), Decimal("102384.00"))
        assert [str(i.amount) for i in (*found.book_only, *found.statement_only)] == ["1000.00", "-116.00"]
        assert found.unexplained == Decimal(0)
        with pytest.raises(recon.StatementIncomplete, match=r"off by 50\.00"):
            recon.save_reconciliation(session, cash_account_id=bank.id, statement_on=NOV20, closed_by=HAMID, now=NOW,
                                      statement_balance=Decimal("102434.00"))  # fmt: skip
        saved = recon.save_reconciliation(session, cash_account_id=bank.id, statement_on=NOV20, closed_by=HAMID,
                                          now=NOW, statement_balance=Decimal("102384.00"))  # fmt: skip
        assert (saved.book_only, saved.statement_only) == (Decimal("1000.00"), Decimal("-116.00"))
        for locked in session.scalars(select(BankMatch.id)).all():
            with pytest.raises(MatchLocked):
                reconcile_bank.undo(session, match_id=locked, undone_by=HAMID, now=NOW)
        with pytest.raises(recon.ReconciliationOutOfOrder):
            recon.save_reconciliation(session, cash_account_id=bank.id, statement_on=NOV20, closed_by=HAMID, now=NOW,
                                      statement_balance=Decimal("102384.00"))  # fmt: skip
        assert recon.drift(session, reconciliation_id=saved.id).postings == []
        record_bank_charge(session, cash_account_id=bank.id, amount=Decimal("-9.00"), moved_on=NOV19, actor=HAMID,
                           description="forgotten", idempotency_key="late")  # fmt: skip
        late = recon.drift(session, reconciliation_id=saved.id)
        assert (late.saved_balance, late.book_balance) == (Decimal("103500.00"), Decimal("103491.00"))
        assert [str(item.amount) for item in late.postings] == ["-9.00"]
        [charge] = open_lines(session, cash_account_id=bank.id)
        booking.book_line(session, line_id=charge.id, account_code="6800", booked_by=HAMID, now=NOW)
        later = recon.compare(session, cash_account_id=bank.id, as_of=NOV22)
        assert [str(i.amount) for i in later.book_only] == ["-9.00", "1000.00"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE bank_line SET match_id = NULL WHERE match_id IS NOT NULL",
        "DELETE FROM matched_posting",
        "DELETE FROM bank_match",
        "UPDATE reconciliation SET book_balance = 0",
        "DELETE FROM bank_line WHERE match_id IS NOT NULL",
    ],
)
def test_the_database_keeps_a_saved_reconciliation(company: TestCompany, statement: str) -> None:
    with company_session(company.id, HAMID) as session:
        bank = a_bank(session)
        a_statement(session, bank, [(NOV18, "2500.00", "x")])
        confirm_exact(session, cash_account_id=bank.id, confirmed_by=HAMID, now=NOW)
        recon.save_reconciliation(session, cash_account_id=bank.id, statement_on=NOV20, closed_by=HAMID, now=NOW,
                                  statement_balance=Decimal("102500.00"))  # fmt: skip
    with pytest.raises(DBAPIError), company_session(company.id, HAMID) as session:
        session.execute(text(statement))


def test_a_cheque_on_its_way_is_book_only_until_the_bank_shows_it(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank = a_bank(session, opening="0.00")
        paid(session, make_customer(session, company), bank, "2500.00", day=NOV18)
        a_statement(session, bank, [(NOV21, "2500.00", "clearing")], opening="0.00")
        do(session, bank, "match")
        [waiting] = recon.compare(session, cash_account_id=bank.id, as_of=NOV20).book_only
        assert str(waiting.amount) == "2500.00"
        assert recon.compare(session, cash_account_id=bank.id, as_of=NOV21).book_only == []


def test_an_entry_and_its_reversal_are_set_off(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank = a_bank(session, opening="0.00")
        paid(session, make_customer(session, company), bank, "2500.00", day=NOV18)
        [booked] = open_postings(session, cash_account_id=bank.id)
        reverse_entry(session, entry_id=booked.entry_id, posted_on=NOV19, actor=HAMID)
        assert proposed(session, bank) == [(3, "set_off", False)]
        do(session, bank, "set_off")
        assert open_postings(session, cash_account_id=bank.id) == []


def test_two_people_confirming_the_same_lines_book_each_once(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank_id = a_bank(session, opening="0.00").id
        customer = customer_who_owes(session, company, "+923009990001")
        texts = [f"IBFT {customer.number} no {n}" for n in range(6)]
        bank = session.get_one(CashAccount, bank_id)
        a_statement(session, bank, [(NOV20, f"{100 + n}.00", text) for n, text in enumerate(texts)], opening="0.00")
    done: list[int] = []

    def confirm_all() -> None:
        with company_session(company.id, HAMID) as session:
            done.append(len(confirm_exact(session, cash_account_id=bank_id, confirmed_by=HAMID, now=NOW).matches))

    threads = [threading.Thread(target=confirm_all) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with company_session(company.id, HAMID) as session:
        assert (sum(done), len(session.scalars(select(Payment)).all())) == (6, 6)
        assert open_lines(session, cash_account_id=bank_id) == []


STEPS = st.lists(
    st.tuples(st.sampled_from(["pay", "line", "both", "exact", "first", "fee", "hold", "undo", "save"]),
              st.integers(0, 8), st.sampled_from(["2500.00", "1000.00", "3435.63"])), max_size=16,
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_books_and_bank_are_explained_after_any_history(
    company: TestCompany, history: list[tuple[str, int, str]]
) -> None:
    with company_session(company.id, HAMID) as session:
        bank = open_cash_account(session, name=f"Bank {len(session.scalars(select(CashAccount)).all())}", kind="bank",
                                 opened_on=NOV18, actor=HAMID)  # fmt: skip
        customer = make_customer(session, company)
        lines: list[tuple[date, str, str]] = []
        for step, (event, day_number, amount) in enumerate(history):
            _happen(session, bank, customer.id, event, date(2026, 11, 10 + day_number), amount, step, lines)
            for day in (NOV18, TODAY):
                found = recon.compare(session, cash_account_id=bank.id, as_of=day)
                sides = sum(i.amount for i in found.book_only) - sum(i.amount for i in found.statement_only)
                assert found.book_balance - found.statement_balance == sides
        assert the_books_balance(session)
        session.rollback()


def _happen(
    session: Session, bank: CashAccount, customer_id: Id, event: str, day: date, amount: str, step: int,
    lines: list[tuple[date, str, str]],
) -> None:  # fmt: skip
    every = list(open_lines(session, cash_account_id=bank.id))
    last = recon.last_reconciliation(session, cash_account_id=bank.id)
    if event in {"pay", "both"}:
        take_payment(session, customer_id=customer_id, amount=Decimal(amount), method="bank", received_on=day, now=NOW,
                     idempotency_key=f"{bank.id}:{step}", taken_by=HAMID, account_code=bank.account_code)  # fmt: skip
    if event in {"line", "both"}:
        imports.save_mapping(session, cash_account_id=bank.id, mapping=files.SIMPLE | {"balance": ""})
        lines.append((day, amount, f"line {step}"))
        imports.import_statement(session, cash_account_id=bank.id, data=files.simple_csv(sorted(lines), "0"),
                                 filename="x", imported_by=HAMID, now=NOW)  # fmt: skip
    elif event == "exact":
        confirm_exact(session, cash_account_id=bank.id, confirmed_by=HAMID, now=NOW)
    elif event == "first" and (found := propose(session, cash_account_id=bank.id)):
        confirm(session, cash_account_id=bank.id, proposal=found[0], confirmed_by=HAMID, now=NOW)
    elif event in {"fee", "hold"} and every:
        booking.book_line(session, line_id=every[0].id, account_code="6800" if event == "fee" else "1060",
                          booked_by=HAMID, now=NOW)  # fmt: skip
    elif event == "undo":
        free = select(BankMatch.id).where(
            BankMatch.cash_account_id == bank.id, BankMatch.reconciliation_id.is_(None), BankMatch.kind != "set_off"
        )
        match_id = session.scalars(free.limit(1)).first()
        if match_id is not None:
            reconcile_bank.undo(session, match_id=match_id, undone_by=HAMID, now=NOW)
    elif event == "save" and (last is None or last.statement_on < day):
        told = recon.compare(session, cash_account_id=bank.id, as_of=day).statement_balance
        saved = recon.save_reconciliation(session, cash_account_id=bank.id, statement_on=day, statement_balance=told,
                                          closed_by=HAMID, now=NOW)  # fmt: skip
        assert recon.drift(session, reconciliation_id=saved.id).postings == []
