"""What a device shall hold: accounts from the desired state, speeds from the plans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core import vault
from core.billing.plan_models import Plan
from core.ids import Id
from core.network.adapter import SeenAccount, Speed, WantedAccount
from core.network.models import Access, AccessSync

KBPS = 1000


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
    sealed_password: str = field(default="", repr=False)
    """Empty leaves the one that stands on the device."""
    password_print: str = field(default="", repr=False)


def wishes_of(session: Session, *, device_id: Id, waiting_by: datetime | None = None) -> list[Wish]:
    """All accounts of the device, or with `waiting_by` only those that wait and may be tried by then.

    Their passwords stay sealed: `known_passwords` says whose is needed.
    """
    query = (
        select(*_COLUMNS)
        .join(AccessSync, AccessSync.access_id == Access.id)
        .outerjoin(Plan, Plan.code == Access.profile)
        .where(Access.device_id == device_id)
        .order_by(Access.id)
    )
    if waiting_by is not None:
        due = or_(AccessSync.next_try_at.is_(None), AccessSync.next_try_at <= waiting_by)
        query = query.where(AccessSync.state.in_(("pending", "failed")), due)
    return [_wish(row) for row in session.execute(query)]


_COLUMNS = (
    Access.id, Access.kind, Access.username, Access.subscription_id, Access.state, Access.profile, Access.address,
    Access.mac, Access.sealed_password, Access.throttled_kbps, Access.adopted, AccessSync.generation, AccessSync.state,
    AccessSync.wanted_by, AccessSync.wanted_at, AccessSync.password_print, Plan.download_mbps, Plan.upload_mbps,
)  # fmt: skip


def known_passwords(wishes: Sequence[Wish], seen: Iterable[SeenAccount]) -> tuple[list[Wish], dict[Id, str]]:
    """The wishes, with the password of every account that stands on the device without it or with another.

    Unsealing ten thousand passwords takes longer than reading the router, so one that bears the print of an earlier
    pass is taken for the wanted one. The second result are prints to be kept, by access.
    """
    there = {(account.kind, account.key): account.password for account in seen}
    prints: dict[Id, str] = {}
    return [_with_password(wish, there.get((wish.account.kind, wish.account.key)), prints) for wish in wishes], prints


def _with_password(wish: Wish, there: str | None, prints: dict[Id, str]) -> Wish:
    if not wish.sealed_password:
        return wish
    marked = f"{wish.sealed_password}:{there}"
    if there is not None and wish.password_print and vault.has_fingerprint(marked, wish.password_print):
        return wish
    password = vault.unseal(wish.sealed_password)
    if password == there:
        prints[wish.access_id] = vault.fingerprint(marked)
        return wish
    return replace(wish, account=replace(wish.account, password=password))


def profiles_of(wishes: list[Wish]) -> Mapping[str, Speed]:
    """Each profile that these accounts use, with its speed."""
    return {wish.account.profile: wish.account.speed for wish in wishes if wish.account.profile}


def _wish(row: Sequence[Any]) -> Wish:
    """A row of `_COLUMNS`."""
    (access_id, kind, username, subscription_id, state, profile, address, mac, sealed_password, throttled_kbps, adopted,
     generation, sync_state, wanted_by, wanted_at, password_print, down_mbps, up_mbps) = row  # fmt: skip
    speed = Speed((down_mbps or 0) * KBPS, (up_mbps or 0) * KBPS)
    if throttled_kbps is not None:
        profile = f"{profile}-at-{throttled_kbps}k"
        speed = Speed(throttled_kbps, min(throttled_kbps, speed.up_kbps or throttled_kbps))
    account = WantedAccount(
        kind=kind, key=username, subscription_id=subscription_id, allowed=state == "allowed", profile=profile,
        speed=speed, address=address, mac=mac.lower(), absent=state == "absent",
    )  # fmt: skip
    return Wish(
        access_id, account, generation, sync_state == "in_sync", adopted, wanted_by, wanted_at, sealed_password,
        password_print,
    )  # fmt: skip
