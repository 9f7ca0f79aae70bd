"""Fees for invoices that stay unpaid: once a round, up to a cap, not while the customer is held (money 5.2)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Date, Integer, Numeric, and_, bindparam, func, select, text
from sqlalchemy.orm import Session

from core.billing import run_statements as sql
from core.billing.allocation import lock_customers
from core.billing.charges import CHARGES
from core.billing.credit_notes import credit_invoice
from core.billing.debt_models import LateFee
from core.billing.drafts import draft_charges
from core.billing.facts import Payer, read_payers
from core.billing.invoice_models import CreditNote, Invoice
from core.billing.invoices import Addressee, payer_addressee
from core.billing.plan_models import BillingPolicy
from core.billing.run_facts import read_money
from core.billing.run_rows import InvoiceRows, into_the_books, reserved_numbers
from core.billing.tariffs import read_policy, read_tariffs
from core.billing.terms import ChargeTerms, Draft, Tariffs
from core.clock import business_day
from core.companies import current_company
from core.db import array_of
from core.errors import DomainError, NotFound
from core.ids import Id
from core.ledger.accounts import account_ids
from core.ledger.guards import refuse_entry
from core.ledger.journal import UnknownAccount
from core.money import AMOUNT_MAX, ZERO, AmountInvalid

LATE_FEE = CHARGES["late_fee"]


class FeeWaived(DomainError):
    """The fee was waived before."""


@dataclass(frozen=True)
class FeeProblem:
    """A fee that could not be invoiced, whose it is, and why."""

    customer_id: Id
    customer_number: str
    customer_name: str
    number: str
    """The overdue invoice's."""
    why: str

    @property
    def customer(self) -> str:
        """His number and name."""
        return f"{self.customer_number} {self.customer_name}"


@dataclass(frozen=True)
class FeeBatch:
    """What one call charged, and what it could not; both empty once nothing is left."""

    charged: tuple[LateFee, ...] = ()
    problems: tuple[FeeProblem, ...] = ()


@dataclass(frozen=True)
class DueFee:
    """A fee that an overdue invoice has come to."""

    invoice_id: Id
    customer_id: Id
    number: str
    round: int
    amount: Decimal


_DUE = text("""
    SELECT id, customer_id, number, round, fee
      FROM (
        SELECT i.id, i.customer_id, i.number, i.due_on, coalesce(charged.round, 0) AS last_round,
               1 + coalesce((:day - i.due_on - :grace - 1) / nullif(:repeat, 0), 0) AS round,
               least(CASE :kind WHEN 'percent' THEN round(i.balance * :percent / 100, 2) ELSE :amount END,
                     :cap - coalesce(charged.amount, 0)) AS fee
          FROM invoice i
          LEFT JOIN (
            SELECT invoice_id, max(round) AS round, sum(amount) FILTER (WHERE waived_at IS NULL) AS amount
              FROM late_fee GROUP BY invoice_id
          ) charged ON charged.invoice_id = i.id
         WHERE i.balance > 0 AND i.state IN ('issued', 'part_paid') AND i.reason <> 'late_fee'
           AND i.due_on < :day - :grace AND i.customer_id <> ALL(CAST(:held AS uuid[]))
           AND (CAST(:only AS uuid[]) IS NULL OR i.customer_id = ANY(CAST(:only AS uuid[])))
      ) overdue
     WHERE round > last_round AND fee > 0
     ORDER BY due_on, id LIMIT :most
""").bindparams(
    bindparam("day", type_=Date), bindparam("grace", type_=Integer), bindparam("repeat", type_=Integer),
    bindparam("amount", type_=Numeric), bindparam("percent", type_=Numeric), bindparam("cap", type_=Numeric),
)  # fmt: skip
_FEES = text("""
    INSERT INTO late_fee (invoice_id, round, amount, charged_on, fee_invoice_id, waived_by)
    SELECT f.invoice_id, f.round, f.amount, :day, r.id, ''
      FROM unnest(CAST(:invoices AS uuid[]), CAST(:rounds AS integer[]), CAST(:amounts AS numeric[]))
           WITH ORDINALITY AS f(invoice_id, round, amount, position)
      JOIN run_invoice r ON r.position = f.position
     ORDER BY f.position
    RETURNING id
""")


