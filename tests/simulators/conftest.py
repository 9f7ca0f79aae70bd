from __future__ import annotations

from collections.abc import Iterator

import pytest
from pywa import WhatsApp

from simulators.whatsapp_cloud.server import Config, Simulator, start_in_thread
from simulators.whatsapp_cloud.world import World
from tests.simulators.meta import AYESHA, NUMBER, SECRET, TOKEN, Business


@pytest.fixture
def business() -> Iterator[Business]:
    business = Business()
    yield business
    business.server.shutdown()


@pytest.fixture
def simulator(business: Business) -> Iterator[Simulator]:
    simulator = Simulator(Config(SECRET, TOKEN, "verify", business.url, NUMBER, "+92 42 35550100"), World(None, None))
    simulator.world.people = [AYESHA]
    stop = start_in_thread(simulator)
    yield simulator
    stop()


@pytest.fixture
def pywa(simulator: Simulator) -> WhatsApp:
    client = WhatsApp(phone_id=NUMBER, token=TOKEN)
    client.api._session.base_url = f"{simulator.base_url}/v25.0"
    return client
