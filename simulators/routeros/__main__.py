"""Run routers of a town: `python -m simulators.routeros --town FILE --state FOLDER --port 8910`.

The file names the routers, the accounts that stand on them already, and whose equipment is plugged in. Each router
listens on a port of its own, counted up from the first.
"""

from __future__ import annotations

import argparse
import json
import signal
import threading
from pathlib import Path
from typing import Any

from simulators.routeros.router import Router, User
from simulators.routeros.server import ApiPort
from simulators.routeros.state import load, save

SAVE_SECONDS = 2.0


def main() -> None:
    """Serve until SIGTERM or Ctrl-C; what is configured is kept in the folder."""
    parser = argparse.ArgumentParser(description="MikroTik routers on loopback, with customers' equipment dialling in")
    parser.add_argument("--town", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--port", type=int, default=8910)
    given = parser.parse_args()
    given.state.mkdir(parents=True, exist_ok=True)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    routers: list[tuple[Router, Path]] = []
    for place, described in enumerate(json.loads(given.town.read_text())):
        path = given.state / f"{described['name']}.json"
        router = build(described, path)
        ApiPort(router, port=given.port + place)
        routers.append((router, path))
    while not stopping.wait(SAVE_SECONDS):
        for router, path in routers:
            save(router, path)
    for router, path in routers:
        save(router, path)


def build(described: dict[str, Any], path: Path) -> Router:
    """A router as the file describes it, with what it kept from the last time."""
    router = Router(described["name"], serial=described["serial"], model=described["model"])
    router.allow(User(described["login"], described["password"]))
    if not load(router, path):
        for account in described["accounts"]:
            router.table("/ppp/secret").add(account)
    for line in described["lines"]:
        router.plug_in(line["name"], line["password"], down_bps=line["down_bps"], up_bps=line["up_bps"])
    return router


if __name__ == "__main__":
    main()
