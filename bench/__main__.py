"""`make bench`: what this machine does, each figure beside a limit measured in the same run."""

from __future__ import annotations

from bench import webhook

if __name__ == "__main__":
    webhook.main()
