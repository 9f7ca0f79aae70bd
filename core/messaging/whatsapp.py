"""The one gateway to the WhatsApp Cloud API; nothing else touches heyoo or the wire.

heyoo pins expired Graph versions, sets no time-outs, opens a connection per call, and logs numbers through
the root logger: the client below points it at the configured host, and its `requests` is replaced by ours.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import heyoo
import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from core.db import Json
from core.errors import DomainError
from core.messaging.outcomes import (
    NO_GRAPH_ERROR,
    NOT_CONNECTED,
    Accepted,
    Outcome,
    Refused,
    Unknown,
    refusal,
)
from core.messaging.uploads import Uploads

META_HOSTS = (".facebook.com", ".fbcdn.net", ".fbsbx.com", ".whatsapp.net")
NUMBER_FIELDS = "quality_rating,status,throughput,whatsapp_business_manager_messaging_limit"
CHUNK = 64 * 1024
SERVER_ERROR = 500


class MediaFailed(DomainError):
    """A file could not be moved to or from Meta; `permanent` when trying again cannot help."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class NotTold(DomainError):
    """Meta did not answer the question about a number."""


class GraphFailed(DomainError):
    """A management call did not do its work; `code` is Graph's, None where no answer came and nobody knows."""

    def __init__(self, message: str, *, code: int | None = None, subcode: int | None = None) -> None:
        super().__init__(message)
        self.code, self.subcode = code, subcode


