"""A device is made to be as the subscriptions want it: read, compare, change, note; one pass at a time a device.

No transaction is open while the device is spoken with. What a pass could not do waits in the rows and is done by a
later one, so a dead device delays nothing but itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from psycopg.errors import LockNotAvailable, QueryCanceled
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from core.db import company_session, engine
from core.ids import Id, new_id
from core.network.adapter import Adapter, Change, ChangeResult, SeenAccount
from core.network.device_errors import DeviceError, DeviceGone
from core.network.devices import device_by_id, may_try, note_answer, note_failure
from core.network.diffing import Difference, difference
from core.network.recording import note_followed, note_prints, note_refused, record_changes
from core.network.vendors import DeviceAccess, access_of, open_adapter
from core.usecases.decide_changes import decide_changes
from core.usecases.poll_usage import keep_readings
from core.usecases.wanted_accounts import Wish, known_passwords, profiles_of, wishes_of

CHUNK = 1000
OpenAdapter = Callable[[DeviceAccess], Adapter]


@dataclass
class PassReport:
    """What a pass did, or in a dry run would do."""

    device_id: Id
    skipped: str = ""
    """Why nothing was tried: the breaker is open, another pass runs, nothing waits."""
    fault: str = ""
    done: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    """Account to what the device said."""
    unknown: int = 0
    held: int = 0
    taken: int = 0
    orphans: int = 0
    foreign: int = 0
    found: int = 0
    """New differences nobody here asked for."""
    planned: tuple[Change, ...] = ()


@dataclass
class _Pass:
    company_id: Id
    device_id: Id
    full: bool
    now: datetime
    wishes: list[Wish]
    access: DeviceAccess
    prepared: str
    report_drift: bool
    id: Id = field(default_factory=new_id)

    def __post_init__(self) -> None:
        self.by_subscription = {wish.account.subscription_id: wish for wish in self.wishes}

    def take_passwords(self, seen: Sequence[SeenAccount]) -> Mapping[Id, str]:
        """Unseal the passwords that the device has to be given; returns the prints of those it has."""
        self.wishes, prints = known_passwords(self.wishes, seen)
        self.__post_init__()
        return prints


def reconcile_device(
    company_id: Id, *, device_id: Id, now: datetime, full: bool, dry_run: bool = False,
    opener: OpenAdapter = open_adapter,
) -> PassReport:  # fmt: skip
    """Compare all accounts of the device, or with `full` false only those that wait, and make it so.

    Opens its own transactions and never raises for a device's fault: that is noted on the device and in the report.
    A dry run reads and compares, and changes nothing anywhere.
    """
    report = PassReport(device_id)
    with _alone(device_id) as alone:
        if not alone:
            report.skipped = "another pass runs"
            return report
        going = _begin(company_id, device_id, now, full, report)
        if going is None:
            return report
        try:
            with closing(opener(going.access)) as adapter:
                _carry_out(going, adapter, report, dry_run=dry_run)
        except DeviceError as fault:
            report.fault = str(fault)
            if not dry_run:
                with company_session(company_id) as session:
                    note_failure(device_by_id(session, device_id), fault, now=now)
    return report


@contextmanager
def _alone(device_id: Id) -> Iterator[bool]:
    """Wait for the running pass, so that what was asked for meanwhile is seen; False where that takes too long.

    The lock belongs to a connection outside any transaction and goes with the process that holds it.
    """
    key = {"key": f"network:{device_id}"}
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        try:
            connection.execute(text("SELECT pg_advisory_lock(hashtextextended(:key, 0))"), key)
        except OperationalError as busy:
            if not isinstance(busy.orig, (LockNotAvailable, QueryCanceled)):
                raise
            yield False
            return
        try:
            yield True
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(hashtextextended(:key, 0))"), key)


def _begin(company_id: Id, device_id: Id, now: datetime, full: bool, report: PassReport) -> _Pass | None:
    with company_session(company_id) as session:
        device = device_by_id(session, device_id)
        if not may_try(device, now):
            until = device.closed_until
            report.skipped = f"not tried until {until:%H:%M} UTC: {device.problem}" if until else "retired"
            return None
        wishes = wishes_of(session, device_id=device_id, waiting_by=None if full else now)
        if not wishes and not full:
            report.skipped = "nothing waits"
            return None
        return _Pass(
            company_id, device_id, full, now, wishes, access_of(device), device.prepared, device.drift == "report"
        )


def _carry_out(going: _Pass, adapter: Adapter, report: PassReport, *, dry_run: bool) -> None:
    if not _is_the_one(going, adapter, report, dry_run=dry_run):
        return
    keys = None if going.full else [wish.account.key for wish in going.wishes]
    seen = adapter.read_accounts(keys=keys)
    prints = going.take_passwords(seen)
    adopted = {wish.account.subscription_id for wish in going.wishes if wish.adopted}
    found = difference([wish.account for wish in going.wishes], seen, adopted=adopted)
    report.foreign, report.taken, report.orphans = found.foreign, len(found.taken), len(found.orphans)
    if dry_run:
        report.planned = found.changes
        return
    with company_session(going.company_id) as session:
        decision = decide_changes(
            session, found, going.by_subscription, device_id=going.device_id, full=going.full,
            report_only=going.report_drift, now=going.now,
        )  # fmt: skip
    report.held, report.found, todo = decision.held, decision.found, decision.todo
    _prepare(going, adapter)
    if any(change.move != "create" for change in todo):
        # What a session moved since the last reading would go with it.
        keep_readings(going.company_id, going.device_id, adapter.counters(now=going.now), now=going.now)
    for start in range(0, len(todo), CHUNK):
        results = adapter.apply(todo[start : start + CHUNK])
        _note_results(going, results, report)
        if adapter.closed:
            raise DeviceGone(f"The connection broke: of {report.unknown} changes nothing is known, they are read again")
    with company_session(going.company_id) as session:
        note_prints(session, prints)
        _finish(session, going, found)


def _is_the_one(going: _Pass, adapter: Adapter, report: PassReport, *, dry_run: bool) -> bool:
    """Whether the device on file answers."""
    identity = adapter.identity()
    if dry_run:
        return True
    with company_session(going.company_id) as session:
        device = device_by_id(session, going.device_id)
        same = note_answer(device, identity, fingerprint=adapter.fingerprint, now=going.now)
        report.fault = "" if same else device.problem
    return same


def _prepare(going: _Pass, adapter: Adapter) -> None:
    """Speed profiles go first, and only when they are not what the device was last given."""
    profiles = profiles_of(going.wishes)
    digest = hashlib.sha256(repr(sorted(profiles.items())).encode()).hexdigest()
    if digest == going.prepared or (not going.full and going.prepared and not profiles):
        return
    adapter.prepare(dict(profiles))
    if going.full:
        with company_session(going.company_id) as session:
            device_by_id(session, going.device_id).prepared = digest


def _note_results(going: _Pass, results: Sequence[ChangeResult], report: PassReport) -> None:
    followed: dict[Id, int] = {}
    problems: dict[Id, str] = {}
    for result in results:
        wish = going.by_subscription.get(result.change.wanted.subscription_id)
        if result.outcome == "done":
            report.done += 1
        elif result.outcome == "unknown":
            report.unknown += 1
        else:
            report.refused[result.change.wanted.key] = result.error
        if wish is None or wish.account.key != result.change.wanted.key:
            continue
        if result.outcome == "done":
            followed[wish.access_id] = wish.generation
        elif result.outcome == "refused":
            problems[wish.access_id] = result.error
    with company_session(going.company_id) as session:
        record_changes(
            session, results, device_id=going.device_id, pass_id=going.id, now=going.now,
            access_ids={key: wish.access_id for key, wish in going.by_subscription.items()},
            causes={key: wish.wanted_by for key, wish in going.by_subscription.items()},
        )  # fmt: skip
        note_followed(session, followed, now=going.now)
        note_refused(session, problems, now=going.now)


def _finish(session: Session, going: _Pass, found: Difference) -> None:
    agreed = {wish.access_id: wish.generation for key in found.agreed if (wish := going.by_subscription.get(key))}
    note_followed(session, agreed, now=going.now)
    if going.full:
        device = device_by_id(session, going.device_id)
        device.passed_at, device.foreign_accounts = going.now, found.foreign
