"""Cash at the door has two sides: the agent says what he took, the customer says from his own number what he gave."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from core.billing.cash_proof_models import CashProof
from core.billing.payment_models import Payment
from core.crm.models import Contact, Customer
from core.db import company_session
from core.ids import new_id
from core.staff.agent_cash import set_cash_limit
from tests.builders import a_phone, make_staff
from tests.cast import TestCompany
from tests.phones import choices
from tests.stories.field import Hand
from tests.stories.money import agent_with_cases


@dataclass
class Street:
    """Rabia takes cash, Ayesha (Rs 3,435.63) gives it, Saima manages."""

    company: TestCompany
    rabia: Hand
    ayesha: Hand
    saima: Hand

    def takes(self, words: str, yes: str) -> str:
        """Rabia takes cash of Ayesha; the receipt's number."""
        self.rabia.tells(words)
        self.rabia.taps(yes)
        self.ayesha.reply()
        with company_session(self.company.id) as session:
            return session.scalars(select(Payment.number).order_by(Payment.id.desc()).limit(1)).one()

    def proof(self) -> tuple[str, str, Decimal | None]:
        with company_session(self.company.id) as session:
            proof = session.scalars(select(CashProof).order_by(CashProof.id.desc()).limit(1)).one()
            return proof.state, proof.confirmed_by or proof.said, proof.amount_said

    def payment_state(self) -> str:
        with company_session(self.company.id) as session:
            return session.scalars(select(Payment.state).order_by(Payment.id.desc()).limit(1)).one()


def a_street(client: FlaskClient, company: TestCompany, language: str) -> Street:
    phones = {"Rabia": a_phone(), "Saima": a_phone()}
    with company_session(company.id, "test") as session:
        agent = agent_with_cases(session, company, phones["Rabia"])
        set_cash_limit(session, staff_id=agent.id, amount=None, age_days=None)
        saima = make_staff(session, company, role="manager", name="Saima", phone=phones["Saima"])
        ayesha = session.scalars(select(Customer).where(Customer.name == "Ayesha Khan")).one()
        phones["Ayesha"] = ayesha.phones[0].phone
        staff_ids = {"Rabia": agent.id, "Saima": saima.id}
        for name, phone in phones.items():
            session.add(Contact(id=new_id(), phone=phone, name=name, staff_id=staff_ids.get(name), language=language,
                                language_chosen=True))  # fmt: skip
    hands = {name: Hand(client, company, phone, name=name) for name, phone in phones.items()}
    hands["Ayesha"].tells("menu")
    return Street(company, hands["Rabia"], hands["Ayesha"], hands["Saima"])


def test_she_confirms_disputes_and_the_manager_settles_in_english(client: FlaskClient, company: TestCompany) -> None:
    street = a_street(client, company, "en")
    receipt = street.takes("received 2000 cash from C-2001", "Yes")
    assert list(choices(street.ayesha.last)) == ["Yes, I paid this", "Another amount", "I did not pay"]
    asked = street.ayesha.last
    assert receipt in street.ayesha.taps("Yes, I paid this").text and street.proof() == ("confirmed", "tap", None)
    assert street.saima.heard() == []
    assert "Unconfirmed receipts: 0" in street.rabia.tells("my performance")

    street.ayesha.last = asked
    assert "you did not pay" in street.ayesha.taps("I did not pay").text
    assert street.proof() == ("disputed", "not_paid", None)
    alert = street.saima.reply()
    assert "Rabia" in alert.text and "C-2001 Ayesha Khan" in alert.text and "nothing was paid" in alert.text
    assert "Disputed by customers: 1" in street.rabia.tells("my performance")

    street.saima.taps("Decide")
    street.saima.taps("The agent is right")
    street.saima.tells("She mixed it up with her sister's bill")
    assert "stands" in street.saima.taps("Yes").text
    assert street.proof()[0] == "settled" and street.payment_state() == "received"
    assert "it stands as it is" in street.ayesha.reply().text
    street.ayesha.touches(f"cash_not_paid:{receipt}")
    assert "it stands as it is" in street.ayesha.reply().text and street.proof()[0] == "settled"


def test_another_amount_is_taken_back_in_roman_urdu(client: FlaskClient, company: TestCompany) -> None:
    street = a_street(client, company, "ur_Latn")
    receipt = street.takes("C-2001 se 2000 liye", "Haan")
    assert receipt in street.ayesha.taps("Raqam aur thi").text
    assert "Rs 1,200" in street.ayesha.tells("1200") and street.proof() == ("disputed", "other_amount", Decimal(1200))
    assert "Rs 1,200" in street.saima.reply().text
    street.saima.taps("Faisla karein")
    street.saima.taps("Raseed wapas lein")
    street.saima.tells("Rabia ne ghalat raqam likhi")
    assert receipt in street.saima.taps("Haan").text
    assert street.proof()[0] == "ended" and street.payment_state() == "reversed"
    assert "ghalat thi" in street.ayesha.reply().text
    street.ayesha.touches(f"cash_paid:{receipt}")
    assert "shumar nahi" in street.ayesha.reply().text and street.proof()[0] == "ended"


