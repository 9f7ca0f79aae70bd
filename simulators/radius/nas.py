"""A NAS behind FreeRADIUS: asks the tables whom to let in, writes accounting as the server would, obeys CoA packets."""

from __future__ import annotations

import io
import itertools
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import psycopg
from psycopg.rows import dict_row
from pyrad.dictionary import Dictionary
from pyrad.packet import CoAACK, CoANAK, CoAPacket, CoARequest, DisconnectACK, DisconnectNAK, PacketError

POLL_SECONDS = 0.05
NO_SUCH_SESSION, UNSUPPORTED = 503, 406
GIGAWORD = 1 << 32
ATTRIBUTES = """
ATTRIBUTE User-Name 1 string
ATTRIBUTE Acct-Session-Id 44 string
ATTRIBUTE Message-Authenticator 80 octets
ATTRIBUTE Error-Cause 101 integer
VENDOR Mikrotik 14988
BEGIN-VENDOR Mikrotik
ATTRIBUTE Mikrotik-Rate-Limit 8 string
END-VENDOR Mikrotik
"""


@dataclass
class Session:
    """Somebody online: his RADIUS answer as it was when he dialled, or as a CoA changed it."""

    number: str
    group: str
    rate_limit: str


@dataclass
class Nas:
    """On loopback, at `port`. `mood` is how it takes requests."""

    database: str
    """Connection string of FreeRADIUS's database."""
    clock: Callable[[], datetime]
    secret: bytes = b"coa-secret"
    mood: Literal["obeys", "refuses", "silent", "no-coa"] = "obeys"
    sessions: dict[str, Session] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._dictionary = Dictionary(io.StringIO(ATTRIBUTES))
        self._numbers = itertools.count(1)
        self._stopping = threading.Event()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(POLL_SECONDS)
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def switch_off(self) -> None:
        """No packet is heard any more."""
        self._stopping.set()
        self._thread.join(5)
        self._socket.close()

    def dial(self, username: str, password: str) -> bool:
        """Whether the server lets him in, by the tables; if so a session begins."""
        checks = dict(self._pairs("SELECT attribute, value FROM radcheck WHERE username = %s", username))
        if checks.get("Auth-Type") == "Reject" or checks.get("Cleartext-Password") != password:
            return False
        groups = self._rows("SELECT groupname FROM radusergroup WHERE username = %s ORDER BY priority", username)
        group = groups[0]["groupname"] if groups else ""
        answer = dict(self._pairs("SELECT attribute, value FROM radgroupreply WHERE groupname = %s", group))
        number = f"8{next(self._numbers):07x}"
        self.sessions[username] = Session(number, group, answer.get("Mikrotik-Rate-Limit", ""))
        self._rows(
            "INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime, acctupdatetime,"
            " acctinputoctets, acctoutputoctets, callingstationid, framedipaddress)"
            " VALUES (%s, %s, %s, '127.0.0.1', %s, %s, 0, 0, 'AA:BB:CC:00:00:01', '10.7.0.9')",
            number, f"{number}-{username}", username, self.clock(), self.clock(),
        )  # fmt: skip
        return True

    def account(self, username: str, *, input_octets: int, output_octets: int) -> None:
        """An interim update: 32 bits and how often they went round, added up by the server's query."""
        words = [(octets % GIGAWORD, octets // GIGAWORD) for octets in (input_octets, output_octets)]
        self._rows(
            "UPDATE radacct SET acctinputoctets = (%s::bigint << 32) + %s, acctoutputoctets = (%s::bigint << 32) + %s,"
            " acctupdatetime = %s WHERE acctsessionid = %s AND acctstoptime IS NULL",
            words[0][1], words[0][0], words[1][1], words[1][0], self.clock(), self.sessions[username].number,
        )  # fmt: skip

    def hang_up(self, username: str) -> None:
        """The session ends, and accounting is told."""
        session = self.sessions.pop(username)
        self._rows("UPDATE radacct SET acctstoptime = %s WHERE acctsessionid = %s", self.clock(), session.number)

    def tell(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Somebody else works on the tables."""
        return self._rows(query, *values)

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                raw, sender = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            try:
                request = CoAPacket(packet=raw, secret=self.secret, dict=self._dictionary)
            except PacketError:
                continue
            if self.mood == "silent" or not request.VerifyCoARequest():
                continue
            self._socket.sendto(self._answer(request), sender)

    def _answer(self, request: Any) -> bytes:
        wants_speed = request.code == CoARequest
        username = request["User-Name"][0]
        self.heard.append(f"{'coa' if wants_speed else 'disconnect'} {username}")
        session = self.sessions.get(username)
        reply = request.CreateReply()
        refusal = 0
        if session is None or session.number != request["Acct-Session-Id"][0]:
            refusal = NO_SUCH_SESSION
        elif self.mood == "refuses" or (self.mood == "no-coa" and wants_speed):
            refusal = UNSUPPORTED
        elif wants_speed:
            session.rate_limit = request["Mikrotik-Rate-Limit"][0]
        else:
            self.hang_up(username)
        if refusal:
            reply.code = CoANAK if wants_speed else DisconnectNAK
            reply.AddAttribute("Error-Cause", refusal)
        else:
            reply.code = CoAACK if wants_speed else DisconnectACK
        return bytes(reply.ReplyPacket())

    def _rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        with psycopg.connect(self.database, autocommit=True, row_factory=dict_row) as connection:
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def _pairs(self, query: str, value: str) -> list[tuple[str, str]]:
        return [(row["attribute"], row["value"]) for row in self._rows(query, value)]
