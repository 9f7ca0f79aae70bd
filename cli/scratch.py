"""A scratch database beside the real one: one company's rows as they were at an instant, dropped at the end.

Audited tables are wound back row by row from the audit trail; of the others, rows written since are left out. What has
neither (a usage counter, a number series but for the numbers that rows carry) stays as it is today. Nobody's password,
no raw event and no audit entry is copied, and other companies' rows never are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg.errors import InsufficientPrivilege, ObjectInUse
from sqlalchemy import Table, make_url

from cli.database import migrate
from core.clock import utc_now
from core.errors import DomainError
from core.ids import Id, new_id
from core.numbering import PREFIXES
from core.schema import METADATA

PREFIX = "taar_scratch_"
LEFT_OVER = timedelta(hours=6)
"""A scratch database older than this belongs to a process that was killed."""
NOT_COPIED = frozenset({"webhook_event", "audit_entry", "panel_login"})
_NUMBER = re.compile(r"([A-Z]+)-(?:(\d{4}(?:-\d{2})?)-)?(\d+)")

Rows = Connection[tuple[Any, ...]]


class ScratchRefused(DomainError):
    """No scratch database could be made; the text says what the owner role lacks."""


@contextmanager
def scratch_copy(owner_url: str, app_url: str, *, company_id: Id, since: datetime) -> Iterator[str]:
    """The restricted role's URL of a scratch database with the company's rows as of just before `since`.

    Raises ScratchRefused. The database is dropped at the end, whatever happens.
    """
    name = f"{PREFIX}{new_id().hex}"
    with _connect(owner_url) as server:
        server.autocommit = True
        _drop_left_over(server)
        try:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        except InsufficientPrivilege as lacking:
            owner = make_url(owner_url).username
            raise ScratchRefused(f"The owner role may not create databases: ALTER ROLE {owner} CREATEDB") from lacking
        try:
            owner_there = _at(owner_url, name)
            migrate(owner_there)
            with _connect(owner_url) as source, _connect(owner_there) as target:
                _fill(source, target, company_id, since)
            yield _at(app_url, name)
        finally:
            _drop(server, name)


def _connect(url: str) -> Rows:
    there = make_url(url).set(drivername="postgresql")
    return psycopg.connect(there.render_as_string(hide_password=False), connect_timeout=5)


def _at(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def _drop_left_over(server: Rows) -> None:
    names = server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX]).fetchall()
    for (name,) in names:
        made = datetime.fromtimestamp(int(name.removeprefix(PREFIX)[:12], 16) / 1000, UTC)
        if made < utc_now() - LEFT_OVER:
            with suppress(ObjectInUse):  # somebody looks into it
                _drop(server, name)


def _drop(server: Rows, name: str) -> None:
    """Waits some seconds for connections that are closing; the owner may not end another role's."""
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def _fill(source: Rows, target: Rows, company_id: Id, since: datetime) -> None:
    """Copy in one snapshot, with guards and references off; afterwards they hold for whatever is written."""
    source.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    source.execute("SELECT set_config('taar.company_id', %s, true)", [str(company_id)])
    tables = [table for table in METADATA.sorted_tables if table.name not in NOT_COPIED]
    references = _without_guards(target, tables)
    for table in tables:
        _copy(source, target, table, company_id)
    _wind_numbers(target, tables, since)
    _wind_back(source, target, tables, company_id, since)
    _with_guards(target, tables, references)


def _without_guards(target: Rows, tables: Sequence[Table]) -> list[tuple[str, str, str]]:
    references = target.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype = 'f' AND conparentid = 0 AND connamespace = 'public'::regnamespace"
    ).fetchall()
    for table, name, _ in references:
        target.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.SQL(table), sql.Identifier(name)))
    for each in tables:
        named = sql.Identifier(each.name)
        target.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(named))
        target.execute(sql.SQL("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY").format(named))
    return [(str(table), str(name), str(definition)) for table, name, definition in references]


