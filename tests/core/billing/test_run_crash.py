"""A run that is killed in the midst of its work, and started again, leaves what one that was not would have left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core import db, jobs
from tests.core.billing.crashes import crash_runs


@pytest.fixture
def own_engine(database: str, redis_url: str) -> Iterator[None]:
    """The other tests' connections, given back afterwards."""
    mine = db.engine()
    yield
    db._engine = mine
    jobs.connect(redis_url)


def test_kills_of_the_process_and_of_the_server_leave_no_trace(own_engine: None, server_folder: Path) -> None:
    crashed = crash_runs(server_folder, count=600, kills=12, seed=7)
    assert [0 < billed < 600 for billed in crashed.billed_at] == [True] * 12
    assert crashed.faults == []
