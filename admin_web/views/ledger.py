"""The books."""

from __future__ import annotations

from flask import abort, render_template, request

from admin_web.access import books, needs
from admin_web.blueprint import Page, blueprint
from core.ledger.statements import trial_balance


@blueprint.get("/ledger")
@needs("ledger.view")
def ledger() -> Page:
    with books() as page:
        as_of = page.today
        asked = request.args.get("as_of", "")
        if asked:
            try:
                as_of = type(page.today).fromisoformat(asked)
            except ValueError:
                abort(400, "The date must look like 2026-11-30.")
        rows = trial_balance(page.session, as_of=as_of)
        return render_template("ledger.html", company=page.company, rows=rows, as_of=as_of)
