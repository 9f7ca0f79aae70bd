"""A cable between a client and a server's Unix socket, which a test cuts at a word that goes over it."""

from __future__ import annotations

import contextlib
import socket
import threading


class Cable:
    """Listens on loopback. `order` names bytes of the client: it is cut before them, or after them."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._orders: list[tuple[bytes, bool]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def order(self, word: bytes, *, after: bool) -> None:
        self._orders.append((word, after))

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._path)
        deaf = threading.Event()
        back = threading.Thread(target=self._back, args=(server, client, deaf), daemon=True)
        back.start()
        with contextlib.suppress(OSError), client, server:
            while data := client.recv(65536):
                met = next((order for order in self._orders if order[0] in data), None)
                if met is None:
                    server.sendall(data)
                    continue
                self._orders.remove(met)
                if met[1]:
                    deaf.set()
                    server.sendall(data)
                    back.join(5)
                for end in (client, server):
                    with contextlib.suppress(OSError):
                        end.shutdown(socket.SHUT_RDWR)
                return

    def _back(self, server: socket.socket, client: socket.socket, deaf: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if deaf.is_set():
                    return
                client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)
