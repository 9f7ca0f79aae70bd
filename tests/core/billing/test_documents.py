"""Printed documents: every figure is there, in English and in Urdu, whatever letters the names are written in."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import pytest
from PIL import Image
from pypdf import PdfReader

from core import vault
from core.billing.invoice_pdf import invoice_pdf
from core.billing.payments import record_payment
from core.billing.receipt_pdf import receipt_pdf
from core.companies import current_company
from core.db import company_session
from core.printing.labels import LABELS
from core.printing.page import Column, Letterhead, Page
from tests.builders import make_customer, make_invoice, make_plan, make_subscription
from tests.cast import NOW, TestCompany


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


@pytest.mark.parametrize("language", ["en", "ur_Latn", "ur"])
def test_an_invoice_prints_every_figure_in_each_language(company: TestCompany, language: str) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company, name="عائشہ خان")
        invoice = make_invoice(session, make_subscription(session, customer, make_plan(session)).id)

        name, pdf = invoice_pdf(session, invoice_id=invoice.id, language=language)

    printed = text_of(pdf)
    assert name == f"{invoice.number}.pdf"
    for figure in (str(invoice.number), customer.number, "2,500.00", "487.50", "448.13", "3,435.63"):
        assert figure in printed


def test_a_receipt_printed_again_later_shows_the_same_balance(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        subscription = make_subscription(session, customer, make_plan(session))
        make_invoice(session, subscription.id)
        payment = record_payment(
            session, customer_id=customer.id, amount=Decimal("1000.00"), method="cash",
            received_on=date(2026, 11, 12), idempotency_key="a", taken_by="test", now=NOW,
        )  # fmt: skip
    with company_session(company.id, "test") as session:
        make_invoice(session, subscription.id, month=date(2026, 10, 1))
        record_payment(
            session, customer_id=customer.id, amount=Decimal("500.00"), method="cash",
            received_on=date(2026, 11, 13), idempotency_key="b", taken_by="test", now=NOW,
        )  # fmt: skip

        printed = text_of(receipt_pdf(session, payment_id=payment.id)[1])

    assert "1,000.00" in printed
    assert "2,435.63" in printed


def test_the_logo_in_the_vault_is_printed(company: TestCompany) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (400, 200), (15, 118, 110)).save(picture, "png")
    with company_session(company.id, "test") as session:
        current_company(session).logo_sha256 = vault.put(picture.getvalue())
        invoice = make_invoice(
            session, make_subscription(session, make_customer(session, company), make_plan(session)).id
        )

        pdf = invoice_pdf(session, invoice_id=invoice.id)[1]

    sizes = {image.image.size for image in PdfReader(io.BytesIO(pdf)).pages[0].images if image.image}
    assert (400, 200) in sizes


def test_a_long_table_goes_on_over_pages_with_its_headings() -> None:
    page = Page(Letterhead("Chenab Net"), title="Long", language="en")

    page.table((Column("Heading", 100), Column("Amount", 74, True)), [(f"Line {n}", "1.00") for n in range(150)])

    pages = [text_of_page.extract_text() for text_of_page in PdfReader(io.BytesIO(page.output())).pages]
    assert len(pages) > 2
    assert all("Heading" in text for text in pages)
    assert "Line 149" in pages[-1]


def test_every_label_has_words_in_both_languages() -> None:
    assert [key for key, (english, urdu) in LABELS.items() if not english.strip() or not urdu.strip()] == []
