"""Service comes back by itself once no more than the tolerance is owed; asked of the network as desired state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.billing.charges import add_charge
from core.billing.invoice_models import OPEN_STATES, Invoice
from core.billing.plan_models import BillingPolicy
from core.billing.subscription_models import ServicePause, Subscription, paid_by
from core.clock import business_day
from core.companies import current_company
from core.crm.models import Customer
from core.ids import Id
from core.money import ZERO
from core.network.access import want_access
from core.network.models import Access
from core.recovery.case_models import RecoveryCase, ServiceCut
from core.recovery.cases import close_case, withdraw_steps
from core.recovery.ladder import is_small
from core.recovery.policy import policy_of
from core.recovery.promises import lock_customer
from core.recovery.reminders import debt_of, recipients, tell_service

BATCH = 200


def restore_if_clear(
    session: Session, *, customer_id: Id, now: datetime, actor: str = "system", origin: str = ""
) -> ServiceCut | None:
    """Close the customer's case and restore his service where no more than the tolerance is overdue.

    Called in the transaction of every payment, credit note and write-off, so that the desired state changes together
    with the money. Written-off debt still counts against him. Returns the suspension that ended. Locks the customer.
    """
    lock_customer(session, customer_id)
    today = business_day(now, current_company(session).timezone)
    overdue, written_off = _owed(session, customer_id, today)
    tolerance = policy_of(session).tolerance
    case = session.scalar(
        select(RecoveryCase).where(RecoveryCase.customer_id == customer_id, RecoveryCase.state == "open")
    )
    if case is not None:
        case.amount = overdue
    if not is_small(overdue, tolerance):
        return None
    if case is not None:
        close_case(session, case, reason="written_off" if written_off else "paid", today=today, now=now)
    if not is_small(overdue + written_off, tolerance):
        return None
    return restore_service(session, customer_id=customer_id, reason="paid", actor=actor, origin=origin, now=now)


def restore_all_clear(session: Session, *, now: datetime, limit: int = BATCH) -> int:
    """Restore who should have been restored already, however it came to be missed; returns how many.

    `restore_failures` tells what is left after it.
    """
    today = business_day(now, current_company(session).timezone)
    restored = 0
    for failure in restore_failures(session, today=today)[:limit]:
        if restore_if_clear(session, customer_id=failure.customer_id, now=now) is None:
            _ask_again(session, failure.customer_id)
        restored += 1
    return restored


def _ask_again(session: Session, payer_id: Id) -> None:
    for subscription_id in session.scalars(
        select(Subscription.id).where(paid_by([payer_id]), Subscription.state == "active")
    ).all():
        ask_network(session, subscription_id, allowed=True)


@dataclass(frozen=True)
class RestoreFailure:
    """A customer without service who owes nothing that would justify it."""

    customer_id: Id
    number: str
    name: str
    cut_on: date
    why: str


def restore_failures(session: Session, *, today: date) -> list[RestoreFailure]:
    """Alarms of the first order (reference money 4.2): suspended although clear, or still blocked after restoring."""
    tolerance = policy_of(session).tolerance
    owed = (
        select(func.coalesce(func.sum(Invoice.balance), 0))
        .where(Invoice.customer_id == ServiceCut.customer_id, Invoice.balance > 0,
               Invoice.state.in_((*OPEN_STATES, "written_off")),
               (Invoice.due_on < today) | (Invoice.state == "written_off"))
        .correlate(ServiceCut).scalar_subquery()
    )  # fmt: skip
    payer = func.coalesce(Subscription.payer_id, Subscription.customer_id)
    still_blocked = (
        select(Access.id).join(Subscription, Subscription.id == Access.subscription_id)
        .where(payer == ServiceCut.customer_id, Subscription.state == "active", Access.state == "blocked")
        .correlate(ServiceCut).exists()
    )  # fmt: skip
    running = ServiceCut.restored_at.is_(None)
    rows = session.execute(
        select(
            ServiceCut.customer_id, Customer.number, Customer.name, func.max(ServiceCut.cut_on), func.bool_or(running)
        )
        .join(Customer, Customer.id == ServiceCut.customer_id)
        .where((running & (owed <= tolerance)) | (ServiceCut.restored_at.is_not(None) & still_blocked))
        .group_by(ServiceCut.customer_id, Customer.id)
        .order_by(Customer.number)
    )
    return [
        RestoreFailure(customer_id, number, name, cut_on, "clear, but suspended" if is_cut else "restored, but blocked")
        for customer_id, number, name, cut_on, is_cut in rows
    ]


def restore_service(
    session: Session, *, customer_id: Id, reason: str, actor: str, now: datetime, origin: str = ""
) -> ServiceCut | None:  # fmt: skip
    """End a running suspension for debt, whatever is owed: subscriptions and network access are wanted again.

    `reason` is `paid`, `promise`, or a manager's own words; after a promise the suspension may be taken again without
    a new notice. A reconnection fee of the billing policy waits for the next invoice. None if nothing was suspended.
    """
    lock_customer(session, customer_id)
    cut = session.scalar(
        select(ServiceCut).where(ServiceCut.customer_id == customer_id, ServiceCut.restored_at.is_(None))
    )
    if cut is None:
        return None
    today = business_day(now, current_company(session).timezone)
    cut.restored_at, cut.restored_by, cut.restore_reason = now, actor, reason
    session.flush()
    _resume(session, customer_id, today)
    if reason == "promise":
        withdraw_steps(session, case_id=cut.case_id, kind="suspension")
    _charge_fee(session, cut, actor, today)
    _tell(session, cut, today, now)
    return cut


def _resume(session: Session, payer_id: Id, today: date) -> None:
    paused = session.scalars(
        select(ServicePause).join(Subscription, Subscription.id == ServicePause.subscription_id)
        .where(paid_by([payer_id]), ServicePause.reason == "non_payment", ServicePause.ends_on.is_(None))
    ).all()  # fmt: skip
    for pause in paused:
        pause.ends_on = max(today, pause.starts_on)
        subscription = session.get_one(Subscription, pause.subscription_id)
        if subscription.state == "suspended":
            subscription.state = "active"
            ask_network(session, subscription.id, allowed=True)
            session.execute(
                update(Customer).where(Customer.id == subscription.customer_id, Customer.state == "suspended")
                .values(state="active")
            )  # fmt: skip
    session.flush()


def ask_network(session: Session, subscription_id: Id, *, allowed: bool) -> None:
    """Want the subscription's account allowed or blocked; one that has no account, or shall have none, is let be."""
    access = session.scalar(select(Access).where(Access.subscription_id == subscription_id))
    if access is not None and access.state != "absent":
        want_access(
            session, subscription_id=subscription_id, username=access.username, profile=access.profile, allowed=allowed
        )


