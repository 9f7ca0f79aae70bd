"""Files and tables that come with a form, kept in the vault, and sent back to whoever may see their record."""

from __future__ import annotations

import base64
import csv
import io
import zlib
from urllib.parse import quote

from flask import Response, abort, request

from admin_web.access import Books
from admin_web.forms import FieldInvalid
from core.errors import NotFound
from core.ids import Id
from core.spreadsheets.read import SIZE_MAX as TABLE_MAX
from core.spreadsheets.read import Sheet, read_sheet
from core.usecases.keep_document import SIZE_MAX, keep_document, read_document

CARRIED_MAX = 400_000
"""Of a table that was tried, so much is carried in the page to be entered; a larger one is chosen again."""


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


def sent_sheet() -> Sheet:
    """The file that was chosen, or the table a dry run carried."""
    file = request.files.get("file")
    data = file.read(TABLE_MAX + 1) if file and file.filename else b""
    if not data and request.form.get("carried"):
        try:
            data = zlib.decompressobj().decompress(base64.b64decode(request.form["carried"]), TABLE_MAX + 1)
        except (ValueError, zlib.error) as broken:
            raise FieldInvalid("The table of the dry run is damaged: choose the file again.") from broken
    if not data:
        raise FieldInvalid("Choose a file, CSV or XLSX.")
    return read_sheet(data)


def packed_sheet(sheet: Sheet) -> str:
    """The table for a hidden field `carried`; empty where it is too large, and then has to be chosen again."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(sheet.columns)
    table.writerows([row.cells[name] for name in sheet.columns] for row in sheet.rows)
    carried = base64.b64encode(zlib.compress(out.getvalue().encode(), 9)).decode()
    return carried if len(carried) <= CARRIED_MAX else ""
