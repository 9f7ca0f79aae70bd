"""What a command does to the router and what it answers, apart from login and the connection itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from simulators.routeros.menus import MENUS, SECRET_PROPERTIES
from simulators.routeros.queries import matches
from simulators.routeros.router import Router
from simulators.routeros.tables import Row, Table, Trap

READS = ("print", "getall", "listen")
PRINT_OPTIONS = ("detail", "stats", "stats-detail", "count-only", "without-paging", "terse")


@dataclass(frozen=True)
class Request:
    """A sentence taken apart."""

    command: str
    attributes: dict[str, str]
    queries: tuple[str, ...]
    tag: str

    @classmethod
    def of(cls, words: Sequence[str]) -> Request:
        """Raises Trap for a word that is none of an attribute, an API attribute and a query."""
        attributes: dict[str, str] = {}
        queries, tag = [], ""
        for word in words[1:]:
            if word.startswith("="):
                name, _, value = word[1:].partition("=")
                attributes[name] = value
            elif word.startswith("."):
                tag = word.removeprefix(".tag=")
            elif word.startswith("?"):
                queries.append(word)
            else:
                raise Trap(f"unknown parameter {word}")
        return cls(words[0], attributes, tuple(queries), tag)


Rows = Iterator[Row]


def run(router: Router, policies: frozenset[str], request: Request) -> tuple[list[Row], Row]:
    """The rows and what `!done` carries. Raises Trap. The caller holds the router's lock."""
    router.settle()
    if request.command == "/ping":
        _need(policies, "test")
        return _ping(request)
    if request.command == "/system/reboot":
        _need(policies, "reboot")
        router.reboot()
        return [], {}
    path, _, verb = request.command.rpartition("/")
    if path not in MENUS:
        raise Trap("no such command prefix", 0)
    _need(policies, "read" if verb in READS else "write")
    if verb in ("print", "getall"):
        return _print(router, policies, path, request)
    act = VERBS.get(verb)
    if act is None:
        raise Trap("no such command", 0)
    return [], act(router, router.table(path), request.attributes)


def _need(policies: frozenset[str], policy: str) -> None:
    if policy not in policies:
        raise Trap("not enough permissions (9)")


def _print(router: Router, policies: frozenset[str], path: str, request: Request) -> tuple[list[Row], Row]:
    table = router.table(path)
    wanted = request.attributes.get(".proplist", "")
    names = wanted.split(",") if wanted else None
    ids = request.attributes.get(".id")
    rows = []
    for row_id in table.locate(ids) if ids else list(table.rows):
        row = {**table.shown(row_id), **router.live(path, row_id)}
        if "sensitive" not in policies:
            for name in SECRET_PROPERTIES:
                row.pop(name, None)
        if table.menu.single:
            del row[".id"]
        if request.queries and not matches(row, request.queries):
            continue
        rows.append(row if names is None else {name: row[name] for name in names if name in row})
    if "count-only" in request.attributes:
        return [], {"ret": str(len(rows))}
    return rows, {}


def _add(router: Router, table: Table, attributes: Row) -> Row:
    properties = {name: value for name, value in attributes.items() if name not in ("place-before", "copy-from")}
    return {"ret": table.add(properties)}


def _set(router: Router, table: Table, attributes: Row) -> Row:
    properties = {name: value for name, value in attributes.items() if name not in (".id", "numbers")}
    for row_id in list(table.rows)[:1] if table.menu.single else _ids(table, attributes):
        table.change(row_id, properties)
    return {}


def _remove(router: Router, table: Table, attributes: Row) -> Row:
    for row_id in _ids(table, attributes):
        router.remove(table.path, row_id)
    return {}


def _unset(router: Router, table: Table, attributes: Row) -> Row:
    for row_id in _ids(table, attributes):
        table.unset(row_id, attributes.get("value-name", ""))
    return {}


def _switch(to: str) -> Callable[[Router, Table, Row], Row]:
    def act(router: Router, table: Table, attributes: Row) -> Row:
        for row_id in _ids(table, attributes):
            table.change(row_id, {"disabled": to})
        return {}

    return act


def _make_static(router: Router, table: Table, attributes: Row) -> Row:
    for row_id in _ids(table, attributes):
        table.rows[row_id].pop("dynamic", None)
    return {}


def _ids(table: Table, attributes: Row) -> list[str]:
    words = attributes.get(".id", attributes.get("numbers"))
    if words is None:
        raise Trap("missing value(s) of argument(s) numbers", 1)
    return table.locate(words)


def _ping(request: Request) -> tuple[list[Row], Row]:
    count = int(request.attributes.get("count", "1"))
    host = request.attributes.get("address", "")
    return [{"seq": str(number), "host": host, "size": "56", "ttl": "64", "time": "2ms"} for number in range(count)], {}


VERBS: dict[str, Callable[[Router, Table, Row], Row]] = {
    "add": _add, "set": _set, "remove": _remove, "unset": _unset, "enable": _switch("false"),
    "disable": _switch("true"), "make-static": _make_static,
}  # fmt: skip
