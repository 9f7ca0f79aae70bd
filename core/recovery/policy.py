"""A company's recovery policy and ladder: read, made with the defaults on first use, changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.db import table_of
from core.errors import DomainError
from core.ids import new_id
from core.money import ZERO
from core.recovery.policy_models import KINDS, HolidayChange, LadderStep, RecoveryPolicy
from core.recovery.words import MESSAGES


class PolicyInvalid(DomainError):
    """The settings contradict each other, or name what is not there."""


@dataclass(frozen=True, order=True)
class Step:
    """One step of a ladder, so many days after the due date."""

    day: int
    kind: str
    min_balance: Decimal = ZERO
    message_key: str = ""

    @property
    def key(self) -> tuple[int, str]:
        """What a step is known by in the records."""
        return (self.day, self.kind)


DEFAULT_LADDER = (
    Step(-3, "reminder", message_key="due_soon"),
    Step(1, "reminder", message_key="overdue"),
    Step(4, "reminder", message_key="still_overdue"),
    Step(8, "agent"),
    Step(12, "final_notice", message_key="final_notice"),
    Step(15, "suspension"),
    Step(30, "supervisor"),
    Step(30, "pick_up"),
    Step(45, "termination"),
    Step(90, "write_off_proposal"),
)
"""Reference money 4.2."""


def policy_of(session: Session) -> RecoveryPolicy:
    """The company's policy; the first call writes the defaults and the default ladder."""
    policy = session.scalars(select(RecoveryPolicy)).one_or_none()
    if policy is None:
        policy = RecoveryPolicy(id=new_id())
        _make(session, policy)
        policy = session.scalars(select(RecoveryPolicy)).one()
    return policy


def _make(session: Session, policy: RecoveryPolicy) -> None:
    try:
        with session.begin_nested():
            session.add(policy)
            session.flush()
            _write_ladder(session, DEFAULT_LADDER)
    except IntegrityError:
        session.expire_all()  # another transaction made it meanwhile


def change_policy(session: Session, **settings: Any) -> RecoveryPolicy:
    """Set the named columns of the company's policy.

    Raises PolicyInvalid, with `field` among its facts where one setting is to blame, and then has changed nothing.
    """
    policy = policy_of(session)
    unknown = sorted(settings.keys() - (set(table_of(RecoveryPolicy).c.keys()) - {"id", "company_id", "created_at"}))
    if unknown:
        raise PolicyInvalid(f"The recovery policy has no setting {', '.join(unknown)}")
    _refuse(policy, settings)
    try:
        with session.begin_nested():
            for name, value in settings.items():
                setattr(policy, name, value)
            session.flush()
    except IntegrityError as refused:
        raise PolicyInvalid(f"These settings do not go together: {refused.orig}") from refused
    return policy


_SPANS = {"contact_to": ("contact_from", "contact hours"), "break_to": ("break_from", "break")}


def _refuse(policy: RecoveryPolicy, settings: Mapping[str, Any]) -> None:
    for name in ("rest_weekdays", "no_cut_weekdays"):
        wrong = [day for day in settings.get(name, ()) if day not in range(1, 8)]
        if wrong or len(set(settings.get(name, ()))) == 7:
            raise PolicyInvalid("Weekdays are 1 (Monday) to 7, and at least one must be left out", field=name)
    wanted = {column.name: getattr(policy, column.name) for column in table_of(RecoveryPolicy).c} | dict(settings)
    for until, (since, what) in _SPANS.items():
        if wanted[since] >= wanted[until]:
            raise PolicyInvalid(f"The {what} must end after {wanted[since]:%H:%M}, when they begin", field=until)
    if not 1 <= wanted["break_weekday"] <= 7:
        raise PolicyInvalid("The break is on a weekday from 1 (Monday) to 7", field="break_weekday")
    for name in (*_COUNTS, *_WEIGHTS):
        if wanted[name] < 0:
            raise PolicyInvalid("It cannot be below zero", field=name)
    for name in _SHARES:
        if not 0 <= wanted[name] <= 100:
            raise PolicyInvalid("It is a percentage from 0 to 100", field=name)
    if not any(wanted[name] for name in _WEIGHTS):
        raise PolicyInvalid("At least one of the three must count: give one of them more than 0", field=_WEIGHTS[0])


_COUNTS = (
    "grace_days", "tolerance", "suspension_notice_days", "promise_days_max", "promise_grace_days",
    "promise_extensions_max", "messages_a_day_max", "messages_a_week_max", "cut_count_free", "ticket_hold_days",
)  # fmt: skip
_SHARES = ("promise_share_min", "cut_share_max")
_WEIGHTS = ("weight_promises", "weight_timeliness", "weight_bounces")


def ladder_of(session: Session) -> tuple[Step, ...]:
    """The company's steps in the order they are climbed."""
    policy_of(session)
    rows = session.scalars(select(LadderStep)).all()
    return in_order(Step(row.day, row.kind, row.min_balance, row.message_key) for row in rows)


def in_order(steps: Iterable[Step]) -> tuple[Step, ...]:
    """By day; on one day the milder step first."""
    return tuple(sorted(steps, key=lambda step: (step.day, KINDS.index(step.kind))))


def set_ladder(session: Session, steps: Sequence[Step]) -> tuple[Step, ...]:
    """Replace the whole ladder; what was taken already stays taken.

    Raises PolicyInvalid for an unknown kind or message, a step twice, or a suspension without a notice before it.
    """
    policy_of(session)
    for step in steps:
        check_step(step)
    steps = in_order(steps)
    if len({step.key for step in steps}) < len(steps):
        raise PolicyInvalid("The ladder has the same step twice on one day")
    kinds = [step.kind for step in steps]
    if "suspension" in kinds and "final_notice" not in kinds[: kinds.index("suspension")]:
        raise PolicyInvalid("The ladder suspends without a written notice before it: add a final_notice")
    session.execute(delete(LadderStep))
    _write_ladder(session, steps)
    return steps


def check_step(step: Step) -> None:
    """One step by itself; raises PolicyInvalid for an unknown kind or message, or one that comes too early."""
    if step.kind not in KINDS:
        raise PolicyInvalid(f"{step.kind!r} is no step of a ladder: use one of {', '.join(KINDS)}")
    if step.day <= 0 and step.kind != "reminder":
        raise PolicyInvalid(f"{step.kind} on day {step.day}: before the due date there are only reminders")
    speaks = step.kind in ("reminder", "final_notice")
    if speaks != bool(step.message_key) or (speaks and step.message_key not in MESSAGES):
        raise PolicyInvalid(f"{step.kind} on day {step.day} names the message {step.message_key!r}; "
                            f"reminders and notices take one of {', '.join(MESSAGES)}, other steps none")  # fmt: skip


def _write_ladder(session: Session, steps: Sequence[Step]) -> None:
    session.add_all(
        LadderStep(
            id=new_id(), day=step.day, kind=step.kind, min_balance=step.min_balance, message_key=step.message_key
        )
        for step in steps
    )
    session.flush()


def declare_day(session: Session, *, day: date, is_holiday: bool, name: str, changed_by: str) -> None:
    """Add a holiday the calendar does not know, or take one away; open promises are given their limits anew by
    `core.recovery.promises.move_limits`.
    """
    values = {"day": day, "is_holiday": is_holiday, "name": name, "changed_by": changed_by}
    session.execute(
        insert(table_of(HolidayChange)).values(id=new_id(), **values)
        .on_conflict_do_update(index_elements=["company_id", "day"], set_=values)
    )  # fmt: skip
