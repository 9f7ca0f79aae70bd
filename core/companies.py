"""The companies that share an installation, and their business numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ForeignKey, and_, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.db import Base, Json, Keyed, Owned
from core.errors import DomainError
from core.ids import Id

LANGUAGES = ("en", "ur_Latn", "ur")


class CompanyFactsInvalid(DomainError):
    """The company's name, language or ways to pay cannot be kept; the fact `field` names which."""


class Company(Keyed, Base):
    """An internet service provider."""

    __tablename__ = "company"
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    timezone: Mapped[str] = mapped_column(default="Asia/Karachi")
    currency: Mapped[str] = mapped_column(default="PKR")
    country: Mapped[str] = mapped_column(default="PK")
    fiscal_year_start_month: Mapped[int] = mapped_column(default=7)
    default_language: Mapped[str] = mapped_column(default="en")
    address: Mapped[str] = mapped_column(default="")
    support_phone: Mapped[str] = mapped_column(default="")
    tax_number: Mapped[str] = mapped_column(default="")
    logo_sha256: Mapped[str] = mapped_column(default="", server_default="")
    """A picture in the vault, printed on documents."""
    sales_tax_number: Mapped[str] = mapped_column(default="")
    payment_methods: Mapped[Json] = mapped_column(default=dict)
    """How customers pay: {"JazzCash": "0300 ...", "Meezan Bank": "PK36MEZN..."}; printed as they stand."""


class BusinessNumber(Owned, Base):
    """A WhatsApp number of a company; inbound messages are routed by its `phone_number_id`."""

    __tablename__ = "business_number"
    company_id: Mapped[Id] = mapped_column(ForeignKey("company.id"), index=True)
    phone_number_id: Mapped[str] = mapped_column(unique=True)
    display_number: Mapped[str]
    waba_id: Mapped[str] = mapped_column(default="")
    messages_per_second: Mapped[int] = mapped_column(default=70)
    """The share of Meta's throughput given to sending; the rest is left to inbound."""


def route_of_number(session: Session, phone_number_id: str) -> tuple[Id, Id] | None:
    """(company id, business number id) for Meta's `phone_number_id`; needs a platform session."""
    row = session.execute(
        select(BusinessNumber.company_id, BusinessNumber.id).where(BusinessNumber.phone_number_id == phone_number_id)
    ).one_or_none()
    return (row[0], row[1]) if row else None


def routes_of_account(session: Session, *, account_id: str, display_digits: str) -> list[tuple[Id, Id]]:
    """(company id, business number id) of every number that is meant; needs a platform session.

    With a dialled number that one alone, also where its account is not known yet; else all of the account.
    """
    digits = func.regexp_replace(BusinessNumber.display_number, r"\D", "", "g")
    of_account = (
        BusinessNumber.waba_id.in_(("", account_id)) if display_digits else BusinessNumber.waba_id == account_id
    )
    is_meant = and_(of_account, digits == display_digits) if display_digits else of_account
    if not (display_digits or account_id):
        return []
    rows = session.execute(
        select(BusinessNumber.company_id, BusinessNumber.id).where(is_meant).order_by(BusinessNumber.id)
    )
    return [(row[0], row[1]) for row in rows]


def note_account(session: Session, *, business_number_id: Id, account_id: str) -> None:
    """Keep the WhatsApp business account that a number belongs to."""
    session.execute(
        update(BusinessNumber).where(BusinessNumber.id == business_number_id, BusinessNumber.waba_id != account_id)
        .values(waba_id=account_id)
    )  # fmt: skip


def companies_of_account(session: Session, waba_id: str) -> Sequence[Id]:
    """The companies with a number under Meta's WhatsApp Business Account; needs a platform session."""
    found = select(BusinessNumber.company_id).where(BusinessNumber.waba_id == waba_id).distinct()
    return session.scalars(found).all() if waba_id else []


def company_by_slug(session: Session, slug: str) -> Id | None:
    """The company of that slug; needs a platform session."""
    return session.scalar(select(Company.id).where(Company.slug == slug))


def current_company(session: Session) -> Company:
    """The company this session belongs to."""
    return session.scalars(select(Company)).one()


def change_company(
    session: Session, *, name: str, address: str, support_phone: str, tax_number: str, sales_tax_number: str,
    default_language: str, payment_methods: Mapping[str, str],
) -> Company:  # fmt: skip
    """What documents print of the company, and how it speaks to who has chosen no language.

    Invoices that are out keep the name and numbers they were issued with. Raises CompanyFactsInvalid.
    """
    if not name.strip():
        raise CompanyFactsInvalid("Every document names the company: give it a name", field="name")
    if default_language not in LANGUAGES:
        raise CompanyFactsInvalid(f"Choose one of {', '.join(LANGUAGES)}", field="default_language")
    company = current_company(session)
    company.name, company.address, company.support_phone = name.strip(), address.strip(), support_phone.strip()
    company.tax_number, company.sales_tax_number = tax_number.strip(), sales_tax_number.strip()
    company.default_language = default_language
    company.payment_methods = {method.strip(): number.strip() for method, number in payment_methods.items()}
    session.flush()
    return company


_kept: dict[Id, tuple[str, Company]] = {}


def company_as_of(session: Session, company_id: Id, version: str) -> Company:
    """The company to read from, remembered while `version`, the `xmin` of its row, stays what it was.

    It belongs to no session and several turns share it: to change a company, take `current_company`.
    """
    known = _kept.get(company_id)
    if known is None or known[0] != version:
        company = session.get_one(Company, company_id)
        session.expunge(company)
        known = _kept[company_id] = (version, company)
    return known[1]
