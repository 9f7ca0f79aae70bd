"""Vendors: what they bill each month, what they are owed, and paying them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from flask import abort, render_template

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import Form, asked, attempt
from admin_web.uploads import kept_file, sent_file
from admin_web.views.banks import money_choices
from core.errors import DomainError, NotFound
from core.ledger.accounts import accounts_by_code
from core.ledger.bills import (
    BillItem,
    accept_bill,
    bills_of,
    discard_draft,
    draft_bills,
    enter_bill,
    meter_bill,
    propose_bills,
    vendor_payments_of,
    void_bill,
)
from core.ledger.treasury_models import PRICINGS, Bill
from core.ledger.vendor_credits import vendor_credits_of
from core.ledger.vendor_payments import pay_vendor, reverse_vendor_payment, withholding_for
from core.ledger.vendors import (
    add_contract,
    add_vendor,
    contracts_of,
    end_contract,
    owed_to,
    vendor_ageing,
    vendor_by_id,
    vendor_statement,
    vendors_in_use,
)
from core.money import ZERO
from core.printing.figures import figures

ORIGIN = "panel:vendors"
UNBILLED = "2310"
"""What goods that were received are billed on; stock itself is entered when it is received."""
BILL_LINES = 3
STATEMENT_DAYS = 90


@blueprint.get("/vendors")
@needs("vendor.write")
def vendors() -> Page:
    with books() as page:
        ageing = vendor_ageing(page.session, as_of=page.today)
        return render_template(
            "vendors.html", company=page.company, vendors=vendors_in_use(page.session), today=page.today,
            ageing={row.vendor_id: row for row in ageing}, buckets=list(ageing[0].buckets) if ageing else [],
            drafts=draft_bills(page.session),
        )  # fmt: skip


@blueprint.post("/vendors")
@needs("vendor.write")
def new_vendor() -> Page:
    def add(page: Books, form: Form) -> str:
        made = add_vendor(
            page.session, name=form.text("name", required=True), kind=form.text("kind") or "supplier",
            phone=form.text("phone"), email=form.text("email"), tax_number=form.text("tax_number"),
            bank_details=form.text("bank_details"), terms_days=form.number("terms_days", 0),
            withholding_percent=_rate(form, "withholding_percent"),
        )  # fmt: skip
        return f"{made.number} {made.name} is a vendor."

    return attempt(add, done="panel.vendors", show=vendors)


def _rate(form: Form, name: str, default: Decimal = ZERO) -> Decimal:
    return form.rate(name) if form.text(name) else default


@blueprint.get("/vendors/<uuid:vendor_id>")
@needs("vendor.write")
def vendor(vendor_id: UUID) -> Page:
    with books() as page:
        form = asked()
        try:
            shown = vendor_by_id(page.session, vendor_id)
            last = form.day("last", page.today)
            first = form.day("first", last - timedelta(days=STATEMENT_DAYS))
            statement = vendor_statement(page.session, vendor_id=vendor_id, start=first, end=last)
        except NotFound:
            abort(404)
        except DomainError as wrong:
            abort(400, str(wrong))
        owed = owed_to(page.session, vendor_id=vendor_id)
        withheld = withholding_for(page.session, vendor_id=vendor_id, settled=max(owed, ZERO))
        return render_template(
            "vendor.html", company=page.company, vendor=shown, statement=statement, first=first, last=last, owed=owed,
            withheld=withheld, contracts=contracts_of(page.session, vendor_id=vendor_id), pricings=PRICINGS,
            bills=bills_of(page.session, vendor_id=vendor_id), today=page.today, lines=range(BILL_LINES),
            payments=vendor_payments_of(page.session, vendor_id=vendor_id), accounts=money_choices(page),
            costs=_cost_accounts(page), credits=vendor_credits_of(page.session, vendor_id=vendor_id),
        )  # fmt: skip


def _attempt(vendor_id: UUID, action: Callable[[Books, Form], str]) -> Page:
    return attempt(action, done="panel.vendor", show=lambda: vendor(vendor_id), vendor_id=vendor_id)


def _cost_accounts(page: Books) -> list[tuple[str, str]]:
    known = accounts_by_code(page.session).values()
    return [
        (each.code, f"{each.code} {each.name}") for each in known
        if not each.control and (each.type == "expense" or each.code.startswith(("15", UNBILLED)))
    ]  # fmt: skip


@blueprint.post("/vendors/<uuid:vendor_id>/contracts")
@needs("vendor.write")
def new_contract(vendor_id: UUID) -> Page:
    def add(page: Books, form: Form) -> str:
        made = add_contract(
            page.session, vendor_id=vendor_id, name=form.text("name", required=True),
            pricing=form.choice("pricing", PRICINGS), unit_price=form.rate("unit_price"),
            units=_rate(form, "units", Decimal(1)), tax_percent=_rate(form, "tax_percent"),
            starts_on=form.day("starts_on", page.today), account_code=form.text("account_code") or "5000",
        )  # fmt: skip
        return f"The contract {made.name} begins on {made.starts_on}."

    return _attempt(vendor_id, add)


@blueprint.post("/vendors/<uuid:vendor_id>/contracts/<uuid:contract_id>/end")
@needs("vendor.write")
def finish_contract(vendor_id: UUID, contract_id: UUID) -> Page:
    def end(page: Books, form: Form) -> str:
        made = end_contract(page.session, contract_id=contract_id, ends_on=form.day("ends_on"))
        return f"Nothing is billed for {made.name} from {made.ends_on} on."

    return _attempt(vendor_id, end)


@blueprint.post("/vendors/<uuid:vendor_id>/bills")
@needs("vendor.write")
def new_bill(vendor_id: UUID) -> Page:
    def enter(page: Books, form: Form) -> str:
        key = form.once()
        made = enter_bill(
            page.session, vendor_id=vendor_id, items=_items(form), billed_on=form.day("billed_on", page.today),
            due_on=form.maybe_day("due_on"), vendor_ref=form.text("vendor_ref"), idempotency_key=key,
            document_id=kept_file(page, "paper", kind="bill"), actor=page.actor, origin=key,
        )  # fmt: skip
        return f"Bill {made.number} of {figures(made.total)} is in the books, due on {made.due_on}."

    return _attempt(vendor_id, enter)


@blueprint.get("/bills/<uuid:bill_id>/paper")
@needs("vendor.write")
def bill_paper(bill_id: UUID) -> Page:
    """The vendor's own bill, as it was uploaded."""
    with books() as page:
        bill = page.session.get(Bill, bill_id)
        return sent_file(page, bill.document_id if bill else None)


