"""The root of everything the business refuses."""

from __future__ import annotations


class DomainError(Exception):
    """A refusal a person can act on: the text says what was asked, what stands in the way, what to do."""


class NotFound(DomainError):
    """No such record in this company."""
