"""A stored conversation against the present code, in a scratch database."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import make_url, select, text

from bot.replay import DIFFERS, FIGURES, SAME, play, remember, verdict
from cli.scratch import PREFIX, ScratchRefused, scratch_copy
from cli.talks import find_person, report
from core.billing.payments import record_payment
from core.clock import utc_now
from core.crm.models import Customer
from core.db import company_session, elsewhere
from core.errors import NotFound
from core.ids import Id, new_id
from core.jobs import redis_connection
from core.messaging.models import Conversation, InboundMessage, OutboundMessage
from core.service_desk.models import Ticket
from tests.builders import a_phone, customer_who_owes, make_customer, make_staff
from tests.cast import TestCompany
from tests.phones import Phone
from tests.scratch import replayed, urls
from tests.stories.wishes import CANNOT_LOOK, NO_NET, YES

BILL = {"en": "how much is my bill", "ur_Latn": "mera bill kitna hai", "ur": "میرا بل کتنا ہے"}


def talked(client: FlaskClient, company: TestCompany, language: str = "ur_Latn") -> Id:
    """Ayesha asks for her bill and files a complaint."""
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, phone)
    ayesha = Phone(client, company, phone)
    ayesha.says(BILL[language])
    ayesha.says(NO_NET[language])
    ayesha.taps(CANNOT_LOOK[language])
    ayesha.sends_photo()
    ayesha.taps(YES[language])
    with company_session(company.id) as session:
        return session.scalars(select(Conversation.id)).one()


def scratches() -> list[str]:
    """The scratch databases that are on the server."""
    owner_url, _ = urls()
    url = make_url(owner_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as server:
        return [name for (name,) in server.execute("SELECT datname FROM pg_database") if name.startswith(PREFIX)]


def kept(company: TestCompany) -> dict[str, int]:
    """How many rows every table has, and how far the company's numbers are."""
    with company_session(company.id) as session:
        tables = session.scalars(
            text("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        ).all()
        own = [name for name in tables if name != "alembic_version" and not name.startswith("audit_entry_")]
        rows = {name: session.scalar(text(f"SELECT count(*) FROM {name}")) or 0 for name in [*own, "audit_entry"]}
        rows["numbers"] = session.scalar(text("SELECT sum(last) FROM number_series")) or 0
    return rows


@pytest.mark.parametrize("language", ["ur_Latn", "ur"])
def test_what_has_not_changed_is_answered_alike_and_nothing_real_is_touched(
    client: FlaskClient, company: TestCompany, language: str
) -> None:
    conversation = talked(client, company, language)
    before = kept(company)
    redis_connection().flushdb()
    compared = replayed(company.id, conversation)
    assert [(one.verdict, one.differences) for one in compared] == [(SAME, ())] * 5
    assert "T-1001" in compared[4].now  # its number is free again in the scratch
    assert kept(company) == before
    assert redis_connection().keys("*") == []
    assert report(compared, everything=False) == ["5 messages: 0 differ, 0 in figures only."]


def test_the_company_is_as_it_was_before_the_talk(client: FlaskClient, company: TestCompany) -> None:
    conversation = talked(client, company)
    with company_session(company.id, "test") as session:
        customer = session.scalars(select(Customer)).unique().one()
        customer.name = "Ayesha Butt"
        record_payment(
            session, customer_id=customer.id, amount=Decimal("3435.63"), method="cash", taken_by="test",
            received_on=date(2026, 11, 24), idempotency_key="later", now=utc_now(),
        )  # fmt: skip
    talk = remember(company.id, conversation)
    owner_url, app_url = urls()
    with (
        scratch_copy(owner_url, app_url, company_id=company.id, since=talk.since) as scratch,
        elsewhere(scratch),
        company_session(company.id) as session,
    ):
        assert session.scalars(select(Customer.name)).one() == "Ayesha Khan"
        for table in ("payment", "ticket", "conversation", "inbound_message", "outbound_message", "document"):
            assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table
        assert session.scalar(text("SELECT sum(balance) FROM invoice")) == Decimal("3435.63")
    assert [one.verdict for one in replayed(company.id, conversation)] == [SAME] * 5


def test_no_row_of_another_company_is_copied(
    client: FlaskClient, company: TestCompany, other_company: TestCompany
) -> None:
    conversation = talked(client, company)
    talked(client, other_company)
    talk = remember(company.id, conversation)
    owner_url, app_url = urls()
    with (
        scratch_copy(owner_url, app_url, company_id=company.id, since=talk.since) as scratch,
        elsewhere(scratch),
        company_session(other_company.id) as session,
    ):
        assert session.scalars(select(Customer)).unique().all() == []


def test_what_would_be_understood_said_and_done_otherwise_is_shown(client: FlaskClient, company: TestCompany) -> None:
    conversation = talked(client, company)
    with company_session(company.id, "test") as session:  # as an older lexicon and an older flow would have left it
        session.execute(
            text("UPDATE outbound_message SET text = 'We never had such words' WHERE text LIKE '%baqaya%3,435.63%'")
        )
        asked = session.scalars(select(InboundMessage).where(InboundMessage.text == BILL["ur_Latn"])).one()
        asked.read_as = {"intent": "usage", "flow": "promise", "asked": "amount"}
        session.flush()
    compared = replayed(company.id, conversation)
    assert [one.verdict for one in compared] == [DIFFERS, SAME, SAME, SAME, SAME]
    assert compared[0].differences == ("intent: usage → balance", "flow: promise → none", "asked: amount → none")
    told = report(compared, everything=False)
    assert told[0] == "5 messages: 1 differ, 0 in figures only."
    assert "  - We never had such words" in told and any(line.startswith("  + ") for line in told)
    assert "  ! intent: usage → balance" in told


def test_a_ticket_that_would_not_be_opened_any_more_is_shown(client: FlaskClient, company: TestCompany) -> None:
    conversation = talked(client, company)
    with company_session(company.id, "test") as session:
        agreed = session.scalars(select(InboundMessage).where(InboundMessage.text == "Haan")).one()
        tap = {"type": "button_reply", "button_reply": {"id": "menu", "title": "Menu"}}
        agreed.content = {**agreed.content, "interactive": tap}
    last = replayed(company.id, conversation)[-1]
    assert last.verdict == DIFFERS
    assert any(one.startswith("no more: makes ticket (category no_internet") for one in last.differences)


def test_a_message_that_the_code_cannot_stand_is_told_and_the_talk_goes_on(
    client: FlaskClient, company: TestCompany
) -> None:
    conversation = talked(client, company)
    talk = remember(company.id, conversation)
    owner_url, app_url = urls()
    with scratch_copy(owner_url, app_url, company_id=company.id, since=talk.since) as scratch:
        fault = "CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'stumbled'; END $$"
        guard = "CREATE TRIGGER stumble BEFORE INSERT ON ticket FOR EACH ROW EXECUTE FUNCTION stumble()"
        there = make_url(scratch).set(username=make_url(owner_url).username, drivername="postgresql")
        with psycopg.connect(there.render_as_string(hide_password=False)) as owner:
            owner.execute(fault)
            owner.execute(guard)
        with elsewhere(scratch):
            compared = play(talk)
    assert [one.verdict for one in compared] == [SAME] * 4 + [DIFFERS]
    assert compared[4].differences[0].startswith("crash: ") and "stumbled" in compared[4].differences[0]


def test_the_scratch_is_dropped_and_the_process_comes_back_when_the_play_breaks_off(
    client: FlaskClient, company: TestCompany
) -> None:
    conversation = talked(client, company)
    talk = remember(company.id, conversation)
    owner_url, app_url = urls()
    with (
        pytest.raises(KeyboardInterrupt),
        scratch_copy(owner_url, app_url, company_id=company.id, since=talk.since) as scratch,
        elsewhere(scratch),
        company_session(company.id),
    ):
        made = str(make_url(scratch).database)
        assert made in scratches()
        raise KeyboardInterrupt
    assert made not in scratches()
    with company_session(company.id) as session:
        assert [ticket.number for ticket in session.scalars(select(Ticket))] == ["T-1001"]
        assert session.scalar(select(text("count(*)")).select_from(OutboundMessage)) == 10


def test_an_owner_who_may_not_make_databases_is_told_what_to_grant(company: TestCompany) -> None:
    _, app_url = urls()
    with (
        pytest.raises(ScratchRefused, match="ALTER ROLE taar_app CREATEDB"),
        scratch_copy(app_url, app_url, company_id=company.id, since=utc_now()),
    ):
        pass


def test_figures_and_days_alone_are_no_other_words() -> None:
    assert verdict("Rs 2,500 by 10.12.2026", "Rs 3,000.50 by 11.12.2026") == FIGURES
    assert verdict("Rs 2,500", "Rs 2,500 please") == DIFFERS


def test_a_conversation_that_is_not_there_is_told(company: TestCompany) -> None:
    with pytest.raises(NotFound, match="no conversation"):
        replayed(company.id, new_id())


def test_people_are_found_by_phone_number_or_name_and_never_guessed(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company, name="Bilal Butt", phone="+923001112223")
        make_customer(session, company, name="Bilal Khan")
        make_staff(session, company, role="technician", name="Tariq Mehmood", phone="+923009998887")
        assert find_person(session, customer.number.lower()) == ("+923001112223", "Bilal Butt")
        assert find_person(session, "bilal b") == ("+923001112223", "Bilal Butt")
        assert find_person(session, "Tariq") == ("+923009998887", "Tariq Mehmood")
        assert find_person(session, "+92 300 5556667") == ("+923005556667", "Somebody")
        with pytest.raises(NotFound, match="may be Bilal Butt, Bilal Khan"):
            find_person(session, "bilal")
        with pytest.raises(NotFound, match="Nobody is called"):
            find_person(session, "camel")
