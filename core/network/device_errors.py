"""Why a device did not do what it was asked: each a different thing to put right."""

from __future__ import annotations

from core.errors import DomainError


class DeviceError(DomainError):
    """The device could not be reached or did not do as asked; the text names what to look at, never a secret."""


class ConnectionRefused(DeviceError):
    """Nothing listens there: the API service is off, or the port is wrong."""


class DeviceTimedOut(DeviceError):
    """No answer in time. Of a write that was under way nothing is known."""


class DeviceGone(DeviceError):
    """The connection broke. Of a write that was under way nothing is known."""


class TlsFailed(DeviceError):
    """The device's certificate is not the expected one, or it does not speak TLS on that port."""


class LoginRefused(DeviceError):
    """Wrong user name or password, or the user may not log in from here."""


class PermissionMissing(DeviceError):
    """The user is logged in but lacks a right; the text names it."""


class SiteUnknown(DeviceError):
    """The controller has no such site, or the user may not see it."""


class VersionUnsupported(DeviceError):
    """The device's software is older or newer than what the adapter can speak with."""


class DeviceRefusedChange(DeviceError):
    """The device answered, with a no; the text is its own."""


class AnswerNotUnderstood(DeviceError):
    """The device answered with something that is not its protocol."""
