"""A new company: its row, its business number, its chart of accounts, the tax rates and templates to start from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.billing.plan_models import BillingPolicy
from core.billing.tax_table import add_tax_rate
from core.companies import BusinessNumber, Company
from core.errors import DomainError
from core.ids import new_id
from core.ledger.accounts import open_chart
from core.messaging.templates import seed_templates


class NumberTaken(DomainError):
    """The slug or the WhatsApp number belongs to a company already."""


def open_company(
    session: Session, *, slug: str, name: str, phone_number_id: str, display_number: str, address: str = "",
    support_phone: str = "", tax_number: str = "", sales_tax_number: str = "", default_language: str = "en",
    payment_methods: Mapping[str, str] | None = None, with_taxes: bool = True, waba_id: str = "",
) -> Company:  # fmt: skip
    """Needs a platform session; afterwards the company can bill and answer. Pakistani tax rates of 2025-26 are
    put in as a start (reference money 1.4): check them with an accountant. `waba_id` is the WhatsApp Business Account,
    under which Meta keeps the templates. Raises NumberTaken.
    """
    taken = text("SELECT 1 FROM company WHERE slug = :slug UNION SELECT 1 FROM business_number"
                 " WHERE phone_number_id = :number")  # fmt: skip
    if session.execute(taken, {"slug": slug, "number": phone_number_id}).first():
        raise NumberTaken(f"{slug!r} or the number {phone_number_id} is in use: choose another")
    company = Company(
        id=new_id(), slug=slug, name=name, address=address, support_phone=support_phone, tax_number=tax_number,
        sales_tax_number=sales_tax_number, default_language=default_language,
        payment_methods=dict(payment_methods or {}),
    )  # fmt: skip
    session.add(company)
    session.flush()
    session.add(
        BusinessNumber(
            id=new_id(),
            company_id=company.id,
            phone_number_id=phone_number_id,
            display_number=display_number,
            waba_id=waba_id,
        )
    )
    session.flush()
    session.execute(text("SELECT set_config('taar.company_id', :id, true)"), {"id": str(company.id)})
    open_chart(session)
    session.add(BillingPolicy(id=new_id()))
    seed_templates(session, by="system")
    session.flush()
    if with_taxes:
        _seed_taxes(session)
    return company


def _seed_taxes(session: Session) -> None:
    add_tax_rate(
        session, code="SST", name="Sales tax on services", kind="sales_tax", base="net", percent=Decimal("19.5"),
        account_code="2100", valid_from=date(2022, 7, 1),
    )  # fmt: skip
    add_tax_rate(
        session, code="AIT236", name="Advance income tax s.236", kind="advance_income_tax",
        base="net_plus_sales_tax", percent=Decimal("15"), account_code="2110", valid_from=date(2022, 2, 1),
    )  # fmt: skip
