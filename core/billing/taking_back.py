"""Money that turns out not to be there: a payment that bounced, or one recorded by mistake (reference money 3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from core.billing.advance import use_advance
from core.billing.allocation import ALLOCATIONS, INVOICES, lock_customers, move_invoices
from core.billing.invoice_models import OPEN_STATES
from core.billing.payment_models import Allocation, ChequeRefusal, Payment, Refund
from core.billing.payments import AGENT_CASH, PaymentInvalid
from core.billing.plan_models import BillingPolicy
from core.billing.subscription_models import PendingCharge
from core.clock import business_day
from core.companies import current_company
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry, reverse_entry
from core.ledger.models import JournalEntry
from core.money import ZERO, parse_amount

FEE_ACCOUNT = "4090"


class PaymentTakenBack(DomainError):
    """The payment bounced or was reversed already."""


class AdvanceRefunded(DomainError):
    """Its money went back to the customer as a refund, so there is nothing to take back."""


@dataclass(frozen=True)
class TakenBack:
    """What followed: the invoices that are open again, and the payments whose incentive must be taken back."""

    payment: Payment
    reopened: Sequence[Id]
    claw_back: Sequence[Id]


@dataclass(frozen=True)
class _Live:
    """An allocation that stands."""

    id: Id
    invoice_id: Id | None
    refund_id: Id | None
    amount: Decimal
    written_off: Decimal
    recovers: bool
    from_advance: bool


def bounce_payment(
    session: Session, *, payment_id: Id, reason: str, actor: str, now: datetime, origin: str = "",
    bank_charge: Decimal = ZERO,
) -> TakenBack:  # fmt: skip
    """Take back a payment that the bank did not honour; dated the company's day of `now`.

    `bank_charge` is what our bank took for it (6800). The company's fee waits for the customer's next invoice, and
    after a cheque no other is accepted from him. Raises PaymentTakenBack, AdvanceRefunded, NotFound.
    """
    taken = _take_back(session, payment_id, "bounced", reason, actor, now, origin)
    payment, day = taken.payment, business_day(now, current_company(session).timezone)
    charge = parse_amount(bank_charge)
    if charge < ZERO:
        raise PaymentInvalid("What the bank charged cannot be less than zero")
    if charge:
        post_entry(
            session, kind="bounce_fee", source_id=payment.id, posted_on=day, actor=actor, origin=origin, memo=reason,
            lines=[Line("6800", charge), Line(payment.account_code, -charge, _agent(payment))],
        )  # fmt: skip
    _charge_fee(session, payment, day, actor)
    if payment.method == "cheque":
        session.execute(
            insert(ChequeRefusal)
            .values(id=new_id(), customer_id=payment.customer_id, payment_id=payment.id, lifted_by="")
            .on_conflict_do_nothing()
        )
    return taken


def reverse_payment(
    session: Session, *, payment_id: Id, reason: str, actor: str, now: datetime, origin: str = ""
) -> TakenBack:
    """Take back a payment that should not have been recorded; no fee, and cheques stay accepted.

    Raises PaymentTakenBack, AdvanceRefunded, NotFound.
    """
    return _take_back(session, payment_id, "reversed", reason, actor, now, origin)


def lift_cheque_refusal(session: Session, *, customer_id: Id, actor: str, now: datetime) -> None:
    """Accept cheques of the customer again; nothing happens where they are not refused."""
    standing = session.scalar(
        select(ChequeRefusal).where(ChequeRefusal.customer_id == customer_id, ChequeRefusal.lifted_at.is_(None))
    )
    if standing is not None:
        standing.lifted_at, standing.lifted_by = now, actor
        session.flush()


def _take_back(
    session: Session, payment_id: Id, state: str, reason: str, actor: str, now: datetime, origin: str
) -> TakenBack:
    if not reason.strip():
        raise PaymentInvalid("Say why the payment is taken back")
    payment = _locked(session, payment_id)
    live = _live_allocations(session, payment)
    day = business_day(now, current_company(session).timezone)
    memo = f"{payment.number} {state}: {reason.strip()}"
    _reverse_entries(session, payment, live, day, memo, actor, origin)
    payment.state, payment.state_reason, payment.unallocated = state, reason.strip(), ZERO
    session.flush()
    reopened = _reopen(session, payment, live, day, actor, origin)
    use_advance(session, customer_id=payment.customer_id, day=day, actor=actor, origin=origin)
    return TakenBack(payment, reopened, [payment.id])


def _locked(session: Session, payment_id: Id) -> Payment:
    payment = session.get(Payment, payment_id)
    if payment is None:
        raise NotFound("There is no such payment in this company")
    lock_customers(session, [payment.customer_id])
    session.refresh(payment)
    if payment.state != "received":
        raise PaymentTakenBack(f"Payment {payment.number} is {payment.state} already: {payment.state_reason}")
    return payment


def _live_allocations(session: Session, payment: Payment) -> list[_Live]:
    undone = aliased(Allocation)
    rows = session.execute(
        select(*(ALLOCATIONS.c[name] for name in _Live.__dataclass_fields__)).where(
            ALLOCATIONS.c.payment_id == payment.id, ALLOCATIONS.c.reverses_id.is_(None),
            ~exists().where(undone.reverses_id == ALLOCATIONS.c.id),
        )
    )  # fmt: skip
    live = [_Live(*row) for row in rows]
    refunded = next((each.refund_id for each in live if each.refund_id), None)
    if refunded is not None:
        number = session.scalar(select(Refund.number).where(Refund.id == refunded))
        raise AdvanceRefunded(
            f"Money of {payment.number} was given back with refund {number}: collect it, or record the loss, first"
        )
    return live


def _reverse_entries(
    session: Session, payment: Payment, live: Iterable[_Live], day: date, memo: str, actor: str, origin: str
) -> None:
    advances = [each.id for each in live if each.from_advance]
    of_payment = JournalEntry.kind.in_(("payment", "small_difference")) & (JournalEntry.source_id == payment.id)
    of_advance = (JournalEntry.kind == "advance_applied") & JournalEntry.source_id.in_(advances)
    for entry_id in session.scalars(select(JournalEntry.id).where(of_payment | of_advance).order_by(JournalEntry.id)):
        reverse_entry(session, entry_id=entry_id, posted_on=day, actor=actor, origin=origin, memo=memo)


def _reopen(session: Session, payment: Payment, live: Sequence[_Live], day: date, actor: str, origin: str) -> list[Id]:
    """Undo the allocations by rows of the other sign, and let their invoices be owed again."""
    if not live:
        return []
    by_invoice: dict[Id, list[_Live]] = defaultdict(list)
    for each in live:
        assert each.invoice_id is not None
        by_invoice[each.invoice_id].append(each)
    session.execute(
        insert(ALLOCATIONS),
        [
            {"id": new_id(), "payment_id": payment.id, "invoice_id": each.invoice_id, "amount": -each.amount,
             "written_off": -each.written_off, "recovers": each.recovers, "allocated_on": day,
             "from_advance": each.from_advance, "reverses_id": each.id}
            for each in live
        ],
    )  # fmt: skip
    rows = session.execute(
        select(INVOICES.c.id, INVOICES.c.state, INVOICES.c.balance, INVOICES.c.total)
        .where(INVOICES.c.id.in_(by_invoice))
        .order_by(INVOICES.c.id)
        .with_for_update(key_share=True)
    ).all()
    moved, off = [], ZERO
    for invoice_id, state, balance, total in rows:
        after, difference = _opened_again(state, balance, total, by_invoice[invoice_id])
        moved.append((invoice_id, *after))
        off += difference
    move_invoices(session, moved)
    if off:
        post_entry(
            session, kind="bad_debt_returned", source_id=payment.id, posted_on=day, actor=actor, origin=origin,
            memo=payment.number, lines=[Line("1100", off, payment.customer_id), Line("6820", -off)],
        )  # fmt: skip
    return [row.id for row in rows]


def _opened_again(
    state: str, balance: Decimal, total: Decimal, undone: Iterable[_Live]
) -> tuple[tuple[Decimal, str], Decimal]:
    """((balance, state) afterwards, what the receivable is still off by once the entries are reversed).

    A debt that was written off is written off again as a whole, also where some of it had been paid before.
    """
    to_receivable = sum((each.amount + each.written_off for each in undone if not each.recovers), ZERO)
    recovered = sum((each.amount for each in undone if each.recovers), ZERO)
    after = balance + to_receivable + recovered
    written_off = state == "written_off" or bool(recovered)
    state_after = "written_off" if written_off else "issued" if after == total else "part_paid"
    owed_before = balance if state in OPEN_STATES else ZERO
    owed_after = ZERO if written_off else after
    return (after, state_after), owed_after - owed_before - to_receivable


def _charge_fee(session: Session, payment: Payment, day: date, actor: str) -> None:
    fee = session.scalars(select(BillingPolicy.bounce_fee)).one()
    if fee > ZERO:
        session.add(
            PendingCharge(
                id=new_id(), customer_id=payment.customer_id, invoice_kind="other", service_class="fee",
                description=f"Fee for returned {payment.method} {payment.reference}".rstrip(), unit_price=fee,
                amount=fee, account_code=FEE_ACCOUNT, bill_from=day, idempotency_key=f"bounce:{payment.id}",
                created_by=actor,
            )
        )  # fmt: skip
        session.flush()


def _agent(payment: Payment) -> Id | None:
    return payment.collected_by if payment.account_code == AGENT_CASH else None
