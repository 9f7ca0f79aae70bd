"""A stored webhook event, item by item: each in its own transaction, one failure losing no neighbour.

The webhook's request and the workers both come here, so a message is answered the same way wherever.
Items act once (messages by Meta's id, statuses by id and word), so running an event again is harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache, partial

import psycopg
import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot.conversation import Route, take_turn
from bot.inbound import (
    IncomingMessage,
    IncomingNews,
    IncomingPreference,
    IncomingStatus,
    IncomingTemplateNews,
    Item,
    Unreadable,
    read_body,
)
from core.companies import companies_of_account, note_account, route_of_number, routes_of_account
from core.crm.consents import note_choice
from core.crm.contacts import identify
from core.crm.hearing import NumberMoved
from core.db import after_commit, company_session, platform_session, run, table_of
from core.ids import Id, new_id
from core.jobs import ring
from core.messaging.models import WebhookEvent
from core.messaging.number_state import take_news
from core.messaging.statuses import apply_status
from core.messaging.template_news import apply_news

log = structlog.get_logger(__name__)

INLINE_GRACE = timedelta(seconds=60)
"""How long the storing request may work on an event before the sweep takes it up."""
RETRY_AFTER = (5, 30, 120, 600, 3600, 6 * 3600)
FAR_AWAY = timedelta(days=36_500)
EVENTS = table_of(WebhookEvent)
_STORE = (
    "INSERT INTO webhook_event (id, body, state, attempts, next_try_at, error)"
    " VALUES (%(id)s, %(body)s, 'pending', 0, %(next_try_at)s, '')"
)


class UnknownNumber(LookupError):
    """No company has that phone_number_id."""


def store_event(body: bytes, now: datetime) -> Id:
    """Keep a signed body in a commit of its own; nothing is lost from here on."""
    event_id = new_id()
    with platform_session("webhook") as session:
        run(session, _STORE, {"id": event_id, "body": body, "next_try_at": now + INLINE_GRACE})
    return event_id


def leave_to_worker(event_id: Id, now: datetime) -> None:
    """Let a worker process the event at once."""
    with platform_session("webhook") as session:
        session.execute(update(EVENTS).where(EVENTS.c.id == event_id).values(next_try_at=now))
        ring(session, "process_event", queue="inbound", event_id=str(event_id))


def process_event(event_id: Id, now: datetime) -> bool:
    """Process a stored event, whatever its state, and note the outcome; True when nothing is left to do."""
    with platform_session("webhook") as session:
        body = session.scalar(
            update(EVENTS)
            .where(EVENTS.c.id == event_id)
            .values(attempts=EVENTS.c.attempts + 1, next_try_at=now + INLINE_GRACE)
            .returning(EVENTS.c.body)
        )
    return body is None or process_items(event_id, read_body(body), now)


def process_items(event_id: Id, items: Sequence[Item], now: datetime) -> bool:
    """Run each item in its own transaction, then mark the event; a lone item marks it in the same one."""
    lone = len(items) == 1
    attempts = [_attempt(item, event_id, now, marks_done=lone) for item in items]
    errors = [error for error in attempts if error is not None]
    if errors:
        _mark_failed(event_id, errors, now)
        return False
    if not lone or isinstance(items[0], Unreadable | IncomingNews):
        with platform_session("webhook") as session:
            _mark_done(session, event_id, items)
    return True


def _attempt(item: Item, event_id: Id, now: datetime, *, marks_done: bool) -> str | None:
    """The error's text, or None; a handler's fault stays with its item."""
    if isinstance(item, Unreadable):
        log.warning("webhook_item_unreadable", event_id=str(event_id), reason=item.reason)
        return None
    try:
        if isinstance(item, IncomingNews):
            _take_news(item, event_id, now)
        elif isinstance(item, IncomingTemplateNews):
            _run_news(item, event_id, now, marks_done=marks_done)
        else:
            _run(item, event_id, now, marks_done=marks_done)
    except NumberMoved as moved:
        _known_route.cache_clear()
        return f"NumberMoved: {moved}"
    except UnknownNumber as unknown:
        return f"UnknownNumber: {unknown}"
    except (psycopg.OperationalError, OperationalError) as busy:
        cause = busy.orig if isinstance(busy, OperationalError) else busy
        log.warning("webhook_item_postponed", event_id=str(event_id), error=type(cause).__name__)
        return f"{type(cause).__name__}: {cause}"
    except Exception as fault:
        log.exception("webhook_item_failed", event_id=str(event_id))
        return f"{type(fault).__name__}: {fault}"
    return None


def _run(
    item: IncomingMessage | IncomingStatus | IncomingPreference, event_id: Id, now: datetime, *, marks_done: bool
) -> None:
    company_id, number_id = _route(item.phone_number_id)
    with company_session(company_id, "webhook", event_id=event_id) as session:
        marked = False
        if isinstance(item, IncomingMessage):
            marked = take_turn(session, item, Route(company_id, number_id, event_id, closes_event=marks_done), now)
        elif isinstance(item, IncomingPreference):
            _note_preference(session, item, now)
        else:
            apply_status(session, status=item.raw, now=now)
            _learn_account(session, number_id, item.account_id)
        if marks_done and not marked:
            _mark_done(session, event_id, [item])


def _take_news(item: IncomingNews, event_id: Id, now: datetime) -> None:
    """News of an account reach each of its numbers; of one that is not ours they are kept with the event."""
    with platform_session("webhook") as session:
        routes = routes_of_account(session, account_id=item.account_id, display_digits=item.display_number)
    if not routes:
        log.warning("news_of_unknown_account", event_id=str(event_id), topic=item.topic)
    for company_id, number_id in routes:
        with company_session(company_id, "webhook") as session:
            take_news(session, business_number_id=number_id, topic=item.topic, value=item.raw, now=now)


_learnt: set[tuple[Id, str]] = set()


def _learn_account(session: Session, number_id: Id, account_id: str) -> None:
    """Remember to which account a number belongs: news of the account name no number."""
    if account_id and (number_id, account_id) not in _learnt:
        note_account(session, business_number_id=number_id, account_id=account_id)
        after_commit(session, "account learnt", partial(_learnt.add, (number_id, account_id)))


def _run_news(item: IncomingTemplateNews, event_id: Id, now: datetime, *, marks_done: bool) -> None:
    """Every company under that account hears it."""
    with platform_session("webhook") as session:
        companies = companies_of_account(session, item.account_id)
    if not companies:
        raise UnknownNumber(f"no company has the account {item.account_id} on file")
    for company_id in companies:
        with company_session(company_id, "webhook", event_id=event_id) as session:
            apply_news(session, field=item.field, value=item.value, now=now)
            if marks_done and company_id == companies[-1]:
                _mark_done(session, event_id, [item])


def _note_preference(session: Session, told: IncomingPreference, now: datetime) -> None:
    contact = identify(session, phone=told.sender.phone, user_id=told.sender.user_id)
    session.flush()
    note_choice(
        session, contact_id=contact.id, category="marketing", choice=told.choice, how="meta",
        told_at=told.told_at or now,
    )  # fmt: skip


def _route(phone_number_id: str) -> tuple[Id, Id]:
    route = _known_route(phone_number_id)
    if route is None:
        _known_route.cache_clear()
        raise UnknownNumber(f"no company has the business number {phone_number_id}")
    return route


@lru_cache(maxsize=4096)
def _known_route(phone_number_id: str) -> tuple[Id, Id] | None:
    with platform_session("webhook") as session:
        return route_of_number(session, phone_number_id)


def _mark_done(session: Session, event_id: Id, items: Sequence[Item]) -> None:
    unread = "; ".join(item.reason for item in items if isinstance(item, Unreadable))
    session.execute(update(EVENTS).where(EVENTS.c.id == event_id).values(state="done", error=unread[:2000]))


def _mark_failed(event_id: Id, errors: Sequence[str], now: datetime) -> None:
    with platform_session("webhook") as session:
        attempts = session.scalar(select(EVENTS.c.attempts).where(EVENTS.c.id == event_id)) or 0
        wait = timedelta(seconds=RETRY_AFTER[attempts]) if attempts < len(RETRY_AFTER) else FAR_AWAY
        session.execute(
            update(EVENTS)
            .where(EVENTS.c.id == event_id)
            .values(state="failed", error="\n".join(errors)[:4000], next_try_at=now + wait)
        )