class AnswerUnreadable(Exception):
    """The answer is not Graph JSON: a proxy's page, an empty body."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status} without a Graph answer")
        self.status = status


@dataclass(frozen=True)
class Media:
    """A downloaded file; `mime_type` is what Meta says it is."""

    data: bytes
    mime_type: str


class _Transport:
    """Stands in for the `requests` module: one keep-alive session a thread, time-outs on every call."""

    def __init__(self) -> None:
        self.timeouts: tuple[float, float] = (3.0, 15.0)
        self._thread = threading.local()

    def post(self, url: str, **options: Any) -> requests.Response:
        return self._json(self._call("POST", url, options))

    def get(self, url: str, **options: Any) -> requests.Response:
        answer = self._call("GET", url, options)
        return answer if options.get("stream") else self._json(answer)

    def delete(self, url: str, **options: Any) -> requests.Response:
        return self._json(self._call("DELETE", url, options))

    def _call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        # A redirect would carry the access token to another host.
        settled: dict[str, Any] = {"timeout": self.timeouts, "allow_redirects": False} | options
        return self._session().request(method, url, **settled)

    def _session(self) -> requests.Session:
        if not hasattr(self._thread, "session"):
            session = requests.Session()
            session.trust_env = False
            adapter = HTTPAdapter(pool_connections=4, pool_maxsize=4, max_retries=0)
            session.mount("https://", adapter)
            session.mount("http://", adapter)
            self._thread.session = session
        found: requests.Session = self._thread.session
        return found

    def _json(self, answer: requests.Response) -> requests.Response:
        try:
            body = answer.json()
        except ValueError as garbled:
            raise AnswerUnreadable(answer.status_code) from garbled
        if not isinstance(body, dict):
            raise AnswerUnreadable(answer.status_code)
        return answer


def _silenced() -> logging.Logger:
    quiet = logging.getLogger("heyoo.quiet")
    quiet.propagate = False
    quiet.addHandler(logging.NullHandler())
    quiet.setLevel(logging.CRITICAL + 1)
    return quiet


_transport = _Transport()
heyoo.requests = _transport
heyoo.logging = _silenced()


class _Client(heyoo.WhatsApp):  # type: ignore[misc]
    """heyoo, pointed at the configured host and version."""

    def __init__(self, token: str, phone_number_id: str, base_url: str) -> None:
        super().__init__(token, phone_number_id)
        self.base_url = self.v15_base_url = base_url
        self.url = f"{base_url}/{phone_number_id}/messages"


class Gateway:
    """One business number at Meta. Safe to use from many threads; time-outs are per process, in seconds."""

    def __init__(
        self,
        *,
        token: str,
        phone_number_id: str,
        graph_url: str,
        graph_version: str,
        connect_timeout: float = 3.0,
        read_timeout: float = 15.0,
    ) -> None:
        self._base_url = f"{graph_url.rstrip('/')}/{graph_version}"
        self._client = _Client(token, phone_number_id, self._base_url)
        self._bearer = {"Authorization": f"Bearer {token}"}
        self._graph = urlsplit(graph_url)
        self.phone_number_id = phone_number_id
        self._uploads = Uploads()
        _transport.timeouts = (connect_timeout, read_timeout)

    def send(self, *, body: Json, phone: str | None, user_id: str | None, reference: str) -> Outcome:
        """Send a body of `core.messaging.payloads`; `phone` is E.164 and wins over `user_id`.

        `reference` comes back in every status of the message. Never raises for what Meta or the network does.
        """
        recipient = {"to": f"+{phone.lstrip('+')}"} if phone else {"recipient": user_id}
        envelope = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            **recipient,
            "biz_opaque_callback_data": reference,
            **_without_nulls(body),
        }
        return self._outcome(lambda: self._client.send_custom_json(envelope))

    def mark_as_read(self, *, wamid: str, typing: bool) -> Outcome:
        """Tick the person's message blue; `typing` also shows "typing…" until the answer or for 25 s."""
        envelope: Json = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
        if typing:
            envelope["typing_indicator"] = {"type": "text"}
        return self._outcome(lambda: self._client.send_custom_json(envelope))

    def number_facts(self) -> Json:
        """What the Graph API says of the number: quality, status, throughput, tier. Raises NotTold."""
        url = f"{self._base_url}/{self.phone_number_id}"
        try:
            facts: Json = _transport.get(url, headers=self._bearer, params={"fields": NUMBER_FIELDS}).json()
        except AnswerUnreadable as unreadable:
            raise NotTold(str(unreadable)) from unreadable
        except requests.RequestException as failed:
            raise NotTold(f"Meta could not be reached: {type(failed).__name__}") from failed
        if "error" in facts:
            raise NotTold(_error_text(facts))
        return facts

    def media_id(self, data: bytes, mime_type: str, filename: str, *, anew: bool = False) -> tuple[str, bool]:
        """The id of these bytes at Meta, and whether it is an earlier upload's, which may be gone. Raises MediaFailed.

        `anew` uploads in any case.
        """
        known = None if anew else self._uploads.find(data, mime_type)
        if known is not None:
            return known, True
        media_id = self.upload_media(data, mime_type, filename)
        self._uploads.note(data, mime_type, media_id)
        return media_id, False

    def upload_media(self, data: bytes, mime_type: str, filename: str) -> str:
        """Store a file at Meta for 30 days; returns its media id. Raises MediaFailed."""
        url = f"{self._base_url}/{self.phone_number_id}/media"
        fields = {"messaging_product": "whatsapp", "type": mime_type}
        files = {"file": (filename, data, mime_type)}
        answer = self._media_call(lambda: _transport.post(url, headers=self._bearer, data=fields, files=files))
        if not isinstance(answer.get("id"), str):
            raise MediaFailed(f"Meta did not take {filename}: {_error_text(answer)}")
        return str(answer["id"])

    def download_media(self, media_id: str, *, size_max: int, sha256: str = "") -> Media:
        """Fetch a person's file, at most `size_max` bytes; `sha256` (hex or base64) is checked if given.

        Raises MediaFailed; the addresses Meta gives die after five minutes, so one is asked for each time.
        """
        for _ in range(2):
            facts = self._media_facts(media_id)
            if int(facts.get("file_size") or 0) > size_max:
                raise MediaFailed(f"The file has {facts['file_size']} bytes; {size_max} are taken", permanent=True)
            data = self._fetch(str(facts["url"]), size_max)
            if data is not None:
                _check_digest(data, sha256 or str(facts.get("sha256") or ""))
                return Media(data, str(facts.get("mime_type") or "application/octet-stream"))
        raise MediaFailed("Meta's media host has no such file at the address it gave")

    def _media_facts(self, media_id: str) -> Json:
        if not media_id.isalnum():
            raise MediaFailed(f"{media_id!r} is not a media id", permanent=True)
        url = f"{self._base_url}/{media_id}"
        query = {"phone_number_id": self.phone_number_id}
        facts = self._media_call(lambda: _transport.get(url, headers=self._bearer, params=query))
        if not isinstance(facts.get("url"), str):
            raise MediaFailed(f"Meta does not know media {media_id}: {_error_text(facts)}")
        return facts

    def _media_call(self, call: Callable[[], requests.Response]) -> Json:
        try:
            answer: Json = call().json()
        except AnswerUnreadable as unreadable:
            raise MediaFailed(str(unreadable)) from unreadable
        except requests.RequestException as failed:
            raise MediaFailed(f"Meta could not be reached: {type(failed).__name__}") from failed
        return answer

    def _fetch(self, url: str, size_max: int) -> bytes | None:
        """The bytes behind `url`, or None when the address has died."""
        self._refuse_foreign_host(url)
        try:
            with _transport.get(url, headers=self._bearer, stream=True) as answer:
                if answer.status_code == requests.codes.not_found:
                    return None
                if answer.status_code != requests.codes.ok:
                    raise MediaFailed(f"The media host answered HTTP {answer.status_code}")
                return _read_at_most(answer, size_max)
        except requests.RequestException as failed:
            raise MediaFailed(f"The media host broke off: {type(failed).__name__}") from failed

    def _refuse_foreign_host(self, url: str) -> None:
        target = urlsplit(url)
        if (target.scheme, target.netloc) == (self._graph.scheme, self._graph.netloc):
            return
        if target.scheme != "https" or not (target.hostname or "").endswith(META_HOSTS):
            raise MediaFailed(f"{target.hostname} is not Meta's; the access token stays here", permanent=True)

    def _outcome(self, call: Callable[[], Json]) -> Outcome:
        try:
            answer = call()
        except AnswerUnreadable as unreadable:
            if unreadable.status < SERVER_ERROR and unreadable.status != requests.codes.ok:
                return Refused(None, str(unreadable), NO_GRAPH_ERROR)
            return Unknown(str(unreadable))
        except requests.RequestException as failed:
            if _never_left(failed):
                return Refused(None, f"Not connected: {type(failed).__name__}", NOT_CONNECTED)
            return Unknown(type(failed).__name__)
        return _read_answer(answer)


