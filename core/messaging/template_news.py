"""What Meta tells of templates, in its listing and in webhooks, takes effect here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import Json
from core.ids import new_id
from core.messaging import template_wire as wire
from core.messaging.template_models import CATEGORIES, MessageTemplate
from core.messaging.template_rules import LANGUAGES, Definition
from core.messaging.templates import add_version, as_definition, versions_of

log = structlog.get_logger(__name__)

META = "meta"
"""Who wrote a version that came from Meta."""
REASON_MAX = 500
FIELDS = (
    "message_template_status_update", "message_template_quality_update", "template_category_update",
)  # fmt: skip
"""The webhook fields about templates that change anything here."""


def apply_listing(session: Session, rows: Sequence[Json], *, now: datetime) -> int:
    """Bring every template to what Meta's whole listing says of it; how many changed their state.

    One that is only at Meta is taken over, one that Meta has no more is a draft again; templates in a language we do
    not speak are left alone.
    """
    ours = {(each.name, each.language): each for each in session.scalars(select(MessageTemplate).with_for_update())}
    changed, seen = 0, set()
    for row in rows:
        told = wire.read_definition(row)
        key = (told.name, told.language)
        if told.language not in LANGUAGES or told.category not in CATEGORIES:
            continue
        seen.add(key)
        template = ours.get(key) or _taken_over(session, told)
        _settle_wording(session, template, told)
        state = wire.STATES.get(str(row.get("status")).upper(), template.state)
        changed += state != template.state
        template.state, template.meta_id, template.told_at = state, str(row.get("id") or ""), now
        template.category, template.quality = told.category, wire.quality_of(row)
        reason = str(row.get("rejected_reason") or "")
        template.reason = "" if state == "approved" else (reason if reason not in ("", "NONE") else template.reason)
    for key, template in ours.items():
        if key not in seen and template.meta_id:
            _forget(template, "Meta does not have it any more", now)
            changed += 1
    session.flush()
    return changed


def _taken_over(session: Session, told: Definition) -> MessageTemplate:
    made = MessageTemplate(id=new_id(), name=told.name, language=told.language, category=told.category, version=0)
    session.add(made)
    session.flush()
    return made


def _settle_wording(session: Session, template: MessageTemplate, told: Definition) -> None:
    """Find which of our versions Meta has; a wording that we lack becomes one."""
    for kept in versions_of(session, template.id):
        if wire.same_at_meta(as_definition(template, kept), told):
            template.live_version = kept.number
            return
    add_version(session, template, told, by=META)
    template.live_version = template.version


def _forget(template: MessageTemplate, reason: str, now: datetime) -> None:
    template.state, template.reason, template.told_at = "draft", reason, now
    template.meta_id, template.live_version = "", None


def apply_news(session: Session, *, field: str, value: Json, now: datetime) -> bool:
    """Take a webhook's word for one template; False where it names none of the company's, or nothing we keep."""
    name, language = value.get("message_template_name"), value.get("message_template_language")
    template = session.scalar(
        select(MessageTemplate).where(
            MessageTemplate.name == str(name), MessageTemplate.language == str(language)
        ).with_for_update()
    )  # fmt: skip
    if template is None:
        log.warning("template_news_unknown", name=name, language=language, field=field)
        return False
    template.told_at = now
    template.meta_id = str(value.get("message_template_id") or template.meta_id)
    if field == "message_template_quality_update":
        template.quality = wire.quality_of(value)
    elif field == "template_category_update":
        category = str(value.get("new_category")).upper()
        template.category = category if category in CATEGORIES else template.category
    else:
        _apply_status(template, value, now)
    session.flush()
    return True


def _apply_status(template: MessageTemplate, value: Json, now: datetime) -> None:
    event = str(value.get("event")).upper()
    state = wire.STATES.get(event)
    if state is None:
        return
    if state == "draft":
        _forget(template, "deleted at Meta", now)
        return
    template.state = state
    if template.live_version is None:
        template.live_version = template.version
    template.reason = "" if state == "approved" and event != "FLAGGED" else _reason_of(value, event)[:REASON_MAX]


def _reason_of(value: Json, event: str) -> str:
    details: list[Any] = [value.get("reason")]
    for key in ("rejection_info", "disable_info", "other_info"):
        part = value.get(key)
        if isinstance(part, dict):
            details += [part.get(name) for name in ("title", "reason", "description", "recommendation")]
    told = [str(each) for each in details if each and str(each) != "NONE"]
    return "; ".join(dict.fromkeys(told)) or event.lower().replace("_", " ")
