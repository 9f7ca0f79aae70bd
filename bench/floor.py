"""The floor: the same server verifying the signature and storing the raw body, and nothing else."""

from __future__ import annotations

from flask import Flask, Response, request

from bot.processing import store_event
from bot.webhook import is_signed
from core.clock import utc_now
from core.settings import load_settings
from core.usecases.start_process import start_process

settings = load_settings()
start_process(settings)
app = Flask("floor")
SECRETS = [settings.whatsapp_app_secret.get_secret_value()]


@app.post("/webhooks/whatsapp")
def receive() -> Response:
    body = request.get_data(cache=False)
    if not is_signed(body, request.headers.get("X-Hub-Signature-256", ""), SECRETS):
        return Response("", 401)
    store_event(body, utc_now())
    return Response("", 200)


@app.get("/healthz")
def alive() -> str:
    return "ok"
