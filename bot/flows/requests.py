"""What a customer asks the office to do: move the connection, set another Wi-Fi name or password.

A wished password is encrypted when it is read and stands in no ticket's text: the ticket's technician reads it until
the ticket is resolved, then it is deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from bot.dialog import Answers, Chat, Choose, Confirm, Day, Flow, Option, Text, day_options
from bot.handlers import tickets
from bot.handlers.customer import MENU
from bot.questions import Place, Secret
from bot.texts.reply import Button, Reply, Saying, lines, words
from core.ids import Id
from core.service_desk.models import Ticket
from core.service_desk.secrets import keep_secret
from core.service_desk.tickets import TicketAlreadyOpen, add_to_ticket, open_ticket

MOVE_DAYS_AHEAD = 60
NAME_BYTES_MAX, PASSWORD_MIN, PASSWORD_MAX = 32, 8, 63
NAME, PASSWORD, BOTH = "name", "password", "both"


def days_ahead(chat: Chat, first: int, last: int) -> list[date]:
    """The days from so many days ahead to so many."""
    return [chat.today + timedelta(days=ahead) for ahead in range(first, last + 1)]


def moving_days(chat: Chat, _answers: Answers) -> Sequence[Option]:
    return day_options(days_ahead(chat, 1, MOVE_DAYS_AHEAD))


def move_summary(_chat: Chat, answers: Answers) -> Saying:
    return lines(
        words("Shall I ask our office to move your connection?"),
        words("To: *%(address)s*", address=answers.address),
        words("Location: attached") if answers.place else None,
        words("Wished day: *%(day)s*", day=answers.day),
        words("The office tells you first whether we serve that place and what moving costs."),
    )


def request(
    chat: Chat, category: str, said: str, *, priority: str = "normal", place: tuple[Decimal, Decimal] | None = None
) -> tuple[Ticket, bool]:
    """The ticket of a request, and whether it is a new one; a second wish joins the one that is open."""
    try:
        with chat.session.begin_nested():
            ticket = open_ticket(
                chat.session, customer_id=chat.account.customer_id, category=category, description=said,
                opened_by=chat.speaker.actor, now=chat.now, priority=priority, place=place,
            )  # fmt: skip
        return ticket, True
    except TicketAlreadyOpen as refusal:
        joined = add_to_ticket(
            chat.session, ticket_id=refusal.ticket.id, author=chat.speaker.actor, words=said, place=place
        )  # fmt: skip
        return joined, False


def told(chat: Chat, ticket: Ticket, is_new: bool, said: Saying) -> Reply:
    """What he hears of his request."""
    first = said if is_new else words("Your request *%(ticket)s* is open; I have added this to it.",
                                      ticket=ticket.number)  # fmt: skip
    status = Button(f"complaint_status:{ticket.number}", words("Status"))
    return Reply(lines(first, tickets.expectation(chat, ticket)), buttons=(status, MENU))


def move(chat: Chat, answers: Answers) -> Reply:
    if not answers.confirmed:
        return Reply(words("All right, nothing was registered."), buttons=(MENU,))
    ticket, is_new = request(
        chat, "relocation", f"Move to: {answers.address}. Wished day: {answers.day:%d %b %Y}", place=answers.place
    )  # fmt: skip
    return told(chat, ticket, is_new, words("Your request to move is registered: *%(ticket)s*. Our office calls you.",
                                            ticket=ticket.number))  # fmt: skip


def wants_name(_chat: Chat, answers: Answers) -> bool:
    return answers.what in (NAME, BOTH)


def wants_password(_chat: Chat, answers: Answers) -> bool:
    return answers.what in (PASSWORD, BOTH)


def password_fault(said: str) -> Saying | None:
    """Why a router would not take the words for a password (IEEE 802.11: 8 to 63 printable ASCII characters)."""
    if not PASSWORD_MIN <= len(said) <= PASSWORD_MAX:
        return words("A Wi-Fi password has 8 to 63 letters or figures. Please write another one.")
    if not (said.isascii() and said.isprintable()):
        return words("Please use only English letters, figures and signs for the password.")
    return None


def wifi_summary(_chat: Chat, answers: Answers) -> Saying:
    return lines(
        words("Shall I ask our technician to set this?"),
        words("Wi-Fi name: *%(name)s*", name=answers.name[:NAME_BYTES_MAX]) if answers.name else None,
        words("Password: the one you wrote. Only the technician sees it.") if answers.password else None,
    )


def wifi(chat: Chat, answers: Answers) -> Reply:
    if not answers.confirmed:
        return Reply(words("All right, nothing was changed."), buttons=(MENU,))
    what = {NAME: "another Wi-Fi name", PASSWORD: "another Wi-Fi password", BOTH: "another Wi-Fi name and password"}
    ticket, is_new = request(chat, "router_wifi", f"Wants {what[answers.what]}; the technician sees the wished values")
    _keep(chat, ticket.id, answers)
    return told(chat, ticket, is_new, words(
        "Your request is registered: *%(ticket)s*. You will hear from us when the new Wi-Fi is set.",
        ticket=ticket.number,
    ))  # fmt: skip


def _keep(chat: Chat, ticket_id: Id, answers: Answers) -> None:
    wished = [f"Name: {answers.name[:NAME_BYTES_MAX]}"] if answers.name else []
    wished += [f"Password: {answers.password}"] if answers.password else []
    keep_secret(chat.session, ticket_id=ticket_id, words="\n".join(wished))


relocate = Flow(
    name="relocate",
    intent="relocation",
    permission="chat.requests",
    title=words("your move"),
    questions=[
        Text("address", lambda *_: words("What is the new address? House, street and area, please."), max_length=300),
        Place(
            "place",
            lambda *_: words("Please share the location of the new place with the paper clip, if you can."),
        ),
        Day("day", lambda *_: words("On which day would you like to move?"), moving_days),
        Confirm("confirmed", move_summary),
    ],
    finish=move,
)
wifi_password = Flow(
    name="wifi_password",
    intent="wifi_password",
    permission="chat.requests",
    title=words("your Wi-Fi request"),
    questions=[
        Choose(
            "what",
            lambda *_: words("What shall we change?"),
            lambda *_: [
                Option(PASSWORD, words("Password")), Option(NAME, words("Name")), Option(BOTH, words("Both")),
            ],
        ),
        Text("name", lambda *_: words("Which name shall the Wi-Fi have?"), max_length=NAME_BYTES_MAX, when=wants_name),
        Secret(
            "password", lambda *_: words("Which password would you like? 8 letters or figures at least."),
            password_fault, when=wants_password,
        ),
        Confirm("confirmed", wifi_summary),
    ],
    finish=wifi,
)  # fmt: skip
