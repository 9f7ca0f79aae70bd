"""What managers should hear of at once: outages, too much cash, lost messages, late complaints, failed night jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.invoice_models import InvoiceRun
from core.clock import business_day
from core.companies import BusinessNumber, current_company
from core.ids import Id
from core.messaging.holds import open_holds
from core.messaging.invoice_notices import decent_hour
from core.messaging.models import OutboundMessage, WebhookEvent
from core.messaging.outcomes import RULES
from core.messaging.prices import spent_on
from core.messaging.reservation import quota_now
from core.messaging.sending_models import LaneHold, NumberState
from core.messaging.sending_policy import sending_policy
from core.money import rounded
from core.network.outage_models import RUNNING, Outage
from core.network.outages import zones_of
from core.recovery.case_models import RecoveryRun
from core.service_desk.models import OPEN_STATES, Ticket
from core.staff.agent_cash import cash_of_agents
from core.staff.alert_models import AlertPolicy
from core.staff.alerts import alert_policy, last_told, note_facts, told_facts

CALM = frozenset({"cash_limit", "sla"})
"""What can wait for the morning."""
TEMPLATE_CODES = tuple(code for code, rule in RULES.items() if rule.scope == "template")
NUMBER_CODES = tuple(code for code, rule in RULES.items() if rule.action in ("stop_number", "stop_lane"))
"""Meta's refusals of a template, and of the number or account itself."""
KEEP_RUNS = frozenset({"age_debts", "climb_ladder", "suspend_services", "run_invoices", "run_invoices_by_hand"})
"""Jobs whose runs are kept, and told of as such: what broke off may have gone through since."""
NIGHT_DAYS = timedelta(days=2)
EVENTS_LOOKED_AT = 200


@dataclass(frozen=True)
class Trouble:
    """One fact worth an alert; `fact` makes it one, `name` and `facts` tell it."""

    kind: str
    fact: str
    name: str
    facts: Mapping[str, str | int | Decimal | datetime]


def new_troubles(
    session: Session, *, failed_events: Sequence[str], now: datetime, failed_jobs: Sequence[tuple[str, datetime]] = ()
) -> dict[str, list[Trouble]]:
    """Troubles nobody was told of, by kind, claimed for an alert of this transaction.

    A kind that is switched off, below its threshold or in its quiet time is left out; what can wait for the morning
    waits. `failed_events` are the ids of this company's messages that could not be answered, of `failed_inbound`;
    `failed_jobs` are background jobs that ended with an error, of `core.jobs.jobs_failed_of`.
    """
    policy, company = alert_policy(session), current_company(session)
    today = business_day(now, company.timezone)
    is_night = decent_hour(now, company.timezone) > now
    found = {
        "outage": _outages(session),
        "cash_limit": _cash(session, policy, today),
        "inbound": [Trouble("inbound", event, event[-6:], {}) for event in failed_events],
        "outbox": _outbox(session, policy, today, now),
        "number": [*_number(session, today, now), *_held(session, now), *_used_up(session, today, now)],
        "sla": _late_tickets(session, now),
        "night_jobs": _failed_runs(session, now, failed_jobs, company.timezone),
    }  # fmt: skip
    least = {"inbound": policy.inbound_min, "sla": policy.sla_min}
    news: dict[str, list[Trouble]] = {}
    for kind, troubles in found.items():
        if kind in policy.off["alerts"] or (is_night and kind in CALM) or len(troubles) < least.get(kind, 1):
            continue
        told = _claimed(session, policy, kind, troubles, now)
        news |= {kind: told} if told else {}
    return news


def _claimed(
    session: Session, policy: AlertPolicy, kind: str, troubles: Sequence[Trouble], now: datetime
) -> list[Trouble]:  # fmt: skip
    facts = [trouble.fact for trouble in troubles]
    fresh = set(facts) - told_facts(session, kind=kind, facts=facts)
    last = last_told(session, kind=kind)
    if not fresh or (last is not None and now - last < timedelta(minutes=policy.quiet_minutes)):
        return []
    mine = note_facts(session, kind=kind, facts=fresh, now=now)
    return [trouble for trouble in troubles if trouble.fact in mine]


def _outages(session: Session) -> list[Trouble]:
    """Those that run. Of a suspicion from complaints `report_fault` tells at once, so it counts once confirmed."""
    running = session.scalars(select(Outage).where(Outage.state.in_(RUNNING)).order_by(Outage.started_at))
    return [
        Trouble("outage", f"{outage.id}:{outage.state}", ", ".join(zones_of(session, outage.id)),
                {"since": outage.started_at, "state": outage.state})
        for outage in running
        if outage.state == "confirmed" or outage.opened_by != "system"
    ]  # fmt: skip


def _cash(session: Session, policy: AlertPolicy, today: date) -> list[Trouble]:
    return [
        Trouble("cash_limit", f"{cash.staff_id}:{today}", cash.name, {"amount": cash.in_hand, "days": cash.age_days})
        for cash in cash_of_agents(session, today=today)
        if cash.in_hand > 0
        and (cash.too_old or (cash.limit is not None and cash.in_hand * 100 >= cash.limit * policy.cash_percent))
    ]


def _outbox(session: Session, policy: AlertPolicy, today: date, now: datetime) -> list[Trouble]:
    failed = session.scalar(
        select(func.count()).select_from(OutboundMessage)
        .where(OutboundMessage.state == "failed", OutboundMessage.state_since > now - timedelta(days=1))
    ) or 0  # fmt: skip
    return [Trouble("outbox", str(today), "", {"count": failed})] if failed >= policy.outbox_min else []


