"""The bytes of what is attached to an outgoing message."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from core import vault
from core.billing.invoice_pdf import invoice_pdf
from core.billing.receipt_pdf import receipt_pdf
from core.crm.models import Document
from core.errors import DomainError, NotFound
from core.ids import Id
from core.staff.payslip_pdf import payslip_pdf
from core.usecases.usage_pdf import usage_pdf

PDF = "application/pdf"


class AttachmentNotReady(DomainError):
    """The document has not been fetched into the vault."""


def load_attachment(session: Session, attachment: Mapping[str, Any]) -> tuple[str, str, bytes]:
    """(file name, MIME type, bytes) of `{"source": "invoice_pdf" | "receipt_pdf" | "document", "id": ..., "language"}`.

    `usage_pdf` takes a customer's id and the days `month` and `today`, `payslip_pdf` an employee's id and `month`, and
    `expected` where its salary may be one that is not booked yet.
    Raises NotFound, AttachmentNotReady, or the vault's DocumentUnreadable.
    """
    source, identifier = attachment.get("source"), Id(str(attachment.get("id")))
    language = str(attachment.get("language") or "en")
    if source == "invoice_pdf":
        filename, data = invoice_pdf(session, invoice_id=identifier, language=language)
        return filename, PDF, data
    if source == "receipt_pdf":
        filename, data = receipt_pdf(session, payment_id=identifier, language=language)
        return filename, PDF, data
    if source == "usage_pdf":
        month, today = (date.fromisoformat(str(attachment.get(name))) for name in ("month", "today"))
        filename, data = usage_pdf(session, customer_id=identifier, month=month, today=today, language=language)
        return filename, PDF, data
    if source == "payslip_pdf":
        month = date.fromisoformat(str(attachment.get("month")))
        filename, data = payslip_pdf(
            session, staff_id=identifier, month=month, language=language, expected=bool(attachment.get("expected"))
        )
        return filename, PDF, data
    if source == "document":
        return _document(session, identifier)
    raise NotFound(
        f"Nothing can be attached from {source!r}; "
        "invoice_pdf, receipt_pdf, usage_pdf, payslip_pdf and document are known"
    )


def _document(session: Session, document_id: Id) -> tuple[str, str, bytes]:
    document = session.get(Document, document_id)
    if document is None:
        raise NotFound(f"There is no document {document_id}")
    if document.state != "stored":
        raise AttachmentNotReady(f"Document {document.filename or document_id} is {document.state}, not stored")
    return document.filename or str(document.id), document.mime_type, vault.get(document.sha256)