def late_fees_due(
    session: Session, *, day: date, held: Collection[Id] = (), only: Collection[Id] | None = None,
    limit: int | None = None,
) -> list[DueFee]:  # fmt: skip
    """What the policy charges on `day`, the oldest debt first; writes nothing.

    Customers in `held` are left out, and all but those in `only` if it is given. The first round is the day after
    the grace, each next one `late_fee_repeat_days` later. A round in which nobody asked, or the customer was held to
    its end, is not made up for. A percent is of what is unpaid on the day.
    """
    policy = session.scalars(select(BillingPolicy)).one()
    if policy.late_fee_kind == "none":
        return []
    session.flush()
    rules = {
        "day": day, "kind": policy.late_fee_kind, "grace": policy.late_fee_grace_days,
        "repeat": policy.late_fee_repeat_days, "amount": policy.late_fee_amount, "percent": policy.late_fee_percent,
        "cap": policy.late_fee_cap, "held": array_of(held), "only": None if only is None else array_of(only),
        "most": limit,
    }  # fmt: skip
    return [DueFee(*row) for row in session.execute(_DUE, rules)]


def charge_late_fees(
    session: Session, *, day: date, actor: str, held: Collection[Id] = (), limit: int | None = None, origin: str = ""
) -> FeeBatch:
    """Charge every fee that is due, each on an invoice of its own with reason `late_fee` (1100 to 4050 and its tax).

    Written in sets as the invoice run writes: some twenty statements however many fees. Once an invoice and round,
    however often it is called. With a `limit` call again in a new transaction, holding who had a problem, until the
    batch is empty; a customer who cannot be invoiced holds nobody up. Locks the customers. Raises PeriodClosed.
    """
    customers = {fee.customer_id for fee in late_fees_due(session, day=day, held=held, limit=limit)}
    if not customers:
        return FeeBatch()
    refuse_entry(session, kind="invoice", posted_on=day, actor=actor, origin=origin, sides=())
    lock_customers(session, customers)
    due = late_fees_due(session, day=day, held=held, only=customers, limit=limit)
    bills, problems = _drafted(session, due, day)
    return FeeBatch(_write(session, bills, day=day, actor=actor, origin=origin), tuple(problems))


@dataclass(frozen=True)
class PlannedFee:
    """A fee that would be charged now; `total` is its invoice with the tax."""

    fee: DueFee
    customer_number: str
    customer_name: str
    total: Decimal


@dataclass(frozen=True)
class FeePlan:
    """What a day would charge, and what it could not."""

    planned: tuple[PlannedFee, ...]
    problems: tuple[FeeProblem, ...]

    @property
    def amount(self) -> Decimal:
        """The fees without their tax."""
        return sum((each.fee.amount for each in self.planned), ZERO)


def plan_late_fees(session: Session, *, day: date, held: Collection[Id] = (), limit: int | None = None) -> FeePlan:
    """The dry run of `charge_late_fees`: drafted the same way, nothing is written or locked."""
    due = late_fees_due(session, day=day, held=held, limit=limit)
    if not due:
        return FeePlan((), ())
    bills, problems = _drafted(session, due, day)
    planned = (PlannedFee(b.fee, b.payer.number, b.payer.name, b.draft.total) for b in bills)
    return FeePlan(tuple(planned), tuple(problems))


@dataclass(frozen=True)
class FeesOfDay:
    """The late fees that were charged on a day."""

    day: date
    count: int
    amount: Decimal
    waived: Decimal
    """What of it was waived since."""


def fees_by_day(session: Session, *, since: date) -> list[FeesOfDay]:
    """The days since then with late fees, the newest first."""
    waived = func.coalesce(func.sum(LateFee.amount).filter(LateFee.waived_at.is_not(None)), ZERO)
    rows = session.execute(
        select(LateFee.charged_on, func.count(), func.sum(LateFee.amount), waived)
        .where(LateFee.charged_on >= since)
        .group_by(LateFee.charged_on).order_by(LateFee.charged_on.desc())
    )  # fmt: skip
    return [FeesOfDay(*row) for row in rows]


@dataclass(frozen=True)
class _FeeBill:
    """A fee with the invoice that it makes."""

    fee: DueFee
    payer: Payer
    draft: Draft
    addressee: Addressee


