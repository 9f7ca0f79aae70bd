"""Campaigns: whom they count, what they cost, who decides, and how they go out slice by slice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.billing.subscription_models import Subscription
from core.crm.contacts import identify, link_by_phone
from core.crm.models import Contact, Customer
from core.db import company_session
from core.ids import Id, new_id
from core.messaging.campaign_models import Campaign, CampaignPerson
from core.messaging.models import InboundMessage, OutboundMessage
from core.messaging.sending_policy import sending_policy
from core.messaging.template_models import MessageTemplate
from core.messaging.templates import find_template
from core.usecases import campaigns, run_campaigns
from core.usecases.campaign_audience import Segment, SegmentInvalid
from core.usecases.campaigns import CampaignBusy, CampaignInvalid, Draft, SecondPersonNeeded
from tests.builders import a_phone, customer_who_owes, make_customer, make_staff
from tests.cast import NOW, TestCompany

OFFER = {speech: {"offer": "50 Mbps for a month."} for speech in ("en", "ur_Latn", "ur")}
DRAFT = Draft("Winter", "promotion", Segment(), NOW, values=OFFER)
NIGHT = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)


def approve_templates(session: Session, *names: str) -> None:
    """As Meta would; without names the promotion."""
    for row in session.scalars(select(MessageTemplate).where(MessageTemplate.name.in_(names or PROMOTION))):
        row.state, row.live_version, row.told_at = "approved", 1, NOW
    session.flush()


PROMOTION = ("promotion", "promotion_roman")


def a_person(session: Session, company: TestCompany, **facts: object) -> tuple[Customer, Contact]:
    phone = a_phone()
    customer = make_customer(session, company, phone=phone)
    contact = identify(session, phone=phone, user_id=None)
    link_by_phone(session, contact.id, phone)
    for name, value in facts.items():
        setattr(contact, name, value)
    session.flush()
    return customer, contact


def running(session: Session, draft: Draft = DRAFT) -> Id:
    made = campaigns.write_campaign(session, draft=draft, by="staff:a")
    campaigns.hand_in(session, campaign_id=made.id, by="staff:a", now=NOW)
    campaigns.approve_campaign(session, campaign_id=made.id, by="staff:b", now=NOW)
    return made.id


def messages_of(session: Session, campaign_id: Id) -> list[OutboundMessage]:
    mine = select(CampaignPerson.message_id).where(CampaignPerson.campaign_id == campaign_id)
    found = select(OutboundMessage).where(OutboundMessage.id.in_(mine)).order_by(OutboundMessage.id)
    return list(session.scalars(found.execution_options(populate_existing=True)))


def counted(session: Session, segment: Segment, **changes: object) -> campaigns.DryRun:
    draft = replace(DRAFT, segment=segment, **changes)  # type: ignore[arg-type]
    return campaigns.dry_run(session, campaign=campaigns.write_campaign(session, draft=draft, by="staff:a"), now=NOW)


def test_a_dry_run_counts_people_once_and_leaves_out_who_cannot_get_it(company: TestCompany) -> None:
    with company_session(company.id) as session:
        approve_templates(session)
        _, contact = a_person(session, company, language="en")
        second = make_customer(session, company)
        link_by_phone(session, contact.id, second.phones[0].phone)
        a_person(session, company, language="en", marketing_stopped_at=NOW)
        a_person(session, company, language="en", opted_out_at=NOW)
        make_customer(session, company)  # never wrote: the first number on file
        a_person(session, company, language="ur")
        find_template(session, "promotion", "ur").state = "rejected"
        found = counted(session, Segment())
    assert (found.people, found.nobody, found.without_wording) == (2, 2, {"ur": 1})
    assert found.cost == Decimal("26.50")  # two at 13.25
    assert (found.days, found.quota) == (1, 200)


def test_days_follow_from_the_quota_of_a_day(company: TestCompany) -> None:
    with company_session(company.id) as session:
        approve_templates(session)
        sending_policy(session).recipients_per_day = 5  # 4 of them for campaigns
        for _ in range(9):
            make_customer(session, company)
        assert counted(session, Segment()).days == 3
        sending_policy(session).recipients_per_day = None
        assert counted(session, Segment()).days == 1


def test_a_segment_takes_who_fits_everything(company: TestCompany) -> None:
    with company_session(company.id) as session:
        approve_templates(session)
        debtor = customer_who_owes(session, company, a_phone())  # Rs 3,435.63 since 10 November
        a_person(session, company, language="ur")
        make_customer(session, company).state = "suspended"
        plan = str(debtor_plan(session, debtor))
        cases = [
            (Segment(), 2), (Segment(states=("active", "suspended")), 3), (Segment(plans=(plan,)), 1),
            (Segment(areas=(str(company.area_id),)), 2), (Segment(areas=(str(new_id()),)), 0),
            (Segment(sub_zones=(str(company.sub_zone_id),)), 2), (Segment(balance_from=Decimal("3435.63")), 1),
            (Segment(balance_from=Decimal("3435.64")), 0), (Segment(balance_to=Decimal(0)), 1),
            (Segment(overdue_days=14), 1), (Segment(overdue_days=15), 0), (Segment(languages=("ur",)), 1),
            (Segment(languages=("en",), overdue_days=3), 1),
        ]  # fmt: skip
        assert [counted(session, segment).people for segment, _ in cases] == [people for _, people in cases]
        for segment, _ in cases:
            made = campaigns.write_campaign(session, draft=replace(DRAFT, segment=segment), by="a")
            assert campaigns.read_segment(made.segment) == segment


def debtor_plan(session: Session, customer: Customer) -> Id:
    return session.scalars(select(Subscription.plan_id).where(Subscription.customer_id == customer.id)).one()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"name": " "}, CampaignInvalid),
        ({"template": ""}, CampaignInvalid),
        ({"template_b": "promotion", "share_b": 50}, CampaignInvalid),
        ({"template_b": "welcome", "share_b": 0}, CampaignInvalid),
        ({"template_b": "welcome", "share_b": 100}, CampaignInvalid),
        ({"values": {"de": {}}}, CampaignInvalid),
        ({"segment": Segment(states=())}, SegmentInvalid),
        ({"segment": Segment(states=("gone",))}, SegmentInvalid),
        ({"segment": Segment(languages=("de",))}, SegmentInvalid),
        ({"segment": Segment(balance_from=Decimal(-1))}, SegmentInvalid),
        ({"segment": Segment(balance_from=Decimal(2), balance_to=Decimal(1))}, SegmentInvalid),
        ({"segment": Segment(overdue_days=-1)}, SegmentInvalid),
    ],
)
def test_a_draft_that_makes_no_sense_is_not_kept(
    company: TestCompany, changes: dict[str, object], error: type[Exception]
) -> None:
    with company_session(company.id) as session, pytest.raises(error):
        campaigns.write_campaign(session, draft=replace(DRAFT, **changes), by="a")  # type: ignore[arg-type]


def test_a_campaign_without_approved_words_or_people_is_not_handed_in(company: TestCompany) -> None:
    with company_session(company.id) as session:
        made = campaigns.write_campaign(session, draft=DRAFT, by="a")
        with pytest.raises(CampaignInvalid, match="approved in no language"):
            campaigns.hand_in(session, campaign_id=made.id, by="a", now=NOW)
        approve_templates(session)
        with pytest.raises(CampaignInvalid, match="Nobody"):
            campaigns.hand_in(session, campaign_id=made.id, by="a", now=NOW)
        make_customer(session, company)
        made.values = {"en": {"offer": "x"}}
        with pytest.raises(CampaignInvalid, match="offer"):
            campaigns.hand_in(session, campaign_id=made.id, by="a", now=NOW)
        made.values = OFFER
        made.template_b, made.share_b = "welcome", 50
        with pytest.raises(CampaignInvalid, match="welcome is not approved"):
            campaigns.hand_in(session, campaign_id=made.id, by="a", now=NOW)


def test_whoever_hands_it_in_does_not_decide(company: TestCompany) -> None:
    with company_session(company.id) as session:
        approve_templates(session)
        make_customer(session, company)
        made = campaigns.write_campaign(session, draft=DRAFT, by="staff:a")
        with pytest.raises(CampaignBusy):
            campaigns.approve_campaign(session, campaign_id=made.id, by="staff:b", now=NOW)
        campaigns.hand_in(session, campaign_id=made.id, by="staff:a", now=NOW)
        with pytest.raises(SecondPersonNeeded):
            campaigns.approve_campaign(session, campaign_id=made.id, by="staff:a", now=NOW)
        with pytest.raises(CampaignBusy):
            campaigns.change_campaign(session, campaign_id=made.id, draft=DRAFT)
        campaigns.refuse_campaign(session, campaign_id=made.id, by="staff:b", why="Too soon", now=NOW)
        assert (made.state, made.note, made.decided_by) == ("refused", "Too soon", "staff:b")
        assert not run_campaigns.queue_next_slice(session, campaign_id=made.id, now=NOW)


def test_it_goes_out_in_slices_each_person_once_in_his_language(
    company: TestCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_campaigns, "SLICE", 2)
    with company_session(company.id) as session:
        approve_templates(session)
        _, english = a_person(session, company, language="en")
        link_by_phone(session, english.id, make_customer(session, company).phones[0].phone)
        _, roman = a_person(session, company, language="ur_Latn")
        a_person(session, company, language="en", marketing_stopped_at=NOW)
        campaign_id = running(session)
        assert not run_campaigns.queue_next_slice(session, campaign_id=campaign_id, now=NIGHT)
        rounds = 0
        while run_campaigns.queue_next_slice(session, campaign_id=campaign_id, now=NOW):
            rounds += 1
        sent = messages_of(session, campaign_id)
        campaign = session.get_one(Campaign, campaign_id)
        assert rounds == 3  # two slices, and the one that finds nobody
        assert {each.contact_id for each in sent} == {english.id, roman.id}
        assert {each.payload["template"]["name"] for each in sent} == {"promotion", "promotion_roman"}
        assert all((each.lane, each.marketing, each.kind) == ("bulk", True, "template") for each in sent)
        assert "Ayesha Khan" in sent[0].text and "50 Mbps for a month." in sent[0].text
        assert str(sent[0].payload).count("opt_out:marketing") == 1
        assert (campaign.queued, campaign.skipped, campaign.state) == (2, 1, "running")
        session.execute(update(OutboundMessage).where(OutboundMessage.id.in_([each.id for each in sent]))
                        .values(state="sent", sent_at=NOW))  # fmt: skip
        assert not run_campaigns.queue_next_slice(session, campaign_id=campaign_id, now=NOW)
        assert (campaign.state, campaign.ended_at) == ("done", NOW)


def test_no_more_is_queued_than_a_day_lets_through(company: TestCompany) -> None:
    with company_session(company.id) as session:
        approve_templates(session)
        sending_policy(session).recipients_per_day = 5  # 4 of them for campaigns
        for _ in range(6):
            make_customer(session, company)
        campaign_id = running(session)
        while run_campaigns.queue_next_slice(session, campaign_id=campaign_id, now=NOW):
            pass
        sent = messages_of(session, campaign_id)
        assert len(sent) == 4
        sent[0].state = sent[1].state = "delivered"
        session.flush()
        while run_campaigns.queue_next_slice(session, campaign_id=campaign_id, now=NOW + timedelta(days=1)):
            pass
        assert len(messages_of(session, campaign_id)) == 6


def test_paused_it_waits_resumed_it_goes_on_cancelled_it_is_over(company: TestCompany) -> None:
    with company_session(company.id) as session:
        approve_templates(session)
        make_customer(session, company)
        campaign_id = running(session)
        run_campaigns.queue_next_slice(session, campaign_id=campaign_id, now=NOW)
        run_campaigns.pause_campaign(session, campaign_id=campaign_id, now=NOW)
        (parked,) = messages_of(session, campaign_id)
        assert parked.not_before > NOW + timedelta(days=365) and parked.expires_at > parked.not_before
        assert not run_campaigns.queue_next_slice(session, campaign_id=campaign_id, now=NOW)
        with pytest.raises(CampaignBusy):
            run_campaigns.pause_campaign(session, campaign_id=campaign_id, now=NOW)
        later = NOW + timedelta(days=10)
        run_campaigns.resume_campaign(session, campaign_id=campaign_id, now=later)
        (going,) = messages_of(session, campaign_id)
        assert (going.not_before, going.expires_at) == (later, later + run_campaigns.LIFETIME)
        with pytest.raises(CampaignInvalid):
            run_campaigns.cancel_campaign(session, campaign_id=campaign_id, why=" ", now=later)
        assert run_campaigns.cancel_campaign(session, campaign_id=campaign_id, why="Wrong price", now=later) == 1
        (over,) = messages_of(session, campaign_id)
        assert (over.state, session.get_one(Campaign, campaign_id).state) == ("cancelled", "cancelled")


def test_a_wording_that_meta_takes_back_pauses_the_campaign(company: TestCompany) -> None:
    with company_session(company.id) as session:
        approve_templates(session)
        make_customer(session, company)
        campaign_id = running(session)
        session.execute(update(MessageTemplate).where(MessageTemplate.name == "promotion_roman").values(state="paused"))
        assert not run_campaigns.queue_next_slice(session, campaign_id=campaign_id, now=NOW)
        campaign = session.get_one(Campaign, campaign_id)
        assert campaign.state == "paused" and "ur_Latn" in campaign.note
        with pytest.raises(CampaignInvalid, match="ur_Latn"):
            run_campaigns.resume_campaign(session, campaign_id=campaign_id, now=NOW)


def test_two_wordings_are_split_by_person_the_same_each_time(company: TestCompany) -> None:
    campaign = Campaign(id=Id(int=7), template="a", template_b="b", share_b=30)
    people = [Id(int=number) for number in range(2000)]
    drawn = [run_campaigns.variant_of(campaign, person) for person in people]
    assert drawn == [run_campaigns.variant_of(campaign, person) for person in people]
    assert 540 <= drawn.count("b") <= 660
    with company_session(company.id) as session:
        approve_templates(session, *PROMOTION, "welcome", "welcome_roman")
        for _ in range(20):
            make_customer(session, company)
        campaign_id = running(session, replace(DRAFT, template_b="welcome", share_b=50))
        run_campaigns.queue_next_slice(session, campaign_id=campaign_id, now=NOW)
        kept = session.get_one(Campaign, campaign_id)
        for row in session.scalars(select(CampaignPerson).where(CampaignPerson.campaign_id == campaign_id)):
            name = session.get_one(OutboundMessage, row.message_id).payload["template"]["name"]
            assert row.variant == run_campaigns.variant_of(kept, row.contact_id)
            assert name == ("welcome" if row.variant == "b" else "promotion")


def test_results_tell_how_far_it_came_and_who_answered_in_three_days(company: TestCompany) -> None:
    with company_session(company.id) as session:
        approve_templates(session)
        people = [a_person(session, company, language="en")[1] for _ in range(4)]
        campaign_id = running(session)
        run_campaigns.queue_next_slice(session, campaign_id=campaign_id, now=NOW)
        by_person = {each.contact_id: each for each in messages_of(session, campaign_id)}
        for person in people[:3]:
            by_person[person.id].state, by_person[person.id].sent_at = "sent", NOW
        by_person[people[0].id].delivered_at = by_person[people[0].id].read_at = NOW
        by_person[people[1].id].delivered_at = NOW
        for person, days in ((people[0], 2), (people[1], 4)):
            session.add(InboundMessage(id=new_id(), wamid=f"wamid.{new_id()}", contact_id=person.id, type="text",
                                       business_number_id=company.business_number_id, content={},
                                       sent_at=NOW + timedelta(days=days)))  # fmt: skip
        people[1].marketing_stopped_at = NOW + timedelta(days=1)
        people[2].opted_out_at = NOW + timedelta(days=5)
        session.flush()
        (row,) = run_campaigns.results_of(session, campaign_id)
    assert {name: row[name] for name in ("variant", "people", "waiting", "sent", "delivered", "read", "replied",
                                         "opted_out")} == {
        "variant": "a", "people": 4, "waiting": 1, "sent": 3, "delivered": 2, "read": 1, "replied": 1, "opted_out": 1,
    }  # fmt: skip


def test_a_test_goes_to_ones_own_number_in_every_language(company: TestCompany) -> None:
    with company_session(company.id) as session:
        approve_templates(session)
        make_customer(session, company, name="Bilal Ahmed")
        manager = make_staff(session, company, role="manager")
        made = campaigns.write_campaign(session, draft=DRAFT, by=f"staff:{manager.id}")
        assert run_campaigns.send_test(session, campaign_id=made.id, staff_id=manager.id, now=NOW) == 3
        own = session.scalars(select(Contact.id).where(Contact.phone == manager.phone)).one()
        sent = session.scalars(select(OutboundMessage).where(OutboundMessage.contact_id == own)).all()
        assert len(sent) == 3 and all("Bilal Ahmed" in each.text for each in sent)
        with pytest.raises(run_campaigns.NoNumber):
            run_campaigns.send_test(session, campaign_id=made.id, staff_id=None, now=NOW)
        assert made.state == "draft"
