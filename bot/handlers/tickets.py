"""A customer's complaints: how far they are, how he rates what was done, and that a fault came back."""

from __future__ import annotations

from collections.abc import Sequence

from bot.dialog import Chat
from bot.handlers.customer import COMPLAIN, HUMAN, MENU
from bot.handlers.names import CATEGORY_NAMES, OFFICE_STATES, TICKET_STATES
from bot.handlers.registry import Handler
from bot.texts.reply import Button, Reply, Saying, lines, words
from bot.understanding.hints import gives
from core.service_desk import ratings
from core.service_desk.merging import ticket_in_place_of
from core.service_desk.models import CATEGORIES, OPEN_STATES, REQUESTS, Ticket
from core.service_desk.tickets import (
    ReopenTooLate,
    TicketAlreadyOpen,
    TicketNotDone,
    may_reopen,
    reopen_ticket,
    reopenable,
    tickets_of,
)

SHOWN = 3
NOTES_SHOWN, NOTE_MAX = 2, 200
OFFICE_WORK = ("billing_dispute", "other", *REQUESTS)
VAGUE = ("billing_dispute", "other")
"""What "the problem" alone may be taken for."""
CONTENT_FROM = 4
"""A rating from here on needs no more talk."""


def complaint_status(chat: Chat, number: str) -> Reply:
    """His open complaints, or the last ones: what was done, by when it is to be solved, and an apology when late."""
    tickets = tickets_of(chat.session, customer_id=chat.account.customer_id)
    wanted = number or chat.understood.entities.get("ticket_no")
    if wanted:
        tickets = [ticket for ticket in tickets if ticket.number == wanted]
        if not tickets:
            return Reply(words("You have no complaint %(ticket)s.", ticket=wanted), buttons=(COMPLAIN, MENU))
    elif (again := same_again(chat, None)) is not None:
        return again
    if not tickets:
        return Reply(words("You have no complaint with us. Is something wrong?"), buttons=(COMPLAIN, MENU))
    is_open = [ticket for ticket in tickets if ticket.state in OPEN_STATES]
    shown = (is_open or tickets)[:SHOWN]
    more = len(is_open) - len(shown)
    body = lines(
        *(ticket_line(chat, ticket) for ticket in shown),
        words("There are %(count)s more open ones.", count=more) if more > 0 else None,
    )
    if is_open:
        return Reply(body, buttons=(HUMAN, MENU))
    back = [_back(shown[0])] if may_reopen(chat.session, shown[0], now=chat.now) else []
    return Reply(body, buttons=(*back, COMPLAIN, MENU))


def ticket_line(chat: Chat, ticket: Ticket) -> Saying:
    """One complaint with what was done and what to expect."""
    told = [note for note in ticket.notes if note.public][-NOTES_SHOWN:]
    return lines(
        words(
            "*%(ticket)s* (%(what)s): %(state)s.",
            ticket=ticket.number, what=CATEGORY_NAMES[ticket.category], state=_state(ticket),
        ),
        words("Registered: %(day)s", day=ticket.opened_at.astimezone(chat.zone)),
        *(
            words("%(day)s: “%(note)s”", day=note.created_at.astimezone(chat.zone).date(), note=note.body[:NOTE_MAX])
            for note in told
        ),
        expectation(chat, ticket),
    )  # fmt: skip


def _state(ticket: Ticket) -> Saying:
    office = OFFICE_STATES if ticket.category in OFFICE_WORK else {}
    return office.get(ticket.state, TICKET_STATES[ticket.state])


def expectation(chat: Chat, ticket: Ticket) -> Saying | None:
    """By when it is to be solved; an apology once that has passed; when it was solved."""
    if ticket.state not in OPEN_STATES:
        return words("Solved: %(day)s", day=ticket.resolved_at.astimezone(chat.zone)) if ticket.resolved_at else None
    if ticket.due_at > chat.now and ticket.category in REQUESTS:
        return words("You will hear from us by %(day)s.", day=ticket.due_at.astimezone(chat.zone))
    if ticket.due_at > chat.now:
        return words("We aim to solve it by %(day)s.", day=ticket.due_at.astimezone(chat.zone))
    return words(
        "It should have been solved by %(day)s and is late; we are sorry. The office sees it as late.",
        day=ticket.due_at.astimezone(chat.zone),
    )  # fmt: skip


def _back(ticket: Ticket) -> Button:
    return Button(f"reopen:{ticket.number}", words("It came back"))


