"""The web program: webhook, health and panel in one WSGI application, `cli.web:app`."""

from __future__ import annotations

from flask import Flask

import admin_web.app as panel
import core.schema  # noqa: F401 - every table must be known before the first query
from admin_web import gateway_callback
from bot import health, webhook
from core.settings import Settings, load_settings
from core.usecases.start_process import start_process


def create_app(settings: Settings) -> Flask:
    """The application over connections that are open already."""
    app = Flask("taar", static_folder=None)
    app.config["TAAR"] = settings
    app.secret_key = settings.secret_key.get_secret_value()
    app.register_blueprint(webhook.blueprint)
    app.register_blueprint(health.blueprint)
    panel.register(app, settings)
    app.register_blueprint(gateway_callback.blueprint)
    for signed in (webhook.blueprint, gateway_callback.blueprint):
        panel.csrf.exempt(signed)
    return app


def __getattr__(name: str) -> Flask:
    """`app` is made when the web server asks for it, so that importing this module connects to nothing."""
    if name != "app":
        raise AttributeError(name)
    settings = load_settings()
    start_process(settings)
    app = globals()["app"] = create_app(settings)
    return app
