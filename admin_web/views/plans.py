"""What is sold and how it is taxed: plans with their dated prices and tariffs, and the tax table."""

from __future__ import annotations

import re
from decimal import Decimal
from uuid import UUID

from flask import render_template

from admin_web.access import Books, books, current_user, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import FieldInvalid, Form, attempt
from core.billing.plan_models import SERVICE_CLASSES
from core.billing.plans import KINDS, add_plan, every_plan, set_bands, set_offered
from core.billing.tax_table import BASES, add_tax_rate, tax_rates
from core.billing.tax_table import KINDS as TAX_KINDS
from core.clock import utc_now
from core.ids import new_id
from core.ledger.accounts import accounts_by_code
from core.money import ZERO
from core.printing.figures import figures, plain
from core.usecases.grant_terms import change_price


@blueprint.get("/plans")
@needs("invoice.view")
def plans() -> Page:
    with books() as page:
        income = [
            (code, f"{code} {known.name}")
            for code, known in accounts_by_code(page.session).items()
            if code.startswith("4")
        ]
        return render_template(
            "plans.html", company=page.company, plans=every_plan(page.session), today=page.today, kinds=KINDS,
            classes=SERVICE_CLASSES, income=income,
        )  # fmt: skip


@blueprint.post("/plans")
@needs("invoice.write")
def write_plan() -> Page:
    def write(page: Books, form: Form) -> str:
        made = add_plan(
            page.session, code=form.text("code", required=True), name=form.text("name", required=True),
            download_mbps=form.number("download_mbps"), upload_mbps=form.number("upload_mbps"),
            price=form.amount("price"), valid_from=form.day("valid_from", page.today),
            kind=form.choice("kind", KINDS), service_class=form.choice("service_class", SERVICE_CLASSES),
            income_account=form.text("income_account") or "4000", interval_months=form.number("interval_months", 1),
            validity_days=form.maybe_number("validity_days"), tax_inclusive=form.ticked("tax_inclusive"),
            allowance_gb=form.maybe_number("allowance_gb"), throttled_mbps=form.maybe_number("throttled_mbps"),
            rating=form.text("rating"), bands=_bands(form),
        )  # fmt: skip
        return f"{made.name} is on offer."

    return attempt(write, done="panel.plans", show=plans)


@blueprint.post("/plans/<uuid:plan_id>/prices")
@needs("invoice.write")
def price_plan(plan_id: UUID) -> Page:
    def write(page: Books, form: Form) -> str:
        user = current_user()
        assert user is not None
        amount, since = form.amount("new_price"), form.day("from")
        made = change_price(
            page.session, plan_id=plan_id, amount=amount, valid_from=since, reason=form.text("why") or "new price",
            actor=page.actor, role=user.role, now=utc_now(), key=f"panel:{new_id()}",
        )  # fmt: skip
        if made.request is not None:
            return f"{made.request.number}: the owner is asked for this price."
        return f"The price is {figures(amount)} from {since} on; invoices already issued keep theirs."

    return attempt(write, done="panel.plans", show=plans)


@blueprint.post("/plans/<uuid:plan_id>/tariff")
@needs("invoice.write")
def set_tariff(plan_id: UUID) -> Page:
    def write(page: Books, form: Form) -> str:
        day = form.day("from")
        made = set_bands(page.session, plan_id=plan_id, bands=_bands(form), valid_from=day)
        return f"A tariff of {len(made)} bands holds from {day} on."

    return attempt(write, done="panel.plans", show=plans)


@blueprint.post("/plans/<uuid:plan_id>/offered")
@needs("invoice.write")
def offer_plan(plan_id: UUID) -> Page:
    def offer(page: Books, form: Form) -> str:
        made = set_offered(page.session, plan_id=plan_id, offered=form.choice("offered", ("yes", "no")) == "yes")
        return f"{made.name} is {'on offer' if made.offered else 'not offered any more; who has it keeps it'}."

    return attempt(offer, done="panel.plans", show=plans)


def _bands(form: Form) -> list[tuple[int, Decimal]]:
    """`0: 12.50` a line: above so many units, the price of one."""
    bands = []
    for line in filter(None, (row.strip() for row in form.text("bands").splitlines())):
        read = re.fullmatch(r"(\d{1,9})\s*:\s*(\d{1,6}(\.\d{1,6})?)", line)
        if read is None:
            raise FieldInvalid(f"{line!r} is no band: write the units above and the price, such as 0: 12.50")
        bands.append((int(read[1]), Decimal(read[2])))
    return bands


@blueprint.get("/taxes")
@needs("invoice.view")
def taxes() -> Page:
    with books() as page:
        owed = [
            (code, f"{code} {known.name}")
            for code, known in accounts_by_code(page.session).items()
            if code.startswith("21")
        ]
        return render_template(
            "taxes.html", company=page.company, rates=tax_rates(page.session), today=page.today, kinds=TAX_KINDS,
            bases=BASES, classes=SERVICE_CLASSES, accounts=owed,
        )  # fmt: skip


@blueprint.post("/taxes")
@needs("invoice.write")
def write_tax() -> Page:
    def write(page: Books, form: Form) -> str:
        made = add_tax_rate(
            page.session, code=form.text("code", required=True), name=form.text("name", required=True),
            kind=form.choice("kind", TAX_KINDS), base=form.choice("base", BASES), percent=form.rate("percent"),
            account_code=form.text("account", required=True), valid_from=form.day("valid_from"),
            valid_to=form.maybe_day("valid_to"), threshold=form.maybe_amount("threshold") or ZERO,
            jurisdiction=form.text("jurisdiction"), service_class=form.text("service_class"),
            customer_class=form.text("customer_class"),
        )  # fmt: skip
        return f"{made.name} is {plain(made.percent)} % from {made.valid_from} on."

    return attempt(write, done="panel.taxes", show=taxes)
