"""The company's templates: kept in versions, checked before they are saved, handed to Meta by a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from core import jobs
from core.db import table_of
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.messaging.ready_templates import ready_template, ready_templates
from core.messaging.template_models import MessageTemplate, TemplateVersion
from core.messaging.template_rules import PLACE, Button, Definition, TemplateInvalid, check_template
from core.messaging.wordings import render_wording

EDIT_PAUSE = timedelta(hours=24)
"""Meta takes one change of an approved template a day (reference WhatsApp 5.1)."""


class TemplateBusy(DomainError):
    """What is asked for cannot be done with the template as it stands."""


def seed_templates(session: Session, *, by: str) -> int:
    """Add what the company lacks of the ready set, as drafts; how many those were."""
    known = {tuple(row) for row in session.execute(select(MessageTemplate.name, MessageTemplate.language))}
    missing = [(new_id(), each) for each in ready_templates() if (each.name, each.language) not in known]
    if missing:
        session.execute(insert(table_of(MessageTemplate)), [
            {"id": key, "name": each.name, "language": each.language, "category": each.category, "state": "draft",
             "reason": "", "quality": "UNKNOWN", "meta_id": "", "version": 1} for key, each in missing
        ])  # fmt: skip
        session.execute(insert(table_of(TemplateVersion)), [_row(key, 1, each, by) for key, each in missing])
    return len(missing)


def all_templates(session: Session) -> Sequence[MessageTemplate]:
    """By name and language."""
    return session.scalars(select(MessageTemplate).order_by(MessageTemplate.name, MessageTemplate.language)).all()


def find_template(session: Session, name: str, language: str) -> MessageTemplate:
    """Raises NotFound."""
    found = session.scalar(
        select(MessageTemplate).where(MessageTemplate.name == name, MessageTemplate.language == language)
    )
    if found is None:
        raise NotFound(f"There is no template {name} in {language}")
    return found


def locked_template(session: Session, template_id: Id) -> MessageTemplate:
    """The template, for this transaction alone. Raises NotFound."""
    found = session.get(MessageTemplate, template_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("There is no such template")
    return found


def versions_of(session: Session, template_id: Id) -> Sequence[TemplateVersion]:
    """Every wording, the newest first."""
    wanted = select(TemplateVersion).where(TemplateVersion.template_id == template_id)
    return session.scalars(wanted.order_by(TemplateVersion.number.desc())).all()


def definition_of(session: Session, template: MessageTemplate, number: int | None = None) -> Definition:
    """The wording of that number, the newest without. Raises NotFound."""
    kept = session.scalar(
        select(TemplateVersion).where(
            TemplateVersion.template_id == template.id, TemplateVersion.number == (number or template.version)
        )
    )
    if kept is None:
        raise NotFound(f"{template.name} has no version {number}")
    return as_definition(template, kept)


def as_definition(template: MessageTemplate, kept: TemplateVersion) -> Definition:
    """A stored wording as the rules read it."""
    return Definition(
        template.name, template.language, template.category, kept.body, kept.variables, kept.header_kind, kept.header,
        kept.header_example, kept.footer, tuple(Button(**button) for button in kept.buttons), kept.session_body,
        kept.code_minutes,
    )  # fmt: skip


def save_template(session: Session, *, draft: Definition, by: str) -> MessageTemplate:
    """Keep a new template, or the draft as the next version of the one of that name and language.

    What was sent or is at Meta stays as it is until the version is submitted. Saved without a change, no version is
    added. Raises TemplateInvalid and WordingInvalid with the field; TemplateBusy while it is on its way to Meta.
    """
    check_template(draft)
    known = session.scalar(
        select(MessageTemplate).where(
            MessageTemplate.name == draft.name, MessageTemplate.language == draft.language
        ).with_for_update()
    )  # fmt: skip
    if known is None:
        made = MessageTemplate(id=new_id(), name=draft.name, language=draft.language, category=draft.category)
        session.add(made)
        session.flush()
        session.execute(insert(table_of(TemplateVersion)), [_row(made.id, 1, draft, by)])
        return made
    if known.asked == "submit":
        raise TemplateBusy(f"{known.name} is on its way to Meta: wait for the answer")
    if draft.category != known.category and known.meta_id and known.state != "rejected":
        raise TemplateInvalid("Meta has the template under its category; make another one instead", field="category")
    _keep_the_programs_variables(draft)
    if definition_of(session, known) != replace(draft, buttons=tuple(draft.buttons)):
        known.category, known.version = draft.category, known.version + 1
        session.execute(insert(table_of(TemplateVersion)), [_row(known.id, known.version, draft, by)])
    session.flush()
    return known


def _keep_the_programs_variables(draft: Definition) -> None:
    """A template that the program fills must keep what is filled."""
    ready = ready_template(draft.name, draft.language)
    if ready is None:
        return
    if set(ready.places) != set(draft.places):
        raise TemplateInvalid(f"The program fills {', '.join(ready.places)}: keep just these variables", field="body")
    replies = [button.kind for button in draft.buttons].count("quick_reply")
    if replies != len(ready.buttons) or draft.header_place or draft.header_kind in ("document", "image"):
        raise TemplateInvalid(
            f"The program answers to {len(ready.buttons)} quick replies and fills no header", field="buttons"
        )


def ask_submission(session: Session, *, template_id: Id, by: str, now: datetime) -> MessageTemplate:
    """Let a worker hand the newest wording to Meta. Raises NotFound, TemplateBusy, TemplateInvalid."""
    template = locked_template(session, template_id)
    if template.asked:
        raise TemplateBusy(f"{template.name} is on its way to Meta already")
    if template.live_version == template.version and template.state != "rejected":
        raise TemplateBusy(f"Meta has this wording already: {template.state}")
    if template.meta_id and template.state == "submitted":
        raise TemplateBusy("Meta is looking at the last wording: wait for its answer")
    if template.state == "approved" and template.edited_at and now < template.edited_at + EDIT_PAUSE:
        raise TemplateBusy("Meta takes one change of an approved template a day: try again tomorrow")
    draft = definition_of(session, template)
    check_template(draft)
    if draft.header_kind in ("document", "image") and not draft.header:
        raise TemplateInvalid("Meta wants the handle of a sample file for this header", field="header")
    template.asked, template.asked_by = "submit", by
    session.flush()
    ring_sync(session, template.company_id)
    return template


def ask_deletion(session: Session, *, template_id: Id, by: str) -> None:
    """Delete a draft at once, and one that Meta has by a worker. Raises NotFound, TemplateBusy."""
    template = locked_template(session, template_id)
    if ready_template(template.name, template.language) is not None:
        raise TemplateBusy(f"The program itself sends {template.name}: it cannot be deleted")
    if template.meta_id:
        template.asked, template.asked_by = "delete", by
        session.flush()
        ring_sync(session, template.company_id)
    else:
        session.execute(delete(MessageTemplate).where(MessageTemplate.id == template.id))


def ring_sync(session: Session, company_id: Id) -> None:
    """Once this transaction commits, have a worker talk to Meta about the company's templates."""
    jobs.ring(session, "sync_templates", queue="notice", company_id=str(company_id))