def test_words_do_as_well_as_taps_in_urdu(client: FlaskClient, company: TestCompany) -> None:
    street = a_street(client, company, "ur")
    receipt = street.takes("C-2001 سے 2000 لے لیے", "ہاں")
    assert receipt in street.ayesha.tells("جی میں نے دیے تھے") and street.proof() == ("confirmed", "words", None)
    assert receipt in street.ayesha.tells("میں نے نہیں دیے")
    assert street.proof()[0] == "confirmed"  # after a yes words alone are asked about
    assert "نہیں دیے" in street.ayesha.taps("میں نے نہیں دیا").text and street.proof()[0] == "disputed"
    assert "کچھ نہیں دیا" in street.saima.reply().text


@pytest.mark.parametrize(
    ("words", "state", "detail", "amount"),
    [
        ("haan diye the", "confirmed", "words", None), ("ji", "confirmed", "words", None),
        ("2000 diye the", "confirmed", "words", None), ("nahi diye", "disputed", "not_paid", None),
        ("itne diye 1200", "disputed", "other_amount", Decimal(1200)),
        ("maine 1200 diye the", "disputed", "other_amount", Decimal(1200)),
        ("i did not pay", "disputed", "not_paid", None), ("no", "waiting", "", None),
        ("itne nahi diye", "waiting", "", None), ("2000 nahi diye", "waiting", "", None),
        ("haan kal 2000 diye the", "confirmed", "words", None), ("abhi nahi diye kal dunga", "waiting", "", None),
        ("jazzcash se 2000 diye the", "waiting", "", None),
        ("mera balance kitna hai", "waiting", "", None), ("net nahi chal raha", "waiting", "", None),
    ],
)  # fmt: skip
def test_what_her_words_say(
    client: FlaskClient, company: TestCompany, words: str, state: str, detail: str, amount: Decimal | None
) -> None:
    street = a_street(client, company, "en")
    street.takes("received 2000 cash from C-2001", "Yes")
    street.ayesha.tells(words)
    assert street.proof() == (state, detail, amount)


def test_a_bare_yes_to_something_else_confirms_nothing(client: FlaskClient, company: TestCompany) -> None:
    street = a_street(client, company, "en")
    street.takes("received 2000 cash from C-2001", "Yes")
    street.ayesha.tells("my balance")
    street.ayesha.tells("yes")
    assert street.proof()[0] == "waiting"


def test_a_quick_reply_of_the_template_is_heard_from_who_never_wrote(client: FlaskClient, company: TestCompany) -> None:
    street = a_street(client, company, "ur_Latn")
    with company_session(company.id, "test") as session:
        phone = session.scalars(select(Customer).where(Customer.name == "Kamran Shah")).one().phones[0].phone
        session.add(Contact(id=new_id(), phone=phone, name="Kamran", language="ur_Latn", language_chosen=True))
    kamran = Hand(client, company, phone, name="Kamran")
    street.rabia.tells("C-2002 se 1500 liye")
    street.rabia.taps("Haan")
    sent = kamran.reply()
    assert sent.template is not None and sent.template["name"] == "cash_receipt_roman"
    assert kamran.sends("button", {"payload": sent.template["buttons"][2], "text": "Maine nahi diya"}) == 200
    assert "aap ne nahi diye" in kamran.reply().text and street.proof() == ("disputed", "not_paid", None)
    assert "Rs 1,500" in street.saima.reply().text


def test_a_tap_is_heard_while_people_have_the_chat(client: FlaskClient, company: TestCompany) -> None:
    street = a_street(client, company, "en")
    street.takes("received 2000 cash from C-2001", "Yes")
    asked = street.ayesha.last
    street.ayesha.tells("talk to a person")
    street.ayesha.last = asked
    street.ayesha.taps("I did not pay")
    assert street.proof()[0] == "disputed"
    street.ayesha.sends("text", {"body": "are you there"})
    assert street.ayesha.heard() == []


@pytest.mark.parametrize("action", ["cash_paid", "cash_not_paid", "flow:cash_amount", "cash_receipt"])
def test_nobody_else_answers_for_a_receipt(client: FlaskClient, company: TestCompany, action: str) -> None:
    street = a_street(client, company, "en")
    receipt = street.takes("received 2000 cash from C-2001", "Yes")
    with company_session(company.id, "test") as session:
        kamran = session.scalars(select(Customer).where(Customer.name == "Kamran Shah")).one()
        phone = kamran.phones[0].phone
    stranger = Hand(client, company, phone, name="Kamran")
    stranger.tells("menu")
    stranger.touches(f"{action}:{receipt}")
    assert "do not know that receipt" in stranger.reply().text
    assert street.proof()[0] == "waiting" and street.saima.heard() == []


def test_the_manager_sees_what_is_unconfirmed(client: FlaskClient, company: TestCompany) -> None:
    street = a_street(client, company, "en")
    receipt = street.takes("received 2000 cash from C-2001", "Yes")
    street.saima.touches("cash_doubts")
    assert "No answer yet: 1" in street.saima.reply().text
    assert "no answer yet" in street.saima.taps(receipt).text
    assert f"flow:cash_decide:{receipt}" in choices(street.saima.last).values()
    assert "No answer yet: 1" in street.saima.tells("unconfirmed cash")
