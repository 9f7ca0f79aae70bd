"""Take what is due on the recovery ladder: reminders, notices, agents, supervisors, proposals. Suspensions apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from core.billing.invoice_models import OPEN_STATES, Invoice
from core.companies import Company, current_company
from core.crm.models import Customer
from core.ids import Id
from core.messaging.models import OutboundMessage
from core.recovery.calendar import WorkCalendar, calendar_of
from core.recovery.case_models import RecoveryCase, StepRecord
from core.recovery.cases import propose, record_step
from core.recovery.ladder import Standing, cut_day, decide
from core.recovery.policy import Step, ladder_of
from core.recovery.reminders import GONE, Queued, Writer, debt_of, writer_for
from core.usecases.recovery_facts import Overdue, customers_of, holds_of, lines_of, standings

BATCH = 200
PROPOSED = ("pick_up", "termination", "write_off_proposal")


@dataclass(frozen=True)
class Climb:
    """How far a batch came; `last` is None when nothing was left, else where the next one goes on."""

    last: Id | None
    taken: Counter[str]


@dataclass(frozen=True)
class _Batch:
    session: Session
    ladder: Sequence[Step]
    company: Company
    calendar: WorkCalendar
    writer: Writer
    today: date
    told: list[tuple[StepRecord, Queued]] = field(default_factory=list)
    """Steps whose message is not queued yet."""


def climb_ladder(
    session: Session, *, today: date, now: datetime, after: Id | None = None, limit: int = BATCH
) -> Climb:  # fmt: skip
    """One batch of open cases by id: each takes the steps that are due on `today`, the company's day.

    Run again on the same day it takes nothing twice: a step is recorded once per count. Locks the customers of the
    batch. The caller goes on with `last` in new transactions until it is None.
    """
    query = select(RecoveryCase).where(RecoveryCase.state == "open").order_by(RecoveryCase.id).limit(limit)
    cases = session.scalars(query.where(RecoveryCase.id > after) if after else query).all()
    if not cases:
        return Climb(None, Counter())
    last = cases[-1].id
    lock_customers(session, [case.customer_id for case in cases])
    again = select(RecoveryCase).where(RecoveryCase.id.in_([case.id for case in cases]), RecoveryCase.state == "open")
    cases = session.scalars(again.order_by(RecoveryCase.id).execution_options(populate_existing=True)).all()
    mend_notices(session, [case.id for case in cases])
    calendar = calendar_of(session)
    facts = standings(session, cases, today=today, now=now, calendar=calendar)
    company = current_company(session)
    customers = customers_of(session, [standing.customer_id for standing in facts.values()])
    writer = writer_for(session, list(customers.values()), company=company, calendar=calendar, now=now)
    batch = _Batch(session, ladder_of(session), company, calendar, writer, today)
    taken: Counter[str] = Counter()
    with session.no_autoflush:  # one flush writes the batch's records together
        for case in cases:
            if case.id in facts:
                taken += _climb(batch, case, facts[case.id], customers[case.customer_id])
        _send(batch)
    session.flush()
    return Climb(last, taken)


def _send(batch: _Batch) -> None:
    """Queue the batch's messages together, and let their steps name them."""
    batch.writer.send()
    for record, queued in batch.told:
        record.message_id = queued.message_id
    batch.told.clear()


def lock_customers(session: Session, customer_ids: Sequence[Id]) -> None:
    """Lock the customers in the order of their ids, so that two batches never wait for each other in a ring."""
    session.execute(
        text("SELECT 1 FROM customer WHERE id = ANY(:ids) ORDER BY id FOR UPDATE"), {"ids": list(customer_ids)}
    )


def mend_notices(session: Session, case_ids: Sequence[Id]) -> None:
    """A notice that ran out of time is written again; one that could not be delivered waits to be brought."""
    rows = session.execute(
        select(StepRecord.id, OutboundMessage.state)
        .join(OutboundMessage, OutboundMessage.id == StepRecord.message_id)
        .where(StepRecord.case_id.in_(case_ids), StepRecord.kind == "final_notice", StepRecord.state == "done",
               OutboundMessage.state.in_(GONE))
    )  # fmt: skip
    for record_id, message_state in rows.all():
        state = "withdrawn" if message_state == "expired" else "by_hand"
        session.execute(update(StepRecord).where(StepRecord.id == record_id).values(state=state))


def _climb(batch: _Batch, case: RecoveryCase, standing: Standing, customer: Customer) -> Counter[str]:
    taken: Counter[str] = Counter()
    waiting: frozenset[tuple[int, str]] = frozenset()
    held_by = ""
    for _ in range(2 * len(batch.ladder)):
        decision = decide(batch.ladder, standing, today=batch.today, calendar=batch.calendar, waiting=waiting)
        standing = _leave_out(batch, case, standing, decision.overtaken)
        step = decision.step
        if step is None:
            held_by = held_by or decision.held_by
            break
        if step.kind == "suspension":
            held_by, waiting = "cut_due", waiting | {step.key}
        elif what := _take(batch, case, standing, customer, step):
            standing = replace(standing, taken=standing.taken | {step.key}, hastened=False)
            taken[what] += 1
        else:
            waiting |= {step.key}
    if case.held_by != held_by:
        case.held_by = held_by
    return taken


def _leave_out(batch: _Batch, case: RecoveryCase, standing: Standing, overtaken: Sequence[Step]) -> Standing:
    for step in overtaken:
        record_step(
            batch.session, step, customer_id=standing.customer_id, case=case,
            counted_from=standing.counted_from, today=batch.today, state="skipped",
            note="a later message said more",
        )  # fmt: skip
    return replace(standing, taken=standing.taken | {step.key for step in overtaken}) if overtaken else standing


