"""Opening balances: what customers and vendors brought into these books, from a table that is tried first."""

from __future__ import annotations

from datetime import date, timedelta

from flask import render_template, request

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import FieldInvalid, Form, attempt
from admin_web.uploads import packed_sheet, sent_sheet
from core.errors import DomainError
from core.spreadsheets.read import Sheet
from core.usecases.read_openings import COLUMNS, OpeningPlan, enter_openings, plan_openings

ORIGIN = "panel:openings"
SHOWN = 500
TITLES = {"balances": "Customers' balances", "deposits": "Customers' deposits", "bills": "Vendors' bills still unpaid"}


@blueprint.get("/openings")
@needs("ledger.write")
def openings() -> Page:
    return _page()


def _page(plan: OpeningPlan | None = None, carried: str = "") -> str:
    with books() as page:
        return render_template(
            "openings.html", company=page.company, plan=plan, carried=carried, kinds=list(TITLES.items()),
            titles=TITLES, columns=COLUMNS, shown=SHOWN, suggested=page.today.replace(day=1) - timedelta(days=1),
        )  # fmt: skip


@blueprint.post("/openings")
@needs("ledger.write")
def try_openings() -> Page:
    """A dry run shows every row; `enter` then enters the same table."""
    if request.form.get("do") == "enter":
        return attempt(_enter, done="panel.openings", show=_page)
    form = Form(request.form)
    try:
        sheet = sent_sheet()
        with books() as page:
            kind, posted_on = _asked(page, form)
            plan = plan_openings(page.session, kind=kind, sheet=sheet, posted_on=posted_on, by=page.actor,
                                 origin=ORIGIN)  # fmt: skip
    except DomainError as refusal:
        return _refused(str(refusal))
    return _page(plan, packed_sheet(sheet))


def _asked(page: Books, form: Form) -> tuple[str, date]:
    posted_on = form.day("posted_on")
    if posted_on > page.today:
        raise FieldInvalid("The books cannot begin on a day that is still to come.")
    return form.choice("kind", COLUMNS), posted_on


def _enter(page: Books, form: Form) -> str:
    sheet: Sheet = sent_sheet()
    kind, posted_on = _asked(page, form)
    entered = enter_openings(
        page.session, kind=kind, sheet=sheet, posted_on=posted_on, by=page.actor, origin=form.once()
    )
    return f"{TITLES[kind]}: {entered} are in the books of {posted_on}."


def _refused(reason: str) -> Page:
    def refuse(page: Books, form: Form) -> str:
        raise FieldInvalid(reason)

    return attempt(refuse, done="panel.openings", show=_page)
