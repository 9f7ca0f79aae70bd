"""Identifiers: UUIDv7, so that keys sort by age."""

from __future__ import annotations

import uuid

import uuid6

Id = uuid.UUID


def new_id() -> Id:
    """A fresh UUIDv7."""
    return uuid.UUID(bytes=uuid6.uuid7().bytes)
