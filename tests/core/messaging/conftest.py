"""A person to write to, a gateway to a scripted Graph endpoint, and the drainer's tools."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.companies import BusinessNumber
from core.crm.models import Contact
from core.db import company_session
from core.ids import Id, new_id
from core.messaging import payloads
from core.messaging.drain import drain
from core.messaging.limits import SendLimits
from core.messaging.models import Conversation, OutboundMessage
from core.messaging.outbox import queue_message, queue_read_mark
from core.messaging.whatsapp import Gateway
from tests.cast import NOW, TestCompany
from tests.core.messaging.wire import Wire, wire

__all__ = ["wire"]

_phones = itertools.count(3_001_000_000)
_keys = itertools.count(1)


def no_attachment(session: Session, attachment: Mapping[str, Any]) -> tuple[str, str, bytes]:
    raise AssertionError(f"nothing asked for {attachment}")


@dataclass
class Desk:
    """One company's outbox, as short to use as a test wants it."""

    company: TestCompany
    gateway: Gateway
    pool: ThreadPoolExecutor
    limits: SendLimits

    def person(self, wrote_at: datetime | None = NOW, user_id: str | None = None) -> Id:
        """A contact whose last message came at `wrote_at`; known by user id alone if one is given."""
        contact = Contact(id=new_id(), phone=None if user_id else f"+92{next(_phones)}", user_id=user_id)
        with company_session(self.company.id) as session:
            session.add(contact)
            session.flush()
            talk = Conversation(
                contact_id=contact.id,
                business_number_id=self.company.business_number_id,
                last_inbound_at=wrote_at,
            )
            session.add(talk)
        return contact.id

    def queue(self, person: Id, words: str, *, lane: str = "reply", now: datetime = NOW, **options: Any) -> Id:
        settled: dict[str, Any] = {"payload": payloads.text(words), "text": words} | options
        settled.setdefault("dedupe_key", f"test-{next(_keys)}")
        with company_session(self.company.id) as session:
            return queue_message(
                session,
                contact_id=person,
                business_number_id=self.company.business_number_id,
                lane=lane,
                now=now,
                **settled,
            )

    def mark_read(self, person: Id, wamid: str, now: datetime = NOW) -> None:
        with company_session(self.company.id) as session:
            queue_read_mark(
                session,
                contact_id=person,
                business_number_id=self.company.business_number_id,
                wamid=wamid,
                typing=True,
                now=now,
            )

    def drain(self, now: datetime = NOW, load: Callable[..., Any] = no_attachment) -> bool:
        return drain(
            self.company.id,
            self.company.business_number_id,
            gateway=self.gateway,
            load_attachment=load,
            pool=self.pool,
            limits=self.limits,
            clock=lambda: now,
        )

    def row(self, message: Id) -> OutboundMessage:
        with company_session(self.company.id) as session:
            return session.scalars(select(OutboundMessage).where(OutboundMessage.id == message)).one()

    def change(self, message: Id, **columns: Any) -> None:
        with company_session(self.company.id) as session:
            row = session.get_one(OutboundMessage, message)
            for name, value in columns.items():
                setattr(row, name, value)

    def set_rate(self, per_second: int) -> None:
        with company_session(self.company.id) as session:
            session.get_one(BusinessNumber, self.company.business_number_id).messages_per_second = per_second


def gateway_to(url: str, phone_number_id: str, **options: Any) -> Gateway:
    return Gateway(
        token="test-token",
        phone_number_id=phone_number_id,
        graph_url=url,
        graph_version="v25.0",
        **{"connect_timeout": 1.0, "read_timeout": 5.0} | options,
    )


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as threads:
        yield threads


@pytest.fixture
def desk(company: TestCompany, wire: Wire, pool: ThreadPoolExecutor) -> Desk:
    return Desk(company, gateway_to(wire.url, company.phone_number_id), pool, SendLimits())


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
