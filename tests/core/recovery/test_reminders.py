"""What debtors are told, when, how often, and in which words."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from core.billing.claims import claim_payment
from core.companies import Company
from core.crm.models import Contact, ContactAccount, CustomerPhone
from core.ids import Id, new_id
from core.messaging.models import Conversation
from core.recovery.case_models import StepRecord
from core.recovery.cases import NoticeNotWaiting, hand_over_notice
from core.recovery.policy import change_policy
from core.recovery.words import FOOT, LANGUAGES, MESSAGES, Debt, said, twin
from core.service_desk.tickets import open_ticket, resolve_ticket
from tests.core.recovery.town import Town, at

DUE = date(2026, 9, 10)
THREATS = re.compile(r"police|court|legal action|shame|relatives|neighbou?rs|fine you|consequences", re.IGNORECASE)
DEBT = Debt("Chenab Net", "PKR", "Ayesha Khan", "C-2001", Decimal("123456.50"), DUE, 12, "JazzCash 0300 1234567",
            date(2026, 9, 29))  # fmt: skip


def writes(town: Town, customer_id: Id, hour_day: date, hour: int, language: str | None = None) -> Id:
    """The customer's person, who wrote last at that hour."""
    with town.open() as session:
        contact = Contact(id=new_id(), phone=f"+92300{customer_id.int % 10**7:07d}", language=language)
        session.add(contact)
        session.flush()
        session.add(ContactAccount(id=new_id(), contact_id=contact.id, customer_id=customer_id))
        session.add(Conversation(id=new_id(), contact_id=contact.id, business_number_id=town.company.business_number_id,
                                 last_inbound_at=at(hour_day, hour)))  # fmt: skip
        return contact.id


@pytest.fixture
def debtor(town: Town) -> Id:
    customer_id = town.customer()
    town.owes(customer_id, "2500.00", DUE)
    town.ages(DUE + timedelta(days=1))
    return customer_id


