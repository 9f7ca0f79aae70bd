"""Migrations, run as the owner role."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

MIGRATIONS = Path(__file__).parent.parent / "migrations"


def alembic_config(owner_url: str) -> Config:
    """Alembic's configuration for one database."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", owner_url.replace("%", "%%"))
    return config


def migrate(owner_url: str) -> None:
    """Bring the database to the newest schema; does nothing when it is there."""
    command.upgrade(alembic_config(owner_url), "head")


def refresh_statistics(owner_url: str) -> None:
    """Count the tables anew after a bulk load, so that the first queries need not wait for autovacuum to plan well."""
    engine = create_engine(owner_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    engine.dispose()
