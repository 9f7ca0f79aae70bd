"""Until when each version of Meta's Graph API may be called."""

from __future__ import annotations

from datetime import date, timedelta

USABLE_UNTIL: dict[str, date | None] = {
    "v14.0": date(2024, 9, 17),
    "v15.0": date(2024, 11, 20),
    "v16.0": date(2025, 5, 14),
    "v17.0": date(2025, 9, 12),
    "v18.0": date(2026, 1, 26),
    "v19.0": date(2026, 5, 21),
    "v20.0": date(2026, 9, 24),
    "v21.0": date(2027, 1, 21),
    "v22.0": date(2027, 5, 20),
    "v23.0": date(2027, 10, 8),
    "v24.0": date(2028, 2, 18),
    "v25.0": date(2028, 7, 29),
    "v26.0": None,
}
WARN_AHEAD = timedelta(days=180)


class GraphVersionExpired(Exception):
    """Meta answers this version as if another had been asked for; sending would drift unseen."""


def refuse_expired(version: str, today: date) -> timedelta | None:
    """Time left to `version`, or None while Meta has set no end; raises GraphVersionExpired.

    A version newer than the table is taken as usable, an older one as expired.
    """
    if version not in USABLE_UNTIL:
        if _number(version) > max(map(_number, USABLE_UNTIL)):
            return None
        raise GraphVersionExpired(f"Graph API {version} is no longer offered; set TAAR_GRAPH_VERSION")
    end = USABLE_UNTIL[version]
    if end is None:
        return None
    if end <= today:
        raise GraphVersionExpired(f"Graph API {version} ended on {end}; set TAAR_GRAPH_VERSION to a newer one")
    return end - today


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.removeprefix("v").split("."))
