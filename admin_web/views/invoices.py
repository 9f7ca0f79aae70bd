"""Invoices."""

from __future__ import annotations

from flask import Response, abort

from admin_web.access import books, needs
from admin_web.blueprint import Page, blueprint
from core.billing.invoice_pdf import invoice_pdf
from core.billing.invoices import invoice_by_number
from core.errors import NotFound


@blueprint.get("/invoices/<number>.pdf")
@needs("invoice.view")
def invoice(number: str) -> Page:
    with books() as page:
        try:
            name, pdf = invoice_pdf(page.session, invoice_id=invoice_by_number(page.session, number=number).id)
        except NotFound:
            abort(404)
    return Response(pdf, mimetype="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'})
