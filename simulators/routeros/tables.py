"""Rows of a menu: ids, defaults, uniqueness and references, with the router's own words when something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from simulators.routeros.menus import MENUS, Menu

Row = dict[str, str]
NAMES_NOTHING = ("none", "all", "")


class Trap(Exception):
    """The router's no; `category` is often not given."""

    def __init__(self, message: str, category: int | None = None) -> None:
        super().__init__(message)
        self.category = category


class Table:
    """The rows of one menu in their order. References are kept by id, so a renamed profile takes its users along."""

    def __init__(self, path: str, find: Callable[[str], Table]) -> None:
        self.path = path
        self.menu: Menu = MENUS[path]
        self.rows: dict[str, Row] = {}
        self._find = find
        self._last_id = 0
        self._index: list[dict[tuple[str, ...], str]] = [{} for _ in self.menu.unique]

    def add(self, properties: Mapping[str, str]) -> str:
        """Returns the id; raises Trap."""
        if not self.menu.required:
            raise Trap("no such command")
        row = {**self.menu.defaults, **self._converted(properties)}
        for name in self.menu.required:
            if not row.get(name):
                raise Trap(f"missing value(s) of argument(s) {name}", 1)
        if "name" in self.menu.writable and "name" not in row:
            row["name"] = f"{self.path.rsplit('/', 1)[1]}{self._last_id + 1}"
        self._refuse_twins(row, None)
        return self.put(row)

    def put(self, row: Row) -> str:
        """A row as the router itself makes it, dynamic ones too; returns its id."""
        self._last_id += 1
        row_id = f"*{self._last_id:X}"
        self.rows[row_id] = {name: value for name, value in row.items() if value != "" or name == "name"}
        self._enter(row_id)
        return row_id

    def change(self, row_id: str, properties: Mapping[str, str]) -> None:
        """Raises Trap for what cannot be set, and for a dynamic row."""
        row = self.rows[row_id]
        if row.get("dynamic") == "true":
            raise Trap("failure: can not change dynamic entry")
        changed = {**row, **self._converted(properties)}
        self._refuse_twins(changed, row_id)
        self._leave(row_id)
        self.rows[row_id] = {name: value for name, value in changed.items() if value != ""}
        self._enter(row_id)

    def unset(self, row_id: str, name: str) -> None:
        """Take the property away, or back to its default."""
        if name not in self.menu.writable:
            raise Trap(f"unknown parameter {name}")
        self._leave(row_id)
        self.rows[row_id].pop(name, None)
        if name in self.menu.defaults:
            self.rows[row_id][name] = self.menu.defaults[name]
        self._enter(row_id)

    def remove(self, row_id: str, *, by_router: bool = False) -> Row:
        """Raises Trap for what the router made itself, unless the router removes it."""
        row = self.rows[row_id]
        if not by_router:
            if not self.menu.removable:
                raise Trap("no such command")
            if row.get("default") == "true":
                raise Trap("failure: can not remove default entry")
        self._leave(row_id)
        return self.rows.pop(row_id)

    def restore(self, rows: Mapping[str, Row]) -> None:
        """Take these rows in place of all others, with the ids they had."""
        self.rows = {row_id: dict(row) for row_id, row in rows.items()}
        self._last_id = max((int(row_id[1:], 16) for row_id in rows), default=self._last_id)
        self._index = [{} for _ in self.menu.unique]
        for row_id in self.rows:
            self._enter(row_id)

    def locate(self, words: str) -> list[str]:
        """Ids of `*1A,*1B` or of a name; raises Trap."""
        return [self._one(word) for word in words.split(",")]

    def named(self, name: str) -> str | None:
        """The id of the row of that name."""
        for place, unique in enumerate(self.menu.unique):
            if unique.names == ("name",):
                return self._index[place].get((name,))
        return next((row_id for row_id, row in self.rows.items() if row.get("name") == name), None)

    def shown(self, row_id: str) -> Row:
        """The row as it is read: names of what it points to, or the bare id of what is gone."""
        row = self.rows[row_id]
        out = {".id": row_id, **row}
        for name, path in self.menu.references.items():
            target = row.get(name, "")
            if target.startswith("*"):
                out[name] = self._find(path).rows.get(target, {}).get("name", target)
            elif name == "server" and target == "all":
                del out[name]
        return out

    def _one(self, word: str) -> str:
        if word in self.rows:
            return word
        by_name = None if word.startswith("*") else self.named(word)
        if by_name is None:
            raise Trap("no such item (4)" if word.startswith("*") else "no such item", 0)
        return by_name

    def _converted(self, properties: Mapping[str, str]) -> Row:
        row: Row = {}
        for name, written in properties.items():
            convert = self.menu.writable.get(name)
            if convert is None:
                raise Trap(f"unknown parameter {name}")
            row[name] = self._refer(name, written) if name in self.menu.references else _convert(name, written, convert)
        return row

    def _refer(self, name: str, written: str) -> str:
        if written in NAMES_NOTHING:
            return written
        target = self._find(self.menu.references[name]).named(written)
        if target is None:
            raise Trap(f"input does not match any value of {name}", 1)
        return target

    def _refuse_twins(self, row: Mapping[str, str], own_id: str | None) -> None:
        for place, unique in enumerate(self.menu.unique):
            key = _key(row, unique.names)
            if key is not None and self._index[place].get(key, own_id) != own_id:
                raise Trap(unique.says)

    def _enter(self, row_id: str) -> None:
        for place, unique in enumerate(self.menu.unique):
            if (key := _key(self.rows[row_id], unique.names)) is not None:
                self._index[place].setdefault(key, row_id)

    def _leave(self, row_id: str) -> None:
        for place, unique in enumerate(self.menu.unique):
            key = _key(self.rows[row_id], unique.names)
            if key is not None and self._index[place].get(key) == row_id:
                del self._index[place][key]


def _convert(name: str, written: str, convert: Callable[[str], str]) -> str:
    try:
        return convert(written)
    except ValueError as wrong:
        said = str(wrong)
        if said.startswith("out of range"):
            raise Trap(f"value of {name} {said}", 1) from wrong
        raise Trap(f"invalid value for argument {name}", 1) from wrong


def _key(row: Mapping[str, str], names: Sequence[str]) -> tuple[str, ...] | None:
    """None where the first property is not given: such rows have no twins."""
    return tuple(row.get(name, "") for name in names) if row.get(names[0]) else None
