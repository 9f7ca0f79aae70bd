"""The web program: webhook, health and panel behind one WSGI application, `cli.web:app`."""

from __future__ import annotations

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask

import admin_web.app as panel
import core.schema  # noqa: F401 - every table must be known before the first query
from admin_web import gateway_callback, papers_page
from bot import health, webhook
from bot.understanding import prepare as prepare_understanding
from core.jobs import ring_in_background
from core.settings import Settings, load_settings
from core.usecases.start_process import start_process


def create_app(settings: Settings) -> Flask:
    """The panel and, beside it, the webhook, over connections that are open already.

    The webhook is an application of its own: a message does not pay for the panel's sessions, forms and limits.
    """
    door = _flask("webhook", settings)
    door.register_blueprint(webhook.blueprint)
    door.register_blueprint(health.blueprint)
    app = _flask("panel", settings)
    app.secret_key = settings.secret_key.get_secret_value()
    panel.register(app, settings)
    app.register_blueprint(gateway_callback.blueprint)
    panel.csrf.exempt(gateway_callback.blueprint)
    panel.csrf.exempt(papers_page.blueprint)  # who holds the link acts by it alone: there is no session to ride on
    app.wsgi_app = _split(door.wsgi_app, app.wsgi_app)  # type: ignore[assignment, method-assign]
    return app


def _flask(name: str, settings: Settings) -> Flask:
    app = Flask(f"taar.{name}", static_folder=None)
    app.config["TAAR"] = settings
    return app


def _split(door: WSGIApplication, pages: WSGIApplication) -> WSGIApplication:
    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        to = door if path.startswith("/webhooks/") or path in ("/healthz", "/readyz") else pages
        return to(environ, start_response)

    return serve


def __getattr__(name: str) -> Flask:
    """`app` is made when the web server asks for it, so that importing this module connects to nothing."""
    if name != "app":
        raise AttributeError(name)
    settings = load_settings()
    start_process(settings)
    ring_in_background()
    prepare_understanding()
    app = globals()["app"] = create_app(settings)
    return app