def _charge_fee(session: Session, cut: ServiceCut, actor: str, today: date) -> None:
    fee = session.scalars(select(BillingPolicy.reconnection_fee)).one_or_none() or ZERO
    if fee <= ZERO:
        return
    add_charge(
        session, customer_id=cut.customer_id, what="reconnection", amount=fee, bill_from=today, created_by=actor,
        idempotency_key=f"reconnection:{cut.id}",
    )  # fmt: skip


def _owed(session: Session, customer_id: Id, today: date) -> tuple[Decimal, Decimal]:
    overdue, written_off = session.execute(
        select(
            func.sum(Invoice.balance).filter(Invoice.state.in_(OPEN_STATES), Invoice.due_on < today),
            func.sum(Invoice.balance).filter(Invoice.state == "written_off"),
        ).where(Invoice.customer_id == customer_id, Invoice.balance > 0)
    ).one()
    return overdue or ZERO, written_off or ZERO


def _tell(session: Session, cut: ServiceCut, today: date, now: datetime) -> None:
    company = current_company(session)
    customer = session.get_one(Customer, cut.customer_id)
    person = recipients(session, [customer], company=company)[customer.id]
    debt = debt_of(company, customer, amount=cut.owed, due_on=cut.cut_on, today=today)
    tell_service(session, "service_restored", debt, person, dedupe_key=f"restored:{cut.id}", now=now)
