"""The daily summary goes once a person and day at his hour; alerts once a fact, together, in the quiet of the night."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.office_news import send_alerts, send_summaries
from core.crm.models import SubZone
from core.db import company_session, platform_session
from core.ids import new_id
from core.messaging import payloads
from core.messaging.holds import hold_lanes
from core.messaging.models import LANES, OutboundMessage, WebhookEvent
from core.messaging.outbox import queue_message
from core.messaging.reservation import QUOTA
from core.messaging.sending_policy import sending_policy
from core.network.outages import open_outage
from core.recovery.runs import begin_run, end_run
from core.service_desk.tickets import open_ticket
from core.staff.agent_cash import set_cash_limit
from core.staff.alert_models import ALERTS
from core.staff.alerts import AlertPolicyInvalid, alert_policy, change_alert_policy, choose_summary
from core.usecases.collect_cash import collect_cash
from core.usecases.find_troubles import failed_inbound
from tests.builders import customer_who_owes, make_customer, make_staff
from tests.cast import TestCompany


def at(hour: int, minute: int = 0, *, day: int = 25) -> datetime:
    """A time of that November day in Lahore, a Wednesday the 25th, told in UTC."""
    return datetime(2026, 11, day, hour - 5, minute, tzinfo=UTC)


def told(session: Session) -> list[str]:
    session.flush()
    return list(session.scalars(select(OutboundMessage.text).order_by(OutboundMessage.id)))


def test_a_summary_goes_at_its_hour_once_a_person_and_day(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        make_staff(session, company, role="manager", name="Saima")
        make_staff(session, company, role="owner", name="Hamid")
        make_staff(session, company, role="technician")
        assert send_summaries(session, now=at(19, 59)) == 0
        assert send_summaries(session, now=at(20)) == 2
        assert send_summaries(session, now=at(20, 1)) == 0
        assert send_summaries(session, now=at(23)) == 0
        assert send_summaries(session, now=at(20, day=26)) == 2
        texts = told(session)
    assert sum("Profit of the month" in text for text in texts) == 2
    assert all("25 Nov 2026" in text for text in texts[:2])


def test_each_person_chooses_whether_and_when(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        saima = make_staff(session, company, role="manager", name="Saima")
        hamid = make_staff(session, company, role="owner", name="Hamid")
        choose_summary(session, staff_id=saima.id, wanted=False, now=at(10))
        choose_summary(session, staff_id=hamid.id, at=time(8), now=at(10))
        assert send_summaries(session, now=at(21)) == 0, "eight had passed when he chose it"
        assert send_summaries(session, now=at(8, day=26)) == 1
        assert "25 Nov 2026" in told(session)[0], "before noon it tells of the day before"
        choose_summary(session, staff_id=saima.id, wanted=True, now=at(10, day=26))
        assert send_summaries(session, now=at(20, day=26)) == 1


def test_the_policy_says_on_which_days_and_to_whom(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        make_staff(session, company, role="manager")
        make_staff(session, company, role="owner")
        change_alert_policy(session, now=at(9), summary_weekdays={"days": [4]}, summary_to="owners")
        assert send_summaries(session, now=at(20)) == 0
        assert send_summaries(session, now=at(20, day=26)) == 1
        change_alert_policy(session, now=at(9, day=26), summary_on=False)
        assert send_summaries(session, now=at(20, day=26)) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"summary_weekdays": {"days": []}}, {"summary_weekdays": {"days": [8]}}, {"summary_to": "all"},
        {"off": {"alerts": ["rain"]}}, {"sla_min": 0}, {"cash_percent": 0}, {"quiet_minutes": 1},
    ],
)  # fmt: skip
def test_a_policy_that_makes_no_sense_is_refused(company: TestCompany, wrong: dict[str, object]) -> None:
    with company_session(company.id, "test") as session:
        with pytest.raises(AlertPolicyInvalid):
            change_alert_policy(session, now=at(9), **wrong)
        assert alert_policy(session).sla_min == 1


def test_a_storm_makes_one_message_and_each_fact_is_told_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        make_staff(session, company, role="manager")
        zones = session.scalars(select(SubZone.id).order_by(SubZone.id)).all()
        open_outage(session, sub_zone_ids=[zones[0]], opened_by="staff:1", now=at(11), started_at=at(11))
        for number in range(5):
            customer = make_customer(session, company, name=f"Late {number}")
            open_ticket(session, customer_id=customer.id, category="no_internet", description="", opened_by="test",
                        now=at(9, day=2))  # fmt: skip
        begin_run(session, kind="ageing", day=at(6).date(), now=at(6))
        end_run(session, kind="ageing", day=at(6).date(), now=at(6), error="no disk")
        assert send_alerts(session, failed_events=["e1", "e2"], now=at(12)) == 4
        assert send_alerts(session, failed_events=["e1", "e2"], now=at(14)) == 0
        texts = told(session)
    assert len(texts) == 1
    assert "Complaints past their time: 5" in texts[0] and "… and 2 more" in texts[0]
    assert "Outages: 1" in texts[0] and "ageing of debts" in texts[0] and "could not be answered: 2" in texts[0]


def test_a_kind_keeps_quiet_and_then_tells_what_came_meanwhile(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        make_staff(session, company, role="manager")
        assert send_alerts(session, failed_events=["e1"], now=at(12)) == 1
        assert send_alerts(session, failed_events=["e1", "e2"], now=at(12, 30)) == 0
        assert send_alerts(session, failed_events=["e1", "e2", "e3"], now=at(13)) == 1
        assert "could not be answered: 2" in told(session)[-1]


def test_what_is_switched_off_below_its_number_or_calm_at_night_is_not_told(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        make_staff(session, company, role="manager")
        customer = make_customer(session, company)
        open_ticket(session, customer_id=customer.id, category="no_internet", description="", opened_by="test",
                    now=at(9, day=2))  # fmt: skip
        assert send_alerts(session, failed_events=[], now=at(23)) == 0
        change_alert_policy(session, now=at(9), sla_min=2)
        assert send_alerts(session, failed_events=[], now=at(12)) == 0
        change_alert_policy(session, now=at(9), sla_min=1, off={"alerts": list(ALERTS)})
        assert send_alerts(session, failed_events=["e1"], now=at(12)) == 0
        change_alert_policy(session, now=at(9), off={"alerts": []}, alerts_to="owners")
        assert send_alerts(session, failed_events=[], now=at(12)) == 1
        assert told(session) == [], "there is no owner to tell"


def test_an_agent_at_his_limit_is_told_once_a_day(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        make_staff(session, company, role="owner")
        rabia = make_staff(session, company, role="recovery_agent", name="Rabia")
        customer = customer_who_owes(session, company, "+923001112233")
        set_cash_limit(session, staff_id=rabia.id, amount=Decimal("1000.00"), age_days=None)
        collect_cash(session, agent_id=rabia.id, customer_id=customer.id, amount=Decimal("900.00"),
                     idempotency_key="a", actor="test", now=at(11))  # fmt: skip
        assert send_alerts(session, failed_events=[], now=at(12)) == 0
        change_alert_policy(session, now=at(9), cash_percent=80)
        assert send_alerts(session, failed_events=[], now=at(12)) == 1
        assert send_alerts(session, failed_events=[], now=at(15)) == 0
        assert "Rabia: Rs 900" in told(session)[-1]


def test_failed_messages_and_a_limited_number_are_told(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        make_staff(session, company, role="manager")
        send_summaries(session, now=at(20, day=24))
        change_alert_policy(session, now=at(9), outbox_min=1)
        message = session.scalars(select(OutboundMessage)).one()
        message.state, message.state_since, message.error_code = "failed", at(11), 131048
        session.flush()
        assert send_alerts(session, failed_events=[], now=at(12)) == 2
        assert "code 131048" in told(session)[-1]


def test_what_stops_the_outbox_is_told_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        make_staff(session, company, role="manager")
        policy = sending_policy(session, lock=True)
        policy.budget_per_day = Decimal("100.00")
        number = company.business_number_id
        hold_lanes(session, business_number_id=number, lanes=LANES, cause="code", code=131031, detail="locked",
                   now=at(11), until=at(13))  # fmt: skip
        hold_lanes(session, business_number_id=number, lanes=["bulk"], cause="quality", detail="red", now=at(11))
        assert send_alerts(session, failed_events=[], now=at(12)) == 1
        assert "All messages: not sent now. Meta's code 131031." in told(session)[-1]
        assert "Campaigns: not sent now. Meta rates the number's quality red." in told(session)[-1]
        hold_lanes(session, business_number_id=number, lanes=LANES, cause="code", code=131031, detail="locked",
                   now=at(14), until=at(20))  # fmt: skip
        assert send_alerts(session, failed_events=[], now=at(14)) == 0
        message = session.scalars(select(OutboundMessage)).first()
        assert message is not None
        message.category, message.price, message.cost_state = "utility", Decimal(120), "spent"
        message.charged_on, message.quota_at = date(2026, 11, 25), at(12)
        session.flush()
        policy.recipients_per_day = 1
        queue_message(session, contact_id=message.contact_id, business_number_id=number, lane="bulk", now=at(14),
                      payload=payloads.text("x"), text="x", dedupe_key="waits")  # fmt: skip
        session.execute(update(OutboundMessage).where(OutboundMessage.dedupe_key == "waits").values(error=QUOTA))
        assert send_alerts(session, failed_events=[], now=at(16)) == 1
        assert "1 messages wait: 1 of 1 people" in told(session)[-1]
        assert "used up: Rs 120 of Rs 100" in told(session)[-1]


def test_only_events_of_the_company_s_own_numbers_are_its_own(company: TestCompany) -> None:
    with platform_session("test") as session:
        event = WebhookEvent(
            id=new_id(), body=b'{"phone_number_id": "%s"}' % company.phone_number_id.encode(), state="failed",
            attempts=5, next_try_at=at(12),
        )  # fmt: skip
        session.add(event)
        session.flush()
        now = event.created_at
        assert failed_inbound(session, numbers=[company.phone_number_id], now=now) == [str(event.id)]
        assert failed_inbound(session, numbers=["999"], now=now) == []


def test_a_background_job_that_broke_off_is_told_once_a_day_and_a_kept_run_not_twice(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        make_staff(session, company, role="manager")
        begin_run(session, kind="ladder", day=at(6).date(), now=at(6))
        end_run(session, kind="ladder", day=at(6).date(), now=at(6), error="no disk")
        failed = [("climb_ladder", at(6)), ("check_company_books", at(7))]
        assert send_alerts(session, failed_events=[], failed_jobs=failed, now=at(8)) == 1
        (text,) = told(session)
        assert "Jobs that failed: 2" in text and "check of the books of 25 Nov 2026" in text
        assert text.count("reminders") == 1
        assert send_alerts(session, failed_events=[], failed_jobs=failed, now=at(12)) == 0
        again = [("check_company_books", at(7, day=26))]
        assert send_alerts(session, failed_events=[], failed_jobs=again, now=at(12, day=26)) == 1
