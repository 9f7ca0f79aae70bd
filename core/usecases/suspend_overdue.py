"""Suspend services whose notice has run out: planned, capped, then asked of the network as desired state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core import jobs
from core.billing.plan_models import Plan
from core.billing.subscription_models import ServicePause, Subscription, paid_by
from core.companies import current_company
from core.crm.models import Customer
from core.errors import DomainError
from core.ids import Id, new_id
from core.recovery.calendar import WorkCalendar, calendar_of
from core.recovery.case_models import CutApproval, RecoveryCase, RecoveryRun, ServiceCut
from core.recovery.cases import record_step
from core.recovery.ladder import Standing, decide
from core.recovery.policy import Step, ladder_of
from core.recovery.reminders import debt_of, recipients, tell_service
from core.recovery.runs import SUSPENSION
from core.usecases.climb_ladder import lock_customers
from core.usecases.recovery_facts import customers_by_area, customers_of, is_cuttable, standings
from core.usecases.restore_service import ask_network

BATCH = 200
READ_AT_ONCE = 500
WHOLE_COMPANY = None


class ApprovalInvalid(DomainError):
    """A yes to suspensions says to how many."""


@dataclass(frozen=True)
class Candidate:
    """A customer to be suspended today."""

    case_id: Id
    customer_id: Id
    area_id: Id
    amount: Decimal
    days: int


@dataclass(frozen=True)
class CutPlan:
    """Who would be suspended now, and where a manager's yes is missing (area, None for the whole company)."""

    ready: tuple[Candidate, ...]
    stopped: tuple[Candidate, ...]
    needs_yes: Mapping[Id | None, int]
    """How many suspensions of the day a yes would have to cover."""


@dataclass(frozen=True)
class CutReport:
    """What one batch did; `left` are ready and wait for the next one."""

    cut: int
    left: int
    needs_yes: Mapping[Id | None, int]


def plan_cuts(session: Session, *, today: date, now: datetime) -> CutPlan:
    """The dry run: reads all open cases and changes nothing.

    More than the policy's share of an area's, or of the company's, customers in one day is a runaway until a manager
    says yes: then nobody there is suspended.
    """
    calendar, ladder = calendar_of(session), ladder_of(session)
    candidates: list[Candidate] = []
    after: Id | None = None
    query = select(RecoveryCase).where(RecoveryCase.state == "open").order_by(RecoveryCase.id).limit(READ_AT_ONCE)
    while cases := session.scalars(query.where(RecoveryCase.id > after) if after else query).all():
        after = cases[-1].id
        facts = standings(session, cases, today=today, now=now, calendar=calendar)
        candidates += [
            Candidate(standing.case_id, standing.customer_id, standing.area_id, standing.amount, standing.days(today))
            for standing in facts.values() if _ready(ladder, standing, today, calendar)
        ]  # fmt: skip
    return _capped(session, candidates, today, calendar)


def _ready(ladder: Sequence[Step], standing: Standing, today: date, calendar: WorkCalendar) -> Step | None:
    inward: frozenset[tuple[int, str]] = frozenset()
    while (step := decide(ladder, standing, today=today, calendar=calendar, waiting=inward).step) is not None:
        if step.kind == "suspension":
            return step
        if step.kind not in ("agent", "supervisor"):
            return None
        inward |= {step.key}
    return None


def _capped(session: Session, candidates: Sequence[Candidate], today: date, calendar: WorkCalendar) -> CutPlan:
    customers = customers_by_area(session)
    done: Counter[Id | None] = Counter(session.scalars(
        select(RecoveryCase.area_id).join(ServiceCut, ServiceCut.case_id == RecoveryCase.id)
        .where(ServiceCut.cut_on == today)
    ))  # fmt: skip
    wanted: Counter[Id | None] = Counter(candidate.area_id for candidate in candidates)
    done[WHOLE_COMPANY], wanted[WHOLE_COMPANY] = done.total(), len(candidates)
    allowed = _approved(session, today)
    needs_yes: dict[Id | None, int] = {}
    for where, count in wanted.items():
        total = done[where] + count
        share = 100 * Decimal(total) / max(customers.get(where, 0), 1)
        free = total <= calendar.policy.cut_count_free or share <= calendar.policy.cut_share_max
        if count and not free and max(allowed.get(where, 0), allowed.get(WHOLE_COMPANY, 0)) < total:
            needs_yes[where] = total
    held = set(candidates) if WHOLE_COMPANY in needs_yes else {c for c in candidates if c.area_id in needs_yes}
    oldest_first = sorted(candidates, key=lambda candidate: (-candidate.days, -candidate.amount, candidate.case_id))
    return CutPlan(
        tuple(c for c in oldest_first if c not in held), tuple(c for c in oldest_first if c in held), needs_yes
    )


