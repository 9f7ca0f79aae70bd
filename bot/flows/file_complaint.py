"""A customer reports a fault. An outage is told first, some faults are checked with him, then a ticket is opened.

A fault that is registered already gets his words and pictures instead of a second ticket.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from bot.dialog import Answers, Chat, Choose, Confirm, Flow, Option, Photo, Text
from bot.flows.parts import keep_photo
from bot.handlers import bills, tickets
from bot.handlers.customer import HUMAN, MENU
from bot.handlers.names import COMPLAINT_NAMES, LIGHTS
from bot.handlers.outages import answer_of, reporter_of, running_here
from bot.questions import Place
from bot.texts.reply import Button, Reply, Saying, lines, words
from bot.understanding.hints import gives
from core.billing.invoices import invoices_of
from core.crm.models import Customer
from core.ids import Id
from core.service_desk.checks import note_check
from core.service_desk.models import OPEN_STATES, Ticket
from core.service_desk.tickets import TicketAlreadyOpen, add_to_ticket, open_ticket, tickets_of
from core.usecases import report_fault

WAIT, OWN = "wait", "own"
HELPED, DID_NOT = "helped", "not"
GUIDED = ("no_internet", "intermittent", "slow_speed", "router_wifi")
"""Faults of which the box's lights tell something."""
PLACED = ("cable_damage",)
"""Faults that may be elsewhere than at the customer's."""
CHECKS = {
    "red_los": words(
        "The red light means that no signal comes through the thin fibre cable. Please see whether it sits firmly in"
        " the box and is not bent sharply, then wait a minute. Did that help?"
    ),
    "no_pon": words(
        "Please see whether the thin fibre cable sits firmly, then take the box off the power for 30 seconds and put it"
        " on again. Did that help?"
    ),
    "no_power": words(
        "Please see whether the adapter is in the socket and in the box, and try another socket. Did that help?"
    ),
    "all_fine": words("Please switch the router off for 30 seconds and on again, and wait two minutes. Did that help?"),
}
OFFICE_WORDS = {
    "red_los": "red LOS light", "no_pon": "no PON light", "no_power": "no power", "all_fine": "all lights normal",
    "not_there": "customer could not look at the lights",
}  # fmt: skip


def categories(_chat: Chat, _answers: Answers) -> Sequence[Option]:
    return [Option(value, name) for value, name in COMPLAINT_NAMES.items()]


def open_one(chat: Chat, answers: Answers) -> Ticket | None:
    """The ticket of that kind that is open already."""
    customer_id = chat.account.customer_id
    mine = chat.once(f"tickets:{customer_id}", lambda: tickets_of(chat.session, customer_id=customer_id))
    return next((t for t in mine if t.category == answers.category and t.state in OPEN_STATES), None)


def outage_first(chat: Chat, answers: Answers) -> bool:
    return answers.category in report_fault.CATEGORIES and running_here(chat) is not None


def goes_on(_chat: Chat, answers: Answers) -> bool:
    return bool(answers.outage != WAIT and answers.helped != HELPED)


def is_guided(chat: Chat, answers: Answers) -> bool:
    unknown = answers.outage is None and open_one(chat, answers) is None
    return answers.category in GUIDED and unknown


def is_checked(chat: Chat, answers: Answers) -> bool:
    return answers.light in CHECKS


def asks_bill(chat: Chat, answers: Answers) -> bool:
    return answers.category == "billing_dispute" and bool(bill_options(chat, answers))


def bill_options(chat: Chat, _answers: Answers) -> Sequence[Option]:
    customer_id = chat.account.customer_id
    issued = chat.once(f"bills:{customer_id}", lambda: invoices_of(chat.session, customer_id=customer_id, limit=60))
    return [
        Option(bill.number, words("%(invoice)s", invoice=bill.number),
               words("%(amount)s, issued %(day)s", amount=bill.total, day=bill.issued_on))
        for bill in issued if bill.number and bill.state != "void"
    ]  # fmt: skip


