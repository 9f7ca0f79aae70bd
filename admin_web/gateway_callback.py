"""The door of payment gateways: signed callbacks, without login or form; nothing unsigned leaves a trace."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, current_app, request

from core.billing.gateways import GATEWAYS, GatewayNotice, NoticeUnreadable, SignatureRefused
from core.clock import utc_now
from core.companies import company_by_slug
from core.db import company_session, platform_session, retried
from core.ids import Id
from core.settings import Settings
from core.usecases.take_gateway_notice import NoticeContradicts, take_gateway_notice

log = structlog.get_logger(__name__)
blueprint = Blueprint("gateways", __name__, url_prefix="/payments")

BODY_MAX = 64 * 1024


@blueprint.post("/<slug>/<gateway>")
def receive(slug: str, gateway: str) -> Response:
    """Answer 200 once the notice is stored; the gateway repeats anything else, and a repeat books nothing twice."""
    settings: Settings = current_app.config["TAAR"]
    secrets = settings.secrets_of_gateway(slug, gateway)
    if gateway not in GATEWAYS or not secrets:
        return _answer(401, "signature refused")
    body = request.stream.read(BODY_MAX + 1)
    if len(body) > BODY_MAX:
        return _answer(413, "body too large")
    now = utc_now()
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        notice = GATEWAYS[gateway].verify(headers, body, secrets, now=now)
    except SignatureRefused as refused:
        log.warning("gateway_signature_refused", gateway=gateway, company=slug, reason=str(refused))
        return _answer(401, "signature refused")
    except NoticeUnreadable as wrong:
        log.warning("gateway_notice_unreadable", gateway=gateway, company=slug, reason=str(wrong))
        return _answer(400, str(wrong))
    with platform_session() as session:
        company_id = company_by_slug(session, slug)
    if company_id is None:
        return _answer(404, "no such company")
    try:
        return _answer(200, retried(lambda: _take(company_id, gateway, notice)))
    except NoticeContradicts as contradiction:
        log.warning("gateway_notice_contradicts", gateway=gateway, company=slug, reason=str(contradiction))
        return _answer(409, str(contradiction))


def _take(company_id: Id, gateway: str, notice: GatewayNotice) -> str:
    with company_session(company_id, f"gateway:{gateway}") as session:
        return take_gateway_notice(session, gateway=gateway, notice=notice, now=utc_now()).state


def _answer(status: int, text: str) -> Response:
    return Response(text, status, mimetype="text/plain")
