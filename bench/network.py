"""Routers: a pass over 10,000 accounts beside what the wire itself takes, and how soon a payer is online again.

The limit is read and written on the same simulated router in the same run: one narrow print of all secrets, and the
fewest commands that make the same changes, without comparing, guarding or recording anything. Aim: 1.3 times the limit.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import text

import core.db
from cli.database import migrate
from cli.embedded import EmbeddedServers, start_embedded
from core import vault
from core.clock import utc_now
from core.db import company_session
from core.ids import Id, new_id
from core.network.devices import DeviceDetails, register_device
from core.network.mikrotik.rows import PROPERTIES, SECRETS
from core.network.mikrotik.wire import Address, Wire
from core.recovery.case_models import RecoveryCase, ServiceCut
from core.settings import Settings
from core.usecases.reconcile_device import PassReport, reconcile_device
from core.usecases.start_process import start_process
from core.usecases.take_payment import take_payment
from simulators.routeros.router import Router
from simulators.routeros.server import ApiPort

ACCOUNTS = 10_000
IDS_A_COMMAND = 200
PAYERS = 20
ONLINE_WITHIN = 30.0
COMPANY_NUMBER = "1000200030004000"


def main(accounts: int = ACCOUNTS) -> None:
    """0, 100 and all accounts different, then the payers."""
    with tempfile.TemporaryDirectory(prefix="taar-bench-") as folder:
        Path(folder).chmod(0o755)
        servers = start_embedded(Path(folder))
        router = Router("Bench-1")
        port = ApiPort(router)
        try:
            migrate(servers.owner_url)
            settings = Settings(environment="test", data_dir=Path(folder), database_url=servers.app_url,
                                redis_url=servers.redis_url, _env_file=None)  # fmt: skip
            start_process(settings)
            company_id, device_id = _ground(accounts, port)
            _passes(company_id, device_id, port, accounts)
            _payers(company_id, device_id, router, settings, servers)
        finally:
            port.switch_off()
            core.db.engine().dispose()
            servers.stop()


def _ground(accounts: int, port: ApiPort) -> tuple[Id, Id]:
    from tests.conftest import open_test_company
    from tests.town import build_town

    company = open_test_company("bench", COMPANY_NUMBER)
    with company_session(company.id, "bench") as session:
        build_town(session, company, accounts)
        device = register_device(session, DeviceDetails(
            name="Bench-1", vendor="mikrotik", host="127.0.0.1", port=port.port, tls=False, login="taar",
            password="secret", changes_free=accounts * 10, options={"pool": "pppoe-pool"},
        ))  # fmt: skip
        session.execute(text("UPDATE access SET state = 'absent', username = 'old-' || username"))
        session.execute(text("DELETE FROM access"))
        session.execute(text(
            "INSERT INTO access (subscription_id, device_id, username, state, profile, sealed_password)"
            " SELECT s.id, :device, 'line-' || row_number() OVER (ORDER BY s.id), 'allowed', p.code, :sealed"
            " FROM subscription s JOIN plan p ON p.id = s.plan_id"
        ), {"device": device.id, "sealed": vault.seal("line")})  # fmt: skip
        session.execute(text("ANALYZE access"))
        return company.id, device.id


def _passes(company_id: Id, device_id: Id, port: ApiPort, accounts: int) -> None:
    report, seconds = _timed(company_id, device_id)
    print(f"{accounts} accounts from nothing: {seconds:.2f} s, {report.done} done")
    for different in (0, 100, accounts):
        limit = _limit(port, different)
        with company_session(company_id, "bench") as session:
            session.execute(text(
                "UPDATE access SET state = CASE state WHEN 'allowed' THEN 'blocked' ELSE 'allowed' END"
                " WHERE id IN (SELECT id FROM access ORDER BY id LIMIT :count)"
            ), {"count": different})  # fmt: skip
        report, seconds = _timed(company_id, device_id)
        if (report.done, report.fault) != (different, ""):
            raise AssertionError(f"{report.done} of {different} changes were made: {report.fault}")
        print(f"{different:6} different: pass {seconds:5.2f} s, wire alone {limit:5.2f} s,"
              f" {seconds / limit:4.1f} times it; load {os.getloadavg()[0]:.1f}")  # fmt: skip


def _timed(company_id: Id, device_id: Id) -> tuple[PassReport, float]:
    started = time.perf_counter()
    report = reconcile_device(company_id, device_id=device_id, now=utc_now(), full=True)
    return report, time.perf_counter() - started


def _limit(port: ApiPort, different: int) -> float:
    """Read all and write as many, and write them back outside the time."""
    wire = Wire(Address("127.0.0.1", port.port, "taar", "secret", tls=False))
    started = time.perf_counter()
    rows = wire.run((f"{SECRETS}/print", f"=.proplist={PROPERTIES[SECRETS]}"))
    ids = [row[".id"] for row in rows[:different]]
    commands = [
        (f"{SECRETS}/set", f"=.id={','.join(ids[at : at + IDS_A_COMMAND])}", "=disabled=no")
        for at in range(0, len(ids), IDS_A_COMMAND)
    ]
    for answer in wire.pipeline(commands):
        if answer.refusal:
            raise AssertionError(answer.refusal)
    seconds = time.perf_counter() - started
    wire.close()
    return seconds


def _payers(
    company_id: Id, device_id: Id, router: Router, settings: Settings, servers: EmbeddedServers
) -> None:  # fmt: skip
    """From the committed payment to the session that is up, through the queue and a worker of its own."""
    environment = {
        **os.environ, "TAAR_ENVIRONMENT": "test", "TAAR_DATA_DIR": str(settings.data_dir),
        "TAAR_DATABASE_URL": servers.app_url, "TAAR_REDIS_URL": servers.redis_url,
    }  # fmt: skip
    with company_session(company_id, "bench") as session:
        session.execute(text("UPDATE access SET state = 'allowed' WHERE state = 'blocked'"))
    reconcile_device(company_id, device_id=device_id, now=utc_now(), full=True)
    names = _suspend(company_id, PAYERS)
    reconcile_device(company_id, device_id=device_id, now=utc_now(), full=False)
    worker = subprocess.Popen([sys.executable, "-m", "workers.run"], env=environment)
    try:
        waits = [_pay(company_id, router, name, customer_id) for name, customer_id in names]
    finally:
        worker.terminate()
        worker.wait(20)
    print(f"payment to online, {len(waits)} payers one after another: median {statistics.median(waits):.2f} s,"
          f" worst {max(waits):.2f} s")  # fmt: skip


def _suspend(company_id: Id, count: int) -> list[tuple[str, Id]]:
    now = utc_now()
    with company_session(company_id, "bench") as session:
        rows = session.execute(text(
            "SELECT a.username, s.customer_id, c.sub_zone_id, z.area_id FROM access a"
            " JOIN subscription s ON s.id = a.subscription_id JOIN customer c ON c.id = s.customer_id"
            " JOIN sub_zone z ON z.id = c.sub_zone_id ORDER BY a.id LIMIT :count"
        ), {"count": count}).all()  # fmt: skip
        for row in rows:
            case = RecoveryCase(
                id=new_id(), customer_id=row.customer_id, area_id=row.area_id, sub_zone_id=row.sub_zone_id,
                amount=Decimal(100), amount_opened=Decimal(100),
                oldest_due_on=now.date() - timedelta(days=20), opened_on=now.date(),
            )  # fmt: skip
            session.add(case)
            session.flush()
            session.add(ServiceCut(id=new_id(), customer_id=row.customer_id, case_id=case.id, cut_at=now,
                                   cut_on=now.date(), cut_by="bench", owed=Decimal(100)))  # fmt: skip
        mine = {"ids": [row.customer_id for row in rows]}
        session.execute(text(
            "INSERT INTO service_pause (subscription_id, reason, starts_on, note)"
            " SELECT id, 'non_payment', current_date, 'bench' FROM subscription WHERE customer_id = ANY(:ids)"
        ), mine)  # fmt: skip
        session.execute(text("UPDATE subscription SET state = 'suspended' WHERE customer_id = ANY(:ids)"), mine)
        session.execute(text(
            "UPDATE access SET state = 'blocked' WHERE subscription_id IN"
            " (SELECT id FROM subscription WHERE customer_id = ANY(:ids))"
        ), mine)  # fmt: skip
    return [(row.username, row.customer_id) for row in rows]


def _pay(company_id: Id, router: Router, name: str, customer_id: Id) -> float:
    """The customer's box dials all the time, as boxes do; it is let in with the plan's profile once it is restored."""
    secrets = router.table("/ppp/secret")
    started = time.perf_counter()
    with company_session(company_id, "bench") as session:
        take_payment(
            session, customer_id=customer_id, amount=Decimal("500000.00"), method="cash", received_on=utc_now().date(),
            idempotency_key=f"bench:{name}", taken_by="bench", now=utc_now(),
        )  # fmt: skip
    while time.perf_counter() - started < ONLINE_WITHIN:
        with router.lock:
            row = secrets.shown(secrets.named(name) or "")
        if row["profile"] != "taar-suspended":
            return time.perf_counter() - started
        time.sleep(0.005)
    raise AssertionError(f"{name} paid and is not online after {ONLINE_WITHIN:.0f} s")
