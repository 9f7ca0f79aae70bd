"""A MikroTik router as an access device: PPPoE secrets, hotspot users, and static leases with their queues."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.network.adapter import (
    AccountKind,
    Change,
    ChangeResult,
    Counter,
    DeviceHealth,
    DeviceIdentity,
    DeviceSession,
    SeenAccount,
    Speed,
)
from core.network.device_errors import DeviceError, VersionUnsupported
from core.network.mikrotik import online, rows
from core.network.mikrotik.provisioning import runs_of, write_run
from core.network.mikrotik.rows import HOTSPOT_USERS, LEASES, PROPERTIES, SECRETS, SUSPENDED
from core.network.mikrotik.wire import Address, Row, Wire, words_of
from core.network.mikrotik.writes import Writer

OLDEST = 6
SESSIONS_OF_LICENCE = {"3": 200, "4": 200, "5": 500}
LICENCE_NEARLY_FULL = 0.9
KEYS_BY_QUERY = 50
"""Up to so many accounts are asked for by name; for more the whole table is read."""
UNNOTICED = frozenset({"allowed", "profile", "password", "address", "mac"})
"""What a running session knows nothing of until it starts again."""


@dataclass(frozen=True)
class MikrotikOptions:
    """How this router is used."""

    kinds: frozenset[AccountKind] = frozenset({"pppoe"})
    suspend_by_disabling: bool = False
    """PPPoE: instead of the suspended profile, which lets people see the payment page."""
    pool: str = ""
    """Address pool of the profiles made here; empty leaves it to the secrets."""
    local_address: str = ""
    suspended_kbps: int = 128
    kicks_a_second: int = 25
    """A router needs time to let people in again."""


class Mikrotik:
    """An open connection to one router; see `core.network.adapter.Adapter`."""

    def __init__(self, address: Address, options: MikrotikOptions | None = None) -> None:
        """Connects and logs in; raises a DeviceError."""
        self.options = options or MikrotikOptions()
        self.kinds = self.options.kinds
        self.wire = Wire(address)

    @property
    def closed(self) -> bool:
        """Whether the connection is gone."""
        return self.wire.closed

    @property
    def fingerprint(self) -> str:
        """Of the certificate, empty without TLS."""
        return self.wire.fingerprint

    def identity(self) -> DeviceIdentity:
        """Who answers; a virtual router has no serial number but the id of its licence. Raises VersionUnsupported."""
        resource = self._settings("/system/resource")
        version = resource.get("version", "").split(" ")[0]
        major = version.split(".")[0]
        if not major.isdigit() or int(major) < OLDEST:
            self.close()
            raise VersionUnsupported(f"{self.wire.address} runs RouterOS {version or '?'}: {OLDEST} or later is needed")
        board, licence = self._settings("/system/routerboard"), self._settings("/system/license")
        serial = board.get("serial-number") or licence.get("software-id") or licence.get("system-id") or ""
        name = self._settings("/system/identity").get("name", "")
        return DeviceIdentity(name, serial, board.get("model") or resource.get("board-name", ""), version)

    def health(self) -> DeviceHealth:
        """Uptime, load, and a licence that will soon let nobody else in."""
        resource = self._settings("/system/resource")
        free, total = int(resource.get("free-memory", "0")), int(resource.get("total-memory", "0"))
        return DeviceHealth(
            uptime=rows.age(resource.get("uptime", "")),
            cpu_percent=int(resource["cpu-load"]) if "cpu-load" in resource else None,
            memory_percent=100 - round(100 * free / total) if total else None,
            problems=tuple(self._problems(resource)),
        )

    def read_accounts(self, *, keys: Collection[str] | None = None) -> list[SeenAccount]:
        """The accounts of the kinds this router is used for."""
        found: list[SeenAccount] = []
        if "pppoe" in self.kinds:
            found += [rows.account_of_secret(row) for row in self._accounts(SECRETS, "name", keys)]
        if "hotspot" in self.kinds:
            found += [rows.account_of_hotspot(row) for row in self._accounts(HOTSPOT_USERS, "name", keys)]
        if "dhcp" in self.kinds:
            upper = None if keys is None else [key.upper() for key in keys]
            queues = {row.get("target", ""): row for row in self._accounts("/queue/simple", "", None)}
            found += [
                rows.account_of_lease(row, queues.get(f"{row.get('address')}/32"))
                for row in self._accounts(LEASES, "mac-address", upper) if "mac-address" in row
            ]  # fmt: skip
        return found

    def prepare(self, profiles: dict[str, Speed]) -> None:
        """Profiles `taar-<code>` with the plan's speed, and the suspended one with its address list for the firewall.

        A changed profile is felt by sessions that start afterwards.
        """
        limits = {
            rows.profile_of_plan(code): {"rate-limit": rows.rate_limit(speed)} for code, speed in profiles.items()
        }
        if "pppoe" in self.kinds:
            slow = Speed(self.options.suspended_kbps, self.options.suspended_kbps)
            limits_of_ppp = {**limits, SUSPENDED: {"rate-limit": rows.rate_limit(slow), "address-list": SUSPENDED}}
            extra = {"remote-address": self.options.pool, "local-address": self.options.local_address}
            given = {name: value for name, value in extra.items() if value}
            self._see_to("/ppp/profile", {name: {**limit, **given} for name, limit in limits_of_ppp.items()})
        if "hotspot" in self.kinds:
            self._see_to("/ip/hotspot/user/profile", limits)

    def apply(self, changes: Sequence[Change]) -> list[ChangeResult]:
        """In the order given, neighbours of the same move at once; then the sessions that must notice are ended."""
        writer = Writer(self.wire)
        try:
            for run in runs_of(changes):
                write_run(writer, run, disable=self.options.suspend_by_disabling)
            restart = [change.wanted.key for change in changes if _must_restart(writer, change)]
            self.disconnect(restart)
        except DeviceError:
            if not self.wire.closed:
                raise
        return writer.results(changes)

    def sessions(self, *, now: datetime) -> list[DeviceSession]:
        """By PPPoE, by hotspot, and bound leases."""
        found: list[DeviceSession] = []
        if "pppoe" in self.kinds:
            found += online.pppoe_sessions(self.wire, now)
        if "hotspot" in self.kinds:
            found += online.hotspot_sessions(self.wire, now)
        if "dhcp" in self.kinds:
            found += online.lease_sessions(self.wire, now)
        return found

    def counters(self, *, now: datetime) -> list[Counter]:
        """Two tables a kind, however many people are online."""
        found: list[Counter] = []
        if "pppoe" in self.kinds:
            found += online.pppoe_counters(self.wire, now)
        if "hotspot" in self.kinds:
            found += online.hotspot_counters(self.wire, now)
        if "dhcp" in self.kinds:
            found += online.lease_counters(self.wire, now - rows.age(self._settings("/system/resource")["uptime"]))
        return found

    def disconnect(self, keys: Collection[str]) -> int:
        """No more of them a second than the router's options allow."""
        if not keys:
            return 0
        return online.end_sessions(self.wire, self.kinds, keys, a_second=self.options.kicks_a_second)

    def close(self) -> None:
        """Give the connection back; never raises."""
        self.wire.close()

    def _settings(self, menu: str) -> Row:
        return next(iter(self.wire.run(words_of(f"{menu}/print"))), {})

    def _accounts(self, menu: str, key: str, keys: Collection[str] | None) -> Iterator[Row]:
        queries: list[str] = []
        if keys is not None and len(keys) <= KEYS_BY_QUERY:
            if not keys:
                return
            queries = [f"?{key}={value}" for value in keys] + ["?#|"] * (len(keys) - 1)
        wanted = None if keys is None or queries else set(keys)
        for row in online.table(self.wire, menu, PROPERTIES[menu], *queries):
            if row.get("dynamic") != "true" and (wanted is None or row.get(key) in wanted):
                yield row

    def _see_to(self, menu: str, wanted: dict[str, Row]) -> None:
        have = {row.get("name", ""): row for row in online.table(
            self.wire, menu, ".id,name,rate-limit,address-list,remote-address,local-address")}  # fmt: skip
        commands = []
        for name, properties in wanted.items():
            row = have.get(name)
            if row is None:
                commands.append(words_of(f"{menu}/add", name=name) + _attributes(properties))
            elif not _agrees(row, properties):
                commands.append((f"{menu}/set", f"=.id={row['.id']}", *_attributes(properties)))
        for answer in self.wire.pipeline(commands):
            if answer.refusal:
                raise DeviceError(f"The router would not take a profile of {menu}: {answer.refusal}")

    def _problems(self, resource: Row) -> Iterator[str]:
        bad = resource.get("bad-blocks", "0").rstrip("%")
        if bad not in ("", "0", "0.0"):
            yield f"{bad} % of its memory blocks are bad"
        licence = self._settings("/system/license")
        limit = SESSIONS_OF_LICENCE.get(licence.get("nlevel", ""))
        if limit is not None:
            count = sum(1 for _ in online.table(self.wire, online.ACTIVE, ".id"))
            if count >= limit * LICENCE_NEARLY_FULL:
                yield f"{count} of the {limit} sessions its licence allows are in use"


def _attributes(properties: Row) -> tuple[str, ...]:
    return tuple(f"={name}={value}" for name, value in properties.items())


def _agrees(row: Row, properties: Row) -> bool:
    return all(
        rows.same_rate_limit(row.get(name, ""), value) if name == "rate-limit" else row.get(name, "") == value
        for name, value in properties.items()
    )


def _must_restart(writer: Writer, change: Change) -> bool:
    """Whether a running session has to end so that the change is felt; a creation has none."""
    if change.wanted.kind == "dhcp" or change.move == "create":
        return False
    done = writer.outcomes.get(id(change), ("unknown", ""))[0] == "done"
    return done and (change.move == "delete" or bool(UNNOTICED & set(change.fields)))
