"""`make bench`: what this machine does, each figure beside a limit measured in the same run.

`python -m bench run` measures one thing alone; a number after it sets its size.
"""

from __future__ import annotations

import sys

from bench import crash, invoice_run, webhook

BENCHES = {"webhook": webhook.main, "run": invoice_run.main, "crash": crash.main}

if __name__ == "__main__":
    name, *size = [*sys.argv[1:], ""][:2] if len(sys.argv) > 1 else ["", ""]
    for bench in [BENCHES[name]] if name else BENCHES.values():
        bench(*(int(n) for n in size if n))
