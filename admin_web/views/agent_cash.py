"""Cash in agents' hands: who holds what, his day, what waits to be counted, differences to decide."""

from __future__ import annotations

from uuid import UUID

from flask import abort, render_template

from admin_web.access import Books, books, current_user, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import Form, asked, attempt
from core.clock import utc_now
from core.errors import DomainError, NotFound
from core.ids import Id
from core.staff.agent_cash import cash_of_agents
from core.staff.cash_differences import book_difference, count_agent, leave_difference, open_differences
from core.staff.cashiers import NotTheCashier
from core.staff.handovers import confirm_handover, refuse_handover, waiting_handovers
from core.staff.people import staff_names
from core.usecases.agent_sheet import agent_sheet

ORIGIN = "panel:agent_cash"


def _cashier() -> Id:
    """Counting is a person's: a login without an employee cannot."""
    user = current_user()
    if user is None or user.staff_id is None:
        raise NotTheCashier("Only an employee counts cash: sign in as the manager or owner who counts")
    return user.staff_id


@blueprint.get("/agent-cash")
@needs("cash.view")
def agent_cash() -> Page:
    with books() as page:
        return render_template(
            "agent_cash.html", company=page.company, holders=cash_of_agents(page.session, today=page.today),
            waiting=waiting_handovers(page.session), differences=open_differences(page.session), zone=page.zone,
            names=staff_names(page.session), today=page.today,
        )  # fmt: skip


@blueprint.get("/agent-cash/<uuid:staff_id>")
@needs("cash.view")
def cash_sheet_of(staff_id: UUID) -> Page:
    with books() as page:
        form = asked()
        try:
            first = form.day("first", page.today)
            sheet = agent_sheet(page.session, staff_id=staff_id, first=first, last=form.day("last", page.today))
        except NotFound:
            abort(404)
        except DomainError as wrong:
            abort(400, str(wrong))
        return render_template("cash_sheet.html", company=page.company, sheet=sheet, today=page.today)


@blueprint.post("/agent-cash/handovers/<uuid:handover_id>")
@needs("cash.count")
def count_handover(handover_id: UUID) -> Page:
    def count(page: Books, form: Form) -> str:
        if form.choice("decision", ("count", "refuse")) == "refuse":
            handover = refuse_handover(
                page.session, handover_id=handover_id, refused_by=_cashier(), now=utc_now(),
                reason=form.text("note", required=True),
            )  # fmt: skip
            return f"{handover.number} is refused: the cash stays with the agent."
        handover = confirm_handover(
            page.session, handover_id=handover_id, counted=form.amount("counted"), counted_by=_cashier(),
            now=utc_now(), actor=page.actor, origin=ORIGIN, note=form.text("note"),
        )  # fmt: skip
        return f"{handover.number} is booked with {handover.counted}."

    return attempt(count, done="panel.agent_cash", show=agent_cash)


@blueprint.post("/agent-cash/<uuid:staff_id>/count")
@needs("cash.count")
def surprise_count(staff_id: UUID) -> Page:
    def count(page: Books, form: Form) -> str:
        difference = count_agent(
            page.session, staff_id=staff_id, found=form.amount("found"), counted_by=_cashier(), counted_on=page.today
        )
        if difference is None:
            return "The count agrees with the books."
        return f"{difference.amount} {difference.kind}: it waits for a decision."

    return attempt(count, done="panel.agent_cash", show=agent_cash)


@blueprint.post("/agent-cash/differences/<uuid:difference_id>")
@needs("cash.count")
def decide_difference(difference_id: UUID) -> Page:
    def decide(page: Books, form: Form) -> str:
        reason = form.text("reason", required=True)
        if form.choice("decision", ("leave", "book")) == "leave":
            leave_difference(page.session, difference_id=difference_id, decided_by=_cashier(), decided_on=page.today,
                             reason=reason)  # fmt: skip
            return "Nothing is booked: the difference is explained."
        made = book_difference(
            page.session, difference_id=difference_id, decided_by=_cashier(), decided_on=page.today, reason=reason,
            actor=page.actor, amount=form.maybe_amount("amount"), instalment=form.maybe_amount("instalment"),
            origin=ORIGIN,
        )  # fmt: skip
        return f"{made.booked} is booked."

    return attempt(decide, done="panel.agent_cash", show=agent_cash)
