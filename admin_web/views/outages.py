"""Outages: what runs and what is over, opened by hand, confirmed, moved, ended, with who heard and what is credited."""

from __future__ import annotations

from uuid import UUID

from flask import abort, render_template
from sqlalchemy import func, select

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import Form, attempt
from core.billing.invoice_models import CreditNote
from core.clock import utc_now
from core.crm.coverage import areas_with_zones
from core.crm.models import Customer
from core.money import ZERO
from core.network import outages as network
from core.network.outage_models import RUNNING, Outage, OutageCredit, OutageReport, OutageTold
from core.staff.actors import named_actors
from core.usecases.confirm_outage import confirm_outage
from core.usecases.credit_outage import preview_credits
from core.usecases.end_outage import dismiss_outage, end_outage
from core.usecases.tell_outage import people_to_tell

SHOWN = 100


@blueprint.get("/outages")
@needs("outage.view")
def outages() -> Page:
    with books() as page:
        rows = page.session.scalars(select(Outage).order_by(Outage.started_at.desc()).limit(SHOWN)).all()
        return render_template(
            "outages.html", company=page.company, zone=page.zone, rows=rows, running=RUNNING,
            places={row.id: ", ".join(network.zones_of(page.session, row.id)) for row in rows},
            reports=_counted(page, OutageReport), told=_counted(page, OutageTold),
            areas=areas_with_zones(page.session), policy=network.outage_policy_of(page.session),
        )  # fmt: skip


@blueprint.get("/outages/<uuid:outage_id>")
@needs("outage.view")
def outage(outage_id: UUID) -> Page:
    with books() as page:
        found = page.session.get(Outage, outage_id) or abort(404)
        reporters = page.session.execute(
            select(Customer.number, Customer.name, OutageReport.reported_at)
            .join(OutageReport, OutageReport.customer_id == Customer.id)
            .where(OutageReport.outage_id == outage_id)
            .order_by(OutageReport.reported_at)
        ).all()
        given = page.session.execute(
            select(CreditNote.number, CreditNote.total, CreditNote.reason, Customer.number.label("customer"))
            .join(OutageCredit, OutageCredit.credit_note_id == CreditNote.id)
            .join(Customer, Customer.id == CreditNote.customer_id)
            .where(OutageCredit.outage_id == outage_id)
            .order_by(CreditNote.number)
        ).all()
        preview = [] if found.state == "dismissed" else preview_credits(page.session, outage=found, at=utc_now())
        return render_template(
            "outage.html", company=page.company, zone=page.zone, outage=found, is_running=found.state in RUNNING,
            place=", ".join(network.zones_of(page.session, outage_id)), reporters=reporters, given=given,
            told=_counted(page, OutageTold).get(outage_id, 0), policy=network.outage_policy_of(page.session),
            would_hear=len(people_to_tell(page.session, outage_id, page.company)) if found.told_at is None else 0,
            preview=preview, preview_net=sum((credit.net for credit in preview), ZERO),
            people=named_actors(page.session, [found.opened_by, found.confirmed_by, found.ended_by]),
        )  # fmt: skip


def _counted(page: Books, model: type[OutageReport] | type[OutageTold]) -> dict[UUID, int]:
    rows = page.session.execute(select(model.outage_id, func.count()).group_by(model.outage_id))
    return {row[0]: row[1] for row in rows}


@blueprint.post("/outages")
@needs("outage.write")
def open_outage() -> Page:
    def begin(page: Books, form: Form) -> str:
        now, until = utc_now(), form.maybe_moment("expected_end", page.zone)
        network.refuse_past_end(until, now)
        made = network.open_outage(
            page.session, sub_zone_ids=form.keys("zones"), opened_by=page.actor, now=now, cause=form.text("cause"),
            started_at=form.maybe_moment("started_at", page.zone), expected_end=until,
        )  # fmt: skip
        if not form.ticked("confirmed"):
            return "The outage is noted as suspected."
        _, told = confirm_outage(page.session, outage_id=made.id, confirmed_by=page.actor, now=now)
        return f"The outage is open; {told} customers hear it."

    return attempt(begin, done="panel.outages", show=outages)


@blueprint.post("/outages/<uuid:outage_id>/confirm")
@needs("outage.write")
def outage_confirm(outage_id: UUID) -> Page:
    def confirm(page: Books, form: Form) -> str:
        _, told = confirm_outage(
            page.session, outage_id=outage_id, confirmed_by=page.actor, now=utc_now(), cause=form.text("cause"),
            expected_end=form.maybe_moment("expected_end", page.zone),
        )  # fmt: skip
        return f"Confirmed; {told} customers hear it."

    return attempt(confirm, done="panel.outage", show=lambda: outage(outage_id), outage_id=outage_id)


@blueprint.post("/outages/<uuid:outage_id>/change")
@needs("outage.write")
def outage_change(outage_id: UUID) -> Page:
    def change(page: Books, form: Form) -> str:
        until = form.maybe_moment("expected_end", page.zone)
        network.refuse_past_end(until, utc_now())
        network.update_outage(page.session, outage_id=outage_id, cause=form.text("cause"), expected_end=until)
        return "Saved; who asks hears it."

    return attempt(change, done="panel.outage", show=lambda: outage(outage_id), outage_id=outage_id)


@blueprint.post("/outages/<uuid:outage_id>/end")
@needs("outage.write")
def outage_end(outage_id: UUID) -> Page:
    def end(page: Books, form: Form) -> str:
        _, told = end_outage(
            page.session, outage_id=outage_id, ended_by=page.actor, now=utc_now(),
            ended_at=form.maybe_moment("ended_at", page.zone), origin=f"panel:{outage_id}",
        )  # fmt: skip
        credited = page.session.scalar(select(func.count()).where(OutageCredit.outage_id == outage_id)) or 0
        return f"The outage is over; {told} customers hear it" + (f", {credited} get a credit." if credited else ".")

    return attempt(end, done="panel.outage", show=lambda: outage(outage_id), outage_id=outage_id)


@blueprint.post("/outages/<uuid:outage_id>/dismiss")
@needs("outage.write")
def outage_dismiss(outage_id: UUID) -> Page:
    def dismiss(page: Books, _form: Form) -> str:
        _, told = dismiss_outage(page.session, outage_id=outage_id, dismissed_by=page.actor, now=utc_now())
        return f"There is no outage; {told} customers who reported it hear so."

    return attempt(dismiss, done="panel.outage", show=lambda: outage(outage_id), outage_id=outage_id)


@blueprint.post("/outages/policy")
@needs("outage.settings")
def outage_policy() -> Page:
    def change(page: Books, form: Form) -> str:
        network.change_outage_policy(
            page.session, reports_min=form.number("reports_min"), within_minutes=form.number("within_minutes"),
            tells_customers=form.ticked("tells_customers"), gives_credit=form.ticked("gives_credit"),
            credit_after_hours=form.number("credit_after_hours"),
            credit_unit=form.choice("credit_unit", ("hour", "day")), drop_min=form.number("drop_min"),
            drop_share=form.number("drop_share"), drop_within_minutes=form.number("drop_within_minutes"),
            dead_after_minutes=form.number("dead_after_minutes"),
        )  # fmt: skip
        return "Saved."

    return attempt(change, done="panel.outages", show=outages)
