"""A router's flash: what it still knows after its power was off, as a JSON file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from simulators.routeros.router import Router

KEPT = (
    "/ppp/profile", "/ip/hotspot/user/profile", "/ip/pool", "/ip/dhcp-server", "/ppp/secret", "/ip/hotspot/user",
    "/ip/dhcp-server/lease", "/queue/simple", "/ip/firewall/address-list", "/ip/firewall/filter",
)  # fmt: skip


def save(router: Router, path: Path) -> None:
    """Write what is configured; sessions and what came with them are not."""
    with router.lock:
        kept = {
            menu: {row_id: row for row_id, row in router.table(menu).rows.items() if row.get("dynamic") != "true"}
            for menu in KEPT
        }
    spare = path.with_suffix(".new")
    spare.write_text(json.dumps(kept))
    spare.replace(path)


def load(router: Router, path: Path) -> bool:
    """Read it back into a fresh router; False where there is nothing yet."""
    if not path.exists():
        return False
    kept: dict[str, dict[str, Any]] = json.loads(path.read_text())
    with router.lock:
        for menu, rows in kept.items():
            router.table(menu).restore(rows)
    return True
