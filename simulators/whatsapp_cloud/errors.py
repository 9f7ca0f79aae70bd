"""Refusals in the shape of Meta's Graph API."""

from __future__ import annotations

from typing import Any

TITLES = {
    33: "Unsupported post request", 100: "Invalid parameter", 190: "Invalid OAuth access token",
    130429: "Rate limit hit", 131008: "Required parameter is missing", 131009: "Parameter value is not valid",
    131026: "Message undeliverable", 131047: "Re-engagement message", 131051: "Unsupported message type",
    131053: "Media upload error", 131056: "Pair rate limit hit", 132000: "Number of parameters does not match",
    132001: "Template name does not exist in the translation",
}  # fmt: skip


class GraphError(Exception):
    """What Meta would answer; `code` is Graph's, `status` HTTP's."""

    def __init__(self, code: int, details: str, status: int = 400) -> None:
        super().__init__(details)
        self.code, self.details, self.status = code, details, status

    def body(self) -> dict[str, Any]:
        """The error as Graph writes it."""
        return {
            "error": {
                "message": f"(#{self.code}) {TITLES.get(self.code, 'Error')}",
                "type": "OAuthException",
                "code": self.code,
                "error_data": {"messaging_product": "whatsapp", "details": self.details},
                "fbtrace_id": "A" + f"{self.code:022d}",
            }
        }

    def status_error(self) -> dict[str, Any]:
        """The same inside a `failed` status."""
        title = TITLES.get(self.code, "Error")
        return {"code": self.code, "title": title, "message": title, "error_data": {"details": self.details}}
