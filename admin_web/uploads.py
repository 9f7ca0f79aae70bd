"""Files that come with a form, kept in the vault, and sent back to whoever may see their record."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response, abort, request

from admin_web.access import Books
from core.errors import NotFound
from core.ids import Id
from core.usecases.keep_document import SIZE_MAX, keep_document, read_document


def kept_file(page: Books, field: str, *, kind: str, customer_id: Id | None = None) -> Id | None:
    """The document of the file that was chosen, None where none was; raises DocumentRefused."""
    file = request.files.get(field)
    if file is None or not file.filename:
        return None
    document = keep_document(page.session, data=file.read(SIZE_MAX + 1), filename=file.filename, kind=kind)
    document.customer_id = customer_id
    return document.id


def sent_file(page: Books, document_id: Id | None) -> Response:
    """The document as it was uploaded; 404 where there is none."""
    try:
        document, data = read_document(page.session, document_id=document_id)
    except NotFound:
        abort(404)
    named = f"inline; filename*=UTF-8''{quote(document.filename)}"
    return Response(data, mimetype=document.mime_type, headers={"Content-Disposition": named})
