"""Outages told to everybody whom they hit, once; over for the same people; and credited where policy says so."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from core.billing.balance import account_balance
from core.billing.invoice_models import CreditNote, Invoice
from core.billing.subscription_models import Subscription
from core.clock import utc_now
from core.crm.models import Area, Contact, Customer, SubZone
from core.db import company_session
from core.ids import Id, new_id
from core.ledger.models import JournalEntry
from core.messaging.models import OutboundMessage
from core.network.outage_models import Outage, OutageCredit
from core.network.outages import OutageInvalid, change_outage_policy, open_outage
from core.usecases.confirm_outage import confirm_outage
from core.usecases.credit_outage import credit_outage, preview_credits
from core.usecases.end_outage import end_outage
from tests.builders import a_phone, make_customer, make_invoice, make_plan, make_staff, make_subscription
from tests.cast import TestCompany
from tests.phones import Phone, choices
from tests.stories.wishes import heard_by, paid_up, tap

NOON = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
"""Twelve in Lahore, when people may be written to."""
NIGHT = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
"""Two at night in Lahore."""


def neighbours(company: TestCompany, count: int = 3) -> list[str]:
    """Customers with running lines who have never written, each with his bill of November."""
    phones = [a_phone() for _ in range(count)]
    with company_session(company.id, "test") as session:
        plan = make_plan(session)
        for phone in phones:
            customer = make_customer(session, company, name=f"Ali {phone[-3:]}", phone=phone)
            make_invoice(session, make_subscription(session, customer, plan).id)
    return phones


def confirmed(company: TestCompany, now: datetime, **options: object) -> tuple[Id, int]:
    with company_session(company.id, "test") as session:
        outage = open_outage(session, sub_zone_ids=[company.sub_zone_id], opened_by="staff:1", now=now)
        _, told = confirm_outage(session, outage_id=outage.id, confirmed_by="staff:1", now=now, **options)  # type: ignore[arg-type]
        return outage.id, told


def ended(company: TestCompany, outage_id: Id, now: datetime) -> int:
    with company_session(company.id, "test") as session:
        return end_outage(session, outage_id=outage_id, ended_by="staff:1", now=now)[1]


def keys(company: TestCompany, phone: str) -> list[str]:
    return [message.dedupe_key.partition(":")[0] for message in heard_by(company, phone)]


@pytest.mark.parametrize(
    ("hello", "off", "back"),
    [
        ("salam, menu dikhao", "Wajah: Transformer phat gaya. Umeed hai 24 Nov 2026, 15:00 tak", "internet bahal"),
        ("مینو", "وجہ: Transformer phat gaya۔ امید ہے 24 نومبر 2026, 15:00 تک", "انٹرنیٹ بحال"),
        ("show me the menu", "Cause: Transformer phat gaya. We expect it to be back by 24 Nov 2026, 15:00", "is back"),
    ],
)
def test_a_confirmed_outage_is_told_in_each_ones_language_and_so_is_its_end(
    client: FlaskClient, company: TestCompany, hello: str, off: str, back: str
) -> None:
    bilal = paid_up(client, company)
    bilal.says(hello)
    assert bilal.phone is not None
    outage_id, told = confirmed(
        company, NOON, cause="Transformer phat gaya", expected_end=NOON + timedelta(hours=3)
    )  # fmt: skip
    assert told == 1 and off in heard_by(company, bilal.phone)[-1].text
    assert heard_by(company, bilal.phone)[-1].kind == "interactive"
    assert ended(company, outage_id, NOON + timedelta(hours=2)) == 0  # nothing has been sent yet, so nothing is over
    assert heard_by(company, bilal.phone)[-1].state == "expired"
    outage_id, _ = confirmed(company, NOON + timedelta(hours=3))
    sent(company)
    assert ended(company, outage_id, NOON + timedelta(hours=4)) == 1
    assert back in heard_by(company, bilal.phone)[-1].text


def sent(company: TestCompany) -> None:
    """Whatever waits has left."""
    with company_session(company.id, "test") as session:
        for message in session.scalars(select(OutboundMessage).where(OutboundMessage.state == "queued")):
            message.state = "accepted"


def test_who_never_wrote_hears_by_template_and_nobody_hears_twice(company: TestCompany) -> None:
    phones = neighbours(company)
    outage_id, told = confirmed(company, NOON)
    assert told == 3
    with company_session(company.id, "test") as session:
        assert confirm_outage(session, outage_id=outage_id, confirmed_by="staff:2", now=NOON, cause="Cut")[1] == 0
    assert [keys(company, phone) for phone in phones] == [["outage_confirmed"]] * 3
    message = heard_by(company, phones[0])[0]
    assert (message.kind, message.payload["template"]["name"]) == ("template", "outage_confirmed")
    sent(company)
    assert ended(company, outage_id, NOON + timedelta(hours=1)) == 3
    assert [keys(company, phone) for phone in phones] == [["outage_confirmed", "outage_over"]] * 3


def test_who_opted_out_and_who_has_no_running_line_hears_nothing(company: TestCompany) -> None:
    silent, suspended, heard = neighbours(company)
    with company_session(company.id, "test") as session:
        session.add(Contact(phone=silent, opted_out_at=NOON))
        customer = session.scalars(select(Customer).where(Customer.phones.any(phone=suspended))).unique().one()
        session.execute(
            update(Subscription).where(Subscription.customer_id == customer.id).values(state="suspended")
        )  # fmt: skip
    assert confirmed(company, NOON)[1] == 1
    assert keys(company, heard) == ["outage_confirmed"]
    assert keys(company, silent) == keys(company, suspended) == []


def test_at_night_it_waits_for_the_morning_and_is_withdrawn_when_the_outage_is_over_by_then(
    company: TestCompany,
) -> None:
    (phone,) = neighbours(company, 1)
    outage_id, told = confirmed(company, NIGHT)
    message = heard_by(company, phone)[0]
    assert (told, message.not_before) == (1, datetime(2026, 11, 25, 4, 0, tzinfo=UTC))
    assert ended(company, outage_id, NIGHT + timedelta(hours=1)) == 0
    assert [(each.state, each.error) for each in heard_by(company, phone)] == [
        ("expired", "the outage was over first")
    ]  # fmt: skip


def test_a_company_may_tell_nobody_unasked(company: TestCompany) -> None:
    neighbours(company, 1)
    with company_session(company.id, "test") as session:
        change_outage_policy(session, tells_customers=False)
    assert confirmed(company, NOON)[1] == 0


def test_an_end_that_is_over_is_not_expected(company: TestCompany) -> None:
    with pytest.raises(OutageInvalid, match="which is over"):
        confirmed(company, NOON, expected_end=NOON - timedelta(minutes=1))


def test_a_long_outage_is_credited_once_with_its_entry_and_shown_on_the_next_bill(company: TestCompany) -> None:
    (phone,) = neighbours(company, 1)
    with company_session(company.id, "test") as session:
        change_outage_policy(session, gives_credit=True, credit_unit="day", credit_after_hours=24)
    outage_id, _ = confirmed(company, NOON)
    ended(company, outage_id, NOON + timedelta(hours=24 * 4 + 5))
    with company_session(company.id, "test") as session:
        credit = session.scalars(select(OutageCredit)).one()
        assert (credit.units, credit.net) == (3, Decimal("250.00"))  # 2,500 for 30 days
        note = session.get_one(CreditNote, credit.credit_note_id)
        assert (note.net, note.reason) == (Decimal("250.00"), "No service since 24 Nov 2026: 3 days")
        entry = session.scalars(select(JournalEntry).where(JournalEntry.source_id == note.id)).one()
        assert (entry.kind, entry.origin) == ("credit_note", f"run:outage:{outage_id}")
        outage = session.get_one(Outage, outage_id)
        assert credit_outage(session, outage=outage, actor="test", now=NOON + timedelta(days=9), origin="run:x") == []
        assert preview_credits(session, outage=outage, at=NOON) == []
        first = session.scalars(select(Invoice)).one()
        assert first.balance == first.total - note.total
        following = make_invoice(session, session.scalars(select(OutageCredit.subscription_id)).one(),
                                 month=date(2026, 12, 1))  # fmt: skip
        assert following.earlier_balance == first.balance
        owed = account_balance(session, customer_id=note.customer_id, today=date(2026, 12, 1)).due
        assert owed == following.total + first.total - note.total
    assert keys(company, phone) == ["outage_confirmed"]


@pytest.mark.parametrize(
    ("unit", "after", "hours", "units", "net"),
    [("hour", 4, 10, 6, "20.83"), ("hour", 4, 4, 0, ""), ("day", 0, 23, 0, ""), ("day", 0, 24, 1, "83.33")],
)
def test_only_full_hours_or_days_above_the_threshold_count(
    company: TestCompany, unit: str, after: int, hours: int, units: int, net: str
) -> None:
    neighbours(company, 1)
    with company_session(company.id, "test") as session:
        change_outage_policy(session, credit_unit=unit, credit_after_hours=after)
        outage = open_outage(session, sub_zone_ids=[company.sub_zone_id], opened_by="test", now=NOON)
        found = preview_credits(session, outage=outage, at=NOON + timedelta(hours=hours))
    assert [(credit.units, credit.net) for credit in found] == ([(units, Decimal(net))] if units else [])


def test_a_line_without_a_bill_for_the_day_gets_none_and_is_named(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        make_subscription(session, make_customer(session, company, phone=a_phone()), make_plan(session))
        outage = open_outage(session, sub_zone_ids=[company.sub_zone_id], opened_by="test", now=NOON)
        found = preview_credits(session, outage=outage, at=NOON + timedelta(days=3))
    assert [(credit.net, credit.refused) for credit in found] == [(Decimal("0.00"), "no bill covers the day")]


@pytest.mark.parametrize(
    ("hello", "yes", "opened"),
    [
        ("outage", "Yes", "The outage is open. 1 customers hear it."),
        ("area mein outage hai kya", "Haan", "Outage darj ho gaya. 1 customers"),
        ("علاقے میں بندش ہے؟", "ہاں", "بندش درج ہو گئی۔ 1 صارفین"),
    ],
)
def test_a_manager_opens_an_outage_in_chat_and_its_customers_hear(
    client: FlaskClient, company: TestCompany, hello: str, yes: str, opened: str
) -> None:
    (phone,) = neighbours(company, 1)
    boss = a_phone()
    with company_session(company.id, "test") as session:
        make_staff(session, company, role="manager", name="Saima", phone=boss)
        other = Area(id=new_id(), name="Johar Town")
        session.add_all([other, SubZone(id=new_id(), area_id=company.area_id, name="Gulberg II")])
        session.flush()
        session.add(SubZone(id=new_id(), area_id=other.id, name="Johar Town A"))
    saima = Phone(client, company, boss, name="Saima")
    saima.says(hello)
    tap(saima, "flow:open_outage")
    saima.taps("Gulberg")
    saima.taps("Gulberg III")
    saima.says("Fibre kat gayi")
    asked = tap(saima, "a:open_outage:1:hours:4")
    assert "Gulberg III" in asked.text and yes in choices(asked)
    assert opened in tap(saima, choices(asked)[yes]).text
    assert keys(company, phone) == ["outage_confirmed"]
    with company_session(company.id) as session:
        outage = session.scalars(select(Outage)).one()
        assert outage.expected_end is not None and outage.expected_end > utc_now()
        assert "Fibre kat gayi" in heard_by(company, phone)[0].text
