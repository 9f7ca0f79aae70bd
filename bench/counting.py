"""What the driver sends, counted below SQLAlchemy: statements and copies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Engine, event


@contextmanager
def counted(engine: Engine) -> Iterator[list[int]]:
    """The number so far, as the only item of a list; connections of before are closed."""
    sent = [0]

    class Counting(psycopg.Cursor[Any]):
        def execute(self, *args: Any, **kwargs: Any) -> Any:
            sent[0] += 1
            return super().execute(*args, **kwargs)

        def executemany(self, query: Any, params_seq: Any, **kwargs: Any) -> None:
            params = list(params_seq)
            sent[0] += len(params)
            super().executemany(query, params, **kwargs)

        def copy(self, *args: Any, **kwargs: Any) -> Any:
            sent[0] += 1
            return super().copy(*args, **kwargs)

    engine.dispose()

    @event.listens_for(engine, "connect")
    def count(connection: Any, _record: Any) -> None:
        connection.cursor_factory = Counting

    yield sent
