"""The migrations and the models tell the same story, and the last step can be taken back."""

from __future__ import annotations

from alembic import command

from cli.database import alembic_config
from cli.embedded import EmbeddedServers, create_database


def test_models_and_migrations_agree_and_the_last_migration_can_be_undone(servers: EmbeddedServers) -> None:
    owner_url, _ = create_database(servers, "taar_migrations")
    config = alembic_config(owner_url)
    command.upgrade(config, "head")
    command.check(config)
    command.downgrade(config, "-1")
    command.upgrade(config, "head")
    command.downgrade(config, "base")
    command.upgrade(config, "head")