def _items(form: Form) -> list[BillItem]:
    items = []
    for row in range(BILL_LINES):
        net = form.maybe_amount(f"net_{row}")
        if net is not None:
            items.append(BillItem(form.text(f"description_{row}", required=True), net, form.text(f"account_{row}"),
                                  tax=form.maybe_amount(f"tax_{row}") or ZERO))  # fmt: skip
    return items


@blueprint.post("/vendors/<uuid:vendor_id>/pay")
@needs("vendor.write")
def settle_vendor(vendor_id: UUID) -> Page:
    def pay(page: Books, form: Form) -> str:
        key = form.once()
        made = pay_vendor(
            page.session, vendor_id=vendor_id, cash_account_id=form.key("account"), amount=form.amount("amount"),
            withheld=form.maybe_amount("withheld") or ZERO, paid_on=form.day("paid_on", page.today),
            reference=form.text("reference"), idempotency_key=key, actor=page.actor, origin=key,
        )  # fmt: skip
        return f"{made.number}: {figures(made.amount)} is paid, {figures(made.withheld)} withheld."

    return _attempt(vendor_id, pay)


@blueprint.post("/vendors/<uuid:vendor_id>/payments/<uuid:payment_id>/reverse")
@needs("vendor.write")
def take_back_payment(vendor_id: UUID, payment_id: UUID) -> Page:
    def reverse(page: Books, form: Form) -> str:
        made = reverse_vendor_payment(
            page.session, payment_id=payment_id, reversed_on=form.day("day", page.today), actor=page.actor,
            reason=form.text("reason", required=True), origin=ORIGIN,
        )  # fmt: skip
        return f"{made.number} is taken back; its bills are open again."

    return _attempt(vendor_id, reverse)


@blueprint.post("/bills/propose")
@needs("vendor.write")
def propose_month() -> Page:
    def propose(page: Books, form: Form) -> str:
        month = form.day("month", page.today).replace(day=1)
        return (
            f"{len(propose_bills(page.session, month=month, actor=page.actor))} bills are proposed for {month:%B %Y}."
        )

    return attempt(propose, done="panel.vendors", show=vendors)


@blueprint.post("/bills/<uuid:bill_id>/draft")
@needs("vendor.write")
def decide_draft(bill_id: UUID) -> Page:
    """Say what the meter says, accept the proposal, or throw it away."""

    def decide(page: Books, form: Form) -> str:
        what = form.choice("decision", ("meter", "accept", "discard"))
        if what == "meter":
            return (
                f"The bill is {figures(meter_bill(page.session, bill_id=bill_id, units=form.rate('units')).total)} now."
            )
        if what == "discard":
            discard_draft(page.session, bill_id=bill_id)
            return "The proposal is thrown away."
        made = accept_bill(page.session, bill_id=bill_id, billed_on=form.day("billed_on", page.today), actor=page.actor,
                           vendor_ref=form.text("vendor_ref"), origin=ORIGIN)  # fmt: skip
        return f"Bill {made.number} of {figures(made.total)} is in the books."

    return attempt(decide, done="panel.vendors", show=vendors)


@blueprint.post("/vendors/<uuid:vendor_id>/bills/<uuid:bill_id>/void")
@needs("vendor.write")
def cancel_bill(vendor_id: UUID, bill_id: UUID) -> Page:
    def void(page: Books, form: Form) -> str:
        made = void_bill(page.session, bill_id=bill_id, voided_on=form.day("day", page.today), actor=page.actor,
                         reason=form.text("reason", required=True), origin=ORIGIN)  # fmt: skip
        return f"Bill {made.number} is void."

    return _attempt(vendor_id, void)
