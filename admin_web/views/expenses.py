"""Expenses: asked for, allowed by a second person where they are large, paid; with the receipt kept."""

from __future__ import annotations

from uuid import UUID

from flask import abort, render_template

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import Form, attempt
from admin_web.uploads import kept_file, sent_file
from admin_web.views.banks import money_choices
from core.errors import NotFound
from core.ledger.accounts import accounts_by_code
from core.ledger.cash_accounts import treasury_policy
from core.ledger.expenses import (
    add_expense_category,
    add_recurring_expense,
    approve_expense,
    ask_expense,
    ask_recurring,
    bill_expense,
    expense_by_id,
    expense_categories,
    pay_expense,
    recent_expenses,
    recurring_expenses,
    refuse_expense,
    take_back_expense,
    waiting_expenses,
)
from core.ledger.vendors import vendors_in_use
from core.money import ZERO
from core.printing.figures import figures

ORIGIN = "panel:expenses"


@blueprint.get("/expenses")
@needs("expense.write")
def expenses() -> Page:
    with books() as page:
        known = accounts_by_code(page.session).values()
        categories = expense_categories(page.session)
        return render_template(
            "expenses.html", company=page.company, today=page.today, actor=page.actor, categories=categories,
            choices=[(each.id, each.name) for each in categories], accounts=money_choices(page),
            costs=[(a.code, f"{a.code} {a.name}") for a in known if a.type == "expense" and not a.control],
            waiting=waiting_expenses(page.session), recent=recent_expenses(page.session),
            recurring=recurring_expenses(page.session), limit=treasury_policy(page.session).expense_approval_above,
            vendors=[(each.id, each.name) for each in vendors_in_use(page.session)],
        )  # fmt: skip


@blueprint.post("/expenses")
@needs("expense.write")
def new_expense() -> Page:
    def ask(page: Books, form: Form) -> str:
        key = form.once()
        made = ask_expense(
            page.session, category_id=form.key("category"), net=form.amount("net"),
            tax=form.maybe_amount("tax") or ZERO, description=form.text("description", required=True),
            asked_on=form.day("asked_on", page.today), vendor_id=form.maybe_key("vendor"), idempotency_key=key,
            document_id=kept_file(page, "receipt", kind="receipt"), actor=page.actor,
        )  # fmt: skip
        if made.state == "asked":
            return f"{made.number} of {figures(made.total)} waits for a second person."
        account = form.maybe_key("pay_from")
        if made.state == "approved" and account is not None:
            pay_expense(page.session, expense_id=made.id, cash_account_id=account, paid_on=made.asked_on,
                        actor=page.actor, origin=key)  # fmt: skip
        return f"{made.number} of {figures(made.total)} is {made.state}."

    return attempt(ask, done="panel.expenses", show=expenses)


@blueprint.post("/expenses/<uuid:expense_id>/decide")
@needs("expense.write")
def decide_expense(expense_id: UUID) -> Page:
    def decide(page: Books, form: Form) -> str:
        if form.choice("decision", ("approve", "refuse")) == "approve":
            return f"{approve_expense(page.session, expense_id=expense_id, actor=page.actor).number} may be paid."
        made = refuse_expense(page.session, expense_id=expense_id, actor=page.actor, reason=form.text("reason"))
        return f"{made.number} is refused."

    return attempt(decide, done="panel.expenses", show=expenses)


@blueprint.post("/expenses/<uuid:expense_id>/settle")
@needs("expense.write")
def settle_expense(expense_id: UUID) -> Page:
    """Pay it, or put it on a vendor's credit."""

    def settle(page: Books, form: Form) -> str:
        day = form.day("day", page.today)
        if form.choice("how", ("pay", "bill")) == "pay":
            made = pay_expense(page.session, expense_id=expense_id, cash_account_id=form.key("account"), paid_on=day,
                               actor=page.actor, origin=ORIGIN)  # fmt: skip
            return f"{made.number} is paid."
        made = bill_expense(page.session, expense_id=expense_id, vendor_id=form.key("vendor"), billed_on=day,
                            actor=page.actor, origin=ORIGIN)  # fmt: skip
        return f"{made.number} is on the vendor's credit."

    return attempt(settle, done="panel.expenses", show=expenses)


@blueprint.post("/expenses/<uuid:expense_id>/take-back")
@needs("expense.write")
def undo_expense(expense_id: UUID) -> Page:
    def take_back(page: Books, form: Form) -> str:
        take_back_expense(page.session, expense_id=expense_id, reversed_on=form.day("day", page.today),
                          actor=page.actor, reason=form.text("reason", required=True), origin=ORIGIN)  # fmt: skip
        return "The expense is taken back."

    return attempt(take_back, done="panel.expenses", show=expenses)


@blueprint.get("/expenses/<uuid:expense_id>/receipt")
@needs("expense.write")
def expense_receipt(expense_id: UUID) -> Page:
    with books() as page:
        try:
            expense = expense_by_id(page.session, expense_id)
        except NotFound:
            abort(404)
        return sent_file(page, expense.document_id)


@blueprint.post("/expenses/categories")
@needs("expense.write")
def new_category() -> Page:
    def add(page: Books, form: Form) -> str:
        made = add_expense_category(page.session, name=form.text("name", required=True),
                                    account_code=form.text("account_code"))  # fmt: skip
        return f"The category {made.name} books on {made.account_code}."

    return attempt(add, done="panel.expenses", show=expenses)


@blueprint.post("/expenses/recurring")
@needs("expense.write")
def new_recurring() -> Page:
    def add(page: Books, form: Form) -> str:
        made = add_recurring_expense(
            page.session, category_id=form.key("category"), net=form.amount("net"),
            tax=form.maybe_amount("tax") or ZERO, description=form.text("description", required=True),
            starts_on=form.day("starts_on", page.today), interval_months=form.number("interval_months", 1),
            vendor_id=form.maybe_key("vendor"), ends_on=form.maybe_day("ends_on"), actor=page.actor,
        )  # fmt: skip
        return f"{made.description} is asked for from {made.next_on}."

    return attempt(add, done="panel.expenses", show=expenses)


@blueprint.post("/expenses/recurring/ask")
@needs("expense.write")
def ask_due() -> Page:
    def ask(page: Books, form: Form) -> str:
        return f"{len(ask_recurring(page.session, today=page.today))} expenses fell due and are asked for."

    return attempt(ask, done="panel.expenses", show=expenses)
