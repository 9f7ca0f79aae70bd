"""A bill that the customer says is wrong, and the words that go with a rating."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.dialog import Answers, Chat, Choose, Confirm, Flow, Option, Text
from bot.flows.file_complaint import bill_id, bill_options
from bot.handlers import tickets
from bot.handlers.customer import BALANCE, MENU
from bot.handlers.tickets import own_ticket
from bot.texts.reply import Button, Reply, Saying, lines, verbatim, words
from core.service_desk import ratings
from core.service_desk.models import DONE_STATES
from core.service_desk.tickets import TicketAlreadyOpen, TicketNotDone, add_to_ticket, open_ticket, tickets_of

NO_BILL = words("There is no bill on your account yet.")


def has_bill(chat: Chat, answers: Answers) -> bool:
    return bool(bill_options(chat, answers))


def dispute_summary(_chat: Chat, answers: Answers) -> Saying:
    return lines(
        words("Shall I register that *%(invoice)s* is wrong?", invoice=answers.bill),
        words("Details: %(detail)s", detail=answers.detail),
        words("While we look into it you get no reminders."),
    )


def dispute(chat: Chat, answers: Answers) -> Reply:
    if answers.bill is None:
        return Reply(NO_BILL, buttons=(BALANCE, MENU))
    if not answers.confirmed:
        return Reply(words("All right, nothing was registered."), buttons=(MENU,))
    described = f"Bill {answers.bill}: {answers.detail}"
    try:
        with chat.session.begin_nested():
            ticket = open_ticket(
                chat.session, customer_id=chat.account.customer_id, category="billing_dispute", description=described,
                opened_by=chat.speaker.actor, now=chat.now, invoice_id=bill_id(chat, answers.bill),
            )  # fmt: skip
        said = words("Your complaint is registered: *%(ticket)s*. We are on it and will tell you here.",
                     ticket=ticket.number)  # fmt: skip
    except TicketAlreadyOpen as refusal:
        ticket = add_to_ticket(
            chat.session, ticket_id=refusal.ticket.id, author=chat.speaker.actor, words=described
        )  # fmt: skip
        said = lines(
            words("You already have an open complaint about this: *%(ticket)s*.", ticket=ticket.number),
            words("I have added this to it."),
        )
    status = Button(f"complaint_status:{ticket.number}", words("Status"))
    return Reply(lines(said, tickets.expectation(chat, ticket)), buttons=(status, MENU))


def rated(chat: Chat, _answers: Answers) -> Sequence[Option]:
    mine = tickets_of(chat.session, customer_id=chat.account.customer_id)
    return [Option(t.number, verbatim(t.number)) for t in mine if t.state in DONE_STATES and t.rating is not None]


def has_rated(chat: Chat, answers: Answers) -> bool:
    return bool(rated(chat, answers))


def comment(chat: Chat, answers: Answers) -> Reply:
    ticket = own_ticket(chat, answers.ticket) if answers.ticket else None
    if ticket is None:
        return Reply(words("There is no rating to comment on."), buttons=(MENU,))
    ratings.comment_on_rating(chat.session, ticket_id=ticket.id, comment=answers.comment)
    return Reply(words("Thank you, our team reads this."), buttons=(MENU,))


def not_done(_refusal: Any) -> Reply:
    return Reply(words("There is no rating to comment on."), buttons=(MENU,))


dispute_bill = Flow(
    name="dispute_bill",
    intent="",
    permission="chat.complain",
    title=words("your complaint about a bill"),
    questions=[
        Choose("bill", lambda *_: words("Which bill is wrong?"), bill_options, when=has_bill),
        Text("detail", lambda *_: words("What is wrong with it? Please write it in a few words."), when=has_bill),
        Confirm("confirmed", dispute_summary, when=has_bill),
    ],
    finish=dispute,
)
comment_rating = Flow(
    name="comment_rating",
    intent="",
    permission="chat.complain",
    title=words("your comment"),
    questions=[
        Choose("ticket", lambda *_: words("Which complaint do you mean?"), rated, when=has_rated),
        Text("comment", lambda *_: words("Please write what you would like to tell us."), when=has_rated),
    ],
    finish=comment,
    refused={TicketNotDone: not_done},
)
