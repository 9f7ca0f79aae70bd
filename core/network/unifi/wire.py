"""One login at a UniFi controller: a deadline for each call, a pinned certificate, and every refusal told apart.

pyunifi knows the paths and the two styles of URL. What it does wrong is replaced here: it waits for ever, looks at no
HTTP status, and answers any error with another login and a second try of the same write (reference/network.md 4.3).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import Any

import requests
from pyunifi.controller import APIError, Controller
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as TimeoutError_

from core.network.device_errors import (
    AnswerNotUnderstood,
    ConnectionRefused,
    DeviceError,
    DeviceGone,
    DeviceRefusedChange,
    DeviceTimedOut,
    LoginRefused,
    PermissionMissing,
    SiteUnknown,
    TlsFailed,
)

CONNECT_SECONDS = 5.0
CALL_SECONDS = 30.0
CHUNK_BYTES = 64 * 1024
ANSWER_BYTES_MAX = 64 * 1024 * 1024
CLASSIC, UNIFI_OS = "v5", "UDMP-unifiOS"
HTTP_OK = 200
STARTING = (502, 503, 504)

Row = dict[str, Any]


@dataclass(frozen=True)
class Address:
    """Where a controller is, which of its sites is meant, and who asks."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    tls: bool = True
    fingerprint: str = ""
    """SHA-256 of the certificate in hexadecimal; empty takes any, to be pinned afterwards."""
    site: str = "default"
    """The short name, as it stands in the address of the controller's pages."""
    connect_seconds: float = CONNECT_SECONDS
    call_seconds: float = CALL_SECONDS

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class _Pinned(HTTPAdapter):
    """Speaks with the holder of one certificate only, whoever signed it."""

    def __init__(self, fingerprint: str) -> None:
        self._fingerprint = fingerprint
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> Any:
        return super().init_poolmanager(*args, **kwargs, assert_fingerprint=self._fingerprint)


class Wire(Controller):  # type: ignore[misc]
    """A session with one site of one controller; for one thread."""

    def __init__(self, address: Address) -> None:
        """Connects, finds out which style the controller speaks, and logs in. Raises a DeviceError."""
        self.address = address
        self.closed = False
        self.fingerprint = _certificate(address)
        self._csrf = ""
        self.session = self._new_session()
        style = UNIFI_OS if self._speaks_unifi_os() else CLASSIC
        # pyunifi leaves the port out of the addresses of a console.
        host = str(address) if style == UNIFI_OS else address.host
        super().__init__(
            host, address.username, address.password, port=address.port, version=style, site_id=address.site,
            ssl_verify=False,
        )  # fmt: skip

    @property
    def unifi_os(self) -> bool:
        """Whether it is a console, not a controller that runs on a server."""
        return bool(self.version == UNIFI_OS)

    def close(self) -> None:
        """Forget the session; never raises."""
        self.closed = True
        with contextlib.suppress(Exception):
            self.session.close()

    def put(self, path: str, values: Row) -> list[Row]:
        """Change what stands at the path below the site."""
        return _rows(self._api_update(path, values))

    def post(self, path: str, values: Row) -> list[Row]:
        """Give a command or add something below the site."""
        return _rows(self._api_write(path, values))

    def rows(self, path: str) -> list[Row]:
        """What stands at the path below the site."""
        return _rows(self._api_read(path))

    def _login(self) -> None:
        self.session.close()
        self.session, self._csrf = self._new_session(), ""
        status, body = self._exchange("POST", self.auth_url, {"username": self.username, "password": self.password})
        if status == HTTP_OK and not _problem_of(body):
            return
        self.close()
        raise self._login_fault(status, body)

    def _read(self, url: str, params: Row | None = None) -> Any:
        return self._ask("GET", url, None, params)

    def _write(self, url: str, params: Row | None = None) -> Any:
        return self._ask("POST", url, params)

    def _update(self, url: str, params: Row | None = None) -> Any:
        return self._ask("PUT", url, params)

    def _delete(self, url: str, params: Row | None = None) -> Any:
        return self._ask("DELETE", url, params)

    def _ask(self, method: str, url: str, values: Row | None, query: Row | None = None) -> Any:
        if self.closed:
            raise DeviceGone(f"The connection to {self.address} is closed")
        status, body = self._exchange(method, url, values, query)
        if status == requests.codes.unauthorized and _problem_of(body) != "api.err.NoSiteContext":
            # The session ran out, so nothing was carried out: the one case in which asking again is safe.
            self._login()
            status, body = self._exchange(method, url, values, query)
        fault = self._fault(status, body)
        if fault is None:
            return self._decoded(body)
        if not isinstance(fault, DeviceRefusedChange):
            self.close()
        raise fault

    def _decoded(self, body: bytes) -> Any:
        with contextlib.suppress(ValueError, APIError, KeyError, TypeError):
            answer = self._jsondec(body)
            if isinstance(answer, list):
                return answer
        self.close()
        raise AnswerNotUnderstood(f"{self.address} answers with something that is not UniFi's: is that its port?")

    def _exchange(self, method: str, url: str, values: Row | None, query: Row | None = None) -> tuple[int, bytes]:
        """Status and body, before the deadline however slowly they drip."""
        deadline = time.monotonic() + self.address.call_seconds
        headers = {"X-CSRF-Token": self._csrf} if self._csrf else {}
        try:
            with self.session.request(
                method, url, json=values, params=query, headers=headers, stream=True, allow_redirects=False,
                timeout=(self.address.connect_seconds, self.address.call_seconds),
            ) as response:  # fmt: skip
                token = response.headers.get("X-Updated-CSRF-Token") or response.headers.get("X-CSRF-Token")
                self._csrf = token or self._csrf
                return response.status_code, self._body(response, deadline)
        except (requests.RequestException, HTTPError) as fault:
            self.close()
            raise _transport_fault(self.address, fault) from fault
        except DeviceError:
            self.close()
            raise

    def _body(self, response: requests.Response, deadline: float) -> bytes:
        parts, size = [], 0
        while part := response.raw.read1(CHUNK_BYTES, decode_content=True):
            size += len(part)
            if time.monotonic() > deadline:
                raise DeviceTimedOut(f"{self.address} did not finish its answer in {self.address.call_seconds:g} s")
            if size > ANSWER_BYTES_MAX:
                raise AnswerNotUnderstood(f"{self.address} does not stop answering")
            parts.append(part)
        return b"".join(parts)

    def _speaks_unifi_os(self) -> bool:
        """The front page of a console answers, that of a controller leads on to /manage."""
        status, _ = self._exchange("GET", f"https://{self.address}/", None)
        if status in STARTING:
            raise DeviceGone(f"{self.address} is starting: its Network application does not answer yet")
        return status == HTTP_OK

    def _new_session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.verify = False
        session.mount("https://", _Pinned(self.fingerprint))
        return session

    def _login_fault(self, status: int, body: bytes) -> DeviceError:
        who, problem = f"{self.username!r}", _problem_of(body)
        if status == requests.codes.too_many_requests or "LIMIT_REACHED" in problem:
            return LoginRefused(
                f"{self.address} takes no more logins for a while: too many were wrong. Wait some minutes"
            )
        if status == 499 or "2fa" in problem.lower() or "mfa" in problem.lower():
            return LoginRefused(f"{self.address} wants a second factor of {who}: use a local admin without one")
        if status in STARTING:
            return DeviceGone(f"{self.address} is starting: its Network application does not answer yet")
        if status in (400, 401, 403):
            return LoginRefused(
                f"{self.address} does not let {who} in: check the name and the password; it has to be a local admin"
            )
        return AnswerNotUnderstood(f"{self.address} answers the login with {status}: is a UniFi controller there?")

    def _fault(self, status: int, body: bytes) -> DeviceError | None:
        problem = _problem_of(body)
        if status in STARTING:
            return DeviceGone(f"{self.address} is starting: its Network application does not answer yet")
        if problem in ("api.err.NoSiteContext", "api.err.UnknownSite"):
            return SiteUnknown(f"{self.address} has no site {self.site_id!r} that {self.username!r} may see")
        if problem == "api.err.NoPermission" or status == requests.codes.forbidden:
            return PermissionMissing(f"{self.username!r} may not do that on {self.address}: give it the admin role")
        if status == requests.codes.unauthorized:
            return LoginRefused(f"{self.address} let {self.username!r} in and refuses it at once: check the account")
        if problem:
            return DeviceRefusedChange(f"The controller refuses: {problem}")
        if status != HTTP_OK:
            return AnswerNotUnderstood(f"{self.address} answers with {status}")
        return None


