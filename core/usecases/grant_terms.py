"""Discounts, prices and longer promises: granted at once within one's limits, else asked for and done on a yes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from core.billing.lines import grant_discount
from core.billing.plan_models import Plan
from core.billing.plans import set_price
from core.billing.subscription_models import Subscription
from core.crm.models import Customer
from core.errors import NotFound
from core.ids import Id
from core.money import ZERO
from core.recovery.promises import move_promise
from core.staff import terms as requests
from core.staff.approval_models import TermsRequest
from core.staff.models import Staff
from core.staff.terms import TermsInvalid, terms_policy_of
from core.usecases.tell_office import tell_employee
from core.usecases.terms_words import decided_words

DECIDES_ALONE = ("owner", "super_admin")


@dataclass(frozen=True)
class Granted:
    """What came of it: in force at once, or a request that waits."""

    request: TermsRequest | None

    @property
    def at_once(self) -> bool:
        """Whether it is in force."""
        return self.request is None


def give_discount(
    session: Session, *, subscription_id: Id, valid_from: date, reason: str, actor: str, role: str, now: datetime,
    key: str, percent: Decimal | None = None, amount: Decimal | None = None, periods: int | None = None,
) -> Granted:  # fmt: skip
    """Less to pay; beyond the company's free percent or amount only an owner gives it, and others ask for it.

    Raises DiscountInvalid, AmountInvalid, TermsInvalid, NotFound.
    """
    policy = terms_policy_of(session)
    free = (percent or ZERO) <= policy.discount_percent_free and (amount or ZERO) <= policy.discount_amount_free
    terms = {
        "subscription_id": str(subscription_id), "valid_from": valid_from.isoformat(), "periods": periods,
        "percent": str(percent) if percent is not None else None, "amount": str(amount) if amount is not None else None,
    }  # fmt: skip
    if free or role in DECIDES_ALONE:
        _discount(session, terms, reason=reason, approved_by=actor)
        return Granted(None)
    with session.begin_nested() as tried:  # what nobody could grant is not asked for either
        _discount(session, terms, reason=reason, approved_by=actor)
        tried.rollback()
    subscription = session.get_one(Subscription, subscription_id)
    customer = session.get_one(Customer, subscription.customer_id)
    return Granted(requests.ask_terms(
        session, kind="discount", subject=f"{customer.number} {customer.name}", customer_id=customer.id,
        amount=amount or ZERO, terms=terms, reason=reason, asked_by=actor, now=now, idempotency_key=key,
    ))  # fmt: skip


def change_price(
    session: Session, *, plan_id: Id, amount: Decimal, valid_from: date, reason: str, actor: str, role: str,
    now: datetime, key: str,
) -> Granted:  # fmt: skip
    """A new price from a day on; where the company says so, only an owner sets it, and others ask for it.

    Raises PriceExists, PlanInvalid, AmountInvalid, TermsInvalid, NotFound.
    """
    plan = session.get(Plan, plan_id)
    if plan is None:
        raise NotFound("There is no such plan")
    terms = {"plan_id": str(plan_id), "amount": str(amount), "valid_from": valid_from.isoformat()}
    if role in DECIDES_ALONE or not terms_policy_of(session).price_needs_owner:
        _price(session, terms)
        return Granted(None)
    with session.begin_nested() as tried:
        _price(session, terms)
        tried.rollback()
    return Granted(requests.ask_terms(
        session, kind="plan_price", subject=f"{plan.code} {plan.name}", amount=amount, terms=terms, reason=reason,
        asked_by=actor, now=now, idempotency_key=key,
    ))  # fmt: skip


def ask_longer_promise(
    session: Session, *, customer_id: Id, amount: Decimal, due_on: date, reason: str, actor: str, today: date,
    now: datetime, key: str,
) -> TermsRequest:  # fmt: skip
    """An agent asks for days or an amount that the rules do not allow. Raises TermsInvalid, NotFound."""
    customer = session.get(Customer, customer_id)
    if customer is None:
        raise NotFound("There is no such customer")
    if due_on < today or amount <= ZERO:
        raise TermsInvalid("A promise is for today or a later day, and for more than nothing")
    return requests.ask_terms(
        session, kind="promise_extension", subject=f"{customer.number} {customer.name}", customer_id=customer_id,
        amount=amount, terms={"customer_id": str(customer_id), "amount": str(amount), "due_on": due_on.isoformat()},
        reason=reason, asked_by=actor, now=now, idempotency_key=key,
    )  # fmt: skip


def approve_terms(
    session: Session, *, request_id: Id, approved_by: str, role: str, today: date, now: datetime, origin: str = ""
) -> TermsRequest:  # fmt: skip
    """Allow it and carry it out in the same transaction; the asker hears it.

    Discounts and prices beyond the limits are an owner's to allow; longer promises also a manager's. Raises
    TermsDecided, OwnRequest, TermsInvalid, NotFound, and what carrying it out raises.
    """
    request = requests.decide_terms(
        session, request_id=request_id, state="approved", decided_by=approved_by, now=now,
        may_own=role in DECIDES_ALONE,
    )  # fmt: skip
    if request.kind != "promise_extension" and role not in DECIDES_ALONE:
        raise TermsInvalid(f"{request.number} goes beyond what a manager may allow: the owner decides")
    if request.kind == "discount":
        _discount(session, request.terms, reason=request.reason, approved_by=approved_by)
    elif request.kind == "plan_price":
        _price(session, request.terms)
    else:
        move_promise(
            session, customer_id=Id(request.terms["customer_id"]), amount=Decimal(request.terms["amount"]),
            due_on=date.fromisoformat(request.terms["due_on"]), taken_by=request.asked_by, today=today, now=now,
            origin=origin,
        )  # fmt: skip
    _tell(session, request, now)
    return request


def refuse_terms(session: Session, *, request_id: Id, refused_by: str, reason: str, now: datetime) -> TermsRequest:
    """Say no, with a reason that the asker hears. Raises TermsDecided, OwnRequest, TermsInvalid, NotFound."""
    if not reason.strip():
        raise TermsInvalid("Say why it is refused: who asked is told")
    request = requests.decide_terms(
        session, request_id=request_id, state="refused", decided_by=refused_by, now=now, note=reason
    )
    _tell(session, request, now)
    return request


def _discount(session: Session, terms: dict[str, str | int | None], *, reason: str, approved_by: str) -> None:
    percent, amount, periods = terms["percent"], terms["amount"], terms["periods"]
    grant_discount(
        session, subscription_id=Id(str(terms["subscription_id"])),
        valid_from=date.fromisoformat(str(terms["valid_from"])),
        percent=Decimal(percent) if percent is not None else None,
        amount=Decimal(amount) if amount is not None else None,
        periods=int(periods) if periods is not None else None, reason=reason, approved_by=approved_by,
    )  # fmt: skip


def _price(session: Session, terms: dict[str, str]) -> None:
    set_price(
        session, plan_id=Id(terms["plan_id"]), amount=Decimal(terms["amount"]),
        valid_from=date.fromisoformat(terms["valid_from"]),
    )  # fmt: skip


def _tell(session: Session, request: TermsRequest, now: datetime) -> None:
    kind, _, key = request.asked_by.partition(":")
    asker = session.get(Staff, Id(key)) if kind == "staff" else None
    if asker is not None and asker.state == "active":
        tell_employee(session, staff=asker, words=lambda language: decided_words(language, request), now=now,
                      dedupe_key=f"terms:{request.id}")  # fmt: skip
