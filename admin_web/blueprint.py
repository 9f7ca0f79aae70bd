"""The panel's blueprint; the modules of `admin_web.views` put their pages onto it."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

blueprint = Blueprint("panel", __name__, template_folder="templates", static_folder="static", static_url_path="/static")
Page = str | Response | tuple[str, int]
