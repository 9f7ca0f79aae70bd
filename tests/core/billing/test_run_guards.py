"""What the database refuses of the journal and of issued invoices, said in raw SQL, whatever the program does."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.billing.drafts import draft_period
from core.billing.invoice_models import Invoice
from core.billing.run_drafts import Drafter
from core.billing.schedule import next_step
from core.billing.terms import BillingFacts, DiscountTerms, LineTerms
from core.db import company_session
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry
from tests.builders import customer_who_owes
from tests.cast import TODAY, TestCompany
from tests.core.billing.test_pricing import PLAN, TV, YEARLY, D, tariffs


def entry(session: Session, amount: str = "5.00") -> Id:
    return post_entry(
        session, kind="expense", source_id=new_id(), posted_on=TODAY, actor="test",
        lines=[Line("6100", Decimal(amount)), Line("1010", -Decimal(amount))],
    ).id  # fmt: skip


def add(session: Session, entry_id: Id, *amounts: str) -> None:
    session.execute(
        text("INSERT INTO posting (entry_id, account_id, posted_on, amount)"
             " SELECT :entry, a.id, coalesce((SELECT posted_on FROM journal_entry WHERE id = :entry), current_date), x"
             " FROM account a, unnest(CAST(:amounts AS numeric[])) x WHERE a.code = '1010'"),
        {"entry": entry_id, "amounts": list(amounts)},
    )  # fmt: skip


def bare_entry(session: Session) -> Id:
    entry_id = new_id()
    session.execute(
        text("INSERT INTO journal_entry (id, kind, source_id, posted_on, memo, actor, origin)"
             " VALUES (:id, 'expense', :id, current_date, '', 'test', '')"), {"id": entry_id},
    )  # fmt: skip
    return entry_id


def test_lines_may_come_in_several_statements_if_they_add_up_in_the_end(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        entry_id = bare_entry(session)
        add(session, entry_id, "7.00")
        add(session, entry_id, "-3.00", "-4.00")
    with company_session(company.id) as session:
        assert session.scalar(text("SELECT count(*) FROM posting WHERE entry_id = :id"), {"id": entry_id}) == 3
        assert session.scalar(text("SELECT count(*) FROM entry_check")) == 0


@pytest.mark.parametrize("amounts", [[], ["5.00"], ["5.00", "-4.00"]])
def test_an_entry_without_lines_with_one_or_unbalanced_is_refused(company: TestCompany, amounts: list[str]) -> None:
    with pytest.raises(DBAPIError, match=r"does not balance|needs two"), company_session(company.id, "test") as session:
        entry_id = bare_entry(session)
        if amounts:
            add(session, entry_id, *amounts)


@pytest.mark.parametrize("amounts", [["5.00"], ["5.00", "-5.00"]])
def test_a_line_cannot_join_an_entry_of_an_earlier_transaction(company: TestCompany, amounts: list[str]) -> None:
    with company_session(company.id, "test") as session:
        old = entry(session)
    with pytest.raises(DBAPIError, match="written already"), company_session(company.id, "test") as session:
        add(session, old, *amounts)


def test_a_line_cannot_join_another_companys_entry(company: TestCompany, other_company: TestCompany) -> None:
    with company_session(other_company.id, "test") as session:
        foreign = entry(session)
    with pytest.raises(DBAPIError, match="written already"), company_session(company.id, "test") as session:
        add(session, foreign, "5.00", "-5.00")


def test_checking_early_does_not_let_a_later_line_through(company: TestCompany) -> None:
    with pytest.raises(DBAPIError, match="does not balance"), company_session(company.id, "test") as session:
        entry_id = entry(session)
        session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
        add(session, entry_id, "1.00")
        session.execute(text("DELETE FROM entry_check"))


def test_lines_written_under_savepoints_are_their_own_transactions(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        with session.begin_nested():
            inner = entry(session)
            with session.begin_nested():
                add(session, inner, "2.00", "-2.00")
        add(session, inner, "3.00", "-3.00")
        outer = entry(session)
        with session.begin_nested():
            add(session, outer, "4.00", "-4.00")
        with pytest.raises(DBAPIError), session.begin_nested():
            add(session, new_id(), "1.00", "-1.00")
    with company_session(company.id) as session:
        assert session.scalar(text("SELECT count(*) FROM posting")) == 10


@pytest.mark.parametrize("amount", ["0", "5", "-1"])
def test_an_issued_invoice_takes_no_further_line(company: TestCompany, amount: str) -> None:
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, "+923008880001")
    with pytest.raises(DBAPIError, match="frozen"), company_session(company.id, "test") as session:
        session.execute(text("UPDATE invoice SET balance = balance - 1, state = 'part_paid'"))
        session.execute(
            text("INSERT INTO invoice_line (invoice_id, position, kind, description, quantity, unit_price, discount,"
                 " amount, service_class, tax_code, account_code)"
                 " SELECT id, 99, 'charge', 'More', 1, 0, 0, :amount, '', '', '4000' FROM invoice"),
            {"amount": amount},
        )  # fmt: skip


MOVES = {"state", "balance", "fiscal_state", "fiscal_number"}


def test_every_column_of_an_issued_invoice_is_frozen_but_those_that_move(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        frozen = set(session.scalars(text(
            "SELECT attname FROM pg_trigger t, unnest(t.tgattr) n JOIN pg_attribute a"
            " ON a.attrelid = 'invoice'::regclass AND a.attnum = n"
            " WHERE t.tgrelid = 'invoice'::regclass AND t.tgname = 'frozen'"
        )))  # fmt: skip
    assert frozen == {column.name for column in Invoice.__table__.columns} - MOVES


def test_an_invoice_issued_at_once_must_add_up_to_its_lines(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, "+923008880002")
    copied = """
        INSERT INTO invoice (id, number, customer_id, kind, reason, state, currency, seller_name, seller_address,
            seller_tax_number, seller_sales_tax_number, customer_name, customer_address, customer_tax_number, issued_on,
            due_on, tax_rounding, net, tax, rounding, total, balance, earlier_balance, fiscal_state, fiscal_number)
        SELECT :id, 'X-1', customer_id, kind, 'one_off', 'issued', currency, '', '', '', '', '', '', '', issued_on,
            due_on, tax_rounding, 100, 10, 0, 110, 110, 0, 'not_required', '' FROM invoice"""
    lines = """
        INSERT INTO invoice_line (invoice_id, position, kind, description, quantity, unit_price, discount, amount,
            service_class, tax_code, account_code)
        VALUES (:id, 1, 'charge', 'a', 1, 0, 0, :net, '', '', '4000'),
            (:id, 2, 'tax', 'b', 1, 0, 0, :tax, '', '', '2100')
        """
    for net, tax in (("100", "9"), ("90", "20")):
        with pytest.raises(DBAPIError, match="do not add up"), company_session(company.id, "test") as session:
            invoice_id = new_id()
            session.execute(text(copied), {"id": invoice_id})
            session.execute(text(lines), {"id": invoice_id, "net": net, "tax": tax})


def test_the_runs_own_moves_leave_no_audit_but_every_other_change_does(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, "+923008880003")
        session.execute(text("UPDATE subscription SET billed_until = '2026-12-01', next_bill_on = '2026-12-01'"))
        session.execute(text("UPDATE subscription SET due_days = 5"))
        session.execute(text("UPDATE subscription SET billed_until = '2026-10-01'"))
    with company_session(company.id) as session:
        changes = text(
            "SELECT new FROM audit_entry WHERE table_name = 'subscription' AND action = 'update' ORDER BY id"
        )
        assert session.scalars(changes).all() == [{"due_days": 5}, {"billed_until": "2026-10-01"}]


LINES = st.lists(
    st.tuples(st.sampled_from([PLAN, TV, YEARLY]), st.sampled_from([-400, -31, 0, 9]), st.sampled_from([None, 12, 60]),
              st.sampled_from([None, D("1999.99")])), min_size=1, max_size=3,
)  # fmt: skip
ALIKE = st.tuples(
    LINES, st.sampled_from([-400, -31, 0]), st.sampled_from([1, 10, 31]), st.sampled_from([1, 3]), st.booleans(),
    st.lists(st.tuples(st.sampled_from([-90, -5, 3]), st.sampled_from([None, 20]), st.booleans()), max_size=2),
)  # fmt: skip


def _facts(likeness: tuple[object, ...], start: date) -> BillingFacts:
    lines, offset, anchor, months, first, discounts = likeness
    started_on = start if first else start + timedelta(days=offset)  # type: ignore[operator]
    terms = tuple(
        LineTerms(new_id(), plan, start + timedelta(days=begins),
                  None if ends is None else start + timedelta(days=ends), agreed_price=agreed)
        for plan, begins, ends, agreed in lines  # type: ignore[attr-defined]
    )  # fmt: skip
    granted = tuple(
        DiscountTerms(start + timedelta(days=begins), None if ends is None else start + timedelta(days=ends),
                      amount=D("55.55"), line_id=terms[0].id if own else None)
        for begins, ends, own in discounts  # type: ignore[attr-defined]
    )  # fmt: skip
    return BillingFacts(
        new_id(), new_id(), started_on, terms, billing_day=anchor, interval_months=months,  # type: ignore[arg-type]
        billed_until=None if first else start, discounts=granted,
    )  # fmt: skip


@given(st.lists(ALIKE, min_size=2, max_size=12), st.dates(date(2026, 1, 1), date(2026, 6, 30)))
def test_a_remembered_draft_is_the_draft_of_everybody_who_gets_it(alike: list[tuple[object, ...]], start: date) -> None:
    sold = tariffs()
    drafter = Drafter(sold, start, {"4000", "2100", "2110"})
    for facts in [_facts(likeness, start) for likeness in alike]:
        period = next_step(sold, facts)
        assert period is not None
        pattern = drafter.pattern(facts, period)
        drafted = draft_period(sold, facts, start=period.start, end=period.end, issued_on=start)
        assert (pattern.draft.net, pattern.draft.tax, pattern.draft.total) == (drafted.net, drafted.tax, drafted.total)
        assert [line.description for line in pattern.draft.lines] == [line.description for line in drafted.lines]
        assert pattern.line_ids(facts.lines) == tuple(line.subscription_line_id for line in drafted.lines)
