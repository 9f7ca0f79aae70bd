"""What every access device can be asked, whoever made it: accounts, changes, sessions, counters, health.

An adapter holds one connection to one device and is used by one thread. It knows its vendor's protocol and nothing of
the database: the reconciler decides what to change, the adapter does it and says honestly what came of it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from core.ids import Id

AccountKind = Literal["pppoe", "hotspot", "dhcp", "wifi"]
"""`key` is the name of a PPPoE secret or hotspot user, or the MAC in lower case of a DHCP lease or Wi-Fi client."""
Move = Literal["restore", "create", "change", "suspend", "delete"]
MOVES: tuple[Move, ...] = ("restore", "create", "change", "suspend", "delete")
"""In the order they are carried out: who paid comes first, who is cut off last."""
Outcome = Literal["done", "refused", "unknown"]


@dataclass(frozen=True)
class Speed:
    """The most a line carries, in kilobits per second as the customer sees it; 0 is without limit."""

    down_kbps: int
    up_kbps: int
    burst_down_kbps: int = 0
    burst_up_kbps: int = 0
    burst_seconds: int = 0


@dataclass(frozen=True)
class WantedAccount:
    """An account as it shall be."""

    kind: AccountKind
    key: str
    subscription_id: Id
    """Written on the device as our mark; an account without it is never changed."""
    allowed: bool
    profile: str
    """The plan's code; a device that has profiles or groups names its own after it."""
    speed: Speed
    password: str | None = field(default=None, repr=False)
    """None leaves what stands on the device."""
    address: str = ""
    """Fixed IPv4 address, or empty for one of the pool."""
    mac: str = ""
    """The only equipment that may use it, in lower case, or empty."""
    absent: bool = False


@dataclass(frozen=True)
class SeenAccount:
    """An account as the device has it."""

    kind: AccountKind
    key: str
    reference: str
    """The device's own id of the row; valid for this connection only."""
    allowed: bool
    profile: str
    """As `WantedAccount.profile` where the profile is one of ours, else the device's name of it in `<>`."""
    subscription_id: Id | None = None
    """From our mark; None where the account is not ours."""
    speed: Speed | None = None
    """None where the profile decides and the device does not say."""
    password: str | None = field(default=None, repr=False)
    """None where the device does not show it."""
    address: str = ""
    mac: str = ""
    note: str = ""


@dataclass(frozen=True)
class Change:
    """One step from what is to what shall be. `seen` is None for a creation."""

    move: Move
    wanted: WantedAccount
    seen: SeenAccount | None = None
    fields: tuple[str, ...] = ()
    """Which fields of the account differ, for the record and for writing no more than needed."""


@dataclass(frozen=True)
class ChangeResult:
    """What came of one change. `unknown`: the connection went before the answer, so read again before another try."""

    change: Change
    outcome: Outcome
    error: str = ""


@dataclass(frozen=True)
class DeviceSession:
    """Somebody online now."""

    kind: AccountKind
    key: str
    reference: str
    started_at: datetime
    """By our clock: when it was read less its age."""
    address: str = ""
    mac: str = ""


@dataclass(frozen=True)
class Counter:
    """What one session moved since it started, in bytes as the customer sees them."""

    kind: AccountKind
    key: str
    session: str
    started_at: datetime
    bytes_down: int
    bytes_up: int
    bits: int = 64
    """The width at which the device's counter wraps."""


@dataclass(frozen=True)
class DeviceIdentity:
    """Which device answers, to notice that another one was put in its place."""

    name: str
    serial: str
    model: str
    version: str


@dataclass(frozen=True)
class DeviceHealth:
    """How the device feels; None where it does not say."""

    uptime: timedelta
    cpu_percent: int | None = None
    memory_percent: int | None = None
    problems: tuple[str, ...] = ()
    """In words for the operator: a radio that is offline, a licence nearly full."""


class Adapter(Protocol):
    """One open connection. Every call has a deadline and raises a `core.network.device_errors.DeviceError`.

    After any error but DeviceRefusedChange the connection is closed and the adapter must not be used again.
    """

    kinds: frozenset[AccountKind]
    """What this device can hold."""

    @property
    def closed(self) -> bool:
        """Whether the connection is gone."""
        ...

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate it showed, empty without TLS."""
        ...

    def identity(self) -> DeviceIdentity:
        """Who answers."""
        ...

    def health(self) -> DeviceHealth:
        """Its uptime, load and troubles."""
        ...

    def read_accounts(self, *, keys: Collection[str] | None = None) -> list[SeenAccount]:
        """All accounts, foreign ones too, or those of these keys; rows the device made by itself are left out."""
        ...

    def prepare(self, profiles: dict[str, Speed]) -> None:
        """See to it that the profiles (or groups) of these plans and the one of suspended lines exist and are right."""
        ...

    def apply(self, changes: Sequence[Change]) -> list[ChangeResult]:
        """Carry out the changes in the order given, one result for each; one that is refused holds no other up.

        Ends the running session of an account where the device needs that for a change to take effect.
        """
        ...

    def sessions(self, *, now: datetime) -> list[DeviceSession]:
        """Who is online."""
        ...

    def counters(self, *, now: datetime) -> list[Counter]:
        """What the running sessions moved."""
        ...

    def disconnect(self, keys: Collection[str]) -> int:
        """End the sessions of these accounts; returns how many there were. Who is offline already is no error."""
        ...

    def close(self) -> None:
        """Give the connection back; never raises."""
        ...
