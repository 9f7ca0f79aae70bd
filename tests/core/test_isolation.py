"""Companies are kept apart by the database, whatever the program asks."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from core.db import company_session, engine, platform_session
from core.schema import METADATA
from tests.cast import TestCompany

CATALOGUE = text(
    "SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,"
    " EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid) AS has_policy"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname <> 'alembic_version'"
)
COMPANY_TABLES = [table for table in METADATA.sorted_tables if "company_id" in table.c]


def test_every_table_of_the_catalogue_is_isolated_also_from_its_owner(database: str) -> None:
    with engine().connect() as connection:
        tables = connection.execute(CATALOGUE).all()
    assert len(tables) > 30
    assert [t.relname for t in tables if not (t.relrowsecurity and t.relforcerowsecurity and t.has_policy)] == []


def test_the_program_connects_as_a_role_that_owns_nothing_and_cannot_bypass(database: str) -> None:
    with engine().connect() as connection:
        role = connection.execute(
            text("SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user")
        ).one()
        owned = connection.scalar(
            text("SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname = current_user")
        )
    assert tuple(role) == (False, False, False)
    assert owned == 0


@pytest.mark.parametrize("table", COMPANY_TABLES, ids=lambda table: table.name)
def test_no_row_is_visible_without_a_company_or_from_another(table, company: TestCompany) -> None:
    with engine().connect() as bare:
        assert bare.execute(select(table.c.company_id)).all() == []
    with company_session(company.id) as session:
        others = select(table.c.company_id).where(table.c.company_id.is_distinct_from(company.id))
        assert session.execute(others).all() == []


def test_a_row_cannot_be_written_into_another_company(company: TestCompany, other_company: TestCompany) -> None:
    insert = text("INSERT INTO area (company_id, name) VALUES (:other, 'Stolen')")
    with pytest.raises(ProgrammingError, match="row-level security"), company_session(company.id) as session:
        session.execute(insert, {"other": other_company.id})


def test_a_row_of_another_company_can_be_neither_changed_nor_deleted(
    company: TestCompany, other_company: TestCompany
) -> None:
    with company_session(company.id) as session:
        changed = session.execute(text("UPDATE area SET name = 'Taken' WHERE id = :id"), {"id": other_company.area_id})
        deleted = session.execute(text("DELETE FROM sub_zone WHERE id = :id"), {"id": other_company.sub_zone_id})
    assert (changed.rowcount, deleted.rowcount) == (0, 0)  # type: ignore[attr-defined]


def test_raw_events_are_seen_by_the_platform_only(company: TestCompany) -> None:
    with platform_session() as session:
        session.execute(text("INSERT INTO webhook_event (body, state, attempts, next_try_at, error)"
                             " VALUES ('x', 'done', 0, now(), '')"))  # fmt: skip
        assert session.scalar(text("SELECT count(*) FROM webhook_event")) > 0
    with company_session(company.id) as session:
        assert session.scalar(text("SELECT count(*) FROM webhook_event")) == 0


def test_the_audit_trail_tells_who_changed_what_and_cannot_be_changed(company: TestCompany) -> None:
    with company_session(company.id, "staff:hamid") as session:
        session.execute(text("UPDATE area SET name = 'Gulberg I-V' WHERE id = :id"), {"id": company.area_id})
    with company_session(company.id) as session:
        entry = session.execute(
            text("SELECT actor, action, old, new FROM audit_entry WHERE row_id = :id ORDER BY changed_at DESC LIMIT 1"),
            {"id": company.area_id},
        ).one()
    assert tuple(entry) == ("staff:hamid", "update", {"name": "Gulberg"}, {"name": "Gulberg I-V"})
    with pytest.raises(DBAPIError), company_session(company.id) as session:
        session.execute(text("DELETE FROM audit_entry"))


def test_a_partition_of_the_audit_trail_cannot_be_read_past_its_policy(
    company: TestCompany, other_company: TestCompany
) -> None:
    with engine().connect() as connection:
        partition = connection.scalar(
            text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'audit_entry'::regclass LIMIT 1")
        )
    count = text(f"SELECT count(*) FROM {partition} WHERE company_id <> :id")
    with pytest.raises(ProgrammingError, match="permission denied"), company_session(company.id) as session:
        session.execute(count, {"id": company.id})
