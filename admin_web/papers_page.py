"""The page on which one person puts his identity card: reached by the link he got, without login, good once."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response, render_template, request, url_for
from werkzeug.datastructures import FileStorage

from bot.desk.papers import CLOSED, DONE, PAGE, PROBLEMS
from bot.texts.render import LANGUAGES, render
from core.clock import utc_now
from core.companies import company_by_slug, current_company
from core.crm.papers import SIZE_MAX, PaperRefused
from core.crm.uploads import KINDS, UploadLinkOver, is_signed, keep_papers, open_upload_link
from core.db import company_session, platform_session
from core.ids import Id
from core.settings import Settings

blueprint = Blueprint("papers", __name__, url_prefix="/papers", template_folder="templates")
BODY_MAX = 2 * SIZE_MAX + 64 * 1024


@blueprint.get("/<slug>/<token>")
def show(slug: str, token: str) -> Response:
    """The form while the link may be used. Looking at it ends nothing: previews of links look too."""
    company_id = _company(slug, token)
    if company_id is None:
        return _closed()
    with company_session(company_id, "papers") as session:
        try:
            link = open_upload_link(session, token=token, now=utc_now())
        except UploadLinkOver:
            return _closed()
        return _form(current_company(session).name, _language(link.language), slug, token)


@blueprint.post("/<slug>/<token>")
def receive(slug: str, token: str) -> Response:
    """Both pictures, made anew and kept; whatever is refused leaves the link as it was."""
    request.max_content_length = BODY_MAX
    company_id = _company(slug, token)
    if company_id is None:
        return _closed()
    if (request.content_length or 0) > BODY_MAX:
        return _again(company_id, slug, token, "large")
    pictures = {kind: _read(request.files.get(kind)) for kind in KINDS}
    try:
        with company_session(company_id, "papers") as session:
            link = open_upload_link(session, token=token, now=utc_now())
            name, language = current_company(session).name, _language(link.language)
            keep_papers(session, token=token, pictures=pictures, now=utc_now())
    except UploadLinkOver:
        return _closed()
    except PaperRefused as refused:
        return _again(company_id, slug, token, refused.why)
    return _page(200, company=name, language=language, done=render(DONE, language))


def _company(slug: str, token: str) -> Id | None:
    """Whose page it is; a token that we did not make asks no database."""
    if not is_signed(token):
        return None
    with platform_session("papers") as session:
        return company_by_slug(session, slug)


def _read(file: FileStorage | None) -> bytes:
    return file.stream.read(SIZE_MAX + 1) if file else b""


def _language(kept: str) -> str:
    asked = request.args.get("lang", kept)
    return asked if asked in LANGUAGES else "en"


def _again(company_id: Id, slug: str, token: str, why: str) -> Response:
    with company_session(company_id, "papers") as session:
        try:
            link = open_upload_link(session, token=token, now=utc_now())
        except UploadLinkOver:
            return _closed()
        return _form(current_company(session).name, _language(link.language), slug, token, why=why)


def _form(company: str, language: str, slug: str, token: str, why: str = "") -> Response:
    words = {name: render(saying, language) for name, saying in PAGE.items()}
    action = url_for("papers.show", slug=slug, token=token, lang=language)
    return _page(
        422 if why else 200, company=company, language=language, open=True, action=action,
        problem=render(PROBLEMS[why], language) if why else "", **words,
    )  # fmt: skip


def _closed() -> Response:
    """The same page for a link that is used, expired, forged or another company's, in all languages."""
    said = " ".join(render(CLOSED, language) for language in LANGUAGES)
    return _page(404, company="", language="en", problem=said)


def _page(status: int, **facts: object) -> Response:
    answer = make_response(render_template("papers.html", **facts), status)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    settings: Settings = current_app.config["TAAR"]
    if settings.is_production:
        answer.headers["Strict-Transport-Security"] = "max-age=31536000"
    return answer
