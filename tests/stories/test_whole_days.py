"""Whole days in the languages that no other story tells: a manager's, an owner's, a technician's, a customer's."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from bot.understanding.transliteration import is_urdu_letter
from core.billing.payment_models import PaymentClaim
from core.crm.models import Contact
from core.db import company_session
from core.recovery.case_models import RecoveryCase
from core.service_desk.job_models import Job
from core.service_desk.models import Ticket
from core.staff.models import Staff
from tests.cast import TestCompany
from tests.stories.field import GATE, field_day
from tests.stories.office import an_office, says, taps

ROMAN = {"hai", "aap", "ka", "ki", "ko", "kya", "nahi", "hain", "mein", "kul", "baqi", "raseed"}
ENGLISH = {"the", "you", "your", "is", "please", "of", "what", "thank"}


def assert_in(language: str, text: str) -> None:
    """No sentence of another language; names, plans and codes read the same in all of them."""
    words = {word.strip(".,:*?!()").casefold() for word in text.split()}
    if language == "ur":
        assert sum(map(is_urdu_letter, text)) > 5 and not words & (ENGLISH | ROMAN), text
    elif language == "en":
        assert not any(map(is_urdu_letter, text)) and not words & ROMAN, text
    else:
        assert not any(map(is_urdu_letter, text)) and not words & (ENGLISH - {"is"}), text


@dataclass(frozen=True)
class Said:
    """What is said, or with ! tapped, and what the answer holds."""

    words: str
    told: str


MANAGER = {
    "en": (
        Said("how much did we recover today?", "Rs 2,500"), Said("!By agent", "Rabia: Rs 1,500"),
        Said("how many complaints came today", "new: 1"), Said("what is our profit this month", "owner"),
        Said("give T-1001 to Asif", "Asif"), Said("!Yes", "is with Asif"),
        Said("give ayesha's case to Saleem", "Saleem"), Said("!Yes", "Saleem"),
        Said("show ayesha's account", "2,435.63"), Said("send the summary at 8 am", "08:00"),
    ),
    "ur": (
        Said("آج کی ریکوری؟", "2,500"), Said("!ایجنٹ وار", "1,500"), Said("آج کتنی شکایتیں آئیں", "نئے: 1"),
        Said("اس مہینے کا منافع کتنا ہے", "مالک"), Said("T-1001 آصف کو دے دو", "Asif"), Said("!ہاں", "Asif"),
        Said("عائشہ کا کیس سلیم کو دے دو", "Saleem"), Said("!ہاں", "Saleem"),
        Said("عائشہ کا کھاتہ دکھاؤ", "2,435.63"), Said("خلاصہ صبح 8 بجے بھیجو", "08:00"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", list(MANAGER))
def test_a_managers_day(client: FlaskClient, company: TestCompany, language: str) -> None:
    office = an_office(client, company)
    for said in MANAGER[language]:
        answer = taps(office.saima, said.words[1:]) if said.words[0] == "!" else says(office.saima, said.words)
        assert said.told in answer.text, (said.words, answer.text)
        assert_in(language, answer.text)
    with company_session(company.id) as session:
        names = {person.id: person.name for person in session.scalars(select(Staff))}
        ticket = session.scalars(select(Ticket)).one()
        case = session.scalars(select(RecoveryCase).order_by(RecoveryCase.amount.desc()).limit(1)).one()
        assert ticket.assigned_to and case.agent_id
        assert (names[ticket.assigned_to], names[case.agent_id]) == ("Asif", "Saleem")


def test_an_owners_day_in_roman_urdu(client: FlaskClient, company: TestCompany) -> None:
    hamid = an_office(client, company).hamid
    for words, told in (
        ("aaj kitna cash aaya?", "Rs 2,500"), ("is mahine ka munafa kitna hai", "Munafa"),
        ("cash aur bank ki position dikhao", "Rs 1,500"), ("logon se kitna lena hai", "Rs 2,935.63"),
        ("vendors ko kitna dena hai", "vendors"), ("manzoori ke liye kya hai", "kuch baqi nahi"),
        ("summary subah 8 baje", "08:00"),
    ):  # fmt: skip
        answer = says(hamid, words)
        assert told.casefold() in answer.text.casefold(), (words, answer.text)
        assert_in("ur_Latn", answer.text)


def test_a_technicians_day_in_english_up_to_the_customers_tap(client: FlaskClient, company: TestCompany) -> None:
    day = field_day(client, company, language="en")
    ayesha, number = day.customer_with_a_complaint("en")
    tariq = day.tariq
    heard = [
        tariq.tells("my jobs today"), tariq.taps_action(f"job:{number}"), tariq.taps_action("job_start"),
        tariq.taps_action("flow:job_arrived"), tariq.shares(GATE), tariq.tells("signal -22.4"),
        tariq.taps_action("job_tick"), tariq.sends_photo().text, tariq.taps_action("flow:job_done"),
        tariq.tells("Changed the patch cord"),
    ]  # fmt: skip
    for text in heard:
        assert_in("en", text.replace("Laal light jal rahi hai", ""))
    ayesha.last = ayesha.heard()[-1]
    ayesha.taps_action("visit_good")
    assert "well done" in tariq.heard()[-1].text
    assert "dBm" in tariq.tells(f"show {number}") or "not yours" in tariq.last.text
    assert "You carry" in tariq.tells("my stock")
    with company_session(company.id) as session:
        job = session.scalars(select(Job).where(Job.number == number)).one()
        assert (job.state, job.confirmed_by) == ("done", "tap")


CUSTOMER = {
    "en": (
        Said("why is my bill 3435?", "Rs 3,435.63"),
        Said("I paid 2000 by JazzCash, reference 884422119", "photo"), Said("!Skip", "884422119"),
        Said("!Yes", "Rs 2,000"), Said("what is the status of my complaint", "T-1001"), Said("thank you", ""),
    ),
    "ur_Latn": (
        Said("mera bill kitna hai aur kyun", "Rs 3,435.63"),
        Said("jazzcash se 2000 bhej diye, TID 884422119", "tasveer"), Said("!Chhorein", "884422119"),
        Said("!Haan", "Rs 2,000"), Said("meri shikayat ka kya bana", "T-1001"), Said("shukriya", ""),
    ),
    "ur": (
        Said("میرا بل کتنا ہے اور کیوں؟", "3,435.63"),
        Said("میں نے جاز کیش سے 2000 بھیجے ہیں، ریفرنس 884422119", "تصویر"), Said("!چھوڑیں", "884422119"),
        Said("!ہاں", "2,000"), Said("میری شکایت کا کیا بنا", "T-1001"), Said("شکریہ", ""),
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", list(CUSTOMER))
def test_a_customers_day(client: FlaskClient, company: TestCompany, language: str) -> None:
    ayesha = an_office(client, company).ayesha
    for said in CUSTOMER[language]:
        answer = taps(ayesha, said.words[1:]) if said.words[0] == "!" else says(ayesha, said.words)
        assert said.told in answer.text, (said.words, answer.text)
        assert_in(language, answer.text.replace("Sales tax on services", "").replace("Advance income tax", ""))
    with company_session(company.id) as session:
        claim = session.scalars(select(PaymentClaim)).one()
        assert (str(claim.amount), claim.reference, claim.state) == ("2000.00", "884422119", "pending")


@pytest.mark.parametrize("language", ["en", "ur_Latn", "ur"])
def test_a_customer_whom_the_technician_visits_hears_and_answers_in_his_language(
    client: FlaskClient, company: TestCompany, language: str
) -> None:
    day = field_day(client, company, language=language)
    ayesha, number = day.customer_with_a_complaint(language)
    for action in (f"job:{number}", "job_start", "flow:job_arrived"):
        if action.startswith("job:"):
            day.tariq.tells({"en": "my jobs", "ur_Latn": "aaj ke kaam batao", "ur": "آج کے کام بتاؤ"}[language])
        day.tariq.taps_action(action)
    day.tariq.shares(GATE)
    for text in (told := [message.text for message in ayesha.heard()]):
        assert_in(language, text)
    assert len(told) == 3 and all(number in text for text in told)
    with company_session(company.id) as session:
        session.scalars(select(Contact).where(Contact.phone == ayesha.phone)).one().language_chosen = True
    ayesha.touches(f"visit_came:{number}")
    assert_in(language, ayesha.reply().text)
    ayesha.touches(f"visit_bad:{number}")
    assert_in(language, ayesha.reply().text)
    with company_session(company.id) as session:
        job = session.scalars(select(Job).where(Job.number == number)).one()
        assert job.arrival_confirmed_at is not None and "not done" in job.doubt
