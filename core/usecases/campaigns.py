"""A campaign is written, counted, tried out, handed in, and decided on by a second person; then it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import jobs
from core.clock import business_day
from core.companies import current_company
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.messaging.campaign_models import Campaign
from core.messaging.prices import price_list
from core.messaging.reservation import quota_now
from core.money import ZERO, rounded
from core.usecases.campaign_audience import Segment, check_segment, count_audience, read_segment
from core.usecases.campaign_wordings import SPEECHES, Wording, approved_wordings

NAME_MAX = 120


class CampaignInvalid(DomainError):
    """The campaign cannot be kept or sent as it is; the fact `field` names the form's field."""


class CampaignBusy(DomainError):
    """What is asked for cannot be done with the campaign as it stands."""


class SecondPersonNeeded(DomainError):
    """Whoever handed a campaign in does not decide on it."""


@dataclass(frozen=True)
class Draft:
    """A campaign as its form writes it; `values` are variables that are the same for everybody, by language."""

    name: str
    template: str
    segment: Segment
    starts_at: datetime
    template_b: str = ""
    share_b: int = 0
    values: Mapping[str, Mapping[str, str]] | None = None


def write_campaign(session: Session, *, draft: Draft, by: str) -> Campaign:
    """Keep a new campaign as a draft. Raises CampaignInvalid, SegmentInvalid."""
    _check(draft)
    made = Campaign(id=new_id(), written_by=by, state="draft")
    _fill(made, draft)
    session.add(made)
    session.flush()
    return made


def change_campaign(session: Session, *, campaign_id: Id, draft: Draft) -> Campaign:
    """Change what is still a draft. Raises NotFound, CampaignBusy, CampaignInvalid, SegmentInvalid."""
    campaign = locked_campaign(session, campaign_id)
    _needs(campaign, "draft")
    _check(draft)
    _fill(campaign, draft)
    session.flush()
    return campaign


def delete_campaign(session: Session, *, campaign_id: Id) -> None:
    """Throw a draft away. Raises NotFound, CampaignBusy."""
    campaign = locked_campaign(session, campaign_id)
    _needs(campaign, "draft")
    session.delete(campaign)
    session.flush()


def all_campaigns(session: Session) -> Sequence[Campaign]:
    """The newest first."""
    return session.scalars(select(Campaign).order_by(Campaign.id.desc())).all()


