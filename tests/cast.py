"""The instant and the ids that tests share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from core.ids import Id

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)


@dataclass(frozen=True)
class TestCompany:
    """A company of one test, with the least that a customer needs."""

    __test__ = False

    id: Id
    slug: str
    business_number_id: Id
    phone_number_id: str
    area_id: Id
    sub_zone_id: Id
