"""The connection to FreeRADIUS's database, and its tables read as accounts."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import errors
from psycopg.rows import dict_row

from core.network.adapter import AccountKind, SeenAccount, WantedAccount
from core.network.device_errors import (
    ConnectionRefused,
    DeviceError,
    DeviceGone,
    DeviceRefusedChange,
    DeviceTimedOut,
    LoginRefused,
    PermissionMissing,
    SiteUnknown,
    TlsFailed,
    VersionUnsupported,
)
from core.network.marking import mark, read_mark

PREFIX, SUSPENDED = "taar-", "taar-suspended"
TABLES = ("radcheck", "radreply", "radusergroup", "radgroupreply", "radacct", "nas")
OUR_CHECKS = ("Cleartext-Password", "Calling-Station-Id", "Auth-Type")
OUR_REPLIES = ("Class", "Framed-IP-Address")
PENDING = "pending"
"""Stands after our mark while a running session does not know yet what the tables say."""
CONNECT_SECONDS, COMMAND_SECONDS = 5, 30

Row = dict[str, Any]

PEOPLE = """
SELECT username, attribute, value, 'check' AS source FROM radcheck
 WHERE %(every)s OR username = ANY(%(keys)s)
UNION ALL
SELECT username, attribute, value, 'reply' FROM radreply WHERE %(every)s OR username = ANY(%(keys)s)
UNION ALL
SELECT username, '', groupname, 'group' FROM (
    SELECT username, groupname FROM radusergroup WHERE %(every)s OR username = ANY(%(keys)s)
     ORDER BY username, priority DESC, id DESC) AS groups
"""


@dataclass(frozen=True)
class Address:
    """Where the database is, and who asks."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    tls: bool = True
    database: str = "radius"
    connect_seconds: int = CONNECT_SECONDS
    command_seconds: int = COMMAND_SECONDS

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Tables:
    """One connection; for one thread."""

    def __init__(self, address: Address) -> None:
        """Connects and looks whether the tables are there. Raises a DeviceError."""
        self.address = address
        milliseconds = address.command_seconds * 1000
        try:
            self._connection = psycopg.connect(
                host=address.host, port=address.port, user=address.username, password=address.password,
                dbname=address.database, connect_timeout=address.connect_seconds, autocommit=True,
                sslmode="require" if address.tls else "disable", application_name="taar", row_factory=dict_row,
                options=f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}",
                keepalives_idle=5, keepalives_interval=5, keepalives_count=3, tcp_user_timeout=milliseconds,
                prepare_threshold=None,
            )  # fmt: skip
        except psycopg.OperationalError as fault:
            raise _why_not(address, fault) from None
        query = "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass(name) IS NOT NULL"
        have = {row["name"] for row in self.rows(query, [list(TABLES)])}
        missing = [name for name in TABLES if name not in have]
        if missing:
            self.close()
            raise VersionUnsupported(
                f"The database {address.database} has no table {missing[0]}: load FreeRADIUS's schema for PostgreSQL"
            )

    @property
    def closed(self) -> bool:
        """Whether the connection is gone."""
        return bool(self._connection.closed)

    def close(self) -> None:
        """Never raises."""
        with contextlib.suppress(psycopg.Error):
            self._connection.close()

    def rows(self, query: str, values: Any = None) -> list[Row]:
        """What the query finds; nothing for a write."""
        try:
            cursor = self._connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []
        except psycopg.Error as fault:
            raise self._fault(fault) from None

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """All of it or nothing. If the connection breaks nothing is known of it."""
        try:
            with self._connection.transaction():
                yield
        except psycopg.Error as fault:
            raise self._fault(fault) from None

    def accounts(self, kind: AccountKind, keys: Collection[str] | None) -> list[SeenAccount]:
        """Everybody who has a row in one of the tables."""
        people: dict[str, dict[str, str]] = {}
        for row in self.rows(PEOPLE, {"every": keys is None, "keys": list(keys or ())}):
            name = row["attribute"] if row["source"] != "group" else "group"
            people.setdefault(row["username"], {})[name] = row["value"]
        return [_account(kind, name, values) for name, values in people.items()]

    def write(self, wanted: WantedAccount, *, pending: bool, keep_password: bool, reject: bool) -> None:
        """What is ours of the account, instead of what stood there; attributes of others stay."""
        key = wanted.key
        checks = [name for name in OUR_CHECKS if not (keep_password and name == "Cleartext-Password")]
        self._clear(key, checks)
        if wanted.password is not None:
            self._check(key, "Cleartext-Password", ":=", wanted.password)
        if wanted.mac:
            self._check(key, "Calling-Station-Id", "==", wanted.mac.upper())
        if not wanted.allowed and reject:
            self._check(key, "Auth-Type", ":=", "Reject")
        group = f"{PREFIX}{wanted.profile}" if wanted.allowed or reject else SUSPENDED
        self.rows("INSERT INTO radusergroup (username, groupname, priority) VALUES (%s, %s, 1)", [key, group])
        self._reply(key, "Class", mark(wanted.subscription_id, PENDING if pending else ""))
        if wanted.address and (wanted.allowed or reject):
            self._reply(key, "Framed-IP-Address", wanted.address)

    def leave_pending(self, wanted: WantedAccount) -> None:
        """The account is gone but for our mark, until its session is gone too."""
        self._clear(wanted.key, OUR_CHECKS)
        self._check(wanted.key, "Auth-Type", ":=", "Reject")
        self._reply(wanted.key, "Class", mark(wanted.subscription_id, PENDING))

    def remove(self, key: str) -> None:
        """Every row of ours."""
        self._clear(key, OUR_CHECKS)

    def settle(self, wanted: WantedAccount) -> None:
        """The session knows."""
        self.rows("UPDATE radreply SET value = %s WHERE username = %s AND attribute = 'Class' AND value = %s",
                  [mark(wanted.subscription_id), wanted.key, mark(wanted.subscription_id, PENDING)])  # fmt: skip

    def open_sessions(self, keys: Collection[str] | None = None) -> list[Row]:
        """Of accounting: those that did not stop."""
        return self.rows(
            "SELECT acctsessionid, acctuniqueid, username, host(nasipaddress) AS nas, acctstarttime, acctupdatetime,"
            " coalesce(acctinputoctets, 0) AS input, coalesce(acctoutputoctets, 0) AS output,"
            " coalesce(host(framedipaddress), '') AS address, coalesce(callingstationid, '') AS mac"
            " FROM radacct WHERE acctstoptime IS NULL AND username <> '' AND acctstarttime IS NOT NULL"
            " AND (%(every)s OR username = ANY(%(keys)s)) ORDER BY radacctid",
            {"every": keys is None, "keys": list(keys or ())},
        )

    def _clear(self, key: str, checks: Sequence[str]) -> None:
        self.rows("DELETE FROM radcheck WHERE username = %s AND attribute = ANY(%s)", [key, list(checks)])
        self.rows("DELETE FROM radreply WHERE username = %s AND attribute = ANY(%s)", [key, list(OUR_REPLIES)])
        self.rows("DELETE FROM radusergroup WHERE username = %s", [key])

    def _check(self, key: str, attribute: str, op: str, value: str) -> None:
        self.rows("INSERT INTO radcheck (username, attribute, op, value) VALUES (%s, %s, %s, %s)",
                  [key, attribute, op, value])  # fmt: skip

    def _reply(self, key: str, attribute: str, value: str) -> None:
        self.rows("INSERT INTO radreply (username, attribute, op, value) VALUES (%s, %s, ':=', %s)",
                  [key, attribute, value])  # fmt: skip

    def _fault(self, fault: psycopg.Error) -> DeviceError:
        if isinstance(fault, errors.InsufficientPrivilege):
            self.close()
            return PermissionMissing(f"{self.address.username!r} lacks a right in the database: {_first_line(fault)}")
        if isinstance(fault, errors.QueryCanceled | errors.LockNotAvailable):
            self.close()
            return DeviceTimedOut(f"{self.address} did not answer in {self.address.command_seconds} s")
        if isinstance(fault, psycopg.OperationalError | psycopg.InterfaceError) or self.closed:
            self.close()
            return DeviceGone(f"The connection to {self.address} broke in the middle")
        if isinstance(fault, errors.UndefinedColumn | errors.UndefinedTable):
            self.close()
            return VersionUnsupported(f"The tables are not FreeRADIUS's: {_first_line(fault)}")
        return DeviceRefusedChange(f"The database refuses: {_first_line(fault)}")


