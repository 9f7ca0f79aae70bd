"""An agent's daily sheet with its receipts: opening, collected by receipt number, handed over, closing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.payment_models import Payment
from core.crm.models import Customer
from core.ids import Id
from core.staff.agent_cash import CashInHand, cash_limit_left
from core.staff.cash_models import Handover
from core.staff.cash_sheets import COLLECTED, HANDED_OVER, TAKEN_BACK, CashSheet, SheetLine, cash_sheet


@dataclass(frozen=True)
class Receipt:
    """Money that came into the agent's hands, or went out of it again because the receipt did not stay."""

    number: str
    customer_number: str
    customer_name: str
    received_on: date
    amount: Decimal
    """Negative for a receipt taken back."""
    why: str
    """Of a receipt taken back: bounced or void, and the reason."""


@dataclass(frozen=True)
class Given:
    """A handover as it was counted; negative, since the cash left his hands."""

    number: str
    posted_on: date
    announced: Decimal
    amount: Decimal
    account_code: str
    slip: str


@dataclass(frozen=True)
class AgentSheet:
    """`opening` + collected + taken back + handed over + other = `closing`, his balance on 1040 that evening."""

    cash: CashSheet
    collected: tuple[Receipt, ...]
    taken_back: tuple[Receipt, ...]
    handed_over: tuple[Given, ...]
    other: tuple[SheetLine, ...]
    limits: CashInHand

    @property
    def opening(self) -> Decimal:
        """What he held before."""
        return self.cash.opening

    @property
    def closing(self) -> Decimal:
        """What he holds after."""
        return self.cash.closing


def agent_sheet(session: Session, *, staff_id: Id, first: date, last: date | None = None) -> AgentSheet:
    """The sheet of a day, or of the days from `first` to `last`, from the postings on 1040. Raises NotFound."""
    sheet = cash_sheet(session, staff_id=staff_id, first=first, last=last)
    receipts = _receipts(session, [line for line in sheet.lines if line.part in (COLLECTED, TAKEN_BACK)])
    return AgentSheet(
        cash=sheet,
        collected=tuple(receipt for receipt in receipts if receipt.amount > 0),
        taken_back=tuple(receipt for receipt in receipts if receipt.amount < 0),
        handed_over=_given(session, [line for line in sheet.lines if line.part == HANDED_OVER]),
        other=tuple(line for line in sheet.lines if line.part not in (COLLECTED, TAKEN_BACK, HANDED_OVER)),
        limits=cash_limit_left(session, staff_id=staff_id, today=sheet.last),
    )


def _receipts(session: Session, lines: list[SheetLine]) -> list[Receipt]:
    found = session.execute(
        select(Payment, Customer.number, Customer.name)
        .join(Customer, Customer.id == Payment.customer_id)
        .where(Payment.id.in_({line.source_id for line in lines}))
    )
    payments = {payment.id: (payment, number, name) for payment, number, name in found}
    receipts = []
    for line in lines:
        payment, number, name = payments[line.source_id]
        why = f"{payment.state}, {payment.state_reason}".rstrip(", ") if line.amount < 0 else ""
        receipts.append(Receipt(payment.number, number, name, payment.received_on, line.amount, why))
    return receipts


def _given(session: Session, lines: list[SheetLine]) -> tuple[Given, ...]:
    rows = session.scalars(select(Handover).where(Handover.id.in_([line.source_id for line in lines])))
    handovers = {handover.id: handover for handover in rows}
    return tuple(
        Given(
            handover.number, line.posted_on, handover.announced, line.amount, handover.account_code, handover.slip
        )
        for line in lines
        for handover in [handovers[line.source_id]]
    )  # fmt: skip