def _take(batch: _Batch, case: RecoveryCase, standing: Standing, customer: Customer, step: Step) -> str:
    """What was done, for the counts; empty where the step has to wait for another day."""
    if step.message_key:
        return _write(batch, case, standing, customer, step)
    if step.kind in PROPOSED:
        propose(batch.session, case=case, kind=step.kind, amount=standing.amount, today=batch.today)
    record_step(
        batch.session, step, customer_id=standing.customer_id, case=case,
        counted_from=standing.counted_from, today=batch.today,
    )  # fmt: skip
    return step.kind


def _write(batch: _Batch, case: RecoveryCase, standing: Standing, customer: Customer, step: Step) -> str:
    is_notice = step.kind == "final_notice"
    cut_on = cut_day(batch.ladder, standing, today=batch.today, calendar=batch.calendar) if is_notice else None
    debt = debt_of(batch.company, customer, amount=standing.amount, due_on=standing.counted_from, today=batch.today)
    queued = batch.writer.remind(
        step.message_key, debt, customer.id, cut_on=cut_on,
        dedupe_key=f"recovery:{standing.case_id}:{standing.counted_from}:{step.day}:{step.kind}:{batch.today}",
    )  # fmt: skip
    if queued.refused == "too_many":
        return ""
    state = "by_hand" if queued.refused and is_notice else "skipped" if queued.refused else "done"
    record = record_step(
        batch.session, step, customer_id=customer.id, case=case, counted_from=standing.counted_from,
        today=batch.today, state=state, note=queued.refused, announced_for=cut_on,
    )  # fmt: skip
    batch.told.append((record, queued))
    return step.kind if state == "done" else f"{step.kind}_{state}"


def announce_due(
    session: Session, *, today: date, now: datetime, after: Id | None = None, limit: int = BATCH
) -> Climb:  # fmt: skip
    """One batch of customers, by id, whose bill comes due within the days of the ladder's steps before day 1.

    Nobody with an open case, a promise, a claim, a dispute, an outage or money enough on account is reminded.
    """
    steps = [step for step in ladder_of(session) if step.day <= 0]
    earliest = min((step.day for step in steps), default=1)
    bills = _coming_due(session, today, today - timedelta(days=earliest), after, limit) if steps else {}
    if not bills:
        return Climb(None, Counter())
    lock_customers(session, list(bills))
    calendar, company = calendar_of(session), current_company(session)
    customers = customers_of(session, list(bills))
    writer = writer_for(session, list(customers.values()), company=company, calendar=calendar, now=now)
    holds = holds_of(
        session, list(bills), lines_of(session, list(bills)), bills, today=today, now=now,
        ticket_hold_days=calendar.policy.ticket_hold_days,
    )  # fmt: skip
    told = _told_before(session, list(bills))
    batch = _Batch(session, steps, company, calendar, writer, today)
    taken: Counter[str] = Counter()
    with session.no_autoflush:
        for customer_id, bill in bills.items():
            reached = [step for step in steps if bill.oldest_due_on + timedelta(days=step.day) <= today
                       and bill.amount >= step.min_balance]  # fmt: skip
            if reached and not holds[customer_id] and (customer_id, bill.oldest_due_on, reached[-1].day) not in told:
                taken["reminder"] += _announce(batch, customers[customer_id], bill, reached[-1])
        _send(batch)
    session.flush()
    return Climb(max(bills), taken)


def _announce(batch: _Batch, customer: Customer, bill: Overdue, step: Step) -> bool:
    debt = debt_of(batch.company, customer, amount=bill.amount, due_on=bill.oldest_due_on, today=batch.today)
    queued = batch.writer.remind(
        step.message_key, debt, customer.id, dedupe_key=f"recovery:{customer.id}:{bill.oldest_due_on}:{step.day}"
    )
    if queued.refused == "too_many":
        return False
    record = record_step(
        batch.session, step, customer_id=customer.id, case=None, counted_from=bill.oldest_due_on,
        today=batch.today, state="skipped" if queued.refused else "done", note=queued.refused,
    )  # fmt: skip
    batch.told.append((record, queued))
    return not queued.refused


def _coming_due(session: Session, today: date, until: date, after: Id | None, limit: int) -> dict[Id, Overdue]:
    has_case = select(RecoveryCase.id).where(
        RecoveryCase.customer_id == Invoice.customer_id, RecoveryCase.state == "open"
    )
    query = (
        select(Invoice.customer_id, func.sum(Invoice.balance), func.min(Invoice.due_on))
        .where(Invoice.state.in_(OPEN_STATES), Invoice.balance > 0, Invoice.due_on >= today, Invoice.due_on <= until,
               ~has_case.exists())
        .group_by(Invoice.customer_id).order_by(Invoice.customer_id).limit(limit)
    )  # fmt: skip
    if after is not None:
        query = query.where(Invoice.customer_id > after)
    return {customer_id: Overdue(amount, due_on) for customer_id, amount, due_on in session.execute(query) if due_on}


def _told_before(session: Session, customer_ids: Sequence[Id]) -> set[tuple[Id, date, int]]:
    rows = session.execute(
        select(StepRecord.customer_id, StepRecord.counted_from, StepRecord.day).where(
            StepRecord.customer_id.in_(customer_ids), StepRecord.day <= 0, StepRecord.state != "withdrawn"
        )
    )
    return {(row[0], row[1], row[2]) for row in rows}
