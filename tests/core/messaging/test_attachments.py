"""Files that go with a message, from where they are kept."""

from __future__ import annotations

import pytest

from core import vault
from core.crm.models import Document
from core.db import company_session
from core.errors import NotFound
from core.ids import Id, new_id
from core.messaging import payloads
from core.messaging.uploads import KEPT_AT_MOST, REUSED_SECONDS, Uploads
from core.usecases.load_attachment import AttachmentNotReady, load_attachment
from tests.core.messaging.conftest import Desk
from tests.core.messaging.wire import Answer, Request, Wire, accept, error, says


def document(state: str = "stored") -> Document:
    digest = vault.put(b"a photo")
    return Document(id=new_id(), state=state, filename="roof.jpg", mime_type="image/jpeg", sha256=digest)


def test_a_stored_document_is_sent_from_the_vault(desk: Desk, wire: Wire) -> None:
    photo = document()
    with company_session(desk.company.id) as session:
        session.add(photo)
    source = {"source": "document", "id": str(photo.id)}
    message = desk.queue(desk.person(), "roof", payload=payloads.image("The roof"), attachment=source)

    desk.drain(load=load_attachment)

    assert b"a photo" in wire.requests[0].body
    assert wire.messages[0]["image"] == {"id": "7001", "caption": "The roof"}
    assert desk.row(message).state == "accepted"


def test_a_document_that_is_not_there_fails_the_message_and_says_so(desk: Desk, wire: Wire) -> None:
    gone = {"source": "document", "id": str(new_id())}
    message = desk.queue(desk.person(), "roof", payload=payloads.image("The roof"), attachment=gone)

    desk.drain(load=load_attachment)

    assert wire.requests == []
    assert desk.row(message).state == "failed"
    assert "no document" in desk.row(message).error


def test_what_is_not_fetched_yet_or_of_unknown_source_is_refused(desk: Desk) -> None:
    pending = document("pending")
    with company_session(desk.company.id) as session:
        session.add(pending)
        session.flush()
        with pytest.raises(AttachmentNotReady):
            load_attachment(session, {"source": "document", "id": str(pending.id)})
        with pytest.raises(NotFound):
            load_attachment(session, {"source": "fax", "id": str(pending.id)})


def photo_for(desk: Desk, *people: Id) -> list[Id]:
    """The same stored photo, queued for each."""
    photo = document()
    with company_session(desk.company.id) as session:
        session.add(photo)
    source = {"source": "document", "id": str(photo.id)}
    return [desk.queue(each, "roof", payload=payloads.image("The roof"), attachment=source) for each in people]


def uploads(wire: Wire) -> int:
    return len([each for each in wire.requests if each.path.endswith("/media")])


def test_the_same_file_is_uploaded_once_for_all(desk: Desk, wire: Wire) -> None:
    photo_for(desk, desk.person())
    desk.drain(load=load_attachment)

    photo_for(desk, desk.person(), desk.person())
    desk.drain(load=load_attachment)

    assert [body["image"]["id"] for body in wire.messages] == ["7001"] * 3
    assert uploads(wire) == 1


@pytest.mark.parametrize("code", [100, 131009, 131053])
def test_a_file_that_meta_has_forgotten_is_uploaded_again_at_once(desk: Desk, wire: Wire, code: int) -> None:
    photo_for(desk, desk.person())
    desk.drain(load=load_attachment)
    ids = ["7002"]

    def answer(request: Request) -> Answer:
        if request.path.endswith("/media"):
            return says({"id": ids[0]})
        is_dead = request.json["image"]["id"] == "7001"
        return error(code, "media does not exist") if is_dead else accept(request)

    wire.answer = answer
    [message] = photo_for(desk, desk.person())
    desk.drain(load=load_attachment)

    assert (desk.row(message).state, desk.row(message).attempts) == ("accepted", 1)
    assert uploads(wire) == 2


def test_an_upload_is_used_for_a_day_and_the_oldest_are_forgotten() -> None:
    now = [0.0]
    known = Uploads(lambda: now[0])
    known.note(b"a", "image/png", "1")
    assert (known.find(b"a", "image/png"), known.find(b"a", "image/jpeg"), known.find(b"b", "image/png")) == (
        "1", None, None,
    )  # fmt: skip
    for number in range(KEPT_AT_MOST - 1):
        known.note(b"%d" % number, "image/png", str(number))
    assert known.find(b"a", "image/png") == "1"
    known.note(b"one more", "image/png", "x")
    assert known.find(b"a", "image/png") is None

    now[0] = REUSED_SECONDS
    assert known.find(b"one more", "image/png") is None
