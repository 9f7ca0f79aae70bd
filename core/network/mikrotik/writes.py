"""Changes turned into as few commands as there are different ones, and every refusal traced to its row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from core.network.adapter import Change, ChangeResult, Outcome
from core.network.device_errors import DeviceError
from core.network.mikrotik.wire import Command, Row, Wire, refused

IDS_A_COMMAND = 200
GONE = "no such item"
MISSING_RIGHT = "not enough permissions"


@dataclass
class Writer:
    """What came of each change so far. A change that takes several commands is done when all of them are."""

    wire: Wire
    outcomes: dict[int, tuple[Outcome, str]] = field(default_factory=dict)

    def results(self, changes: Sequence[Change]) -> list[ChangeResult]:
        """One for each, in order; what nothing is known of was never answered."""
        return [ChangeResult(change, *self.outcomes.get(id(change), ("unknown", ""))) for change in changes]

    def add(self, menu: str, rows: Sequence[tuple[Change, Row]]) -> None:
        """Create these rows."""
        commands = [_with(f"{menu}/add", row) for _, row in rows]
        for (change, _), answer in zip(rows, self.wire.pipeline(commands), strict=True):
            self._note(change, answer.refusal)

    def set(self, menu: str, rows: Iterable[tuple[Change, str, Row]]) -> None:
        """Write properties to rows by id; rows that get the same are written by one command."""
        alike: dict[tuple[tuple[str, str], ...], list[tuple[Change, str]]] = {}
        for change, row_id, properties in rows:
            alike.setdefault(tuple(sorted(properties.items())), []).append((change, row_id))
        for written, targets in alike.items():
            self._by_ids(f"{menu}/set", dict(written), targets)

    def unset(self, menu: str, name: str, rows: Sequence[tuple[Change, str]]) -> None:
        """Take a property away."""
        self._by_ids(f"{menu}/unset", {"value-name": name}, rows)

    def remove(self, menu: str, rows: Sequence[tuple[Change, str]]) -> None:
        """Remove rows; one that is gone already is removed."""
        self._by_ids(f"{menu}/remove", {}, rows, gone_is_good=True)

    def _by_ids(
        self, command: str, properties: Row, targets: Sequence[tuple[Change, str]], *, gone_is_good: bool = False
    ) -> None:  # fmt: skip
        waiting = [list(targets[start : start + IDS_A_COMMAND]) for start in range(0, len(targets), IDS_A_COMMAND)]
        while waiting:
            commands = [
                _with(command, {".id": ",".join(row_id for _, row_id in part), **properties}) for part in waiting
            ]
            halves: list[list[tuple[Change, str]]] = []
            for part, answer in zip(waiting, self.wire.pipeline(commands), strict=True):
                refusal = "" if gone_is_good and len(part) == 1 and GONE in answer.refusal else answer.refusal
                if refusal and len(part) > 1:
                    halves += [part[: len(part) // 2], part[len(part) // 2 :]]
                    continue
                for change, _ in part:
                    self._note(change, refusal)
            waiting = halves

    def _note(self, change: Change, refusal: str) -> None:
        """Raises PermissionMissing: without the right every other change would be refused too."""
        if MISSING_RIGHT in refusal:
            raise refused(refusal)
        if refusal:
            self.outcomes[id(change)] = ("refused", refusal)
        elif self.outcomes.get(id(change), ("done", ""))[0] == "done":
            self.outcomes[id(change)] = ("done", "")


def kick(wire: Wire, menu: str, row_ids: Sequence[str]) -> None:
    """End sessions by id; who went meanwhile is no error."""
    commands = [_with(f"{menu}/remove", {".id": ",".join(row_ids[start : start + IDS_A_COMMAND])})
                for start in range(0, len(row_ids), IDS_A_COMMAND)]  # fmt: skip
    again: list[Command] = []
    for command, answer in zip(commands, wire.pipeline(commands), strict=True):
        if GONE in answer.refusal:
            ids = command[1].removeprefix("=.id=").split(",")
            again += [_with(f"{menu}/remove", {".id": row_id}) for row_id in ids]
        elif answer.refusal:
            raise DeviceError(f"The router would not end sessions: {answer.refusal}")
    for answer in wire.pipeline(again):
        if answer.refusal and GONE not in answer.refusal:
            raise DeviceError(f"The router would not end a session: {answer.refusal}")


def _with(command: str, properties: Row) -> Command:
    return (command, *(f"={name}={value}" for name, value in properties.items()))