@dataclass(frozen=True)
class OutageFirst(Choose):
    """The outage's answer; giving it counts the customer as one who told of it, once, whatever he taps then."""

    def ask(self, chat: Chat, answers: Answers, tap: Callable[[str], str]) -> Reply:
        report_fault.report_outage(
            chat.session, customer_id=chat.account.customer_id, reporter=reporter_of(chat), now=chat.now
        )
        return super().ask(chat, answers, tap)


@dataclass(frozen=True)
class PhotoOrPlace(Photo):
    """A picture, or the location where the fault is: what people send when they are asked to show it."""

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        place = chat.message.place
        return [str(place[0]), str(place[1])] if place else super().read(chat, answers, tapped)

    def load(self, value: Any) -> Any:
        return (Decimal(value[0]), Decimal(value[1])) if isinstance(value, list) else super().load(value)


def shown(answers: Answers) -> tuple[list[Id], tuple[Decimal, Decimal] | None]:
    """The pictures and the place that go with the complaint."""
    if isinstance(answers.photo, tuple):
        return [], answers.photo
    return [answers.photo] if answers.photo else [], answers.place


def outage_saying(chat: Chat, _answers: Answers) -> Saying:
    outage = running_here(chat)
    assert outage is not None
    return answer_of(chat, outage)


def summary(chat: Chat, answers: Answers) -> Saying:
    running = open_one(chat, answers)
    photos, place = shown(answers)
    return lines(
        words("*%(ticket)s* is open for this already. Shall I add this to it?", ticket=running.number)
        if running
        else words("Shall I register this complaint?"),
        words("Problem: *%(what)s*", what=COMPLAINT_NAMES[answers.category]),
        words("Bill: %(invoice)s", invoice=answers.bill) if answers.bill else None,
        words("Details: %(detail)s", detail=answers.detail) if answers.detail else None,
        words("Seen: %(light)s", light=LIGHTS[answers.light]) if answers.light else None,
        words("Location: attached") if place else None,
        words("Photo: attached") if photos else None,
    )


def finish(chat: Chat, answers: Answers) -> Reply:
    if answers.outage == WAIT:
        return Reply(words("Thank you for telling us. You will hear from us as soon as it is back."), buttons=(MENU,))
    if answers.helped == HELPED:
        _note_check(chat, answers, None)
        return Reply(words("Very good! If it comes back, just write to us."), buttons=(MENU,))
    if not answers.confirmed:
        return Reply(words("All right, nothing was registered."), buttons=(MENU,))
    photos, place = shown(answers)
    try:
        with chat.session.begin_nested():
            ticket = open_ticket(
                chat.session, customer_id=chat.account.customer_id, category=answers.category,
                description=described(answers), opened_by=chat.speaker.actor, now=chat.now, document_ids=photos,
                place=place, priority=_priority(chat), invoice_id=bill_id(chat, answers.bill),
                outage_id=_outage_id(chat, answers),
            )  # fmt: skip
    except TicketAlreadyOpen as refusal:
        return added(chat, refusal.ticket, answers)
    _note_check(chat, answers, ticket.id)
    report_fault.suspect_outage(
        chat.session, customer_id=chat.account.customer_id, reporter=reporter_of(chat), now=chat.now
    )  # fmt: skip
    return Reply(
        lines(
            words("Your complaint is registered: *%(ticket)s*. We are on it and will tell you here.",
                  ticket=ticket.number),
            tickets.expectation(chat, ticket),
        ),
        buttons=(Button(f"complaint_status:{ticket.number}", words("Status")), MENU),
    )  # fmt: skip


