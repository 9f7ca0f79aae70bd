"""Files that a page answers with: shown where a browser runs nothing in them, else only kept under their name."""

from __future__ import annotations

from flask import Response

SHOWN_INLINE = ("image/jpeg", "image/png", "image/webp", "application/pdf")
"""What a browser shows without running anything; all else is only downloaded."""
TABLES = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
"""Ending of a table → its MIME type."""


def sent_by_people(data: bytes, *, mime: str, name: str) -> Response:
    """A file that somebody sent or uploaded, of whatever kind it says it is; kept in no cache."""
    plain = mime.partition(";")[0].strip().lower()
    shown = plain in SHOWN_INLINE
    answer = Response(data, mimetype=plain if shown else "application/octet-stream")
    answer.headers.set("Content-Disposition", "inline" if shown else "attachment", filename=name)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def printed(pdf: bytes, name: str) -> Response:
    """A document of ours."""
    return Response(pdf, mimetype="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'})


def exported(data: bytes, *, mime: str, name: str) -> Response:
    """Something of ours to be kept under `name`."""
    return Response(data, mimetype=mime, headers={"Content-Disposition": f'attachment; filename="{name}"'})
