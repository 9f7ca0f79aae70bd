"""Customers: the list, its export, and everything about one of them."""

from __future__ import annotations

import csv
import io
from uuid import UUID

from flask import abort, render_template, request

from admin_web.access import books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.downloads import exported
from core.billing.charges import CHARGES
from core.billing.plans import offered_plans
from core.billing.tax_table import tax_rates
from core.crm.customers import PAGE, areas_of, search_customers
from core.errors import NotFound
from core.printing.figures import figures
from core.usecases.customer_profile import customer_profile

CONTRACT_ROWS = 5
"""Lines that the form of a contract offers; more are added afterwards."""


@blueprint.get("/customers")
@needs("customer.view")
def customers() -> Page:
    asked = request.args
    area = asked.get("area", "")
    with books() as page:
        if area and not _is_uuid(area):
            abort(404)
        rows = search_customers(
            page.session, wanted=asked.get("q", ""), area_id=UUID(area) if area else None,
            state=asked.get("state", ""), after=asked.get("after", ""),
        )  # fmt: skip
        following = rows[-1].number if len(rows) == PAGE else None
        template = "customer_rows.html" if request.headers.get("HX-Request") else "customers.html"
        return render_template(template, company=page.company, rows=rows, areas=areas_of(page.session), asked=asked,
                               following=following)  # fmt: skip


@blueprint.get("/customers.csv")
@needs("customer.view")
def customers_csv() -> Page:
    with books() as page:
        rows = search_customers(page.session, wanted=request.args.get("q", ""), limit=100_000)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["number", "name", "state", "area", "sub_zone", "phone"])
    writer.writerows([_plain(value) for value in tuple(row)[1:]] for row in rows)
    return exported(out.getvalue().encode(), mime="text/csv", name="customers.csv")


def _plain(value: object) -> str:
    """Text that a spreadsheet does not take for a formula."""
    text = str(value or "")
    return f"'{text}" if text[:1] in "=@-\t\r" or (text[:1] == "+" and not text[1:].isdigit()) else text


@blueprint.get("/customers/<number>")
@needs("customer.view")
def customer(number: str) -> Page:
    with books() as page:
        try:
            profile = customer_profile(page.session, number=number, today=page.today)
        except NotFound:
            abort(404)
        plans = [
            (plan.id, f"{plan.name}, {figures(price)}") for plan, price in offered_plans(page.session, day=page.today)
        ]
        return render_template(
            "customer.html", company=page.company, profile=profile, zone=page.zone, today=page.today, plans=plans,
            charges=CHARGES, contract_rows=CONTRACT_ROWS,
            taxes=list(dict.fromkeys(rate.code for rate in tax_rates(page.session))),
        )  # fmt: skip


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
