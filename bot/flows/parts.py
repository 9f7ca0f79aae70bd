"""What several flows ask in the same way."""

from __future__ import annotations

from bot.dialog import Chat
from core.ids import Id
from core.usecases.save_media import save_media


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
