"""Meta's door: GET proves the address is ours, POST brings signed events that are stored before anything else."""

from __future__ import annotations

import hashlib
import hmac

import structlog
from flask import Blueprint, Response, current_app, request

from bot.inbound import IncomingMessage, read_body
from bot.processing import leave_to_worker, process_items, store_event
from core.clock import utc_now
from core.settings import Settings

log = structlog.get_logger(__name__)
blueprint = Blueprint("webhook", __name__, url_prefix="/webhooks")

BODY_MAX = 4 * 1024 * 1024
"""Meta sends up to 3 MB."""


@blueprint.get("/whatsapp")
def verify() -> Response:
    """Answer Meta's handshake with its own challenge, as plain text."""
    token = _settings().whatsapp_verify_token.get_secret_value()
    said = request.args.get("hub.verify_token", "")
    if request.args.get("hub.mode") != "subscribe" or not hmac.compare_digest(said.encode(), token.encode()):
        return Response("verification refused", 403, mimetype="text/plain")
    return Response(request.args.get("hub.challenge", ""), 200, mimetype="text/plain")


@blueprint.post("/whatsapp")
def receive() -> Response:
    """Store a signed body and answer 200; then answer its messages, or leave a large batch to a worker."""
    if (request.content_length or 0) > BODY_MAX:
        return Response("body too large", 413, mimetype="text/plain")
    body = request.get_data(cache=False)
    if not is_signed(body, request.headers.get("X-Hub-Signature-256", ""), _app_secrets()):
        return Response("signature refused", 401, mimetype="text/plain")
    now = utc_now()
    event_id = store_event(body, now)
    try:
        items = read_body(body)
        messages = sum(isinstance(item, IncomingMessage) for item in items)
        if messages > _settings().inline_messages_max or len(items) > 5 * _settings().inline_messages_max:
            leave_to_worker(event_id, now)
        else:
            process_items(event_id, items, now)
    except Exception:
        log.exception("webhook_left_to_sweep", event_id=str(event_id))
    return Response("", 200)


def is_signed(body: bytes, header: str, secrets: list[str]) -> bool:
    """Whether `header` is `sha256=` and the HMAC of the raw body under one of the secrets."""
    if not header.isascii() or not header.startswith("sha256="):
        return False
    told = header.removeprefix("sha256=")
    return any(
        hmac.compare_digest(hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(), told) for secret in secrets
    )


def _app_secrets() -> list[str]:
    kept = _settings().whatsapp_app_secret.get_secret_value()
    return [secret.strip() for secret in kept.split(",") if secret.strip()]


def _settings() -> Settings:
    settings: Settings = current_app.config["TAAR"]
    return settings