def locked_campaign(session: Session, campaign_id: Id) -> Campaign:
    """The campaign, for this transaction alone. Raises NotFound."""
    found = session.get(Campaign, campaign_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("There is no such campaign")
    return found


@dataclass(frozen=True)
class DryRun:
    """What a campaign would do today: nobody is written to."""

    people: int
    by_speech: Mapping[str, int]
    nobody: int
    """Customers without anybody who can be or wants to be written to."""
    without_wording: Mapping[str, int]
    """People whose language has no approved wording, by language: they get nothing."""
    cost: Decimal
    """At most, at today's prices: what is not delivered is not billed."""
    days: int | None
    """At today's quota, what waits already in front of it; None where the quota lets nobody through."""
    quota: int | None
    """People a day for campaigns and bills; None is without limit."""


def dry_run(session: Session, *, campaign: Campaign, now: datetime) -> DryRun:
    """Count and price the campaign as it is now. Raises WordingUnfit, SegmentInvalid."""
    company = current_company(session)
    today = business_day(now, company.timezone)
    first, second = _wordings(session, campaign)
    prices = price_list(session, day=today)
    by_speech: dict[str, int] = {}
    without: dict[str, int] = {}
    nobody, cost = 0, Decimal(0)
    segment = read_segment(campaign.segment)
    for group in count_audience(session, segment=segment, company=company, today=today):
        wording = first.get(group.speech)
        if not group.speech:
            nobody += group.people
        elif wording is None:
            without[group.speech] = without.get(group.speech, 0) + group.people
        else:
            by_speech[group.speech] = by_speech.get(group.speech, 0) + group.people
            other = second.get(group.speech, wording)
            price = prices.price(wording.category, group.country) * (100 - campaign.share_b)
            price += prices.price(other.category, group.country) * campaign.share_b
            cost += price * group.people / 100
    people = sum(by_speech.values())
    quota = quota_now(session, now=now)
    most = quota.for_bulk
    days = (1 if people else 0) if most is None else -(-(people + quota.waiting) // most) if most else None
    return DryRun(people, by_speech, nobody, without, rounded(cost) if cost else ZERO, days, most)


def hand_in(session: Session, *, campaign_id: Id, by: str, now: datetime) -> Campaign:
    """Ask for a draft to be sent; it goes in the languages that are approved now.

    Raises NotFound, CampaignBusy, CampaignInvalid, WordingUnfit, PayloadInvalid.
    """
    campaign = locked_campaign(session, campaign_id)
    _needs(campaign, "draft")
    campaign.values = checked_values(session, campaign)
    counted = dry_run(session, campaign=campaign, now=now)
    if not counted.people:
        raise CampaignInvalid("Nobody would get it: choose more customers", field="states")
    campaign.expected, campaign.expected_cost = counted.people, counted.cost
    campaign.state, campaign.handed_in_by = "waiting", by
    session.flush()
    return campaign


def approve_campaign(session: Session, *, campaign_id: Id, by: str, now: datetime) -> Campaign:
    """Let it run from its start on. Raises NotFound, CampaignBusy, SecondPersonNeeded, CampaignInvalid."""
    campaign = _decided(session, campaign_id, by, now)
    checked_values(session, campaign)
    campaign.state = "running"
    session.flush()
    jobs.ring(session, "run_campaigns", queue="bulk", company_id=str(campaign.company_id))
    return campaign


def refuse_campaign(session: Session, *, campaign_id: Id, by: str, why: str, now: datetime) -> Campaign:
    """Turn it down, with the reason. Raises NotFound, CampaignBusy, SecondPersonNeeded, CampaignInvalid."""
    campaign = _decided(session, campaign_id, by, now)
    if not why.strip():
        raise CampaignInvalid("Say why: it stands beside the campaign", field="why")
    campaign.state, campaign.note, campaign.ended_at = "refused", why.strip()[:500], now
    session.flush()
    return campaign


def _decided(session: Session, campaign_id: Id, by: str, now: datetime) -> Campaign:
    campaign = locked_campaign(session, campaign_id)
    _needs(campaign, "waiting")
    if by == campaign.handed_in_by:
        raise SecondPersonNeeded("A second person decides: you handed this campaign in yourself")
    campaign.decided_by, campaign.decided_at = by, now
    return campaign


def checked_values(session: Session, campaign: Campaign) -> dict[str, dict[str, str]]:
    """The campaign's own variables for each approved language of its segment; every message could be sent with them.

    Raises CampaignInvalid, WordingUnfit, PayloadInvalid.
    """
    first, second = _wordings(session, campaign)
    wanted = campaign.segment.get("languages") or SPEECHES
    first = {speech: wording for speech, wording in first.items() if speech in wanted}
    if not first:
        raise CampaignInvalid(f"{campaign.template} is approved in no language of these people", field="template")
    if campaign.template_b and (missing := sorted(first.keys() - second.keys())):
        raise CampaignInvalid(f"{campaign.template_b} is not approved in {', '.join(missing)}", field="template_b")
    values = {}
    for speech, wording in first.items():
        wordings = [wording, *([second[speech]] if campaign.template_b else [])]
        places = dict.fromkeys(place for each in wordings for place in each.own_places)
        kept = campaign.values.get(speech, {})
        values[speech] = {place: str(kept.get(place, "")).strip() for place in places}
        if empty := next((place for place, value in values[speech].items() if not value), None):
            raise CampaignInvalid(f"{{{{{empty}}}}} has no words for {speech}", field=f"values_{speech}")
        for each in wordings:
            each.message(dict(each.definition.variables) | values[speech])
    return values


def _wordings(session: Session, campaign: Campaign) -> tuple[dict[str, Wording], dict[str, Wording]]:
    second = approved_wordings(session, campaign.template_b) if campaign.template_b else {}
    return approved_wordings(session, campaign.template), second


def _needs(campaign: Campaign, *states: str) -> None:
    if campaign.state not in states:
        raise CampaignBusy(f"The campaign is {campaign.state}: this can only be done while it is {' or '.join(states)}")


def _check(draft: Draft) -> None:
    if not 1 <= len(draft.name.strip()) <= NAME_MAX:
        raise CampaignInvalid(f"A campaign has a name of at most {NAME_MAX} characters", field="name")
    if not draft.template:
        raise CampaignInvalid("Choose a template", field="template")
    if draft.template_b == draft.template:
        raise CampaignInvalid("The second wording is another template", field="template_b")
    if draft.template_b and not 1 <= draft.share_b <= 99:
        raise CampaignInvalid("The second wording goes to 1 to 99 of 100 people", field="share_b")
    if set(draft.values or {}) - set(SPEECHES):
        raise CampaignInvalid(f"A language is one of {', '.join(SPEECHES)}", field="values")
    check_segment(draft.segment)


def _fill(campaign: Campaign, draft: Draft) -> None:
    campaign.name, campaign.template, campaign.template_b = draft.name.strip(), draft.template, draft.template_b
    campaign.share_b = draft.share_b if draft.template_b else 0
    campaign.values = {speech: dict(values) for speech, values in (draft.values or {}).items()}
    campaign.segment, campaign.starts_at = draft.segment.as_json(), draft.starts_at
