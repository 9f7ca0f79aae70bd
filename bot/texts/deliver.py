"""A reply put into words and into the outbox, cut to what WhatsApp allows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.texts.render import render
from bot.texts.reply import Reply
from core.ids import Id
from core.messaging import payloads
from core.messaging.outbox import message_row

BODY_MAX = 1024
LIST_BODY_MAX = 4096
TEXT_MAX = 4096
BUTTON_MAX = 20
ROW_TITLE_MAX = 24
ROW_DESCRIPTION_MAX = 72
LIST_BUTTON_MAX = 20


def reply_row(
    reply: Reply, *, language: str, currency: str, contact_id: Id, business_number_id: Id, dedupe_key: str,
    now: datetime, lane: str = "reply",
) -> dict[str, Any]:  # fmt: skip
    """The outbox row of a reply."""
    body = render(reply.body, language, currency)
    return message_row(
        contact_id=contact_id, business_number_id=business_number_id, lane=lane,
        payload=payload_of(reply, body, language, currency), text=body, dedupe_key=dedupe_key, now=now,
        attachment=reply.attachment,
    )  # fmt: skip


def payload_of(reply: Reply, body: str, language: str, currency: str) -> dict[str, Any]:
    """The Graph body of a reply whose words are `body`, within the limits of its kind."""
    if reply.attachment:
        return payloads.document(cut(body, BODY_MAX), reply.attachment["filename"])
    if reply.rows:
        rows = [
            (
                row.action,
                cut(render(row.title, language, currency), ROW_TITLE_MAX),
                cut(render(row.description, language, currency), ROW_DESCRIPTION_MAX) if row.description else "",
            )
            for row in reply.rows
        ]
        label = render(reply.list_button, language, currency) if reply.list_button else "…"
        return payloads.list_message(cut(body, LIST_BODY_MAX), cut(label, LIST_BUTTON_MAX), [("", rows)])
    if reply.buttons:
        titles = [(b.action, cut(render(b.title, language, currency), BUTTON_MAX)) for b in reply.buttons]
        return payloads.buttons(cut(body, BODY_MAX), titles)
    return payloads.text(cut(body, TEXT_MAX))


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, the last one an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
