"""Which pictures of the company show the same, whoever sent them: found by a coarse hash, decided by a fine print."""

from __future__ import annotations

from sqlalchemy import or_, select, text
from sqlalchemy.orm import Session

from core.crm.models import Document
from core.crm.pictures import NEAR, WORTH_A_LOOK, distance, same_print
from core.ids import Id

_CLOSE = text(
    "document.image_hash <> ''"
    " AND bit_count(('x' || document.image_hash)::bit(64) # ('x' || :image_hash)::bit(64)) <= :close"
)


def pictures_like(session: Session, document: Document) -> list[Id]:
    """Other stored documents with the same bytes, and then those that show the same, each the oldest first.

    Two receipts of one payment app look alike from afar, so a coarse likeness alone is decided by the prints; where
    one of the two has none, it has to be closer.
    """
    if document.state != "stored" or not document.sha256:
        return []
    same = Document.sha256 == document.sha256
    found = session.execute(
        select(Document.id, Document.image_hash, Document.image_print, same.label("same"))
        .where(Document.id != document.id, Document.state == "stored",
               or_(same, _CLOSE) if document.image_hash else same)
        .order_by(~same, Document.id),
        {"image_hash": document.image_hash, "close": WORTH_A_LOOK},
    )  # fmt: skip
    return [row.id for row in found if row.same or _shows_same(document, row.image_hash, row.image_print)]


def _shows_same(document: Document, image_hash: str, image_print: bytes) -> bool:
    if document.image_print and image_print:
        return same_print(document.image_print, image_print)
    return distance(document.image_hash, image_hash) <= NEAR
