"""The outbox: what waits, what holds it, whom and what a day allows; and what people may do about it."""

from __future__ import annotations

from datetime import time
from uuid import UUID

from flask import render_template
from sqlalchemy import select

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import FieldInvalid, Form, attempt
from core.clock import utc_now
from core.companies import BusinessNumber
from core.crm.models import Contact
from core.messaging.holds import hold_by_hand, open_holds, resume_lane
from core.messaging.models import LANES
from core.messaging.prices import price_list, set_price, spending_of_day, spent_on
from core.messaging.queue_control import Choice, cancel_messages, lane_depths, recent_actions, reprioritise
from core.messaging.reservation import quota_now
from core.messaging.sending_models import CATEGORIES, NumberState
from core.messaging.sending_policy import change_sending_policy, sending_policy

ACTIONS = ("cancel", "reprioritise")


@blueprint.get("/sending")
@needs("sending.view")
def sending() -> Page:
    with books() as page:
        session, now = page.session, utc_now()
        states = {state.business_number_id: state for state in session.scalars(select(NumberState))}
        numbers = session.scalars(select(BusinessNumber).order_by(BusinessNumber.id)).all()
        depths = {(each.business_number_id, each.lane): each for each in lane_depths(session, now=now)}
        return render_template(
            "sending.html", company=page.company, numbers=[(number, states.get(number.id)) for number in numbers],
            lanes=LANES, depths=depths, holds=open_holds(session, now=now), quota=quota_now(session, now=now),
            spending=spending_of_day(session, day=page.today), spent=spent_on(session, day=page.today),
            policy=sending_policy(session), prices=price_list(session, day=page.today).by_country,
            categories=CATEGORIES, actions=recent_actions(session), today=page.today, zone=page.zone, now=now,
        )  # fmt: skip


@blueprint.post("/sending/<uuid:number>/<lane>")
@needs("sending.write")
def change_sending_lane(number: UUID, lane: str) -> Page:
    """Hold or resume a lane of a number."""

    def change(page: Books, form: Form) -> str:
        act = resume_lane if form.choice("act", ("hold", "resume")) == "resume" else hold_by_hand
        act(page.session, business_number_id=number, lane=lane, reason=form.text("reason"), actor=page.actor,
            now=utc_now())  # fmt: skip
        return "Done."

    return attempt(change, done="panel.sending", show=sending)


@blueprint.post("/sending/messages")
@needs("sending.write")
def change_queued() -> Page:
    """Cancel queued messages, or put them into another lane."""

    def change(page: Books, form: Form) -> str:
        phone = form.text("phone")
        contact = page.session.scalar(select(Contact.id).where(Contact.phone == phone)) if phone else None
        if phone and contact is None:
            raise FieldInvalid("Nobody has that phone: write it as +923001234567.")
        choice = Choice(key=form.text("key"), contact_id=contact, lane=form.text("lane"))
        reason, now = form.text("reason"), utc_now()
        if form.choice("act", ACTIONS) == "cancel":
            count = cancel_messages(page.session, choice=choice, reason=reason, actor=page.actor, now=now)
            return f"Cancelled: {count} messages."
        count = reprioritise(
            page.session, choice=choice, lane=form.choice("to", LANES), reason=reason, actor=page.actor, now=now
        )
        return f"Moved: {count} messages."

    return attempt(change, done="panel.sending", show=sending)


@blueprint.post("/sending/limits")
@needs("sending.write")
def change_sending_limits() -> Page:
    def change(page: Books, form: Form) -> str:
        change_sending_policy(
            page.session, recipients_per_day=form.maybe_number("recipients_per_day"),
            reserve_percent=form.number("reserve_percent"), budget_per_day=form.maybe_amount("budget_per_day"),
            bulk_percent=form.number("bulk_percent"), quiet_from=_clock(form, "quiet_from"),
            quiet_until=_clock(form, "quiet_until"), window_hours=form.number("window_hours"),
        )  # fmt: skip
        return "Saved."

    return attempt(change, done="panel.sending", show=sending)


@blueprint.post("/sending/prices")
@needs("sending.write")
def change_message_price() -> Page:
    def change(page: Books, form: Form) -> str:
        set_price(page.session, country=form.text("country", required=True),
                  category=form.choice("category", CATEGORIES), from_day=form.day("from_day", page.today),
                  price=form.rate("price"))  # fmt: skip
        return "Saved."

    return attempt(change, done="panel.sending", show=sending)


def _clock(form: Form, name: str) -> time | None:
    written = form.text(name)
    try:
        return time.fromisoformat(written) if written else None
    except ValueError as wrong:
        raise FieldInvalid("The quiet hours must be times such as 21:00.") from wrong
