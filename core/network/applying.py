"""What came of one change where a vendor takes them one after the other, each in several steps."""

from __future__ import annotations

from collections.abc import Callable

from core.network.adapter import Change, Outcome
from core.network.device_errors import DeviceError, DeviceRefusedChange, PermissionMissing


def outcome_of(
    change: Change, carry_out: Callable[[Change], None], *, closed: bool, on_fault: Callable[[], None] | None = None
) -> tuple[Outcome, str]:
    """Carry out the change, unless the connection is `closed`; a fault says nothing of how far it came.

    `on_fault` is called where the connection can be used no more. Raises PermissionMissing, which every other change
    would meet as well.
    """
    if closed:
        return "unknown", "the connection broke before"
    try:
        carry_out(change)
    except DeviceRefusedChange as refused:
        return "refused", str(refused)
    except PermissionMissing:
        raise
    except DeviceError as fault:
        if on_fault is not None:
            on_fault()
        return "unknown", str(fault)
    return "done", ""
