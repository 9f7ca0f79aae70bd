"""The database's edge: the ORM base, the engine, and the only transactions in the code base."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, LiteralString, TypeVar, cast

import psycopg
from psycopg import Connection, Cursor
from psycopg.errors import DeadlockDetected, SerializationFailure
from sqlalchemy import DateTime, Engine, MetaData, Numeric, String, Table, create_engine, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from core.ids import Id, new_id

Money = Annotated[Decimal, mapped_column(Numeric(14, 2))]
Rate = Annotated[Decimal, mapped_column(Numeric(12, 4))]
Json = dict[str, Any]

Outcome = TypeVar("Outcome")
RETRIABLE = (DeadlockDetected, SerializationFailure)

SYSTEM_ACTOR = "system"


class Base(DeclarativeBase):
    """Every table: named constraints, instants with a time zone, JSON as JSONB."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        datetime: DateTime(timezone=True),
        Json: JSONB,
        str: String,
    }


class Keyed:
    """A UUIDv7 key and the instant of writing."""

    id: Mapped[Id] = mapped_column(primary_key=True, default=new_id, server_default=text("uuidv7()"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Owned(Keyed):
    """A row of one company; row-level security compares `company_id` with the session's company.

    The company is filled in by the database from the session, so no caller can write another's row.
    """

    company_id: Mapped[Id] = mapped_column(server_default=text("taar_company()"))


def array_of(ids: Iterable[Id]) -> str:
    """Ids as one value for `CAST(:ids AS uuid[])`; thousands of parameters cost more than what is done with them."""
    return "{" + ",".join([identifier.hex for identifier in ids]) + "}"


def plain_array(values: Iterable[Id | Decimal | bool | None]) -> str:
    """Values that need no quotes as one for `%(values)s::numeric[]` and the like: a list costs the driver ten times
    as much.
    """
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def table_of(model: type[Base]) -> Table:
    """The model's table, for statements on the hot path that need no ORM bookkeeping."""
    return cast(Table, model.__table__)


_engine: Engine | None = None


def connect(
    url: str, *, pool_size: int = 10, statement_timeout_ms: int = 60_000, lock_timeout_ms: int = 10_000
) -> Engine:
    """Make the process's engine; call once per process, after any fork.

    A statement waits at most `lock_timeout_ms` for a row another transaction holds.
    """
    global _engine
    _engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=10,
        pool_pre_ping=False,
        hide_parameters=True,
        connect_args={
            "connect_timeout": 5,
            "options": f"-c statement_timeout={statement_timeout_ms} -c lock_timeout={lock_timeout_ms} -c timezone=UTC",
        },
    )
    return _engine


@contextmanager
def elsewhere(url: str) -> Iterator[None]:
    """Let every transaction of this process go to another database meanwhile; for a command that does nothing else."""
    global _engine
    before = _engine
    there = connect(url, pool_size=2)
    try:
        yield
    finally:
        there.dispose()
        _engine = before


def engine() -> Engine:
    """The process's engine; raises if `connect` was never called."""
    if _engine is None:
        raise RuntimeError("core.db.connect(url) must run before the first transaction")
    return _engine


@contextmanager
def company_session(company_id: Id, actor: str = SYSTEM_ACTOR, *, event_id: Id | None = None) -> Iterator[Session]:
    """One transaction that sees one company: commits on leaving, rolls back on any exception.

    `actor` is written to the audit trail, for example `staff:<id>`, `contact:<id>` or `system`.
    `event_id` lets it also see that one raw webhook event, to mark it done together with its effect.
    """
    scope = {"company_id": str(company_id), "actor": actor, "scope": "", "event_id": str(event_id or "")}
    with _transaction(scope) as session:
        yield session


@contextmanager
def platform_session(actor: str = SYSTEM_ACTOR) -> Iterator[Session]:
    """One transaction over what belongs to no company: raw webhook events, number routes, log-ins."""
    with _transaction({"company_id": "", "actor": actor, "scope": "platform", "event_id": ""}) as session:
        yield session


_SET_SCOPE = (
    "SELECT set_config('taar.company_id', %(company_id)s, true), set_config('taar.actor', %(actor)s, true),"
    " set_config('taar.scope', %(scope)s, true), set_config('taar.event_id', %(event_id)s, true)"
)


@contextmanager
def _transaction(scope: dict[str, str]) -> Iterator[Session]:
    # The connection's transaction is the only one: a session of its own would keep a second set of books about it.
    # It is the innermost, since others wait for what it has locked while the session is put away.
    with engine().connect() as connection, Session(connection, expire_on_commit=False) as session, connection.begin():
        session.info["driver"] = connection.connection.driver_connection
        run(session, _SET_SCOPE, scope)
        yield session
        session.flush()
    for action in after_commit_actions(session):
        action()


def run(session: Session, sql: LiteralString, values: Mapping[str, Any]) -> Cursor[tuple[Any, ...]]:
    """Run SQL in the driver's own words (`%(name)s`) in the session's transaction.

    For the few statements that every message costs: past SQLAlchemy's layers they take half of the program's time.
    Sends nothing of the session's pending changes, so flush first where the statement must see them. Raises what
    `session.execute` raises.
    """
    driver: Connection[tuple[Any, ...]] = session.info["driver"]
    try:
        return driver.execute(sql, values, prepare=True)
    except psycopg.Error as fault:
        if driver.closed:
            engine().dispose(close=False)  # the server has gone, and with it every connection of the pool
        raise DBAPIError.instance(sql, dict(values), fault, psycopg.Error, hide_parameters=True) from fault


def run_flushed(session: Session, sql: LiteralString, values: Mapping[str, Any]) -> Cursor[tuple[Any, ...]]:
    """As `run`, after the session's pending changes, unless they are held back by `session.no_autoflush`."""
    if session.autoflush:
        session.flush()
    return run(session, sql, values)


def retried(work: Callable[[], Outcome], *, tries: int = 4) -> Outcome:
    """Run `work`, which opens its own transaction, again where the database chose it as a deadlock's victim."""
    for _ in range(tries - 1):
        try:
            return work()
        except DBAPIError as failed:
            if not isinstance(failed.orig, RETRIABLE):
                raise
    return work()


def after_commit(session: Session, key: str, action: Callable[[], object]) -> None:
    """Run `action` once the transaction is committed; the same `key` twice runs once, never on rollback."""
    session.info.setdefault("after_commit", {})[key] = action


def after_commit_actions(session: Session) -> list[Callable[[], object]]:
    """What waits for the commit of `session`, in the order it was asked for."""
    return list(session.info.get("after_commit", {}).values())


def act_as(session: Session, actor: str) -> None:
    """Name who acts from here on in this transaction, for the audit trail."""
    run(session, "SELECT set_config('taar.actor', %(actor)s, true)", {"actor": actor})
