"""The company's logo: told by its content, made anew, on documents and in the panel's head."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pypdf import PdfReader

from cli.web import create_app
from core import vault
from core.billing.invoice_pdf import invoice_pdf
from core.companies import current_company
from core.db import company_session
from core.printing.logos import BOX, SIZE_MAX, LogoRefused, clean_logo
from core.staff.months import month_of
from core.staff.payslip_pdf import payslip_pdf
from tests.builders import make_customer, make_invoice, make_plan, make_staff, make_subscription
from tests.cast import NOW, TestCompany
from tests.panel.visitors import SETTINGS, token_of, visitor


@pytest.fixture(scope="module")
def app(database: str) -> Flask:
    return create_app(SETTINGS)


def picture(kind: str = "PNG", size: tuple[int, int] = (1600, 400), mode: str = "RGB", **more: object) -> bytes:
    made = io.BytesIO()
    Image.new(mode, size, (15, 118, 110, 0) if mode == "RGBA" else (15, 118, 110)).save(made, kind, **more)
    return made.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_a_logo_is_made_anew_within_its_box_and_stays_transparent() -> None:
    hidden = PngInfo()
    hidden.add_text("Comment", "secret-place")
    png = clean_logo(picture(mode="RGBA", pnginfo=hidden))
    assert (opened(png).format, opened(png).size, opened(png).mode) == ("PNG", (BOX[0], 200), "RGBA")
    assert opened(png).getpixel((5, 5))[3] == 0 and b"secret-place" not in png
    jpeg = clean_logo(picture("JPEG", (300, 200), comment=b"secret-place"))
    assert (opened(jpeg).format, opened(jpeg).size) == ("JPEG", (300, 200)) and b"secret-place" not in jpeg


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"", "Choose a file"), (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no PNG or JPEG"),
     (picture("GIF", (100, 100)), "no PNG or JPEG"), (picture()[:60], "no PNG or JPEG"),
     (picture(size=(20, 20)), "too small"), (b"\x89PNG\r\n\x1a\n" + b"0" * SIZE_MAX, "2 MB at most"),
     (picture("PNG", (6000, 4000), "RGB"), "too many points")],
)  # fmt: skip
def test_what_is_no_logo_is_refused_with_what_would_do(data: bytes, why: str) -> None:
    with pytest.raises(LogoRefused, match=why):
        clean_logo(data)


def test_the_owner_uploads_a_logo_and_documents_and_the_head_show_it(app: Flask, company: TestCompany) -> None:
    owner = visitor(app, company, "owner")
    assert "/logo?" not in owner.get("/").text and owner.get("/logo").status_code == 404

    def send(data: bytes, **more: str):
        fields = {"logo": (io.BytesIO(data), "logo.exe"), "csrf_token": token_of(owner, "/"), **more}
        return owner.post("/settings/company/logo", data=fields, follow_redirects=True)

    refused = send(b"not a picture")
    assert refused.status_code == 422 and "no PNG or JPEG picture" in refused.text
    assert "The logo is kept" in send(picture()).text
    shown = owner.get("/logo")
    assert shown.mimetype == "image/png" and opened(shown.data).size == (800, 200)
    assert "/logo?v=" in visitor(app, company, "recovery_agent").get("/overdue").text
    with company_session(company.id, "test") as session:
        invoice = make_invoice(
            session, make_subscription(session, make_customer(session, company), make_plan(session)).id
        )
        staff = make_staff(session, company, role="technician")
        for pdf in (
            invoice_pdf(session, invoice_id=invoice.id)[1],
            payslip_pdf(session, staff_id=staff.id, month=month_of(NOW.date()))[1],
        ):
            pages = PdfReader(io.BytesIO(pdf)).pages
            assert (800, 200) in {image.image.size for image in pages[0].images if image.image}
        assert opened(vault.get(current_company(session).logo_sha256)).format == "PNG"
    assert "The logo is removed." in send(b"", remove="").text
    assert owner.get("/logo").status_code == 404


def test_a_manager_does_not_change_the_logo(app: Flask, company: TestCompany) -> None:
    manager = visitor(app, company, "manager")
    answer = manager.post("/settings/company/logo", data={"csrf_token": token_of(manager, "/")})
    assert answer.status_code == 403
