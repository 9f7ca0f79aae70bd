"""One site: its clients, groups, access points and admins, and what it refuses."""

from __future__ import annotations

import ipaddress
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

MAC = re.compile(r"[0-9a-f]{2}([:-][0-9a-f]{2}){5}")
NAME_LENGTH_MAX, NOTE_LENGTH_MAX = 128, 1024
RATE_MAX = 100_000
REASSOCIATE_SECONDS = 2.0
USER_FIELDS = {"name", "note", "noted", "usergroup_id", "use_fixedip", "fixed_ip", "network_id", "blocked"}
GROUP_FIELDS = {"name", "qos_rate_max_down", "qos_rate_max_up"}
Row = dict[str, Any]


class Refused(Exception):
    """The site says no, with an `api.err` code."""

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.status = f"api.err.{code}", status


@dataclass
class Phone:
    """A customer's equipment within reach of an access point; it associates by itself while it is not blocked."""

    mac: str
    wired: bool = False
    down_bps: int = 0
    up_bps: int = 0
    plugged_in: bool = True
    since: float | None = None
    counted_at: float = 0.0
    down: int = 0
    up: int = 0
    back_at: float = 0.0


@dataclass
class Site:
    """What the controller keeps of one site; every method is safe from several threads."""

    name: str = "default"
    desc: str = "Default"
    clock: Callable[[], float] = time.time
    users: dict[str, Row] = field(default_factory=dict)
    groups: dict[str, Row] = field(default_factory=dict)
    devices: list[Row] = field(default_factory=list)
    phones: dict[str, Phone] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        self.id = new_id()
        if not self.groups:
            self._keep_group({"name": "Default", "attr_no_delete": True, "attr_hidden_id": "Default"})
        if not self.devices:
            self.devices = [
                {"_id": new_id(), "mac": "f4:92:bf:00:00:01", "ip": "192.168.1.20", "name": "Lobby", "model": "U7PG2",
                 "type": "uap", "version": "6.6.65", "adopted": True, "state": 1, "uptime": 86400,
                 "system-stats": {"cpu": "3.1", "mem": "42.0", "uptime": "86400"}}
            ]  # fmt: skip

    def plug_in(self, mac: str, *, down_bps: int = 0, up_bps: int = 0, wired: bool = False) -> Phone:
        """The customer's equipment comes within reach."""
        with self.lock:
            phone = self.phones[mac] = Phone(mac, wired, down_bps, up_bps)
            self._settle(phone)
            return phone

    def is_online(self, mac: str) -> bool:
        """Whether it is associated now."""
        with self.lock:
            self._settle(self.phones[mac])
            return self.phones[mac].since is not None

    def moved(self, mac: str, *, down: int, up: int) -> None:
        """It moved so many bytes, as the customer sees them."""
        with self.lock:
            self.phones[mac].down += down
            self.phones[mac].up += up

    def by_mac(self, mac: str) -> Row | None:
        """The known client."""
        return next((row for row in self.users.values() if row["mac"] == mac), None)

    def group_named(self, name: str) -> Row | None:
        """The group of that name."""
        return next((row for row in self.groups.values() if row["name"] == name), None)

    def online(self) -> list[Row]:
        """As `stat/sta` tells it."""
        with self.lock:
            for phone in self.phones.values():
                self._settle(phone)
            return [self._sta(phone) for phone in self.phones.values() if phone.since is not None]

    def add_user(self, data: Row) -> Row:
        """A client nobody has seen yet. Raises Refused."""
        mac = mac_of(data)
        with self.lock:
            if self.by_mac(mac):
                raise Refused("MacUsed")
            self._check_user(data)
            row = {"_id": new_id(), "site_id": self.id, "mac": mac, "is_guest": False, "is_wired": False,
                   "usergroup_id": "", "first_seen": int(self.clock()), **known(data, USER_FIELDS)}  # fmt: skip
            self.users[row["_id"]] = row
            return row

    def change_user(self, user_id: str, data: Row) -> Row:
        """Raises Refused."""
        with self.lock:
            row = self.users.get(user_id)
            if row is None:
                raise Refused("IdInvalid")
            self._check_user(data)
            row.update(known(data, USER_FIELDS - {"blocked"}))
            return row

    def add_group(self, data: Row) -> Row:
        """Raises Refused."""
        with self.lock:
            self._check_group(data, None)
            return self._keep_group(known(data, GROUP_FIELDS))

    def change_group(self, group_id: str, data: Row) -> Row:
        """Raises Refused."""
        with self.lock:
            row = self.groups.get(group_id)
            if row is None:
                raise Refused("IdInvalid")
            self._check_group({**row, **data}, group_id)
            row.update(known(data, GROUP_FIELDS))
            return row

    def remove_group(self, group_id: str) -> None:
        """Its clients fall back to the default group. Raises Refused."""
        with self.lock:
            row = self.groups.get(group_id)
            if row is None:
                raise Refused("IdInvalid")
            if row.get("attr_no_delete"):
                raise Refused("ObjectInUse")
            del self.groups[group_id]
            for user in self.users.values():
                if user.get("usergroup_id") == group_id:
                    user["usergroup_id"] = ""

    def command(self, data: Row) -> list[Row]:
        """What `cmd/stamgr` does. Raises Refused."""
        with self.lock:
            command = data.get("cmd")
            if command == "forget-sta":
                return self._forget(data)
            mac = mac_of(data)
            if command in ("block-sta", "unblock-sta"):
                row = self.by_mac(mac) or self.add_user({"mac": mac})
                row["blocked"] = command == "block-sta"
                if row["blocked"]:
                    self._drop(mac)
                return [row]
            if command == "kick-sta":
                if mac not in self.phones and self.by_mac(mac) is None:
                    raise Refused("UnknownStation")
                self._drop(mac)
                return []
            raise Refused("InvalidCommand")

    def _forget(self, data: Row) -> list[Row]:
        for mac in data.get("macs") or ():
            row = self.by_mac(str(mac).lower())
            if row is not None:
                del self.users[row["_id"]]
        return []

    def _check_user(self, data: Row) -> None:
        group = data.get("usergroup_id", "")
        if group and group not in self.groups:
            raise Refused("IdInvalid")
        if len(str(data.get("name", ""))) > NAME_LENGTH_MAX or len(str(data.get("note", ""))) > NOTE_LENGTH_MAX:
            raise Refused("InvalidPayload")
        if data.get("use_fixedip"):
            try:
                address = str(ipaddress.IPv4Address(str(data.get("fixed_ip", ""))))
            except ValueError as wrong:
                raise Refused("InvalidFixedIP") from wrong
            holders = (row for row in self.users.values() if row.get("use_fixedip") and row.get("fixed_ip") == address)
            if any(row["mac"] != data.get("mac", row["mac"]) for row in holders):
                raise Refused("FixedIpAlreadyUsedByClient")

    def _check_group(self, data: Row, group_id: str | None) -> None:
        name = data.get("name")
        if not isinstance(name, str) or not 1 <= len(name) <= NAME_LENGTH_MAX:
            raise Refused("InvalidPayload")
        twin = self.group_named(name)
        if twin is not None and twin["_id"] != group_id:
            raise Refused("UserGroupExisted")
        for side in ("qos_rate_max_down", "qos_rate_max_up"):
            rate = data.get(side, -1)
            if type(rate) is not int or not (rate == -1 or 2 <= rate <= RATE_MAX):
                raise Refused("InvalidPayload")

    def _keep_group(self, data: Row) -> Row:
        row = {"_id": new_id(), "site_id": self.id, "qos_rate_max_down": -1, "qos_rate_max_up": -1, **data}
        self.groups[row["_id"]] = row
        return row

    def _drop(self, mac: str) -> None:
        phone = self.phones.get(mac)
        if phone is not None:
            phone.since, phone.back_at = None, self.clock() + REASSOCIATE_SECONDS

    def _settle(self, phone: Phone) -> None:
        """Bring it online or keep it out, and its counters to now."""
        now = self.clock()
        user = self.by_mac(phone.mac)
        if not phone.plugged_in or (user is not None and user.get("blocked")):
            phone.since = None
            return
        if phone.since is None:
            if now < phone.back_at:
                return
            if user is None:
                self.add_user({"mac": phone.mac})
            phone.since = phone.counted_at = now
            phone.down = phone.up = 0
        elapsed = now - phone.counted_at
        phone.down += int(phone.down_bps * elapsed / 8)
        phone.up += int(phone.up_bps * elapsed / 8)
        phone.counted_at = now

    def _sta(self, phone: Phone) -> Row:
        user = self.by_mac(phone.mac) or {}
        since = phone.since or 0.0
        side = "wired-" if phone.wired else ""
        radio = {"essid": "Ravi", "channel": 36, "rssi": 41, "signal": -55, "noise": -96}
        where = (
            {"sw_mac": "f4:92:bf:00:00:09", "sw_port": 3} if phone.wired
            else {"ap_mac": self.devices[0]["mac"], **radio}
        )  # fmt: skip
        return {
            "_id": user.get("_id", ""), "user_id": user.get("_id", ""), "mac": phone.mac, "ip": "10.60.0.9",
            "is_wired": phone.wired, "is_guest": False, "uptime": int(self.clock() - since), "assoc_time": int(since),
            "usergroup_id": user.get("usergroup_id", ""), "qos_policy_applied": True, f"{side}tx_bytes": phone.down,
            f"{side}rx_bytes": phone.up, **where,
        }  # fmt: skip


def mac_of(data: Row) -> str:
    """In lower case, as the controller answers it. Raises Refused."""
    mac = str(data.get("mac", "")).lower()
    if not MAC.fullmatch(mac):
        raise Refused("InvalidMAC" if mac else "InvalidPayload")
    return mac.replace("-", ":")


def known(data: Row, names: set[str]) -> Row:
    """The fields the controller keeps; others it leaves out without a word."""
    return {name: value for name, value in data.items() if name in names}


def new_id() -> str:
    """24 hexadecimal digits."""
    return secrets.token_hex(12)
