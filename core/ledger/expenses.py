"""What the company spends, by its own categories: paid at once, asked for above a limit, or on a vendor's credit."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.bills import INPUT_TAX, BillItem, enter_bill
from core.ledger.cash_accounts import add_ledger_account, cash_account, treasury_policy
from core.ledger.journal import Line, post_entry, reverse_entry
from core.ledger.models import Account, JournalEntry
from core.ledger.transfers import entry_of
from core.ledger.treasury_models import Expense, ExpenseCategory, RecurringExpense
from core.money import ZERO, parse_amount
from core.numbering import next_number


class ExpenseInvalid(DomainError):
    """The amount, the category or the way of paying cannot be booked."""


class ExpenseNotInState(DomainError):
    """The expense is not at the step that was asked for."""


class OwnApproval(DomainError):
    """Who asked may not approve."""


def add_expense_category(session: Session, *, name: str, account_code: str = "") -> ExpenseCategory:
    """A category on an expense account; without one it gets a new account among 61xx. Raises ExpenseInvalid."""
    name = " ".join(name.split())
    taken = select(ExpenseCategory.id).where(func.lower(ExpenseCategory.name) == name.lower())
    if not name or session.scalar(taken) is not None:
        raise ExpenseInvalid(f"A category needs a name that no other has; {name or 'an empty one'} will not do")
    if account_code:
        found = session.execute(select(Account.type, Account.control).where(Account.code == account_code)).one_or_none()
        if found is None or tuple(found) != ("expense", ""):
            raise ExpenseInvalid(f"Account {account_code} is no expense account")
    else:
        known = set(session.scalars(select(Account.code).where(Account.code.like("61%"))))
        account_code = next((code for code in map(str, range(6160, 6200)) if code not in known), "")
        if not account_code:
            raise ExpenseInvalid("The accounts 6160 to 6199 are in use: name an account for the category")
        add_ledger_account(session, code=account_code, name=name, kind="expense")
    category = ExpenseCategory(id=new_id(), name=name, account_code=account_code)
    session.add(category)
    session.flush()
    return category


def expense_categories(session: Session) -> list[ExpenseCategory]:
    """The categories in use, by name."""
    in_use = select(ExpenseCategory).where(ExpenseCategory.active).order_by(ExpenseCategory.name)
    return list(session.scalars(in_use))


def ask_expense(
    session: Session, *, category_id: Id, net: Decimal, description: str, asked_on: date, idempotency_key: str,
    actor: str, tax: Decimal = ZERO, vendor_id: Id | None = None, document_id: Id | None = None,
) -> Expense:  # fmt: skip
    """An expense that may be paid at once, or above the company's limit waits for a second person.

    `tax` is input tax that may be set off. A repeat of the key returns the first. Locks the category.
    Raises ExpenseInvalid.
    """
    net, tax = parse_amount(net), parse_amount(tax)
    category = session.get(ExpenseCategory, category_id, with_for_update=True)
    if net <= ZERO or tax < ZERO or category is None or not category.active:
        raise ExpenseInvalid("An expense is more than zero, its tax is not negative, and its category is in use")
    first = session.scalar(select(Expense).where(Expense.idempotency_key == idempotency_key))
    if first is not None:
        if (first.category_id, first.net, first.tax) != (category_id, net, tax):
            raise ExpenseInvalid(f"The key of {first.number} came with another expense: use a new key")
        return first
    free = net + tax <= treasury_policy(session).expense_approval_above
    expense = Expense(
        id=new_id(), number=next_number(session, "expense"), category_id=category_id, vendor_id=vendor_id,
        description=" ".join(description.split()), net=net, tax=tax, total=net + tax, asked_on=asked_on,
        document_id=document_id, state="approved" if free else "asked", asked_by=actor,
        idempotency_key=idempotency_key,
    )  # fmt: skip
    session.add(expense)
    session.flush()
    return expense


def record_expense(
    session: Session, *, category_id: Id, cash_account_id: Id, net: Decimal, description: str, spent_on: date,
    idempotency_key: str, actor: str, tax: Decimal = ZERO, document_id: Id | None = None, origin: str = "",
) -> Expense:  # fmt: skip
    """Ask and, where no approval is needed, pay at once; above the limit it comes back as `asked`, unpaid."""
    expense = ask_expense(
        session, category_id=category_id, net=net, tax=tax, description=description, asked_on=spent_on,
        idempotency_key=idempotency_key, actor=actor, document_id=document_id,
    )  # fmt: skip
    if expense.state == "approved":
        pay_expense(session, expense_id=expense.id, cash_account_id=cash_account_id, paid_on=spent_on, actor=actor,
                    origin=origin)  # fmt: skip
    return expense


def approve_expense(session: Session, *, expense_id: Id, actor: str) -> Expense:
    """A second person allows it to be paid. Raises ExpenseNotInState, OwnApproval."""
    expense = _in_state(session, expense_id, "asked")
    if actor == expense.asked_by:
        raise OwnApproval(f"{expense.number} was asked by you: another person approves it")
    expense.state, expense.approved_by = "approved", actor
    session.flush()
    return expense


def refuse_expense(session: Session, *, expense_id: Id, actor: str, reason: str) -> Expense:
    """It will not be paid; who asked may withdraw it himself. Raises ExpenseNotInState."""
    expense = _in_state(session, expense_id, "asked", "approved")
    expense.state, expense.note = "refused", reason
    expense.approved_by = actor if actor != expense.asked_by else None
    session.flush()
    return expense


def pay_expense(
    session: Session, *, expense_id: Id, cash_account_id: Id, paid_on: date, actor: str, origin: str = ""
) -> Expense:
    """Book an approved expense out of an account: its category's account and 1130 against the money.

    Raises ExpenseNotInState, CashAccountClosed.
    """
    expense = _in_state(session, expense_id, "approved")
    account = cash_account(session, cash_account_id, active=True)
    expense.state, expense.cash_account_id, expense.paid_on = "paid", cash_account_id, paid_on
    session.flush()
    post_entry(
        session, kind="expense", source_id=expense.id, posted_on=paid_on, actor=actor, origin=origin,
        memo=f"{expense.number} {expense.category.name}: {expense.description}",
        lines=[Line(expense.category.account_code, expense.net), Line(INPUT_TAX, expense.tax),
               Line(account.account_code, -expense.total)],
    )  # fmt: skip
    return expense


def bill_expense(
    session: Session, *, expense_id: Id, vendor_id: Id, billed_on: date, actor: str, vendor_ref: str = "",
    due_on: date | None = None, origin: str = "",
) -> Expense:  # fmt: skip
    """Book an approved expense on a vendor's credit, as his bill. Raises ExpenseNotInState and as `enter_bill`."""
    expense = _in_state(session, expense_id, "approved")
    bill = enter_bill(
        session, vendor_id=vendor_id, billed_on=billed_on, actor=actor, idempotency_key=f"expense:{expense.id}",
        vendor_ref=vendor_ref, due_on=due_on, document_id=expense.document_id, origin=origin,
        items=[BillItem(expense.description or expense.category.name, expense.net, expense.category.account_code,
                        tax=expense.tax)],
    )  # fmt: skip
    expense.state, expense.bill_id, expense.vendor_id, expense.paid_on = "paid", bill.id, vendor_id, billed_on
    session.flush()
    return expense


