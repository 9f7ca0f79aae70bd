"""The demo's recovery: the runs of the past days, agents' attempts, promises, and the cash in their hands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from cli.demo_money import charge_fees, pays_slowly
from cli.demo_timeline import ACTOR, CLOSING, FEES, FIELD, RECOVERY
from cli.demo_town import HOSPITAL, Resident, Town
from core.crm.distance import Place, place_at
from core.crm.models import Site
from core.ids import Id
from core.recovery.case_models import RecoveryCase
from core.recovery.cases import protect
from core.staff.agent_cash import cash_in_hand
from core.staff.handovers import announce_handover, confirm_handover
from core.usecases.climb_ladder import climb_ladder
from core.usecases.judge_promises import judge_promises
from core.usecases.log_promise import log_promise, promise_offers
from core.usecases.record_attempt import record_attempt
from core.usecases.run_recovery import run_recovery
from core.usecases.suspend_overdue import suspend_overdue

RUN_DAYS = (2, 5, 11, 14, 18, 22, 26, 29)
FEE_DAYS = (5, 18, 26)
DOOR, ELSEWHERE = Decimal("0.0003"), Decimal("0.0190")
"""Degrees: some thirty metres from the customer's door, and two kilometres, which the office may ask about."""
OUTCOMES = (
    ("call", "no_answer", ""), ("visit", "not_at_home", "Gate locked, left a card"), ("call", "left_message", ""),
    ("visit", "refuses", "Says the evenings are too slow to pay for"), ("call", "no_answer", "Phone off"),
    ("chat", "left_message", "Asked for the account number"),
)  # fmt: skip


SHORT, CHANGE = Decimal("300.00"), Decimal("5000.00")
"""What was missing at one count, and what agents keep for change in the last month."""


def plan_recovery(town: Town) -> None:
    """Put the past's recovery on the timeline; of today only what the night does, the rest is the scheduler's."""
    first, yesterday = town.day(0, 11), town.today - timedelta(days=1)
    for count in range((yesterday - first).days + 1):
        day = first + timedelta(days=count)
        if day.day in RUN_DAYS or day == yesterday:
            town.timeline.at(day, RECOVERY, _work_day(day))
    for fees_on in (town.day(month, number) for month in range(3) for number in FEE_DAYS):
        if fees_on >= first:
            town.timeline.at(fees_on, FEES, charge_fees)
    hospital = town.residents[HOSPITAL]
    town.timeline.at(first, FIELD, lambda s, now: protect(
        s, customer_id=hospital.customer_id, reason="Hospital: the emergency ward uses the line", from_on=first,
        until_on=town.today + timedelta(days=180), approved_by=f"staff:{town.people('owner')[0].id}",
    ))  # fmt: skip
    _plan_promises(town)
    _plan_cash(town)
    town.timeline.at(town.today, FEES, charge_fees)
    town.timeline.at(town.today, RECOVERY, lambda s, now: _night(s, town.today, now))


def _work_day(day: date) -> Callable[[Session, datetime], None]:
    def work(session: Session, now: datetime) -> None:
        mark_delivered(session, now)
        _night(session, day, now)
        after: Id | None = None
        while (after := climb_ladder(session, today=day, now=now, after=after).last) is not None:
            continue
        origin = f"run:suspension:{day}"
        while suspend_overdue(session, today=day, now=now, actor=ACTOR, origin=origin).left:
            continue

    return work


def _night(session: Session, day: date, now: datetime) -> None:
    after: Id | None = None
    while (after := judge_promises(session, today=day, now=now, after=after).last) is not None:
        continue
    run_recovery(session, today=day, now=now, actor=ACTOR)


def _plan_promises(town: Town) -> None:
    slow = [resident for resident in town.residents if pays_slowly(resident)]
    broken = [resident for resident in town.residents if resident.habit == "two_late"][:4]
    running = [resident for resident in town.residents if resident.habit in ("one_late", "part")][:6]
    for resident in slow[:12]:
        town.timeline.at(town.day(1, 19), FIELD, _promise(town, resident, town.day(1, 19), 4))
    for resident in broken:
        town.timeline.at(town.day(1, 16), FIELD, _promise(town, resident, town.day(1, 16), 3))
    for resident in running:
        town.timeline.at(town.today, FIELD, _promise(town, resident, town.today, 5))
    for day in (town.day(1, 20), town.today):
        town.timeline.at(day, RECOVERY + 1, lambda s, now: _attempts(s, town, now))


