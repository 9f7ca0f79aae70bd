from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.phones import webhook_client


@pytest.fixture
def client(database: str) -> FlaskClient:
    return webhook_client()
