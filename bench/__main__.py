"""`python -m bench [webhook|payments]`: what this machine does, each figure beside a limit measured in the same run."""

from __future__ import annotations

import sys

from bench import payments, webhook

BENCHES = {"webhook": webhook.main, "payments": payments.main}

if __name__ == "__main__":
    chosen = sys.argv[1:] or ["webhook"]
    if unknown := [name for name in chosen if name not in BENCHES]:
        sys.exit(f"No bench is called {', '.join(unknown)}: choose from {', '.join(BENCHES)}")
    for name in chosen:
        BENCHES[name]()