def _promise(town: Town, resident: Resident, day: date, days: int) -> Callable[[Session, datetime], None]:
    """He promises all that is overdue, to the agent who has his case, as far ahead as he may."""

    def promise(session: Session, now: datetime) -> None:
        terms = promise_offers(session, customer_id=resident.customer_id, today=day)
        if not terms.days:
            return
        agent = town.agent_of(resident)
        log_promise(
            session, customer_id=resident.customer_id, amount=terms.amount_max, channel="call", agent_id=agent.id,
            due_on=min(day + timedelta(days=days), terms.days[-1]), taken_by=f"staff:{agent.id}", now=now, origin=ACTOR,
        )  # fmt: skip

    return promise


def _attempts(session: Session, town: Town, now: datetime) -> None:
    cases = session.scalars(
        select(RecoveryCase).where(RecoveryCase.state == "open", RecoveryCase.agent_id.is_not(None))
        .order_by(RecoveryCase.oldest_due_on, RecoveryCase.id).limit(2 * len(OUTCOMES))
    ).all()  # fmt: skip
    for number, case in enumerate(cases):
        channel, outcome, note = OUTCOMES[number % len(OUTCOMES)]
        here = _near(session, case.customer_id, ELSEWHERE if number == 1 else DOOR) if channel == "visit" else None
        if case.agent_id is not None:
            record_attempt(session, customer_id=case.customer_id, agent_id=case.agent_id, channel=channel,
                           outcome=outcome, note=note, here=here, now=now, origin=ACTOR)  # fmt: skip


def _near(session: Session, customer_id: Id, away: Decimal) -> Place | None:
    """Where the agent stood: so many degrees north of the customer's site."""
    site = session.execute(
        select(Site.latitude, Site.longitude).where(Site.customer_id == customer_id, Site.latitude.is_not(None))
    ).first()
    place = place_at(*site) if site else None
    return Place(place.latitude + away, place.longitude) if place else None


def _plan_cash(town: Town) -> None:
    """All hand over in the first months, one of them with too little; today one has announced what he brings."""
    agents = town.people("recovery_agent")
    manager = town.people("manager")[0]

    def give(session: Session, now: datetime) -> None:
        held = {agent.id: cash_in_hand(session, staff_id=agent.id) for agent in agents}
        for agent_id, amount in held.items():
            amount -= CHANGE if now.date() >= town.months[2] else 0
            is_short = now.date() == town.day(1, 9) and amount == max(held.values()) > SHORT
            if amount > 0:
                handover = announce_handover(session, staff_id=agent_id, amount=amount, now=now,
                                             idempotency_key=f"demo:{now:%Y%m%d}:{agent_id}")  # fmt: skip
                confirm_handover(session, handover_id=handover.id, counted=amount - (SHORT if is_short else 0), now=now,
                                 counted_by=manager.id, actor=f"staff:{manager.id}", origin=ACTOR)  # fmt: skip

    def announce(session: Session, now: datetime) -> None:
        for agent in agents:
            held = cash_in_hand(session, staff_id=agent.id)
            if held >= Decimal(1000):
                announce_handover(session, staff_id=agent.id, amount=held // 2000 * 1000 or held, now=now,
                                  idempotency_key=f"demo:waiting:{agent.id}")  # fmt: skip
                return

    for day in (town.day(0, 10), town.day(0, 24), town.day(1, 9), town.day(1, 24), town.day(2, 9)):
        town.timeline.at(day, CLOSING, give)
    town.timeline.at(town.today, CLOSING, announce)


def mark_delivered(session: Session, before: datetime) -> None:
    """What was sent before an instant has arrived; a notice counts from there, and nobody gets it again."""
    session.execute(
        text("UPDATE outbound_message SET state = 'delivered', state_since = not_before, sent_at = not_before,"
             " delivered_at = not_before WHERE state = 'queued' AND not_before < :before"),
        {"before": before},
    )  # fmt: skip