def _number(session: Session, today: date, now: datetime) -> list[Trouble]:
    """Codes of refusals that hold no lane now; those that do are told as holds."""
    held = {hold.code for hold in open_holds(session, now=now)}
    codes = session.execute(
        select(OutboundMessage.error_code, func.count())
        .where(OutboundMessage.error_code.in_((*TEMPLATE_CODES, *NUMBER_CODES)),
               OutboundMessage.state_since > now - timedelta(days=1))
        .group_by(OutboundMessage.error_code).order_by(OutboundMessage.error_code)
    )  # fmt: skip
    return [
        Trouble("number", f"{code}:{today}", str(code),
                {"count": count, "what": "template" if code in TEMPLATE_CODES else "number"})
        for code, count in codes
        if code not in held
    ]  # fmt: skip


def _held(session: Session, now: datetime) -> list[Trouble]:
    """Lanes that Meta or the budget stopped, one trouble for what stopped together; employees know their own."""
    together: dict[tuple[Id, str, int | None], list[LaneHold]] = {}
    for hold in open_holds(session, now=now):
        if hold.cause != "person":
            together.setdefault((hold.business_number_id, hold.cause, hold.code), []).append(hold)
    return [
        Trouble("number", f"hold:{min(hold.id for hold in holds)}", cause,
                {"what": "held", "lane": holds[0].lane if len(holds) == 1 else "", "code": code or 0})
        for (_, cause, code), holds in together.items()
    ]  # fmt: skip


def _used_up(session: Session, today: date, now: datetime) -> list[Trouble]:
    """The day's people or money: what still must go goes on, and somebody should know."""
    quota, policy = quota_now(session, now=now), sending_policy(session)
    troubles = []
    if quota.waiting and quota.most is not None:
        facts: Mapping[str, str | int | Decimal | datetime] = {
            "what": "quota",
            "count": quota.waiting,
            "used": quota.used,
            "most": quota.most,
        }
        troubles.append(Trouble("number", f"quota:{today}", "", facts))
    if policy.budget_per_day is not None:
        spent = spent_on(session, day=today)
        if spent >= policy.budget_per_day:
            money: Mapping[str, str | int | Decimal | datetime] = {
                "what": "budget", "spent": rounded(spent), "budget": policy.budget_per_day,
            }  # fmt: skip
            troubles.append(Trouble("number", f"budget:{today}", "", money))
    reviews = session.execute(
        select(NumberState.business_number_id, NumberState.review).where(NumberState.review != "")
    )
    return [
        *troubles,
        *(Trouble("number", f"review:{row.business_number_id}:{row.review}", row.review, {"what": "review"})
          for row in reviews),
    ]  # fmt: skip


def _late_tickets(session: Session, now: datetime) -> list[Trouble]:
    late = session.scalars(
        select(Ticket).where(Ticket.state.in_(OPEN_STATES), Ticket.due_at < now).order_by(Ticket.due_at)
    )
    # Once a due time: who re-opens a ticket is told of it again.
    return [
        Trouble("sla", f"{ticket.id}:{ticket.times_reopened}", ticket.number, {"since": ticket.due_at})
        for ticket in late
    ]


def _failed_runs(
    session: Session, now: datetime, failed_jobs: Sequence[tuple[str, datetime]], timezone: str
) -> list[Trouble]:  # fmt: skip
    """Runs that are kept as failed, and other jobs that broke off, each once a day."""
    broken = [(job, str(business_day(at, timezone))) for job, at in failed_jobs if job not in KEEP_RUNS]
    return [
        *_night_jobs(session, now),
        *(Trouble("night_jobs", f"job:{job}:{day}", job, {"day": day}) for job, day in broken),
    ]


def _night_jobs(session: Session, now: datetime) -> list[Trouble]:
    runs = session.scalars(
        select(RecoveryRun).where(RecoveryRun.state == "failed", RecoveryRun.started_at > now - NIGHT_DAYS)
    )
    billing = session.scalars(
        select(InvoiceRun).where(InvoiceRun.state == "failed", InvoiceRun.started_at > now - NIGHT_DAYS)
    )
    return [
        *(Trouble("night_jobs", f"{run.kind}:{run.run_day}", run.kind, {"day": str(run.run_day)}) for run in runs),
        *(Trouble("night_jobs", f"invoices:{run.id}", "invoices", {"day": str(run.run_day)}) for run in billing),
    ]


def failed_inbound(session: Session, *, numbers: Sequence[str], now: datetime) -> list[str]:
    """Events of the last day that could not be answered and name one of the company's `phone_number_id`s.

    Events belong to the platform until they are read, so this needs a platform session.
    """
    rows = session.execute(
        select(WebhookEvent.id, WebhookEvent.body)
        .where(WebhookEvent.state == "failed", WebhookEvent.created_at > now - timedelta(days=1))
        .order_by(WebhookEvent.id).limit(EVENTS_LOOKED_AT)
    )  # fmt: skip
    named = [f'"{number}"'.encode() for number in numbers]
    return [str(row.id) for row in rows if any(number in row.body for number in named)]


def own_numbers(session: Session) -> Sequence[str]:
    """The `phone_number_id`s of this company."""
    return session.scalars(select(BusinessNumber.phone_number_id)).all()
