"""The router's API port on loopback: plain, or with TLS."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading

from simulators.routeros.connection import Connection
from simulators.routeros.router import Router
from simulators.routeros.wire import encode_sentence

ACCEPT_SECONDS = 0.1


class ApiPort:
    """A router that can be reached. `switch_off` closes the port and every connection, `switch_on` opens it again."""

    def __init__(self, router: Router, *, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.router, self.port, self._tls = router, port, tls
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.switch_on()

    def switch_on(self) -> None:
        """Listen; the same port as before."""
        if self._thread is not None:
            return
        self._stopping = threading.Event()
        listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
        listener.settimeout(ACCEPT_SECONDS)
        self.port = listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, args=(listener, self._stopping), daemon=True)
        self._thread.start()

    def switch_off(self) -> None:
        """As when the power goes: nothing answers any more. The router's memory is another matter: `Router.reboot`."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(5)
            self._thread = None
        with self._lock:
            for sock in list(self._open):
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket, stopping: threading.Event) -> None:
        with listener:
            while not stopping.is_set():
                try:
                    sock, _ = listener.accept()
                except TimeoutError:
                    continue
                threading.Thread(target=self._serve, args=(sock, stopping), daemon=True).start()

    def _serve(self, sock: socket.socket, stopping: threading.Event) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError), self._secured(sock) as client:
            with self._lock:
                full = len(self._open) >= self.router.sessions_max
                self._open.add(client)
            try:
                if full:
                    client.sendall(encode_sentence(["!fatal", "too many sessions"]))
                else:
                    Connection(self.router, client, stopping=stopping).serve()
            finally:
                with self._lock:
                    self._open.discard(client)

    def _secured(self, sock: socket.socket) -> socket.socket:
        sock.settimeout(None)
        return self._tls.wrap_socket(sock, server_side=True) if self._tls else sock
