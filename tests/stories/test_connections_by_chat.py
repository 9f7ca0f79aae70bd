"""A manager decides about requests for a connection by chat, and the rest follows."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from core.clock import utc_now
from core.crm.lead_models import Lead
from core.crm.leads import Wish, open_lead
from core.crm.models import Contact, Customer
from core.db import company_session
from core.ids import Id, new_id
from core.service_desk.job_models import Job
from tests.builders import a_phone, make_staff
from tests.cast import TestCompany
from tests.stories.field import GATE, FieldDay, Hand, field_day

SAID = {
    "en": ("approvals", "Approve", "Install it", "Survey first", "Yes", "Refuse", "given to"),
    "ur_Latn": ("manzoori wale kaam", "Manzoor", "Install karein", "Pehle survey", "Haan", "Na-manzoor", "de diya"),
    "ur": ("منظوری والے کام", "منظور", "لگا دیں", "پہلے سروے", "ہاں", "نامنظور", "دے دیا"),
}


def asked(day: FieldDay, language: str, *, plan: bool = True) -> tuple[Hand, Hand, Id]:
    """The manager's phone, that of Sidra who asks for a connection, and her request."""
    phones = a_phone(), a_phone()
    with company_session(day.company.id, "test") as session:
        saima = make_staff(session, day.company, role="manager", name="Saima", phone=phones[0])
        session.add(Contact(id=new_id(), phone=phones[0], name="Saima", staff_id=saima.id, language=language,
                            language_chosen=True))  # fmt: skip
        sidra = Contact(id=new_id(), phone=phones[1], name="Sidra", language=language)
        session.add(sidra)
        session.flush()
        wish = Wish(name="Sidra Tariq", phone=phones[1], sub_zone_id=day.company.sub_zone_id, address="House 9",
                    latitude=GATE[0], longitude=GATE[1], plan_id=day.plan_id if plan else None)  # fmt: skip
        lead = open_lead(session, wish=wish, contact_id=sidra.id, customer_id=None, opened_by="test", now=utc_now())
        lead_id = lead.lead.id
    client, company = day.client, day.company
    return Hand(client, company, phones[0], name="Saima"), Hand(client, company, phones[1], name="Sidra"), lead_id


def lead_and_jobs(company: TestCompany, lead_id: Id) -> tuple[str, list[tuple[str, bool]]]:
    with company_session(company.id) as session:
        jobs = session.scalars(select(Job).where(Job.lead_id == lead_id).order_by(Job.opened_at)).all()
        return session.get_one(Lead, lead_id).state, [(job.kind, job.assigned_to is not None) for job in jobs]


@pytest.mark.parametrize("language", list(SAID))
def test_a_yes_opens_the_account_and_sends_the_best_technician(
    client: FlaskClient, company: TestCompany, language: str
) -> None:
    day = field_day(client, company, language=language)
    saima, sidra, lead_id = asked(day, language)
    words, approve, install, _, yes, _, given = SAID[language]
    assert "Sidra Tariq" in saima.tells(words) and "House 9" in saima.last.text
    saima.taps(approve)
    assert "Sidra Tariq" in saima.taps(install).text
    assert given in saima.taps(yes).text and "Tariq" in saima.last.text
    assert lead_and_jobs(company, lead_id) == ("approved", [("installation", True)])
    assert len(sidra.heard()) == 2 and day.tariq.heard()
    with company_session(company.id) as session:
        assert session.scalars(select(Customer).where(Customer.name == "Sidra Tariq")).one()
    assert "Sidra" not in saima.tells(words)


def test_a_survey_comes_first_and_the_request_waits_again_after_it(client: FlaskClient, company: TestCompany) -> None:
    day = field_day(client, company, language="en")
    saima, _, lead_id = asked(day, "en")
    words, approve, _, survey, yes, _, _ = SAID["en"]
    saima.tells(words)
    saima.taps(approve)
    saima.taps(survey)
    saima.taps(yes)
    assert lead_and_jobs(company, lead_id) == ("survey", [("survey", True)])
    assert "Sidra" not in saima.tells(words)
    with company_session(company.id, "test") as session:
        job = session.scalars(select(Job).where(Job.lead_id == lead_id)).one()
        job.state, job.done_at = "done", utc_now()
    assert "Sidra" in saima.tells(words)
    saima.taps(approve)
    saima.taps(yes)
    assert lead_and_jobs(company, lead_id) == ("approved", [("survey", True), ("installation", True)])


def test_what_is_missing_is_said_and_a_refusal_tells_the_person(client: FlaskClient, company: TestCompany) -> None:
    day = field_day(client, company, language="en")
    saima, sidra, lead_id = asked(day, "en", plan=False)
    words, approve, install, _, yes, refuse, _ = SAID["en"]
    saima.tells(words)
    saima.taps(approve)
    saima.taps(install)
    saima.taps(yes)
    assert lead_and_jobs(company, lead_id) == ("new", [])
    saima.tells(words)
    saima.taps(refuse)
    saima.tells("No fibre in that street yet")
    saima.taps(yes)
    assert lead_and_jobs(company, lead_id) == ("refused", [])
    assert "cannot connect" in sidra.heard()[-1].text
