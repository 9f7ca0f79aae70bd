"""One connection to a router's API: exact strings, a deadline for each command, tagged commands in flight together.

librouteros does the protocol; its reading is replaced, because it guesses types (a password `12345` becomes a number),
takes two system calls a word, drops letters it cannot decode and cannot read tags (reference/network.md 2.3-2.6).
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import io
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from librouteros.connections import SocketTransport
from librouteros.exceptions import ConnectionClosed, FatalError, LibRouterosError
from librouteros.login import encode_password
from librouteros.protocol import ApiProtocol, encode_length

from core.network.device_errors import (
    AnswerNotUnderstood,
    ConnectionRefused,
    DeviceError,
    DeviceGone,
    DeviceRefusedChange,
    DeviceTimedOut,
    LoginRefused,
    PermissionMissing,
    TlsFailed,
)

CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 30.0
WINDOW = 64
"""Commands in flight: enough to hide a slow line, few enough not to keep a small router from forwarding."""
BUFFER_BYTES = 256 * 1024
ENCODING = "utf-8"

Row = dict[str, str]
Command = tuple[str, ...]
"""A command word and its attribute words, as they go over the wire."""


@dataclass(frozen=True)
class Address:
    """Where a router's API is and who asks."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    tls: bool = True
    fingerprint: str = ""
    """SHA-256 of the certificate in hexadecimal; empty takes any, to be pinned afterwards."""
    connect_seconds: float = CONNECT_SECONDS
    command_seconds: float = COMMAND_SECONDS

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Answer:
    """What came of one command of several: its rows, or the router's no."""

    rows: list[Row]
    refusal: str = ""


class _Incoming(io.RawIOBase):
    """Bytes of the socket until a deadline, however slowly they drip."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.deadline = 0.0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return self._sock.recv_into(buffer)


class _Transport(SocketTransport):
    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.incoming = _Incoming(sock)
        self._reader = io.BufferedReader(self.incoming, BUFFER_BYTES)

    def read(self, length: int) -> bytes:
        data = self._reader.read(length)
        if len(data) < length:
            raise ConnectionClosed("Connection unexpectedly closed.")
        return data


class _Protocol(ApiProtocol):
    def writeSentence(self, cmd: str, *words: str) -> None:  # noqa: N802
        self.transport.write(encoded((cmd, *words)))

    def readSentence(self) -> tuple[str, tuple[str, ...]]:  # noqa: N802
        words = tuple(iter(self.readWord, ""))
        while not words:
            words = tuple(iter(self.readWord, ""))
        if words[0] == "!fatal":
            raise FatalError(words[1] if len(words) > 1 else "no reason given")
        return words[0], words[1:]

    def readWord(self) -> str:  # noqa: N802
        read = self.transport.read
        lead = read(1)[0]
        if lead < 0x80:
            length = lead
        elif lead < 0xF0:
            more, mask = (1, 0x3F) if lead < 0xC0 else (2, 0x1F) if lead < 0xE0 else (3, 0x0F)
            length = ((lead & mask) << 8 * more) | int.from_bytes(read(more), "big")
        else:
            raise ValueError(f"{lead:#x} starts no word")
        return read(length).decode(ENCODING, "surrogateescape") if length else ""


def encoded(command: Command) -> bytes:
    """The sentence as bytes; letters no encoding knows go back as they came."""
    parts = []
    for word in command:
        raw = word.encode(ENCODING, "surrogateescape")
        parts.append(encode_length(len(raw)) + raw)
    parts.append(b"\x00")
    return b"".join(parts)


def words_of(command: str, **attributes: str) -> Command:
    """`_` in a name stands for `-`."""
    return (command, *(f"={name.replace('_', '-')}={value}" for name, value in attributes.items()))


class Wire:
    """A logged-in connection, for one thread. After any DeviceError but DeviceRefusedChange it is closed."""

    def __init__(self, address: Address) -> None:
        """Connects and logs in. Raises a DeviceError that says what to put right."""
        self.address = address
        self.closed = False
        with _told(self, "connecting"):
            sock = socket.create_connection((address.host, address.port), timeout=address.connect_seconds)
        self._sock = sock
        with _told(self, "connecting"):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.fingerprint = ""
            if address.tls:
                self._sock = sock = self._secured(sock)
        self._transport = _Transport(sock)
        self._protocol = _Protocol(self._transport, ENCODING)
        self._login()

    def run(self, command: Command) -> list[Row]:
        """The rows of one command, `ret` of a creation among them. Raises DeviceRefusedChange for a refusal."""
        answer = next(iter(self.pipeline([command])))
        if answer.refusal:
            raise refused(answer.refusal)
        return answer.rows

    def pipeline(self, commands: Sequence[Command], *, window: int = WINDOW) -> Iterator[Answer]:
        """Send the commands with at most `window` unanswered, and yield their answers in order as they come."""
        answers: dict[str, tuple[list[Row], list[str]]] = {}
        done: dict[str, Answer] = {}
        sent = 0
        for number in range(len(commands)):
            tag = str(number)
            if tag not in done:
                with _told(self, commands[number][0]):
                    while tag not in done:
                        sent = self._fill(commands, sent, number + window, window)
                        self._take(answers, done)
            yield done.pop(tag)

    def close(self) -> None:
        """Give the connection back; never raises."""
        self.closed = True
        with contextlib.suppress(OSError):
            self._sock.close()

    def _fill(self, commands: Sequence[Command], sent: int, limit: int, window: int) -> int:
        """Send on once half of the window is free, many sentences in one packet; returns how many are sent."""
        upto = min(len(commands), limit)
        if sent == upto or (sent > 0 and upto - sent < window // 2 and upto < len(commands)):
            return sent
        self._transport.incoming.deadline = time.monotonic() + self.address.command_seconds
        self._sock.settimeout(self.address.command_seconds)
        tagged = ((commands[at][0], f".tag={at}", *commands[at][1:]) for at in range(sent, upto))
        self._transport.write(b"".join(encoded(command) for command in tagged))
        return upto

    def _take(self, answers: dict[str, tuple[list[Row], list[str]]], done: dict[str, Answer]) -> None:
        """Read one sentence into its command's answer."""
        kind, words = self._protocol.readSentence()
        row: Row = {}
        tag = ""
        for word in words:
            if word.startswith(".tag="):
                tag = word[5:]
            else:
                _, name, value = word.split("=", 2)
                row[name] = value
        rows, refusals = answers.setdefault(tag, ([], []))
        if kind == "!re":
            rows.append(row)
        elif kind == "!trap":
            refusals.append(row.get("message", "refused without a reason"))
        elif kind == "!done":
            if row:
                rows.append(row)
            done[tag] = Answer(rows, "; ".join(refusals))
            del answers[tag]
            self._transport.incoming.deadline = time.monotonic() + self.address.command_seconds
        elif kind != "!empty":
            raise ValueError(f"{kind} is no reply")

    def _login(self) -> None:
        name, password = self.address.username, self.address.password
        try:
            with self._impatient():
                rows = self._raw_login(f"=name={name}", f"=password={password}")
                challenge = next((row["ret"] for row in rows if "ret" in row), "")
                if challenge:
                    self._raw_login(f"=name={name}", f"=response={encode_password(challenge, password)}")
        except DeviceRefusedChange as refused:
            self.close()
            raise LoginRefused(
                f"{self.address} does not let {name!r} in: check the name, the password and from where it may log in"
            ) from refused

    def _raw_login(self, *words: str) -> list[Row]:
        return self.run(("/login", *words))

    @contextlib.contextmanager
    def _impatient(self) -> Iterator[None]:
        """A login waits no longer than a connection."""
        usual = self.address
        self.address = Address(
            usual.host, usual.port, usual.username, usual.password, usual.tls, usual.fingerprint,
            usual.connect_seconds, usual.connect_seconds,
        )  # fmt: skip
        try:
            yield
        finally:
            self.address = usual

    def _secured(self, sock: socket.socket) -> socket.socket:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        secured = context.wrap_socket(sock)
        certificate = secured.getpeercert(binary_form=True) or b""
        self.fingerprint = hashlib.sha256(certificate).hexdigest()
        wanted = self.address.fingerprint.replace(":", "").lower()
        if wanted and not hmac.compare_digest(self.fingerprint, wanted):
            secured.close()
            raise TlsFailed(
                f"{self.address} shows another certificate than the one on file: if it was renewed, pin the new one"
            )
        return secured


