"""A recovery agent's day by chat: where to go, what is known, what came of it, the cash; and only his customers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text, update

from core.billing.payment_models import Payment
from core.clock import utc_now
from core.crm.models import Contact, Customer, Site, SubZone
from core.db import company_session
from core.ids import new_id
from core.messaging.models import OutboundMessage
from core.recovery.case_models import Attempt, Promise, RecoveryCase
from core.staff.agent_cash import set_cash_limit
from core.staff.cash_models import Handover
from core.staff.models import Staff
from core.usecases.run_recovery import run_recovery
from tests.builders import a_phone, customer_who_owes
from tests.cast import TestCompany
from tests.phones import Phone, choices
from tests.stories.field import Hand
from tests.stories.money import agent_with_cases, in_days

DOOR = (Decimal("31.520000"), Decimal("74.350000"))
DOWN_THE_ROAD = (Decimal("31.523000"), Decimal("74.350000"))
"""334 metres to the north."""


def a_day(client: FlaskClient, company: TestCompany, language: str, *, limit: str = "4000.00") -> Hand:
    """Rabia has Ayesha (Rs 3,435.63, Gulberg III) and Kamran (Rs 2,000, Model Town), and may hold Rs 4,000."""
    phone = a_phone()
    with company_session(company.id, "test") as session:
        agent = agent_with_cases(session, company, phone)
        session.add(
            Contact(id=new_id(), phone=phone, name="Rabia", staff_id=agent.id, language=language, language_chosen=True)
        )
        set_cash_limit(session, staff_id=agent.id, amount=Decimal(limit), age_days=None)
        model_town = SubZone(id=new_id(), area_id=company.area_id, name="Model Town", other_names=["ماڈل ٹاؤن"])
        session.add(model_town)
        session.flush()
        kamran = session.scalars(select(Customer).where(Customer.name == "Kamran Shah")).one()
        kamran.sub_zone_id = model_town.id
        session.execute(text("UPDATE recovery_case SET stage = 'agent', sub_zone_id ="
                             " (SELECT sub_zone_id FROM customer c WHERE c.id = customer_id)"))  # fmt: skip
        for site in session.scalars(select(Site)):
            site.latitude, site.longitude = DOOR
    return Hand(client, company, phone, name="Rabia")


def tap(speaker: Hand, action: str) -> str:
    """Tap what may have gone from the screen."""
    content = {"type": "button_reply", "button_reply": {"id": action, "title": "tapped"}}
    assert speaker.sends("interactive", content) == 200
    return speaker.reply().text


def listed(speaker: Phone) -> set[str]:
    return {action.removeprefix("case:") for action in choices(speaker.last).values() if action.startswith("case:")}


def receipts(company: TestCompany) -> list[str]:
    with company_session(company.id) as session:
        return [str(amount) for amount in session.scalars(select(Payment.amount).order_by(Payment.id))]


def attempts(company: TestCompany) -> list[tuple[str, str, int | None]]:
    with company_session(company.id) as session:
        rows = session.scalars(select(Attempt).order_by(Attempt.id)).all()
        return [(row.channel, row.outcome, row.metres) for row in rows]


def test_a_day_in_roman_urdu(client: FlaskClient, company: TestCompany) -> None:
    rabia = a_day(client, company, "ur_Latn")
    assert "Ayesha Khan" in rabia.tells("aaj ki list")
    assert "Sirf Rs 3,000 ya us se upar" in rabia.tells("3000 se upar wale") and listed(rabia) == {"C-2001"}
    rabia.tells("3000 se kam wale")
    assert listed(rabia) == {"C-2002"}
    assert "Sirf Model Town" in rabia.tells("sirf model town wale") and listed(rabia) == {"C-2002"}
    assert "aisa koi nahi" in rabia.tells("90000 se upar wale")
    assert "0.3 km" in rabia.shares(DOWN_THE_ROAD)
    case = tap(rabia, "case:C-2001")
    assert "Rs 3,435.63" in case and "House 4, Street 7" in case and "maps.google.com" in case
    assert "location" in rabia.tells("C-2001 ghar pe nahi tha")
    assert "334 m" in rabia.shares(DOWN_THE_ROAD)
    assert "334 m" in tap(rabia, "case:C-2001")
    rabia.tells("C-2001 phone nahi utha raha")
    assert attempts(company) == [("visit", "not_at_home", 334), ("call", "no_answer", None)]
    rabia.tells("C-2001 kal 2000 dega")
    rabia.tells("call par")
    rabia.taps("Haan")
    rabia.tells("kamran se 1500 liye")
    assert "Raseed" in rabia.taps("Haan").text and "Jald jama" not in rabia.last.text
    rabia.tells("C-2001 se 2000 liye")
    assert "Rs 3,500" in rabia.taps("Haan").text and "Jald jama karwa dein" in rabia.last.text
    assert "Rs 500" in rabia.tells("C-2001 se 1000 liye")
    rabia.tells("cancel")
    assert "Rs 3,500" in rabia.tells("cash jama karwana hai")
    rabia.taps("Rs 3,500")
    rabia.taps("Haan")
    assert "Rs 3,500" in rabia.tells("meri performance")
    with company_session(company.id) as session:
        assert [str(each.announced) for each in session.scalars(select(Handover))] == ["3500.00"]
        assert [promise.due_on for promise in session.scalars(select(Promise))] == [in_days(1)]
    assert receipts(company) == ["1500.00", "2000.00"]


def test_a_day_in_urdu(client: FlaskClient, company: TestCompany) -> None:
    rabia = a_day(client, company, "ur")
    assert "آج" in rabia.tells("آج کی لسٹ")
    assert "صرف" in rabia.tells("3000 سے اوپر والے") and listed(rabia) == {"C-2001"}
    rabia.tells("صرف ماڈل ٹاؤن والے")
    assert listed(rabia) == {"C-2002"}
    assert "لوکیشن" in rabia.tells("C-2001 گھر پر نہیں تھا")
    assert "میٹر دور" in rabia.shares(DOWN_THE_ROAD)
    rabia.tells("C-2002 فون بند ہے")
    assert attempts(company) == [("visit", "not_at_home", 334), ("call", "no_answer", None)]
    rabia.tells("C-2001 سے 3400 لے لیے")
    assert "جمع کروا دیں" in rabia.taps("ہاں").text
    assert "3,400" in tap(rabia, "flow:cash_handover")
    rabia.taps("3,400 روپے")
    rabia.taps("ہاں")
    assert "3,400" in tap(rabia, "my_performance")
    assert receipts(company) == ["3400.00"]


def test_a_day_in_english(client: FlaskClient, company: TestCompany) -> None:
    rabia = a_day(client, company, "en")
    assert "Your cases for today" in rabia.tells("what customers are on my list today please")
    assert "Only from Rs 3,000 on" in rabia.tells("worklist above 3000") and listed(rabia) == {"C-2001"}
    assert "Only up to Rs 3,000" in rabia.tells("those below 3000") and listed(rabia) == {"C-2002"}
    rabia.tells("show only model town")
    assert listed(rabia) == {"C-2002"}
    assert "share your location" in rabia.tells("C-2001 was not at home")
    assert "334 m" in rabia.shares(DOWN_THE_ROAD)
    rabia.tells("received 2000 cash from C-2002")
    assert "Receipt" in rabia.taps("Yes").text
    assert attempts(company) == [("visit", "not_at_home", 334)] and receipts(company) == ["2000.00"]


def test_a_longer_list_says_how_many_more_there_are_and_shows_the_way(
    client: FlaskClient, company: TestCompany
) -> None:
    rabia = a_day(client, company, "en")
    with company_session(company.id, "test") as session:
        for number in range(11):
            owes = customer_who_owes(session, company, f"+9230077700{number:02d}")
            owes.sites[0].latitude, owes.sites[0].longitude = Decimal(f"31.5{number:02d}"), Decimal("74.35")
        run_recovery(session, today=in_days(0), now=utc_now())
        agent_id = session.scalars(select(Staff.id).where(Staff.name == "Rabia")).one()
        session.execute(update(RecoveryCase).values(agent_id=agent_id, stage="agent"))
    said = rabia.tells("worklist")
    assert "And 3 more." in said and "https://www.google.com/maps/dir/?api=1&destination=" in said


def test_a_visit_counts_without_a_place_as_well_but_says_so(client: FlaskClient, company: TestCompany) -> None:
    rabia = a_day(client, company, "en")
    rabia.shares(DOWN_THE_ROAD)
    assert "share your location" in rabia.tells("C-2001 was not at home")
    assert "m from" not in rabia.taps("Skip").text
    assert attempts(company) == [("visit", "not_at_home", None)]


def test_the_receipt_goes_to_the_customer_at_once_at_any_hour(client: FlaskClient, company: TestCompany) -> None:
    rabia = a_day(client, company, "en")
    with company_session(company.id, "test") as session:
        ayesha = session.scalars(select(Customer).where(Customer.name == "Ayesha Khan")).one()
        session.add(Contact(id=new_id(), phone=ayesha.phones[0].phone, name="Ayesha", language="ur_Latn"))
    rabia.tells("received 2000 cash from C-2001")
    rabia.taps("Yes")
    with company_session(company.id) as session:
        receipt = session.scalars(
            select(OutboundMessage).join(Contact, Contact.id == OutboundMessage.contact_id)
            .where(Contact.name == "Ayesha").order_by(OutboundMessage.id)
        ).first()  # fmt: skip
        assert receipt is not None
        payment = session.scalars(select(Payment)).one()
        assert receipt.not_before <= payment.created_at and "2,000" in receipt.text


# Not his customers


@pytest.fixture
def of_another(client: FlaskClient, company: TestCompany) -> Hand:
    """Rabia, whose case of Kamran is another agent's now."""
    rabia = a_day(client, company, "en")
    with company_session(company.id, "test") as session:
        bilal = Staff(id=new_id(), name="Bilal", role="recovery_agent", phone=a_phone(), area_id=company.area_id)
        session.add(bilal)
        session.flush()
        session.execute(text("UPDATE recovery_case SET agent_id = :agent WHERE amount < 3000"), {"agent": bilal.id})
    return rabia


