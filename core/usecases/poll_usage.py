"""Counters of a device become the use of each subscription by day, and the history of who was online when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.plan_models import Plan
from core.companies import current_company
from core.db import company_session
from core.ids import Id, new_id
from core.network.adapter import Counter, DeviceSession
from core.network.counting import Growth, Reading, by_day, growth, is_plausible, is_same_session
from core.network.device_models import NetworkDevice
from core.network.models import Access
from core.network.record_models import LineSession, SuspectReading
from core.network.usage import UsageDelta, record_usage
from core.usecases.wanted_accounts import KBPS


@dataclass(frozen=True)
class Polled:
    """What one poll brought."""

    read: int
    started: int
    ended: int
    suspect: int


@dataclass(frozen=True)
class _Line:
    subscription_id: Id
    kbps: int


def keep_readings(
    company_id: Id, device_id: Id, counters: Sequence[Counter], *, now: datetime,
    sessions: Sequence[DeviceSession] = (),
) -> Polled:  # fmt: skip
    """Keep a reading of all the device's counters, in one transaction of its own. A repeated reading adds nothing.

    Only accounts of ours are counted. A running session that is not among the counters has ended by now; `sessions`
    tell its address and equipment.
    """
    with company_session(company_id) as session:
        device = session.get_one(NetworkDevice, device_id, with_for_update=True)
        poll = _Poll(session, device, now)
        for counter in counters:
            poll.read(counter)
        poll.end_absent()
        poll.describe(sessions)
        record_usage(session, deltas=poll.deltas)
        return Polled(len(counters), poll.started, poll.ended, poll.suspect)


class _Poll:
    """One reading of one device while it is kept."""

    def __init__(self, session: Session, device: NetworkDevice, now: datetime) -> None:
        self.session, self.device, self.now = session, device, now
        self.timezone = current_company(session).timezone
        self.deltas: list[UsageDelta] = []
        self.started = self.ended = self.suspect = 0
        self._lines = _lines(session, device.id)
        running = session.scalars(
            select(LineSession).where(LineSession.device_id == device.id, LineSession.ended_at.is_(None))
        )
        self._running = {(row.kind, row.key, row.reference): row for row in running}

    def read(self, counter: Counter) -> None:
        line = self._lines.get((counter.kind, counter.key))
        if line is None:
            return
        where = (counter.kind, counter.key, counter.session)
        row = self._running.pop(where, None)
        known = _reading(row) if row else None
        if row is not None and (known is None or not is_same_session(known, counter)):
            self._end(row)
            row = known = None
        if row is None:
            row = self._start(counter, line)
        if row.counted_at is not None and row.counted_at >= self.now:
            return
        self._count(row, known, counter, line)

    def end_absent(self) -> None:
        """Who was online at the last reading and is not in this one."""
        for row in self._running.values():
            self._end(row)

    def describe(self, sessions: Sequence[DeviceSession]) -> None:
        """Address and equipment of the running sessions."""
        told: dict[tuple[str, str, str], DeviceSession] = {(one.kind, one.key, one.reference): one for one in sessions}
        if not told:
            return
        for row in self.session.scalars(
            select(LineSession).where(LineSession.device_id == self.device.id, LineSession.ended_at.is_(None))
        ):
            if (one := told.get((row.kind, row.key, row.reference))) is not None:
                row.address, row.mac = one.address, one.mac

    def _start(self, counter: Counter, line: _Line) -> LineSession:
        row = LineSession(
            id=new_id(), device_id=self.device.id, subscription_id=line.subscription_id, kind=counter.kind,
            key=counter.key, reference=counter.session, started_at=counter.started_at, bytes_down=0, bytes_up=0,
        )  # fmt: skip
        if counter.started_at < self.device.created_at:
            # What was moved before the device was ours to read is nobody's business, and on nobody's bill.
            row.counted_at = self.now
            row.counter_down, row.counter_up = counter.bytes_down, counter.bytes_up
        self.session.add(row)
        self.started += 1
        return row

    def _count(self, row: LineSession, known: Reading | None, counter: Counter, line: _Line) -> None:
        grown = growth(known, counter, now=self.now, line_kbps=line.kbps)
        row.counted_at = self.now
        row.counter_down, row.counter_up = counter.bytes_down, counter.bytes_up
        if not is_plausible(grown, line_kbps=line.kbps):
            self._suspect(line, grown)
            return
        row.bytes_down += grown.down
        row.bytes_up += grown.up
        for day, down, up, seconds in by_day(grown, self.timezone):
            self.deltas.append(UsageDelta(line.subscription_id, day, down, up, seconds))

    def _suspect(self, line: _Line, grown: Growth) -> None:
        self.suspect += 1
        self.session.add(SuspectReading(
            id=new_id(), device_id=self.device.id, subscription_id=line.subscription_id, read_at=self.now,
            bytes_down=grown.down, bytes_up=grown.up,
            why=f"more than {line.kbps} kbit/s can carry in {grown.seconds:.0f} s",
        ))  # fmt: skip

    def _end(self, row: LineSession) -> None:
        row.ended_at = self.now
        self.ended += 1


def _lines(session: Session, device_id: Id) -> dict[tuple[str, str], _Line]:
    rows = session.execute(
        select(Access.kind, Access.username, Access.subscription_id, Plan.download_mbps, Plan.upload_mbps)
        .outerjoin(Plan, Plan.code == Access.profile)
        .where(Access.device_id == device_id)
    )
    return {
        (kind, username): _Line(subscription_id, max(down or 0, up or 0) * KBPS)
        for kind, username, subscription_id, down, up in rows
    }


def _reading(row: LineSession) -> Reading | None:
    if row.counted_at is None:
        return None
    return Reading(row.started_at, row.counted_at, row.counter_down, row.counter_up)