@contextlib.contextmanager
def _told(wire: Wire, doing: str) -> Iterator[None]:
    """Turn whatever goes wrong on the way into a DeviceError, and close the connection."""
    try:
        yield
    except DeviceError:
        wire.closed = True
        raise
    except (LibRouterosError, OSError, ValueError, TypeError, IndexError, KeyError) as wrong:
        if "_sock" in vars(wire):
            wire.close()
        raise _understood(wire.address, doing, wrong) from wrong


def _understood(address: Address, doing: str, wrong: Exception) -> DeviceError:
    if isinstance(wrong, ConnectionRefusedError):
        return ConnectionRefused(f"Nothing listens at {address}: is the API service on, and is that its port?")
    if isinstance(wrong, TimeoutError):
        return DeviceTimedOut(f"{address} did not answer in time ({doing})")
    if isinstance(wrong, ssl.SSLError):
        return TlsFailed(f"No TLS with {address}: does api-ssl listen there, with a certificate? ({wrong.reason})")
    if isinstance(wrong, socket.gaierror):
        return DeviceGone(f"The name {address.host} is not known")
    if isinstance(wrong, FatalError):
        return DeviceGone(f"{address} ended the session ({doing}): {wrong}")
    if isinstance(wrong, (LibRouterosError, OSError)):
        return DeviceGone(f"The connection to {address} broke ({doing}): {wrong}")
    return AnswerNotUnderstood(f"{address} does not speak the RouterOS API: is that the right port, is TLS on or off?")


def refused(said: str) -> DeviceError:
    """The router's no, told apart from a right that its user lacks."""
    if "not enough permissions" in said:
        return PermissionMissing(
            f"The router's user lacks a right: {said}. Its group needs api, read, write, sensitive"
        )
    return DeviceRefusedChange(said)