def take_back_expense(
    session: Session, *, expense_id: Id, reversed_on: date, actor: str, reason: str, origin: str = ""
) -> JournalEntry:
    """Reverse the entry of an expense paid from an account; the expense itself stays on record.

    One on a vendor's credit is taken back by voiding its bill. Raises ExpenseNotInState, AlreadyReversed.
    """
    expense = _in_state(session, expense_id, "paid")
    if expense.bill_id is not None or expense.paid_on is None:
        raise ExpenseNotInState(f"{expense.number} is a vendor's bill: void the bill")
    expense.note = reason
    session.flush()
    return reverse_entry(
        session, entry_id=entry_of(session, kind="expense", source_id=expense.id).id,
        posted_on=max(reversed_on, expense.paid_on), actor=actor, origin=origin,
        memo=f"{expense.number} taken back: {reason}",
    )  # fmt: skip


def add_recurring_expense(
    session: Session, *, category_id: Id, net: Decimal, description: str, starts_on: date, actor: str,
    tax: Decimal = ZERO, interval_months: int = 1, vendor_id: Id | None = None, ends_on: date | None = None,
) -> RecurringExpense:  # fmt: skip
    """An expense that is asked for on its day every `interval_months`. Raises ExpenseInvalid."""
    net, tax = parse_amount(net), parse_amount(tax)
    if net <= ZERO or tax < ZERO or not 1 <= interval_months <= 36 or session.get(ExpenseCategory, category_id) is None:
        raise ExpenseInvalid("A recurring expense has a category, an amount above zero, and 1 to 36 months between")
    recurring = RecurringExpense(
        id=new_id(), category_id=category_id, vendor_id=vendor_id, description=description, net=net, tax=tax,
        interval_months=interval_months, starts_on=starts_on, next_on=starts_on, ends_on=ends_on, made_by=actor,
    )  # fmt: skip
    session.add(recurring)
    session.flush()
    return recurring