def _with_guards(target: Rows, tables: Sequence[Table], references: Sequence[tuple[str, str, str]]) -> None:
    for each in tables:
        named = sql.Identifier(each.name)
        target.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(named))
        target.execute(sql.SQL("ALTER TABLE {} FORCE ROW LEVEL SECURITY").format(named))
    for table, name, definition in references:
        # Not valid: a row that stayed may name one that was wound back.
        target.execute(
            sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {} NOT VALID").format(
                sql.SQL(table), sql.Identifier(name), sql.SQL(definition)
            )
        )  # fmt: skip
    target.execute("ANALYZE")


def _copy(source: Rows, target: Rows, table: Table, company_id: Id) -> None:
    if table.name != "company" and "company_id" not in table.c:
        return  # a table of the platform: what it holds comes with the migrations
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.c if column.computed is None)
    named, own = sql.Identifier(table.name), sql.Identifier("id" if table.name == "company" else "company_id")
    read = sql.SQL("COPY (SELECT {} FROM {} WHERE {} = {}) TO STDOUT (FORMAT binary)").format(
        columns, named, own, sql.Literal(company_id)
    )
    write = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(named, columns)
    with source.cursor().copy(read) as reading, target.cursor().copy(write) as writing:
        for block in reading:
            writing.write(block)


def _wind_numbers(target: Rows, tables: Sequence[Table], since: datetime) -> None:
    """Give the numbers that later rows carry once more, so that a ticket gets the number that it had."""
    kinds = {prefix: kind for kind, prefix in PREFIXES.items()}
    first: dict[tuple[str, str], int] = {}
    for table in tables:
        if "number" not in table.c or "created_at" not in table.c:
            continue
        later = sql.SQL("SELECT number FROM {} WHERE created_at >= %s").format(sql.Identifier(table.name))
        for (number,) in target.execute(later, [since]):
            found = _NUMBER.fullmatch(str(number))
            if found and found[1] in kinds:
                series = (kinds[found[1]], found[2] or "")
                first[series] = min(int(found[3]), first.get(series, int(found[3])))
    for (kind, year), number in first.items():
        target.execute(
            "UPDATE number_series SET last = least(last, %s) WHERE kind = %s AND fiscal_year = %s",
            [number - 1, kind, year],
        )


def _wind_back(source: Rows, target: Rows, tables: Sequence[Table], company_id: Id, since: datetime) -> None:
    known = {table.name: table for table in tables}
    for (table, row_id), was in _states_then(source, company_id, since).items():
        if table not in known or row_id is None:
            continue
        named = sql.Identifier(table)
        if was is None or isinstance(was, _Whole):
            target.execute(sql.SQL("DELETE FROM {} WHERE id = %s").format(named), [row_id])
        if isinstance(was, _Whole):
            target.execute(
                sql.SQL("INSERT INTO {} SELECT * FROM jsonb_populate_record(NULL::{}, %s)").format(named, named),
                [json.dumps(was)],
            )
        elif was is not None and (moved := [name for name in was if name in known[table].c]):
            columns = sql.SQL(", ").join(map(sql.Identifier, moved))
            target.execute(
                sql.SQL(
                    "UPDATE {} SET ({}) = (SELECT {} FROM jsonb_populate_record(NULL::{}, %s)) WHERE id = %s"
                ).format(named, columns, columns, named),
                [json.dumps(was), row_id],
            )  # fmt: skip
    for each in tables:
        if "created_at" in each.c and each.name != "company":
            later = sql.SQL("DELETE FROM {} WHERE created_at >= %s").format(sql.Identifier(each.name))
            target.execute(later, [since])


class _Whole(dict[str, Any]):
    """A row that was deleted since, as it was."""


def _states_then(source: Rows, company_id: Id, since: datetime) -> dict[tuple[str, Id | None], dict[str, Any] | None]:
    """For each audited row that moved since: None if it was not there yet, else the columns as they were."""
    changes = source.execute(
        "SELECT table_name, row_id, action, old FROM audit_entry WHERE company_id = %s AND changed_at >= %s"
        " ORDER BY changed_at DESC, id DESC",
        [company_id, since],
    )
    then: dict[tuple[str, Id | None], dict[str, Any] | None] = {}
    for table, row_id, action, old in changes:
        if action == "insert":
            then[table, row_id] = None
        elif action == "delete":
            then[table, row_id] = _Whole(old)
        else:
            was = then.setdefault((table, row_id), {})
            if was is not None:
                was.update(old)
    return then
