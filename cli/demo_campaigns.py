"""The demo's campaigns: one that is over, with its results, and one that waits for the second person."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from cli.demo_town import Town
from core.clock import business_day
from core.crm.consents import note_choice
from core.ids import new_id
from core.messaging.campaign_models import Campaign, CampaignPerson
from core.messaging.models import InboundMessage, OutboundMessage
from core.usecases.campaign_audience import Segment
from core.usecases.campaigns import Draft, approve_campaign, hand_in, write_campaign
from core.usecases.run_campaigns import queue_next_slice

OFFER = {
    "en": {"offer": "double speed for a month."}, "ur_Latn": {"offer": "ek mahine ke liye double speed."},
    "ur": {"offer": "ایک مہینے کے لیے دگنی رفتار۔"},
}  # fmt: skip
FRIENDS = {
    "en": {"offer": "a free month for each friend who joins."},
    "ur_Latn": {"offer": "har naye dost par aik mahina muft."}, "ur": {"offer": "ہر نئے دوست پر ایک مہینہ مفت۔"},
}  # fmt: skip
REPLIES = ("Kitne paise ka hai?", "Ji, laga dein", "Yeh kab tak hai?")
PRICE = Decimal("13.25")


def hold_campaigns(session: Session, town: Town, now: datetime) -> None:
    """Two wordings went to Gulberg five days ago; one to everybody waits for the owner."""
    owner, manager = (f"staff:{town.people(role)[0].id}" for role in ("owner", "manager"))
    zone = ZoneInfo(town.timeline.timezone)
    began = datetime.combine(town.today - timedelta(days=5), time(11), zone).astimezone(now.tzinfo)
    gulberg = Segment(areas=(str(town.areas["Gulberg"]),), languages=("en", "ur_Latn"))
    two = Draft("Double speed in Gulberg", "promotion", gulberg, began, template_b="faster_plan", share_b=50,
                values=OFFER)  # fmt: skip
    over = write_campaign(session, draft=two, by=manager)
    hand_in(session, campaign_id=over.id, by=manager, now=began - timedelta(hours=3))
    approve_campaign(session, campaign_id=over.id, by=owner, now=began - timedelta(hours=1))
    while queue_next_slice(session, campaign_id=over.id, now=began):
        pass
    _arrive(session, over, began, town.timeline.timezone)
    queue_next_slice(session, campaign_id=over.id, now=began + timedelta(hours=2))
    friends = Draft("Bring a friend", "promotion", Segment(states=("active",)), now, values=FRIENDS)
    waiting = write_campaign(session, draft=friends, by=manager)
    hand_in(session, campaign_id=waiting.id, by=manager, now=now)


def _arrive(session: Session, campaign: Campaign, began: datetime, timezone: str) -> None:
    """Most of it arrived, half was read, some wrote back, one had enough."""
    people = session.scalars(
        select(CampaignPerson).where(CampaignPerson.campaign_id == campaign.id).order_by(CampaignPerson.id)
    ).all()
    for place, person in enumerate(people):
        message = session.get_one(OutboundMessage, person.message_id)
        sent = began + timedelta(seconds=2 * place)
        message.state_since = message.sent_at = sent
        message.attempts, message.category, message.charged_on = 1, "marketing", business_day(sent, timezone)
        message.price, message.cost_state = PRICE, "spent"
        if place % 19 == 18:
            message.state, message.error, message.cost_state = "failed", "The person cannot be reached", "released"
            continue
        message.state, message.delivered_at = "delivered", sent + timedelta(seconds=9)
        if place % (2 if person.variant == "b" else 3) == 0:
            message.state, message.read_at = "read", sent + timedelta(minutes=20 + place)
        if place % 11 == 3:
            session.add(InboundMessage(
                id=new_id(), wamid=f"wamid.demo-campaign-{place}", contact_id=person.contact_id, type="text",
                business_number_id=message.business_number_id, text=REPLIES[place % len(REPLIES)], content={},
                sent_at=sent + timedelta(hours=1),
            ))  # fmt: skip
        if place == 7:
            note_choice(session, contact_id=person.contact_id, category="marketing", choice="stop", how="chat",
                        told_at=sent + timedelta(hours=2))  # fmt: skip
    session.flush()
