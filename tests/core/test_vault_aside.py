"""Documents of a rehearsal: read as ever, and nothing put there stays."""

from __future__ import annotations

import pytest

from core import vault


def test_what_is_put_meanwhile_is_read_meanwhile_and_forgotten(database: str) -> None:
    kept = vault.put(b"a paper from before")
    with vault.nothing_kept():
        made = vault.put(b"a paper of the rehearsal")
        assert vault.get(kept) == b"a paper from before"
        assert vault.get(made) == b"a paper of the rehearsal"
        assert vault.unseal(vault.seal("Lahore-7788")) == "Lahore-7788"
    assert vault.get(kept) == b"a paper from before"
    with pytest.raises(vault.DocumentUnreadable):
        vault.get(made)
