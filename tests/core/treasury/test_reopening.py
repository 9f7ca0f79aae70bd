"""A saved reconciliation is reopened by the owner, corrected and saved again."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.audit import AuditEntry
from core.db import company_session
from core.ledger import reconciliation as recon
from core.ledger.periods import OwnerOnly, ReasonMissing
from core.ledger.reconciliation_models import BankLine, BankMatch, Reconciliation
from core.ledger.reconciliation_reopening import LaterReconciled, reopen_reconciliation
from core.ledger.treasury_models import CashAccount
from core.usecases import reconcile_bank
from core.usecases.check_books import check_books
from core.usecases.reconcile_bank import confirm_exact
from tests.builders import make_customer
from tests.cast import NOW, TestCompany
from tests.core.treasury.accounts import a_bank
from tests.core.treasury.test_reconciling import HAMID, NOV18, NOV20, NOV22, a_statement, paid

D = Decimal


def saves(session: Session, bank: CashAccount, day: date, balance: str) -> Reconciliation:
    return recon.save_reconciliation(
        session, cash_account_id=bank.id, statement_on=day, closed_by=HAMID, now=NOW, statement_balance=D(balance)
    )


def reconciled(session: Session, company: TestCompany) -> tuple[CashAccount, Reconciliation]:
    bank = a_bank(session)
    paid(session, make_customer(session, company), bank, "2500.00", day=NOV18, reference="FT12345678")
    a_statement(session, bank, [(NOV18, "2500.00", "ft12345678")])
    confirm_exact(session, cash_account_id=bank.id, confirmed_by=HAMID, now=NOW)
    return bank, saves(session, bank, NOV20, "102500.00")


def reopen(session: Session, saved: Reconciliation, **more: str) -> Reconciliation:
    facts = {"reason": "The wrong receipt was matched", "by": HAMID, "by_role": "owner"} | more
    return reopen_reconciliation(session, reconciliation_id=saved.id, now=NOW, **facts)


def test_the_owner_reopens_corrects_and_saves_again(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank, saved = reconciled(session, company)
        match_id = session.scalars(select(BankLine.match_id).where(BankLine.kind == "line")).one()

        reopened = reopen(session, saved)

        assert (reopened.reopened_by, reopened.reopen_reason) == (HAMID, "The wrong receipt was matched")
        assert recon.last_reconciliation(session, cash_account_id=bank.id) is None
        reconcile_bank.undo(session, match_id=match_id, undone_by=HAMID, now=NOW)
        confirm_exact(session, cash_account_id=bank.id, confirmed_by=HAMID, now=NOW)
        again = saves(session, bank, NOV20, "102500.00")
        assert set(session.scalars(select(BankMatch.reconciliation_id))) == {again.id}
        assert session.scalar(select(func.count()).select_from(Reconciliation)) == 2
        assert [each for each in check_books(session, as_of=NOV22) if each.check == "bank"] == []
        seen = select(func.count()).where(AuditEntry.table_name == "reconciliation", AuditEntry.action == "update")
        assert session.scalar(seen) == 1


@pytest.mark.parametrize(("more", "refusal"), [({"by_role": "manager"}, OwnerOnly), ({"reason": "  "}, ReasonMissing)])
def test_nobody_else_and_not_without_a_reason(
    company: TestCompany, more: dict[str, str], refusal: type[Exception]
) -> None:
    with company_session(company.id, HAMID) as session:
        _, saved = reconciled(session, company)
        with pytest.raises(refusal):
            reopen(session, saved, **more)
        assert saved.reopened_at is None


def test_the_newest_is_reopened_first_and_each_once(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank, first = reconciled(session, company)
        second = saves(session, bank, NOV22, "102500.00")
        with pytest.raises(LaterReconciled, match="2026-11-22"):
            reopen(session, first)
        reopen(session, second)
        with pytest.raises(LaterReconciled):
            reopen(session, second)
        reopen(session, first)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE reconciliation SET reopened_at = NULL", "UPDATE reconciliation SET book_balance = 0",
     "DELETE FROM reconciliation", "UPDATE bank_match SET reconciliation_id = NULL",
     "UPDATE bank_line SET reconciliation_id = NULL"],
)  # fmt: skip
def test_the_database_lets_nothing_else_move(company: TestCompany, statement: str) -> None:
    with company_session(company.id, HAMID) as session:
        bank, first = reconciled(session, company)
        reopen(session, first)
        saves(session, bank, NOV20, "102500.00")
    with pytest.raises(DBAPIError), company_session(company.id, HAMID) as session:
        session.execute(text(statement))
