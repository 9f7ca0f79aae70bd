"""A simulated MikroTik of a company, on file and with subscriptions to serve."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import select

from core import vault
from core.db import company_session
from core.ids import Id
from core.network.access import put_on_device
from core.network.devices import DeviceDetails, register_device
from core.network.models import Access, AccessSync
from core.network.record_models import NetworkChange, NetworkDrift
from core.usecases.reconcile_device import PassReport, reconcile_device
from core.usecases.start_service import start_service
from simulators.routeros.router import Router
from simulators.routeros.server import ApiPort
from tests.builders import make_customer, make_plan
from tests.cast import NOW, TestCompany


@dataclass
class Line:
    """The company, one of its devices, and a clock that only the test moves."""

    company: TestCompany
    device_id: Id
    plan_id: Id
    now: datetime = NOW
    numbers: dict[str, Id] = field(default_factory=dict)
    """Account name to subscription."""

    def connect(self, name: str, *, days_ago: int = 10) -> Id:
        """A customer gets the line of that name."""
        with company_session(self.company.id, "staff:test") as session:
            customer = make_customer(session, self.company, name=f"Customer {name}")
            subscription = start_service(
                session, customer_id=customer.id, site_id=customer.sites[0].id, plan_id=self.plan_id,
                started_on=date(2026, 11, 1), username=name,
            )  # fmt: skip
            access = session.scalars(select(Access).where(Access.subscription_id == subscription.id)).one()
            put_on_device(session, access, self.device_id)
        self.numbers[name] = subscription.id
        return subscription.id

    def want(self, name: str, **fields: object) -> None:
        with company_session(self.company.id, "staff:test") as session:
            access = session.scalars(select(Access).where(Access.username == name)).one()
            for field_name, value in fields.items():
                setattr(access, field_name, value)

    def pass_over(self, *, full: bool = True, after: timedelta = timedelta(0), dry_run: bool = False) -> PassReport:
        self.now += after
        return reconcile_device(self.company.id, device_id=self.device_id, now=self.now, full=full, dry_run=dry_run)

    def password(self, name: str) -> str:
        with company_session(self.company.id) as session:
            return vault.unseal(session.scalars(select(Access.sealed_password).where(Access.username == name)).one())

    def sync(self, name: str) -> tuple[str, str]:
        with company_session(self.company.id) as session:
            row = session.execute(
                select(AccessSync.state, AccessSync.problem).join(Access, Access.id == AccessSync.access_id)
                .where(Access.username == name)
            ).one()  # fmt: skip
            return row.state, row.problem

    def changes(self) -> list[tuple[str, str, str]]:
        with company_session(self.company.id) as session:
            rows = session.scalars(select(NetworkChange).order_by(NetworkChange.id))
            return [(row.move, row.key, row.outcome) for row in rows]

    def drift(self) -> list[tuple[str, str, str, str]]:
        with company_session(self.company.id) as session:
            rows = session.scalars(select(NetworkDrift).order_by(NetworkDrift.id))
            return [(row.what, row.key, row.fields, row.state) for row in rows]


@dataclass(kw_only=True)
class Site(Line):
    """With a router."""

    router: Router
    port: ApiPort

    def secret(self, name: str) -> dict[str, str]:
        """The row on the router as an operator sees it, empty where there is none."""
        table = self.router.table("/ppp/secret")
        row_id = table.named(name)
        return table.shown(row_id) if row_id else {}

    def write(self, menu: str, name: str, **properties: str) -> None:
        """Somebody works on the router by hand."""
        table = self.router.table(menu)
        row_id = table.named(name)
        assert row_id is not None
        table.change(row_id, {key.replace("_", "-"): value for key, value in properties.items()})


@contextmanager
def a_site(company: TestCompany, router: Router | None = None, **details: object) -> Iterator[Site]:
    router = router or Router("Gulberg-1", clock=lambda: NOW.timestamp())
    port = ApiPort(router)
    try:
        with company_session(company.id, "staff:test") as session:
            device = register_device(session, DeviceDetails(
                name="Gulberg-1", vendor="mikrotik", host="127.0.0.1", port=port.port, tls=False, login="taar",
                password="secret", options={"pool": "pppoe-pool"}, **details,  # type: ignore[arg-type]
            ))  # fmt: skip
            device.created_at = NOW - timedelta(days=30)
            plan = make_plan(session)
        yield Site(company, device.id, plan.id, router=router, port=port)
    finally:
        port.switch_off()
