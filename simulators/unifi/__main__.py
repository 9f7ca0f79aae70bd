"""Run a controller: `python -m simulators.unifi --state FOLDER --port 8920`.

Its certificate, clients and groups are kept in the folder, and people's phones come and stay.
"""

from __future__ import annotations

import argparse
import json
import signal
import threading
from pathlib import Path

from simulators.unifi.controller import Admin, Controller
from simulators.unifi.server import HttpsPort, self_signed
from simulators.unifi.site import Site

SAVE_SECONDS = 2.0
PHONES = 12
DOWN_BPS, UP_BPS = 900_000, 90_000


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(description="A UniFi controller on loopback, with phones around its access point")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--port", type=int, default=8920)
    parser.add_argument("--login", default="taar")
    parser.add_argument("--password", default="secret")
    given = parser.parse_args()
    given.state.mkdir(parents=True, exist_ok=True)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    site = Site(desc="Ravi Market")
    kept, certificate = given.state / "site.json", given.state / "certificate.pem"
    serial = load(site, kept)
    controller = Controller(site, name="Hotspot-1")
    controller.serial = serial or controller.serial
    controller.admins = {given.login: Admin(given.login, given.password)}
    if not certificate.exists():
        certificate.touch(0o600)
        certificate.write_bytes(self_signed("hotspot-1"))
    for place in range(PHONES):
        site.plug_in(f"aa:bb:cc:10:00:{place:02x}", down_bps=DOWN_BPS, up_bps=UP_BPS)
    port = HttpsPort(controller, port=given.port, certificate=certificate.read_bytes())
    while not stopping.wait(SAVE_SECONDS):
        save(controller, kept)
    save(controller, kept)
    port.switch_off()


def load(site: Site, path: Path) -> str:
    """What was kept the last time; the controller's serial number, empty the first time."""
    if not path.exists():
        return ""
    kept = json.loads(path.read_text())
    site.users, site.groups = kept["users"], kept["groups"]
    return str(kept["serial"])


def save(controller: Controller, path: Path) -> None:
    """Whole or not at all."""
    site = controller.site
    with site.lock:
        text = json.dumps({"serial": controller.serial, "users": site.users, "groups": site.groups})
    draft = path.with_suffix(".new")
    draft.write_text(text)
    draft.replace(path)


if __name__ == "__main__":
    main()
