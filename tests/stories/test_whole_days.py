"""A whole day of the manager, the owner, the customer and the technician, each in all three languages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.office_news import send_alerts, send_summaries
from core.billing.cash_proof_models import CashProof
from core.billing.claims import claim_payment
from core.billing.payment_models import Payment, PaymentClaim
from core.clock import utc_now
from core.crm.models import Contact, Customer
from core.db import company_session
from core.ids import Id, new_id
from core.inventory.request_models import RestockRequest
from core.messaging.models import Conversation
from core.printing.figures import amount_text
from core.recovery.case_models import RecoveryCase
from core.service_desk.job_models import Job
from core.service_desk.jobs import Window
from core.service_desk.models import Ticket
from core.staff.agent_cash import set_cash_limit
from core.staff.alert_models import SummarySent
from core.staff.cash_models import Handover
from core.staff.handovers import announce_handover
from core.staff.models import Staff
from core.usecases.owner_figures import cash_position
from core.usecases.plan_visit import give_visit, plan_ticket_visit
from tests.builders import a_phone
from tests.cast import TestCompany
from tests.core.staff.cast import employ
from tests.phones import choices
from tests.stories.field import GATE, field_day
from tests.stories.money import in_days
from tests.stories.office import customer_named, prepare_office
from tests.stories.speaking import Speaker

LANGUAGES = ("en", "ur_Latn", "ur")


@dataclass
class Town:
    """The office of `prepare_office`, each person on a phone that hears one language only."""

    company: TestCompany
    language: str
    people: dict[str, Speaker]

    def person(self, name: str) -> Speaker:
        return self.people[name]


def a_town(client: FlaskClient, company: TestCompany, language: str) -> Town:
    names = ("Saima", "Hamid", "Rabia", "Saleem", "Asif", "Ayesha")
    phones = {name: a_phone() for name in names}
    with company_session(company.id, "test") as session:
        prepare_office(session, company, phones)
        staff = {person.name: person.id for person in session.scalars(select(Staff))}
        known = {contact.phone: contact for contact in session.scalars(select(Contact))}
        for name, phone in phones.items():
            contact = known.get(phone) or Contact(id=new_id(), phone=phone, name=name, staff_id=staff.get(name))
            contact.language, contact.language_chosen = language, True
            session.add(contact)
    people = {name: Speaker(client, company, phone, name=name) for name, phone in phones.items()}
    for person in people.values():
        person.language = language
        person.seen = set()
    return Town(company, language, people)


def prepare_decisions(town: Town) -> None:
    """Ayesha's claim and Rabia's cash wait for the office; Rabia holds more than she may."""
    with company_session(town.company.id, "test") as session:
        ayesha, rabia = customer_named(session, "Ayesha Khan"), staff_named(session, "Rabia")
        set_cash_limit(session, staff_id=rabia, amount=Decimal("1000.00"), age_days=None)
        claim_payment(session, customer_id=ayesha.id, amount=Decimal("2435.63"), reference="JC-8844", method="",
                      document_id=None, now=utc_now())  # fmt: skip
        announce_handover(session, staff_id=rabia, amount=Decimal("1500.00"), idempotency_key="test", now=utc_now())


def staff_named(session: Session, name: str) -> Id:
    return session.scalars(select(Staff.id).where(Staff.name == name)).one()


def at_noon(days: int = 0) -> datetime:
    """12:00 in Pakistan, an hour at which everybody may be written to."""
    return datetime.combine(in_days(days), time(12), ZoneInfo("Asia/Karachi")).astimezone(UTC)


MANAGER = {
    "en": ("send my daily summary at 9 am", "today's recovery?", "give T-1001 to asif",
           "give the case of ayesha to saleem", "show approvals", "i want to talk to a person", "back",
           "Hello Ayesha, Asif is coming", "when will he come?", "The bank shows nothing"),
    "ur_Latn": ("summary subah 9 baje bhejo", "aaj ki recovery?", "T-1001 asif ko de do",
                "ayesha ka case saleem ko de do", "approval dikhao", "kisi insan se baat karni hai", "wapas",
                "Salam Ayesha, Asif aa raha hai", "kitne baje aayega?", "Bank mein kuch nahi aaya"),
    "ur": ("خلاصہ صبح نو بجے بھیجو", "آج کی ریکوری؟", "T-1001 آصف کو دے دو", "عائشہ کا کیس سلیم کو دے دو",
           "منظوریاں دکھاؤ", "کسی انسان سے بات کرنی ہے", "واپس", "سلام عائشہ، آصف آ رہا ہے", "کتنے بجے آئے گا؟",
           "بینک میں کچھ نہیں آیا"),
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_whole_day_of_a_manager(client: FlaskClient, company: TestCompany, language: str) -> None:
    town = a_town(client, company, language)
    prepare_decisions(town)
    saima, ayesha = town.person("Saima"), town.person("Ayesha")
    summary, recovery, ticket, case, approvals, human, back, hello, when, nothing = MANAGER[language]

    assert "09:00" in saima.tells(summary)
    morning = datetime.combine(in_days(1), time(9, 5), ZoneInfo("Asia/Karachi")).astimezone(UTC)
    with company_session(company.id, "test") as session:
        send_summaries(session, now=morning)
        send_summaries(session, now=morning + timedelta(minutes=5))
    told = saima.heard()
    assert len(told) == 1 and "2,500" in told[0].text and "1,500" in told[0].text

    with company_session(company.id, "test") as session:
        send_alerts(session, failed_events=[], now=at_noon(1))
    assert "Rabia" in saima.reply().text and "1,500" in saima.last.text

    assert "2,500" in saima.tells(recovery)
    assert "Rabia" in saima.taps_action("figures:recovery:by_agent")
    assert "Asif" in saima.tells(ticket)
    saima.taps_action("a:assign_ticket:1:confirmed:yes")
    assert any("J-" in told.text for told in town.person("Asif").heard())
    assert "Saleem" in saima.tells(case)
    saima.taps_action(confirming(saima))
    assert any("Ayesha Khan" in told.text for told in town.person("Saleem").heard())

    assert "JC-8844" in saima.tells(approvals)
    claim = saima.last
    saima.taps_action("flow:refuse:claim")
    saima.tells(nothing)
    saima.taps_action(confirming(saima))
    saima.last = claim
    saima.taps_action("flow:refuse:claim")
    handover_card = saima.taps_action("approvals")
    assert "Rabia" in handover_card
    card = saima.last
    saima.taps_action("flow:approve:handover")
    saima.tells("1500")
    saima.taps_action(confirming(saima))
    saima.last = card
    saima.taps_action("flow:approve:handover")

    ayesha.tells(human)
    saima.reply()
    saima.taps_action("chat_take")
    saima.tells(hello)
    assert ayesha.reply().text == hello
    assert ayesha.sends("text", {"body": when}) == 200
    assert ayesha.heard() == [] and when in saima.reply().text
    saima.tells(back)
    assert ayesha.heard() != []

    with company_session(company.id) as session:
        names: dict[Id | None, str] = {person.id: person.name for person in session.scalars(select(Staff))}
        first = session.scalars(select(Ticket).order_by(Ticket.number)).first()
        assert first is not None and names[first.assigned_to] == "Asif"
        case_of = session.scalars(
            select(RecoveryCase).join(Customer, Customer.id == RecoveryCase.customer_id)
            .where(Customer.name == "Ayesha Khan")
        ).one()  # fmt: skip
        assert names[case_of.agent_id] == "Saleem"
        decided = session.scalars(select(PaymentClaim)).one()
        assert (decided.state, decided.decision_note) == ("rejected", nothing)
        counted = session.scalars(select(Handover)).one()
        assert (counted.state, str(counted.counted)) == ("confirmed", "1500.00")
        assert len(session.scalars(select(SummarySent)).all()) >= 1
        assert all(talk.human_since is None for talk in session.scalars(select(Conversation)))


def confirming(person: Speaker) -> str:
    """The action of the yes under the last question."""
    return next(action for action in choices(person.last).values() if action.endswith(":confirmed:yes"))


OWNER = {
    "en": ("send my daily summary at 9 am", "what is our profit this month", "show me the cash and bank position",
           "what do we owe our vendors", "today's recovery?", "how many new complaints did we get today",
           "show approvals"),
    "ur_Latn": ("summary subah 9 baje bhejo", "is mahine ka munafa kitna hai", "cash position kya hai",
                "vendors ko kitna dena hai", "aaj ki recovery?", "aaj kitni shikayatein aayi", "approval dikhao"),
    "ur": ("خلاصہ صبح نو بجے بھیجو", "اس مہینے کا نفع نقصان", "بینک میں کتنے پیسے ہیں", "وینڈرز کو کتنا دینا ہے",
           "آج کی ریکوری؟", "آج کتنی شکایتیں آئیں", "منظوریاں دکھاؤ"),
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_whole_day_of_an_owner(client: FlaskClient, company: TestCompany, language: str) -> None:
    town = a_town(client, company, language)
    prepare_decisions(town)
    hamid, saima = town.person("Hamid"), town.person("Saima")
    summary, profit, cash, vendors, recovery, complaints, approvals = OWNER[language]
    assert "09:00" in hamid.tells(summary)
    with company_session(company.id, "test") as session:
        send_summaries(session, now=datetime.combine(in_days(1), time(9, 5), ZoneInfo("Asia/Karachi")))
    morning = hamid.reply().text
    with company_session(company.id) as session:
        position = amount_text(cash_position(session, as_of=in_days(0)).total, language, "PKR")
    assert position in morning
    hamid.tells(profit)
    assert "1,500" in hamid.tells(cash) and position in hamid.last.text
    assert "2,935.63" in hamid.taps_action("figures:receivable")
    hamid.tells(vendors)
    assert "2,500" in hamid.tells(recovery)
    assert "1" in hamid.tells(complaints)

    assert "JC-8844" in hamid.tells(approvals)
    card = hamid.last
    assert "JC-8844" in saima.tells(approvals)
    hamid.taps_action("flow:approve:claim")
    hamid.taps_action(next(action for action in choices(hamid.last).values() if action.endswith("jazzcash")))
    hamid.taps_action(confirming(hamid))
    saima.taps_action("flow:approve:claim")
    hamid.last = card
    hamid.taps_action("flow:approve:claim")
    with company_session(company.id) as session:
        claim = session.scalars(select(PaymentClaim)).one()
        booked = session.scalars(select(Payment).where(Payment.method == "jazzcash")).one()
        assert (claim.state, claim.decided_by, str(booked.amount)) == (
            "approved", f"staff:{staff_named(session, 'Hamid')}", "2435.63",
        )  # fmt: skip
        assert len(session.scalars(select(SummarySent)).all()) >= 1
    assert any("2,435.63" in told.text for told in town.person("Ayesha").heard())


CUSTOMER = {
    "en": ("why is my bill so much?", "i have paid", "my internet is not working", "where is my technician",
           "received 500 cash from C-2001", "Patch cord changed", "he was very good"),
    "ur_Latn": ("bill itna kyun aaya?", "maine paise de diye hain", "net nahi chal raha", "meri shikayat ka kya bana",
                "C-2001 se 500 liye", "Patch cord badal di", "banda bohat acha tha"),
    "ur": ("بل اتنا کیوں آیا؟", "میں نے پیسے دے دیے ہیں", "انٹرنیٹ بند ہے", "میری شکایت کا کیا بنا",
           "C-2001 سے 500 لیے", "پیچ کارڈ بدل دی", "بندہ بہت اچھا تھا"),
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_whole_day_of_a_customer(client: FlaskClient, company: TestCompany, language: str) -> None:
    town = a_town(client, company, language)
    ayesha, asif, rabia = town.person("Ayesha"), town.person("Asif"), town.person("Rabia")
    why, paid, fault, status, took, did, comment = CUSTOMER[language]
    assert "2,500" in ayesha.tells(why) and "Fiber 20" in ayesha.last.text

    ayesha.tells(paid)
    ayesha.tells("1000")
    ayesha.tells("JC-884422119")
    ayesha.sends_photo()
    ayesha.taps_action(confirming(ayesha))

    ayesha.tells(fault)
    ayesha.taps_action("a:file_complaint:2:photo:skip")
    ayesha.taps_action(confirming(ayesha))
    number = job_for(town, asif)
    assert "T-1001" in ayesha.tells(status)

    asif.tells(number)
    asif.taps_action(f"job_start:{number}")
    ayesha.heard()
    asif.taps_action("flow:job_arrived")
    asif.shares(GATE)
    ayesha.reply()
    ayesha.taps_action("visit_came")
    asif.tells("signal -22.4 dbm")
    asif.taps_action("job_tick")
    asif.sends_photo()
    asif.taps_action("flow:job_done")
    asif.tells(did)
    ayesha.reply()
    ayesha.touches(f"visit_good:{number}")
    rating = next(told for told in ayesha.heard() if any(act.startswith("rate:") for act in choices(told).values()))

    rabia.tells(took)
    rabia.taps_action(confirming(rabia))
    ayesha.last = next(told for told in ayesha.heard() if "500" in told.text)
    ayesha.taps_action("cash_paid")

    ayesha.last = rating
    ayesha.taps_action("rate:T-1001:4")
    ayesha.taps_action("flow:")
    ayesha.tells(comment)

    with company_session(company.id) as session:
        claim = session.scalars(select(PaymentClaim)).one()
        assert (str(claim.amount), claim.reference, claim.state) == ("1000.00", "JC-884422119", "pending")
        ticket = session.scalars(select(Ticket)).one()
        assert (ticket.state, ticket.rating, ticket.rating_comment) == ("resolved", 4, comment)
        job = session.scalars(select(Job)).one()
        assert (job.state, job.confirmed_by, job.arrival_confirmed_at is not None) == ("done", "tap", True)
        receipt = session.scalars(select(Payment).order_by(Payment.id.desc()).limit(1)).one()
        proof = session.scalars(select(CashProof).where(CashProof.payment_id == receipt.id)).one()
        assert (str(receipt.amount), proof.state, proof.confirmed_by) == ("500.00", "confirmed", "tap")


def job_for(town: Town, asif: Speaker) -> str:
    """Asif has the visit for Ayesha's ticket."""
    now = utc_now()
    with company_session(town.company.id, "test") as session:
        site = customer_named(session, "Ayesha Khan").sites[0]
        site.latitude, site.longitude = GATE
        ticket = session.scalars(select(Ticket)).one()
        job = plan_ticket_visit(session, ticket_id=ticket.id, actor="test", now=now,
                                window=Window(now, now + timedelta(hours=2)))  # fmt: skip
        give_visit(session, job_id=job.id, staff_id=staff_named(session, "Asif"), actor="test", now=now)
        return job.number


