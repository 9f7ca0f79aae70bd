"""How accounts are written to each menu of a router."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from core.network.adapter import Change, SeenAccount, WantedAccount
from core.network.marking import mark
from core.network.mikrotik import rows
from core.network.mikrotik.online import table
from core.network.mikrotik.rows import HOTSPOT_USERS, LEASES, SECRETS
from core.network.mikrotik.wire import Row
from core.network.mikrotik.writes import Writer

QUEUES = "/queue/simple"
PPP_FIELDS: Mapping[str, Sequence[str]] = {
    "allowed": ("profile", "disabled", "remote-address"), "profile": ("profile",), "password": ("password",),
    "address": ("remote-address",), "mac": ("caller-id",), "mark": ("comment",),
}  # fmt: skip
HOTSPOT_FIELDS: Mapping[str, Sequence[str]] = {
    "allowed": ("disabled",), "profile": ("profile",), "password": ("password",), "address": ("address",),
    "mac": ("mac-address",), "mark": ("comment",),
}  # fmt: skip
LEASE_FIELDS: Mapping[str, Sequence[str]] = {
    "allowed": ("address-lists",), "address": ("address",), "mark": ("comment",),
}  # fmt: skip
UNSET_WHEN_EMPTY = ("remote-address", "address")
"""An empty value is refused for these."""


def runs_of(changes: Iterable[Change]) -> Iterator[list[Change]]:
    """Neighbours of the same move and kind, so that the order of moves is kept and each run is written at once."""
    for _, run in groupby(changes, key=lambda change: (change.move, change.wanted.kind)):
        yield list(run)


def write_run(writer: Writer, run: Sequence[Change], *, disable: bool) -> None:
    """Carry out changes of one move and kind; `disable` is how the router blocks PPPoE."""
    kind, move = run[0].wanted.kind, run[0].move
    if kind == "dhcp":
        _write_leases(writer, run)
        return
    menu, fields = (SECRETS, PPP_FIELDS) if kind == "pppoe" else (HOTSPOT_USERS, HOTSPOT_FIELDS)
    if move == "delete":
        writer.remove(menu, [(change, _seen(change).reference) for change in run])
        return
    spelled = [(change, _spelled(change.wanted, disable=disable)) for change in run]
    if move == "create":
        writer.add(menu, [(change, _filled(row)) for change, row in spelled])
        return
    _write_fields(writer, menu, fields, spelled)


def _write_leases(writer: Writer, run: Sequence[Change]) -> None:
    """A lease and the queue of its address, which carries the speed."""
    move = run[0].move
    queues = {row.get("name", ""): row[".id"] for row in table(writer.wire, QUEUES, ".id,name")}
    own = [(change, queues.get(f"{rows.PREFIX}{change.wanted.subscription_id}")) for change in run]
    if move == "delete":
        writer.remove(QUEUES, [(change, queue) for change, queue in own if queue])
        writer.remove(LEASES, [(change, _seen(change).reference) for change in run])
        return
    spelled = [(change, rows.lease_properties(change.wanted)) for change in run]
    if move == "create":
        writer.add(LEASES, [(change, _filled(row)) for change, row in spelled])
    else:
        _write_fields(writer, LEASES, LEASE_FIELDS, spelled)
    writer.add(QUEUES, [(change, rows.queue_properties(change.wanted)) for change, queue in own if queue is None])
    writer.set(QUEUES, [
        (change, queue, rows.queue_properties(change.wanted))
        for change, queue in own if queue and ({"speed", "address"} & set(change.fields))
    ])  # fmt: skip


def _write_fields(
    writer: Writer, menu: str, fields: Mapping[str, Sequence[str]], spelled: Sequence[tuple[Change, Row]]
) -> None:  # fmt: skip
    sets: list[tuple[Change, str, Row]] = []
    unsets: dict[str, list[tuple[Change, str]]] = {}
    for change, row in spelled:
        seen = _seen(change)
        names = dict.fromkeys(name for field in change.fields for name in fields.get(field, ()))
        written = {name: row[name] for name in names if name in row}
        if "comment" in written:
            written["comment"] = mark(change.wanted.subscription_id, seen.note)
        for name in UNSET_WHEN_EMPTY:
            if name in written and not written[name]:
                del written[name]
                if seen.address:
                    unsets.setdefault(name, []).append((change, seen.reference))
        if written:
            sets.append((change, seen.reference, written))
    writer.set(menu, sets)
    for name, targets in unsets.items():
        writer.unset(menu, name, targets)


def _spelled(wanted: WantedAccount, *, disable: bool) -> Row:
    if wanted.kind == "pppoe":
        return rows.secret_properties(wanted, disable=disable)
    return rows.hotspot_properties(wanted)


def _filled(row: Row) -> Row:
    """A new row is given what it has; the rest is absent."""
    return {name: value for name, value in row.items() if value}


def _seen(change: Change) -> SeenAccount:
    if change.seen is None:
        raise ValueError(f"{change.move} of {change.wanted.key} needs the account as it was read")
    return change.seen
