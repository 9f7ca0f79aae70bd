"""`make bench`: what this machine does, each figure beside a limit measured in the same run.

`python -m bench run` measures one thing alone; a number after the name sets its size.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from bench import (
    bank,
    books,
    commissions,
    crash,
    invoice_run,
    late_fees,
    network,
    outbox,
    payments,
    recovery,
    understanding,
    webhook,
)

BENCHES: dict[str, Callable[..., None]] = {
    "webhook": webhook.main, "run": invoice_run.main, "payments": payments.main, "books": books.main,
    "recovery": recovery.main, "bank": bank.main, "commissions": commissions.main, "crash": crash.main,
    "late_fees": late_fees.main,
    "understanding": understanding.main, "network": network.main,
    "outbox": outbox.main,
}  # fmt: skip

if __name__ == "__main__":
    name, *size = sys.argv[1:3] or [""]
    if name and name not in BENCHES:
        sys.exit(f"No bench is called {name}: choose from {', '.join(BENCHES)}")
    for bench in [BENCHES[name]] if name else BENCHES.values():
        bench(*(int(number) for number in size))
