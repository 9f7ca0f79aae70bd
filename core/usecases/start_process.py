"""Connect a process to what it needs; every program that runs the product starts here."""

from __future__ import annotations

import gc

import structlog

from core import db, jobs, logs, vault
from core.clock import utc_now
from core.messaging import graph_versions
from core.settings import Settings, SettingsInvalid

log = structlog.get_logger(__name__)

_settings: Settings | None = None


def start_process(settings: Settings) -> None:
    """Open the logs, database, Redis and vault of this process; call once, after any fork.

    The program itself imports core.schema, so that every table is known before the first query.
    Raises SettingsInvalid where no server is named, GraphVersionExpired where Meta would misread us.
    """
    global _settings
    missing = [name for name in ("database_url", "redis_url") if not getattr(settings, name)]
    if missing:
        raise SettingsInvalid("\n".join(f"TAAR_{name.upper()} is empty" for name in missing))
    logs.configure_logs(settings)
    _check_graph_version(settings.graph_version)
    db.connect(settings.database_url, pool_size=max(10, settings.send_threads + 4))
    jobs.connect(settings.redis_url)
    vault.connect(settings.vault_location, settings.vault_keys.get_secret_value())
    spare_collector()
    _settings = settings


def spare_collector() -> None:
    """Let the garbage collector leave out what is loaded by now, and look less often at the rest.

    Rows read by the thousand make it run again and again over everything the program has imported: with that it takes
    a third of an invoice run.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def process_settings() -> Settings:
    """The settings this process was started with."""
    if _settings is None:
        raise RuntimeError("core.usecases.start_process.start_process(settings) must run first")
    return _settings


def public_url() -> str:
    """What links in messages begin with; empty where people outside cannot reach this installation safely."""
    return _settings.base_url if _settings is not None else ""


def _check_graph_version(version: str) -> None:
    left = graph_versions.refuse_expired(version, utc_now().date())
    if left is not None and left < graph_versions.WARN_AHEAD:
        log.warning("graph_version_ends_soon", version=version, days_left=left.days)