class Account:
    """A WhatsApp Business Account at Meta: calls of its management paths, each below the Graph version."""

    def __init__(
        self, *, token: str, waba_id: str, graph_url: str, graph_version: str, connect_timeout: float = 3.0,
        read_timeout: float = 15.0,
    ) -> None:  # fmt: skip
        self._base_url = f"{graph_url.rstrip('/')}/{graph_version}"
        self._bearer = {"Authorization": f"Bearer {token}"}
        self.waba_id = waba_id
        _transport.timeouts = (connect_timeout, read_timeout)

    def call(self, method: str, path: str, *, query: Json | None = None, body: Json | None = None) -> Json:
        """GET, POST or DELETE a path such as `<waba id>/message_templates`. Raises GraphFailed."""
        ways = {"GET": _transport.get, "POST": _transport.post, "DELETE": _transport.delete}
        options: Json = {"headers": self._bearer, "params": query} | ({"json": body} if body is not None else {})
        try:
            answer: Json = ways[method](f"{self._base_url}/{path}", **options).json()
        except AnswerUnreadable as unreadable:
            raise GraphFailed(str(unreadable)) from unreadable
        except requests.RequestException as failed:
            raise GraphFailed(f"Meta could not be reached: {type(failed).__name__}") from failed
        if "error" in answer:
            error = answer["error"] if isinstance(answer["error"], dict) else {}
            code, subcode = error.get("code"), error.get("error_subcode")
            raise GraphFailed(
                str(error.get("error_user_msg") or _error_text(answer)), code=code if isinstance(code, int) else None,
                subcode=subcode if isinstance(subcode, int) else None,
            )  # fmt: skip
        return answer


def _read_answer(answer: Json) -> Outcome:
    if "error" in answer:
        error = answer["error"] if isinstance(answer["error"], dict) else {}
        code = error.get("code")
        if not isinstance(code, int):
            return Unknown("An error without a code")
        return refusal(code, _error_text(answer))
    messages = answer.get("messages")
    if isinstance(messages, list) and messages and isinstance(messages[0], dict) and messages[0].get("id"):
        status = messages[0].get("message_status")
        return Accepted(str(messages[0]["id"]), held=status == "held_for_quality_assessment")
    if answer.get("success") is True:
        return Accepted("")
    return Unknown("An answer with neither message nor error")


def _error_text(answer: Json) -> str:
    error = answer.get("error")
    if not isinstance(error, dict):
        return "no reason given"
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else data
    return str(details or error.get("message") or "no reason given")[:500]


def _never_left(failed: requests.RequestException) -> bool:
    """Whether the failure came before a single byte of the request was written."""
    if isinstance(failed, requests.ConnectTimeout):
        return True
    reason = failed.args[0] if failed.args else None
    if isinstance(reason, MaxRetryError):
        reason = reason.reason
    if isinstance(reason, NewConnectionError | ConnectTimeoutError):
        return True
    return isinstance(failed, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(failed)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(part) for key, part in value.items() if part is not None}
    return [_without_nulls(part) for part in value] if isinstance(value, list) else value


def _read_at_most(answer: requests.Response, size_max: int) -> bytes:
    data = bytearray()
    for chunk in answer.iter_content(CHUNK):
        data += chunk
        if len(data) > size_max:
            raise MediaFailed(f"The file has more than {size_max} bytes", permanent=True)
    return bytes(data)


def _check_digest(data: bytes, expected: str) -> None:
    if not expected:
        return
    digest = hashlib.sha256(data)
    spellings = (digest.hexdigest(), base64.b64encode(digest.digest()).decode())
    if not any(hmac.compare_digest(spelling, expected) for spelling in spellings):
        raise MediaFailed("The file arrived damaged: its SHA-256 differs from what Meta announced")
