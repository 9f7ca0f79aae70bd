"""One-off charges: installation, equipment, deposits, fees. They wait for the next invoice or are invoiced at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.billing.invoice_models import Invoice
from core.billing.invoices import issue_charges
from core.billing.payments import KeyReused
from core.billing.subscription_models import PendingCharge, Subscription
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.money import ZERO, parse_amount, rounded


@dataclass(frozen=True)
class ChargeKind:
    """What is charged: the words printed, the kind of invoice it makes alone, its tax class and account."""

    words: str
    invoice_kind: str
    service_class: str
    account_code: str


CHARGES = {
    "installation": ChargeKind("Installation", "installation", "installation", "4020"),
    "relocation": ChargeKind("Relocation", "installation", "installation", "4020"),
    "equipment_sale": ChargeKind("Equipment", "equipment", "equipment", "4030"),
    "equipment_rental": ChargeKind("Rent of equipment", "equipment", "equipment", "4040"),
    "equipment_deposit": ChargeKind("Deposit for equipment (refundable)", "equipment", "deposit", "2210"),
    "equipment_lost": ChargeKind("Equipment not returned", "equipment", "equipment", "4090"),
    "kept_deposit": ChargeKind("Part of the deposit kept", "equipment", "deposit", "4090"),
    "reconnection": ChargeKind("Reconnection fee", "other", "fee", "4090"),
    "late_fee": ChargeKind("Late fee", "other", "fee", "4050"),
    "other": ChargeKind("Other charge", "other", "other", "4090"),
    "reduction": ChargeKind("Reduction", "other", "other", "4080"),
}
"""A reduction alone is negative; it is given with the next invoice."""


class ChargeInvalid(DomainError):
    """What was asked for does not make a charge."""


class ChargeInvoiced(DomainError):
    """The charge stands on an invoice already."""


def add_charge(
    session: Session, *, customer_id: Id, what: str, amount: Decimal, bill_from: date, created_by: str,
    idempotency_key: str, quantity: Decimal = Decimal(1), subscription_id: Id | None = None, description: str = "",
    service_class: str = "", account_code: str = "", tax_inclusive: bool = False,
) -> PendingCharge:  # fmt: skip
    """Let a charge of CHARGES wait for the customer's next invoice from `bill_from` on; `amount` is one unit's price.

    A service class or account of its own replaces the usual one. A repeat of the key returns the first.
    Raises ChargeInvalid, NotFound, KeyReused, AmountInvalid.
    """
    kind = CHARGES.get(what)
    if kind is None:
        raise ChargeInvalid(f"{what!r} is no charge: use one of {', '.join(CHARGES)}")
    unit = parse_amount(amount)
    total = rounded(unit * quantity)
    if quantity <= 0 or total == ZERO or (total < ZERO) != (what == "reduction"):
        raise ChargeInvalid(f"{kind.words} of {quantity} x {unit}: a reduction is below zero, all else above")
    first = session.scalar(select(PendingCharge).where(PendingCharge.idempotency_key == idempotency_key))
    if first is not None:
        return _same(first, customer_id, total)
    _check_owner(session, customer_id, subscription_id)
    charge = PendingCharge(
        id=new_id(), customer_id=customer_id, subscription_id=subscription_id, invoice_kind=kind.invoice_kind,
        service_class=service_class or kind.service_class, description=description or kind.words, quantity=quantity,
        unit_price=unit, amount=total, tax_inclusive=tax_inclusive, account_code=account_code or kind.account_code,
        bill_from=bill_from, idempotency_key=idempotency_key, created_by=created_by,
    )  # fmt: skip
    session.add(charge)
    session.flush()
    return charge


def _same(first: PendingCharge, customer_id: Id, total: Decimal) -> PendingCharge:
    if (first.customer_id, first.amount) != (customer_id, total):
        raise KeyReused("The key came with another charge: use a new key")
    return first


def _check_owner(session: Session, customer_id: Id, subscription_id: Id | None) -> None:
    if session.scalar(text("SELECT 1 FROM customer WHERE id = :id"), {"id": customer_id}) is None:
        raise NotFound("There is no such customer")
    if subscription_id is None:
        return
    subscription = session.get(Subscription, subscription_id)
    if subscription is None or customer_id not in (subscription.customer_id, subscription.payer_id):
        raise NotFound("The customer has no such subscription")


def cancel_charge(session: Session, *, charge_id: Id, now: datetime) -> PendingCharge:
    """A charge that waits is not made after all. Raises NotFound, ChargeInvoiced."""
    charge = session.get(PendingCharge, charge_id, with_for_update=True)
    if charge is None:
        raise NotFound("There is no such charge")
    if charge.invoice_id is not None:
        raise ChargeInvoiced(f"{charge.description} is invoiced: credit the invoice instead")
    charge.cancelled_at = charge.cancelled_at or now
    session.flush()
    return charge


def invoice_now(
    session: Session, *, charge_ids: Collection[Id], issued_on: date, actor: str, due_on: date | None = None,
    origin: str = "",
) -> list[Invoice]:  # fmt: skip
    """Invoice waiting charges at once, one invoice for each customer and kind (installation, equipment, other).

    Raises NotFound, ChargeInvoiced, TotalNegative, AddressMissing.
    """
    charges = session.scalars(
        select(PendingCharge).where(PendingCharge.id.in_(charge_ids)).order_by(PendingCharge.id).with_for_update()
    ).all()
    if len(charges) < len(set(charge_ids)):
        raise NotFound("One of the charges does not exist")
    taken = next((c for c in charges if c.invoice_id is not None or c.cancelled_at is not None), None)
    if taken is not None:
        raise ChargeInvoiced(f"{taken.description} is invoiced or cancelled already")
    groups: dict[tuple[Id, str], list[Id]] = defaultdict(list)
    for charge in charges:
        groups[charge.customer_id, charge.invoice_kind].append(charge.id)
    invoices = [
        issue_charges(
            session, customer_id=customer_id, issued_on=issued_on, actor=actor, charge_ids=ids, due_on=due_on,
            origin=origin,
        )
        for (customer_id, _), ids in groups.items()
    ]  # fmt: skip
    for charge in charges:
        session.refresh(charge)
    return invoices
