"""Telling a NAS about a running session: end it, or give it another speed (RFC 5176)."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Literal

from pyrad.client import Client, Timeout
from pyrad.dictionary import Dictionary
from pyrad.packet import CoAACK, CoARequest, DisconnectACK, DisconnectRequest

DICTIONARY = """
ATTRIBUTE User-Name 1 string
ATTRIBUTE NAS-IP-Address 4 ipaddr
ATTRIBUTE Framed-IP-Address 8 ipaddr
ATTRIBUTE Calling-Station-Id 31 string
ATTRIBUTE Acct-Session-Id 44 string
ATTRIBUTE Message-Authenticator 80 octets
ATTRIBUTE Error-Cause 101 integer
VENDOR Mikrotik 14988
BEGIN-VENDOR Mikrotik
ATTRIBUTE Mikrotik-Rate-Limit 8 string
ATTRIBUTE Mikrotik-Address-List 19 string
END-VENDOR Mikrotik
"""
NO_SUCH_SESSION = 503
Told = Literal["done", "gone", "refused", "silent"]


@dataclass(frozen=True)
class Speaker:
    """How the NASes of a RADIUS server are spoken with."""

    secret: str = field(repr=False)
    port: int = 3799
    tries: int = 3
    wait_seconds: float = 2.0
    """For an answer to each try."""

    def end(self, nas: str, *, username: str, session: str) -> Told:
        """Disconnect-Request."""
        return self._tell(nas, DisconnectRequest, {"User_Name": username, "Acct_Session_Id": session})

    def change_speed(self, nas: str, *, username: str, session: str, rate_limit: str) -> Told:
        """CoA-Request with MikroTik's attribute."""
        return self._tell(nas, CoARequest, {
            "User_Name": username, "Acct_Session_Id": session, "Mikrotik_Rate_Limit": rate_limit})  # fmt: skip

    def _tell(self, nas: str, code: int, attributes: dict[str, str]) -> Told:
        client = Client(
            server=nas, coaport=self.port, secret=self.secret.encode(), dict=Dictionary(io.StringIO(DICTIONARY)),
            retries=self.tries, timeout=self.wait_seconds,
        )  # fmt: skip
        try:
            answer = client.SendPacket(client.CreateCoAPacket(code=code, **attributes))
        except (Timeout, OSError):
            # A port that is closed answers with an ICMP error, which says no more than silence.
            return "silent"
        if answer.code in (CoAACK, DisconnectACK):
            return "done"
        cause = answer.get("Error-Cause", [])
        return "gone" if NO_SUCH_SESSION in cause else "refused"
