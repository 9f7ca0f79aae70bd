"""Documents at rest: content-addressed files through fsspec, encrypted with rotating keys."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import fsspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from core.errors import DomainError


class DocumentUnreadable(DomainError):
    """The file is missing, or none of the keys opens it."""


@dataclass(frozen=True)
class _Vault:
    files: Any
    root: str
    cipher: MultiFernet
    macs: tuple[bytes, ...]


_vault: _Vault | None = None


def connect(location: str, keys: str) -> None:
    """Use the folder or bucket at `location` (an fsspec URL); `keys` are comma-separated, newest first.

    A key may be any text: it is stretched to a Fernet key by SHA-256, so use one with enough entropy.
    """
    global _vault
    files, root = fsspec.core.url_to_fs(location)
    secrets = [key.strip() for key in keys.split(",") if key.strip()]
    ciphers = [Fernet(_fernet_key(key)) for key in secrets]
    macs = tuple(hashlib.sha256(f"fingerprint:{key}".encode()).digest() for key in secrets)
    _vault = _Vault(files, root.rstrip("/"), MultiFernet(ciphers), macs)


class _Aside:
    """Files as they are kept, with what is written meanwhile only in memory."""

    def __init__(self, files: Any) -> None:
        self._files = files
        self._written: dict[str, bytes] = {}

    def exists(self, path: str) -> bool:
        return path in self._written or bool(self._files.exists(path))

    def makedirs(self, path: str, exist_ok: bool) -> None:
        """Memory needs no folders."""

    def pipe_file(self, path: str, data: bytes) -> None:
        self._written[path] = data

    def cat_file(self, path: str) -> bytes:
        return self._written[path] if path in self._written else self._files.cat_file(path)


@contextmanager
def nothing_kept() -> Iterator[None]:
    """Documents are read as ever, and what is put meanwhile is forgotten at the end."""
    global _vault
    before = _connected()
    _vault = replace(before, files=_Aside(before.files))
    try:
        yield
    finally:
        _vault = before


def put(data: bytes) -> str:
    """Keep `data`; returns its SHA-256 in hex, the name to get it back by. The same bytes are kept once."""
    vault = _connected()
    digest = hashlib.sha256(data).hexdigest()
    path = _path(vault, digest)
    if not vault.files.exists(path):
        vault.files.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        vault.files.pipe_file(path, vault.cipher.encrypt(data))
    return digest


def get(digest: str) -> bytes:
    """The bytes kept under `digest`; raises DocumentUnreadable."""
    vault = _connected()
    try:
        return vault.cipher.decrypt(vault.files.cat_file(_path(vault, digest)))
    except FileNotFoundError as missing:
        raise DocumentUnreadable(f"The vault has no document {digest[:12]}…") from missing
    except InvalidToken as locked:
        raise DocumentUnreadable(f"No vault key opens document {digest[:12]}…") from locked


def seal(words: str) -> str:
    """A short secret as a token for a database column; only this installation's keys open it."""
    return _connected().cipher.encrypt(words.encode()).decode("ascii")


def unseal(token: str) -> str:
    """The words behind a token; raises DocumentUnreadable."""
    try:
        return _connected().cipher.decrypt(token.encode("ascii")).decode()
    except InvalidToken as locked:
        raise DocumentUnreadable("No vault key opens this secret") from locked


def fingerprint(text: str) -> str:
    """64 hex digits that stand for `text` and tell nothing of it without the vault's key, however short it is."""
    return _mac(_connected().macs[0], text)


def has_fingerprint(text: str, kept: str) -> bool:
    """Whether `kept` is the fingerprint of `text` under any of the keys; takes the same time for every `text`."""
    same = [hmac.compare_digest(_mac(key, text), kept) for key in _connected().macs]
    return any(same)


def has_signature(text: str, signature: str) -> bool:
    """Whether `signature` is the first 32 digits of a fingerprint of `text`."""
    same = [hmac.compare_digest(_mac(key, text)[:32].encode(), signature.encode()) for key in _connected().macs]
    return any(same)


def _mac(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()


def _connected() -> _Vault:
    if _vault is None:
        raise RuntimeError("core.vault.connect(location, keys) must run before documents are used")
    return _vault


def _path(vault: _Vault, digest: str) -> str:
    return f"{vault.root}/{digest[:2]}/{digest[2:4]}/{digest}"


def _fernet_key(text: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
