"""How the company's people answer in chat: office hours, patience, coverage, and where its sub-zones are."""

from __future__ import annotations

from uuid import UUID

from flask import render_template

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import FieldInvalid, Form, attempt
from core.crm.coverage import change_place, zones_of
from core.crm.desk import change_desk_settings, desk_settings
from core.crm.desk_models import WEEKDAYS

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@blueprint.get("/desk")
@needs("desk.settings")
def desk() -> Page:
    with books() as page:
        return render_template(
            "desk.html", company=page.company, settings=desk_settings(page.session),
            days=list(zip(WEEKDAYS, DAYS, strict=True)), zones=zones_of(page.session),
        )  # fmt: skip


@blueprint.post("/desk")
@needs("desk.settings")
def change_desk() -> Page:
    def change(page: Books, form: Form) -> str:
        hours = {}
        for day, name in zip(WEEKDAYS, DAYS, strict=True):
            opens, closes = form.text(f"opens_{day}"), form.text(f"closes_{day}")
            if bool(opens) != bool(closes):
                raise FieldInvalid(f"{name} needs both an opening and a closing time, or neither.")
            hours[day] = [opens, closes] if opens else []
        change_desk_settings(
            page.session, office_hours=hours, answer_hours=form.number("answer_hours"),
            coverage_metres=form.number("coverage_metres"),
        )  # fmt: skip
        return "Saved."

    return attempt(change, done="panel.desk", show=desk)


@blueprint.post("/desk/zones/<uuid:sub_zone_id>")
@needs("desk.settings")
def change_zone(sub_zone_id: UUID) -> Page:
    def change(page: Books, form: Form) -> str:
        zone = change_place(
            page.session, sub_zone_id=sub_zone_id, coverage=form.choice("coverage", ("served", "planned", "closed")),
            other_names=[name.strip() for name in form.text("other_names").split(",") if name.strip()],
            point=form.text("point"),
        )  # fmt: skip
        return f"{zone.name} is saved."

    return attempt(change, done="panel.desk", show=desk)
