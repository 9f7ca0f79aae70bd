"""The root of everything the business refuses."""

from __future__ import annotations

from typing import Any


class DomainError(Exception):
    """A refusal a person can act on: the text says what was asked, what stands in the way, what to do.

    The text is the operator's. `facts` are the figures in it, for whoever puts the refusal into words of his own.
    """

    def __init__(self, text: str = "", /, **facts: Any) -> None:
        super().__init__(text)
        self.facts = facts


class NotFound(DomainError):
    """No such record in this company."""
