"""What customers say they have paid: kept, compared, decided by a person or the bank."""

from __future__ import annotations

import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from PIL import Image, ImageDraw, ImageFilter
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import vault
from core.billing.claims import (
    ClaimDecided,
    ClaimInvalid,
    approve_claim,
    claim_payment,
    compare_picture,
    customers_with_pending_claims,
    match_claim,
    pending_claims,
    reject_claim,
)
from core.billing.payment_models import Payment, PaymentClaim
from core.billing.references import mentions, reference_key
from core.crm.models import Document
from core.crm.pictures import NEAR, difference_hash, distance
from core.db import company_session
from core.ids import Id, new_id
from core.messaging.models import OutboundMessage
from core.usecases.decide_claim import accept_claim, refuse_claim
from tests.builders import make_customer, make_staff
from tests.cast import NOW, TODAY, TestCompany
from tests.core.billing.bills import assert_ties, owe, pay
from tests.core.billing.people import knows_on_whatsapp

ZONE = "Asia/Karachi"


def claim(session: Session, customer_id: Id, amount: str = "3400.00", reference: str = "JC-884422119",
          document_id: Id | None = None) -> PaymentClaim:  # fmt: skip
    return claim_payment(session, customer_id=customer_id, amount=Decimal(amount), reference=reference, method="",
                         document_id=document_id, now=NOW)  # fmt: skip


def a_receipt(*words: str, seed: int = 0) -> Image.Image:
    """A picture with large shapes, as a photo of a slip has."""
    picture = Image.new("RGB", (600, 800), (235, 235, 225))
    draw = ImageDraw.Draw(picture)
    for step in range(12):
        left, top = (seed * 53 + step * 97) % 480, (seed * 31 + step * 67) % 700
        draw.rectangle((left, top, left + 110, top + 60), fill=((seed * 40 + step * 21) % 256, 90, 120))
    for line, word in enumerate(words):
        draw.text((40, 60 + 40 * line), word, fill=(0, 0, 0))
    return picture