def preview(draft: Definition, values: Mapping[str, str]) -> dict[str, object]:
    """What a person would read: `template` outside the 24 hours, `session` inside, and the buttons' labels.

    A variable without a value shows its example. Raises WordingInvalid.
    """
    filled = {draft.header_place: draft.header_example} | dict(draft.variables) | dict(values)
    header = fill(draft.header, filled) if draft.header_kind == "text" else ""
    return {
        "header": header, "template": fill(draft.body, filled), "footer": draft.footer,
        "session": render_wording(draft.session_body or draft.body, filled, field="session_body"),
        "buttons": [button.text for button in draft.buttons],
    }  # fmt: skip


def fill(words: str, values: Mapping[str, str]) -> str:
    """Words of a template with its places filled; a place without a value stays."""
    return PLACE.sub(lambda place: values.get(place[1], place[0]), words)


def _row(template_id: Id, number: int, draft: Definition, by: str) -> dict[str, object]:
    return {
        "id": new_id(), "template_id": template_id, "number": number, "body": draft.body,
        "variables": dict(draft.variables), "header_kind": draft.header_kind, "header": draft.header,
        "header_example": draft.header_example, "footer": draft.footer,
        "buttons": [button._asdict() for button in draft.buttons], "session_body": draft.session_body,
        "code_minutes": draft.code_minutes, "written_by": by,
    }  # fmt: skip


def add_version(session: Session, template: MessageTemplate, draft: Definition, *, by: str) -> None:
    """Put a wording that Meta has, and we had not, at the head of the versions."""
    template.version += 1
    session.execute(insert(table_of(TemplateVersion)), [_row(template.id, template.version, draft, by)])
