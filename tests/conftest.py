"""Real PostgreSQL and Redis for every test: one embedded pair a run, one database a worker."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import select

import core.db
import core.jobs
import core.schema
import core.vault
from cli.database import migrate
from cli.embedded import EmbeddedServers, create_database, ensure_test_servers
from core.companies import BusinessNumber
from core.crm.models import Area, SubZone
from core.ids import new_id
from core.usecases.open_company import open_company
from tests.cast import TestCompany

_counter = itertools.count(1)

settings.register_profile("the same every time", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "the same every time"))
"""A failure then belongs to the change that is tested; HYPOTHESIS_PROFILE=search looks further."""


SERVERS = "TAAR_TEST_SERVERS"
"""Names the folder of the servers to the processes of one run. It is none of pytest's: those close each other's to
the user that PostgreSQL runs as when several runs begin at once."""


def pytest_configure() -> None:
    if SERVERS not in os.environ:
        os.environ[SERVERS] = tempfile.mkdtemp(prefix="taar-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(SERVERS), ignore_errors=True)


@pytest.fixture(scope="session")
def servers() -> Iterator[EmbeddedServers]:
    folder = Path(os.environ[SERVERS])
    folder.chmod(0o755)
    servers = ensure_test_servers(folder)
    yield servers
    servers.stop()


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """A folder for servers of a test's own."""
    with tempfile.TemporaryDirectory(prefix="taar-tests-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def database(servers: EmbeddedServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The restricted role's URL of this worker's migrated database; the engine is connected to it."""
    name = f"taar_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
    owner_url, app_url = create_database(servers, name)
    migrate(owner_url)
    engine = core.db.connect(app_url, pool_size=20)
    core.jobs.connect(servers.redis_url)
    core.vault.connect(f"file://{tmp_path_factory.mktemp('vault')}", "test-vault-key")
    yield app_url
    engine.dispose()


@pytest.fixture(scope="session")
def redis_url(servers: EmbeddedServers) -> str:
    return servers.redis_url


@pytest.fixture
def company(database: str) -> TestCompany:
    """A company of this test's own, so nothing needs cleaning up."""
    return _opened()


@pytest.fixture
def other_company(database: str) -> TestCompany:
    """A second company, to be kept apart from the first."""
    return _opened()


def _opened() -> TestCompany:
    number = next(_counter)
    return open_test_company(f"test-{os.getpid()}-{number}", f"9{os.getpid() % 10**7:07d}{number:08d}")


def open_test_company(slug: str, phone_number_id: str) -> TestCompany:
    """A company with one area and one sub-zone."""
    with core.db.platform_session("test") as session:
        opened = open_company(
            session, slug=slug, name="Chenab Net", phone_number_id=phone_number_id,
            display_number="+92 42 35550100",
        )  # fmt: skip
    with core.db.company_session(opened.id, "test") as session:
        number = session.scalars(select(BusinessNumber.id)).one()
        area = Area(id=new_id(), name="Gulberg")
        sub_zone = SubZone(id=new_id(), area_id=area.id, name="Gulberg III")
        session.add_all([area, sub_zone])
    return TestCompany(opened.id, slug, number, phone_number_id, area.id, sub_zone.id)


@pytest.fixture
def browser() -> Iterator[Browser]:
    """A real Chromium; where there is none the test is skipped, unless TAAR_REQUIRE_BROWSER says it must run."""
    chromium = shutil.which("chromium")
    if chromium is None and not os.environ.get("TAAR_REQUIRE_BROWSER"):
        pytest.skip("no chromium on this machine; set TAAR_REQUIRE_BROWSER=1 to fail instead")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield launched
        launched.close()
