"""A company's choices of billing, changed as a whole or one by one, and never into what would contradict itself."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.payment_models import METHODS as EVERY_METHOD
from core.billing.payments import DEBITED
from core.billing.plan_models import BillingPolicy
from core.db import table_of
from core.errors import DomainError
from core.ids import new_id
from core.ledger.accounts import accounts_by_code
from core.money import ZERO, parse_amount

METHODS = tuple(method for method in EVERY_METHOD if method != "voucher")
"""Ways to pay whose account a company may choose; a voucher's money was received when it was sold."""
CHOICES = {
    "alignment": ("calendar", "anniversary"), "proration": ("actual", "thirty"), "tax_rounding": ("line", "total"),
    "tax_point": ("invoice_date", "period_start"), "late_fee_kind": ("none", "fixed", "percent"),
    "fees_settle": ("by_date", "first", "last"),
}  # fmt: skip
SPANS = {
    "calendar_day": (1, 31), "due_days": (0, 180), "short_first_period_days": (0, 31), "late_fee_grace_days": (0, 365),
    "late_fee_repeat_days": (1, 365), "pause_credit_days_min": (0, 366), "deferral_over_months": (1, 36),
    "wrong_cards_max": (1, 100), "card_pause_minutes": (1, 10_080), "cash_callback_percent": (0, 100),
}  # fmt: skip
AMOUNTS = (
    "late_fee_amount", "late_fee_cap", "reconnection_fee", "small_difference", "bounce_fee", "write_off_limit",
)  # fmt: skip
MAY_BE_NONE = ("late_fee_cap", "late_fee_repeat_days")
PERCENT_MAX = 100


class BillingPolicyInvalid(DomainError):
    """A choice cannot be kept; the fact `field` names it."""


def billing_policy(session: Session) -> BillingPolicy:
    """The company's choices; its defaults are made with the company."""
    policy = session.scalars(select(BillingPolicy)).one_or_none()
    if policy is None:
        policy = BillingPolicy(id=new_id())
        session.add(policy)
        session.flush()
    return policy


def change_billing_policy(session: Session, **changes: Any) -> BillingPolicy:
    """Set any of the policy's columns; the rest stays. Bills that are out keep what they were made with.

    Locks the policy. Raises BillingPolicyInvalid, and then has changed nothing.
    """
    policy = billing_policy(session)
    session.refresh(policy, with_for_update=True)
    columns = set(table_of(BillingPolicy).c.keys()) - {"id", "company_id", "created_at"}
    for name in changes.keys() - columns:
        raise BillingPolicyInvalid(f"There is no choice {name!r} in billing", field=name)
    wanted = {name: getattr(policy, name) for name in columns} | changes
    _refuse_outside(wanted)
    _refuse_empty_fee(wanted)
    _refuse_accounts(session, wanted["method_accounts"])
    for name, value in changes.items():
        setattr(policy, name, value)
    session.flush()
    return policy


def _refuse_outside(wanted: Mapping[str, Any]) -> None:
    for name, choices in CHOICES.items():
        if wanted[name] not in choices:
            raise BillingPolicyInvalid(f"Choose one of {', '.join(choices)}", field=name)
    for name, (least, most) in SPANS.items():
        value = wanted[name]
        if not (value is None and name in MAY_BE_NONE) and not (isinstance(value, int) and least <= value <= most):
            raise BillingPolicyInvalid(f"It is a whole number from {least} to {most:,}", field=name)
    for name in AMOUNTS:
        value = wanted[name]
        if not (value is None and name in MAY_BE_NONE) and parse_amount(value) < ZERO:
            raise BillingPolicyInvalid("It cannot be below zero", field=name)
    if not 0 <= Decimal(wanted["late_fee_percent"]) <= PERCENT_MAX:
        raise BillingPolicyInvalid(f"It is a percentage from 0 to {PERCENT_MAX}", field="late_fee_percent")


def _refuse_empty_fee(wanted: Mapping[str, Any]) -> None:
    kind = wanted["late_fee_kind"]
    of_kind = {"fixed": "late_fee_amount", "percent": "late_fee_percent"}
    if kind in of_kind and not wanted[of_kind[kind]]:
        raise BillingPolicyInvalid(
            "A late fee of nothing would be charged: give it, or charge no late fees", field=of_kind[kind]
        )


def _refuse_accounts(session: Session, accounts: Mapping[str, str]) -> None:
    known = accounts_by_code(session)
    for method, code in accounts.items():
        field = f"account_of_{method}"
        if method not in METHODS:
            raise BillingPolicyInvalid(f"{method!r} is no way to pay whose account is chosen", field=field)
        if code not in known or known[code].control or not code.startswith(DEBITED[:3]):
            raise BillingPolicyInvalid(f"{code} is no account of a bank, a wallet or the office's cash", field=field)
