"""The long form of the crash test: many kills of process and server while a town is billed."""

from __future__ import annotations

import tempfile
from pathlib import Path

import core.schema  # noqa: F401 - every table must be known before the first query
from tests.core.billing.crashes import crash_runs


def main(kills: int = 40) -> None:
    """Kill `kills` times over one run of 4,000 invoices, and say what was not as if nothing had happened."""
    with tempfile.TemporaryDirectory(prefix="taar-crash-") as folder:
        Path(folder).chmod(0o755)
        crashed = crash_runs(Path(folder), count=4_000, kills=kills, seed=kills)
    facts = crashed.facts
    print(f"crashes    {len(crashed.billed_at):7d}      kills of process and server in one run")
    print(f"invoices   {facts['invoices']:7d}      of {len(crashed.expected.invoices)}, {facts['doubles']} doubles")
    print(f"numbers    {facts['numbers']:7d}      the last is {facts['last_number']}")
    print(f"unbalanced {facts['unbalanced']:7d}      journal entries")
    print("faults     " + ("   none" if not crashed.faults else "; ".join(crashed.faults)))
