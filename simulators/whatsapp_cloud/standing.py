"""How Meta thinks of a number: quality, tier, status, throughput; and what it tells of a change."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

KNOWN = {
    "quality": ("GREEN", "YELLOW", "RED", "UNKNOWN"),
    "tier": ("TIER_250", "TIER_2K", "TIER_10K", "TIER_100K", "TIER_UNLIMITED"),
    "status": ("CONNECTED", "FLAGGED", "RESTRICTED", "BANNED", "DISCONNECTED"),
    "throughput": ("STANDARD", "HIGH"),
}


class StandingUnknown(ValueError):
    """A number has no such standing."""


@dataclass(frozen=True)
class Standing:
    """As the Graph API tells it when asked for the number."""

    quality: str = "GREEN"
    tier: str = "TIER_2K"
    status: str = "CONNECTED"
    throughput: str = "STANDARD"

    def changed(self, **changes: str) -> Standing:
        """Raises StandingUnknown."""
        for name, value in changes.items():
            if value not in KNOWN.get(name, ()):
                raise StandingUnknown(f"{name}={value!r} is no standing: {KNOWN.get(name, tuple(KNOWN))}")
        return replace(self, **changes)

    @property
    def people(self) -> int | None:
        """Whom the portfolio reaches outside the window in 24 hours."""
        digits = self.tier.removeprefix("TIER_").replace("K", "000")
        return int(digits) if digits.isdecimal() else None

    def graph(self) -> dict[str, Any]:
        return {
            "quality_rating": self.quality, "status": self.status, "throughput": {"level": self.throughput},
            "whatsapp_business_manager_messaging_limit": self.tier,
        }  # fmt: skip

    def news_since(self, before: Standing) -> list[tuple[str, dict[str, Any]]]:
        """The webhooks of a change; of quality and status Meta tells by flags alone, the rest is asked for."""
        was, now = asdict(before), asdict(self)
        tier = {"max_daily_conversations_per_business": self.tier}
        news: list[tuple[str, dict[str, Any]]] = []
        if was["tier"] != now["tier"]:
            news.append(("phone_number_quality_update", {"event": "ONBOARDING", **tier}))
        if was["throughput"] != now["throughput"] and self.throughput == "HIGH":
            news.append(("phone_number_quality_update", {"event": "THROUGHPUT_UPGRADE", **tier}))
        if (was["quality"] == "RED") != (now["quality"] == "RED"):
            event = "FLAGGED" if self.quality == "RED" else "UNFLAGGED"
            news.append(("phone_number_quality_update", {"event": event, **tier}))
        return news
