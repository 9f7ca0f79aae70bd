"""Outages: one a sub-zone, confirmed, moved, ended once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.crm.models import SubZone
from core.db import company_session
from core.errors import NotFound
from core.ids import new_id
from core.network import outages
from tests.cast import NOW, TestCompany


def test_a_sub_zone_has_one_outage_at_a_time(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        first = outages.open_outage(session, sub_zone_ids=[company.sub_zone_id], opened_by="test", now=NOW)
        with pytest.raises(outages.OutageRunning, match="Gulberg III"):
            outages.open_outage(session, sub_zone_ids=[company.sub_zone_id], opened_by="test", now=NOW)
        outages.end_outage(session, outage_id=first.id, ended_by="test", now=NOW + timedelta(hours=1))
        second = outages.open_outage(
            session, sub_zone_ids=[company.sub_zone_id], opened_by="test", now=NOW + timedelta(hours=2), confirmed=True
        )
        running = outages.outage_of_zone(session, sub_zone_id=company.sub_zone_id)
        assert running is second


def test_an_outage_is_told_more_of_and_moved(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        other = SubZone(id=new_id(), area_id=company.area_id, name="Gulberg II")
        session.add(other)
        session.flush()
        outage = outages.open_outage(session, sub_zone_ids=[company.sub_zone_id], opened_by="test", now=NOW)
        until = NOW + timedelta(hours=3)
        outages.confirm_outage(session, outage_id=outage.id, confirmed_by="staff:1", cause="Cut", expected_end=until)
        outages.confirm_outage(session, outage_id=outage.id, confirmed_by="staff:2")
        assert (outage.state, outage.confirmed_by, outage.cause) == ("confirmed", "staff:1", "Cut")
        outages.update_outage(session, outage_id=outage.id, cause="Power", sub_zone_ids=[other.id])
        assert outages.zones_of(session, outage.id) == ["Gulberg II"] and outage.cause == "Power"
        assert outages.outage_of_zone(session, sub_zone_id=company.sub_zone_id) is None
        assert [each.zones for each in outages.outages_running(session)] == [["Gulberg II"]]


def test_what_is_over_stays_over(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        outage = outages.open_outage(session, sub_zone_ids=[company.sub_zone_id], opened_by="test", now=NOW)
        with pytest.raises(outages.OutageInvalid, match="cannot end"):
            outages.end_outage(
                session, outage_id=outage.id, ended_by="test", now=NOW, ended_at=NOW - timedelta(hours=1)
            )
        outages.dismiss_outage(session, outage_id=outage.id, dismissed_by="test", now=NOW)
        for move in (outages.confirm_outage, outages.end_outage, outages.dismiss_outage):
            by = {"confirm_outage": "confirmed_by", "end_outage": "ended_by", "dismiss_outage": "dismissed_by"}
            clock = {} if move is outages.confirm_outage else {"now": NOW}
            with pytest.raises(outages.OutageOver, match="dismissed"):
                move(session, outage_id=outage.id, **{by[move.__name__]: "test"}, **clock)


def test_a_confirmed_outage_is_ended_not_dismissed(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        outage = outages.open_outage(
            session, sub_zone_ids=[company.sub_zone_id], opened_by="test", now=NOW, confirmed=True
        )
        with pytest.raises(outages.OutageInvalid, match="ended, not dismissed"):
            outages.dismiss_outage(session, outage_id=outage.id, dismissed_by="test", now=NOW)


def test_what_makes_no_outage_is_refused(company: TestCompany, other_company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        for zones in ([], [other_company.sub_zone_id], [new_id()]):
            with pytest.raises(outages.OutageInvalid, match="sub-zone"):
                outages.open_outage(session, sub_zone_ids=zones, opened_by="test", now=NOW)
        with pytest.raises(outages.OutageInvalid, match="still to come"):
            outages.open_outage(
                session, sub_zone_ids=[company.sub_zone_id], opened_by="test", now=NOW,
                started_at=NOW + timedelta(minutes=1),
            )  # fmt: skip
        with pytest.raises(NotFound):
            outages.end_outage(session, outage_id=new_id(), ended_by="test", now=NOW)