def _problem_of(body: bytes) -> str:
    """`api.err.X` of the application, or the code of the console in front of it; empty where there is none."""
    try:
        answer = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(answer, dict):
        return ""
    meta, error = answer.get("meta"), answer.get("error")
    if isinstance(meta, dict) and meta.get("rc") not in (None, "ok"):
        return str(meta.get("msg") or "api.err.Unknown")
    if isinstance(error, dict):
        return str(error.get("message") or error.get("code") or "error")
    return str(answer.get("code") or "") if "data" not in answer else ""


def _rows(answer: Any) -> list[Row]:
    return [row for row in answer if isinstance(row, dict)]


def _certificate(address: Address) -> str:
    """SHA-256 of the certificate shown, which has to be the pinned one where there is one."""
    if not address.tls:
        raise TlsFailed("A UniFi controller speaks TLS only: switch TLS on for this device")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection((address.host, address.port), timeout=address.connect_seconds) as plain,
            context.wrap_socket(plain, server_hostname=address.host) as secured,
        ):
            certificate = secured.getpeercert(binary_form=True) or b""
    except ConnectionRefusedError as fault:
        raise ConnectionRefused(f"Nothing listens at {address}: is that its port, and is the controller on?") from fault
    except TimeoutError as fault:
        raise DeviceTimedOut(f"{address} does not answer: check the address, the cable and the firewall") from fault
    except socket.gaierror as fault:
        raise DeviceGone(f"The name {address.host} is not known") from fault
    except ssl.SSLError as fault:
        raise TlsFailed(f"{address} does not speak TLS: is that the controller's https port?") from fault
    except OSError as fault:
        raise DeviceGone(f"The connection to {address} broke: {fault.strerror or fault}") from fault
    shown = hashlib.sha256(certificate).hexdigest()
    if address.fingerprint and shown != address.fingerprint:
        raise TlsFailed(f"{address} shows another certificate than the one on file: was the controller replaced?")
    return shown


def _transport_fault(address: Address, fault: Exception) -> DeviceError:
    if isinstance(fault, requests.exceptions.SSLError):
        return TlsFailed(f"{address} shows another certificate than a moment ago")
    if isinstance(fault, (requests.Timeout, TimeoutError_)) or "Read timed out" in str(fault):
        return DeviceTimedOut(f"{address} did not answer in {address.call_seconds:g} s")
    return DeviceGone(f"The connection to {address} broke in the middle")
