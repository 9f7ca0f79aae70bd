"""The controller's https port on loopback, with a certificate that nobody signed, as they come."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import ssl
import tempfile
import threading
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from simulators.unifi.controller import Controller, Reply, Request

POLL_SECONDS = 0.05
DRIP_SECONDS = 0.02
VALID = (dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2049, 1, 1, tzinfo=dt.UTC))


class HttpsPort:
    """A controller that can be reached. `switch_off` closes the port, `switch_on` opens the same one again."""

    def __init__(self, controller: Controller, *, port: int = 0, certificate: bytes | None = None) -> None:
        self.controller, self.port = controller, port
        self.certificate = certificate or self_signed()
        self._server: _Server | None = None
        self.switch_on()

    def switch_on(self) -> None:
        """Listen."""
        if self._server is None:
            self._server = _Server(self.port, self.controller, _context(self.certificate))
            self.port = self._server.server_address[1]
            threading.Thread(target=self._server.serve_forever, args=(POLL_SECONDS,), daemon=True).start()

    def switch_off(self) -> None:
        """Nothing answers any more."""
        if self._server is not None:
            self._server.stopping.set()
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, controller: Controller, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.controller, self.context = controller, context
        self.stopping = threading.Event()

    def finish_request(self, request: Any, client_address: Any) -> None:
        # The handshake belongs to the connection's own thread: a client that says nothing holds no other up.
        with contextlib.suppress(OSError), self.context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nothing to print."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length) if length else b""
        controller = self.server.controller
        if self.server.stopping.is_set():
            self.close_connection = True
            return
        path = urlsplit(self.path).path
        fault = controller.faults.strike(f"{self.command} {path}")
        if fault == "lost":
            self.close_connection = True
            return
        if fault == "silence":
            self.server.stopping.wait()
            self.close_connection = True
            return
        reply = self._reply(controller, path, raw, fault)
        if fault == "applied":
            self.close_connection = True
            return
        self._send(reply, fault)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

    def _reply(self, controller: Controller, path: str, raw: bytes, fault: str) -> Reply:
        if fault == "starting":
            return Reply(502, "<html><h1>502 Bad Gateway</h1></html>")
        if fault == "garbage":
            return Reply(200, "<html>not the controller</html>")
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            return Reply(400, {"meta": {"rc": "error", "msg": "api.err.InvalidPayload"}, "data": []})
        cookies = {name: one.value for name, one in SimpleCookie(self.headers.get("Cookie", "")).items()}
        return controller.answer(Request(self.command, path, body, cookies, self.headers.get("X-CSRF-Token", "")))

    def _send(self, reply: Reply, fault: str) -> None:
        page = isinstance(reply.body, str)
        data = reply.body.encode() if page else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", "text/html" if page else "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        if fault == "cut":
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
        elif fault == "drip":
            for byte in data:
                self.wfile.write(bytes((byte,)))
                self.wfile.flush()
                if self.server.stopping.wait(DRIP_SECONDS):
                    break
        else:
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


def self_signed(name: str = "unifi") -> bytes:
    """Key and certificate as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(VALID[0]).not_valid_after(VALID[1])
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)


def _context(certificate: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "both.pem"
        path.write_bytes(certificate)
        context.load_cert_chain(path)
    return context
