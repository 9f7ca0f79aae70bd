"""What a customer has: services started, changed, paused and ended, one-off charges, and his statement of account."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from uuid import UUID

from flask import abort, render_template

from admin_web.access import Books, books, current_user, needs
from admin_web.blueprint import Page, blueprint
from admin_web.downloads import TABLES, exported
from admin_web.forms import FieldInvalid, Form, asked, attempt
from admin_web.uploads import kept_file, sent_file
from admin_web.views.customers import CONTRACT_ROWS, customer
from core.billing.charges import CHARGES, add_charge, cancel_charge, invoice_now
from core.billing.lines import add_line, grant_discount
from core.billing.plan_changes import Effective, cancel_plan_change, preview_plan_change
from core.billing.subscriptions import ROLES, NewLine
from core.billing.tax_table import add_exemption, end_exemption, exemptions_of
from core.clock import utc_now
from core.crm.customers import customer_by_number
from core.crm.models import Customer
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.account_books import CUSTOMER_ACCOUNTS, PartyStatement, party_statement
from core.money import ZERO
from core.printing.figures import figures
from core.usecases.change_plan import change_plan
from core.usecases.end_service import end_service
from core.usecases.export_report import export_report
from core.usecases.grant_terms import give_discount
from core.usecases.pause_service import pause_service, resume_service
from core.usecases.start_service import start_service

ONE = Decimal(1)


def _act(number: str, action: Callable[[Books, Form, Id], str]) -> Page:
    """Let `action` act for the customer; the page is his, whatever comes of it."""

    def for_customer(page: Books, form: Form) -> str:
        return action(page, form, customer_by_number(page.session, number=number).id)

    return attempt(for_customer, done="panel.customer", show=lambda: customer(number), number=number)


@blueprint.post("/customers/<number>/subscriptions")
@needs("invoice.write")
def begin_service(number: str) -> Page:
    def start(page: Books, form: Form, whose: Id) -> str:
        made = start_service(
            page.session, customer_id=whose, site_id=form.key("site"), plan_id=form.key("plan"),
            started_on=form.day("started_on", page.today), billing_day=form.maybe_number("billing_day"),
            agreed_price=form.maybe_amount("agreed_price"), username=form.text("username"),
        )  # fmt: skip
        return f"The service runs from {made.started_on}; its first bill is due on {made.next_bill_on or 'renewal'}."

    return _act(number, start)


@blueprint.post("/customers/<number>/contracts")
@needs("invoice.write")
def begin_contract(number: str) -> Page:
    """A contract of several lines: the first is the main one, rows without a plan are left out."""

    def start(page: Books, form: Form, whose: Id) -> str:
        first, *others = _contract_lines(form)
        made = start_service(
            page.session, customer_id=whose, site_id=first.site_id or form.key("site_1"), plan_id=first.plan_id,
            started_on=form.day("contract_from", page.today), agreed_price=first.agreed_price, lines=others,
            due_days=form.maybe_number("due_days"), contract_no=form.text("contract_no", required=True),
            contract_until=form.maybe_day("contract_until"), username=form.text("contract_username"),
        )  # fmt: skip
        if form.text("contract_discount"):
            grant_discount(
                page.session, subscription_id=made.id, valid_from=made.started_on, approved_by=page.actor,
                percent=form.rate("contract_discount"), reason=f"contract {made.contract_no}",
            )  # fmt: skip
        return f"Contract {made.contract_no} of {1 + len(others)} lines runs from {made.started_on}."

    return _act(number, start)


def _contract_lines(form: Form) -> list[NewLine]:
    lines = [
        NewLine(
            form.key(f"plan_{row}"), role="main" if row == 1 else "site", site_id=form.maybe_key(f"site_{row}"),
            description=form.text(f"words_{row}"), agreed_price=form.maybe_amount(f"price_{row}"),
            quantity=form.rate(f"quantity_{row}") if form.text(f"quantity_{row}") else ONE,
        )
        for row in range(1, CONTRACT_ROWS + 1)
        if row == 1 or form.text(f"plan_{row}")
    ]  # fmt: skip
    if lines[0].quantity != ONE:
        raise FieldInvalid("The main line is sold once: put what is sold several times into a line of its own.")
    return lines


@blueprint.post("/customers/<number>/exemptions")
@needs("invoice.write")
def exempt(number: str) -> Page:
    def add(page: Books, form: Form, whose: Id) -> str:
        document_id = kept_file(page, "certificate", kind="tax_certificate", customer_id=whose)
        made = add_exemption(
            page.session, customer_id=whose, tax_code=form.text("tax_code", required=True),
            certificate_no=form.text("certificate_no", required=True), valid_from=form.day("exempt_from", page.today),
            valid_to=form.maybe_day("exempt_to"), document_id=document_id,
        )  # fmt: skip
        return f"Invoices from {made.valid_from} carry no {made.tax_code}."

    return _act(number, add)


@blueprint.post("/customers/<number>/exemptions/<uuid:exemption_id>")
@needs("invoice.write")
def stop_exemption(number: str, exemption_id: UUID) -> Page:
    def stop(page: Books, form: Form, whose: Id) -> str:
        made = end_exemption(page.session, exemption_id=exemption_id, valid_to=form.day("last_day", page.today))
        return f"Certificate {made.certificate_no} holds to {made.valid_to}."

    return _act(number, stop)


@blueprint.get("/customers/<number>/exemptions/<uuid:exemption_id>/certificate")
@needs("invoice.view")
def certificate_file(number: str, exemption_id: UUID) -> Page:
    with books() as page:
        try:
            whose = customer_by_number(page.session, number=number)
            held = {each.id: each for each in exemptions_of(page.session, customer_id=whose.id)}
            if exemption_id not in held:
                abort(404)
        except NotFound:
            abort(404)
        return sent_file(page, held[exemption_id].document_id)


@blueprint.post("/customers/<number>/subscriptions/<uuid:subscription_id>/lines")
@needs("invoice.write")
def sell_line(number: str, subscription_id: UUID) -> Page:
    def sell(page: Books, form: Form, whose: Id) -> str:
        line = NewLine(
            form.key("line_plan"), role=form.choice("role", ROLES[1:]), site_id=form.maybe_key("line_site"),
            quantity=form.rate("quantity") if form.text("quantity") else ONE,
            agreed_price=form.maybe_amount("line_price"), starts_on=form.day("line_from", page.today),
        )  # fmt: skip
        _, invoice = add_line(
            page.session, subscription_id=subscription_id, line=line, issued_on=page.today, actor=page.actor,
            origin=form.once(),
        )  # fmt: skip
        return "The line is added" + (f", and {invoice.number} bills its first days." if invoice else ".")

    return _act(number, sell)


def _effective(form: Form) -> Effective | None:
    when = form.choice("when", ("", "now", "period_end", "day"))
    if when == "day":
        return form.day("effective_on")
    return "now" if when == "now" else "period_end" if when == "period_end" else None


@blueprint.post("/customers/<number>/subscriptions/<uuid:subscription_id>/plan")
@needs("invoice.write")
def move_plan(number: str, subscription_id: UUID) -> Page:
    def change(page: Books, form: Form, whose: Id) -> str:
        made = change_plan(
            page.session, subscription_id=subscription_id, plan_id=form.key("new_plan"), now=utc_now(),
            actor=page.actor, effective=_effective(form), agreed_price=form.maybe_amount("new_plan_price"),
            origin=form.once(),
        )  # fmt: skip
        return f"{made.new_line.plan.name} {'is' if made.in_effect else 'will be'} in effect from {made.effective_on}."

    return _act(number, change)


@blueprint.get("/customers/<number>/subscriptions/<uuid:subscription_id>/plan")
@needs("invoice.write")
def plan_preview(number: str, subscription_id: UUID) -> Page:
    """What a change would cost: the part of the page that the form asks for before it is sent."""
    form, preview, problem = asked(), None, ""
    try:
        with books() as page:
            preview = preview_plan_change(
                page.session, subscription_id=subscription_id, plan_id=form.key("new_plan"), today=page.today,
                effective=_effective(form), agreed_price=form.maybe_amount("new_plan_price"),
            )  # fmt: skip
    except NotFound:
        abort(404)
    except DomainError as refusal:
        problem = str(refusal)
    return render_template("plan_preview.html", preview=preview, problem=problem)


@blueprint.post("/customers/<number>/subscriptions/<uuid:subscription_id>/keep-plan")
@needs("invoice.write")
def keep_plan(number: str, subscription_id: UUID) -> Page:
    def keep(page: Books, form: Form, whose: Id) -> str:
        cancel_plan_change(
            page.session, subscription_id=subscription_id, today=page.today, actor=page.actor, origin=form.once()
        )
        return "The change to come is forgotten; the plan stays."

    return _act(number, keep)


@blueprint.post("/customers/<number>/subscriptions/<uuid:subscription_id>/pauses")
@needs("invoice.write")
def pause(number: str, subscription_id: UUID) -> Page:
    def stop(page: Books, form: Form, whose: Id) -> str:
        made = pause_service(
            page.session, subscription_id=subscription_id, starts_on=form.day("pause_from", page.today),
            ends_on=form.maybe_day("pause_until"), note=form.text("pause_note"), now=utc_now(), actor=page.actor,
            origin=form.once(),
        )  # fmt: skip
        return f"The service pauses from {made.pause.starts_on} {_until(made.pause.ends_on)}."

    return _act(number, stop)


def _until(day: date | None) -> str:
    return f"to {day}" if day else "until it is resumed"


@blueprint.post("/customers/<number>/pauses/<uuid:pause_id>")
@needs("invoice.write")
def resume(number: str, pause_id: UUID) -> Page:
    def go_on(page: Books, form: Form, whose: Id) -> str:
        made = resume_service(
            page.session, pause_id=pause_id, ends_on=form.day("resume_on", page.today), now=utc_now(),
            actor=page.actor, origin=form.once(),
        )  # fmt: skip
        return f"There is service again from {made.pause.ends_on}."

    return _act(number, go_on)


@blueprint.post("/customers/<number>/subscriptions/<uuid:subscription_id>/end")
@needs("invoice.write")
def stop_service(number: str, subscription_id: UUID) -> Page:
    def end(page: Books, form: Form, whose: Id) -> str:
        kept = form.maybe_amount("deposit_kept") or ZERO
        made = end_service(
            page.session, subscription_id=subscription_id, end_day=form.day("end_day", page.today), now=utc_now(),
            actor=page.actor, reason=form.text("end_reason"), origin=form.once(),
            deposit_kept=kept if form.ticked("settle_deposit") else None,
        )  # fmt: skip
        return f"The service ends on {made.subscription.ended_on}."

    return _act(number, end)


@blueprint.post("/customers/<number>/subscriptions/<uuid:subscription_id>/discounts")
@needs("invoice.write")
def discount(number: str, subscription_id: UUID) -> Page:
    def grant(page: Books, form: Form, whose: Id) -> str:
        user = current_user()
        assert user is not None
        since = form.day("discount_from", page.today)
        made = give_discount(
            page.session, subscription_id=subscription_id, valid_from=since, role=user.role, now=utc_now(),
            percent=form.rate("discount_percent") if form.text("discount_percent") else None,
            amount=form.maybe_amount("discount_amount"), periods=form.maybe_number("discount_periods"),
            reason=form.text("discount_reason", required=True), actor=page.actor, key=f"panel:{new_id()}",
        )  # fmt: skip
        if made.request is not None:
            return f"{made.request.number}: the owner is asked, for it goes beyond what a manager may grant alone."
        return f"The discount holds for periods from {since} on."

    return _act(number, grant)


@blueprint.post("/customers/<number>/charges")
@needs("invoice.write")
def charge(number: str) -> Page:
    def add(page: Books, form: Form, whose: Id) -> str:
        made = add_charge(
            page.session, customer_id=whose, what=form.choice("what", CHARGES), amount=form.amount("charge_amount"),
            quantity=form.rate("charge_quantity") if form.text("charge_quantity") else ONE, bill_from=page.today,
            subscription_id=form.maybe_key("charge_subscription"), description=form.text("charge_words"),
            tax_inclusive=form.ticked("tax_inclusive"), created_by=page.actor, idempotency_key=form.once(),
        )  # fmt: skip
        if form.choice("bill", ("next", "now")) == "next" or made.invoice_id is not None:
            return f"{made.description} of {figures(made.amount)} waits for the next invoice."
        invoices = invoice_now(
            page.session, charge_ids=[made.id], issued_on=page.today, actor=page.actor, origin=form.once()
        )
        return f"{made.description} is invoiced: {', '.join(str(invoice.number) for invoice in invoices)}."

    return _act(number, add)


@blueprint.post("/customers/<number>/charges/<uuid:charge_id>")
@needs("invoice.write")
def decide_charge(number: str, charge_id: UUID) -> Page:
    def decide(page: Books, form: Form, whose: Id) -> str:
        if form.choice("decision", ("cancel", "invoice")) == "cancel":
            return f"{cancel_charge(page.session, charge_id=charge_id, now=utc_now()).description} is not charged."
        invoices = invoice_now(
            page.session, charge_ids=[charge_id], issued_on=page.today, actor=page.actor, origin=form.once()
        )
        return f"It is invoiced: {', '.join(str(invoice.number) for invoice in invoices)}."

    return _act(number, decide)


@blueprint.get("/customers/<number>/statement")
@needs("invoice.view")
def statement(number: str) -> Page:
    with books() as page:
        whose, shown = _statement(page, number)
        return render_template("statement.html", company=page.company, customer=whose, statement=shown)


@blueprint.get("/customers/<number>/statement.<format>")
@needs("invoice.view")
def statement_file(number: str, format: str) -> Page:
    if format not in TABLES:
        abort(404)
    out = io.BytesIO()
    with books() as page:
        _, shown = _statement(page, number)
        export_report(page.session, shown, title="Statement of account", format=format, out=out)
    name = f"statement-{number}-{shown.span.last}.{format}"
    return exported(out.getvalue(), mime=TABLES[format], name=name)


def _statement(page: Books, number: str) -> tuple[Customer, PartyStatement]:
    form = asked()
    try:
        whose = customer_by_number(page.session, number=number)
        first = form.day("first", date(page.today.year - 1, page.today.month, 1))
        last = form.day("last", page.today)
    except NotFound:
        abort(404)
    except DomainError as wrong:
        abort(400, str(wrong))
    return whose, party_statement(page.session, party_id=whose.id, accounts=CUSTOMER_ACCOUNTS, first=first, last=last)