@pytest.mark.parametrize(
    "words",
    [
        "received 1500 cash from C-2002", "C-2002 was not at home", "C-2002 promised 1000 by friday",
        "C-2002 se 1500 liye", "C-2002 گھر پر نہیں تھا", "C-2002 details", "how much does C-2002 owe",
    ],
)  # fmt: skip
def test_another_agents_customer_is_out_of_reach_by_words(of_another: Hand, company: TestCompany, words: str) -> None:
    said = of_another.tells(words)
    assert "Kamran" not in said and "2,000" not in said and "Model Town" not in said
    for answer in ("C-2002", "Yes", "1500"):
        said = of_another.tells(answer)
        assert "Kamran" not in said and "Model Town" not in said
    assert receipts(company) == []
    with company_session(company.id) as session:
        kamran = select(Customer.id).where(Customer.name == "Kamran Shah").scalar_subquery()
        for record in (Attempt, Promise):
            assert session.scalar(select(func.count()).where(record.customer_id == kamran)) == 0


@pytest.mark.parametrize(
    "action", ["case:C-2002", "flow:cash_collected:C-2002", "flow:attempt_log:C-2002", "flow:promise_log:C-2002"]
)
def test_another_agents_customer_is_out_of_reach_by_taps(of_another: Hand, company: TestCompany, action: str) -> None:
    said = tap(of_another, action)
    assert "Kamran" not in said and "2,000" not in said
    assert "C-2002" not in {act.rpartition(":")[2] for act in choices(of_another.last).values()}
    of_another.tells("C-2002")
    of_another.tells("1500")
    assert receipts(company) == [] and attempts(company) == []


def test_a_case_that_was_taken_from_him_meanwhile_takes_no_cash(client: FlaskClient, company: TestCompany) -> None:
    rabia = a_day(client, company, "en")
    rabia.tells("received 2000 cash from C-2002")
    with company_session(company.id, "test") as session:
        session.execute(text("UPDATE recovery_case SET agent_id = NULL WHERE amount < 3000"))
    rabia.taps("Yes")
    assert receipts(company) == []