def _approved(session: Session, today: date) -> dict[Id | None, int]:
    rows = session.execute(
        select(CutApproval.area_id, func.max(CutApproval.count_max))
        .where(CutApproval.day == today)
        .group_by(CutApproval.area_id)
    )
    return {row[0]: row[1] for row in rows}


def approve_cuts(
    session: Session, *, today: date, area_id: Id | None, count_max: int, approved_by: str
) -> CutApproval:  # fmt: skip
    """A manager's yes to so many suspensions today, in an area or (None) anywhere; the job is rung for at once.

    Raises ApprovalInvalid.
    """
    if count_max < 1:
        raise ApprovalInvalid("Say to how many suspensions the yes goes: at least one")
    approval = CutApproval(id=new_id(), day=today, area_id=area_id, count_max=count_max, approved_by=approved_by)
    session.add(approval)
    session.flush()
    # Due again: should the ring get lost, the timetable finds it.
    stopped = update(RecoveryRun).where(RecoveryRun.run_day == today, RecoveryRun.kind == SUSPENSION)
    session.execute(stopped.where(RecoveryRun.state == "done").values(state="failed", error="Allowed after it stopped"))
    company_id = current_company(session).id
    jobs.ring(session, "suspend_services", queue="bulk", company_id=str(company_id), day=today.isoformat())
    return approval


def suspend_overdue(
    session: Session, *, today: date, now: datetime, actor: str, origin: str, limit: int = BATCH
) -> CutReport:  # fmt: skip
    """Suspend one batch, the oldest debts first; call again in new transactions while `left` is above zero.

    Each customer is locked and looked at once more, so that money that came meanwhile counts. Customers are told.
    """
    plan = plan_cuts(session, today=today, now=now)
    chosen = plan.ready[:limit]
    if not chosen:
        return CutReport(0, 0, plan.needs_yes)
    lock_customers(session, [candidate.customer_id for candidate in chosen])
    cases = session.scalars(
        select(RecoveryCase).where(RecoveryCase.id.in_([candidate.case_id for candidate in chosen]),
                                   RecoveryCase.state == "open").execution_options(populate_existing=True)
    ).all()  # fmt: skip
    calendar, ladder = calendar_of(session), ladder_of(session)
    facts = standings(session, cases, today=today, now=now, calendar=calendar)
    cut = []
    for standing in facts.values():
        step = _ready(ladder, standing, today, calendar)
        if step is not None:
            case = session.get_one(RecoveryCase, standing.case_id)
            cut.append(_cut(session, case, standing, step, today=today, now=now, actor=actor, origin=origin))
    _tell(session, cut, facts, today, now)
    return CutReport(len(cut), len(plan.ready) - len(chosen), plan.needs_yes)


def _cut(
    session: Session, case: RecoveryCase, standing: Standing, step: Step, *, today: date, now: datetime, actor: str,
    origin: str,
) -> ServiceCut:  # fmt: skip
    running = session.scalars(
        select(Subscription).join(Plan, Plan.id == Subscription.plan_id)
        .where(paid_by([standing.customer_id]), is_cuttable())
    ).all()  # fmt: skip
    for subscription in running:
        subscription.state = "suspended"
        session.add(ServicePause(id=new_id(), subscription_id=subscription.id, reason="non_payment", starts_on=today))
        ask_network(session, subscription.id, allowed=False)
    cut = ServiceCut(
        id=new_id(), customer_id=standing.customer_id, case_id=standing.case_id, cut_at=now, cut_on=today,
        cut_by=actor, origin=origin, owed=standing.amount,
    )  # fmt: skip
    session.add(cut)
    session.flush()
    _mark_users(session, [subscription.customer_id for subscription in running])
    record_step(
        session, step, customer_id=standing.customer_id, case=case,
        counted_from=standing.counted_from, today=today,
    )  # fmt: skip
    return cut


def _mark_users(session: Session, user_ids: Sequence[Id]) -> None:
    for user in session.scalars(select(Customer).where(Customer.id.in_(user_ids))).all():
        still = select(Subscription.id).where(Subscription.customer_id == user.id, Subscription.state == "active")
        if session.scalar(still.limit(1)) is None:
            user.state = "suspended"
    session.flush()


def _tell(
    session: Session, cuts: Sequence[ServiceCut], facts: Mapping[Id, Standing], today: date, now: datetime
) -> None:  # fmt: skip
    company = current_company(session)
    customers = customers_of(session, [cut.customer_id for cut in cuts])
    people = recipients(session, list(customers.values()), company=company)
    for cut in cuts:
        standing = facts[cut.case_id]
        debt = debt_of(
            company, customers[cut.customer_id], amount=standing.amount, due_on=standing.counted_from, today=today
        )
        tell_service(session, "service_cut", debt, people[cut.customer_id], dedupe_key=f"cut:{cut.id}", now=now)
