"""The demo's routers: one an area on file, and the file from which the simulator builds them and their people."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cli.demo_timeline import ACTOR
from cli.demo_town import Town, line_password
from core.billing.plan_models import Plan
from core.billing.subscription_models import Subscription
from core.companies import Company
from core.crm.models import Customer, SubZone
from core.db import company_session, platform_session
from core.ids import Id
from core.network.device_models import NetworkDevice
from core.network.devices import DeviceDetails, register_device
from core.network.models import Access

LOGIN, PASSWORD = "taar", "router-demo"
HOST = "127.0.0.1"
POOL = "pppoe-pool"
OFFLINE_SHARE = 0.07
OF_ROUTERS = NetworkDevice.vendor == "mikrotik"
ROUTERS = select(NetworkDevice.id).where(OF_ROUTERS).order_by(NetworkDevice.id)
FOREIGN = (("office", "Office line, do not touch"), ("cctv-tower", "03001234567"))


def put_routers_on_file(session: Session, town: Town, first_port: int) -> None:
    """One an area, before the first account is wanted."""
    for place, (name, area_id) in enumerate(town.areas.items()):
        device = register_device(session, DeviceDetails(
            name=f"{name.split()[0]}-1", vendor="mikrotik", host=HOST, port=first_port + place, tls=False,
            login=LOGIN, password=PASSWORD, area_id=area_id, options={"kinds": ["pppoe"], "pool": POOL},
        ))  # fmt: skip
        device.created_at = town.timeline.now - timedelta(days=90)
        town.devices[area_id] = device.id


def put_controller_on_file(session: Session, town: Town, port: int) -> None:
    """The Wi-Fi of the market; it serves whoever is put on it by hand."""
    device = register_device(session, DeviceDetails(
        name="Hotspot-1", vendor="unifi", host=HOST, port=port, login=LOGIN, password=PASSWORD,
        options={"kinds": ["wifi"]},
    ))  # fmt: skip
    device.created_at = town.timeline.now - timedelta(days=90)


def use_ports(slug: str, first_port: int, unifi_port: int) -> None:
    """The simulator's ports of this start; the company keeps those of the first one."""
    with platform_session(ACTOR) as session:
        company_id = session.scalars(select(Company.id).where(Company.slug == slug)).one()
    with company_session(company_id, ACTOR) as session:
        for place, device_id in enumerate(session.scalars(ROUTERS)):
            session.execute(update(NetworkDevice).where(NetworkDevice.id == device_id).values(port=first_port + place))
        session.execute(update(NetworkDevice).where(NetworkDevice.vendor == "unifi").values(port=unifi_port))


def write_routers(session: Session, path: Path, dark_zone: str) -> None:
    """What the simulator needs; the equipment of the dark sub-zone is without power."""
    chance = random.Random(23)  # noqa: S311 - a made-up town
    routers: list[dict[str, Any]] = []
    for number, device in enumerate(
        session.scalars(select(NetworkDevice).where(OF_ROUTERS).order_by(NetworkDevice.id))
    ):
        accounts = [{"name": name, "password": "by-hand", "comment": comment} for name, comment in FOREIGN]
        routers.append({
            "name": device.name, "serial": f"HG1090{number}DEMO", "model": "CCR2004-16G-2S+", "login": LOGIN,
            "password": PASSWORD, "accounts": accounts if number == 0 else [],
            "lines": list(_lines(session, device.id, dark_zone, chance)),
        })  # fmt: skip
    names = session.scalars(
        select(Access.username).where(Access.device_id.is_not(None)).order_by(Access.username)
    ).all()
    taken = names[len(names) // 7]
    place = _device_place(session, taken)
    routers[place]["accounts"].append({"name": taken, "password": line_password(taken), "comment": "Made by Irfan"})
    path.write_text(json.dumps(routers, indent=1))


def _device_place(session: Session, username: str) -> int:
    devices = list(session.scalars(ROUTERS))
    return devices.index(
        session.scalars(select(Access.device_id).where(Access.username == username)).one() or devices[0]
    )


def _lines(session: Session, device_id: Id, dark_zone: str, chance: random.Random) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Access.username, SubZone.name, Plan.download_mbps)
        .join(Subscription, Subscription.id == Access.subscription_id)
        .join(Customer, Customer.id == Subscription.customer_id)
        .join(SubZone, SubZone.id == Customer.sub_zone_id)
        .outerjoin(Plan, Plan.code == Access.profile)
        .where(Access.device_id == device_id, Access.state != "absent")
        .order_by(Access.username)
    )
    lines = []
    for username, zone, mbps in rows:
        if zone == dark_zone or chance.random() < OFFLINE_SHARE:
            continue
        down = int((mbps or 10) * 1_000_000 * chance.uniform(0.01, 0.25))
        lines.append({"name": username, "password": line_password(username), "down_bps": down, "up_bps": down // 10})
    return lines
