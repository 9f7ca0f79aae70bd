"""What technicians ask, and what every employee may say in one turn."""

from __future__ import annotations

from sqlalchemy import select

from bot.dialog import Chat
from bot.handlers.anyone import MENU
from bot.handlers.customer import CATEGORY_NAMES
from bot.handlers.registry import Handler
from bot.texts.reply import Button, Reply, Row, lines, verbatim, words
from core.crm.models import Customer, Site
from core.errors import NotFound
from core.service_desk.models import Ticket
from core.service_desk.tickets import assigned_to, ticket_by_number


def technician_menu(chat: Chat, _: str) -> Reply:
    return Reply(
        words("Salam %(name)s! What do you need?", name=chat.speaker.name),
        buttons=(Button("jobs", words("My jobs")),),
    )


def jobs(chat: Chat, _: str) -> Reply:
    assert chat.speaker.staff_id is not None
    tickets = assigned_to(chat.session, staff_id=chat.speaker.staff_id)
    if not tickets:
        return Reply(words("You have no open jobs."))
    rows = tuple(
        Row(f"job:{ticket.number}", verbatim(ticket.number), CATEGORY_NAMES[ticket.category]) for ticket in tickets
    )
    return Reply(words("Your open jobs, the most urgent first:"), rows=rows, list_button=words("Choose"))


def job(chat: Chat, number: str) -> Reply:
    """What the technician needs for one of his own tickets, and nothing about money."""
    ticket = _own_ticket(chat, number or str(chat.understood.entities.get("ticket_no") or ""))
    if ticket is None:
        return Reply(words("That job is not yours."), buttons=(Button("jobs", words("My jobs")),))
    customer = chat.session.get_one(Customer, ticket.customer_id)
    site = chat.session.scalar(select(Site).where(Site.customer_id == customer.id).limit(1))
    map_link = f"https://maps.google.com/?q={site.latitude},{site.longitude}" if site and site.latitude else None
    body = lines(
        words("*%(ticket)s* (%(what)s)", ticket=ticket.number, what=CATEGORY_NAMES[ticket.category]),
        verbatim(f"{customer.name}, {customer.number}"),
        verbatim(site.address) if site else None,
        verbatim(map_link) if map_link else None,
        verbatim(f"“{ticket.description}”") if ticket.description else None,
    )
    return Reply(body, buttons=(Button("jobs", words("My jobs")),))


def _own_ticket(chat: Chat, number: str) -> Ticket | None:
    """The ticket of that number, if it is his: another's and none read alike."""
    try:
        ticket = ticket_by_number(chat.session, number=number)
    except NotFound:
        return None
    return ticket if ticket.assigned_to == chat.speaker.staff_id else None


def office(chat: Chat, _: str) -> Reply:
    return Reply(words("Please call our office: %(phone)s", phone=chat.company.support_phone or "-"), buttons=(MENU,))


def thanks(chat: Chat, _: str) -> Reply:
    return Reply(words("You are welcome!"))


EVERYONE = (
    Handler("human", ("human",), "chat.menu", office),
    Handler("thanks", ("thanks",), "chat.menu", thanks),
)
TECHNICIAN = (
    Handler("menu", ("menu",), "chat.menu", technician_menu),
    Handler("jobs", ("jobs",), "chat.jobs", jobs),
    Handler("job", ("job_open",), "chat.jobs", job),
)