def _drafted(session: Session, due: Sequence[DueFee], day: date) -> tuple[list[_FeeBill], list[FeeProblem]]:
    tariffs, payers = read_tariffs(session), read_payers(session, {fee.customer_id for fee in due})
    codes = frozenset(account_ids(session))
    bills, problems = [], []
    for fee in due:
        payer = payers[fee.customer_id]
        try:
            draft = _draft(tariffs, payer, fee, day, codes)
            bills.append(_FeeBill(fee, payer, draft, payer_addressee(fee.customer_id, payer)))
        except DomainError as refusal:
            problems.append(FeeProblem(fee.customer_id, payer.number, payer.name, fee.number, str(refusal)))
    return bills, problems


def _draft(tariffs: Tariffs, payer: Payer, fee: DueFee, day: date, account_codes: Collection[str]) -> Draft:
    terms = ChargeTerms(
        None, f"Late fee for {fee.number}", fee.amount, LATE_FEE.account_code, LATE_FEE.service_class,
        LATE_FEE.invoice_kind,
    )  # fmt: skip
    draft = draft_charges(tariffs, payer.taxpayer, [terms], issued_on=day)
    if draft.total > AMOUNT_MAX:
        raise AmountInvalid(f"The fee comes to {draft.total}: more than an invoice can say")
    missing = sorted({line.account_code for line in draft.lines} - set(account_codes))
    if missing:
        raise UnknownAccount(f"The chart of accounts has no {', '.join(missing)}")
    return draft


def _write(
    session: Session, bills: Sequence[_FeeBill], *, day: date, actor: str, origin: str
) -> tuple[LateFee, ...]:  # fmt: skip
    if not bills:
        return ()
    due_on = day + timedelta(days=read_policy(session).due_days)
    owed, advances = read_money(session, array_of({bill.fee.customer_id for bill in bills}))
    rows = InvoiceRows(owed, advances)
    for bill in bills:
        lines = rows.printed(bill.draft.lines)
        rows.invoice(bill.addressee, bill.draft, due_on=due_on, lines=lines, line_ids=[None] * len(lines))
    connection = session.connection()
    rows.copy_in(connection)
    numbers = reserved_numbers(session, current_company(session), rows.count, day)
    books = into_the_books(rows, numbers, day=day, actor=actor, origin=origin, kind=LATE_FEE.invoice_kind,
                           reason="late_fee")  # fmt: skip
    for statement, parameters in books:
        connection.execute(statement, parameters)
    fees = [bill.fee for bill in bills]
    written = connection.execute(
        _FEES,
        {"day": day, "invoices": array_of(fee.invoice_id for fee in fees), "rounds": [fee.round for fee in fees],
         "amounts": [fee.amount for fee in fees]},
    ).scalars().all()  # fmt: skip
    connection.execute(sql.DROPPED)
    session.expire_all()  # advances were used behind the session's back
    return tuple(session.scalars(select(LateFee).where(LateFee.id.in_(written)).order_by(LateFee.id)))


def waive_late_fee(
    session: Session, *, late_fee_id: Id, reason: str, now: datetime, actor: str, origin: str = ""
) -> CreditNote:
    """Take a late fee back with a credit note on its invoice; if it was paid, the customer has an advance.

    The company's day of `now` is the accounting day. Raises NotFound, FeeWaived, NotCreditable.
    """
    fee = session.get(LateFee, late_fee_id, with_for_update=True)
    if fee is None:
        raise NotFound("There is no such late fee")
    if fee.waived_at is not None:
        raise FeeWaived(f"The fee of {fee.amount} of {fee.charged_on} was waived by {fee.waived_by}")
    note = credit_invoice(
        session, invoice_id=fee.fee_invoice_id, reason=f"Late fee waived: {reason}", made_by=actor, origin=origin,
        issued_on=business_day(now, current_company(session).timezone), idempotency_key=f"waive:{fee.id}",
    )  # fmt: skip
    fee.waived_by, fee.waived_at = actor, now
    session.flush()
    return note


def late_fees_of(session: Session, *, customer_id: Id) -> list[LateFee]:
    """The customer's late fees, the newest first."""
    fees = select(LateFee).join(Invoice, and_(Invoice.id == LateFee.invoice_id, Invoice.customer_id == customer_id))
    return list(session.scalars(fees.order_by(LateFee.charged_on.desc(), LateFee.id.desc())))
