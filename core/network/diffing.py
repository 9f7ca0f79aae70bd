"""What has to change so that a device is as wanted: a pure comparison, and the rules of whose account is whose."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from core.ids import Id
from core.network.adapter import MOVES, Change, Move, SeenAccount, WantedAccount

FIELDS = ("profile", "password", "address", "mac", "speed")


@dataclass(frozen=True)
class Taken:
    """A wanted key that stands on the device without our mark, or with the mark of another subscription."""

    wanted: WantedAccount
    seen: SeenAccount


@dataclass(frozen=True)
class Difference:
    """What a pass would do, in the order it would do it, and what it leaves to a person."""

    changes: tuple[Change, ...] = ()
    taken: tuple[Taken, ...] = ()
    orphans: tuple[SeenAccount, ...] = ()
    """Marked as ours, and no subscription here knows them."""
    foreign: int = 0
    """Neither marked nor wanted: never touched."""
    agreed: tuple[Id, ...] = field(default=(), repr=False)
    """Subscriptions whose account is as it shall be."""

    def of(self, *moves: Move) -> tuple[Change, ...]:
        """The changes of these kinds."""
        return tuple(change for change in self.changes if change.move in moves)


def difference(
    wanted: Iterable[WantedAccount], seen: Iterable[SeenAccount], *, adopted: Collection[Id] = ()
) -> Difference:  # fmt: skip
    """Compare what shall be with what is.

    A wanted key without our mark is a conflict unless a person said that it is this subscription's (`adopted`). A key
    that carries the mark of a subscription which is wanted under another key is its old name, and goes.
    """
    by_key: dict[tuple[str, str], SeenAccount] = {(one.kind, one.key): one for one in seen}
    by_subscription: dict[Id, WantedAccount] = {}
    changes: list[Change] = []
    taken: list[Taken] = []
    agreed: list[Id] = []
    for want in wanted:
        by_subscription[want.subscription_id] = want
        have = by_key.pop((want.kind, want.key), None)
        if have is not None and have.subscription_id != want.subscription_id:
            if have.subscription_id is None and want.subscription_id in adopted and not want.absent:
                changes.append(_adopting(want, have))
            elif not want.absent:
                taken.append(Taken(want, have))
            elif have.subscription_id is not None:
                by_key[(have.kind, have.key)] = have
            continue
        step = _step(want, have)
        if step is None:
            agreed.append(want.subscription_id)
        else:
            changes.append(step)
    orphans, foreign = [], 0
    for have in by_key.values():
        if have.subscription_id is None:
            foreign += 1
        elif (owner := by_subscription.get(have.subscription_id)) is not None:
            changes.append(Change("delete", replace(owner, kind=have.kind, key=have.key, absent=True), have))
        else:
            orphans.append(have)
    changes.sort(key=lambda change: MOVES.index(change.move))
    return Difference(tuple(changes), tuple(taken), tuple(orphans), foreign, tuple(agreed))


def differing(want: WantedAccount, have: SeenAccount) -> tuple[str, ...]:
    """The fields that differ. What the device does not show, or what a blocked line has no use for, does not."""
    fields = [] if want.allowed == have.allowed else ["allowed"]
    values: Mapping[str, tuple[object, object]] = {
        "profile": (want.profile, have.profile), "password": (want.password, have.password),
        "address": (want.address, have.address), "mac": (want.mac, have.mac), "speed": (want.speed, have.speed),
    }  # fmt: skip
    for name in FIELDS:
        wanted, seen = values[name]
        if wanted is None or seen is None or (name == "profile" and want.kind == "dhcp"):
            continue
        if not want.allowed and name in ("profile", "address", "speed"):
            continue
        if wanted != seen:
            fields.append(name)
    return tuple(fields)


def _step(want: WantedAccount, have: SeenAccount | None) -> Change | None:
    if want.absent:
        return Change("delete", want, have) if have is not None else None
    if have is None:
        return Change("create", want)
    fields = differing(want, have)
    if not fields:
        return None
    move: Move = "change"
    if "allowed" in fields:
        move = "restore" if want.allowed else "suspend"
    return Change(move, want, have, fields)


def _adopting(want: WantedAccount, have: SeenAccount) -> Change:
    fields = (*differing(want, have), "mark")
    return Change("change", want, have, fields)
