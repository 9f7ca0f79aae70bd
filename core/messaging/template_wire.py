"""Templates as Meta's management paths write and read them (reference WhatsApp 5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.db import Json
from core.messaging.template_models import QUALITIES
from core.messaging.template_rules import PLACE, Button, Definition
from core.messaging.whatsapp import Account

PAGE = 100
FIELDS = "id,name,language,category,status,components,quality_score,rejected_reason"
STATES = {
    "APPROVED": "approved", "REINSTATED": "approved", "UNARCHIVED": "approved", "FLAGGED": "approved",
    "PENDING": "submitted", "IN_APPEAL": "submitted", "REJECTED": "rejected", "PAUSED": "paused",
    "DISABLED": "disabled", "LIMIT_EXCEEDED": "disabled", "ARCHIVED": "disabled", "LOCKED": "disabled",
    "PENDING_DELETION": "draft", "DELETED": "draft",
}  # fmt: skip
"""Meta's states and events; one that is not here changes nothing."""
KINDS = {"quick_reply": "QUICK_REPLY", "url": "URL", "phone": "PHONE_NUMBER"}


def create_template(account: Account, draft: Definition) -> Json:
    """Meta's `{id, status, category}`. Raises GraphFailed."""
    body: Json = {"name": draft.name, "language": draft.language, "category": draft.category,
                  "components": components(draft)}  # fmt: skip
    if draft.category != "AUTHENTICATION":
        body["parameter_format"] = "POSITIONAL" if draft.is_numbered else "NAMED"
    return account.call("POST", f"{account.waba_id}/message_templates", body=body)


def edit_template(account: Account, meta_id: str, draft: Definition) -> None:
    """Put the wording in place of the one Meta has. Raises GraphFailed."""
    account.call("POST", meta_id, body={"category": draft.category, "components": components(draft)})


def delete_template(account: Account, name: str, meta_id: str) -> None:
    """Delete it in this one language. Raises GraphFailed."""
    account.call("DELETE", f"{account.waba_id}/message_templates", query={"name": name, "hsm_id": meta_id})


def list_templates(account: Account) -> list[Json]:
    """All of the account's, page by page. Raises GraphFailed."""
    rows: list[Json] = []
    query: Json = {"fields": FIELDS, "limit": str(PAGE)}
    while True:
        answer = account.call("GET", f"{account.waba_id}/message_templates", query=query)
        page = answer.get("data")
        rows += [row for row in page if isinstance(row, dict)] if isinstance(page, list) else []
        paging: Any = answer.get("paging") or {}
        after = (paging.get("cursors") or {}).get("after")
        if not page or not after or not paging.get("next"):
            return rows
        query["after"] = after


def components(draft: Definition) -> list[Json]:
    """The parts of a creation or change."""
    if draft.category == "AUTHENTICATION":
        footer = [{"type": "FOOTER", "code_expiration_minutes": draft.code_minutes}] if draft.code_minutes else []
        return [
            {"type": "BODY", "add_security_recommendation": True}, *footer,
            {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]},
        ]  # fmt: skip
    parts: list[Json] = [_header(draft)] if draft.header_kind != "none" else []
    body: Json = {"type": "BODY", "text": draft.body}
    if draft.is_numbered:
        body["example"] = {"body_text": [[draft.variables[place] for place in sorted(draft.places, key=int)]]}
    elif draft.places:
        named = [{"param_name": place, "example": draft.variables[place]} for place in draft.places]
        body["example"] = {"body_text_named_params": named}
    parts.append(body)
    parts += [{"type": "FOOTER", "text": draft.footer}] if draft.footer else []
    parts += [{"type": "BUTTONS", "buttons": [_button(button) for button in draft.buttons]}] if draft.buttons else []
    return parts


def _header(draft: Definition) -> Json:
    if draft.header_kind != "text":
        handle = {"header_handle": [draft.header]}
        return {"type": "HEADER", "format": draft.header_kind.upper(), "example": handle}
    part: Json = {"type": "HEADER", "format": "TEXT", "text": draft.header}
    place = draft.header_place
    if place.isdecimal():
        part["example"] = {"header_text": [draft.header_example]}
    elif place:
        part["example"] = {"header_text_named_params": [{"param_name": place, "example": draft.header_example}]}
    return part


def _button(button: Button) -> Json:
    part: Json = {"type": KINDS[button.kind], "text": button.text}
    if button.kind == "phone":
        part["phone_number"] = button.value
    if button.kind == "url":
        part["url"] = button.value
        part |= {"example": [button.example]} if PLACE.search(button.value) else {}
    return part


def read_definition(row: Json) -> Definition:
    """A row of Meta's listing as we keep it; what we have no field for is left out."""
    parts = [part for part in row.get("components") or [] if isinstance(part, dict)]
    by_kind = {str(part.get("type")).upper(): part for part in parts}
    body = by_kind.get("BODY", {})
    header, footer = by_kind.get("HEADER", {}), by_kind.get("FOOTER", {})
    kind = str(header.get("format", "none")).lower()
    text = str(header.get("text", ""))
    category = str(row.get("category") or "UTILITY").upper()
    buttons = [] if category == "AUTHENTICATION" else by_kind.get("BUTTONS", {}).get("buttons") or []
    minutes = footer.get("code_expiration_minutes")
    return Definition(
        name=str(row.get("name")), language=str(row.get("language")), category=category,
        body=str(body.get("text", "")), variables=_examples(str(body.get("text", "")), body.get("example") or {}),
        header_kind=kind if kind in ("none", "text", "document", "image") else "none",
        header=text if kind == "text" else "", header_example="-" if PLACE.search(text) else "",
        footer=str(footer.get("text") or ""), buttons=tuple(_read_buttons(buttons)),
        code_minutes=minutes if isinstance(minutes, int) else None,
    )  # fmt: skip


def _examples(body: str, example: Json) -> dict[str, str]:
    places = list(dict.fromkeys(PLACE.findall(body)))
    named = {str(each.get("param_name")): str(each.get("example")) for each in
             example.get("body_text_named_params") or [] if isinstance(each, dict)}  # fmt: skip
    rows = example.get("body_text") or [[]]
    numbered = {str(count): str(value) for count, value in enumerate(rows[0] if rows else [], 1)}
    return {place: (named | numbered).get(place, place) for place in places}


def _read_buttons(buttons: Sequence[Any]) -> list[Button]:
    kinds = {graph: ours for ours, graph in KINDS.items()}
    read = []
    for each in buttons:
        kind = kinds.get(str(each.get("type")).upper()) if isinstance(each, dict) else None
        if kind is not None:
            example = each.get("example") or [""]
            value = each.get("url") or each.get("phone_number") or ""
            read.append(Button(kind, str(each.get("text", "")), str(value), str(example[0])))
    return read


def quality_of(row: Json) -> str:
    """GREEN, YELLOW, RED or UNKNOWN, from a listing or a webhook."""
    score = row.get("quality_score") or row.get("new_quality_score")
    told = str(score.get("score") if isinstance(score, dict) else score).upper()
    return told if told in QUALITIES else "UNKNOWN"


def same_at_meta(one: Definition, other: Definition) -> bool:
    """Whether Meta has these very words, whatever the examples and the words for inside the 24 hours."""

    def parts(draft: Definition) -> tuple[object, ...]:
        labels = [(button.kind, button.text, button.value) for button in draft.buttons]
        header = draft.header if draft.header_kind == "text" else ""
        body = "" if draft.category == "AUTHENTICATION" else draft.body
        return (body, draft.header_kind, header, draft.footer, labels, draft.code_minutes)

    return parts(one) == parts(other)
