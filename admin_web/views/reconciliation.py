"""Bank statements against the books: files in, lines matched or booked, and the comparison saved."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import abort, flash, render_template, request

from admin_web.access import Books, books, current_user, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import FieldInvalid, Form, asked, attempt
from admin_web.views.banks import chosen_customer
from core.clock import utc_now
from core.errors import DomainError, NotFound
from core.ledger.accounts import accounts_by_code
from core.ledger.bank_files import SIZE_MAX
from core.ledger.bank_files_import import (
    import_statement,
    imports_of,
    opening_line,
    save_mapping,
    set_statement_opening,
    withdraw_import,
)
from core.ledger.bank_files_preview import TablePreview, preview_table
from core.ledger.bank_files_table import COLUMNS
from core.ledger.cash_accounts import cash_account, cash_accounts
from core.ledger.cash_movements import BANK_CHARGES, UNIDENTIFIED
from core.ledger.expenses import expense_categories
from core.ledger.reconciliation import compare, drift, last_reconciliation, save_reconciliation
from core.ledger.reconciliation_booking import book_expense, book_line, book_vendor_payment
from core.ledger.reconciliation_matches import open_lines, recent_matches
from core.ledger.reconciliation_matching import Proposal
from core.ledger.reconciliation_reopening import reopen_reconciliation, saved_reconciliations
from core.ledger.reconciliation_rules import forget_rule, rules_for, teach_rule
from core.ledger.treasury_models import CashAccount
from core.ledger.vendors import vendors_in_use
from core.printing.figures import figures
from core.staff.actors import named_actors
from core.usecases.propose_matches import propose
from core.usecases.reconcile_bank import book_payment, confirm, confirm_exact, undo

ORIGIN = "panel:reconciliation"
LINES = 100
MAPPING_WORDS = ("decimal", "thousands", "delimiter", "encoding", "sheet")
TREATMENTS = {
    "fee": "Bank fee", "account": "Another account", "expense": "Expense of a category",
    "customer": "Payment of a customer", "vendor": "Payment to a vendor", "unidentified": "Unknown payer",
}  # fmt: skip


@blueprint.get("/reconciliation")
@needs("bank.view")
def reconciliations() -> Page:
    with books() as page:
        rows = [
            (account, len(open_lines(page.session, cash_account_id=account.id)),
             last_reconciliation(page.session, cash_account_id=account.id))
            for account in cash_accounts(page.session)
        ]  # fmt: skip
        return render_template("reconciliations.html", company=page.company, rows=rows)


@blueprint.get("/reconciliation/<uuid:account_id>")
@needs("bank.view")
def reconciliation(account_id: UUID) -> Page:
    return _work(account_id, None)


def _work(account_id: UUID, preview: TablePreview | None) -> str:
    """Everything that is open on the account; a comparison of the day that the address line asks for."""
    with books() as page:
        account = _account(page, account_id)
        day, printed, problem = _asked_day(page)
        lines = open_lines(page.session, cash_account_id=account_id)
        last = last_reconciliation(page.session, cash_account_id=account_id)
        saved = saved_reconciliations(page.session, cash_account_id=account_id)
        return render_template(
            "reconciliation.html", company=page.company, account=account, preview=preview, columns=COLUMNS,
            mapping=account.statement_mapping or {}, imports=imports_of(page.session, cash_account_id=account_id),
            lines=lines[:LINES], line_count=len(lines), lines_by_id={line.id: line for line in lines},
            proposals=[(key_of(each), each) for each in propose(page.session, cash_account_id=account_id)][:LINES],
            matches=recent_matches(page.session, cash_account_id=account_id), treatments=list(TREATMENTS.items()),
            rules=rules_for(page.session, cash_account_id=account_id), accounts=_plain_accounts(page),
            categories=[(each.id, each.name) for each in expense_categories(page.session)],
            vendors=[(each.id, each.name) for each in vendors_in_use(page.session)], last=last, problem=problem,
            drift=drift(page.session, reconciliation_id=last.id) if last else None, day=day, printed=printed,
            comparison=compare(page.session, cash_account_id=account_id, as_of=day, statement_balance=printed),
            opening=opening_line(page.session, account_id), zone=page.zone, saved=saved,
            people=named_actors(page.session, {by for one in saved for by in (one.closed_by, one.reopened_by)}),
        )  # fmt: skip


def _account(page: Books, account_id: UUID) -> CashAccount:
    try:
        return cash_account(page.session, account_id)
    except NotFound:
        abort(404)


def _asked_day(page: Books) -> tuple[date, Decimal | None, str]:
    form = asked()
    try:
        return form.day("day", page.today), form.maybe_amount("printed"), ""
    except DomainError as wrong:
        return page.today, None, str(wrong)


def _plain_accounts(page: Books) -> list[tuple[str, str]]:
    return [
        (known.code, f"{known.code} {known.name}") for known in accounts_by_code(page.session).values()
        if not known.control
    ]  # fmt: skip


def _attempt(account_id: UUID, action: Callable[[Books, Form], str]) -> Page:
    return attempt(action, done="panel.reconciliation", show=lambda: reconciliation(account_id), account_id=account_id)


def key_of(proposal: Proposal) -> str:
    """What a button names: this very proposal, so that one that changed meanwhile is not confirmed unseen."""
    return hashlib.sha256(repr(proposal).encode()).hexdigest()[:24]


def uploaded() -> tuple[str, bytes]:
    """(name, bytes) of the chosen file."""
    file = request.files.get("file")
    data = file.read(SIZE_MAX + 1) if file else b""
    if file is None or not data:
        raise FieldInvalid("Choose a file first.")
    return file.filename or "statement", data


@blueprint.post("/reconciliation/<uuid:account_id>/mapping")
@needs("bank.write")
def keep_mapping(account_id: UUID) -> Page:
    """Save the mapping, or look at what it makes of a file."""
    if request.form.get("do") == "preview":
        return _preview(account_id)

    def keep(page: Books, form: Form) -> str:
        account = save_mapping(page.session, cash_account_id=account_id, mapping=_mapping(form))
        return f"Tables of {account.name} are read this way from now on."

    return _attempt(account_id, keep)


def _preview(account_id: UUID) -> Page:
    try:
        preview = preview_table(uploaded()[1], mapping=_mapping(Form(request.form)))
    except DomainError as wrong:
        flash(str(wrong), "problem")
        preview = None
    return _work(account_id, preview)


def _mapping(form: Form) -> dict[str, Any]:
    """The filled-in fields; a column that is all digits is counted from 1."""
    mapping: dict[str, Any] = {name: _column(form.text(f"map_{name}")) for name in COLUMNS}
    mapping |= {name: form.text(f"map_{name}") for name in ("date_format", *MAPPING_WORDS)}
    mapping = {name: value for name, value in mapping.items() if value != ""}
    mapping["thousands"] = form.text("map_thousands")
    mapping["text"] = [_column(part.strip()) for part in form.text("map_text").split("|") if part.strip()]
    mapping |= {name: form.number(f"map_{name}", 0) for name in ("skip_lines", "skip_last")}
    return mapping | {"has_header": form.ticked("map_has_header"), "reversed_sign": form.ticked("map_reversed_sign")}


def _column(written: str) -> str | int:
    return int(written) if written.isdecimal() else written


@blueprint.post("/reconciliation/<uuid:account_id>/import")
@needs("bank.write")
def upload_statement(account_id: UUID) -> Page:
    def take_in(page: Books, form: Form) -> str:
        name, data = uploaded()
        made = import_statement(page.session, cash_account_id=account_id, data=data, filename=name,
                                imported_by=page.actor, now=utc_now())  # fmt: skip
        notice = f"{made.filename}: {made.new_count} of {made.line_count} lines are new."
        return " ".join([notice, *(f"{warning}." for warning in made.warnings)])

    return _attempt(account_id, take_in)


@blueprint.post("/reconciliation/<uuid:account_id>/imports/<uuid:import_id>/withdraw")
@needs("bank.write")
def withdraw_statement(account_id: UUID, import_id: UUID) -> Page:
    def withdraw(page: Books, form: Form) -> str:
        made = withdraw_import(page.session, import_id=import_id, withdrawn_by=page.actor)
        return f"The lines of {made.filename} are taken out."

    return _attempt(account_id, withdraw)


@blueprint.post("/reconciliation/<uuid:account_id>/opening")
@needs("bank.write")
def state_opening(account_id: UUID) -> Page:
    def state(page: Books, form: Form) -> str:
        made = set_statement_opening(page.session, cash_account_id=account_id, amount=form.amount("opening"))
        return f"The bank began at {figures(made.amount)}."

    return _attempt(account_id, state)


@blueprint.post("/reconciliation/<uuid:account_id>/confirm")
@needs("bank.write")
def confirm_proposal(account_id: UUID) -> Page:
    def do(page: Books, form: Form) -> str:
        wanted = form.text("proposal", required=True)
        found = [each for each in propose(page.session, cash_account_id=account_id) if key_of(each) == wanted]
        if not found:
            raise FieldInvalid("Something changed meanwhile: look at the proposals again.")
        confirm(page.session, cash_account_id=account_id, proposal=found[0], confirmed_by=page.actor, now=utc_now(),
                origin=ORIGIN)  # fmt: skip
        return f"Confirmed: {found[0].reason}."

    return _attempt(account_id, do)


@blueprint.post("/reconciliation/<uuid:account_id>/confirm-exact")
@needs("bank.write")
def confirm_all_exact(account_id: UUID) -> Page:
    def do(page: Books, form: Form) -> str:
        made = confirm_exact(page.session, cash_account_id=account_id, confirmed_by=page.actor, now=utc_now(),
                             origin=ORIGIN)  # fmt: skip
        refused = "".join(f" Not confirmed: {why}" for _, why in made.refused)
        return f"{len(made.matches)} exact proposals are confirmed.{refused}"

    return _attempt(account_id, do)


@blueprint.post("/reconciliation/<uuid:account_id>/lines/<uuid:line_id>")
@needs("bank.write")
def book_open_line(account_id: UUID, line_id: UUID) -> Page:
    """Book a line as what a person knows it is, or teach what lines like it are."""

    def do(page: Books, form: Form) -> str:
        return _teach(page, form, line_id) if form.text("do") == "teach" else _book(page, form, line_id)

    return _attempt(account_id, do)


def _teach(page: Books, form: Form, line_id: UUID) -> str:
    rule = teach_rule(page.session, line_id=line_id, account_code=form.text("account_code", required=True),
                      words=form.text("words"), automatic=form.ticked("automatic"),
                      everywhere=form.ticked("everywhere"), made_by=page.actor)  # fmt: skip
    return f"Lines with the words {rule.words!r} are proposed for account {rule.account_code} from now on."


def _book(page: Books, form: Form, line_id: UUID) -> str:
    how: Any = {"line_id": line_id, "booked_by": page.actor, "now": utc_now(), "origin": ORIGIN}
    treatment, words = form.choice("treatment", TREATMENTS), form.text("description")
    if treatment == "customer":
        book_payment(page.session, customer_id=chosen_customer(page, form), **how)
    elif treatment == "vendor":
        book_vendor_payment(page.session, vendor_id=form.key("vendor"), **how)
    elif treatment == "expense":
        if book_expense(page.session, category_id=form.key("category"), description=words, **how) is None:
            return "The expense is above the limit: another person approves it, then book the line again."
    else:
        codes = {"fee": BANK_CHARGES, "unidentified": UNIDENTIFIED}
        code = codes.get(treatment) or form.text("account_code", required=True)
        book_line(page.session, account_code=code, description=words, **how)
    return f"The line is booked: {TREATMENTS[treatment].lower()}."


@blueprint.post("/reconciliation/<uuid:account_id>/matches/<uuid:match_id>/undo")
@needs("bank.write")
def undo_match(account_id: UUID, match_id: UUID) -> Page:
    def do(page: Books, form: Form) -> str:
        undo(page.session, match_id=match_id, undone_by=page.actor, now=utc_now(), origin=ORIGIN,
             undone_on=form.maybe_day("undone_on"))  # fmt: skip
        return "The match is taken apart; its line is open again."

    return _attempt(account_id, do)


@blueprint.post("/reconciliation/<uuid:account_id>/rules/<uuid:rule_id>/forget")
@needs("bank.write")
def unlearn_rule(account_id: UUID, rule_id: UUID) -> Page:
    def do(page: Books, form: Form) -> str:
        forget_rule(page.session, rule_id=rule_id)
        return "The rule is forgotten."

    return _attempt(account_id, do)


@blueprint.post("/reconciliation/<uuid:account_id>/save")
@needs("bank.write")
def keep_reconciliation(account_id: UUID) -> Page:
    def keep(page: Books, form: Form) -> str:
        made = save_reconciliation(
            page.session, cash_account_id=account_id, statement_on=form.day("statement_on"),
            statement_balance=form.amount("statement_balance"), note=form.text("note"), closed_by=page.actor,
            now=utc_now(),
        )  # fmt: skip
        return f"The statement of {made.statement_on} is reconciled."

    return _attempt(account_id, keep)


@blueprint.post("/reconciliation/<uuid:account_id>/saved/<uuid:reconciliation_id>/reopen")
@needs("ledger.close")
def reopen_saved(account_id: UUID, reconciliation_id: UUID) -> Page:
    """The owner alone takes a saved statement back."""
    user = current_user()
    assert user is not None

    def reopen(page: Books, form: Form) -> str:
        made = reopen_reconciliation(
            page.session, reconciliation_id=reconciliation_id, reason=form.text("reason", required=True),
            by=page.actor, by_role=user.role, now=utc_now(),
        )  # fmt: skip
        return f"The statement of {made.statement_on} is open again: put its matches right, then save the day anew."

    return _attempt(account_id, reopen)
