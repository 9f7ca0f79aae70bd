"""Message templates: what Meta thinks of them, their words, their versions."""

from __future__ import annotations

from uuid import UUID

from flask import abort, render_template, request

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import Form, asked, attempt
from admin_web.template_form import EMPTY, KINDS, LABELS, ROWS, read_template
from core.clock import utc_now
from core.crm.customers import search_customers
from core.crm.models import Customer
from core.errors import DomainError, NotFound
from core.messaging import template_sync, templates
from core.messaging.ready_templates import ready_template
from core.messaging.template_models import CATEGORIES, STATES, MessageTemplate
from core.messaging.template_rules import HEADER_KINDS, LANGUAGES, ROMAN, Definition, check_template
from core.messaging.wordings import WordingInvalid
from core.usecases.message_facts import FACTS, facts_of

SPEECHES = (("en", "English"), ("ur_Latn", "Roman Urdu"), ("ur", "Urdu"))


@blueprint.get("/templates")
@needs("template.view")
def message_templates() -> Page:
    with books() as page:
        wanted, state = asked().text("q").lower(), asked().text("state")
        rows: dict[str, dict[str, MessageTemplate]] = {}
        for each in templates.all_templates(page.session):
            if (wanted in each.name) and (not state or each.state == state):
                speech = "ur_Latn" if each.name.endswith(ROMAN) else each.language
                rows.setdefault(each.name.removesuffix(ROMAN), {})[speech] = each
        try:
            account = template_sync.account_id(page.session)
        except template_sync.NoAccount:
            account = ""
        waiting = sum(bool(each.asked) for row in rows.values() for each in row.values())
        return render_template(
            "message_templates.html", company=page.company, rows=sorted(rows.items()), speeches=SPEECHES,
            states=STATES, wanted=wanted, state=state, account=account, waiting=waiting,
            own={name for name in rows if ready_template(name, "en") is None},
        )  # fmt: skip


@blueprint.post("/templates/account")
@needs("template.write")
def template_account() -> Page:
    def keep(page: Books, form: Form) -> str:
        template_sync.keep_account_id(page.session, form.text("account", required=True))
        templates.ring_sync(page.session, page.company.id)
        return "Saved; the templates are being read from Meta."

    return attempt(keep, done="panel.message_templates", show=message_templates)


@blueprint.post("/templates/sync")
@needs("template.write")
def sync_all_templates() -> Page:
    def sync(page: Books, form: Form) -> str:
        template_sync.account_id(page.session)
        templates.ring_sync(page.session, page.company.id)
        return "Meta is being asked; the answer is here in a moment."

    return attempt(sync, done="panel.message_templates", show=message_templates)


@blueprint.get("/templates/new")
@needs("template.write")
def new_template() -> Page:
    with books() as page:
        return _editor(page, None, EMPTY)


@blueprint.post("/templates/new")
@needs("template.write")
def write_template() -> Page:
    made: list[MessageTemplate] = []

    def write(page: Books, form: Form) -> str:
        draft = read_template(form)
        try:
            templates.find_template(page.session, draft.name, draft.language)
        except NotFound:
            made.append(templates.save_template(page.session, draft=draft, by=page.actor))
            return f"{draft.name} is kept as a draft: submit it to Meta when it is right."
        raise templates.TemplateBusy(f"There is a template {draft.name} in {draft.language}: open it to change it")

    return attempt(write, done="panel.message_templates", show=new_template)


@blueprint.get("/templates/<uuid:template_id>")
@needs("template.view")
def message_template(template_id: UUID) -> Page:
    with books() as page:
        template = page.session.get(MessageTemplate, template_id)
        if template is None:
            abort(404)
        return _editor(page, template, templates.definition_of(page.session, template))


@blueprint.post("/templates/<uuid:template_id>")
@needs("template.write")
def change_template(template_id: UUID) -> Page:
    def change(page: Books, form: Form) -> str:
        template = templates.locked_template(page.session, template_id)
        before = template.version
        draft = read_template(form, known=templates.definition_of(page.session, template))
        kept = templates.save_template(page.session, draft=draft, by=page.actor)
        if kept.version == before:
            return "Nothing was changed."
        live = f" Meta has version {kept.live_version} until you submit this one." if kept.live_version else ""
        return f"Version {kept.version} is kept.{live}"

    return _attempt_on(template_id, change)


@blueprint.post("/templates/<uuid:template_id>/submit")
@needs("template.write")
def submit_template(template_id: UUID) -> Page:
    def submit(page: Books, form: Form) -> str:
        template_sync.account_id(page.session)
        template = templates.ask_submission(page.session, template_id=template_id, by=page.actor, now=utc_now())
        return f"{template.name} goes to Meta, which decides within a day."

    return _attempt_on(template_id, submit)


@blueprint.post("/templates/<uuid:template_id>/delete")
@needs("template.write")
def delete_template(template_id: UUID) -> Page:
    def drop(page: Books, form: Form) -> str:
        templates.ask_deletion(page.session, template_id=template_id, by=page.actor)
        return "Deleted. Meta blocks the name of an approved one for 30 days."

    return attempt(drop, done="panel.message_templates", show=lambda: message_template(template_id))


def _attempt_on(template_id: UUID, action: object) -> Page:
    return attempt(
        action,  # type: ignore[arg-type]
        done="panel.message_template", show=lambda: message_template(template_id), template_id=template_id,
    )  # fmt: skip


@blueprint.post("/templates/preview")
@needs("template.view")
def preview_template() -> Page:
    """The draft in the form, filled with a customer's own facts; what stands in its way instead, where it does."""
    form = Form(request.form)
    with books() as page:
        try:
            name, language = form.text("known_name"), form.text("known_language")
            known = Definition(name, language, "UTILITY", "") if name else None
            draft = read_template(form, known=known)
            problem, customer = _problem(draft), _customer(page, form.text("customer"))
            if isinstance(problem, WordingInvalid):
                raise problem
            shown = templates.preview(draft, _facts(page, customer, draft.speech) if customer else {})
            return render_template("template_preview.html", shown=shown, customer=customer, problem=problem)
        except DomainError as refusal:
            return render_template("template_preview.html", shown=None, problem=refusal)


def _problem(draft: Definition) -> DomainError | None:
    try:
        check_template(draft)
    except DomainError as refusal:
        return refusal
    return None


def _customer(page: Books, wanted: str) -> Customer | None:
    if not wanted:
        return None
    rows = search_customers(page.session, wanted=wanted, limit=1)
    return page.session.get(Customer, rows[0].id) if rows else None


def _facts(page: Books, customer: Customer, speech: str) -> dict[str, str]:
    return facts_of(page.session, [customer], company=page.company, languages={customer.id: speech})[customer.id]


def _editor(page: Books, template: MessageTemplate | None, draft: Definition) -> Page:
    return render_template(
        "message_template.html", company=page.company, zone=page.zone, template=template, draft=draft,
        versions=templates.versions_of(page.session, template.id) if template else [], languages=LANGUAGES,
        categories=CATEGORIES, header_kinds=HEADER_KINDS, kinds=[(kind, LABELS[kind]) for kind in KINDS],
        rows=min(len(draft.buttons) + 2, ROWS), facts=FACTS, written="\n".join(
            f"{name}: {example}" for name, example in draft.variables.items()),
        is_ready=template is not None and ready_template(template.name, template.language) is not None,
    )  # fmt: skip
