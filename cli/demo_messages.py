"""The demo's templates, in every state that Meta knows, and a list of them for the simulator that stands in for it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from core.companies import company_by_slug
from core.db import company_session, platform_session
from core.messaging.template_models import MessageTemplate
from core.messaging.template_rules import Button, Definition
from core.messaging.template_sync import keep_account_id
from core.messaging.template_wire import components
from core.messaging.templates import all_templates, definition_of, find_template, save_template, seed_templates

BY = "system"
FIRST_ID = 900_100_200_300
AT_META = {"approved": "APPROVED", "submitted": "PENDING", "rejected": "REJECTED", "paused": "PAUSED",
           "disabled": "DISABLED"}  # fmt: skip
OFFER = {"offer": "double speed for a month"}
YES = (Button("quick_reply", "Yes, tell me more"), Button("quick_reply", "No more offers"))
OWN = (
    ("approved", "", "GREEN", Definition(
        "faster_plan", "en", "MARKETING",
        "Good news, {{name}}: for {{offer}} just write UPGRADE here. Your plan today is {{plan}}, and nothing changes"
        " unless you want it.", {"name": "Ayesha", "plan": "Fiber 10", **OFFER}, buttons=YES,
        session_body="{{ name }}, your {{ plan }} can be faster: {{ offer }}. Write UPGRADE if you want it.")),
    ("approved", "", "YELLOW", Definition(
        "faster_plan_roman", "ur", "MARKETING",
        "Khush khabri, {{name}}: {{offer}} ke liye yahan UPGRADE likhein. Abhi aap ka package {{plan}} hai, aap na"
        " chahein to kuch nahi badlega.", {"name": "Ayesha", "plan": "Fiber 10", **OFFER},
        buttons=(Button("quick_reply", "Ji, mazeed batayein"), Button("quick_reply", "Offers band karein")))),
    ("rejected", "The template is a promotion and was submitted as UTILITY. Choose MARKETING.", "UNKNOWN", Definition(
        "winter_offer", "en", "UTILITY", "Winter is here, {{name}}: take {{offer}} before the month is over.",
        {"name": "Ayesha", **OFFER})),
    ("paused", "Paused for 3 hours after people's feedback", "RED", Definition(
        "friend_gift", "en", "MARKETING", "Bring a friend, {{name}}, and both of you get {{offer}} as our thanks.",
        {"name": "Ayesha", **OFFER})),
    ("disabled", "Disabled after repeated low quality", "RED", Definition(
        "router_sale", "en", "MARKETING", "A better router for {{name}} costs only {{amount}} until the month ends.",
        {"name": "Ayesha", "amount": "Rs 4,500"})),
    ("submitted", "", "UNKNOWN", Definition(
        "ramadan_hours", "en", "UTILITY", "In Ramadan our office is open from {{from}} until {{until}}, Friday closed.",
        {"from": "9:00", "until": "15:00"}, footer="Ravi Fiber Networks")),
    ("draft", "", "UNKNOWN", Definition(
        "wifi_tips", "en", "MARKETING", "Slow Wi-Fi, {{name}}? Put the router in the middle of the house, up high.",
        {"name": "Ayesha"}, buttons=(Button("url", "More tips", "https://ravifiber.example/wifi"),))),
)  # fmt: skip


def register_templates(session: Session, now: datetime) -> None:
    """The ready set is approved; of the company's own ones each is in another state."""
    for template in all_templates(session):
        _tell(template, "approved", "", "GREEN", now)
    for state, reason, quality, draft in OWN:
        save_template(session, draft=draft, by=BY)
        _tell(find_template(session, draft.name, draft.language), state, reason, quality, now)
    for place, template in enumerate(all_templates(session)):
        template.meta_id = str(FIRST_ID + place) if template.state != "draft" else ""
    session.flush()


def _tell(template: MessageTemplate, state: str, reason: str, quality: str, now: datetime) -> None:
    template.state, template.reason, template.quality = state, reason, quality
    if state != "draft":
        template.live_version, template.told_at = template.version, now - timedelta(days=2)


def write_templates(session: Session, path: Path) -> None:
    """What the simulator's Meta has, as its own records."""
    rows = []
    for template in all_templates(session):
        if not template.meta_id:
            continue
        draft = definition_of(session, template, template.live_version)
        parts = {part["type"]: part for part in components(draft)}
        header = {key: value for key, value in parts["HEADER"].items() if key != "type"} if "HEADER" in parts else None
        code = draft.category == "AUTHENTICATION"
        rows.append({
            "name": draft.name, "language": draft.language, "body": draft.body, "category": draft.category,
            "status": AT_META[template.state], "id": template.meta_id, "footer": draft.footer, "header": header,
            "buttons": [] if code else parts.get("BUTTONS", {}).get("buttons", []), "quality": template.quality,
            "reason": template.reason or "NONE", "code_expiration_minutes": draft.code_minutes,
            "example": None if code else parts["BODY"].get("example"),
        })  # fmt: skip
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")


def late_templates(slug: str, waba_id: str, path: Path, now: datetime) -> None:
    """The same for a company that was loaded before there were templates."""
    with platform_session(BY) as session:
        company_id = company_by_slug(session, slug)
    assert company_id is not None
    with company_session(company_id, BY) as session:
        keep_account_id(session, waba_id)
        seed_templates(session, by=BY)
        register_templates(session, now)
        write_templates(session, path)
