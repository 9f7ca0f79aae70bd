"""What a pass may do by itself, what it keeps for a person, and what waits for a manager's yes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from core import vault
from core.ids import Id
from core.network.access import new_password
from core.network.adapter import Change, SeenAccount, Speed, WantedAccount
from core.network.diffing import Difference
from core.network.drifting import Finding, close_gone, condemned, ignored_keys, keep_findings
from core.network.guard import guarded
from core.network.models import Access
from core.network.recording import note_left, shown
from core.usecases.wanted_accounts import Wish

NAMED_KINDS = ("pppoe", "hotspot")


@dataclass(frozen=True)
class Decision:
    """The changes to carry out, and how many wait or were found."""

    todo: Sequence[Change]
    held: int
    found: int


def decide_changes(
    session: Session, found: Difference, wishes: Mapping[Id, Wish], *, device_id: Id, full: bool, report_only: bool,
    now: datetime,
) -> Decision:  # fmt: skip
    """Sort a comparison into what is done now and what is left to people. `wishes` are by subscription.

    A difference of an account that the device once had right is somebody's doing: corrected and kept for the record,
    or with `report_only` left as it is until a person decides. What a person said to ignore is left alone as long as
    it looks the same.
    """
    left_alone = ignored_keys(session, device_id)
    by_itself = [change for change in found.changes if _nobody_asked(wishes, change)]
    ignored = [change for change in by_itself if _looks_as_ignored(change, left_alone)]
    unasked = _without(by_itself, ignored)
    findings = [_finding(wishes, change) for change in unasked]
    asked = [*_left_to_people(found, wishes, full=full), *(findings if report_only else [])]
    new = keep_findings(session, asked, device_id=device_id, now=now)
    if not report_only:
        new += keep_findings(session, findings, device_id=device_id, now=now, corrected=True)
    if full:
        still = [(one.kind, one.key) for one in asked] + [(one.wanted.kind, one.wanted.key) for one in ignored]
        close_gone(session, device_id=device_id, still=still, now=now)
    _note_taken(session, found, wishes)
    todo = [*_without(found.changes, [*ignored, *(unasked if report_only else [])]),
            *_removals(session, found, device_id)]  # fmt: skip
    checked = guarded(session, todo, unasked, device_id=device_id, now=now)
    ids = [wish.access_id for change in checked.held if (wish := wishes.get(change.wanted.subscription_id))]
    note_left(session, ids, state="held", problem=checked.why)
    return Decision([_with_password(session, wishes, change) for change in checked.free], len(checked.held), new)


def _nobody_asked(wishes: Mapping[Id, Wish], change: Change) -> bool:
    wish = wishes.get(change.wanted.subscription_id)
    return wish is not None and wish.followed and wish.account.key == change.wanted.key


def _left_to_people(found: Difference, wishes: Mapping[Id, Wish], *, full: bool) -> Iterator[Finding]:
    for one in found.taken:
        access_id = wishes[one.wanted.subscription_id].access_id
        yield Finding("taken", one.seen.kind, one.seen.key, access_id, one.seen, one.wanted)
    if full:
        for seen in found.orphans:
            yield Finding("orphan", seen.kind, seen.key, None, seen, None)


def _finding(wishes: Mapping[Id, Wish], change: Change) -> Finding:
    wish = wishes[change.wanted.subscription_id]
    what = "missing" if change.seen is None else "changed"
    return Finding(
        what, change.wanted.kind, change.wanted.key, wish.access_id, change.seen, change.wanted, change.fields
    )


def _note_taken(session: Session, found: Difference, wishes: Mapping[Id, Wish]) -> None:
    ids = [wishes[one.wanted.subscription_id].access_id for one in found.taken]
    note_left(session, ids, state="conflict", problem="The device has an account of that name that is not ours")


def _without(changes: Iterable[Change], left: Iterable[Change]) -> list[Change]:
    out = {id(change) for change in left}
    return [change for change in changes if id(change) not in out]


def _looks_as_ignored(change: Change, left_alone: Mapping[tuple[str, str], Mapping[str, object]]) -> bool:
    key = (change.wanted.kind, change.wanted.key)
    return key in left_alone and left_alone[key] == shown(change.seen)


def _removals(session: Session, found: Difference, device_id: Id) -> list[Change]:
    """Orphans that a person said to delete."""
    gone = condemned(session, device_id)
    return [_removal(seen) for seen in found.orphans if (seen.kind, seen.key) in gone]


def _removal(seen: SeenAccount) -> Change:
    assert seen.subscription_id is not None
    wanted = WantedAccount(
        seen.kind, seen.key, seen.subscription_id, allowed=False, profile="", speed=Speed(0, 0), absent=True
    )
    return Change("delete", wanted, seen)


def _with_password(session: Session, wishes: Mapping[Id, Wish], change: Change) -> Change:
    """An account without a password would let anybody in."""
    if change.move != "create" or change.wanted.password is not None or change.wanted.kind not in NAMED_KINDS:
        return change
    password = new_password()
    access = session.get_one(Access, wishes[change.wanted.subscription_id].access_id)
    access.sealed_password = vault.seal(password)
    session.flush()
    return replace(change, wanted=replace(change.wanted, password=password))
