"""Transactions: one commit, what waits for it, and a server that goes away."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cli.embedded import EmbeddedServers
from core.companies import Company, company_as_of, current_company
from core.crm.hearing import hear
from core.crm.models import Area
from core.db import after_commit, company_session, engine, run
from core.ids import new_id
from tests.builders import a_phone
from tests.cast import NOW, TestCompany


def areas(company: TestCompany) -> list[str]:
    with company_session(company.id) as session:
        return list(session.scalars(text("SELECT name FROM area ORDER BY name")))


def test_what_the_orm_and_plain_sql_write_is_one_transaction(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        session.add(Area(id=new_id(), name="Johar Town"))
        run(session, "UPDATE area SET name = %(name)s WHERE id = %(id)s", {"name": "Gulberg I", "id": company.area_id})
    assert areas(company) == ["Gulberg I", "Johar Town"]


def test_a_failure_undoes_both_and_nothing_waits_for_the_commit(company: TestCompany) -> None:
    rung: list[str] = []
    with pytest.raises(ZeroDivisionError), company_session(company.id, "test") as session:
        after_commit(session, "bell", lambda: rung.append("bell"))
        session.add(Area(id=new_id(), name="Johar Town"))
        session.flush()
        run(session, "DELETE FROM sub_zone WHERE id = %(id)s", {"id": company.sub_zone_id})
        raise ZeroDivisionError
    assert areas(company) == ["Gulberg"]
    assert rung == []


def test_a_refused_savepoint_leaves_the_rest(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        session.add(Area(id=new_id(), name="Johar Town"))
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(text("INSERT INTO area (name) VALUES ('Gulberg')"))
    assert areas(company) == ["Gulberg", "Johar Town"]


def test_after_the_server_dropped_its_connections_work_goes_on(servers: EmbeddedServers, company: TestCompany) -> None:
    areas(company)
    with psycopg.connect(host=servers.socket_dir, user="postgres", dbname="postgres", autocommit=True) as admin:
        ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'taar_app' AND datname = %s"
        admin.execute(ours, [engine().url.database])
    with pytest.raises((psycopg.OperationalError, DBAPIError)):
        areas(company)
    assert [areas(company) for _ in range(3)] == [["Gulberg"]] * 3


def test_a_company_that_is_changed_is_read_anew_by_the_next_turn(company: TestCompany) -> None:
    def seen() -> Company:
        with company_session(company.id, "webhook") as session:
            heard = hear(
                session, phone=phone, user_id=None, name="", username="", heard_at=NOW,
                message={"wamid": str(new_id()), "business_number_id": company.business_number_id, "event_id": None,
                         "type": "text", "text": "hi", "content": {}, "sent_at": NOW},
            )  # fmt: skip
        assert heard is not None
        return heard.company

    phone = a_phone()
    before = seen()
    assert seen() is before
    with company_session(company.id, "test") as session:
        current_company(session).support_phone = "042 111 000 111"
    assert (before.support_phone, seen().support_phone) == ("", "042 111 000 111")


def test_a_company_kept_under_another_version_is_not_believed(company: TestCompany) -> None:
    with company_session(company.id) as session:
        assert company_as_of(session, company.id, "1") is not company_as_of(session, company.id, "2")
