"""How a company wants its jobs proved."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import DomainError
from core.ids import new_id
from core.service_desk.job_models import JobPolicy

LEVELS = ("overload", "very_good", "good", "acceptable", "weak", "dead")
RULES = ("arrival_metres", "code_hours", "callback_percent", "visit_hours", "installation_fee", *LEVELS)
METRES_MAX, CODE_HOURS_MAX, VISIT_HOURS_MAX, DBM_MOST = 50_000, 168, 12, 100


class JobPolicyInvalid(DomainError):
    """These rules contradict each other."""


def job_policy_of(session: Session) -> JobPolicy:
    """The company's rules; the defaults, not kept, where it has made none."""
    kept = session.scalars(select(JobPolicy)).first()
    return kept or JobPolicy(
        arrival_metres=200, code_hours=12, callback_percent=10, visit_hours=2,
        installation_fee=Decimal(0), overload=Decimal(-8),
        very_good=Decimal(-20), good=Decimal(-24), acceptable=Decimal("-25.5"), weak=Decimal(-27), dead=Decimal(-30),
    )  # fmt: skip


def change_job_policy(session: Session, **rules: object) -> JobPolicy:
    """Keep the rules given, the others as they are. Raises JobPolicyInvalid."""
    policy = job_policy_of(session)
    _refuse_contradiction({name: rules.get(name, getattr(policy, name)) for name in RULES} | rules)
    for name, value in rules.items():
        setattr(policy, name, value)
    policy.id = policy.id or new_id()
    session.add(policy)
    session.flush()
    return policy


def _refuse_contradiction(rules: Mapping[str, Any]) -> None:
    for name in rules:
        if name not in RULES:
            raise JobPolicyInvalid(f"{name!r} is no rule of jobs: {', '.join(RULES)}")
    levels = [rules[name] for name in LEVELS]
    if levels != sorted(levels, reverse=True) or len(set(levels)) < len(levels):
        raise JobPolicyInvalid("The levels must fall from too strong to no light, each below the one before")
    if min(rules["arrival_metres"], rules["code_hours"], rules["visit_hours"]) < 1 or rules["installation_fee"] < 0:
        raise JobPolicyInvalid("Metres and hours must be above zero, the fee not below it")
    if rules["arrival_metres"] > METRES_MAX or rules["code_hours"] > CODE_HOURS_MAX:
        raise JobPolicyInvalid(f"At most {METRES_MAX} metres from the place, and {CODE_HOURS_MAX} hours for a code")
    if rules["visit_hours"] > VISIT_HOURS_MAX or not -DBM_MOST < levels[-1] < levels[0] < DBM_MOST:
        raise JobPolicyInvalid(
            f"A window has {VISIT_HOURS_MAX} hours at most, a level is within {DBM_MOST} dBm of zero"
        )
    if not 0 <= rules["callback_percent"] <= 100:
        raise JobPolicyInvalid("The share of call-backs is a percentage from 0 to 100")