def _account(kind: AccountKind, name: str, values: dict[str, str]) -> SeenAccount:
    owner, note = read_mark(values.get("Class", ""))
    group, pending = values.get("group", ""), note == PENDING and owner is not None
    blocked = group == SUSPENDED or values.get("Auth-Type") == "Reject"
    profile = group.removeprefix(PREFIX) if group.startswith(PREFIX) else f"<{group}>"
    return SeenAccount(
        kind=kind, key=name, reference=name,
        # While a session runs on as before, the account is not yet what its rows say.
        allowed=not blocked or pending, profile=f"<{PENDING}>" if pending else profile, subscription_id=owner,
        password=values.get("Cleartext-Password"), address=values.get("Framed-IP-Address", ""),
        mac=values.get("Calling-Station-Id", "").lower(), note="" if pending else note,
    )  # fmt: skip


def _first_line(fault: psycopg.Error) -> str:
    return str(fault.diag.message_primary or fault).splitlines()[0]


def _why_not(address: Address, fault: psycopg.OperationalError) -> DeviceError:
    told = " ".join(str(fault).split())
    low = told.lower()
    if isinstance(fault, errors.ConnectionTimeout) or "timeout expired" in low or "timed out" in low:
        return DeviceTimedOut(f"{address} does not answer: check the address, the cable and the firewall")
    if "refused" in low:
        return ConnectionRefused(f"Nothing listens at {address}: is that PostgreSQL's port, and does it listen there?")
    if "ssl" in low and ("not support" in low or "certificate" in low or "ssl error" in low):
        return TlsFailed(f"{address} does not speak TLS: switch it on in PostgreSQL, or off for this device")
    if "database" in low and "does not exist" in low:
        return SiteUnknown(f"{address} has no database {address.database!r}")
    if "password" in low or "role" in low or "pg_hba" in low or "authentication" in low:
        return LoginRefused(f"{address} does not let {address.username!r} in: check name, password and pg_hba.conf")
    if "resolve" in low or "name or service" in low or "translate host" in low:
        return DeviceGone(f"The name {address.host} is not known")
    return DeviceGone(f"{address} breaks the connection: is PostgreSQL there?")
