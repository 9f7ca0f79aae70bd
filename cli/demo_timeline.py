"""The demo's past: what happened on which day, played in the order of time through the product's own functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core.db import company_session
from core.ids import Id

ACTOR = "demo"
"""The actor of what nobody in particular did, and the origin of every entry."""
RUNS, FEES, OFFICE, PAYMENTS, FIELD, RECOVERY, CLOSING = 6, 8, 10, 11, 12, 15, 18
"""The hours of a day at which things happen; recovery keeps out of Friday prayer."""

Deed = Callable[[Session, datetime], object]
Run = Callable[[date, datetime], object]


@dataclass(frozen=True)
class _Entry:
    day: date
    hour: int
    deed: Deed | None = None
    run: Run | None = None


@dataclass
class Timeline:
    """Deeds by day and hour; what would be in the future is left out."""

    company_id: Id
    timezone: str
    today: date
    now: datetime
    entries: list[_Entry] = field(default_factory=list)

    def at(self, day: date, hour: int, deed: Deed) -> None:
        """Do something in a transaction with the other deeds of the hour, by the instant in the company's zone."""
        if day <= self.today:
            self.entries.append(_Entry(day, hour, deed=deed))

    def run(self, day: date, hour: int, run: Run) -> None:
        """Start a run, which opens its own transactions."""
        if day <= self.today:
            self.entries.append(_Entry(day, hour, run=run))

    def play(self, say: Callable[[str], None]) -> None:
        """Everything in order, an hour's deeds in one transaction; tells each new month."""
        month = None
        self.entries.sort(key=lambda entry: (entry.day, entry.hour))
        for (day, hour), entries in groupby(self.entries, key=lambda entry: (entry.day, entry.hour)):
            if month != (month := day.replace(day=1)):
                say(f"Loading the demo company: {day:%B %Y}")
            self._play_hour(day, self._instant(day, hour), list(entries))

    def _play_hour(self, day: date, now: datetime, entries: list[_Entry]) -> None:
        for alone, some in groupby(entries, key=lambda entry: entry.run is not None):
            if alone:
                for entry in some:
                    if entry.run is not None:
                        entry.run(day, now)
                continue
            with company_session(self.company_id, ACTOR) as session:
                for entry in some:
                    if entry.deed is not None:
                        entry.deed(session, now)

    def _instant(self, day: date, hour: int) -> datetime:
        zone = ZoneInfo(self.timezone)
        return min(datetime.combine(day, time(hour), zone), self.now.astimezone(zone))
