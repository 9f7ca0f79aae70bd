"""Each test has a town of its own."""

from __future__ import annotations

import pytest

from tests.cast import TestCompany
from tests.core.recovery.town import Town


@pytest.fixture
def town(company: TestCompany) -> Town:
    return Town(company)
