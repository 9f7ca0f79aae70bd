"""Chats that wait too long for a person return to the bot."""

from __future__ import annotations

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.handing_back import return_overdue
from core import jobs
from core.clock import utc_now
from core.db import company_session
from core.ids import Id
from core.messaging.human import overdue_chats
from workers.companies import ring_every_company

log = structlog.get_logger(__name__)

QUEUE = "notice"


def ring_desk() -> None:
    """Ring in every company for the chats whose time with people is over."""
    ring_every_company("return_chats", queue=QUEUE)


def return_chats(company_id: str) -> None:
    """Take back what is due, each chat in a transaction of its own; one that fails leaves the others alone."""
    jobs.answer_bell("return_chats", company_id=company_id)
    company, now = Id(company_id), utc_now()
    with company_session(company) as session:
        due = overdue_chats(session, now=now)
    for conversation_id in due:
        try:
            with company_session(company) as session:
                return_overdue(session, conversation_id=conversation_id, now=now)
        except SQLAlchemyError:
            log.exception("chat_not_returned", company_id=company_id, conversation_id=str(conversation_id))
