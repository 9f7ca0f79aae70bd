"""The company's logo: uploaded and removed under its settings, shown in the panel's head."""

from __future__ import annotations

from flask import Response, abort, flash, redirect, request, url_for

from admin_web.access import books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.views.settings import tab_page
from core import vault
from core.errors import DomainError
from core.printing.logos import SIZE_MAX
from core.usecases.keep_logo import drop_logo, keep_logo

PNG_MARK = b"\x89PNG"


@blueprint.get("/logo")
@needs("panel.home")
def logo() -> Response:
    """The picture; its address names its content, so that a browser may keep it."""
    with books() as page:
        digest = page.company.logo_sha256
    if not digest:
        abort(404)
    try:
        data = vault.get(digest)
    except vault.DocumentUnreadable:
        abort(404)
    mime = "image/png" if data.startswith(PNG_MARK) else "image/jpeg"
    return Response(data, mimetype=mime, headers={"Cache-Control": "private, max-age=86400"})


@blueprint.post("/settings/company/logo")
@needs("company.settings")
def change_logo() -> Page:
    file = request.files.get("logo")
    data = file.read(SIZE_MAX + 1) if file and file.filename else b""
    try:
        with books() as page:
            if "remove" in request.form:
                drop_logo(page.session)
            else:
                keep_logo(page.session, data=data)
    except DomainError as refusal:
        flash("The logo was not changed: look below.", "problem")
        return tab_page("company", {"logo": f"{refusal}."}), 422
    flash("The logo is removed." if "remove" in request.form else "The logo is kept: documents carry it from now on.")
    return redirect(url_for("panel.settings_tab", tab="company", _anchor="logo"))
