"""How an agent or technician is doing, for himself: what he collected, repaired and installed, and what it earns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.cash_proof import UNCONFIRMED
from core.billing.cash_proof_lists import proofs_by_agent
from core.billing.payment_models import Payment
from core.companies import current_company
from core.ids import Id
from core.money import ZERO
from core.service_desk.models import Ticket
from core.staff.accruals import accruals_of
from core.staff.agent_cash import CashInHand, cash_limit_left
from core.staff.cash_models import Handover
from core.staff.commission_models import ConnectionCredit
from core.staff.commission_rules import read_rule_book
from core.staff.earnings import Earnings, month_earnings
from core.staff.incentives import assess_collections
from core.staff.months import last_day, month_of, next_month
from core.staff.wording import currency_sign
from core.usecases.commission_facts import business_midnight, collections

TENTH = Decimal("0.1")


@dataclass(frozen=True)
class CollectionFigures:
    """An agent's money of some days."""

    collected: Decimal
    """Received through him and still good, by whatever method."""
    receipts: int
    taken_back: Decimal
    """Received through him in these days, and bounced or reversed since."""
    handed_over: Decimal
    """Counted in these days."""
    incentive: Decimal
    """Accrued in these days, less what was taken back."""

    @property
    def good_percent(self) -> Decimal:
        """How much of what he collected stayed."""
        total = self.collected + self.taken_back
        return (self.collected * 100 / total).quantize(TENTH, ROUND_HALF_UP) if total else Decimal("100.0")


@dataclass(frozen=True)
class OwnPerformance:
    """An employee's month for himself."""

    earnings: Earnings
    collections: CollectionFigures
    cash: CashInHand
    incentive_waiting: Decimal
    """What the cash in his hands will earn once it is handed over."""
    unconfirmed: int
    """Cash receipts of the month that no customer has confirmed, the disputed among them."""
    disputed: int
    """Of all his receipts; what they earn waits for the office."""
    complaints_resolved: int
    hours_to_resolve: Decimal | None
    """On average; None without any."""
    connections_installed: int
    connections_sold: int


def agent_figures(session: Session, *, staff_id: Id, first: date, last: date) -> CollectionFigures:
    """What an agent collected and handed over from `first` to `last`."""
    good = Payment.state == "received"
    collected, receipts, lost = session.execute(
        select(
            func.coalesce(func.sum(Payment.amount).filter(good), ZERO), func.count().filter(good),
            func.coalesce(func.sum(Payment.amount).filter(~good), ZERO),
        ).where(Payment.collected_by == staff_id, Payment.received_on >= first, Payment.received_on <= last)
    ).one()  # fmt: skip
    handed = select(func.sum(Handover.counted)).where(
        Handover.staff_id == staff_id, Handover.posted_on >= first, Handover.posted_on <= last
    )
    accruals = accruals_of(session, staff_id=staff_id, first=first, last=last)
    incentive = sum((row.amount for row in accruals if row.account_code == "6020"), ZERO)
    return CollectionFigures(collected, receipts, lost, session.scalar(handed) or ZERO, incentive)


def own_performance(session: Session, *, staff_id: Id, month: date, today: date) -> OwnPerformance:
    """ "My earnings this month": the month of `month` as it stands on `today`. Raises NotFound."""
    month = month_of(month)
    resolved, hours = _complaints(session, staff_id, month)
    sold, installed = (_connections(session, staff_id, role, month) for role in ("sold", "installed"))
    unconfirmed, disputed = _unproved(session, staff_id, month)
    return OwnPerformance(
        earnings=month_earnings(session, staff_id=staff_id, month=month),
        collections=agent_figures(session, staff_id=staff_id, first=month, last=last_day(month)),
        cash=cash_limit_left(session, staff_id=staff_id, today=today),
        incentive_waiting=incentive_waiting(session, staff_id=staff_id, today=today),
        complaints_resolved=resolved, hours_to_resolve=hours, connections_installed=installed, connections_sold=sold,
        unconfirmed=unconfirmed, disputed=disputed,
    )  # fmt: skip


def incentive_waiting(session: Session, *, staff_id: Id, today: date) -> Decimal:
    """What an agent's unpaid handovers hold back: the incentive with all his cash handed over, less that without."""
    cash = cash_limit_left(session, staff_id=staff_id, today=today)
    if cash.oldest_on is None:
        return ZERO
    book, sign = read_rule_book(session), currency_sign(session)
    months, month = set(), month_of(cash.oldest_on)
    while month <= today:
        months.add(month)
        month = next_month(month)
    facts = [f for f in collections(session, months=months, as_of=today) if f.staff_id == staff_id]
    with_all = [replace(fact, handed_over=True) for fact in facts]
    later, now = (
        sum((due.amount for one in assess_collections(some, book, sign) for due in one.dues), ZERO)
        for some in (with_all, facts)
    )
    return later - now


def _unproved(session: Session, staff_id: Id, month: date) -> tuple[int, int]:
    zone = current_company(session).timezone
    since, before = (business_midnight(day, zone) for day in (month, next_month(month)))
    of_month = proofs_by_agent(session, agent_id=staff_id, asked_since=since, asked_before=before).get(staff_id, {})
    disputed = proofs_by_agent(session, agent_id=staff_id).get(staff_id, {}).get("disputed", 0)
    return sum(of_month.get(state, 0) for state in UNCONFIRMED), disputed


def _complaints(session: Session, staff_id: Id, month: date) -> tuple[int, Decimal | None]:
    zone = current_company(session).timezone
    resolved = session.execute(
        select(Ticket.opened_at, Ticket.resolved_at).where(
            Ticket.assigned_to == staff_id, Ticket.resolved_at >= business_midnight(month, zone),
            Ticket.resolved_at < business_midnight(next_month(month), zone),
        )
    ).all()  # fmt: skip
    took = sum(((done - opened) for opened, done in resolved if done is not None), timedelta())
    if not resolved:
        return 0, None
    hours = Decimal(int(took.total_seconds())) / 3600 / len(resolved)
    return len(resolved), hours.quantize(TENTH, ROUND_HALF_UP)


def _connections(session: Session, staff_id: Id, role: str, month: date) -> int:
    query = select(func.count(func.distinct(ConnectionCredit.subscription_id))).where(
        ConnectionCredit.staff_id == staff_id, ConnectionCredit.role == role,
        ConnectionCredit.from_on >= month, ConnectionCredit.from_on < next_month(month),
    )  # fmt: skip
    return session.scalars(query).one()
