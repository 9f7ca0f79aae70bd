"""Words and sentences of the RouterOS API as bytes. Text is UTF-8; foreign bytes survive by surrogate escapes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

ENCODING, ERRORS = "utf-8", "surrogateescape"


class NotTheProtocol(Exception):
    """The peer sent something no reader can go on from."""


def encode_length(length: int) -> bytes:
    """The length of a word in one to five bytes, big-endian; the first byte's high bits say how many."""
    if length < 0x80:
        return length.to_bytes(1, "big")
    if length < 0x4000:
        return (length | 0x8000).to_bytes(2, "big")
    if length < 0x200000:
        return (length | 0xC00000).to_bytes(3, "big")
    if length < 0x10000000:
        return (length | 0xE0000000).to_bytes(4, "big")
    return b"\xf0" + length.to_bytes(4, "big")


def encode_sentence(words: Iterable[str]) -> bytes:
    """The words and the empty one that ends the sentence."""
    parts = []
    for word in words:
        raw = word.encode(ENCODING, ERRORS)
        parts.append(encode_length(len(raw)) + raw)
    parts.append(b"\x00")
    return b"".join(parts)


def read_sentence(stream: BinaryIO) -> list[str] | None:
    """The next sentence that has a word in it; None when the peer is gone. Raises NotTheProtocol."""
    words: list[str] = []
    while True:
        length = _read_length(stream)
        if length is None:
            return None
        if length == 0:
            if words:
                return words
            continue
        raw = stream.read(length)
        if len(raw) < length:
            return None
        words.append(raw.decode(ENCODING, ERRORS))


def _read_length(stream: BinaryIO) -> int | None:
    first = stream.read(1)
    if not first:
        return None
    lead = first[0]
    if lead < 0x80:
        return lead
    if lead >= 0xF8:
        raise NotTheProtocol(f"control byte {lead:#x}")
    more, mask = (1, 0x3F) if lead < 0xC0 else (2, 0x1F) if lead < 0xE0 else (3, 0x0F) if lead < 0xF0 else (4, 0)
    rest = stream.read(more)
    if len(rest) < more:
        return None
    return ((lead & mask) << (8 * more)) | int.from_bytes(rest, "big")
