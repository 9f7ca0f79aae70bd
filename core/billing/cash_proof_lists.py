"""Agents' cash receipts and what their customers said: whose, which wait, which the office calls about."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from core.billing.cash_proof import CUSTOMERS_OWN, UNCONFIRMED
from core.billing.cash_proof_models import CashProof
from core.billing.payment_models import Payment
from core.billing.plan_models import BillingPolicy
from core.crm.models import Customer
from core.errors import NotFound
from core.ids import Id
from core.messaging.models import OutboundMessage
from core.staff.models import Staff


@dataclass(frozen=True)
class ProofRow:
    """A receipt with both its sides."""

    proof: CashProof
    receipt: str
    amount: Decimal
    customer_number: str
    customer: str
    agent: str

    def days_old(self, now: datetime) -> int:
        """Whole days since the receipt was made."""
        return max((now - self.proof.asked_at).days, 0)


def proof_rows(
    session: Session, *, states: Collection[str] = UNCONFIRMED, agent_id: Id | None = None,
    customer_ids: Collection[Id] | None = None, asked_since: datetime | None = None,
    asked_before: datetime | None = None, newest_first: bool = False, limit: int = 100,
) -> list[ProofRow]:  # fmt: skip
    """Receipts in these states: the disputed first and then the oldest, unless the newest are wanted."""
    rows = _ROWS.where(CashProof.state.in_(states))
    if agent_id is not None:
        rows = rows.where(CashProof.agent_id == agent_id)
    if customer_ids is not None:
        rows = rows.where(CashProof.customer_id.in_(customer_ids))
    if asked_since is not None:
        rows = rows.where(CashProof.asked_at >= asked_since)
    if asked_before is not None:
        rows = rows.where(CashProof.asked_at < asked_before)
    if newest_first:
        rows = rows.order_by(CashProof.asked_at.desc(), CashProof.id.desc())
    else:
        rows = rows.order_by(case((CashProof.state == "disputed", 0), else_=1), CashProof.asked_at, CashProof.id)
    return [ProofRow(*row) for row in session.execute(rows.limit(limit))]


def proof_row(session: Session, *, receipt: str) -> ProofRow:
    """One receipt by its number. Raises NotFound where it is no agent's cash."""
    row = session.execute(_ROWS.where(Payment.number == receipt)).one_or_none()
    if row is None:
        raise NotFound("There is no receipt of an agent with that number")
    return ProofRow(*row)


def proofs_by_agent(
    session: Session, *, asked_since: datetime | None = None, asked_before: datetime | None = None,
    agent_id: Id | None = None,
) -> dict[Id, dict[str, int]]:  # fmt: skip
    """How many receipts of each agent, or of one, are in which state; those taken back are not among them."""
    counts = select(CashProof.agent_id, CashProof.state, func.count()).where(CashProof.state != "ended")
    if agent_id is not None:
        counts = counts.where(CashProof.agent_id == agent_id)
    if asked_since is not None:
        counts = counts.where(CashProof.asked_at >= asked_since)
    if asked_before is not None:
        counts = counts.where(CashProof.asked_at < asked_before)
    found: dict[Id, dict[str, int]] = {}
    for agent_id, state, count in session.execute(counts.group_by(CashProof.agent_id, CashProof.state)):
        found.setdefault(agent_id, {})[state] = count
    return found


def callback_sample(session: Session, *, since: datetime, until: datetime) -> list[ProofRow]:
    """The receipts of a span that the office calls about: the policy's share of those that no customer confirmed
    himself, the same ones whoever asks. What was called about stays among them.
    """
    share = session.scalars(select(BillingPolicy.cash_callback_percent)).one()
    span = _ROWS.where(
        CashProof.asked_at >= since, CashProof.asked_at < until, CashProof.state.not_in(("ended", "disputed")),
        CashProof.confirmed_by.not_in(CUSTOMERS_OWN),
    )  # fmt: skip
    rows = [ProofRow(*row) for row in session.execute(span.order_by(func.md5(Payment.number)))]
    return rows[: -(-len(rows) * share // 100)]


def receipt_messages(session: Session, rows: Sequence[ProofRow]) -> dict[Id, str]:
    """Payment → how far the message with its receipt came: queued, sent, delivered, read, failed and the like."""
    keys = {f"receipt:{row.proof.payment_id}": row.proof.payment_id for row in rows}
    states = select(OutboundMessage.dedupe_key, OutboundMessage.state).where(OutboundMessage.dedupe_key.in_(keys))
    return {keys[message.dedupe_key]: message.state for message in session.execute(states)}


def agents_with_proofs(session: Session) -> Sequence[tuple[Id, str]]:
    """Who ever took cash that a customer was asked about, by name."""
    of_proofs = select(Staff.id, Staff.name).where(Staff.id.in_(select(CashProof.agent_id)))
    return [(row.id, row.name) for row in session.execute(of_proofs.order_by(Staff.name, Staff.id))]


_ROWS = (
    select(CashProof, Payment.number, Payment.amount, Customer.number, Customer.name, Staff.name)
    .join(Payment, Payment.id == CashProof.payment_id)
    .join(Customer, Customer.id == CashProof.customer_id)
    .join(Staff, Staff.id == CashProof.agent_id)
)
