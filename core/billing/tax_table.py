"""The company's dated tax rows and its customers' certificates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.plan_models import SERVICE_CLASSES, TaxExemption, TaxRate
from core.billing.taxes import TaxRule
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.accounts import account_ids
from core.money import ZERO

KINDS = ("sales_tax", "excise", "advance_income_tax")
BASES = ("net", "net_plus_sales_tax")


class TaxInvalid(DomainError):
    """The row cannot be computed with."""


def add_tax_rate(
    session: Session, *, code: str, name: str, kind: str, base: str, percent: Decimal, account_code: str,
    valid_from: date, valid_to: date | None = None, threshold: Decimal = ZERO, jurisdiction: str = "",
    service_class: str = "", customer_class: str = "",
) -> TaxRate:  # fmt: skip
    """A row of the tax table; `base` is net or net_plus_sales_tax, an empty selector means any. Raises TaxInvalid."""
    if not 0 <= percent <= 1000 or threshold < 0:
        raise TaxInvalid(
            f"{code} at {percent} % above {threshold} is no tax: use 0 to 1000 % and no negative threshold"
        )
    _check_row(session, code, kind, base, account_code)
    same = select(TaxRate.id).where(
        TaxRate.code == code, TaxRate.jurisdiction == jurisdiction, TaxRate.service_class == service_class,
        TaxRate.customer_class == customer_class, TaxRate.valid_from == valid_from,
    )  # fmt: skip
    if session.scalar(same) is not None:
        raise TaxInvalid(f"{code} has such a row from {valid_from} on already: choose another day")
    if service_class and service_class not in SERVICE_CLASSES:
        raise TaxInvalid(f"There is no service class {service_class!r}: use one of {', '.join(SERVICE_CLASSES)}")
    if valid_to is not None and valid_to < valid_from:
        raise TaxInvalid(f"{code} would end on {valid_to}, before it starts on {valid_from}")
    rate = TaxRate(
        id=new_id(), code=code, name=name, kind=kind, base=base, percent=percent, account_code=account_code,
        valid_from=valid_from, valid_to=valid_to, threshold=threshold, jurisdiction=jurisdiction,
        service_class=service_class, customer_class=customer_class,
    )  # fmt: skip
    session.add(rate)
    session.flush()
    return rate


def _check_row(session: Session, code: str, kind: str, base: str, account_code: str) -> None:
    faults = {
        "it needs a code": not code.strip(),
        f"{kind!r} is no kind of tax: use {', '.join(KINDS)}": kind not in KINDS,
        f"{base!r} is no base: use {', '.join(BASES)}": base not in BASES,
        f"there is no account {account_code!r}": account_code not in account_ids(session),
    }
    found = [fault for fault, there in faults.items() if there]
    if found:
        raise TaxInvalid(f"This row of the tax table cannot be kept: {'; '.join(found)}")


def add_exemption(
    session: Session, *, customer_id: Id, tax_code: str, certificate_no: str, valid_from: date,
    valid_to: date | None = None, document_id: Id | None = None,
) -> TaxExemption:  # fmt: skip
    """A customer's certificate: invoices of its days carry no such tax. Raises TaxInvalid."""
    if session.scalar(select(TaxRate.id).where(TaxRate.code == tax_code).limit(1)) is None:
        raise TaxInvalid(f"There is no tax {tax_code!r} to be exempt from")
    if valid_to is not None and valid_to < valid_from:
        raise TaxInvalid(f"The certificate would end on {valid_to}, before it starts on {valid_from}")
    exemption = TaxExemption(
        id=new_id(), customer_id=customer_id, tax_code=tax_code, certificate_no=certificate_no,
        valid_from=valid_from, valid_to=valid_to, document_id=document_id,
    )  # fmt: skip
    session.add(exemption)
    session.flush()
    return exemption


def exemptions_of(session: Session, *, customer_id: Id) -> Sequence[TaxExemption]:
    """The customer's certificates, the newest first."""
    certificates = select(TaxExemption).where(TaxExemption.customer_id == customer_id)
    return session.scalars(certificates.order_by(TaxExemption.valid_from.desc(), TaxExemption.id)).all()


def end_exemption(session: Session, *, exemption_id: Id, valid_to: date) -> TaxExemption:
    """The certificate holds to `valid_to`, its last day; what was invoiced stays. Raises NotFound, TaxInvalid."""
    exemption = session.get(TaxExemption, exemption_id)
    if exemption is None:
        raise NotFound("There is no such certificate")
    if valid_to < exemption.valid_from:
        raise TaxInvalid(f"The certificate would end on {valid_to}, before it starts on {exemption.valid_from}")
    exemption.valid_to = valid_to
    session.flush()
    return exemption


def read_rules(session: Session) -> tuple[TaxRule, ...]:
    """Every row of the company's tax table."""
    columns = (
        TaxRate.code, TaxRate.name, TaxRate.kind, TaxRate.base, TaxRate.percent, TaxRate.account_code,
        TaxRate.valid_from, TaxRate.valid_to, TaxRate.threshold, TaxRate.jurisdiction, TaxRate.service_class,
        TaxRate.customer_class,
    )  # fmt: skip
    return tuple(TaxRule(*row) for row in session.execute(select(*columns).order_by(TaxRate.id)))


def tax_rates(session: Session) -> Sequence[TaxRate]:
    """The company's tax table by code, the newest row of each first."""
    return session.scalars(select(TaxRate).order_by(TaxRate.code, TaxRate.valid_from.desc(), TaxRate.id)).all()
