"""The company's logo: on every invoice, receipt and payslip that is printed from now on, and in the panel's head."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core import vault
from core.companies import Company, current_company
from core.printing.logos import clean_logo


def keep_logo(session: Session, *, data: bytes) -> Company:
    """Make the picture the company's logo; documents that are printed again carry it too. Raises LogoRefused."""
    company = current_company(session)
    company.logo_sha256 = vault.put(clean_logo(data))
    session.flush()
    return company


def drop_logo(session: Session) -> Company:
    """Print documents without a logo again."""
    company = current_company(session)
    company.logo_sha256 = ""
    session.flush()
    return company
