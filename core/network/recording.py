"""What a pass did and found, written in sets: thousands of accounts change in one night."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from core.db import array_of, run_flushed, table_of
from core.ids import Id, new_id
from core.network.adapter import ChangeResult, SeenAccount, WantedAccount
from core.network.record_models import NetworkChange

RETRY_FIRST, RETRY_LONGEST = timedelta(minutes=1), timedelta(hours=1)
CUTS = ("suspend", "delete")

_FOLLOWED = """
    UPDATE access_sync SET applied_generation = done.generation, problem = '', attempts = 0, next_try_at = NULL,
        state = CASE WHEN access_sync.generation = done.generation THEN 'in_sync' ELSE 'pending' END,
        applied_at = %(now)s
    FROM unnest(CAST(%(ids)s AS uuid[]), CAST(%(generations)s AS int[])) AS done (id, generation)
    WHERE access_sync.access_id = done.id
        AND (access_sync.state <> 'in_sync' OR access_sync.applied_generation <> done.generation)
"""
_REFUSED = """
    UPDATE access_sync SET state = 'failed', problem = failed.problem, attempts = attempts + 1,
        next_try_at = %(now)s + least(%(longest)s, %(first)s * (2 ^ least(attempts, 10)))
    FROM unnest(CAST(%(ids)s AS uuid[]), CAST(%(problems)s AS text[])) AS failed (id, problem)
    WHERE access_sync.access_id = failed.id
"""
_PRINTS = """
    UPDATE access_sync SET password_print = seen.print
    FROM unnest(CAST(%(ids)s AS uuid[]), CAST(%(prints)s AS text[])) AS seen (id, print)
    WHERE access_sync.access_id = seen.id
"""
_LEFT = """
    UPDATE access_sync SET state = %(state)s, problem = %(problem)s
    WHERE access_id = ANY (CAST(%(ids)s AS uuid[]))
"""


def record_changes(
    session: Session, results: Sequence[ChangeResult], *, device_id: Id, access_ids: Mapping[Id, Id],
    causes: Mapping[Id, str], pass_id: Id, now: datetime,
) -> None:  # fmt: skip
    """Keep what was sent and what came of it. `access_ids` and `causes` are by subscription."""
    if not results:
        return
    session.execute(insert(table_of(NetworkChange)), [
        {
            "id": new_id(), "device_id": device_id, "pass_id": pass_id, "at": now, "move": result.change.move,
            "access_id": access_ids.get(result.change.wanted.subscription_id),
            "kind": result.change.wanted.kind, "key": result.change.wanted.key,
            "before": shown(result.change.seen), "after": shown(result.change.wanted),
            "cause": causes.get(result.change.wanted.subscription_id, ""),
            "outcome": result.outcome, "error": result.error,
        }
        for result in results
    ])  # fmt: skip


def note_followed(session: Session, followed: Mapping[Id, int], *, now: datetime) -> None:
    """The device has these accounts as they were wanted in that generation; a later wish goes on waiting."""
    if followed:
        generations = "{" + ",".join(str(number) for number in followed.values()) + "}"
        run_flushed(session, _FOLLOWED, {"ids": array_of(followed), "generations": generations, "now": now})


def note_refused(session: Session, problems: Mapping[Id, str], *, now: datetime) -> None:
    """Each is tried again by itself, later every time, and holds no other up."""
    if problems:
        run_flushed(session, _REFUSED, {
            "ids": list(problems), "problems": list(problems.values()), "now": now, "first": RETRY_FIRST,
            "longest": RETRY_LONGEST,
        })  # fmt: skip


def note_prints(session: Session, prints: Mapping[Id, str]) -> None:
    """Passwords seen on the device that are the sealed ones, each by its access's print."""
    if prints:
        run_flushed(session, _PRINTS, {"ids": array_of(prints), "prints": list(prints.values())})


def note_left(session: Session, access_ids: Sequence[Id], *, state: str, problem: str) -> None:
    """A person has to decide about these: `held` or `conflict`."""
    if access_ids:
        run_flushed(session, _LEFT, {"ids": array_of(access_ids), "state": state, "problem": problem})


def cuts_since(session: Session, *, device_id: Id, since: datetime) -> int:
    """How many accounts were cut or deleted on the device since then."""
    return session.scalar(
        select(func.count()).select_from(NetworkChange).where(
            NetworkChange.device_id == device_id, NetworkChange.at >= since, NetworkChange.move.in_(CUTS),
            NetworkChange.outcome == "done",
        )
    ) or 0  # fmt: skip


def shown(account: WantedAccount | SeenAccount | None) -> dict[str, Any]:
    """An account for the record: without its password."""
    if account is None:
        return {}
    speed = account.speed
    return {
        "kind": account.kind, "key": account.key, "allowed": account.allowed, "profile": account.profile,
        "address": account.address, "mac": account.mac,
        "down_kbps": speed.down_kbps if speed else None, "up_kbps": speed.up_kbps if speed else None,
    }  # fmt: skip
