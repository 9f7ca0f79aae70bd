"""A running campaign: queued slice by slice, paused, resumed, cancelled, tried out on one's own number."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.orm import Session

from core import jobs
from core.clock import business_day
from core.companies import Company, current_company
from core.crm.contacts import meet_by_phone
from core.crm.models import Contact, Customer
from core.db import table_of
from core.errors import DomainError
from core.ids import Id, new_id
from core.messaging.campaign_models import Campaign, CampaignPerson
from core.messaging.invoice_notices import decent_hour
from core.messaging.models import OutboundMessage
from core.messaging.outbox import message_row, queue_message, queue_rows
from core.messaging.reservation import quota_now
from core.staff.models import Staff
from core.usecases.campaign_audience import Person, next_people, read_segment
from core.usecases.campaign_wordings import Wording, approved_wordings
from core.usecases.campaigns import CampaignBusy, CampaignInvalid, checked_values, locked_campaign
from core.usecases.message_facts import facts_of
from core.usecases.report_fault import first_number

SLICE = 500
"""Customers looked at in one transaction."""
AHEAD_MAX = 5_000
"""So many messages of a campaign wait in the outbox at most; fewer where the quota lets fewer through in a day."""
LIFETIME = timedelta(days=7)
PARKED = timedelta(days=36_500)
"""A paused message is due so much later."""


class NoNumber(DomainError):
    """There is no number to send from, or none to send to."""


def running_campaigns(session: Session, *, now: datetime) -> Sequence[Id]:
    """Those whose turn has come, the oldest first."""
    due = select(Campaign.id).where(Campaign.state == "running", Campaign.starts_at <= now)
    return session.scalars(due.order_by(Campaign.id)).all()


def queue_next_slice(session: Session, *, campaign_id: Id, now: datetime) -> bool:
    """Write to the next customers, in decent hours and as far as there is room; whether more may follow at once.

    It ends once everybody had his turn and nothing waits any more. A campaign whose wording Meta no longer approves is
    paused with a note. Another process that has the campaign in hand is left to it.
    """
    wanted = select(Campaign).where(Campaign.id == campaign_id).with_for_update(skip_locked=True)
    campaign = session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
    company = current_company(session)
    if campaign is None or campaign.state != "running" or campaign.starts_at > now:
        return False
    waiting = _waiting(session, campaign.id)
    if campaign.all_queued_at is not None:
        if not waiting:
            campaign.state, campaign.ended_at = "done", now
        return False
    room = min(SLICE, _ahead(session, now) - waiting)
    if room < 1 or decent_hour(now, company.timezone) != now:
        return False
    wordings = {"a": approved_wordings(session, campaign.template)}
    wordings["b"] = approved_wordings(session, campaign.template_b) if campaign.template_b else wordings["a"]
    lost = [speech for speech in campaign.values if any(speech not in each for each in wordings.values())]
    if lost:
        campaign.note = f"Paused by itself: Meta no longer approves its wording in {', '.join(sorted(lost))}"
        _park(session, campaign, now)
        return False
    people = next_people(
        session, segment=read_segment(campaign.segment), company=company, today=business_day(now, company.timezone),
        after=campaign.reached, most=room,
    )  # fmt: skip
    if not people:
        campaign.all_queued_at = now
        return True
    _write_to(session, campaign, company, people, wordings, now)
    campaign.reached = people[-1].customer_id
    session.flush()
    return True


def _ahead(session: Session, now: datetime) -> int:
    most = quota_now(session, now=now).for_bulk
    return AHEAD_MAX if most is None else min(AHEAD_MAX, most)


def _waiting(session: Session, campaign_id: Id) -> int:
    waiting = (
        select(func.count()).select_from(CampaignPerson)
        .join(OutboundMessage, OutboundMessage.id == CampaignPerson.message_id)
        .where(CampaignPerson.campaign_id == campaign_id, OutboundMessage.state.in_(("queued", "sending")))
    )  # fmt: skip
    return session.scalar(waiting) or 0


def variant_of(campaign: Campaign, contact_id: Id) -> str:
    """Which wording the person gets: the same however often it is asked."""
    if not campaign.template_b:
        return "a"
    drawn = int.from_bytes(hashlib.blake2b(campaign.id.bytes + contact_id.bytes, digest_size=8).digest())
    return "b" if drawn % 100 < campaign.share_b else "a"


def _write_to(
    session: Session, campaign: Campaign, company: Company, people: Sequence[Person],
    wordings: Mapping[str, Mapping[str, Wording]], now: datetime,
) -> None:  # fmt: skip
    ids = [person.contact_id for person in people if person.contact_id is not None]
    known = set(session.scalars(select(CampaignPerson.contact_id).where(
        CampaignPerson.campaign_id == campaign.id, CampaignPerson.contact_id.in_(ids))))  # fmt: skip
    chosen: dict[Id, Person] = {}
    for person in people:
        if person.contact_id is None or person.speech not in campaign.values:
            campaign.skipped += 1
        elif person.contact_id not in known:
            chosen.setdefault(person.contact_id, person)
    if not chosen:
        return
    number = first_number(session)
    if number is None:
        raise NoNumber("The company has no WhatsApp number")
    by_customer = {person.customer_id: person for person in chosen.values()}
    customers = session.scalars(select(Customer).where(Customer.id.in_(by_customer))).all()
    speeches = {key: person.speech for key, person in by_customer.items()}
    facts = facts_of(session, customers, company=company, languages=speeches)
    rows, written = [], []
    for contact_id, person in chosen.items():
        variant = variant_of(campaign, contact_id)
        values = facts[person.customer_id] | campaign.values[person.speech]
        payload, words = wordings[variant][person.speech].message(values)
        rows.append(message_row(
            contact_id=contact_id, business_number_id=number, lane="bulk", payload=payload, text=words, marketing=True,
            dedupe_key=f"campaign:{campaign.id}:{contact_id}", now=now, expires_in=LIFETIME,
        ))  # fmt: skip
        written.append({"id": new_id(), "campaign_id": campaign.id, "contact_id": contact_id, "variant": variant,
                        "customer_id": person.customer_id})  # fmt: skip
    for person_row, message_id in zip(written, queue_rows(session, rows, now=now), strict=True):
        person_row["message_id"] = message_id
    session.execute(insert(table_of(CampaignPerson)), written)
    campaign.queued += len(written)


def pause_campaign(session: Session, *, campaign_id: Id, now: datetime) -> Campaign:
    """Nothing of it leaves until it is resumed, but what is on its way. Raises NotFound, CampaignBusy."""
    campaign = locked_campaign(session, campaign_id)
    if campaign.state != "running":
        raise CampaignBusy(f"The campaign is {campaign.state}; only a running one can be paused")
    _park(session, campaign, now)
    return campaign


def _park(session: Session, campaign: Campaign, now: datetime) -> None:
    campaign.state = "paused"
    # Without words: a message that has some holds back later ones to the same person.
    _move(session, campaign, not_before=now + PARKED, expires_at=now + PARKED + LIFETIME, error="")


def resume_campaign(session: Session, *, campaign_id: Id, now: datetime) -> Campaign:
    """Go on where it stood. Raises NotFound, CampaignBusy, and CampaignInvalid where a wording is not approved."""
    campaign = locked_campaign(session, campaign_id)
    if campaign.state != "paused":
        raise CampaignBusy(f"The campaign is {campaign.state}; only a paused one can be resumed")
    if lost := sorted(campaign.values.keys() - checked_values(session, campaign).keys()):
        raise CampaignInvalid(f"Its wording in {', '.join(lost)} is not approved", field="template")
    campaign.state, campaign.note = "running", ""
    _move(session, campaign, not_before=now, expires_at=now + LIFETIME)
    jobs.ring(session, "run_campaigns", queue="bulk", company_id=str(campaign.company_id))
    return campaign


def cancel_campaign(session: Session, *, campaign_id: Id, why: str, now: datetime) -> int:
    """End it; what is queued is never sent. Returns how many messages that were.

    Raises NotFound, CampaignBusy, CampaignInvalid without a reason.
    """
    campaign = locked_campaign(session, campaign_id)
    if campaign.state not in ("waiting", "running", "paused"):
        raise CampaignBusy(f"The campaign is {campaign.state}; there is nothing to cancel")
    if not why.strip():
        raise CampaignInvalid("Say why: it stands beside the campaign", field="why")
    campaign.state, campaign.note, campaign.ended_at = "cancelled", why.strip()[:500], now
    error = f"cancelled: the campaign {campaign.name} was cancelled"[:500]
    return _move(session, campaign, state="cancelled", state_since=now, error=error)


def _move(session: Session, campaign: Campaign, **values: object) -> int:
    mine = select(CampaignPerson.message_id).where(CampaignPerson.campaign_id == campaign.id)
    moved = session.execute(
        update(OutboundMessage).where(OutboundMessage.id.in_(mine), OutboundMessage.state == "queued").values(**values)
        .returning(OutboundMessage.id).execution_options(synchronize_session=False)
    ).all()  # fmt: skip
    session.flush()
    return len(moved)


def send_test(session: Session, *, campaign_id: Id, staff_id: Id | None, now: datetime) -> int:
    """Send every wording of the campaign to an employee's own number, filled with the first customer's facts.

    Returns how many messages. Raises NotFound, NoNumber, CampaignInvalid, WordingUnfit, PayloadInvalid.
    """
    campaign = locked_campaign(session, campaign_id)
    staff, number = session.get(Staff, staff_id) if staff_id else None, first_number(session)
    if staff is None or number is None:
        raise NoNumber("Only an employee's own number gets a test, and the company needs one to send from")
    meet_by_phone(session, [staff.phone])
    contact_id = session.scalars(select(Contact.id).where(Contact.phone == staff.phone)).one()
    values = checked_values(session, campaign)
    company, batch = current_company(session), new_id()
    people = next_people(session, segment=read_segment(campaign.segment), company=company, after=None, most=1,
                         today=business_day(now, company.timezone))  # fmt: skip
    customers = [session.get_one(Customer, person.customer_id) for person in people]
    sent = 0
    for name in filter(None, (campaign.template, campaign.template_b)):
        for speech, wording in approved_wordings(session, name).items():
            facts = dict(wording.definition.variables)
            for customer in customers:
                found = facts_of(session, [customer], company=company, languages={customer.id: speech})
                facts |= found[customer.id]
            payload, words = wording.message(facts | values.get(speech, {}))
            queue_message(
                session, contact_id=contact_id, business_number_id=number, lane="notice", payload=payload, text=words,
                dedupe_key=f"campaign_test:{batch}:{name}:{speech}", now=now, marketing=True,
            )  # fmt: skip
            sent += 1
    return sent


REPLY_WITHIN = timedelta(days=3)
_RESULTS = text("""
SELECT p.variant, count(*) AS people,
       count(*) FILTER (WHERE m.state IN ('queued', 'sending')) AS waiting,
       count(*) FILTER (WHERE m.state IN ('accepted', 'sent', 'delivered', 'read')) AS sent,
       count(*) FILTER (WHERE m.delivered_at IS NOT NULL OR m.read_at IS NOT NULL) AS delivered,
       count(*) FILTER (WHERE m.read_at IS NOT NULL) AS read,
       count(*) FILTER (WHERE m.state IN ('failed', 'expired', 'unknown')) AS failed,
       count(*) FILTER (WHERE m.state = 'cancelled') AS cancelled,
       count(*) FILTER (WHERE EXISTS (SELECT FROM inbound_message AS i WHERE i.company_id = p.company_id
            AND i.contact_id = p.contact_id AND i.sent_at > m.sent_at AND i.sent_at <= m.sent_at + :within)) AS replied,
       count(*) FILTER (WHERE least(c.marketing_stopped_at, c.opted_out_at) > m.sent_at
            AND least(c.marketing_stopped_at, c.opted_out_at) <= m.sent_at + :within) AS opted_out,
       coalesce(sum(m.price) FILTER (WHERE m.cost_state IN ('reserved', 'spent')), 0) AS cost
  FROM campaign_person AS p JOIN outbound_message AS m ON m.id = p.message_id JOIN contact AS c ON c.id = p.contact_id
 WHERE p.company_id = taar_company() AND p.campaign_id = :campaign GROUP BY p.variant ORDER BY p.variant
""")


def results_of(session: Session, campaign_id: Id) -> Sequence[Mapping[str, object]]:
    """By wording: how far its messages came, and who answered or stopped offers within three days of getting one.

    People who wrote in that time for any other reason count as replies too.
    """
    rows = session.execute(_RESULTS, {"campaign": campaign_id, "within": REPLY_WITHIN})
    return [dict(row._mapping) for row in rows]
