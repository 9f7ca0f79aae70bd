"""A technician photographs a label instead of typing a serial."""

from __future__ import annotations

import io

import numpy as np
import pytest
import zxingcpp
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from core.clock import utc_now
from core.crm.models import Document
from core.db import company_session
from core.inventory.barcodes import serials_in_picture
from core.inventory.items import item_by_serial
from core.usecases.store_document import store_document
from tests.cast import TestCompany
from tests.stories.field import FieldDay, field_day


def photo_of(*texts: str, turned: float = 6, code: str = "Code128") -> bytes:
    """A photo as phones take them: a label on a grey box, not quite straight, as JPEG."""
    box = Image.new("L", (1400, 500 * len(texts)), 170)
    for place, text in enumerate(texts):
        made = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, code))
        label = Image.fromarray(np.array(made.to_image()))
        box.paste(label.resize((label.width * 4, label.height * 4)), (150, 100 + 500 * place))
    shot = io.BytesIO()
    box.rotate(turned, expand=True, fillcolor=170).save(shot, "JPEG", quality=80)
    return shot.getvalue()


def arrives(day: FieldDay, data: bytes) -> None:
    with company_session(day.company.id, "test") as session:
        waiting = session.scalars(select(Document).where(Document.state == "pending")).one()
        store_document(
            session, document_id=waiting.id, sha256=f"{hash(data) & 0xFFFF:064x}", size=len(data), image_hash="",
            mime_type="image/jpeg", serials=serials_in_picture(data), now=utc_now(),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("language", "said", "asked", "offered"),
    [
        ("en", "part used", "label", "Did you use it"),
        ("ur_Latn", "onu badal diya", "label", "par laga"),
        ("ur", "او این یو بدل دیا", "لیبل", "پر لگا"),
    ],
)
def test_a_photo_of_a_label_is_the_serial_and_one_tap_uses_the_piece(
    client: FlaskClient, company: TestCompany, language: str, said: str, asked: str, offered: str
) -> None:
    day = field_day(client, company, language=language)
    _, number = day.customer_with_a_complaint()
    day.tariq.tells(said)
    assert asked in day.tariq.sends_photo().text
    arrives(day, photo_of("HWTC87654321"))
    offer = day.tariq.reply()
    assert offered in offer.text and number in offer.text and "HWTC87654321" in offer.text
    day.tariq.taps_action("piece:")
    with company_session(company.id) as session:
        assert item_by_serial(session, "HWTC87654321").holder_kind == "customer"
        assert item_by_serial(session, "HWTC12345678").holder_kind == "technician"


def test_a_proof_that_shows_the_label_offers_the_piece_too_and_one_that_does_not_says_nothing(
    client: FlaskClient, company: TestCompany
) -> None:
    day = field_day(client, company, language="en")
    day.customer_with_a_complaint()
    day.tariq.sends_photo()
    arrives(day, photo_of("SN:HWTC12345678;MAC:A1B2C3", code="QRCode"))
    assert "HWTC12345678" in day.tariq.reply().text
    day.tariq.sends_photo()
    day.tariq.heard()
    arrives(day, photo_of("0123456789"))
    assert day.tariq.heard() == []


def test_a_label_of_what_he_does_not_carry_is_not_offered(client: FlaskClient, company: TestCompany) -> None:
    day = field_day(client, company, language="en")
    day.customer_with_a_complaint()
    day.tariq.tells("part used")
    day.tariq.sends_photo()
    arrives(day, photo_of("ZTEG00000001"))
    assert "could not read the serial of a piece that you carry" in day.tariq.reply().text
