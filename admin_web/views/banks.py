"""Bank accounts and drawers: what lies on them, and money that moves without an invoice, a bill or a payslip."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import abort, render_template

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import FieldInvalid, Form, asked, attempt
from core.clock import utc_now
from core.crm.customers import customer_by_number
from core.errors import DomainError, NotFound
from core.ledger.accounts import accounts_by_code
from core.ledger.cash_accounts import (
    account_statement,
    balances,
    cash_account,
    cash_accounts,
    close_cash_account,
    open_cash_account,
)
from core.ledger.cash_movements import (
    OTHER_INCOME,
    pay_taxes,
    record_bank_charge,
    record_other_income,
    record_owner_money,
)
from core.ledger.tax_dues import tax_dues
from core.ledger.transfers import cancel_transfer, receive_transfer, send_transfer, transfer_now, transfers_under_way
from core.ledger.treasury_models import CASH_KINDS, CashMovement
from core.money import ZERO
from core.usecases.reconcile_bank import identify_receipt, unidentified

MOVEMENTS = {
    "other_income": "Other income", "owner_in": "Owner puts money in", "owner_out": "Owner takes money out",
    "charge": "Bank charge", "profit": "Profit paid by the bank",
}  # fmt: skip
TAX_PARTS = ("sales_tax", "advance_income_tax", "deducted_tax", "input_tax")
STATEMENT_DAYS = 31


def money_choices(page: Books) -> list[tuple[UUID, str]]:
    """The open accounts, to choose from."""
    return [(account.id, f"{account.account_code} {account.name}") for account in cash_accounts(page.session)]


@blueprint.get("/banks")
@needs("bank.view")
def banks() -> Page:
    with books() as page:
        shown = balances(page.session, as_of=page.today)
        year = page.today.replace(month=1, day=1)
        return render_template(
            "banks.html", company=page.company, rows=shown, total=sum((held for _, held in shown), ZERO),
            accounts=money_choices(page), names={account.id: account.name for account, _ in shown},
            under_way=transfers_under_way(page.session), kinds=CASH_KINDS, movements=list(MOVEMENTS.items()),
            income=_income_accounts(page), taxes=tax_dues(page.session, first=year, last=page.today),
            unknown=unidentified(page.session), today=page.today,
        )  # fmt: skip


def _income_accounts(page: Books) -> list[tuple[str, str]]:
    known = accounts_by_code(page.session).values()
    return [(each.code, f"{each.code} {each.name}") for each in known if each.type == "income" and not each.control]


@blueprint.post("/banks")
@needs("bank.write")
def open_account() -> Page:
    def open_it(page: Books, form: Form) -> str:
        made = open_cash_account(
            page.session, name=form.text("name", required=True), kind=form.choice("kind", CASH_KINDS),
            opened_on=form.day("opened_on", page.today), opening_balance=form.maybe_amount("opening_balance") or ZERO,
            bank_name=form.text("bank_name"), branch=form.text("branch"), bank_number=form.text("bank_number"),
            holder=form.text("holder"), actor=page.actor, origin="panel:open_account",
        )  # fmt: skip
        return f"{made.name} is open, on ledger account {made.account_code}."

    return attempt(open_it, done="panel.banks", show=banks)


@blueprint.get("/banks/<uuid:account_id>")
@needs("bank.view")
def bank_account(account_id: UUID) -> Page:
    """The cash book of one account."""
    with books() as page:
        form = asked()
        try:
            account = cash_account(page.session, account_id)
            last = form.day("last", page.today)
            first = form.day("first", last - timedelta(days=STATEMENT_DAYS))
            if first > last:
                raise FieldInvalid("The first day must not be after the last.")
            shown = account_statement(page.session, cash_account_id=account_id, start=first, end=last)
        except NotFound:
            abort(404)
        except DomainError as wrong:
            abort(400, str(wrong))
        return render_template("bank_account.html", company=page.company, account=account, statement=shown, first=first,
                               last=last)  # fmt: skip


@blueprint.post("/banks/<uuid:account_id>/close")
@needs("bank.write")
def close_account(account_id: UUID) -> Page:
    def close(page: Books, form: Form) -> str:
        return f"{close_cash_account(page.session, cash_account_id=account_id).name} is closed."

    return attempt(close, done="panel.banks", show=banks)


@blueprint.post("/banks/transfer")
@needs("bank.write")
def transfer() -> Page:
    def move(page: Books, form: Form) -> str:
        what: dict[str, Any] = {
            "from_id": form.key("from_account"), "to_id": form.key("to_account"), "amount": form.amount("amount"),
            "fee": form.maybe_amount("fee") or ZERO, "reference": form.text("reference"), "note": form.text("note"),
        }  # fmt: skip
        key, day = form.once(), form.day("moved_on", page.today)
        if form.choice("arrives", ("now", "later")) == "now":
            made = transfer_now(page.session, moved_on=day, idempotency_key=key, actor=page.actor, origin=key, **what)
            return f"Transfer {made.number} of {made.amount} is done."
        made = send_transfer(page.session, sent_on=day, idempotency_key=key, actor=page.actor, origin=key, **what)
        return f"Transfer {made.number} of {made.amount} is on its way."

    return attempt(move, done="panel.banks", show=banks)


@blueprint.post("/banks/transfers/<uuid:transfer_id>")
@needs("bank.write")
def settle_transfer(transfer_id: UUID) -> Page:
    """What was sent has arrived, or comes back."""

    def settle(page: Books, form: Form) -> str:
        day = form.day("day", page.today)
        if form.choice("outcome", ("arrived", "cancelled")) == "arrived":
            made = receive_transfer(page.session, transfer_id=transfer_id, arrived_on=day, actor=page.actor,
                                    fee=form.maybe_amount("fee") or ZERO, origin="panel:transfer")  # fmt: skip
            return f"Transfer {made.number} has arrived."
        made = cancel_transfer(page.session, transfer_id=transfer_id, cancelled_on=day, actor=page.actor,
                               fee_returned=form.ticked("fee_returned"), origin="panel:transfer")  # fmt: skip
        return f"Transfer {made.number} is cancelled; the money is back."

    return attempt(settle, done="panel.banks", show=banks)


@blueprint.post("/banks/movement")
@needs("bank.write")
def movement() -> Page:
    def book(page: Books, form: Form) -> str:
        kind, amount = form.choice("kind", MOVEMENTS), form.amount("amount")
        if amount <= ZERO:
            raise FieldInvalid("Amount must be more than zero.")
        made = _book(page, form, kind, amount)
        return f"{MOVEMENTS[kind]} of {abs(made.amount)} is booked as {made.number}."

    return attempt(book, done="panel.banks", show=banks)


def _book(page: Books, form: Form, kind: str, amount: Decimal) -> CashMovement:
    account, day, key = form.key("account"), form.day("day", page.today), form.once()
    description = form.text("description", required=True)
    if kind == "other_income":
        return record_other_income(
            page.session, cash_account_id=account, amount=amount, received_on=day, description=description,
            account_code=form.text("income_account") or OTHER_INCOME, idempotency_key=key, actor=page.actor, origin=key,
        )  # fmt: skip
    record = record_owner_money if kind.startswith("owner") else record_bank_charge
    signed = amount if kind in ("owner_in", "profit") else -amount
    return record(page.session, cash_account_id=account, amount=signed, moved_on=day, description=description,
                  idempotency_key=key, actor=page.actor, origin=key)  # fmt: skip


@blueprint.post("/banks/taxes")
@needs("bank.write")
def pay_tax() -> Page:
    def pay(page: Books, form: Form) -> str:
        key = form.once()
        parts: dict[str, Any] = {name: form.maybe_amount(name) or ZERO for name in TAX_PARTS}
        made = pay_taxes(
            page.session, cash_account_id=form.key("account"), paid_on=form.day("day", page.today),
            description=form.text("description"), idempotency_key=key, actor=page.actor, origin=key, **parts,
        )  # fmt: skip
        return f"Taxes are paid over: {-made.amount} left the account ({made.number})."

    return attempt(pay, done="panel.banks", show=banks)


@blueprint.post("/banks/unidentified/<uuid:movement_id>")
@needs("bank.write")
def identify(movement_id: UUID) -> Page:
    """Somebody found out who paid."""

    def name_payer(page: Books, form: Form) -> str:
        taken = identify_receipt(
            page.session, movement_id=movement_id, customer_id=chosen_customer(page, form),
            identified_by=page.actor, now=utc_now(), amount=form.maybe_amount("amount"), origin="panel:identify",
        )  # fmt: skip
        return f"It is payment {taken.payment.number}."

    return attempt(name_payer, done="panel.banks", show=banks)


def chosen_customer(page: Books, form: Form) -> UUID:
    """The customer whose number was typed."""
    number = form.text("customer", required=True).upper()
    try:
        return customer_by_number(page.session, number=number).id
    except NotFound as unknown:
        raise FieldInvalid(f"There is no customer {number}: type his number, such as C-2001.") from unknown
