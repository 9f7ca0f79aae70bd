"""What several flows ask or refuse in the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bot.dialog import Chat
from bot.refusals import explained
from bot.texts.reply import Button, Reply, Saying, words
from core.errors import DomainError
from core.ids import Id
from core.usecases.save_media import save_media


def refused_with(
    refusals: Iterable[type[DomainError]], *buttons: Button
) -> Mapping[type[DomainError], Callable[[Any], Reply]]:
    """Answers refusals with what stands in the way."""

    def answered(refusal: Any) -> Reply:
        return Reply(words("This cannot be done: %(why)s", why=explained(refusal)), buttons=buttons)

    return dict.fromkeys(refusals, answered)


def refused_as(
    said: Saying, refusals: Iterable[type[DomainError]], *buttons: Button
) -> Mapping[type[DomainError], Callable[[Any], Reply]]:
    """Answers refusals whose own words are the office's with one saying in the person's language."""
    return dict.fromkeys(refusals, lambda _refusal: Reply(said, buttons=buttons))


def said_with_tap(chat: Chat, flow: str) -> str:
    """What the button carries that begins the flow; empty where it began otherwise."""
    prefix = f"flow:{flow}:"
    action = chat.message.action or ""
    return action.removeprefix(prefix) if action.startswith(prefix) else ""


def keep_photo(kind: str, chat: Chat) -> Id | None:
    """Registers the message's picture or document for the vault; None when there is none."""
    media = chat.message.media
    if media is None or chat.message.type not in ("image", "document", "video"):
        return None
    document = save_media(
        chat.session, company_id=chat.company.id, business_number_id=chat.business_number_id,
        contact_id=chat.speaker.contact_id, customer_id=chat.account.customer_id, media_id=media.media_id,
        mime_type=media.mime_type, filename=media.filename, kind=kind, now=chat.now,
    )  # fmt: skip
    return document.id
