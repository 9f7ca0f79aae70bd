"""What a device shall hold: accounts from the desired state, speeds from the plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core import vault
from core.billing.plan_models import Plan
from core.ids import Id
from core.network.adapter import Speed, WantedAccount
from core.network.models import Access, AccessSync

KBPS = 1000
UNKNOWN_PLAN = Speed(0, 0)


@dataclass(frozen=True)
class Wish:
    """An account as it shall be, and how far the device was with it when it was read."""

    access_id: Id
    account: WantedAccount
    generation: int
    followed: bool
    """The device had it so: a difference is somebody else's doing."""
    adopted: bool
    wanted_by: str
    wanted_at: datetime


def wishes_of(session: Session, *, device_id: Id, waiting_by: datetime | None = None) -> list[Wish]:
    """All accounts of the device, or with `waiting_by` only those that wait and may be tried by then."""
    query = (
        select(Access, AccessSync, Plan)
        .join(AccessSync, AccessSync.access_id == Access.id)
        .outerjoin(Plan, Plan.code == Access.profile)
        .where(Access.device_id == device_id)
        .order_by(Access.id)
    )
    if waiting_by is not None:
        due = or_(AccessSync.next_try_at.is_(None), AccessSync.next_try_at <= waiting_by)
        query = query.where(AccessSync.state.in_(("pending", "failed")), due)
    return [_wish(access, sync, plan) for access, sync, plan in session.execute(query)]


def profiles_of(wishes: list[Wish]) -> Mapping[str, Speed]:
    """Each profile that these accounts use, with its speed."""
    return {wish.account.profile: wish.account.speed for wish in wishes if wish.account.profile}


def _wish(access: Access, sync: AccessSync, plan: Plan | None) -> Wish:
    speed = Speed(plan.download_mbps * KBPS, plan.upload_mbps * KBPS) if plan else UNKNOWN_PLAN
    profile = access.profile
    if access.throttled_kbps is not None:
        profile = f"{profile}-at-{access.throttled_kbps}k"
        speed = Speed(access.throttled_kbps, min(access.throttled_kbps, speed.up_kbps or access.throttled_kbps))
    return Wish(
        access_id=access.id,
        account=WantedAccount(
            kind=access.kind,  # type: ignore[arg-type]
            key=access.username, subscription_id=access.subscription_id, allowed=access.state == "allowed",
            profile=profile, speed=speed, address=access.address, mac=access.mac.lower(),
            password=vault.unseal(access.sealed_password) if access.sealed_password else None,
            absent=access.state == "absent",
        ),
        generation=sync.generation, followed=sync.state == "in_sync", adopted=access.adopted,
        wanted_by=sync.wanted_by, wanted_at=sync.wanted_at,
    )  # fmt: skip
