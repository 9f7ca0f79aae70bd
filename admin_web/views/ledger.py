"""The books themselves: an account line by line, an entry with its source, closings, entries written by hand."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from uuid import UUID

from flask import abort, render_template

from admin_web.access import Books, books, current_user, needs
from admin_web.blueprint import Page, blueprint
from admin_web.downloads import TABLES, exported
from admin_web.forms import Form, asked, attempt
from admin_web.ways import way_to
from core.clock import utc_now
from core.errors import DomainError, NotFound
from core.ledger.account_books import general_ledger
from core.ledger.accounts import UnknownAccount, accounts_by_code
from core.ledger.journal import Line
from core.ledger.manual_entries import (
    approve_manual_entry,
    refuse_manual_entry,
    waiting_manual_entries,
    write_manual_entry,
)
from core.ledger.periods import books_state, last_whole_month_end, period_history, reopen_periods
from core.ledger.sources import ENTRIES, entries_of_document, entries_of_origin, entry_with_postings, source_of_entry
from core.ledger.year_close import close_year
from core.money import ZERO
from core.printing.figures import figures
from core.staff.actors import named_actors
from core.usecases.check_books import check_books
from core.usecases.close_books import close_books as close_after_earning
from core.usecases.earn_revenue import earn_revenue, revenue_to_earn
from core.usecases.export_report import export_general_ledger, names_of
from core.usecases.trace_entry import cause_of, document_of

MANUAL_LINES = 4


@blueprint.get("/accounts/<code>")
@needs("ledger.view")
def account(code: str) -> Page:
    with books() as page:
        form = asked()
        try:
            first = form.day("first", date(page.today.year - 1, 1, 1))
            last = form.day("last", page.today)
            shown = general_ledger(page.session, code=code, first=first, last=last)
        except UnknownAccount:
            abort(404)
        except DomainError as wrong:
            abort(400, str(wrong))
        return render_template("account.html", company=page.company, ledger=shown, names=names_of(page.session))


@blueprint.get("/accounts/<code>.<format>")
@needs("ledger.view")
def account_file(code: str, format: str) -> Page:
    """The general ledger of an account, however many its postings."""
    if format not in TABLES:
        abort(404)
    out, form = io.BytesIO(), asked()
    with books() as page:
        try:
            first, last = form.day("first", date(page.today.year - 1, 1, 1)), form.day("last", page.today)
            export_general_ledger(page.session, code=code, first=first, last=last, format=format, out=out)
        except UnknownAccount:
            abort(404)
        except DomainError as wrong:
            abort(400, str(wrong))
    return exported(out.getvalue(), mime=TABLES[format], name=f"{code}-{last}.{format}")


@blueprint.get("/entries/<uuid:entry_id>")
@needs("ledger.view")
def entry(entry_id: UUID) -> Page:
    """One entry, what caused it, and what else the same cause and the same document booked."""
    with books() as page:
        try:
            shown = entry_with_postings(page.session, entry_id=entry_id)
            source = source_of_entry(page.session, entry_id=entry_id)
        except NotFound:
            abort(404)
        return render_template(
            "entry.html", company=page.company, entry=shown, source=source, names=names_of(page.session),
            accounts={known.id: known for known in accounts_by_code(page.session).values()},
            of_origin=entries_of_origin(page.session, origin=shown.origin) if shown.origin else (),
            of_document=entries_of_document(page.session, source_id=source.source_id), zone=page.zone,
            cause=cause_of(page.session, shown.origin), document=document_of(page.session, source), way=way_to,
            writer=named_actors(page.session, [shown.actor])[shown.actor],
        )  # fmt: skip


@blueprint.get("/causes/<path:origin>")
@needs("ledger.view")
def caused(origin: str) -> Page:
    """Every entry that one chat message, run or action in the panel made."""
    with books() as page:
        entries = entries_of_origin(page.session, origin=origin)
        if not entries:
            abort(404)
        return render_template(
            "caused.html", company=page.company, entries=entries, cause=cause_of(page.session, origin), way=way_to,
            zone=page.zone, many=ENTRIES,
        )  # fmt: skip


@blueprint.get("/closing")
@needs("ledger.view")
def closing() -> Page:
    with books() as page:
        history = period_history(page.session)
        return render_template(
            "closing.html", company=page.company, state=books_state(page.session), zone=page.zone, history=history,
            people=named_actors(page.session, {each.done_by for each in history}),
            suggested=last_whole_month_end(page.today),
            differences=check_books(page.session, as_of=page.today), names=names_of(page.session), today=page.today,
            unearned=revenue_to_earn(page.session, today=page.today),
        )  # fmt: skip


@blueprint.post("/closing")
@needs("ledger.close")
def close_books() -> Page:
    def close(page: Books, form: Form) -> str:
        through = form.day("through")
        close_after_earning(page.session, through=through, hard=form.ticked("hard"), by=page.actor, now=utc_now())
        return f"The books are closed through {through}."

    return attempt(close, done="panel.closing", show=closing)


@blueprint.post("/closing/earn")
@needs("ledger.close")
def earn_now() -> Page:
    """Earns every month that is over; a month whose books are closed stops it with its reason."""

    def earn(page: Books, form: Form) -> str:
        months = []
        while (earned := earn_revenue(page.session, today=page.today, actor=page.actor)) is not None:
            months.append(earned)
        if not months:
            return "No month is left to earn."
        total = sum((month.earned for month in months), ZERO)
        return f"{figures(total)} is earned, up to {months[-1].month:%B %Y}."

    return attempt(earn, done="panel.closing", show=closing)


@blueprint.post("/closing/reopen")
@needs("ledger.close")
def reopen_books() -> Page:
    user = current_user()
    assert user is not None

    def reopen(page: Books, form: Form) -> str:
        since = form.day("since")
        reopen_periods(page.session, since=since, reason=form.text("reason", required=True), by=page.actor,
                       by_role=user.role, now=utc_now())  # fmt: skip
        return f"The books are open again from {since}."

    return attempt(reopen, done="panel.closing", show=closing)


@blueprint.post("/closing/year")
@needs("ledger.close")
def close_fiscal_year() -> Page:
    def close(page: Books, form: Form) -> str:
        made = close_year(page.session, year_of=form.day("year_of"), by=page.actor, origin="panel:close_year",
                          now=utc_now())  # fmt: skip
        return f"The year is closed by an entry of {made.posted_on}."

    return attempt(close, done="panel.closing", show=closing)


@blueprint.get("/manual-entries")
@needs("ledger.view")
def manual_entries() -> Page:
    with books() as page:
        waiting = waiting_manual_entries(page.session)
        open_accounts = [known for known in accounts_by_code(page.session).values() if not known.control]
        return render_template(
            "manual_entries.html", company=page.company, waiting=waiting, today=page.today,
            people=named_actors(page.session, {each.asked_by for each in waiting}),
            accounts=[(known.code, f"{known.code} {known.name}") for known in open_accounts], lines=range(MANUAL_LINES),
            zone=page.zone,
        )  # fmt: skip


@blueprint.post("/manual-entries")
@needs("ledger.write")
def write_entry() -> Page:
    def write(page: Books, form: Form) -> str:
        made = write_manual_entry(
            page.session, posted_on=form.day("posted_on"), lines=_sides(form), reason=form.text("reason"),
            by=page.actor, origin="panel:manual_entry", now=utc_now(),
        )  # fmt: skip
        waits = "waits for a second person" if made.state == "waiting" else "is posted"
        return f"Entry {made.number} {waits}."

    return attempt(write, done="panel.manual_entries", show=manual_entries)


def _sides(form: Form) -> list[Line]:
    sides = []
    for row in range(MANUAL_LINES):
        debit, credit = (form.maybe_amount(f"{side}_{row}") or ZERO for side in ("debit", "credit"))
        amount: Decimal = debit - credit
        if amount:
            sides.append(Line(form.text(f"account_{row}", required=True), amount))
    return sides


@blueprint.post("/manual-entries/<uuid:entry_id>/decide")
@needs("ledger.write")
def decide_entry(entry_id: UUID) -> Page:
    def decide(page: Books, form: Form) -> str:
        if form.choice("decision", ("approve", "refuse")) == "approve":
            made = approve_manual_entry(page.session, entry_id=entry_id, by=page.actor, origin="panel:manual_entry",
                                        now=utc_now())  # fmt: skip
            return f"Entry {made.number} is posted."
        made = refuse_manual_entry(page.session, entry_id=entry_id, by=page.actor, note=form.text("note"),
                                   now=utc_now())  # fmt: skip
        return f"Entry {made.number} is refused."

    return attempt(decide, done="panel.manual_entries", show=manual_entries)