@pytest.mark.parametrize("key", MESSAGES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_says_how_much_since_when_how_to_pay_to_object_and_to_stop(key: str, language: str) -> None:
    words = said(key, language, DEBT)
    needed = [
        "1,23,456.50",
        "JazzCash 0300 1234567",
        "COMPLAINT",
        "STOP",
        "BILL",
        "Ayesha Khan",
        "C-2001",
        "Chenab Net",
    ]
    needed += ["29"] if key == "final_notice" else []
    assert [part for part in needed if part not in words] == []
    assert re.search(r"10 (Sept?|ستمبر) 2026", words)
    assert not THREATS.search(words)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_template_names_every_variable_of_its_words(language: str) -> None:
    for key, words in MESSAGES.items():
        variables = set(re.findall(r"%\((\w+)\)s", words[language] + FOOT[language]))
        template = twin(key, language, DEBT)
        assert set(template["parameters"]) == variables  # type: ignore[call-overload]
    assert twin("overdue", "ur_Latn", DEBT)["name"] == "recovery_overdue_roman"
    assert [key for key, words in MESSAGES.items() if set(words) != set(LANGUAGES)] == []


def test_outside_the_window_a_template_goes_to_the_first_number_on_file(town: Town, debtor: Id) -> None:
    assert town.climbs(DUE + timedelta(days=1)) == {"reminder": 1}
    (message,) = town.messages()
    with town.open() as session:
        contact = session.get_one(Contact, message.contact_id)
        phone = session.scalars(select(CustomerPhone.phone).where(CustomerPhone.customer_id == debtor)).one()
    assert (message.kind, message.lane, contact.phone) == ("template", "billing", phone)
    assert message.payload["template"]["name"] == "recovery_overdue"
    assert message.template is None


def test_who_is_chatting_is_told_in_the_open_window_in_his_language(town: Town, debtor: Id) -> None:
    person = writes(town, debtor, DUE + timedelta(days=1), 9, "ur")
    town.climbs(DUE + timedelta(days=1))
    (message,) = town.messages()
    assert (message.contact_id, message.kind) == (person, "text")
    assert "کی آخری تاریخ" in message.payload["text"]["body"]
    assert message.template is not None
    assert (message.template["name"], message.template["language"]) == ("recovery_overdue", "ur")


def test_a_window_that_closes_before_the_contact_hours_is_not_counted_on(town: Town, debtor: Id) -> None:
    writes(town, debtor, DUE + timedelta(days=1), 2)
    town.climbs(DUE + timedelta(days=1), hour=22)
    (message,) = town.messages()
    assert (message.kind, message.not_before) == ("template", at(DUE + timedelta(days=2), 9))
    assert message.expires_at == at(DUE + timedelta(days=2), 20)


def test_the_company_speaks_its_own_language_to_strangers(town: Town, debtor: Id) -> None:
    with town.open() as session:
        session.execute(update(Company).values(default_language="ur_Latn", payment_methods={"JazzCash": "0300 1"}))
    town.climbs(DUE + timedelta(days=1))
    assert "Adaigi: JazzCash 0300 1." in town.messages()[0].text


def test_who_opted_out_hears_no_reminder_and_his_notice_is_brought_by_hand(town: Town, debtor: Id) -> None:
    person = writes(town, debtor, DUE, 9)
    with town.open() as session:
        session.get_one(Contact, person).opted_out_at = at(DUE)
    for count in range(1, 30):
        town.day(DUE + timedelta(days=count))
    assert town.messages() == []
    assert town.steps(debtor) == [
        (1, "reminder", "skipped"), (4, "reminder", "skipped"), (8, "agent", "done"), (12, "final_notice", "by_hand"),
    ]  # fmt: skip
    case = town.case(debtor)
    assert case is not None
    assert case.held_by == "notice"

    brought = DUE + timedelta(days=30)
    with town.open() as session:
        hand_over_notice(session, case_id=case.id, delivered_by="staff:rabia", note="to his brother", today=brought)
        with pytest.raises(NoticeNotWaiting):
            hand_over_notice(session, case_id=case.id, delivered_by="staff:rabia", note="", today=brought)
    for count in range(6):
        assert "suspension" not in town.day(brought + timedelta(days=count))
    assert town.service(debtor)[0] == "active"
    assert town.day(brought + timedelta(days=7))["suspension"] == 1


def test_one_message_a_day_and_three_a_week_counted_on_the_outbox(town: Town, debtor: Id) -> None:
    with town.open() as session:
        change_policy(session, messages_a_week_max=2)
    day = DUE + timedelta(days=1)
    town.climbs(day)
    assert town.climbs(day) == {}
    town.owes(debtor, "1.00", DUE - timedelta(days=20))  # an older debt begins a new count
    assert town.climbs(day) == {"agent": 1}
    assert len(town.messages()) == 1
    assert town.climbs(day + timedelta(days=1)) == {"final_notice": 1}
    town.owes(debtor, "1.00", DUE - timedelta(days=21))
    assert town.climbs(day + timedelta(days=2)) == {"agent": 1}
    assert [town.climbs(day + timedelta(days=count)).get("final_notice", 0) for count in range(3, 9)] == [0] * 4 + [
        1,
        0,
    ]


def test_messages_that_reached_nobody_do_not_count(town: Town, debtor: Id) -> None:
    day = DUE + timedelta(days=1)
    town.climbs(day)
    town.fails("failed")
    town.owes(debtor, "1.00", DUE - timedelta(days=20))
    assert town.climbs(day) == {"agent": 1, "final_notice": 1}


def test_a_notice_that_was_not_sent_in_time_is_written_again_and_a_failed_one_is_brought(
    town: Town, debtor: Id
) -> None:
    for count in range(1, 12):
        town.day(DUE + timedelta(days=count))
    assert town.climbs(DUE + timedelta(days=12)) == {"final_notice": 1}
    town.fails("expired")
    assert town.climbs(DUE + timedelta(days=13)) == {"final_notice": 1}
    town.fails("failed")
    assert town.climbs(DUE + timedelta(days=14)) == {}
    with town.open() as session:
        notices = session.scalars(
            select(StepRecord.state).where(StepRecord.kind == "final_notice").order_by(StepRecord.id)
        )
        assert list(notices) == ["withdrawn", "by_hand"]
    assert "suspension" not in town.day(DUE + timedelta(days=40))


def test_a_claim_halts_the_ladder_until_somebody_looked_at_it(town: Town, debtor: Id) -> None:
    with town.open() as session:
        claim = claim_payment(
            session, customer_id=debtor, amount=Decimal("2500.00"), reference="", method="jazzcash", document_id=None,
            now=at(DUE + timedelta(days=1)),
        )  # fmt: skip
    assert town.climbs(DUE + timedelta(days=4)) == {}
    case = town.case(debtor)
    assert case is not None
    assert case.held_by == "claim"
    with town.open() as session:
        session.merge(claim).state = "rejected"
    assert town.climbs(DUE + timedelta(days=4)) == {"reminder": 1}


@pytest.mark.parametrize(
    ("category", "held_by", "days"), [("billing_dispute", "dispute", 60), ("no_internet", "ticket", 6)]
)
def test_complaints_halt_the_ladder_a_dispute_for_as_long_as_it_lasts(
    town: Town, debtor: Id, category: str, held_by: str, days: int
) -> None:
    opened = DUE + timedelta(days=1)
    with town.open() as session:
        ticket = open_ticket(session, customer_id=debtor, category=category, description="", opened_by="contact:1",
                             now=at(opened))  # fmt: skip
    town.ages(opened)
    assert town.climbs(opened + timedelta(days=days)) == {}
    case = town.case(debtor)
    assert case is not None
    assert case.held_by == held_by
    if category == "billing_dispute":
        with town.open() as session:
            resolve_ticket(session, ticket_id=ticket.id, now=at(opened))
    assert town.climbs(opened + timedelta(days=days + 1)) != {}


def test_who_owes_less_than_the_tolerance_or_has_it_on_account_is_left_alone(town: Town) -> None:
    small = town.customer("Small", line=False)
    town.owes(small, "50.00", DUE)
    town.ages(DUE + timedelta(days=1))
    assert town.case(small) is None
    assert town.climbs(DUE + timedelta(days=1)) == {}


def test_a_bill_is_announced_once_and_not_to_who_promised_or_paid_ahead(town: Town) -> None:
    with town.open() as session:
        change_policy(session, tolerance=Decimal(0))
    customer_id = town.customer()
    town.owes(customer_id, "2500.00", DUE)
    assert [town.climbs(DUE - timedelta(days=count)) for count in (4, 3, 2, 1, 0)] == [{}, {"reminder": 1}, {}, {}, {}]
    assert town.messages()[0].text.startswith("Chenab Net: Ayesha Khan")
    claimed = town.customer("Claimed", line=False)
    town.owes(claimed, "900.00", DUE)
    with town.open() as session:
        claim_payment(session, customer_id=claimed, amount=Decimal("900.00"), reference="", method="bank",
                      document_id=None, now=at(DUE))  # fmt: skip
    assert town.climbs(DUE - timedelta(days=1)) == {}
