"""What the ladder proposed and a manager allowed is done: equipment picked up, service ended, debt written off.

Each proposal is carried out once. Its entries and documents name it as their origin (`proposal:<id>`), and the
proposal names the message or panel action by which it was decided.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.debt_models import WriteOff
from core.billing.deposits import return_deposit
from core.billing.drafts import NothingToBill
from core.billing.invoice_models import OPEN_STATES, Invoice
from core.billing.invoices import issue_subscription_invoice
from core.billing.plan_models import Plan
from core.billing.run_drafts import PERIODS_MAX
from core.billing.settlement import locked_subscription
from core.billing.subscription_models import Subscription, SubscriptionLine
from core.billing.write_offs import approve_write_off, write_off_invoice
from core.clock import business_day
from core.companies import current_company
from core.errors import DomainError
from core.ids import Id
from core.inventory.models import Item
from core.money import ZERO
from core.recovery import cases
from core.recovery.case_models import Proposal, ServiceCut
from core.recovery.ladder import is_small
from core.recovery.policy import policy_of
from core.recovery.promises import lock_customer
from core.service_desk.models import PICK_UP
from core.service_desk.tickets import TicketAlreadyOpen, open_ticket
from core.usecases.end_service import end_service
from core.usecases.follow_payment import follow_payment
from core.usecases.plan_visit import plan_ticket_visit
from core.usecases.recovery_facts import lines_of, overdue_of

LADDER = "system"
"""Who asks for a write-off that the ladder proposed; the manager who allows it is the second person."""


class NotCarriedOut(DomainError):
    """The proposal is allowed, but what it asks for cannot be done now; the text says why."""


@dataclass(frozen=True)
class _Task:
    session: Session
    proposal: Proposal
    today: date
    now: datetime

    @property
    def actor(self) -> str:
        return self.proposal.decided_by

    @property
    def origin(self) -> str:
        return f"proposal:{self.proposal.id}"


def decide_proposal(
    session: Session, *, proposal_id: Id, accept: bool, decided_by: str, note: str, now: datetime, origin: str = ""
) -> Proposal:  # fmt: skip
    """A manager's yes, carried out at once, or his no, which changes nothing else.

    A refused step is not proposed again in the same count of days; the ladder goes on with its next step. A proposal
    whose debt is paid is not carried out: its state is `lapsed`, and `outcome` says so, as it says what was done.
    Raises NotFound, ProposalDecided, NotCarriedOut.
    """
    proposal = cases.decide_proposal(
        session, proposal_id=proposal_id, accept=accept, decided_by=decided_by, note=note, now=now
    )
    proposal.origin = origin
    if accept:
        _carry_out(session, proposal, now)
    session.flush()
    return proposal


def carry_out_next(session: Session, *, now: datetime, after: Id | None = None) -> Proposal | None:
    """The next proposal that was accepted and not carried out yet, by id after `after`; None where there is none.

    What cannot be done says why in `outcome`, changes nothing else and is tried again another time. The caller goes
    on in new transactions.
    """
    waiting = select(Proposal).where(Proposal.state == "accepted", Proposal.carried_out_at.is_(None))
    if after is not None:
        waiting = waiting.where(Proposal.id > after)
    proposal = session.scalar(waiting.order_by(Proposal.id).limit(1).with_for_update(skip_locked=True))
    if proposal is None:
        return None
    try:
        with session.begin_nested():
            _carry_out(session, proposal, now)
    except NotCarriedOut as refusal:
        proposal.outcome = f"Waits: {refusal}"
    session.flush()
    return proposal


def _carry_out(session: Session, proposal: Proposal, now: datetime) -> None:
    today = business_day(now, current_company(session).timezone)
    services = _locked_services(session, proposal.customer_id)
    lock_customer(session, proposal.customer_id)
    debt = overdue_of(session, [proposal.customer_id], today=today).get(proposal.customer_id)
    proposal.carried_out_at = now
    if debt is None or is_small(debt.amount, policy_of(session).tolerance):
        proposal.state, proposal.outcome = "lapsed", "The debt is paid: nothing was done"
        return
    try:
        proposal.outcome = CARRY_OUT[proposal.kind](_Task(session, proposal, today, now), services)
    except DomainError as refusal:
        raise NotCarriedOut(str(refusal)) from refusal


def _locked_services(session: Session, payer_id: Id) -> list[Subscription]:
    """What the customer pays for and has not ended, locked before him, as the run does it."""
    payer = func.coalesce(Subscription.payer_id, Subscription.customer_id)
    running = select(Subscription.id).where(payer == payer_id, Subscription.state != "ended").order_by(Subscription.id)
    locked = [locked_subscription(session, subscription_id) for subscription_id in session.scalars(running).all()]
    return [subscription for subscription in locked if subscription.state != "ended"]


def _pick_up(task: _Task, _services: Sequence[Subscription]) -> str:
    """A job at each place where equipment of ours stands."""
    users = lines_of(task.session, [task.proposal.customer_id]).users[task.proposal.customer_id]
    ours = (
        select(Item)
        .where(Item.holder_kind == "customer", Item.holder_id.in_(users), Item.ownership.in_(("company", "rented")))
        .order_by(Item.holder_id, Item.serial)
    )
    by_place: dict[Id, list[Item]] = {}
    for item in task.session.scalars(ours):
        if item.holder_id is not None:
            by_place.setdefault(item.holder_id, []).append(item)
    jobs = [_job(task, customer_id, items) for customer_id, items in by_place.items()]
    return f"To be picked up: {', '.join(jobs)}" if jobs else "No equipment of ours is there any more"


def _job(task: _Task, customer_id: Id, items: Sequence[Item]) -> str:
    """A ticket of the office's own, with the visit that the dispatcher gives to somebody."""
    listed = ", ".join(f"{item.kind.replace('_', ' ')} {item.model} {item.serial}" for item in items)
    try:
        ticket = open_ticket(
            task.session, customer_id=customer_id, category=PICK_UP, description=f"Pick up: {listed}",
            opened_by=task.actor, now=task.now,
        )  # fmt: skip
    except TicketAlreadyOpen as running:
        ticket = running.ticket
    visit = plan_ticket_visit(task.session, ticket_id=ticket.id, actor=task.actor, now=task.now)
    return f"{ticket.number} ({visit.number})"


