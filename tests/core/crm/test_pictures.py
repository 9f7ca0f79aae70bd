"""Pictures that show the same are found again whatever was done to them; others of the same app are let alone."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFont

from core import vault
from core.billing.claims import claim_payment
from core.billing.payment_models import PaymentClaim
from core.crm.likeness import pictures_like
from core.crm.models import Document
from core.crm.pictures import difference_hash, distance, picture_print, same_print
from core.db import company_session
from core.ids import new_id
from tests.builders import make_customer
from tests.cast import NOW, TestCompany


def a_screenshot(amount: int, reference: int, clock: str = "14:05") -> Image.Image:
    """A payment app's receipt on a phone; only the figures differ from one to the next."""
    picture = Image.new("RGB", (1080, 2280), (250, 250, 250))
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(48)
    draw.rectangle((0, 0, 1080, 90), fill=(30, 30, 30))
    draw.rectangle((0, 90, 1080, 320), fill=(20, 120, 60))
    draw.ellipse((440, 430, 640, 630), fill=(20, 160, 80))
    told = ("Transaction successful", f"Rs. {amount}.00", "To: Ravi Fiber", f"TID {reference}", f"25 Nov 2026 {clock}")
    for line, said in enumerate(told):
        draw.text((120, 700 + 130 * line), said, fill=(30, 30, 30), font=font)
    draw.rectangle((100, 2000, 980, 2120), fill=(20, 120, 60))
    return picture


def encoded(picture: Image.Image, kind: str = "JPEG", **options: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


ORIGINAL = a_screenshot(2500, 88442211907)
CHANGED = {
    "compressed": encoded(ORIGINAL, quality=30),
    "smaller": encoded(ORIGINAL.resize((540, 1140)), quality=60),
    "as PNG": encoded(ORIGINAL, "PNG"),
    "brighter": encoded(ImageEnhance.Brightness(ORIGINAL).enhance(1.3)),
    "darker": encoded(ImageEnhance.Brightness(ORIGINAL).enhance(0.6)),
    "paler": encoded(ImageEnhance.Contrast(ORIGINAL).enhance(0.7)),
    "grey": encoded(ORIGINAL.convert("L")),
}


@pytest.mark.parametrize("how", CHANGED)
def test_a_picture_is_known_again_however_it_was_changed(how: str) -> None:
    assert same_print(picture_print(encoded(ORIGINAL)), picture_print(CHANGED[how]))


@pytest.mark.parametrize(("amount", "reference", "clock"), [(2500, 71300948826, "09:41"), (4300, 66120057391, "18:22")])
def test_another_receipt_of_the_same_app_is_another_picture(amount: int, reference: int, clock: str) -> None:
    one, other = encoded(ORIGINAL), encoded(a_screenshot(amount, reference, clock))
    assert distance(difference_hash(one), difference_hash(other)) <= 6  # from afar they are the same
    assert not same_print(picture_print(one), picture_print(other))


def test_what_is_no_picture_has_no_print() -> None:
    assert picture_print(b"%PDF-1.7 nothing to see") == b""
    assert picture_print(encoded(ORIGINAL)[:200]) == b""
    assert picture_print(encoded(Image.new("RGB", (50, 50)))) == b""


def kept(company: TestCompany, data: bytes, *, with_print: bool = True) -> Document:
    with company_session(company.id, "test") as session:
        document = Document(
            id=new_id(), state="stored", sha256=vault.put(data), size=len(data), mime_type="image/jpeg",
            image_hash=difference_hash(data), image_print=picture_print(data) if with_print else b"",
        )  # fmt: skip
        session.add(document)
        session.flush()
        session.expunge(document)
    return document


def test_the_same_bytes_come_first_and_what_has_no_print_has_to_be_close(company: TestCompany) -> None:
    alike = kept(company, CHANGED["smaller"])
    kept(company, encoded(a_screenshot(4300, 66120057391)))
    old = kept(company, CHANGED["compressed"], with_print=False)
    same = kept(company, encoded(ORIGINAL))
    document = kept(company, encoded(ORIGINAL))
    with company_session(company.id) as session:
        assert pictures_like(session, document) == [same.id, alike.id, old.id]


def test_another_companys_pictures_are_not_looked_at(company: TestCompany, other_company: TestCompany) -> None:
    kept(other_company, encoded(ORIGINAL))
    document = kept(company, encoded(ORIGINAL))
    with company_session(company.id) as session:
        assert pictures_like(session, document) == []


def test_a_claim_with_a_changed_picture_of_anothers_claim_is_doubtful_and_an_honest_one_is_not(
    company: TestCompany,
) -> None:
    def claims(name: str, reference: str, data: bytes) -> PaymentClaim:
        document = kept(company, data)
        with company_session(company.id, "test") as session:
            customer = make_customer(session, company, name=name)
            return claim_payment(session, customer_id=customer.id, amount=Decimal("2500.00"), reference=reference,
                                 method="", document_id=document.id, now=NOW)  # fmt: skip

    first = claims("Ayesha", "TID 88442211907", encoded(ORIGINAL))
    honest = claims("Bilal", "TID 66120057391", encoded(a_screenshot(2500, 66120057391, "18:22")))
    copied = claims("Kamran", "TID 12345678901", CHANGED["brighter"])
    respelt = claims("Nadia", "tid-0088442 211907", encoded(a_screenshot(900, 55500011122, "11:11")))
    assert [claim.duplicate_of for claim in (first, honest, copied, respelt)] == [None, None, first.id, first.id]