def added(chat: Chat, ticket: Ticket, answers: Answers) -> Reply:
    """What he says and shows goes to the ticket that is open."""
    photos, place = shown(answers)
    add_to_ticket(
        chat.session, ticket_id=ticket.id, author=chat.speaker.actor, document_ids=photos, place=place,
        words=described(answers) or "reported again",
    )  # fmt: skip
    return Reply(
        lines(
            words("You already have an open complaint about this: *%(ticket)s*.", ticket=ticket.number),
            words("I have added this to it."),
            tickets.expectation(chat, ticket),
        ),
        buttons=(Button(f"complaint_status:{ticket.number}", words("Status")), HUMAN, MENU),
    )


def described(answers: Answers) -> str:
    """What the office reads: his words, and what he saw and tried."""
    parts = [answers.detail or "", OFFICE_WORDS.get(answers.light or "", "")]
    if answers.helped == DID_NOT:
        parts.append("the check did not help")
    if answers.bill:
        parts.insert(0, f"Bill {answers.bill}")
    return ". ".join(part for part in parts if part)


def bill_id(chat: Chat, number: str | None) -> Id | None:
    """The customer's own bill of that number."""
    if number is None:
        return None
    bills_ = invoices_of(chat.session, customer_id=chat.account.customer_id, limit=60)
    return next((bill.id for bill in bills_ if bill.number == number), None)


def _priority(chat: Chat) -> str:
    customer = chat.session.get_one(Customer, chat.account.customer_id)
    return "normal" if customer.customer_class == "residential" else "high"


def _outage_id(chat: Chat, answers: Answers) -> Id | None:
    outage = running_here(chat) if answers.outage == OWN else None
    return outage.id if outage else None


def _note_check(chat: Chat, answers: Answers, ticket_id: Id | None) -> None:
    if answers.light in CHECKS and answers.helped is not None:
        note_check(
            chat.session, customer_id=chat.account.customer_id, category=answers.category, light=answers.light,
            helped=answers.helped == HELPED, ticket_id=ticket_id, now=chat.now,
        )  # fmt: skip


def first(chat: Chat) -> Reply | None:
    """A bill that is asked about is explained; a fault that was solved lately goes on."""
    category = chat.understood.entities.get("complaint_category")
    if category == "billing_dispute" and gives(chat.message.text, "explain"):
        return bills.explain(chat, "")
    return tickets.same_again(chat, category)


flow = Flow(
    name="file_complaint",
    intent="complaint_new",
    permission="chat.complain",
    title=words("your complaint"),
    questions=[
        Choose("category", lambda *_: words("What is wrong?"), categories, entity="complaint_category"),
        Choose("bill", lambda *_: words("Which bill is wrong?"), bill_options, when=asks_bill),
        OutageFirst(
            "outage", outage_saying,
            lambda *_: [Option(WAIT, words("I will wait")), Option(OWN, words("Mine is different"))],
            when=outage_first,
        ),
        Choose(
            "light", lambda *_: words("Which lights do you see on the box?"),
            lambda *_: [Option(value, name) for value, name in LIGHTS.items()], when=is_guided,
        ),
        Choose(
            "helped", lambda _, answers: CHECKS[answers.light],
            lambda *_: [Option(HELPED, words("It works now")), Option(DID_NOT, words("No change"))], when=is_checked,
        ),
        Text(
            "detail",
            lambda *_: words("Please tell us in a few words what is wrong."),
            when=lambda _, answers: answers.category in ("other", "billing_dispute"),
        ),
        Place(
            "place",
            lambda *_: words("Where is it? You can share the location with the paper clip."),
            when=lambda chat, answers: answers.category in PLACED and goes_on(chat, answers),
        ),
        PhotoOrPlace(
            "photo",
            lambda *_: words("You can send a photo, for example of the router's lights or the cable."),
            save=partial(keep_photo, "complaint"),
            when=lambda chat, answers: answers.category != "billing_dispute" and goes_on(chat, answers),
        ),
        Confirm("confirmed", summary, when=goes_on),
    ],
    finish=finish,
    first=first,
)  # fmt: skip
