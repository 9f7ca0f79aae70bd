"""An expired Graph version stops the program before it can drift."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core.messaging.graph_versions import GraphVersionExpired, refuse_expired
from tests.cast import TODAY


@pytest.mark.parametrize("version", ["v14.0", "v15.0", "v20.0", "v13.0"])
def test_an_expired_version_is_refused(version: str) -> None:
    with pytest.raises(GraphVersionExpired, match="TAAR_GRAPH_VERSION"):
        refuse_expired(version, TODAY)


def test_a_usable_version_tells_the_time_it_has_left() -> None:
    assert refuse_expired("v21.0", TODAY) == date(2027, 1, 21) - TODAY
    assert refuse_expired("v21.0", date(2027, 1, 20)) == timedelta(days=1)


@pytest.mark.parametrize("version", ["v26.0", "v27.0"])
def test_a_version_without_known_end_is_usable(version: str) -> None:
    assert refuse_expired(version, TODAY) is None
