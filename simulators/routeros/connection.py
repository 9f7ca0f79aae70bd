"""One client at the API's port: login in the manner of the version, one command after another, tags echoed."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import socket
import threading
import time
from collections.abc import Iterable
from typing import BinaryIO, cast

from simulators.routeros.commands import Request, run
from simulators.routeros.faults import Fault
from simulators.routeros.router import Router, User
from simulators.routeros.tables import Row, Trap
from simulators.routeros.wire import NotTheProtocol, encode_sentence, read_sentence

HANGING_SECONDS = 60.0
CHALLENGE_BEFORE = (6, 43)
EMPTY_SINCE = (7, 18)


class Hangup(Exception):
    """The connection ends here."""


class Connection:
    """Serves one socket until either side is done with it."""

    def __init__(self, router: Router, sock: socket.socket, *, stopping: threading.Event) -> None:
        self.router, self.sock = router, sock
        self.stream = cast(BinaryIO, sock.makefile("rb", 65536))
        self.user: User | None = None
        self._challenge = ""
        self._stopping = stopping

    def serve(self) -> None:
        """Until the client leaves, is sent away, or the line breaks."""
        try:
            while (words := read_sentence(self.stream)) is not None:
                self._answer(words)
        except (Hangup, NotTheProtocol, OSError, ValueError):
            return
        finally:
            self.stream.close()

    def _answer(self, words: list[str]) -> None:
        faults = self.router.faults
        fault = faults.strike(words[0]) if self.user else None
        if faults.delay_seconds:
            time.sleep(faults.delay_seconds)
        if fault and fault.kind != "applied" and fault.kind != "cut":
            self._suffer(fault, words)
            return
        sentences = self._sentences(words)
        if fault and fault.kind == "applied":
            raise Hangup
        data = b"".join(encode_sentence(sentence) for sentence in sentences)
        if fault:
            self._send(data[: max(1, len(data) // 2)])
            raise Hangup
        self._send(data)
        if words[0] == "/quit":
            raise Hangup

    def _suffer(self, fault: Fault, words: list[str]) -> None:
        if fault.kind == "trap":
            tag = Request.of(words).tag
            self._send(encode_sentence(_tagged(["!trap", f"=message={fault.text}"], tag)))
            self._send(encode_sentence(_tagged(["!done"], tag)))
            return
        if fault.kind == "silence":
            self._stopping.wait(HANGING_SECONDS)
        elif fault.kind == "fatal":
            self._send(encode_sentence(["!fatal", "session terminated"]))
        elif fault.kind == "garbage":
            self._send(b"\xff\xfe<html>not an API</html>")
        raise Hangup

    def _sentences(self, words: list[str]) -> list[list[str]]:
        if words[0] == "/quit":
            return [["!fatal", "session terminated on request"]]
        tag = next((word[5:] for word in words if word.startswith(".tag=")), "")
        try:
            request = Request.of(words)
            if request.command == "/login":
                return [_tagged(self._login(request), tag)]
            if self.user is None:
                self._send(encode_sentence(["!fatal", "not logged in"]))
                raise Hangup
            with self.router.lock:
                rows, done = run(self.router, self.user.policies, request)
        except Trap as trap:
            category = [f"=category={trap.category}"] if trap.category is not None else []
            return [_tagged(["!trap", *category, f"=message={trap}"], tag), _tagged(["!done"], tag)]
        answer = [_tagged(["!re", *_attributes(row)], tag) for row in rows]
        if not rows and not done and not self.router.older_than(*EMPTY_SINCE):
            answer.append(_tagged(["!empty"], tag))
        answer.append(_tagged(["!done", *_attributes(done)], tag))
        return answer

    def _login(self, request: Request) -> list[str]:
        given = request.attributes
        old = self.router.older_than(*CHALLENGE_BEFORE)
        if old and "response" not in given:
            self._challenge = secrets.token_hex(16)
            return ["!done", f"=ret={self._challenge}"]
        user = self.router.users.get(given.get("name", ""))
        good = user is not None and (
            hmac.compare_digest(given["response"], _response(self._challenge, user.password))
            if "response" in given and self._challenge
            else hmac.compare_digest(given.get("password", "").encode(), user.password.encode())
        )
        if user is None or not good or "api" not in user.policies or self.router.faults.refuse_login:
            raise Trap("cannot log in" if old else "invalid user name or password (6)")
        self.user = user
        return ["!done"]

    def _send(self, data: bytes) -> None:
        speed = self.router.faults.bytes_per_second
        if not speed:
            self.sock.sendall(data)
            return
        for start in range(0, len(data), 64):
            self.sock.sendall(data[start : start + 64])
            time.sleep(64 / speed)


def _attributes(row: Row) -> Iterable[str]:
    return (f"={name}={value}" for name, value in row.items())


def _tagged(words: list[str], tag: str) -> list[str]:
    return [words[0], f".tag={tag}", *words[1:]] if tag else words


def _response(challenge: str, password: str) -> str:
    digest = hashlib.md5(b"\x00" + password.encode() + bytes.fromhex(challenge), usedforsecurity=False)
    return "00" + digest.hexdigest()
