"""What managers and owners say in their own words is understood, in all three languages."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.cast import TestCompany
from tests.phones import choices
from tests.stories.office import Office, an_office, says

# What the reply begins with, or carries: a word of it in English, Roman Urdu or Urdu.
RECOVERY = ("Recovery", "ریکوری")
COMPLAINTS = ("Complaints", "Shikayatein", "شکایتیں")
LINES = ("Connections", "کنکشن")
PROFIT = ("Profit and loss", "Nafa nuqsan", "نفع نقصان")
CASH = ("Cash and bank", "Cash aur bank", "کیش اور بینک")
OWED = ("Customers owe us", "Customers par baqaya", "کسٹمرز پر بقایا")
DUE = ("We owe vendors", "Vendors ko dena", "وینڈرز کو دینا")
DAY = ("Figures of", "figures", "اعداد", "کے اعداد", "Collected", "hisab")
SUMMARY = ("summary", "khulasa", "خلاصہ")
TICKET = ("T-1001",)
CASE = ("Ayesha", "Saleem")
CUSTOMER = ("C-2001 Ayesha Khan",)
PEOPLE = ("Nobody waits", "intezar mein nahi", "انتظار میں نہیں")

SAID = (
    ("aaj kitni recovery hui hai bhai", RECOVERY),
    ("kal ki collection batana", RECOVERY),
    ("is hafte ki vasooli kitni hai", RECOVERY),
    ("recovery area wise dikhao", RECOVERY),
    ("rabia ne aaj kitni recovery ki", RECOVERY),
    ("jazzcash se kitne aaye aaj", RECOVERY),
    ("how much money came in today", RECOVERY),
    ("collections this month by area", RECOVERY),
    ("kaun sab se zyada laya aaj", RECOVERY),
    ("آج کی وصولی بتاؤ", RECOVERY),
    ("پچھلے مہینے کتنی ریکوری ہوئی", RECOVERY),
    ("aaj ki summary chahiye", ("Recovery", "Collected today", "wasooli", "Aaj", "آج")),
    ("any complaints today", COMPLAINTS),
    ("kitni nai shikayatein aayi", COMPLAINTS),
    ("SLA breach kitne", COMPLAINTS),
    ("show late tickets", COMPLAINTS),
    ("آج کتنی شکایتیں آئیں", COMPLAINTS),
    ("aaj kitne naye connection lage", LINES),
    ("how many customers left this month", LINES),
    ("kitne log suspend hain", LINES),
    ("اس مہینے کتنے نئے کنکشن لگے", LINES),
    ("mera is mahine ka munafa kitna hai", PROFIT),
    ("what's our profit last month", PROFIT),
    ("show me the P&L", PROFIT),
    ("october ka nafa nuqsan", PROFIT),
    ("اس مہینے کتنا منافع ہوا", PROFIT),
    ("cash position kya hai", CASH),
    ("hamara bank balance kya hai", CASH),
    ("how much money is in the bank", CASH),
    ("بینک میں کتنے پیسے پڑے ہیں", CASH),
    ("kitna udhar lena hai market se", OWED),
    ("receivable ageing dikhao", OWED),
    ("how much do customers owe us", OWED),
    ("لوگوں سے کتنے لینے ہیں", OWED),
    ("kis kis vendor ko paise dene hain", DUE),
    ("what bills are due", DUE),
    ("ہم نے کس کو کتنا دینا ہے", DUE),
    ("summary band karo", SUMMARY),
    ("meri summary ka time 7 baje sham kar do", SUMMARY),
    ("stop sending me the daily summary", SUMMARY),
    ("خلاصہ صبح آٹھ بجے بھیجا کرو", SUMMARY),
    ("T-1001 asif ko de do", TICKET),
    ("assign T-1001 to nadeem", TICKET),
    ("tariq ko T-1001 pe bhejo", TICKET),
    ("T-1001 آصف کو دے دو", TICKET),
    ("ayesha ka case saleem ko de do", CASE),
    ("give the case of ayesha to saleem", CASE),
    ("ayesha ka khata dikhao", CUSTOMER),
    ("عائشہ کا کھاتا دکھاؤ", CUSTOMER),
    ("pull up ayesha khan", CUSTOMER),
    ("C-2001 kaun hai", CUSTOMER),
    ("kis ko banda chahiye", PEOPLE),
    ("who is waiting for a person", PEOPLE),
)


@pytest.fixture
def office(client: FlaskClient, company: TestCompany) -> Office:
    return an_office(client, company)


def test_what_an_owner_asks_in_his_own_words_is_answered(office: Office) -> None:
    missed = []
    for words, told in SAID:
        answer = says(office.hamid, words)
        if not any(part in answer.text for part in told):
            missed.append((words, answer.text.splitlines()[0]))
        if choices(answer).keys() & {"Nahi", "No", "نہیں"}:
            says(office.hamid, "cancel")
    assert missed == [], missed


def test_a_manager_is_politely_refused_what_only_the_owner_sees(office: Office) -> None:
    for words in ("munafa kitna hua", "cash position kya hai", "kitna udhar lena hai market se",
                  "kis kis vendor ko paise dene hain"):  # fmt: skip
        assert "sirf malik" in says(office.saima, words).text, words


def test_an_agent_reaches_none_of_it(office: Office) -> None:
    for words in ("munafa kitna hua", "cash position kya hai", "T-1001 asif ko de do"):
        answer = says(office.rabia, words)
        assert not any(part in answer.text for part in (*PROFIT, *CASH, "Asif")), words
