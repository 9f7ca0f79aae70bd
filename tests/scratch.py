"""A stored conversation played in a scratch database of the tests' own server."""

from __future__ import annotations

from sqlalchemy import make_url

from bot.replay import Compared
from cli.embedded import OWNER
from cli.talks import replay
from core.db import engine
from core.ids import Id
from core.settings import Settings


def urls() -> tuple[str, str]:
    """The owner's and the restricted role's, of the database the tests are connected to."""
    app = engine().url
    return (
        make_url(app).set(username=OWNER).render_as_string(hide_password=False),
        app.render_as_string(hide_password=False),
    )


def replayed(company_id: Id, conversation_id: Id) -> list[Compared]:
    owner_url, app_url = urls()
    settings = Settings(
        environment="test", database_url=app_url, owner_database_url=owner_url, redis_url="unix:///nowhere",
        _env_file=None,
    )  # fmt: skip
    return replay(settings, company_id, conversation_id)
