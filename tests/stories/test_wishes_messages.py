"""Messages without words, messages that are changed or taken back, and words in another language that prove none."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from core.billing.payment_models import PaymentClaim
from core.clock import utc_now
from core.db import company_session
from core.messaging.human import hand_over
from core.messaging.models import Conversation, InboundMessage
from core.usecases.customer_profile import customer_profile
from tests.cast import TestCompany
from tests.phones import Phone, choices
from tests.stories.money import in_days
from tests.stories.wishes import debtor, edit, paid_up, tap

VOICE = {"en": "voice notes", "ur_Latn": "voice note", "ur": "وائس نوٹ"}
HELLO = {"en": "what is my balance", "ur_Latn": "bill kitna hai", "ur": "میرا بل کتنا ہے"}


@pytest.mark.parametrize("language", ["en", "ur_Latn", "ur"])
def test_a_voice_note_is_answered_in_the_persons_language(
    client: FlaskClient, company: TestCompany, language: str
) -> None:
    bilal = paid_up(client, company)
    bilal.says(HELLO[language])
    assert bilal.sends("audio", {"id": "m1", "mime_type": "audio/ogg", "voice": True}) == 200
    assert VOICE[language] in bilal.reply().text


@pytest.mark.parametrize(
    ("kind", "content"),
    [("sticker", {"id": "m", "mime_type": "image/webp"}), ("contacts", [{"name": {"formatted_name": "A"}}]),
     ("unsupported", {}), ("order", {"catalog_id": "1"}), ("location", {"latitude": 31.5, "longitude": 74.3}),
     ("image", {"id": "m", "mime_type": "image/jpeg"}), ("location", {"latitude": "x"})],
)  # fmt: skip
def test_whatever_comes_without_words_gets_one_sensible_answer(
    client: FlaskClient, company: TestCompany, kind: str, content: Any
) -> None:
    bilal = paid_up(client, company)
    assert bilal.sends(kind, content) == 200
    assert {"menu", "picture"} & set(choices(bilal.reply()).values())


def test_a_reaction_is_no_message_to_answer(client: FlaskClient, company: TestCompany) -> None:
    bilal = paid_up(client, company)
    assert bilal.sends("reaction", {"message_id": "wamid.X", "emoji": "👍"}) == 200
    assert bilal.replies() == []


def test_a_voice_note_in_a_flow_leaves_its_question_open(client: FlaskClient, company: TestCompany) -> None:
    bilal = paid_up(client, company)
    bilal.says("ghar shift kar raha hoon")
    assert bilal.sends("audio", {"id": "m1", "mime_type": "audio/ogg"}) == 200
    again = bilal.reply().text
    assert "voice note" in again and "Naya pata" in again


def test_a_captioned_picture_of_a_payment_begins_the_claim_with_it(client: FlaskClient, company: TestCompany) -> None:
    ayesha = debtor(client, company)
    content = {"id": "m1", "mime_type": "image/jpeg", "caption": "3000 bhej diye"}
    assert ayesha.sends("image", content) == 200
    ayesha.reply()
    assert "3,000" in ayesha.says("JC-8844").text
    tap(ayesha, "a:claim_payment:1:confirmed:yes")
    with company_session(company.id) as session:
        assert session.scalars(select(PaymentClaim)).one().document_id is not None


def mover(client: FlaskClient, company: TestCompany) -> Phone:
    """Bilal, who has told his new address in the message `wamid.ADDRESS` and is asked for the place."""
    bilal = paid_up(client, company)
    bilal.says("ghar shift kar raha hoon")
    assert bilal.sends("text", {"body": "House 9, Johar Town"}, wamid="wamid.ADDRESS") == 200
    bilal.reply()
    return bilal


def answers(company: TestCompany) -> dict[str, Any]:
    with company_session(company.id) as session:
        state = session.scalars(select(Conversation)).one().state
        found: dict[str, Any] = state["flow"]["answers"]
        return found


def test_an_answer_changed_afterwards_is_read_again(client: FlaskClient, company: TestCompany) -> None:
    bilal = mover(client, company)
    bilal.taps("Chhorein")
    assert edit(bilal, "wamid.ADDRESS", "House 19, Wapda Town") == 200
    assert "location" in bilal.reply().text  # what came after it is asked again
    assert answers(company) == {"address": "House 19, Wapda Town"}
    bilal.taps("Chhorein")
    assert "House 19, Wapda Town" in tap(bilal, f"a:relocate:1:day:{in_days(5).isoformat()}").text


def test_other_words_changed_are_only_kept(client: FlaskClient, company: TestCompany) -> None:
    bilal = paid_up(client, company)
    assert bilal.sends("text", {"body": "bill kitna hia"}, wamid="wamid.OLD") == 200
    bilal.reply()
    bilal.says("ghar shift kar raha hoon")
    assert edit(bilal, "wamid.OLD", "bill kitna hai") == 200
    assert bilal.replies() == []
    with company_session(company.id) as session:
        kept = session.scalars(select(InboundMessage).where(InboundMessage.wamid == "wamid.OLD")).one()
        assert kept.text == "bill kitna hai" and kept.edited_at is not None
        lines = customer_profile(session, number="C-2001", today=in_days(0)).chat
    assert [line.text for line in lines if line.edited] == ["bill kitna hai"]
    assert sum(line.text == "bill kitna hai" for line in lines) == 1


def test_a_change_that_is_told_twice_is_read_once(client: FlaskClient, company: TestCompany) -> None:
    bilal = mover(client, company)
    told = {"original_message_id": "wamid.ADDRESS", "message": {"type": "text", "text": {"body": "House 20"}}}
    for _ in range(2):
        assert bilal.sends("edit", told, wamid="wamid.EDIT") == 200
    assert len(bilal.replies()) == 1


def test_a_deleted_message_is_shown_as_deleted(client: FlaskClient, company: TestCompany) -> None:
    bilal = paid_up(client, company)
    assert bilal.sends("text", {"body": "mera raaz"}, wamid="wamid.GONE") == 200
    bilal.reply()
    assert bilal.sends("revoke", {"original_message_id": "wamid.GONE"}) == 200
    assert bilal.replies() == []
    with company_session(company.id) as session:
        lines = customer_profile(session, number="C-2001", today=in_days(0)).chat
    assert [line.text for line in lines if line.deleted] == [""]
    assert "raaz" not in str(lines)


def test_a_change_that_comes_before_its_message_is_kept_for_it(client: FlaskClient, company: TestCompany) -> None:
    bilal = paid_up(client, company)
    bilal.says("menu")
    assert edit(bilal, "wamid.LATE", "wifi ka password bhool gaya") == 200
    assert bilal.replies() == []
    assert bilal.sends("text", {"body": "wfi ka psswrd bhol"}, wamid="wamid.LATE") == 200
    assert "Kya badalna hai" in bilal.reply().text
    with company_session(company.id) as session:
        kept = session.scalars(select(InboundMessage).where(InboundMessage.wamid == "wamid.LATE")).one()
        assert kept.text == "wifi ka password bhool gaya" and kept.edited_at is not None


def test_a_message_taken_back_before_it_comes_is_not_answered(client: FlaskClient, company: TestCompany) -> None:
    bilal = paid_up(client, company)
    assert bilal.sends("revoke", {"original_message_id": "wamid.NEVER"}) == 200
    assert bilal.sends("text", {"body": "mera bill kitna hai"}, wamid="wamid.NEVER") == 200
    assert bilal.replies() == []
    with company_session(company.id) as session:
        kept = session.scalars(select(InboundMessage).where(InboundMessage.wamid == "wamid.NEVER")).one()
        assert kept.deleted_at is not None


def test_anothers_early_change_does_nothing(client: FlaskClient, company: TestCompany) -> None:
    bilal, sana = paid_up(client, company), paid_up(client, company, "Sana Mirza")
    assert edit(sana, "wamid.MINE", "connection band kar do") == 200
    assert bilal.sends("text", {"body": "menu"}, wamid="wamid.MINE") == 200
    assert "Salam" in bilal.reply().text


def test_a_change_is_not_answered_while_people_have_the_chat(client: FlaskClient, company: TestCompany) -> None:
    bilal = mover(client, company)
    with company_session(company.id) as session:
        talk = session.scalars(select(Conversation)).one()
        hand_over(session, conversation=talk, by="test", now=utc_now(), due_at=utc_now())
    assert edit(bilal, "wamid.ADDRESS", "House 19, Wapda Town") == 200
    assert bilal.replies() == []
    with company_session(company.id) as session:
        kept = session.scalars(select(InboundMessage).where(InboundMessage.wamid == "wamid.ADDRESS")).one()
        assert kept.text == "House 19, Wapda Town"


def test_nobody_changes_or_deletes_anothers_message(client: FlaskClient, company: TestCompany) -> None:
    bilal = paid_up(client, company)
    assert bilal.sends("text", {"body": "menu"}, wamid="wamid.BILAL") == 200
    bilal.reply()
    sana = paid_up(client, company, "Sana Mirza")
    assert edit(sana, "wamid.BILAL", "hacked") == 200
    assert sana.sends("revoke", {"original_message_id": "wamid.BILAL"}) == 200
    with company_session(company.id) as session:
        kept = session.scalars(select(InboundMessage).where(InboundMessage.wamid == "wamid.BILAL")).one()
        assert (kept.text, kept.edited_at, kept.deleted_at) == ("menu", None, None)


def test_an_address_in_english_does_not_change_the_language(client: FlaskClient, company: TestCompany) -> None:
    bilal = mover(client, company)
    assert "location" in bilal.last.text and "bhej" in bilal.last.text
    assert "Naya pata" in bilal.says("menu").text or "Salam" in bilal.last.text