def ask_recurring(session: Session, *, today: date) -> list[Expense]:
    """Ask for every recurring expense that fell due up to `today`, each once; missed days are caught up.

    They are asked in the name of who set them up, so that another person approves what is above the limit.
    """
    due = (
        select(RecurringExpense)
        .where(RecurringExpense.next_on <= today)
        .where(func.coalesce(RecurringExpense.ends_on, date.max) > RecurringExpense.next_on)
        .order_by(RecurringExpense.id)
        .with_for_update()
    )
    asked = []
    for recurring in session.scalars(due).all():
        while recurring.next_on <= today and (recurring.ends_on is None or recurring.next_on < recurring.ends_on):
            expense = ask_expense(
                session, category_id=recurring.category_id, net=recurring.net, tax=recurring.tax,
                description=recurring.description, asked_on=recurring.next_on, vendor_id=recurring.vendor_id,
                idempotency_key=f"recurring:{recurring.id}:{recurring.next_on}", actor=recurring.made_by,
            )  # fmt: skip
            expense.recurring_id = recurring.id
            asked.append(expense)
            recurring.next_on = _following(recurring)
            session.flush()
    return asked


def _following(recurring: RecurringExpense) -> date:
    """The next day, counted from the start so that the 31st does not become the 28th for good."""
    start, last = recurring.starts_on, recurring.next_on
    months = (last.year - start.year) * 12 + last.month - start.month + recurring.interval_months
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def waiting_expenses(session: Session) -> list[Expense]:
    """What waits for approval or for payment, the oldest first."""
    waiting = select(Expense).where(Expense.state.in_(("asked", "approved"))).options(joinedload(Expense.category))
    return list(session.scalars(waiting.order_by(Expense.asked_on, Expense.id)))


def expense_by_id(session: Session, expense_id: Id) -> Expense:
    """The expense; raises NotFound."""
    expense = session.get(Expense, expense_id)
    if expense is None:
        raise NotFound("There is no such expense")
    return expense


def recent_expenses(session: Session, *, limit: int = 50) -> list[Expense]:
    """What was paid, billed or refused, the newest first."""
    settled = select(Expense).where(Expense.state.not_in(("asked", "approved"))).options(joinedload(Expense.category))
    return list(session.scalars(settled.order_by(Expense.asked_on.desc(), Expense.id.desc()).limit(limit)))


def recurring_expenses(session: Session) -> list[RecurringExpense]:
    """What is asked for by itself, the next one first."""
    return list(session.scalars(select(RecurringExpense).order_by(RecurringExpense.next_on, RecurringExpense.id)))


def _in_state(session: Session, expense_id: Id, *states: str) -> Expense:
    expense = session.get(Expense, expense_id, with_for_update=True, populate_existing=True)
    if expense is None:
        raise NotFound("There is no such expense")
    if expense.state not in states:
        raise ExpenseNotInState(f"{expense.number} is {expense.state}: this needs it to be {' or '.join(states)}",
                                number=expense.number)  # fmt: skip
    return expense
