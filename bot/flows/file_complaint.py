"""A customer reports a fault: what is wrong, a word about it, a photo if he likes; then a ticket is opened."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from bot.dialog import Answers, Chat, Choose, Confirm, Flow, Option, Photo, Text
from bot.flows.parts import keep_photo
from bot.handlers.customer import CATEGORY_NAMES, HUMAN, MENU
from bot.texts.reply import Button, Reply, Saying, lines, words
from core.service_desk.tickets import TicketAlreadyOpen, open_ticket


def categories(_chat: Chat, _answers: Answers) -> Sequence[Option]:
    return [Option(value, name) for value, name in CATEGORY_NAMES.items()]


def summary(_chat: Chat, answers: Answers) -> Saying:
    return lines(
        words("Shall I register this complaint?"),
        words("Problem: *%(what)s*", what=CATEGORY_NAMES[answers.category]),
        words("Details: %(detail)s", detail=answers.detail) if answers.detail else None,
        words("Photo: attached") if answers.photo else None,
    )


def finish(chat: Chat, answers: Answers) -> Reply:
    if not answers.confirmed:
        return Reply(words("All right, nothing was registered."), buttons=(MENU,))
    ticket = open_ticket(
        chat.session, customer_id=chat.account.customer_id, category=answers.category,
        description=answers.detail or "", opened_by=chat.speaker.actor, now=chat.now,
        document_ids=[answers.photo] if answers.photo else [],
    )  # fmt: skip
    return Reply(
        words(
            "Your complaint is registered: *%(ticket)s*. We are on it and will tell you here.",
            ticket=ticket.number,
        ),
        buttons=(Button(f"complaint_status:{ticket.number}", words("Status")), MENU),
    )


def already_open(refusal: TicketAlreadyOpen) -> Reply:
    return Reply(
        words("You already have an open complaint about this: *%(ticket)s*.", ticket=refusal.ticket.number),
        buttons=(Button(f"complaint_status:{refusal.ticket.number}", words("Status")), HUMAN, MENU),
    )


flow = Flow(
    name="file_complaint",
    intent="complaint_new",
    permission="chat.complain",
    title=words("your complaint"),
    questions=[
        Choose("category", lambda *_: words("What is wrong?"), categories, entity="complaint_category"),
        Text(
            "detail",
            lambda *_: words("Please tell us in a few words what is wrong."),
            when=lambda _, answers: answers.category in ("other", "billing_dispute"),
        ),
        Photo(
            "photo",
            lambda *_: words("You can send a photo, for example of the router's lights or the cable."),
            save=partial(keep_photo, "complaint"),
            when=lambda _, answers: answers.category != "billing_dispute",
        ),
        Confirm("confirmed", summary),
    ],
    finish=finish,
    refused={TicketAlreadyOpen: already_open},
)
