"""Messages queued together."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from core.crm.contacts import identify
from core.db import company_session
from core.messaging import payloads
from core.messaging.models import OutboundMessage
from core.messaging.outbox import message_row, queue_rows
from tests.builders import a_phone
from tests.cast import NOW, TestCompany


def test_messages_of_a_batch_keep_their_order_and_each_key_is_queued_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        contact = identify(session, phone=a_phone(), user_id=None)

        def row(key: str) -> dict[str, Any]:
            return message_row(
                contact_id=contact.id, business_number_id=company.business_number_id, lane="billing",
                payload=payloads.text(key), text=f"Line 1\n{key} ✓", dedupe_key=key, now=NOW,
            )  # fmt: skip

        (earlier,) = queue_rows(session, [row("b")], now=NOW)
        first, same, again, last = queue_rows(session, [row("a"), row("b"), row("a"), row("c")], now=NOW)
        assert (same, again) == (earlier, first)
        stored = session.scalars(select(OutboundMessage).order_by(OutboundMessage.id)).all()
        assert [message.id for message in stored] == [earlier, first, last]
        assert [message.text for message in stored] == ["Line 1\nb ✓", "Line 1\na ✓", "Line 1\nc ✓"]
        assert all(message.template is None and message.attachment is None for message in stored)
        assert queue_rows(session, [], now=NOW) == []
