"""Run the simulator: `python -m simulators.whatsapp_cloud --help` tells what it needs."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
from pathlib import Path

from werkzeug.serving import make_server

from simulators.whatsapp_cloud.server import Config, Simulator
from simulators.whatsapp_cloud.templates import Template


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(description="A stand-in for the WhatsApp Cloud API, with phones in the browser")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8900)
    for name in ("app-secret", "access-token", "verify-token", "webhook-url", "phone-number-id"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--display-phone-number", default="+92 42 35550100")
    parser.add_argument("--people", type=Path)
    parser.add_argument("--state", type=Path)
    parser.add_argument("--templates", type=Path, help="JSON list of templates' fields")
    parser.add_argument("--no-limits", action="store_true", help="neither throughput nor pair rate")
    parser.add_argument("--messages-per-second", type=int, default=80)
    given = parser.parse_args()
    simulator = Simulator(
        Config(given.app_secret, given.access_token, given.verify_token, given.webhook_url, given.phone_number_id,
               given.display_phone_number, given.people, given.state, limits=not given.no_limits,
               messages_per_second=given.messages_per_second)
    )  # fmt: skip
    for row in json.loads(given.templates.read_text()) if given.templates else []:
        simulator.world.add_template(Template(**row))
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    make_server(given.host, given.port, simulator.app(), threaded=True).serve_forever()


if __name__ == "__main__":
    main()
