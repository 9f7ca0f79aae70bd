"""The whole system on one machine with a made-up company: `make demo`."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import IO

from alembic.util import CommandError

from bot.understanding import learn
from cli.database import migrate, refresh_statistics
from cli.demo_company import (
    COMPLETE,
    DISPLAY_NUMBER,
    PHONE_NUMBER_ID,
    ROUTERS,
    SLUG,
    TEMPLATES,
    DemoLogin,
    DemoUnfinished,
    load,
)
from cli.demo_routers import LOGIN, PASSWORD, use_ports
from cli.embedded import EmbeddedServers, ServersUnavailable, start_embedded
from cli.processes import Child, ProcessFailed, Supervisor, web_server
from core.clock import utc_now
from core.settings import Settings
from core.usecases.start_process import start_process
from simulators.town import AREAS

MARKER = "taar-demo-data"
HOST = "127.0.0.1"


class DemoFailed(Exception):
    """One line that says what stands in the way."""


def run_demo(settings: Settings, *, reset: bool, say: Callable[[str], None]) -> None:
    """Start everything, wait for Ctrl-C, stop everything; the data stays. Raises DemoFailed."""
    started = time.monotonic()
    data_dir = settings.data_dir.resolve()
    check_ports(settings)
    with claim_data_dir(data_dir, reset=reset):
        try:
            say("Starting PostgreSQL and Redis")
            servers = start_embedded(data_dir)
        except ServersUnavailable as fault:
            raise DemoFailed(str(fault)) from fault
        try:
            _serve(_with_servers(settings, servers, data_dir), servers, started, say)
        except (ProcessFailed, DemoUnfinished) as fault:
            raise DemoFailed(str(fault)) from fault
        except KeyboardInterrupt:
            say("Interrupted. `make demo` goes on, or starts afresh where the company was not loaded yet.")
        else:
            say("Stopped. The data is kept; `make demo` goes on with it, `make demo-reset` starts afresh.")
        finally:
            servers.stop()


def claim_data_dir(data_dir: Path, *, reset: bool) -> IO[str]:
    """The folder with our marker in it, locked until the file returned is closed.

    Emptied with `reset` and after a load that was cut short, but never a stranger's. Raises DemoFailed.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not (data_dir / MARKER).exists() and any(data_dir.iterdir()):
            raise DemoFailed(f"{data_dir} holds files that are not the demo's: set TAAR_DATA_DIR to another folder")
        marker = (data_dir / MARKER).open("a")
        try:
            fcntl.flock(marker, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            raise DemoFailed(f"another demo runs in {data_dir}: stop it, or set TAAR_DATA_DIR to another") from fault
        if reset or not (data_dir / COMPLETE).exists():
            _empty(data_dir)
    except PermissionError as fault:
        raise DemoFailed(f"no permission to write in {data_dir}: set TAAR_DATA_DIR to another folder") from fault
    except OSError as fault:
        raise DemoFailed(f"{data_dir} cannot be used ({fault.strerror}): set TAAR_DATA_DIR to another") from fault
    return marker


def _empty(data_dir: Path) -> None:
    for entry in data_dir.iterdir():
        if entry.name == MARKER:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _serve(settings: Settings, servers: EmbeddedServers, started: float, say: Callable[[str], None]) -> None:
    say("Migrating the database")
    try:
        migrate(servers.owner_url)
    except CommandError as fault:
        raise DemoFailed(f"the data is of another version ({fault}): run `make demo-reset`") from fault
    start_process(settings)
    fresh = not (settings.data_dir / COMPLETE).exists()
    logins = load(settings, say, utc_now())
    use_ports(SLUG, settings.router_port, settings.unifi_port)
    if fresh:
        refresh_statistics(servers.owner_url)
    learn()  # before the web server, which is given seconds to start
    supervisor = Supervisor(settings.data_dir / "logs", _environment(settings))

    def stop(_signal: int, _frame: FrameType | None) -> None:
        supervisor.stopping = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    try:
        for child in _children(settings):
            say(f"Starting {child.name}")
            supervisor.start(child)
        if not supervisor.stopping:
            say(_welcome(settings, logins, time.monotonic() - started))
        supervisor.watch()
    finally:
        say("Stopping")
        supervisor.stop()


def _children(settings: Settings) -> list[Child]:
    python = sys.executable
    web, simulator = f"http://{HOST}:{settings.web_port}", f"http://{HOST}:{settings.simulator_port}"
    return [
        Child(
            "simulator",
            [python, "-m", "simulators.whatsapp_cloud", "--host", HOST, "--port", str(settings.simulator_port),
             "--app-secret", settings.whatsapp_app_secret.get_secret_value(),
             "--access-token", settings.whatsapp_access_token.get_secret_value(),
             "--verify-token", settings.whatsapp_verify_token.get_secret_value(),
             "--webhook-url", f"{web}/webhooks/whatsapp", "--phone-number-id", PHONE_NUMBER_ID,
             "--display-phone-number", DISPLAY_NUMBER, "--people", str(settings.data_dir / "people.json"),
             "--templates", str(settings.data_dir / TEMPLATES),
             "--state", str(settings.data_dir / "simulator")],
            f"{simulator}/",
        ),
        *routers(settings),
        *controllers(settings),
        Child("web", web_server("cli.web:app", f"{HOST}:{settings.web_port}"), f"{web}/healthz"),
        Child("worker-1", [python, "-m", "workers.run"]),
        Child("worker-2", [python, "-m", "workers.run"]),
        Child("scheduler", [python, "-m", "workers.schedule"]),
    ]  # fmt: skip


def routers(settings: Settings) -> list[Child]:
    """None for a company that was loaded by a version without routers."""
    town = settings.data_dir / ROUTERS
    if not town.exists():
        return []
    command = [sys.executable, "-m", "simulators.routeros", "--town", str(town),
               "--state", str(settings.data_dir / "routers"), "--port", str(settings.router_port)]  # fmt: skip
    return [Child("routers", command)]


def controllers(settings: Settings) -> list[Child]:
    """The UniFi controller of the market's Wi-Fi."""
    command = [sys.executable, "-m", "simulators.unifi", "--state", str(settings.data_dir / "unifi"),
               "--port", str(settings.unifi_port), "--login", LOGIN, "--password", PASSWORD]  # fmt: skip
    return [Child("unifi", command)]


def _with_servers(settings: Settings, servers: EmbeddedServers, data_dir: Path) -> Settings:
    return settings.model_copy(
        update={
            "data_dir": data_dir,
            "database_url": servers.app_url,
            "redis_url": servers.redis_url,
            "graph_url": f"http://{HOST}:{settings.simulator_port}",
        }
    )


def _environment(settings: Settings) -> dict[str, str]:
    ours = {
        "TAAR_ENVIRONMENT": settings.environment,
        "TAAR_DATA_DIR": str(settings.data_dir),
        "TAAR_DATABASE_URL": settings.database_url,
        "TAAR_REDIS_URL": settings.redis_url,
        "TAAR_GRAPH_URL": settings.graph_url,
        "PYTHONWARNINGS": "ignore::DeprecationWarning",
    }
    return {**os.environ, **ours}


def check_ports(settings: Settings) -> None:
    """All ports can be listened on. Raises DemoFailed."""
    if settings.web_port == settings.simulator_port:
        raise DemoFailed(f"the panel and the phones cannot share port {settings.web_port}: set TAAR_SIMULATOR_PORT")
    routers = [(settings.router_port + place, "TAAR_ROUTER_PORT") for place in range(len(AREAS))]
    own = [(settings.web_port, "TAAR_WEB_PORT"), (settings.simulator_port, "TAAR_SIMULATOR_PORT"),
           (settings.unifi_port, "TAAR_UNIFI_PORT")]  # fmt: skip
    for port, variable in (*own, *routers):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as fault:
                raise DemoFailed(f"port {port} cannot be used ({fault.strerror}): set {variable} to another") from fault


def _welcome(settings: Settings, logins: list[DemoLogin], seconds: float) -> str:
    people = "\n".join(f"    {login.role:<16}{login.email:<28}{login.password}" for login in logins)
    return (
        f"\nTaar is running ({seconds:.0f} s).\n\n"
        f"  Phones   http://{HOST}:{settings.simulator_port}/   chat as a customer or an employee\n"
        f"  Panel    http://{HOST}:{settings.web_port}/   sign in as\n{people}\n\n"
        "Ctrl-C stops everything."
    )
