"""What technicians, recovery agents, managers and owners ask in one turn."""

from __future__ import annotations

from sqlalchemy import select

from bot.dialog import Chat
from bot.handlers.anyone import MENU
from bot.handlers.customer import CATEGORY_NAMES
from bot.handlers.registry import Handler
from bot.texts.reply import Button, Reply, Row, lines, verbatim, words
from core.billing.overdue import overdue_customers
from core.crm.models import Customer, Site
from core.service_desk.tickets import assigned_to, ticket_by_number
from core.staff.models import Staff
from core.usecases.figures_of_day import figures_of_day


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
    ticket = ticket_by_number(chat.session, number=number or str(chat.understood.entities.get("ticket_no") or ""))
    if ticket.assigned_to != chat.speaker.staff_id:
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


def agent_menu(chat: Chat, _: str) -> Reply:
    return Reply(
        words("Salam %(name)s! What do you need?", name=chat.speaker.name),
        buttons=(Button("worklist", words("My worklist")),),
    )


def worklist(chat: Chat, _: str) -> Reply:
    agent = chat.session.get_one(Staff, chat.speaker.staff_id)
    overdue = overdue_customers(chat.session, today=chat.today, area_id=agent.area_id, limit=15)
    if not overdue:
        return Reply(words("Nobody in your area is overdue."))
    people = (
        words(
            "• %(number)s %(name)s, %(place)s: %(amount)s, %(days)s days",
            number=who.number, name=who.name, place=who.sub_zone, amount=who.amount, days=who.days,
        )
        for who in overdue
    )  # fmt: skip
    return Reply(lines(words("Overdue in your area, the largest first:"), *people))


def office_menu(chat: Chat, _: str) -> Reply:
    return Reply(
        words("Salam %(name)s! What do you need?", name=chat.speaker.name),
        buttons=(Button("today_figures", words("Today's figures")),),
    )


def today_figures(chat: Chat, _: str) -> Reply:
    day = figures_of_day(chat.session, today=chat.today)
    return Reply(
        lines(
            words("Figures of %(day)s:", day=chat.today),
            words("Collected today: %(amount)s", amount=day.collected),
            words("Still owed in all: %(amount)s", amount=day.owed),
            words(
                "Overdue: %(amount)s from %(count)s customers",
                amount=day.overdue,
                count=day.overdue_customers,
            ),
            words("Open complaints: %(count)s", count=day.open_tickets),
        )
    )


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
RECOVERY_AGENT = (
    Handler("menu", ("menu",), "chat.menu", agent_menu),
    Handler("worklist", ("worklist",), "chat.worklist", worklist),
)
OFFICE = (
    Handler("menu", ("menu",), "chat.menu", office_menu),
    Handler("today_figures", ("today_figures",), "chat.figures", today_figures),
)