def _terminate(task: _Task, services: Sequence[Subscription]) -> str:
    """Unserved days are credited, served ones billed, the deposit set off; what is left of it may be refunded."""
    session, customer_id = task.session, task.proposal.customer_id
    for subscription in services:
        end_service(
            session, subscription_id=subscription.id, end_day=task.today, now=task.now, actor=task.actor,
            reason="not paid", origin=task.origin,
        )  # fmt: skip
        _bill_last_days(task, subscription)
    for cut in session.scalars(
        select(ServiceCut).where(ServiceCut.customer_id == customer_id, ServiceCut.restored_at.is_(None))
    ):
        cut.restored_at, cut.restored_by, cut.restore_reason = task.now, task.actor, "terminated"
    returned = return_deposit(session, customer_id=customer_id, day=task.today, actor=task.actor, origin=task.origin)
    follow_payment(session, customer_id=customer_id, now=task.now, actor=task.actor, origin=task.origin)
    deposit = sum((note.total for note in returned.credits), ZERO)
    ended = f"Ended {len(services)} service{'' if len(services) == 1 else 's'}"
    return f"{ended}, set off a deposit of {deposit}" if deposit else ended


def _bill_last_days(task: _Task, subscription: Subscription) -> None:
    """Days that the run has not billed; metered use is left to the next one, which sees the whole of it."""
    metered = (
        select(SubscriptionLine.id)
        .join(Plan, Plan.id == SubscriptionLine.plan_id)
        .where(SubscriptionLine.subscription_id == subscription.id, Plan.kind == "metered")
    )
    if task.session.scalar(metered.limit(1)) is not None:
        return
    try:
        for _ in range(PERIODS_MAX):
            if subscription.next_bill_on is None or subscription.next_bill_on > task.today:
                return
            issue_subscription_invoice(
                task.session, subscription_id=subscription.id, issued_on=task.today, actor=task.actor,
                origin=task.origin,
            )  # fmt: skip
    except NothingToBill:
        subscription.next_bill_on = None


def _write_off(task: _Task, _services: Sequence[Subscription]) -> str:
    session = task.session
    overdue = session.scalars(
        select(Invoice.id)
        .where(Invoice.customer_id == task.proposal.customer_id, Invoice.state.in_(OPEN_STATES), Invoice.balance > 0,
               Invoice.due_on < task.today)
        .order_by(Invoice.due_on, Invoice.id)
    ).all()  # fmt: skip
    given_up = [_give_up(task, invoice_id) for invoice_id in overdue]
    follow_payment(
        session, customer_id=task.proposal.customer_id, now=task.now, actor=task.actor, origin=task.origin
    )  # fmt: skip
    return f"Wrote off {sum((each.amount for each in given_up), ZERO)} on {len(given_up)} invoices"


def _give_up(task: _Task, invoice_id: Id) -> WriteOff:
    write_off = task.session.scalar(
        select(WriteOff).where(WriteOff.invoice_id == invoice_id, WriteOff.state == "asked")
    ) or write_off_invoice(
        task.session, invoice_id=invoice_id, reason=task.proposal.decision_note or "Not recovered",
        asked_by=LADDER, now=task.now, origin=task.origin,
    )  # fmt: skip
    if write_off.state != "asked":
        return write_off
    return approve_write_off(
        task.session, write_off_id=write_off.id, approved_by=task.actor, now=task.now, origin=task.origin
    )


CARRY_OUT: Mapping[str, Callable[[_Task, Sequence[Subscription]], str]] = {
    "pick_up": _pick_up, "termination": _terminate, "write_off_proposal": _write_off,
}  # fmt: skip
