"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from core.db import engine
from core.jobs import redis_connection

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> dict[str, str]:
    """The process answers; says nothing of what it depends on."""
    return {"status": "ok"}


@blueprint.get("/readyz")
def ready() -> tuple[dict[str, Any], int]:
    """503 without the database. Without Redis still ready: messages are kept and answered, sent a little later."""
    checks = {"database": _database(), "redis": _redis()}
    status = "ok" if all(v == "ok" for v in checks.values()) else "degraded"
    return {"status": status if checks["database"] == "ok" else "down", **checks}, 200 if checks[
        "database"
    ] == "ok" else 503


def _database() -> str:
    try:
        with engine().connect() as connection:
            connection.exec_driver_sql("SELECT 1")
    except SQLAlchemyError as fault:
        return type(fault).__name__
    return "ok"


def _redis() -> str:
    try:
        redis_connection().ping()
    except RedisError as fault:
        return type(fault).__name__
    return "ok"
