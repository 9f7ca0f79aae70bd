"""A Graph endpoint whose every answer the test writes, for what a well-behaved simulator never does."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = b"{}"
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    peer: tuple[str, int]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def says(content: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(content).encode())


def error(code: int, details: str = "because", status: int = 400) -> Answer:
    return says({"error": {"message": f"(#{code}) x", "code": code, "error_data": {"details": details}}}, status)


@dataclass
class Wire:
    """`answer` decides what each request gets; by default every message is taken."""

    url: str
    answer: Callable[[Request], Answer]
    requests: list[Request] = field(default_factory=list)

    @property
    def messages(self) -> list[Any]:
        """The bodies of messages that were sent, read marks left out, in their order."""
        bodies = [each.json for each in self.requests if each.path.endswith("/messages")]
        return [body for body in bodies if body.get("status") != "read"]


def accept(request: Request) -> Answer:
    if request.path.endswith("/media"):
        return says({"id": "7001"})
    if request.json.get("status") == "read":
        return says({"success": True})
    wamid = f"wamid.{request.json['biz_opaque_callback_data']}"
    return says({"messaging_product": "whatsapp", "messages": [{"id": wamid}]})


@contextmanager
def serving() -> Iterator[Wire]:
    wire = Wire("", accept)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _handle(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            request = Request(self.command, self.path, dict(self.headers), self.rfile.read(size), self.client_address)
            with lock:
                wire.requests.append(request)
            answer = wire.answer(request)
            self.send_response(answer.status)
            for name, value in (("Content-Type", answer.content_type), *answer.headers):
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = do_DELETE = _handle  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    wire.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def wire() -> Iterator[Wire]:
    with serving() as served:
        yield served
