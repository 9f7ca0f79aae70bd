"""Files people send: one that Meta's host does not give out at once is asked for again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import vault
from core.clock import utc_now
from core.crm.models import Document
from core.db import company_session
from core.ids import Id, new_id
from tests.core.messaging.conftest import Desk
from tests.core.messaging.wire import Answer, Request, Wire, says
from workers import media


@pytest.fixture
def wanted(desk: Desk, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Id:
    """A file that a person sent; Meta's host is overloaded the first time."""
    monkeypatch.setattr(media, "gateway_of", lambda *_: desk.gateway)
    overloaded = [Answer(503, b"<html>Service Unavailable</html>", "text/html")]

    def answer(request: Request) -> Answer:
        if request.path == "/file":
            return overloaded.pop() if overloaded else Answer(200, b"a photo", "image/jpeg")
        return says({"url": f"{wire.url}/file", "mime_type": "image/jpeg", "file_size": 7})

    wire.answer = answer
    document = Document(id=new_id(), media_id="123", business_number_id=desk.company.business_number_id)
    with company_session(desk.company.id) as session:
        session.add(document)
    return document.id


def fetch(desk: Desk, document: Id) -> Document:
    media.fetch_document(str(desk.company.id), str(document))
    with company_session(desk.company.id) as session:
        return session.get_one(Document, document)


def test_a_file_is_asked_for_again_after_a_503(desk: Desk, wire: Wire, wanted: Id) -> None:
    before = utc_now()
    waiting = fetch(desk, wanted)
    assert (waiting.state, waiting.error) == ("pending", "The media host answered HTTP 503")
    assert waiting.next_try_at is not None and waiting.next_try_at >= before + timedelta(seconds=30)

    with company_session(desk.company.id) as session:
        session.get_one(Document, wanted).next_try_at = before

    stored = fetch(desk, wanted)
    assert (stored.state, stored.error, stored.next_try_at) == ("stored", "", None)
    assert vault.get(stored.sha256) == b"a photo"
    asked = [request.path for request in wire.requests]
    assert asked.count("/file") == 2 and len(asked) == 4, "each try asks for a new address"