TECHNICIAN = {
    "en": ("my jobs for today", "the signal is -22.4 dbm", "Patch cord changed", "my stock", "i need 10 patch cords",
           "how much have i earned"),
    "ur_Latn": ("aaj ke kaam batao", "signal -22.4 aa raha hai", "Patch cord badal di", "mera stock",
                "10 patch cord chahiye", "mera hisaab batao"),
    "ur": ("میرے آج کے کام دکھائیں", "سگنل -22.4 آ رہا ہے", "پیچ کارڈ بدل دی", "میرا سٹاک", "10 پیچ کارڈ چاہیے",
           "میری تنخواہ کتنی بنی"),
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_whole_day_of_a_technician(client: FlaskClient, company: TestCompany, language: str) -> None:
    day = field_day(client, company, language=language)
    ayesha, number = day.customer_with_a_complaint(language)
    _, second = day.customer_with_a_complaint(language)
    with company_session(company.id, "test") as session:
        tariq_id = staff_named(session, "Tariq")
        employ(session, session.get_one(Staff, tariq_id), salary="30000.00")
        for contact in session.scalars(select(Contact)):
            contact.language_chosen = True
    tariq = Speaker(client, company, day.tariq.phone, name="Tariq")
    tariq.language = language
    jobs, signal, did, stock, restock, earned = TECHNICIAN[language]
    listed = tariq.tells(jobs)
    assert number in listed and second in str(tariq.last.payload)
    card = tariq.taps_action(f"job:{number}")
    assert "Ayesha Khan" in card and "maps.google.com" in card
    tariq.taps_action("job_start")
    tariq.taps_action("flow:job_arrived")
    tariq.shares(GATE)
    assert "-22.4" in tariq.tells(signal)
    tariq.taps_action("job_tick")
    tariq.sends_photo()
    tariq.taps_action("flow:job_done")
    tariq.tells(did)
    ayesha.reply()
    ayesha.taps_action("visit_good")
    assert number in tariq.heard()[-1].text

    tariq.tells(second)
    tariq.taps_action("job_start")
    tariq.taps_action("job_nobody")
    assert "HWTC12345678" in tariq.tells(stock)
    tariq.tells(restock)
    assert "30,000" in tariq.tells(earned)
    with company_session(company.id) as session:
        states = {job.number: (job.state, job.confirmed_by) for job in session.scalars(select(Job))}
        assert states == {number: ("done", "tap"), second: ("no_show", "")}
        closed = session.scalars(select(Ticket).join(Job, Job.ticket_id == Ticket.id).where(Job.number == number)).one()
        assert closed.state == "resolved"
        (line,) = session.scalars(select(RestockRequest)).one().lines
        assert (line.type.code, line.quantity) == ("CORD-3M", Decimal(10))
