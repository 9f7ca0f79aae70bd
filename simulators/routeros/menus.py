"""The menus an ISP's router is worked with: which properties may be written, what is unique, what points where."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulators.routeros import values
from simulators.routeros.values import Convert, text

SECRET_PROPERTIES = ("password",)
"""Shown only to a user whose group has the policy `sensitive`."""


@dataclass(frozen=True)
class Unique:
    """No two rows share these properties; `says` is what the router answers."""

    names: tuple[str, ...]
    says: str


@dataclass(frozen=True)
class Menu:
    """One menu. A property that is not in `writable` cannot be set; one without a value is absent when read."""

    writable: dict[str, Convert] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    unique: tuple[Unique, ...] = ()
    references: dict[str, str] = field(default_factory=dict)
    """Property to the menu whose names it takes; `none` and `all` name nothing."""
    removable: bool = True
    single: bool = False
    """One row of settings, without ids."""


def _switched(**writable: Convert) -> dict[str, Convert]:
    named = {name.replace("_", "-"): convert for name, convert in writable.items()}
    return {"disabled": values.flag, "comment": text, **named}


OFF = {"disabled": "false"}
_PROFILE: dict[str, Convert] = {
    "name": text, "local-address": values.address_or_pool, "remote-address": values.address_or_pool,
    "rate-limit": values.rate_limit, "address-list": text, "only-one": values.one_of("yes", "no", "default"),
    "parent-queue": text, "queue-type": text, "dns-server": text, "session-timeout": values.duration,
    "idle-timeout": values.duration, "on-up": text, "on-down": text, "interface-list": text, "comment": text,
}  # fmt: skip

MENUS: dict[str, Menu] = {
    "/ppp/secret": Menu(
        _switched(
            name=text, password=text, service=values.one_of("any", "async", "l2tp", "ovpn", "pppoe", "pptp", "sstp"),
            profile=text, caller_id=values.mac_or_any, local_address=values.address,
            remote_address=values.address_or_pool, remote_ipv6_prefix=text, routes=text,
            limit_bytes_in=values.number(0, 2**63), limit_bytes_out=values.number(0, 2**63),
        ),
        {**OFF, "service": "any", "profile": "default", "limit-bytes-in": "0", "limit-bytes-out": "0"},
        ("name",),
        (Unique(("name",), "failure: secret with the same name already exists"),),
        {"profile": "/ppp/profile"},
    ),
    "/ppp/profile": Menu(
        _PROFILE, {"only-one": "default"}, ("name",),
        (Unique(("name",), "failure: profile with the same name already exists"),),
    ),
    "/ppp/active": Menu(),
    "/queue/simple": Menu(
        _switched(
            name=text, target=values.targets, max_limit=values.rate_pair, limit_at=values.rate_pair,
            burst_limit=values.rate_pair, burst_threshold=values.rate_pair, burst_time=values.times, priority=text,
            queue=text, parent=text, packet_marks=text, time=text,
        ),
        {**OFF, "max-limit": "0/0", "limit-at": "0/0", "burst-limit": "0/0", "burst-threshold": "0/0",
         "burst-time": "0s/0s", "priority": "8/8", "queue": "default-small/default-small", "parent": "none"},
        ("target",),
        (Unique(("name",), "failure: already have such name"),),
        {"parent": "/queue/simple"},
    ),
    "/ip/firewall/address-list": Menu(
        _switched(list=text, address=values.entry, timeout=values.duration), OFF, ("list", "address"),
        (Unique(("list", "address", "disabled"), "failure: already have such entry"),),
    ),
    "/ip/firewall/filter": Menu(
        _switched(chain=text, action=text, src_address_list=text, dst_address=text, protocol=text, dst_port=text,
                  connection_state=text),
        {**OFF, "action": "accept"}, ("chain",),
    ),
    "/ip/pool": Menu(
        {"name": text, "ranges": text, "comment": text}, {}, ("name", "ranges"),
        (Unique(("name",), "failure: pool with such name exists"),),
    ),
    "/ip/dhcp-server": Menu(
        _switched(name=text, interface=text, address_pool=text, lease_time=values.duration),
        {**OFF, "lease-time": "30m"}, ("interface",), (Unique(("name",), "failure: already have such name"),),
    ),
    "/ip/dhcp-server/lease": Menu(
        _switched(
            address=values.address, mac_address=values.mac, client_id=text, server=text, address_lists=text,
            rate_limit=values.rate_limit, block_access=values.flag, lease_time=values.duration,
        ),
        {**OFF, "block-access": "false"}, ("address",),
        (Unique(("address",), "failure: already have static lease with this IP address"),
         Unique(("mac-address", "server"), "failure: already have static lease for this client")),
        {"server": "/ip/dhcp-server"},
    ),
    "/ip/hotspot/user": Menu(
        _switched(
            name=text, password=text, profile=text, server=text, mac_address=values.mac_or_any, address=values.address,
            email=text, limit_uptime=values.duration, limit_bytes_in=values.number(0, 2**63),
            limit_bytes_out=values.number(0, 2**63), limit_bytes_total=values.number(0, 2**63),
        ),
        {**OFF, "profile": "default", "server": "all"}, ("name",),
        (Unique(("name", "server"), "failure: already have user with this name for this server"),),
        {"profile": "/ip/hotspot/user/profile"},
    ),
    "/ip/hotspot/user/profile": Menu(
        {"name": text, "rate-limit": values.rate_limit, "shared-users": text, "session-timeout": values.duration,
         "idle-timeout": values.duration, "address-list": text, "mac-cookie-timeout": values.duration},
        {"shared-users": "1"}, ("name",),
        (Unique(("name",), "failure: already have such name"),),
    ),
    "/ip/hotspot/active": Menu(),
    "/ip/hotspot/cookie": Menu(),
    "/interface": Menu({"name": text, "disabled": values.flag, "comment": text}, removable=False),
    "/ip/neighbor": Menu(removable=False),
    "/ip/service": Menu({"disabled": values.flag, "port": values.number(1, 65535), "address": text}, removable=False),
    "/user": Menu(_switched(name=text, group=text, address=text), OFF, ("name", "group")),
    "/user/group": Menu({"name": text, "policy": text}),
    "/system/identity": Menu({"name": text}, single=True),
    "/system/resource": Menu(single=True),
    "/system/routerboard": Menu(single=True),
    "/system/license": Menu(single=True),
    "/system/clock": Menu(single=True),
    "/system/health": Menu(removable=False),
}  # fmt: skip
