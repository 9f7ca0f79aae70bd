"""What a customer says from his own number about a visit: somebody came, it is done, or it is not."""

from __future__ import annotations

from sqlalchemy import select

from bot.dialog import Chat
from bot.handlers.anyone import MENU
from bot.handlers.registry import Handler
from bot.texts.reply import Button, Reply, words
from core.crm.lead_models import Lead
from core.service_desk.confirmations import ConfirmedAlready, confirm_arrival, confirm_by_tap, deny_by_customer
from core.service_desk.job_models import Job
from core.usecases.customer_agrees import close_agreed

HUMAN = Button("human", words("Talk to a person"))
UNKNOWN = words("I do not know that visit.")


def _visit(chat: Chat, number: str) -> Job | None:
    """A job at one of the person's own accounts, or for his own request."""
    job = chat.session.scalar(select(Job).where(Job.number == number))
    if job is None:
        return None
    if job.customer_id is not None and job.customer_id in {each.customer_id for each in chat.speaker.accounts}:
        return job
    lead = chat.session.get(Lead, job.lead_id) if job.lead_id else None
    return job if lead is not None and lead.contact_id == chat.speaker.contact_id else None


def came(chat: Chat, number: str) -> Reply:
    job = _visit(chat, number)
    if job is None:
        return Reply(UNKNOWN, buttons=(MENU,))
    confirm_arrival(chat.session, job_id=job.id, actor=chat.speaker.actor, now=chat.now)
    return Reply(words("Thank you, noted."))


def absent(chat: Chat, number: str) -> Reply:
    job = _visit(chat, number)
    if job is None:
        return Reply(UNKNOWN, buttons=(MENU,))
    deny_by_customer(chat.session, job_id=job.id, actor=chat.speaker.actor, words="nobody came", now=chat.now)
    return Reply(words("Sorry for that. The office has been told and calls you."), buttons=(HUMAN,))


def good(chat: Chat, number: str) -> Reply:
    """The job is confirmed, and closed if its list is complete; the technician hears it."""
    job = _visit(chat, number)
    if job is None:
        return Reply(UNKNOWN, buttons=(MENU,))
    if job.state == "done":
        return Reply(words("Thank you, noted."))
    try:
        confirm_by_tap(chat.session, job_id=job.id, actor=chat.speaker.actor, now=chat.now)
    except ConfirmedAlready:
        return Reply(words("Thank you, noted."))
    close_agreed(chat.session, job, actor=chat.speaker.actor, now=chat.now, origin=chat.origin)
    return Reply(words("Thank you for confirming."))


def bad(chat: Chat, number: str) -> Reply:
    job = _visit(chat, number)
    if job is None:
        return Reply(UNKNOWN, buttons=(MENU,))
    deny_by_customer(chat.session, job_id=job.id, actor=chat.speaker.actor, words="not done", now=chat.now)
    return Reply(words("Sorry for that. The office has been told and calls you."), buttons=(HUMAN,))


HANDLERS = (
    Handler("visit_came", (), "chat.visits", came),
    Handler("visit_absent", (), "chat.visits", absent),
    Handler("visit_good", (), "chat.visits", good),
    Handler("visit_bad", (), "chat.visits", bad),
)
