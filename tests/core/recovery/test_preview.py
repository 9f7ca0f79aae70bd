"""A day of recovery tried: what it says is what the runs then do, and the trial itself leaves nothing."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from core.messaging.models import OutboundMessage
from core.recovery.case_models import RecoveryCase, StepRecord
from core.recovery.policy import PolicyInvalid, Step, ladder_of, policy_of
from core.usecases.climb_ladder import climb_ladder
from core.usecases.preview_recovery import preview_recovery
from core.usecases.run_recovery import run_recovery
from tests.core.recovery.town import Town, at

TODAY = date(2026, 9, 29)


def debtors(town: Town) -> None:
    for days in (1, 2, 5, 9, 13, 20, 31, 46, 95):
        town.owes(town.customer(f"Debtor {days}"), f"{days * 100}.00", TODAY - timedelta(days=days))


def test_the_trial_says_what_the_ladder_then_does_and_leaves_nothing(town: Town) -> None:
    debtors(town)
    with town.open() as session:
        first = preview_recovery(session, today=TODAY, now=at(TODAY))
        assert (first.opened, first.closed, dict(first.taken)) == (9, 0, {})
        assert run_recovery(session, today=TODAY, now=at(TODAY)).opened == 9
    with town.open() as session:
        tried = preview_recovery(session, today=TODAY, now=at(TODAY))
    with town.open() as session:
        assert session.scalar(select(func.count()).select_from(StepRecord)) == 0
        assert session.scalar(select(func.count()).select_from(OutboundMessage)) == 0
        taken = climb_ladder(session, today=TODAY, now=at(TODAY)).taken
    assert sum(taken.values()) == sum(tried.taken.values())
    assert {kind: sum(n for name, n in taken.items() if name.startswith(kind)) for kind in tried.taken} == tried.taken
    assert tried.cut == 0 and tried.held["notice"] > 0


def test_other_settings_and_another_ladder_are_tried(town: Town) -> None:
    debtors(town)
    with town.open() as session:
        run_recovery(session, today=TODAY, now=at(TODAY))
        tolerant = preview_recovery(session, today=TODAY, now=at(TODAY), settings={"tolerance": Decimal("1000.00")})
        assert tolerant.closed == 4
        agents = preview_recovery(session, today=TODAY, now=at(TODAY), steps=[Step(10, "agent")])
        assert dict(agents.taken) == {"agent": 5}
        with pytest.raises(PolicyInvalid):
            preview_recovery(session, today=TODAY, now=at(TODAY), settings={"promise_share_min": Decimal(101)})
        assert (policy_of(session).tolerance, len(ladder_of(session))) == (Decimal("50.00"), 10)
        assert session.scalar(select(func.count()).where(RecoveryCase.state == "open")) == 9
