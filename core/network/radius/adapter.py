"""FreeRADIUS as an access device: what it shall answer stands in its tables, running sessions are told at their NAS."""

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
)
from core.network.applying import outcome_of
from core.network.device_errors import DeviceRefusedChange
from core.network.radius.dynamic import Speaker, Told
from core.network.radius.tables import PREFIX, SUSPENDED, Address, Row, Tables

RATE, ADDRESS_LIST = "Mikrotik-Rate-Limit", "Mikrotik-Address-List"


@dataclass(frozen=True)
class RadiusOptions:
    """How this server is used."""

    kind: AccountKind = "pppoe"
    suspend_by_rejecting: bool = False
    """Instead of the suspended group, whose address list lets people see the payment page."""
    suspended_kbps: int = 128
    stale_minutes: int = 60
    """A session of which accounting said nothing for so long is over: its NAS was switched off."""


class Radius:
    """An open connection to one server's database; see `core.network.adapter.Adapter`."""

    def __init__(self, address: Address, speaker: Speaker, options: RadiusOptions | None = None) -> None:
        """Connects and logs in; raises a DeviceError."""
        self.options = options or RadiusOptions()
        self.kinds: frozenset[AccountKind] = frozenset({self.options.kind})
        self.tables, self.speaker = Tables(address), speaker

    @property
    def closed(self) -> bool:
        """Whether the connection is gone."""
        return self.tables.closed

    @property
    def fingerprint(self) -> str:
        """PostgreSQL's client shows none."""
        return ""

    def identity(self) -> DeviceIdentity:
        """The database: its number stays when the server moves to another address, and differs in another one."""
        (row,) = self.tables.rows(
            "SELECT oid, datname, current_setting('server_version') AS version FROM pg_database"
            " WHERE datname = current_database()"
        )
        return DeviceIdentity(row["datname"], f"{row['datname']}-{row['oid']}", "FreeRADIUS tables", row["version"])

    def health(self) -> DeviceHealth:
        """Of the database server; NASes that are not in its list are named."""
        (row,) = self.tables.rows("SELECT now() - pg_postmaster_start_time() AS uptime")
        strange = self.tables.rows(
            "SELECT DISTINCT host(nasipaddress) AS nas FROM radacct WHERE acctstoptime IS NULL"
            " AND host(nasipaddress) NOT IN (SELECT split_part(nasname, '/', 1) FROM nas) ORDER BY 1 LIMIT 5"
        )
        problems = tuple(f"The NAS {each['nas']} sends accounting and is not in the list" for each in strange)
        return DeviceHealth(uptime=row["uptime"], problems=problems)

    def read_accounts(self, *, keys: Collection[str] | None = None) -> list[SeenAccount]:
        """Everybody in the tables."""
        return [] if keys is not None and not keys else self.tables.accounts(self.options.kind, keys)

    def prepare(self, profiles: dict[str, Speed]) -> None:
        """Groups `taar-<code>` that answer with the plan's speed, and the suspended one with its address list."""
        slow = Speed(self.options.suspended_kbps, self.options.suspended_kbps)
        wanted = {f"{PREFIX}{code}": {RATE: rate_limit(speed)} for code, speed in profiles.items()}
        wanted[SUSPENDED] = {RATE: rate_limit(slow), ADDRESS_LIST: SUSPENDED}
        with self.tables.together():
            for group, answers in wanted.items():
                self.tables.rows("DELETE FROM radgroupreply WHERE groupname = %s AND attribute = ANY(%s)",
                                 [group, [RATE, ADDRESS_LIST]])  # fmt: skip
                for attribute, value in answers.items():
                    self.tables.rows("INSERT INTO radgroupreply (groupname, attribute, op, value)"
                                     " VALUES (%s, %s, ':=', %s)", [group, attribute, value])  # fmt: skip

    def apply(self, changes: Sequence[Change]) -> list[ChangeResult]:
        """Each in a transaction of its own: first the tables, then the session, and then the mark says it is done."""
        return [ChangeResult(change, *outcome_of(change, self._carry_out, closed=self.closed)) for change in changes]

    def sessions(self, *, now: datetime) -> list[DeviceSession]:
        """Those that accounting still hears of."""
        return [
            DeviceSession(self.options.kind, row["username"], row["acctuniqueid"], row["acctstarttime"],
                          row["address"], row["mac"].lower().replace("-", ":"))
            for row in self._running(now)
        ]  # fmt: skip

    def counters(self, *, now: datetime) -> list[Counter]:
        """By the last accounting; the NAS's input is the customer's upload."""
        return [
            Counter(self.options.kind, row["username"], row["acctuniqueid"], row["acctstarttime"],
                    bytes_down=row["output"], bytes_up=row["input"])
            for row in self._running(now)
        ]  # fmt: skip

    def disconnect(self, keys: Collection[str]) -> int:
        """By Disconnect-Request to the NAS of each session."""
        sessions = self.tables.open_sessions(keys) if keys else []
        return sum(self._end(row) == "done" for row in sessions)

    def close(self) -> None:
        """Give the connection back; never raises."""
        self.tables.close()

    def _carry_out(self, change: Change) -> None:
        wanted, running = change.wanted, self.tables.open_sessions([change.wanted.key])
        with self.tables.together():
            self.tables.rows("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))", [wanted.key])
            if change.seen is None and self.tables.accounts(self.options.kind, [wanted.key]):
                raise DeviceRefusedChange("The server knows this name, and it does not carry our mark")
            if change.move == "delete":
                self.tables.leave_pending(wanted) if running else self.tables.remove(wanted.key)
            else:
                self.tables.write(wanted, pending=bool(running), keep_password=wanted.password is None,
                                  reject=self.options.suspend_by_rejecting)  # fmt: skip
        for row in running:
            told = self._tell(change, row)
            if told in ("refused", "silent"):
                what = "did not answer" if told == "silent" else "refuses"
                raise DeviceRefusedChange(
                    f"The tables are right, but the NAS {row['nas']} {what}: the running session goes on as it was"
                )
        if running and change.move == "delete":
            with self.tables.together():
                self.tables.remove(wanted.key)
        elif running:
            self.tables.settle(wanted)

    def _tell(self, change: Change, row: Row) -> Told:
        """A speed can be given to a running session; for anything else it has to begin again."""
        if change.move == "change" and change.fields == ("profile",):
            told = self.speaker.change_speed(row["nas"], username=row["username"], session=row["acctsessionid"],
                                             rate_limit=rate_limit(change.wanted.speed))  # fmt: skip
            if told != "refused":
                return told
        return self._end(row)

    def _end(self, row: Row) -> Told:
        return self.speaker.end(row["nas"], username=row["username"], session=row["acctsessionid"])

    def _running(self, now: datetime) -> Iterator[Row]:
        oldest = now - timedelta(minutes=self.options.stale_minutes)
        for row in self.tables.open_sessions():
            if (row["acctupdatetime"] or row["acctstarttime"]) >= oldest:
                yield row


def rate_limit(speed: Speed) -> str:
    """As MikroTik's attribute: the customer's upload first; 0 is without limit."""
    limit = f"{speed.up_kbps}k/{speed.down_kbps}k"
    if not speed.burst_down_kbps and not speed.burst_up_kbps:
        return limit
    threshold = f"{speed.up_kbps * 3 // 4}k/{speed.down_kbps * 3 // 4}k"
    return (f"{limit} {speed.burst_up_kbps}k/{speed.burst_down_kbps}k {threshold}"
            f" {speed.burst_seconds}/{speed.burst_seconds}")  # fmt: skip
