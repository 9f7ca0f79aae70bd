"""What employees owe: advances from cash or bank, damage and missing cash, and what they give back themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry, reverse_entry
from core.ledger.models import Account, JournalEntry
from core.money import ZERO, parse_amount, rounded
from core.numbering import next_number
from core.staff.balances import ADVANCES, balance_of, require_money_account
from core.staff.months import month_of
from core.staff.pay_models import DEBT_ACCOUNTS, DebtRepayment, EmployeeDebt, SalaryPayment
from core.staff.pay_terms import pay_policy, terms_on
from core.staff.people import lock_staff
from core.staff.wording import currency_sign, shown

ENTRY_KIND = {
    "advance": "employee_advance", "damage": "deduction", "other": "deduction", "cash_short": "cash_shortage",
}  # fmt: skip


class DebtInvalid(DomainError):
    """The amount, the instalment or the reason cannot be booked."""


class SecondPersonNeeded(DomainError):
    """Nobody decides over his own money."""


class AdvanceLimitReached(DomainError):
    """The advance would exceed what the policy lets him hold; the text names what is left."""


class DebtKeyReused(DomainError):
    """The idempotency key was used for something else."""


class PartlyRepaid(DomainError):
    """What was given back already cannot be cancelled."""


class MoreThanOutstanding(DomainError):
    """He does not owe that much."""


def advance_left(session: Session, *, staff_id: Id, day: date) -> Decimal:
    """How much more the employee may take in advances on a day (policy: a number of monthly salaries).

    Raises NotOnThePayroll.
    """
    terms = terms_on(session, staff_id=staff_id, day=day)
    limit = rounded(terms.monthly_salary * pay_policy(session).advance_limit_salaries)
    return max(limit - balance_of(session, ADVANCES, staff_id), ZERO)


def give_advance(
    session: Session, *, staff_id: Id, amount: Decimal, account_code: str, given_on: date, approved_by: Id,
    idempotency_key: str, actor: str, instalment: Decimal | None = None, deduct_from: date | None = None,
    reason: str = "", origin: str = "",
) -> EmployeeDebt:  # fmt: skip
    """Pay an advance, 1300 to the money account; each month's pay gives back `instalment`, or all of it.

    The first pay that bears it is that of `deduct_from`'s month, else of the month it is given in. A repeat of the
    key returns the first. Raises AdvanceLimitReached, SecondPersonNeeded, DebtInvalid, NoMoneyAccount,
    NotOnThePayroll, DebtKeyReused.
    """
    debt = _debt(
        staff_id, "advance", amount, instalment, deduct_from or given_on, reason or "Advance", account_code, given_on,
        approved_by, idempotency_key,
    )  # fmt: skip
    first = _first(session, debt)
    if first is not None:
        return first
    require_money_account(session, account_code)
    left = advance_left(session, staff_id=staff_id, day=given_on)
    if debt.amount > left:
        sign = currency_sign(session)
        raise AdvanceLimitReached(
            f"An advance of {shown(debt.amount, sign)} is refused: {shown(left, sign)} is left of his limit. "
            "Give less, or change the limit in the pay policy"
        )
    return _book(session, debt, actor, origin)


def charge_employee(
    session: Session, *, staff_id: Id, kind: str, amount: Decimal, reason: str, charged_on: date, approved_by: Id,
    idempotency_key: str, actor: str, account_code: str = "4090", instalment: Decimal | None = None,
    deduct_from: date | None = None, origin: str = "",
) -> EmployeeDebt:  # fmt: skip
    """Let the employee owe for damage or a loss: 1310 to `account_code`, 5010 for equipment and 4090 for the rest.

    `kind` is damage or other. A repeat of the key returns the first.
    Raises SecondPersonNeeded, DebtInvalid, DebtKeyReused.
    """
    if kind not in ("damage", "other") or not reason.strip():
        raise DebtInvalid("A charge is for 'damage' or 'other', and says why")
    if session.scalar(select(Account.control).where(Account.code == account_code)) != "":
        raise DebtInvalid(
            f"A charge cannot be booked against {account_code!r}: use 5010 for equipment, 4090 for the rest"
        )
    debt = _debt(
        staff_id, kind, amount, instalment, deduct_from or charged_on, reason, account_code, charged_on, approved_by,
        idempotency_key,
    )  # fmt: skip
    return _first(session, debt) or _book(session, debt, actor, origin)


def owe_missing_cash(
    session: Session, *, staff_id: Id, amount: Decimal, reason: str, charged_on: date, approved_by: Id,
    idempotency_key: str, actor: str, instalment: Decimal | None = None, origin: str = "",
) -> EmployeeDebt:  # fmt: skip
    """Move cash that an agent cannot hand over from his hands to what he owes: 1310 to 1040 (reference money 4.6).

    Raises SecondPersonNeeded, DebtInvalid.
    """
    debt = _debt(
        staff_id, "cash_short", amount, instalment, charged_on, reason, "1040", charged_on, approved_by,
        idempotency_key,
    )  # fmt: skip
    return _first(session, debt) or _book(session, debt, actor, origin)


def _debt(
    staff_id: Id, kind: str, amount: Decimal, instalment: Decimal | None, deduct_from: date, reason: str,
    account_code: str, given_on: date, approved_by: Id, idempotency_key: str,
) -> EmployeeDebt:  # fmt: skip
    amount = parse_amount(amount)
    instalment = None if instalment is None else parse_amount(instalment)
    if amount <= 0 or (instalment is not None and instalment <= 0):
        raise DebtInvalid("The amount and the instalment must be more than zero")
    if approved_by == staff_id:
        raise SecondPersonNeeded("Somebody else must approve it: nobody decides over his own money")
    return EmployeeDebt(
        id=new_id(), staff_id=staff_id, kind=kind, amount=amount, outstanding=amount, instalment=instalment,
        deduct_from=month_of(deduct_from), reason=reason.strip(), account_code=account_code, given_on=given_on,
        approved_by=approved_by, idempotency_key=idempotency_key,
    )  # fmt: skip


def _first(session: Session, debt: EmployeeDebt) -> EmployeeDebt | None:
    lock_staff(session, debt.staff_id)
    first = session.scalar(select(EmployeeDebt).where(EmployeeDebt.idempotency_key == debt.idempotency_key))
    if first is not None and (first.staff_id, first.kind, first.amount) != (debt.staff_id, debt.kind, debt.amount):
        raise DebtKeyReused(f"The key of {first.number} came with another sum before: use a new key")
    return first


def _book(session: Session, debt: EmployeeDebt, actor: str, origin: str) -> EmployeeDebt:
    debt.number = next_number(session, "employee_debt")
    session.add(debt)
    session.flush()
    other_party = debt.staff_id if debt.account_code == "1040" else None
    post_entry(
        session, kind=ENTRY_KIND[debt.kind], source_id=debt.id, posted_on=debt.given_on, actor=actor, origin=origin,
        memo=f"{debt.number} {debt.reason}",
        lines=[
            Line(DEBT_ACCOUNTS[debt.kind], debt.amount, debt.staff_id),
            Line(debt.account_code, -debt.amount, other_party),
        ],
    )  # fmt: skip
    return debt


def repay_debt(
    session: Session, *, debt_id: Id, amount: Decimal, account_code: str, repaid_on: date, idempotency_key: str,
    actor: str, origin: str = "",
) -> DebtRepayment:  # fmt: skip
    """Take money the employee gives back himself: the money account to 1300 or 1310.

    A repeat of the key returns the first. Raises MoreThanOutstanding, DebtInvalid, NoMoneyAccount, NotFound.
    """
    amount = parse_amount(amount)
    if amount <= 0:
        raise DebtInvalid("The amount must be more than zero")
    debt = session.get(EmployeeDebt, debt_id)
    if debt is None:
        raise NotFound("There is no such advance or charge")
    lock_staff(session, debt.staff_id)
    session.refresh(debt)
    first = session.scalar(select(DebtRepayment).where(DebtRepayment.idempotency_key == idempotency_key))
    if first is not None:
        if (first.debt_id, first.amount) != (debt_id, amount):
            raise DebtKeyReused("The key came with another repayment before: use a new key")
        return first
    require_money_account(session, account_code)
    if amount > debt.outstanding:
        raise MoreThanOutstanding(f"{debt.number} has {shown(debt.outstanding, currency_sign(session))} outstanding")
    repayment = DebtRepayment(
        id=new_id(), debt_id=debt_id, account_code=account_code, amount=amount, repaid_on=repaid_on,
        idempotency_key=idempotency_key,
    )  # fmt: skip
    debt.outstanding -= amount
    session.add(repayment)
    session.flush()
    post_entry(
        session, kind="debt_repaid", source_id=repayment.id, posted_on=repaid_on, actor=actor, origin=origin,
        memo=debt.number,
        lines=[Line(account_code, amount), Line(debt.control_account, -amount, debt.staff_id)],
    )  # fmt: skip
    return repayment


def cancel_debt(
    session: Session, *, debt_id: Id, cancelled_on: date, actor: str, reason: str, origin: str = ""
) -> EmployeeDebt:
    """Take an advance or charge out of the books that was a mistake, as long as nothing of it was given back.

    Raises PartlyRepaid, NotFound.
    """
    debt = session.get(EmployeeDebt, debt_id)
    if debt is None:
        raise NotFound("There is no such advance or charge")
    lock_staff(session, debt.staff_id)
    session.refresh(debt)
    if debt.outstanding != debt.amount:
        raise PartlyRepaid(f"{debt.number} is cancelled, or given back in part: undo those payments first")
    entry_id = session.scalars(
        select(JournalEntry.id).where(JournalEntry.kind == ENTRY_KIND[debt.kind], JournalEntry.source_id == debt_id)
    ).one()
    reverse_entry(session, entry_id=entry_id, posted_on=cancelled_on, actor=actor, origin=origin, memo=reason)
    debt.outstanding = ZERO
    session.flush()
    return debt


def set_instalment(session: Session, *, debt_id: Id, instalment: Decimal | None) -> EmployeeDebt:
    """Let each month's pay give back another amount from now on; None gives back all. Raises DebtInvalid, NotFound."""
    debt = session.get(EmployeeDebt, debt_id)
    if debt is None:
        raise NotFound("There is no such advance or charge")
    if instalment is not None and parse_amount(instalment) <= 0:
        raise DebtInvalid("The instalment must be more than zero")
    debt.instalment = None if instalment is None else parse_amount(instalment)
    session.flush()
    return debt


def open_debts(session: Session, *, staff_ids: Sequence[Id]) -> list[EmployeeDebt]:
    """What is not given back yet, the oldest first."""
    return list(
        session.scalars(
            select(EmployeeDebt)
            .where(EmployeeDebt.staff_id.in_(staff_ids), EmployeeDebt.outstanding > 0)
            .order_by(EmployeeDebt.given_on, EmployeeDebt.id)
        )
    )


def taken_in_month(session: Session, *, debt_ids: Sequence[Id], month: date) -> dict[Id, Decimal]:
    """What the pay of a month has given back already, by debt."""
    rows = session.execute(
        select(DebtRepayment.debt_id, DebtRepayment.amount)
        .join(SalaryPayment, SalaryPayment.id == DebtRepayment.salary_payment_id)
        .where(DebtRepayment.debt_id.in_(debt_ids), SalaryPayment.month == month_of(month))
    )
    taken: dict[Id, Decimal] = {}
    for debt_id, amount in rows:
        taken[debt_id] = taken.get(debt_id, ZERO) + amount
    return taken
