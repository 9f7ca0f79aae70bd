"""Files that go with a message, from where they are kept."""

from __future__ import annotations

import pytest

from core import vault
from core.crm.models import Document
from core.db import company_session
from core.errors import NotFound
from core.ids import new_id
from core.messaging import payloads
from core.usecases.load_attachment import AttachmentNotReady, load_attachment
from tests.core.messaging.conftest import Desk
from tests.core.messaging.wire import Wire


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
