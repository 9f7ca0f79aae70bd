"""Refusals in the shape of Meta's Graph API."""

from __future__ import annotations

from typing import Any

TITLES = {
    0: "AuthException", 1: "API Unknown", 2: "API Service", 4: "API Too Many Calls", 10: "Permission Denied",
    33: "Unsupported post request", 100: "Invalid parameter", 190: "Invalid OAuth access token",
    368: "Temporarily blocked for policies violations", 80007: "Rate limit issues", 130429: "Rate limit hit",
    130472: "User's number is part of an experiment", 131000: "Something went wrong", 131005: "Access denied",
    131008: "Required parameter is missing", 131009: "Parameter value is not valid", 131016: "Service unavailable",
    131021: "Recipient cannot be sender", 131026: "Message undeliverable", 131031: "Account has been locked",
    131042: "Business eligibility payment issue", 131045: "Incorrect certificate", 131047: "Re-engagement message",
    131048: "Spam rate limit hit", 131049: "Message not delivered to maintain healthy ecosystem engagement",
    131050: "User has stopped marketing messages", 131051: "Unsupported message type", 131052: "Media download error",
    131053: "Media upload error", 131056: "Pair rate limit hit", 131057: "Account in maintenance mode",
    131062: "Business-scoped user id recipients are not supported for this message",
    132000: "Number of parameters does not match", 132001: "Template name does not exist in the translation",
    132012: "Parameter format does not match", 132015: "Template is paused", 132016: "Template is disabled",
    132018: "Template parameters have invalid content", 133004: "Server temporarily unavailable",
    135000: "Generic user error",
}  # fmt: skip
STATUSES = {
    0: 401, 2: 503, 10: 403, 190: 401, 368: 403, 130429: 429, 131000: 500, 131005: 403, 131016: 500, 131031: 403,
    131045: 500, 131057: 500, 132001: 404, 133004: 503,
}  # fmt: skip
"""HTTP status by code where it is not 400."""


class GraphError(Exception):
    """What Meta would answer; `code` and `subcode` are Graph's, `status` HTTP's."""

    def __init__(self, code: int, details: str, subcode: int | None = None) -> None:
        super().__init__(details)
        self.code, self.details, self.status = code, details, STATUSES.get(code, 400)
        self.subcode = subcode

    def body(self) -> dict[str, Any]:
        """The error as Graph writes it."""
        return {
            "error": {
                "message": f"(#{self.code}) {TITLES.get(self.code, 'Error')}",
                "type": "OAuthException",
                "code": self.code,
                **({"error_subcode": self.subcode} if self.subcode else {}),
                "error_data": {"messaging_product": "whatsapp", "details": self.details},
                "fbtrace_id": "A" + f"{self.code:022d}",
            }
        }

    def status_error(self) -> dict[str, Any]:
        """The same inside a `failed` status."""
        title = TITLES.get(self.code, "Error")
        return {"code": self.code, "title": title, "message": title, "error_data": {"details": self.details}}