def encoded(picture: Image.Image, kind: str = "JPEG", **options: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def stored(session: Session, data: bytes) -> Id:
    document = Document(id=new_id(), state="stored", sha256=vault.put(data), image_hash=difference_hash(data),
                        mime_type="image/jpeg", size=len(data))  # fmt: skip
    session.add(document)
    session.flush()
    return document.id


@pytest.mark.parametrize(
    "written", ["JC-884422119", "jc 884422119", "JC 00884422119", "Jc-884 422 119", "JC-۸۸۴۴۲۲۱۱۹"]
)
def test_references_are_compared_as_people_copy_them(written: str) -> None:
    assert reference_key(written) == "jc884422119"


@pytest.mark.parametrize("word", ["cash", "", "JC-12", "---"])
def test_what_identifies_nothing_is_compared_with_nothing(word: str) -> None:
    assert reference_key(word) == ""
    assert not mentions("cash deposit", reference_key(word))


@pytest.mark.parametrize("narrative", ["IBFT 00884422119 AYESHA KHAN", "Ref:884422119/PK", "TRF 884 422 119 X"])
def test_a_bank_lines_words_are_searched_for_the_reference(narrative: str) -> None:
    assert mentions(narrative, reference_key("884422119"))
    assert not mentions(narrative, reference_key("84422119"))


def test_the_same_customers_pending_claim_is_returned_and_gets_the_photo(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        first = claim(session, customer.id)
        photo = stored(session, encoded(a_receipt("one")))
        again = claim(session, customer.id, reference="jc 884422119", document_id=photo)
        assert (again.id, again.document_id, again.duplicate_of) == (first.id, photo, None)
        assert [waiting.id for waiting in pending_claims(session)] == [first.id]


def test_another_customers_reference_is_kept_and_marked(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        ayesha, bilal = make_customer(session, company), make_customer(session, company, name="Bilal")
        first, second = claim(session, ayesha.id), claim(session, bilal.id)
        assert (second.state, second.duplicate_of) == ("pending", first.id)
        assert first.duplicate_of is None


def test_a_reference_that_is_booked_already_is_kept_and_marked(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        payment = pay(session, customer.id, "3400.00", reference="JC 0884422119")
        assert claim(session, customer.id).paid_already == payment.id


def test_a_claim_without_a_reference_repeats_as_often_as_it_likes(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        first, second = claim(session, customer.id, reference="cash"), claim(session, customer.id, reference="cash")
        assert first.id != second.id and second.duplicate_of is None


def test_a_picture_keeps_its_hash_in_another_size_and_compression() -> None:
    original = a_receipt("JazzCash", seed=3)
    hashes = [
        difference_hash(encoded(original, quality=95)),
        difference_hash(encoded(original.resize((300, 400)), quality=40)),
        difference_hash(encoded(original.filter(ImageFilter.GaussianBlur(1)), "PNG")),
    ]
    assert max(distance(one, other) for one in hashes for other in hashes) <= NEAR
    assert distance(hashes[0], difference_hash(encoded(a_receipt("JazzCash", seed=8)))) > NEAR


def test_what_is_no_picture_has_no_hash() -> None:
    assert difference_hash(b"%PDF-1.7 nothing to see") == ""
    assert difference_hash(encoded(a_receipt())[:200]) == ""
    assert difference_hash(encoded(Image.new("RGB", (50, 50)))) == ""


def test_the_same_and_a_similar_picture_are_marked_when_they_are_fetched(company: TestCompany) -> None:
    original = a_receipt("TID 1", seed=5)
    with company_session(company.id, "test") as session:
        ayesha, bilal = make_customer(session, company), make_customer(session, company, name="Bilal")
        first = claim(session, ayesha.id, reference="a", document_id=stored(session, encoded(original)))
        exact = claim(session, bilal.id, reference="b", document_id=stored(session, encoded(original)))
        near = claim(session, bilal.id, reference="c",
                     document_id=stored(session, encoded(original.resize((450, 600)), quality=60)))  # fmt: skip
        other = claim(session, bilal.id, reference="d", document_id=stored(session, encoded(a_receipt(seed=2))))
        assert [c.duplicate_of for c in (first, exact, near, other)] == [None, first.id, first.id, None]


def test_a_picture_fetched_after_the_claim_marks_it(company: TestCompany) -> None:
    data = encoded(a_receipt(seed=6))
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        first = claim(session, customer.id, reference="a", document_id=stored(session, data))
        waiting = Document(id=new_id(), state="pending")
        session.add(waiting)
        session.flush()
        late = claim(session, customer.id, reference="b", document_id=waiting.id)
        assert (late.duplicate_of, late.image_hash) == (None, "")
        waiting.state, waiting.sha256, waiting.image_hash = "stored", vault.put(data), difference_hash(data)
        session.flush()
        assert compare_picture(session, document_id=waiting.id) == [late]
        assert (late.duplicate_of, late.image_hash) == (first.id, first.image_hash)


def test_an_approved_claim_is_money_with_the_amount_that_arrived(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        owe(session, customer.id, "3435.00", due=date(2026, 11, 10))
        mine = claim(session, customer.id, amount="3435.00")
        payment = approve_claim(session, claim_id=mine.id, method="jazzcash", received_on=TODAY, approved_by="staff:2",
                                now=NOW, amount=Decimal("3400.00"))  # fmt: skip
        assert (payment.amount, payment.reference) == (Decimal("3400.00"), "JC-884422119")
        assert (mine.state, mine.decided_by, mine.decided_at) == ("approved", "staff:2", NOW)
        assert mine.decision_note == "3400.00 in place of 3435.00"
        with pytest.raises(ClaimDecided):
            reject_claim(session, claim_id=mine.id, reason="late", rejected_by="staff:2", now=NOW)
        assert len(session.scalars(select(Payment)).all()) == 1
        assert_ties(session)


def test_a_rejected_claim_needs_a_reason_and_halts_nothing_any_more(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        mine = claim(session, customer.id)
        assert customers_with_pending_claims(session) == {customer.id}
        with pytest.raises(ClaimInvalid):
            reject_claim(session, claim_id=mine.id, reason="", rejected_by="staff:2", now=NOW)
        reject_claim(session, claim_id=mine.id, reason="not on the statement", rejected_by="staff:2", now=NOW)
        assert customers_with_pending_claims(session) == set()


def test_a_bank_line_finds_the_claim_it_speaks_of(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        ayesha, bilal = make_customer(session, company), make_customer(session, company, name="Bilal")
        first = claim(session, ayesha.id)
        claim(session, bilal.id, reference="EP-55667788")

        def matched(amount: str, narrative: str, day: date = TODAY) -> tuple[Id, bool] | None:
            match = match_claim(session, amount=Decimal(amount), narrative=narrative, booked_on=day, zone=ZONE)
            return (match.claim.id, match.sure) if match else None

        assert matched("3400.00", "IBFT JC 884422119 AYESHA") == (first.id, True)
        assert matched("3400.00", "IBFT") is None
        assert matched("3400.01", "IBFT JC 884422119") is None
        lone = claim(session, ayesha.id, amount="777.00", reference="none")
        assert matched("777.00", "cash deposit", TODAY + timedelta(days=3)) == (lone.id, False)
        assert matched("777.00", "cash deposit", TODAY + timedelta(days=4)) is None


def test_the_customer_is_told_what_became_of_his_claim(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        knows_on_whatsapp(session, customer, language="ur_Latn")
        make_staff(session, company, role="manager")
        yes, no = claim(session, customer.id), claim(session, customer.id, reference="EP-1234567")
        accept_claim(session, claim_id=yes.id, method="jazzcash", received_on=TODAY, approved_by="staff:2", now=NOW)
        refuse_claim(session, claim_id=no.id, reason="statement par nahi", rejected_by="staff:2", now=NOW)
        told = session.scalars(select(OutboundMessage.text).order_by(OutboundMessage.id)).all()
    assert "Raseed *R-2026-27-000001*" in told[0] and "Rs 3,400" in told[0]
    assert f"payment {no.number} (Rs 3,400)" in told[1] and "statement par nahi" in told[1]
