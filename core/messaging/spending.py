"""What becomes of the money set aside for a message: Meta bills it, or it does not (reference whatsapp 1.7, 2.2)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.messaging.batches import SENT_AGAIN
from core.messaging.models import OutboundMessage
from core.messaging.prices import country_of, price_list
from core.messaging.sending_models import CATEGORIES

BILLED_AS = {
    "marketing_lite": "marketing", "group_marketing": "marketing", "group_utility": "utility",
    "group_service": "service", "authentication-international": "authentication",
    "authentication_international": "authentication",
}  # fmt: skip
"""Meta's finer categories; what is in neither list leaves the price as it was set aside."""
_PERSON = text("SELECT phone, user_id FROM contact WHERE id = :id")


def note_billed(session: Session, message: OutboundMessage, pricing: Any) -> None:
    """Take in the `pricing` of a status; the same or a later one again changes nothing more.

    A template that Meta bills as another category is priced anew. Of a message that was sent twice in doubt, which of
    the two a status speaks of is not known: what was set aside for both stays.
    """
    if not isinstance(pricing, dict) or not message.cost_state:
        return
    told = str(pricing.get("category") or "").lower()
    category = told if told in CATEGORIES else BILLED_AS.get(told, message.category)
    is_free = pricing.get("billable") is False or str(pricing.get("type") or "").startswith("free_")
    if is_free:
        release(message)
        return
    if category != message.category and message.charged_on is not None:
        phone, user_id = session.execute(_PERSON, {"id": message.contact_id}).one()
        message.price = price_list(session, day=message.charged_on).price(category, country_of(phone, user_id))
    message.category, message.cost_state = category, "spent"


def release(message: OutboundMessage) -> None:
    """Meta does not bill it; what an earlier attempt in doubt has taken stays."""
    if message.cost_state and not message.error.startswith(SENT_AGAIN):
        message.cost_state = "released"


def release_place(message: OutboundMessage) -> None:
    """It was not delivered, so that Meta does not count its person."""
    if not message.error.startswith(SENT_AGAIN):
        message.quota_at = None
