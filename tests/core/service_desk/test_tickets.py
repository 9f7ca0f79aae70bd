"""Tickets: due in working hours, joined, gone on with, rated."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.clock import utc_now
from core.db import company_session
from core.ids import new_id
from core.service_desk import ratings, tickets
from core.service_desk.desk_models import DeskPolicy
from core.service_desk.hours import working_time_after
from core.service_desk.models import Ticket
from core.service_desk.secrets import keep_secret, read_secret
from tests.builders import make_customer
from tests.cast import NOW, TestCompany

LAHORE = ZoneInfo("Asia/Karachi")


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-11-24 10:00", 8, "2026-11-24 18:00"),
        ("2026-11-24 18:00", 8, "2026-11-25 14:00"),
        ("2026-11-24 23:30", 8, "2026-11-25 17:00"),
        ("2026-11-24 03:00", 1, "2026-11-24 10:00"),
        ("2026-11-28 20:00", 2, "2026-11-30 10:00"),  # over a Sunday off
        ("2026-11-24 09:00", 12, "2026-11-24 21:00"),
    ],
)
def test_what_is_due_counts_working_hours_only(start: str, hours: int, due: str) -> None:
    begun = datetime.fromisoformat(start).replace(tzinfo=LAHORE).astimezone(UTC)
    ends = working_time_after(begun, timedelta(hours=hours), opens=time(9), closes=time(21), rest=[7], zone=LAHORE)
    assert ends.astimezone(LAHORE) == datetime.fromisoformat(due).replace(tzinfo=LAHORE)


def opened(company: TestCompany, category: str = "no_internet", **more: object) -> Ticket:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        return tickets.open_ticket(
            session, customer_id=customer.id, category=category, description="", opened_by="test", now=NOW,
            **more,  # type: ignore[arg-type]
        )  # fmt: skip


def test_the_company_sets_its_hours_and_what_is_urgent_is_due_in_half_of_them(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        session.add(DeskPolicy(id=new_id(), opens=time(10), closes=time(18), rest_weekdays=[], reopen_days=3))
    assert opened(company).due_at == datetime(2026, 11, 25, 6, 0, tzinfo=UTC)  # from 11:00 in Lahore, 8 h of 10 to 18
    assert opened(company, priority="high").due_at == datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def test_a_ticket_goes_on_within_the_companys_days_and_not_later(company: TestCompany) -> None:
    ticket = opened(company)
    with company_session(company.id, "test") as session:
        with pytest.raises(tickets.TicketNotDone, match="T-1001 is open"):
            tickets.reopen_ticket(session, ticket_id=ticket.id, author="test", words="", now=NOW)
        tickets.resolve_ticket(session, ticket_id=ticket.id, now=NOW)
        assert tickets.reopenable(session, customer_id=ticket.customer_id, category=None, now=NOW) is not None
        with pytest.raises(tickets.ReopenTooLate, match="open a new one"):
            tickets.reopen_ticket(
                session, ticket_id=ticket.id, author="test", words="", now=NOW + timedelta(days=7, minutes=1)
            )
        later = NOW + timedelta(days=6)
        again = tickets.reopen_ticket(session, ticket_id=ticket.id, author="test", words="back", now=later)
        assert (again.state, again.priority, again.times_reopened, again.resolved_at) == ("open", "high", 1, None)
        assert again.due_at > later


def test_a_ticket_is_not_reopened_beside_an_open_one_of_its_kind(company: TestCompany) -> None:
    ticket = opened(company)
    with company_session(company.id, "test") as session:
        tickets.resolve_ticket(session, ticket_id=ticket.id, now=NOW)
        tickets.open_ticket(session, customer_id=ticket.customer_id, category="no_internet", description="",
                            opened_by="test", now=NOW)  # fmt: skip
        with pytest.raises(tickets.TicketAlreadyOpen, match="T-1002"):
            tickets.reopen_ticket(session, ticket_id=ticket.id, author="test", words="", now=NOW)


def test_only_what_is_done_is_rated_from_one_to_five(company: TestCompany) -> None:
    ticket = opened(company)
    with company_session(company.id, "test") as session:
        with pytest.raises(tickets.TicketNotDone, match="once it is resolved"):
            ratings.rate_ticket(session, ticket_id=ticket.id, rating=5, now=NOW)
        tickets.resolve_ticket(session, ticket_id=ticket.id, now=NOW)
        for stars in (0, 6):
            with pytest.raises(ratings.RatingInvalid, match="1 to 5"):
                ratings.rate_ticket(session, ticket_id=ticket.id, rating=stars, now=NOW)
        assert ratings.rate_ticket(session, ticket_id=ticket.id, rating=4, now=NOW).rating == 4
        assert ratings.comment_on_rating(session, ticket_id=ticket.id, comment=" acha ").rating_comment == "acha"


def test_a_secret_is_replaced_and_goes_with_its_ticket(company: TestCompany) -> None:
    ticket = opened(company, "router_wifi")
    with company_session(company.id, "test") as session:
        keep_secret(session, ticket_id=ticket.id, words="first")
        keep_secret(session, ticket_id=ticket.id, words="second")
        assert read_secret(session, ticket_id=ticket.id) == "second"
        tickets.resolve_ticket(session, ticket_id=ticket.id, now=utc_now())
        assert read_secret(session, ticket_id=ticket.id) is None
