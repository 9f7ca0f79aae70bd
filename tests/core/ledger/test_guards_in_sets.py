"""What stands in the place of foreign keys and of checks row by row: said in raw SQL, whatever the program does."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.db import company_session
from core.ids import Id, new_id
from tests.cast import TODAY, TestCompany

_TOGETHER = text("""
    WITH entry AS (
        INSERT INTO journal_entry (id, kind, source_id, posted_on, memo, actor, origin)
        VALUES (:entry, 'expense', :entry, :day, '', 'test', '')
    )
    INSERT INTO posting (entry_id, account_id, posted_on, amount)
    SELECT :entry, a.id, :day, x FROM account a, unnest(CAST(:amounts AS numeric[])) x WHERE a.code = '1010'
""")
_ONE_LINE = text(
    "INSERT INTO posting (entry_id, account_id, posted_on, amount) VALUES (:entry, :account, :day, 5), "
    "(:entry, :account, :day, -5)"
)


def together(session: Session, *amounts: str) -> Id:
    """An entry and its lines on 1010 in one statement."""
    entry_id = new_id()
    session.execute(_TOGETHER, {"entry": entry_id, "day": TODAY, "amounts": list(amounts)})
    return entry_id


def account_id(session: Session, code: str = "1010") -> Id:
    return session.execute(text("SELECT id FROM account WHERE code = :code"), {"code": code}).scalar_one()


def test_an_entry_that_comes_with_its_lines_is_looked_at_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        together(session, "7.00", "-7.00")
        assert session.scalar(text("SELECT count(*) FROM entry_check")) == 0


@pytest.mark.parametrize("amounts", [[], ["5.00"], ["5.00", "-4.00"]])
def test_an_entry_that_comes_with_wrong_lines_is_refused(company: TestCompany, amounts: list[str]) -> None:
    with pytest.raises(DBAPIError, match=r"does not balance|needs two"), company_session(company.id, "test") as session:
        together(session, *amounts)


def test_lines_need_an_entry_and_an_account(company: TestCompany, other_company: TestCompany) -> None:
    with company_session(other_company.id, "test") as session:
        foreign = account_id(session)
    with company_session(company.id, "test") as session:
        own = account_id(session)
    with pytest.raises(DBAPIError, match="written already"), company_session(company.id, "test") as session:
        session.execute(_ONE_LINE, {"entry": new_id(), "account": own, "day": TODAY})
    for account in (new_id(), foreign):
        with pytest.raises(DBAPIError, match="not of this company"), company_session(company.id, "test") as session:
            entry_id = together(session, "1.00", "-1.00")
            session.execute(_ONE_LINE, {"entry": entry_id, "account": account, "day": TODAY})


def test_one_wrong_line_among_many_entries_is_found(company: TestCompany) -> None:
    with pytest.raises(DBAPIError, match="1100 needs its customer"), company_session(company.id, "test") as session:
        entry_id = together(session, "1.00", "-1.00")
        session.execute(_ONE_LINE, {"entry": entry_id, "account": account_id(session, "1100"), "day": TODAY})


def test_an_account_with_postings_stays_and_an_unused_one_goes(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        together(session, "7.00", "-7.00")
    with pytest.raises(DBAPIError, match="1010 has postings and stays"), company_session(company.id, "test") as session:
        session.execute(text("DELETE FROM account WHERE code = '1010'"))
    with company_session(company.id, "test") as session:
        assert session.execute(text("DELETE FROM account WHERE code = '6900'")).rowcount == 1  # type: ignore[attr-defined]


def test_an_account_keeps_its_id_but_not_its_name(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        session.execute(text("UPDATE account SET name = 'Till' WHERE code = '1010'"))
    with pytest.raises(DBAPIError, match="keeps its id"), company_session(company.id, "test") as session:
        session.execute(text("UPDATE account SET id = uuidv7() WHERE code = '1010'"))


def test_no_account_is_deleted_while_somebody_posts(company: TestCompany) -> None:
    with company_session(company.id, "test") as posting:
        together(posting, "7.00", "-7.00")
        with pytest.raises(DBAPIError, match="lock timeout"), company_session(company.id, "test") as deleting:
            deleting.execute(text("SET LOCAL lock_timeout = '20ms'"))
            deleting.execute(text("DELETE FROM account WHERE code = '6900'"))
