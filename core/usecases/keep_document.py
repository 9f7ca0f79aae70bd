"""Keep a file that a person uploaded, such as the receipt of an expense or a vendor's bill."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core import vault
from core.crm.models import Document
from core.crm.pictures import difference_hash, picture_print
from core.errors import DomainError, NotFound
from core.ids import Id, new_id

SIZE_MAX = 5 * 1024 * 1024
NAME_MAX = 200
TYPES = ((b"%PDF-", "application/pdf"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))
"""How the files begin that may be kept; what a file calls itself does not count."""


class DocumentRefused(DomainError):
    """The file is empty, too large, or neither PDF nor PNG nor JPEG."""


def keep_document(session: Session, *, data: bytes, filename: str, kind: str) -> Document:
    """The stored document; its bytes go to the vault at once. Raises DocumentRefused."""
    if not data:
        raise DocumentRefused("The file is empty")
    if len(data) > SIZE_MAX:
        raise DocumentRefused(f"The file is larger than {SIZE_MAX // 1024 // 1024} MB: scan it smaller")
    mime_type = next((name for mark, name in TYPES if data.startswith(mark)), None)
    if mime_type is None:
        raise DocumentRefused("The file is neither a PDF nor a PNG or JPEG picture")
    is_picture = mime_type.startswith("image/")
    document = Document(
        id=new_id(), state="stored", kind=kind, sha256=vault.put(data), size=len(data), mime_type=mime_type,
        filename=_plain_name(filename), image_hash=difference_hash(data) if is_picture else "",
        image_print=picture_print(data) if is_picture else b"",
    )  # fmt: skip
    session.add(document)
    session.flush()
    return document


def read_document(session: Session, *, document_id: Id | None) -> tuple[Document, bytes]:
    """A stored document with its bytes; raises NotFound, DocumentUnreadable."""
    document = session.get(Document, document_id) if document_id else None
    if document is None or document.state != "stored":
        raise NotFound("There is no such document")
    return document, vault.get(document.sha256)


def _plain_name(filename: str) -> str:
    """The last part of the path, without characters that a header cannot carry."""
    name = filename.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(sign for sign in name if sign.isprintable() and sign not in '"<>|')[:NAME_MAX]
