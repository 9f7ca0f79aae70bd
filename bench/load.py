"""Webhooks sent by one thread over plain sockets, built and signed beforehand.

The generator shares the machine with the server it measures, so all it does while the clock runs is to send bytes
and to wait for the end of an answer.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence

CLIENTS = 8
Plan = Callable[[int], float | None]
"""The instant at which the n-th message is due; None when there are no more."""

_ids = itertools.count(time.time_ns())


def signed_requests(phone_number_id: str, phones: Sequence[str], secret: str, count: int) -> list[bytes]:
    """`count` whole HTTP requests asking for the balance, of one person after the other."""
    return [_request(phone_number_id, phones[number % len(phones)], secret) for number in range(count)]


def _request(phone_number_id: str, phone: str, secret: str) -> bytes:
    digits = phone.lstrip("+")
    message = {"from": digits, "id": f"wamid.B{next(_ids)}", "timestamp": str(int(time.time())), "type": "text",
               "text": {"body": "bill kitna hai"}}  # fmt: skip
    value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": phone_number_id},
             "contacts": [{"wa_id": digits, "profile": {"name": "A"}}], "messages": [message]}  # fmt: skip
    changes = [{"field": "messages", "value": value}]
    body = json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    head = (
        "POST /webhooks/whatsapp HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nX-Hub-Signature-256: sha256={signature}\r\n\r\n"
    )
    return head.encode() + body


def as_fast_as_answered(seconds: float) -> Plan:
    """Every client sends its next message when the last one is answered."""
    until = time.perf_counter() + seconds
    return lambda _: now if (now := time.perf_counter()) < until else None


def at_a_rate(per_second: float, seconds: float) -> Plan:
    """Messages come at their instants whether or not the server keeps up, so a queue shows in the latencies."""
    start, count = time.perf_counter(), int(per_second * seconds)
    return lambda number: start + number / per_second if number < count else None


def latencies(port: int, requests: Sequence[bytes], plan: Plan) -> list[float]:
    """Seconds from the instant each message was due to its answer; raises SystemExit for any but a 200."""
    selector = selectors.DefaultSelector()
    idle = deque(_connected(port, selector) for _ in range(CLIENTS))
    began: dict[socket.socket, float] = {}
    taken: list[float] = []
    number = 0
    while (due := plan(number)) is not None or began:
        now = time.perf_counter()
        if due is not None and due <= now and idle:
            client = idle.popleft()
            began[client] = due
            client.sendall(requests[number])
            number += 1
            continue
        pause = max(0.0, due - now) if due is not None and idle else 1.0
        for key, _ in selector.select(pause):
            client = key.fileobj  # type: ignore[assignment]
            _read_answer(client)
            taken.append(time.perf_counter() - began.pop(client))
            idle.append(client)
    for client in idle:
        client.close()
    return taken


def _connected(port: int, selector: selectors.BaseSelector) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=30)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    selector.register(client, selectors.EVENT_READ)
    return client


def _read_answer(client: socket.socket) -> None:
    answer = client.recv(4096)
    while answer and not answer.endswith(b"\r\n\r\n"):
        answer += client.recv(4096)
    if not answer.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"the server answered {answer[:80]!r}")
