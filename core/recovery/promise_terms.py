"""Which promises a customer may make: days and amounts that his history, his debt and the policy allow. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from core.errors import DomainError
from core.money import ZERO, rounded
from core.recovery.policy_models import RecoveryPolicy

HUNDRED = Decimal(100)


class PromiseRefused(DomainError):
    """The terms do not allow this day or amount; the text says which they allow."""


@dataclass(frozen=True)
class PromiseTerms:
    """What may be promised; without days nothing may, and the reasons say why. Amounts are inclusive bounds."""

    days: tuple[date, ...]
    amount_min: Decimal
    amount_max: Decimal
    reasons: tuple[str, ...]
    nothing_owed: bool = False

    def refuse_unless_allowed(self, amount: Decimal, due_on: date) -> None:
        """Raise PromiseRefused with what is allowed instead."""
        why = "; ".join(self.reasons)
        if not self.days:
            raise PromiseRefused(f"No promise can be taken: {why}")
        allowed = {
            "first": self.days[0], "last": self.days[-1], "least": self.amount_min, "most": self.amount_max,
        }  # fmt: skip
        if due_on not in self.days:
            raise PromiseRefused(f"{due_on} is not offered: from {self.days[0]} to {self.days[-1]} ({why})", **allowed)
        if not self.amount_min <= amount <= self.amount_max:
            raise PromiseRefused(
                f"{amount} is not offered: from {self.amount_min} to {self.amount_max} ({why})", **allowed
            )


@dataclass(frozen=True)
class History:
    """What past promises say: the reliability score, promises broken lately, how often the open one was moved."""

    score: int
    broken_lately: int = 0
    extensions: int | None = None
    """None where no promise is open."""


def terms_for(
    policy: RecoveryPolicy, *, overdue: Decimal, due: Decimal, history: History, today: date
) -> PromiseTerms:  # fmt: skip
    """The promises that may be made today; `due` is everything unpaid, `overdue` the part past its day.

    Before anything is overdue the least amount is a share of what is due.
    """
    if refusal := _refusal(policy, due, history):
        return PromiseTerms((), ZERO, ZERO, (refusal,), nothing_owed=due <= ZERO)
    base = overdue if overdue > ZERO else due
    trusted = history.score >= policy.unreliable_below
    ahead = policy.promise_days_max if trusted else min(policy.unreliable_days_max, policy.promise_days_max)
    share = policy.promise_share_min if trusted else HUNDRED
    least = max(rounded(base * share / HUNDRED), Decimal("0.01"))
    reasons = [f"at most {ahead} days ahead", f"at least {share.normalize():f} % of {base}", f"{due} is unpaid"]
    if not trusted:
        reasons.append(f"the reliability score is {history.score}, under {policy.unreliable_below}")
    if history.extensions is not None:
        reasons.append(f"the open promise was moved {history.extensions} of {policy.promise_extensions_max} times")
    days = tuple(today + timedelta(days=count) for count in range(ahead + 1))
    return PromiseTerms(days, least, due, tuple(reasons))


def _refusal(policy: RecoveryPolicy, due: Decimal, history: History) -> str:
    if due <= ZERO:
        return "nothing is owed"
    if policy.broken_max and history.broken_lately >= policy.broken_max:
        return f"{history.broken_lately} promises were broken in the last {policy.broken_window_days} days"
    if history.extensions is not None and history.extensions >= policy.promise_extensions_max:
        return f"the open promise was moved {history.extensions} times already"
    return ""
