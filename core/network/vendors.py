"""Which adapter speaks with which device. A new vendor is a package with an adapter, and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core import vault
from core.network.adapter import AccountKind, Adapter
from core.network.device_models import NetworkDevice
from core.network.devices import COA_PORT, SEALED_COA
from core.network.mikrotik.adapter import Mikrotik, MikrotikOptions
from core.network.mikrotik.wire import Address
from core.network.radius.adapter import Radius, RadiusOptions
from core.network.radius.dynamic import Speaker
from core.network.radius.tables import Address as RadiusAddress
from core.network.unifi.adapter import Unifi, UnifiOptions
from core.network.unifi.wire import Address as UnifiAddress


@dataclass(frozen=True)
class DeviceAccess:
    """All that is needed to speak with a device, apart from the database."""

    vendor: str
    host: str
    port: int
    tls: bool
    fingerprint: str
    login: str
    password: str = field(repr=False)
    options: Mapping[str, Any]


def access_of(device: NetworkDevice) -> DeviceAccess:
    """Unseals the password: keep the result only as long as the connection."""
    return DeviceAccess(
        device.vendor, device.host, device.port, device.tls, device.fingerprint, device.login,
        vault.unseal(device.sealed_password), device.options,
    )  # fmt: skip


def open_adapter(device: DeviceAccess) -> Adapter:
    """Connect and log in. Raises a `core.network.device_errors.DeviceError`."""
    return OPENERS[device.vendor](device)


def _mikrotik(device: DeviceAccess) -> Adapter:
    options = device.options
    return Mikrotik(
        Address(device.host, device.port, device.login, device.password, device.tls, device.fingerprint),
        MikrotikOptions(
            kinds=kinds_of(options, "pppoe"),
            suspend_by_disabling=bool(options.get("suspend_by_disabling", False)),
            pool=str(options.get("pool", "")),
            local_address=str(options.get("local_address", "")),
            suspended_kbps=int(options.get("suspended_kbps", 128)),
            kicks_a_second=max(1, int(options.get("kicks_a_second", 25))),
        ),
    )


def _unifi(device: DeviceAccess) -> Adapter:
    address = UnifiAddress(
        device.host, device.port, device.login, device.password, device.tls, device.fingerprint,
        str(device.options.get("site") or "default"),
    )  # fmt: skip
    return Unifi(address, UnifiOptions(bool(device.options.get("reconnect_on_change", True))))


def _radius(device: DeviceAccess) -> Adapter:
    options = device.options
    sealed = options.get(SEALED_COA)
    return Radius(
        RadiusAddress(device.host, device.port, device.login, device.password, device.tls,
                      str(options.get("database") or "radius")),
        Speaker(vault.unseal(sealed) if sealed else "", int(options.get("coa_port") or COA_PORT)),
        RadiusOptions(
            kind=next((kind for kind in ("pppoe", "hotspot") if kind in kinds_of(options, "pppoe")), "pppoe"),
            suspend_by_rejecting=bool(options.get("suspend_by_disabling", False)),
            suspended_kbps=int(options.get("suspended_kbps", 128)),
        ),
    )  # fmt: skip


def kinds_of(options: Mapping[str, Any], *usual: AccountKind) -> frozenset[AccountKind]:
    """The kinds of accounts the device is used for."""
    chosen = options.get("kinds") or usual
    return frozenset(chosen)


OPENERS: dict[str, Callable[[DeviceAccess], Adapter]] = {"mikrotik": _mikrotik, "unifi": _unifi, "radius": _radius}
