"""The variables of a message that are looked up for each customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.invoice_models import Invoice
from core.billing.plan_models import Plan
from core.billing.subscription_models import Subscription
from core.companies import Company
from core.crm.models import Customer
from core.ids import Id
from core.money import ZERO
from core.printing.figures import amount_text, day_text

FACTS = ("company", "name", "number", "plan", "area", "amount", "due_on", "how_to_pay")
"""What is known of everybody; any other variable of a template is one text for all."""
UNPAID = ("issued", "part_paid")


def facts_of(
    session: Session, customers: Sequence[Customer], *, company: Company, languages: Mapping[Id, str]
) -> dict[Id, dict[str, str]]:
    """The FACTS of each customer in his language, each on one line and never empty; read in sets."""
    ids = [customer.id for customer in customers]
    owed = _owed(session, ids)
    plans = _plans(session, ids)
    ways = ", ".join(f"{name} {where}" for name, where in company.payment_methods.items())
    found = {}
    for customer in customers:
        language = languages.get(customer.id, company.default_language)
        amount, due_on = owed.get(customer.id, (ZERO, None))
        facts = {
            "company": company.name, "name": customer.name, "number": customer.number,
            "plan": plans.get(customer.id, ""), "area": customer.sub_zone.name,
            "amount": amount_text(amount, language, company.currency),
            "due_on": day_text(due_on, language) if due_on else "", "how_to_pay": ways or company.support_phone,
        }  # fmt: skip
        found[customer.id] = {name: " ".join(value.split()) or "-" for name, value in facts.items()}
    return found


def _owed(session: Session, ids: Sequence[Id]) -> dict[Id, tuple[Decimal, date | None]]:
    rows = session.execute(
        select(Invoice.customer_id, func.sum(Invoice.balance), func.min(Invoice.due_on))
        .where(Invoice.customer_id.in_(ids), Invoice.balance > 0, Invoice.state.in_(UNPAID))
        .group_by(Invoice.customer_id)
    )
    return {customer_id: (amount, due_on) for customer_id, amount, due_on in rows}


def _plans(session: Session, ids: Sequence[Id]) -> dict[Id, str]:
    rows = session.execute(
        select(Subscription.customer_id, Plan.name)
        .join(Plan, Plan.id == Subscription.plan_id)
        .where(Subscription.customer_id.in_(ids), Subscription.state != "ended")
        .order_by(Subscription.id.desc())
    )
    return {row.customer_id: row.name for row in rows}
