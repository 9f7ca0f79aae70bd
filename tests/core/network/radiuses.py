"""A FreeRADIUS database of its own, with a NAS on loopback and a cable to it that a test can cut."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

import core.network.radius
from cli.embedded import OWNER, EmbeddedServers, create_database
from core.network.radius.adapter import Radius, RadiusOptions
from core.network.radius.dynamic import Speaker
from core.network.radius.tables import Address
from simulators.radius.nas import Nas
from tests.cast import NOW
from tests.core.network.cables import Cable

SCHEMA = Path(core.network.radius.__file__).with_name("schema.sql")
DATABASE = f"radius_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
SECRET = "coa-secret"


def address(cable: Cable, **other: object) -> Address:
    fields: dict[str, object] = {"tls": False, "database": DATABASE, **other}
    return Address("127.0.0.1", cable.port, str(fields.pop("username", OWNER)), "x", **fields)  # type: ignore[arg-type]


@contextmanager
def a_radius(servers: EmbeddedServers) -> Iterator[tuple[Callable[..., Radius], Nas, Cable]]:
    """How to connect (with options of RadiusOptions), the NAS, the cable."""
    name = DATABASE
    create_database(servers, name)
    location = f"host={servers.socket_dir} dbname={name} user={OWNER}"
    with psycopg.connect(location, autocommit=True) as connection:
        connection.execute(SCHEMA.read_text())
        connection.execute("INSERT INTO nas (nasname, secret) VALUES ('127.0.0.1', 'x')")
    nas, cable = Nas(location, lambda: NOW), Cable(f"{servers.socket_dir}/.s.PGSQL.5432")
    opened: list[Radius] = []

    def connect(**options: object) -> Radius:
        speaker = Speaker(SECRET, nas.port, tries=2, wait_seconds=0.5 if nas.mood == "silent" else 20.0)
        opened.append(Radius(address(cable), speaker, RadiusOptions(**options)))  # type: ignore[arg-type]
        return opened[-1]

    try:
        yield connect, nas, cable
    finally:
        for each in opened:
            each.close()
        nas.switch_off()
        cable.close()
