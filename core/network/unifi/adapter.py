"""A site of a UniFi controller as an access device: Wi-Fi clients by MAC, in a group with the speed of their plan."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

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
    WantedAccount,
)
from core.network.applying import outcome_of
from core.network.device_errors import (
    AnswerNotUnderstood,
    DeviceRefusedChange,
    PermissionMissing,
    SiteUnknown,
    VersionUnsupported,
)
from core.network.unifi import rows
from core.network.unifi.wire import Address, Row, Wire

OLDEST = 5
WATCHED = ("wlan", "wan", "lan", "www")
READ_ONLY = ("readonly", "read_only", "viewer")


@dataclass(frozen=True)
class UnifiOptions:
    """How this controller is used."""

    reconnect_on_change: bool = True
    """Whether a client is made to associate again when its speed changes; some access points apply it only then."""


class Unifi:
    """A session with one site; see `core.network.adapter.Adapter`."""

    kinds: frozenset[AccountKind] = frozenset({"wifi"})

    def __init__(self, address: Address, options: UnifiOptions | None = None) -> None:
        """Connects and logs in; raises a DeviceError."""
        self.options = options or UnifiOptions()
        self.wire = Wire(address)
        self._groups: dict[str, str] | None = None

    @property
    def closed(self) -> bool:
        """Whether the session is over."""
        return bool(self.wire.closed)

    @property
    def fingerprint(self) -> str:
        """Of the certificate."""
        return str(self.wire.fingerprint)

    def identity(self) -> DeviceIdentity:
        """Who answers. Raises VersionUnsupported, SiteUnknown, and PermissionMissing for one who may only look."""
        site = self._site()
        told = self._sysinfo()
        version = str(told.get("version") or "")
        major = version.split(".")[0]
        if not major.isdigit() or int(major) < OLDEST:
            self.close()
            raise VersionUnsupported(f"{self.wire.address} runs UniFi {version or '?'}: {OLDEST} or later is needed")
        model = str(told.get("ubnt_device_type") or ("UniFi OS" if self.wire.unifi_os else "Network Application"))
        serial = str(told.get("anonymous_controller_id") or told.get("uuid") or "")
        name = str(told.get("name") or told.get("hostname") or "")
        return DeviceIdentity(f"{name}, {site.get('desc') or site['name']}", serial, model, version)

    def health(self) -> DeviceHealth:
        """Uptime, and which parts and access points are down."""
        return DeviceHealth(
            uptime=timedelta(seconds=int(self._sysinfo().get("uptime") or 0)), problems=tuple(self._problems())
        )

    def read_accounts(self, *, keys: Collection[str] | None = None) -> list[SeenAccount]:
        """All clients the site knows, online or not."""
        if keys is not None and not keys:
            return []
        names = {key: name for name, key in self._group_ids().items()}
        wanted = None if keys is None else {key.lower() for key in keys}
        seen = (
            rows.account_of_client(row, names) for row in self.wire.rows("list/user")
            if row.get("mac") and row.get("_id") and (wanted is None or str(row["mac"]).lower() in wanted)
        )  # fmt: skip
        return [account for account in seen if account is not None]

    def prepare(self, profiles: dict[str, Speed]) -> None:
        """Groups `taar-<code>` with the plan's speed; a group without that prefix is never touched."""
        have = {str(row.get("name")): row for row in self.wire.rows("list/usergroup")}
        for code, speed in profiles.items():
            name, limits = rows.group_of_plan(code), rows.limits(speed)
            row = have.get(name)
            if row is None:
                self.wire.post("rest/usergroup", {"name": name, **limits})
            elif any(row.get(key) != value for key, value in limits.items()):
                self.wire.put(f"rest/usergroup/{row['_id']}", {**row, **limits})
        self._groups = None

    def apply(self, changes: Sequence[Change]) -> list[ChangeResult]:
        """One after the other: the controller has no way to take several."""
        results: list[ChangeResult] = []
        reconnect: list[str] = []
        for change in changes:
            outcome, error = outcome_of(change, self._carry_out, closed=self.closed, on_fault=self.close)
            results.append(ChangeResult(change, outcome, error))
            if outcome == "done" and change.wanted.allowed and {"profile", "address"} & set(change.fields):
                reconnect.append(change.wanted.key)
        if reconnect and self.options.reconnect_on_change and not self.closed:
            self.disconnect(reconnect)
        return results

    def sessions(self, *, now: datetime) -> list[DeviceSession]:
        """Who is associated."""
        return [rows.session_of(row, now) for row in self._online()]

    def counters(self, *, now: datetime) -> list[Counter]:
        """What each association moved."""
        return [rows.counter_of(row, now) for row in self._online()]

    def disconnect(self, keys: Collection[str]) -> int:
        """They associate again by themselves, so this alone keeps nobody out."""
        if not keys:
            return 0
        online = {str(row["mac"]).lower() for row in self._online()} & {key.lower() for key in keys}
        for mac in sorted(online):
            self.wire.disconnect_client(mac)
        return len(online)

    def close(self) -> None:
        """Forget the session; never raises."""
        self.wire.close()

    def _carry_out(self, change: Change) -> None:
        wanted = change.wanted
        if wanted.kind != "wifi" or not rows.MAC.fullmatch(wanted.key):
            raise DeviceRefusedChange(f"UniFi knows clients by their MAC, and {wanted.key!r} is none")
        if change.move == "delete":
            self._end(change)
            return
        seen = change.seen
        if seen is None:
            client_id, blocked, note = self._create(wanted)
        else:
            client_id, blocked, note = seen.reference, not seen.allowed, seen.note
        # Out first, in last: if the line breaks between, a client is rather kept out than let in too fast.
        if not wanted.allowed and not blocked:
            self.wire.block_client(wanted.key)
        if seen is not None and (set(change.fields) - {"allowed"} or not self._group_stands(seen, wanted)):
            self._write(client_id, wanted, note)
        if wanted.allowed and blocked:
            self.wire.unblock_client(wanted.key)

    def _create(self, wanted: WantedAccount) -> tuple[str, bool, str]:
        """(its id, whether it is blocked, the note to keep): a client that was ours once is taken up again."""
        for row in self.wire.rows("list/user"):
            if str(row.get("mac", "")).lower() != wanted.key:
                continue
            if not rows.was_ours(row):
                raise DeviceRefusedChange("The site knows this client, and it does not carry our mark")
            self._write(str(row["_id"]), wanted, "")
            return str(row["_id"]), True, ""
        properties = rows.client_properties(wanted, self._group_id(wanted.profile))
        answers = self.wire.post("group/user", {"objects": [{"data": {"mac": wanted.key, **properties}}]})
        for answer in answers:
            meta = answer.get("meta") or {}
            if meta.get("rc") != "ok":
                raise DeviceRefusedChange(f"The controller refuses: {meta.get('msg')}")
            for row in answer.get("data") or ():
                return str(row["_id"]), bool(row.get("blocked")), ""
        raise AnswerNotUnderstood(f"{self.wire.address} says nothing of the client it was given")

    def _end(self, change: Change) -> None:
        """Blocked for good and without our mark; its group goes, so that a plan's group can be deleted."""
        if change.seen is None:
            return
        if change.seen.allowed:
            self.wire.block_client(change.wanted.key)
        note = f"{rows.ENDED} {change.seen.note}".rstrip()
        self.wire.put(f"rest/user/{change.seen.reference}", {"usergroup_id": "", "note": note, "noted": True,
                                                             "use_fixedip": False})  # fmt: skip

    def _write(self, client_id: str, wanted: WantedAccount, note: str) -> None:
        self.wire.put(f"rest/user/{client_id}", rows.client_properties(wanted, self._group_id(wanted.profile), note))

    def _group_stands(self, seen: SeenAccount, wanted: WantedAccount) -> bool:
        """A blocked client's group is not compared, so it may be an old one when the client is let in."""
        return seen.profile == wanted.profile or not wanted.allowed

    def _group_id(self, profile: str) -> str:
        found = self._group_ids().get(rows.group_of_plan(profile))
        if found is None:
            raise DeviceRefusedChange(f"The site has no group {rows.group_of_plan(profile)}")
        return found

    def _group_ids(self) -> dict[str, str]:
        if self._groups is None:
            self._groups = {str(row["name"]): str(row["_id"]) for row in self.wire.rows("list/usergroup")}
        return self._groups

    def _online(self) -> list[Row]:
        return [row for row in self.wire.rows("stat/sta") if row.get("mac")]

    def _sysinfo(self) -> Row:
        return next(iter(self.wire.rows("stat/sysinfo")), {})

    def _site(self) -> Row:
        sites = [row for row in self.wire.get_sites() if isinstance(row, dict) and row.get("name")]
        for row in sites:
            if row["name"] == self.wire.site_id:
                if row.get("role") in READ_ONLY:
                    self.close()
                    raise PermissionMissing(f"{self.wire.username!r} may only look at the site: give it the admin role")
                return row
        self.close()
        named = ", ".join(f"{row['name']} ({row.get('desc') or row['name']})" for row in sites) or "none"
        raise SiteUnknown(
            f"{self.wire.address} has no site {self.wire.site_id!r}; {self.wire.username!r} sees: {named}"
        )

    def _problems(self) -> Iterator[str]:
        for row in self.wire.rows("stat/health"):
            if row.get("subsystem") in WATCHED and row.get("status") == "error":
                yield f"{row['subsystem']}: {row.get('num_disconnected') or 'some'} devices are not connected"
        for row in self.wire.get_aps():
            if row.get("adopted", True) and row.get("state") in rows.STATES_DOWN:
                yield f"{row.get('name') or row.get('mac')} {rows.STATES_DOWN[row['state']]}"