def same_again(chat: Chat, category: str | None) -> Reply | None:
    """Asks whether a fault solved lately has come back: when he says so, or names the same kind of fault."""
    says_so = chat.message.action is None and gives(chat.message.text, "comes_back")
    if not says_so and category is None:
        return None
    found = reopenable(chat.session, customer_id=chat.account.customer_id, category=category, now=chat.now)
    if found is None and says_so:
        found = reopenable(chat.session, customer_id=chat.account.customer_id, category=None, now=chat.now)
    running = [ticket for ticket in _open(chat) if category in (None, *VAGUE, ticket.category)]
    if found is None or found.category in {ticket.category for ticket in running}:
        return _still_on_it(chat, running) if says_so and running else None
    body = words(
        "*%(ticket)s* (%(what)s) was solved on %(day)s. Is it the same fault again?",
        ticket=found.number, what=CATEGORY_NAMES[found.category],
        day=found.resolved_at.astimezone(chat.zone).date() if found.resolved_at else chat.today,
    )  # fmt: skip
    new = category if category in CATEGORIES and not says_so else ""
    return Reply(
        body,
        buttons=(
            Button(f"reopen:{found.number}", words("Yes, the same again")),
            Button(f"flow:file_complaint:{new}" if new else "flow:file_complaint", words("No, a new one")),
            MENU,
        ),
    )


def _still_on_it(chat: Chat, running: Sequence[Ticket]) -> Reply:
    body = lines(*(ticket_line(chat, ticket) for ticket in running[:SHOWN]))
    return Reply(body, buttons=(COMPLAIN, HUMAN, MENU))


def _open(chat: Chat) -> Sequence[Ticket]:
    tickets = tickets_of(chat.session, customer_id=chat.account.customer_id)
    return [ticket for ticket in tickets if ticket.state in OPEN_STATES]


def own_ticket(chat: Chat, number: str) -> Ticket | None:
    """The ticket of that number, if it is of the account that is spoken of or of another one of his."""
    for account in (chat.account, *chat.speaker.accounts):
        tickets = tickets_of(chat.session, customer_id=account.customer_id, limit=50)
        found = next((ticket for ticket in tickets if ticket.number == number), None)
        found = found or ticket_in_place_of(chat.session, number=number, customer_id=account.customer_id)
        if found is not None:
            return found
    return None


def reopen(chat: Chat, number: str) -> Reply:
    """The complaint goes on, urgent."""
    ticket = own_ticket(chat, number)
    if ticket is None:
        return Reply(words("You have no complaint %(ticket)s.", ticket=number), buttons=(COMPLAIN, MENU))
    status = Button(f"complaint_status:{ticket.number}", words("Status"))
    try:
        with chat.session.begin_nested():
            reopen_ticket(
                chat.session, ticket_id=ticket.id, author=chat.speaker.actor, now=chat.now,
                words=chat.message.text or "came back",
            )  # fmt: skip
    except (TicketNotDone, TicketAlreadyOpen) as running:
        open_one = running.ticket if isinstance(running, TicketAlreadyOpen) else ticket
        return Reply(
            words("*%(ticket)s* is open and being worked on.", ticket=open_one.number),
            buttons=(Button(f"complaint_status:{open_one.number}", words("Status")), HUMAN, MENU),
        )
    except ReopenTooLate:
        return Reply(
            words("*%(ticket)s* was solved too long ago. Please report it as a new problem.", ticket=ticket.number),
            buttons=(COMPLAIN, HUMAN, MENU),
        )
    chat.session.refresh(ticket)
    body = lines(
        words("We are sorry that it came back. *%(ticket)s* is open again, as urgent.", ticket=ticket.number),
        expectation(chat, ticket),
    )
    return Reply(body, buttons=(status, HUMAN, MENU))


def rate(chat: Chat, argument: str) -> Reply:
    """`T-1042:5`: keeps the stars and asks for words; the unhappy are offered to go on with it."""
    number, _, stars = argument.partition(":")
    ticket = own_ticket(chat, number)
    if ticket is None or not stars.isdecimal():
        return Reply(words("You have no complaint %(ticket)s.", ticket=number or "-"), buttons=(COMPLAIN, MENU))
    try:
        with chat.session.begin_nested():
            ratings.rate_ticket(chat.session, ticket_id=ticket.id, rating=int(stars), now=chat.now)
    except (ratings.RatingInvalid, TicketNotDone):
        return Reply(
            words("*%(ticket)s* is open and being worked on.", ticket=ticket.number),
            buttons=(Button(f"complaint_status:{ticket.number}", words("Status")), MENU),
        )
    comment = Button(f"flow:comment_rating:{ticket.number}", words("Add a comment"))
    if int(stars) >= CONTENT_FROM:
        return Reply(words("Thank you! We are glad that you are satisfied."), buttons=(comment, MENU))
    back = [_back(ticket)] if may_reopen(chat.session, ticket, now=chat.now) else []
    return Reply(
        words("Thank you for telling us. We are sorry; what should we do better?"), buttons=(comment, *back, MENU)
    )


HANDLERS = (
    Handler("complaint_status", ("complaint_status",), "chat.complaint_status", complaint_status, needs_account=True),
    Handler("reopen", (), "chat.complain", reopen, needs_account=True),
    Handler("rate", (), "chat.complaint_status", rate, needs_account=True),
)
