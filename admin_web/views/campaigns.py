"""Campaigns: written with their customers, counted and priced, tried out, approved, followed."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select

from admin_web.access import Books, books, current_user, needs
from admin_web.blueprint import Page, blueprint
from admin_web.campaign_form import read_campaign
from admin_web.forms import Form, attempt
from core.billing.plan_models import Plan
from core.clock import utc_now
from core.crm.models import Area, SubZone
from core.errors import DomainError
from core.messaging.campaign_models import Campaign
from core.staff.people import staff_names
from core.usecases import campaigns as work
from core.usecases import run_campaigns as run
from core.usecases.campaign_audience import STATES, read_segment
from core.usecases.campaign_wordings import SPEECHES, approved_wordings, campaign_templates
from core.usecases.message_facts import FACTS

LABELS = {"en": "English", "ur_Latn": "Roman Urdu", "ur": "Urdu"}
TAGS = {"running": "active", "waiting": "overdue", "paused": "overdue", "refused": "suspended",
        "cancelled": "suspended"}  # fmt: skip
COUNTED = ("people", "waiting", "sent", "delivered", "read", "failed", "cancelled", "replied", "opted_out")


@blueprint.get("/campaigns")
@needs("campaign.view")
def campaigns() -> Page:
    with books() as page:
        rows = work.all_campaigns(page.session)
        return render_template(
            "campaigns.html", company=page.company, zone=page.zone, rows=rows, tags=TAGS,
            people=_names(page),
        )  # fmt: skip


@blueprint.get("/campaigns/new")
@needs("campaign.write")
def new_campaign() -> Page:
    with books() as page:
        return _form(page, None)


@blueprint.post("/campaigns/new")
@needs("campaign.write")
def write_campaign() -> Page:
    try:
        with books() as page:
            draft = read_campaign(request.form, page.zone)
            made = work.write_campaign(page.session, draft=draft, by=page.actor)
            made_id = made.id
    except DomainError as refusal:
        flash(str(refusal), "problem")
        shown = new_campaign()
        return (shown, 422) if isinstance(shown, str) else shown
    flash("Kept as a draft. Look at the count, send yourself a test, then hand it in.")
    return redirect(url_for("panel.campaign", campaign_id=made_id))


@blueprint.get("/campaigns/<uuid:campaign_id>/change")
@needs("campaign.write")
def campaign_form(campaign_id: UUID) -> Page:
    with books() as page:
        return _form(page, _found(page, campaign_id))


@blueprint.post("/campaigns/<uuid:campaign_id>/change")
@needs("campaign.write")
def change_campaign(campaign_id: UUID) -> Page:
    def change(page: Books, form: Form) -> str:
        draft = read_campaign(request.form, page.zone)
        work.change_campaign(page.session, campaign_id=campaign_id, draft=draft)
        return "Changed."

    return attempt(
        change, done="panel.campaign", show=lambda: campaign_form(campaign_id), campaign_id=campaign_id
    )  # fmt: skip


@blueprint.get("/campaigns/<uuid:campaign_id>")
@needs("campaign.view")
def campaign(campaign_id: UUID) -> Page:
    with books() as page:
        found = _found(page, campaign_id)
        problem, counted, wordings = "", None, []
        try:
            if found.state in ("draft", "waiting"):
                counted = work.dry_run(page.session, campaign=found, now=utc_now())
                work.checked_values(page.session, found)
            wordings = [(name, approved_wordings(page.session, name))
                        for name in filter(None, (found.template, found.template_b))]  # fmt: skip
        except DomainError as refusal:
            problem = str(refusal)
        results = {str(row["variant"]): row for row in run.results_of(page.session, found.id)}
        return render_template(
            "campaign.html", company=page.company, zone=page.zone, campaign=found, counted=counted, problem=problem,
            results=results, columns=COUNTED, labels=LABELS, segment=_segment_words(page, found), tags=TAGS,
            people=_names(page), wordings=wordings, actor=page.actor,
        )  # fmt: skip


@blueprint.post("/campaigns/<uuid:campaign_id>/test")
@needs("campaign.write")
def try_campaign(campaign_id: UUID) -> Page:
    def send(page: Books, form: Form) -> str:
        user = current_user()
        assert user is not None
        sent = run.send_test(page.session, campaign_id=campaign_id, staff_id=user.staff_id, now=utc_now())
        return f"{sent} messages are on the way to your own number."

    return _attempt_on(campaign_id, send)


@blueprint.post("/campaigns/<uuid:campaign_id>/hand-in")
@needs("campaign.write")
def hand_in_campaign(campaign_id: UUID) -> Page:
    def hand_in(page: Books, form: Form) -> str:
        made = work.hand_in(page.session, campaign_id=campaign_id, by=page.actor, now=utc_now())
        return f"Handed in for {made.expected} people: a second person decides."

    return _attempt_on(campaign_id, hand_in)


@blueprint.post("/campaigns/<uuid:campaign_id>/delete")
@needs("campaign.write")
def delete_campaign(campaign_id: UUID) -> Page:
    def drop(page: Books, form: Form) -> str:
        work.delete_campaign(page.session, campaign_id=campaign_id)
        return "The draft is gone."

    return attempt(drop, done="panel.campaigns", show=lambda: campaign(campaign_id))


@blueprint.post("/campaigns/<uuid:campaign_id>/decide")
@needs("campaign.approve")
def decide_campaign(campaign_id: UUID) -> Page:
    def decide(page: Books, form: Form) -> str:
        if form.choice("decision", ("approve", "refuse")) == "approve":
            work.approve_campaign(page.session, campaign_id=campaign_id, by=page.actor, now=utc_now())
            return "Approved: it goes out between 9:00 and 20:00, as far as the quota lets it."
        work.refuse_campaign(
            page.session, campaign_id=campaign_id, by=page.actor, why=form.text("why"), now=utc_now()
        )  # fmt: skip
        return "Refused."

    return _attempt_on(campaign_id, decide)


@blueprint.post("/campaigns/<uuid:campaign_id>/control")
@needs("campaign.write")
def control_campaign(campaign_id: UUID) -> Page:
    def control(page: Books, form: Form) -> str:
        match form.choice("action", ("pause", "resume", "cancel")):
            case "pause":
                run.pause_campaign(page.session, campaign_id=campaign_id, now=utc_now())
                return "Paused: nothing of it leaves until it is resumed."
            case "resume":
                run.resume_campaign(page.session, campaign_id=campaign_id, now=utc_now())
                return "It goes on."
        count = run.cancel_campaign(page.session, campaign_id=campaign_id, why=form.text("why"), now=utc_now())
        return f"Cancelled; {count} queued messages are never sent."

    return _attempt_on(campaign_id, control)


def _attempt_on(campaign_id: UUID, action: object) -> Page:
    return attempt(
        action,  # type: ignore[arg-type]
        done="panel.campaign", show=lambda: campaign(campaign_id), campaign_id=campaign_id,
    )  # fmt: skip


def _found(page: Books, campaign_id: UUID) -> Campaign:
    found = page.session.get(Campaign, campaign_id)
    if found is None:
        abort(404)
    return found


def _form(page: Books, found: Campaign | None) -> str:
    values = found.values if found else {}
    return render_template(
        "campaign_form.html", company=page.company, zone=page.zone, campaign=found,
        kept=read_segment(found.segment) if found else None, templates=campaign_templates(page.session),
        areas=_choices(page, Area), sub_zones=_choices(page, SubZone), plans=_choices(page, Plan),
        states=[(state, state) for state in STATES], speeches=SPEECHES,
        labels=LABELS, facts=FACTS,
        written={speech: "\n".join(f"{name}: {words}" for name, words in values.get(speech, {}).items())
                 for speech in SPEECHES},
    )  # fmt: skip


def _choices(page: Books, model: type[Area] | type[SubZone] | type[Plan]) -> list[tuple[UUID, str]]:
    return [(row.id, row.name) for row in page.session.execute(select(model.id, model.name).order_by(model.name))]


def _names(page: Books) -> dict[str, str]:
    known = {f"staff:{key}": name for key, name in staff_names(page.session).items()}
    return {"": "", "system": "the program"} | known


def _segment_words(page: Books, found: Campaign) -> list[tuple[str, str]]:
    """What the segment says, for reading."""
    segment = read_segment(found.segment)
    words = []
    for label, choices, chosen in (
        ("Areas", _choices(page, Area), segment.areas), ("Sub-zones", _choices(page, SubZone), segment.sub_zones),
        ("Plans", _choices(page, Plan), segment.plans),
    ):  # fmt: skip
        if chosen:
            words.append((label, ", ".join(name for key, name in choices if str(key) in chosen)))
    words.append(("Customers", ", ".join(segment.states)))
    if segment.languages:
        words.append(("Languages", ", ".join(LABELS[speech] for speech in segment.languages)))
    if segment.balance_from is not None or segment.balance_to is not None:
        words.append(("Unpaid", f"{segment.balance_from or 0} to {segment.balance_to or 'any amount'}"))
    if segment.overdue_days is not None:
        words.append(("Oldest due date", f"at least {segment.overdue_days} days ago"))
    return words
