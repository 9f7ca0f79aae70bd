"""Outages: what a customer hears of his own area, and what managers confirm, refuse and end."""

from __future__ import annotations

from bot.dialog import ROWS_MAX, Chat
from bot.handlers import tickets
from bot.handlers.customer import COMPLAIN, MENU
from bot.handlers.registry import Handler
from bot.texts.reply import Button, Reply, Row, Saying, lines, verbatim, words
from core.crm.models import Customer
from core.errors import DomainError
from core.ids import Id
from core.network import outages
from core.network.outage_models import RUNNING, Outage
from core.network.outages import zones_of
from core.usecases.confirm_outage import confirm_outage
from core.usecases.end_outage import dismiss_outage, end_outage
from core.usecases.report_fault import Reporter, outage_at, report_outage

OPEN = Button("flow:open_outage", words("Report an outage"))
LIST = Button("outages", words("Outages"))
STATES = {"suspected": words("suspected"), "confirmed": words("confirmed"), "ended": words("over"),
          "dismissed": words("no outage")}  # fmt: skip


def reporter_of(chat: Chat) -> Reporter:
    """Who writes, as one who tells of an outage."""
    return Reporter(chat.speaker.contact_id, chat.business_number_id)


def answer_of(chat: Chat, outage: Outage) -> Saying:
    """What is known of an outage, and that he will hear."""
    place = verbatim(", ".join(zones_of(chat.session, outage.id)))
    since = outage.started_at.astimezone(chat.zone)
    if outage.state == "suspected" and outage.device_id is not None:
        return lines(
            words("Our network shows a fault in %(place)s since %(since)s.", place=place, since=since),
            words("We are checking it and will tell you here."),
        )
    if outage.state == "suspected":
        return lines(
            words("Several customers in %(place)s have reported the same since %(since)s.", place=place, since=since),
            words("We are checking it and will tell you here."),
        )
    return lines(
        words("The internet is off in *%(place)s* since %(since)s. Our team is on it.", place=place, since=since),
        words("Cause: %(cause)s", cause=outage.cause) if outage.cause else None,
        words("We expect it to be back by *%(until)s*.", until=outage.expected_end.astimezone(chat.zone))
        if outage.expected_end and outage.expected_end > chat.now
        else None,
        words("You do not need to do anything: we will tell you here as soon as it is back."),
    )


def own_area(chat: Chat, _: str) -> Reply:
    """The state of the customer's own area; who asks while it is dark is told when it ends."""
    again = tickets.same_again(chat, None)
    if again is not None:
        return again
    outage = report_outage(
        chat.session, customer_id=chat.account.customer_id, reporter=reporter_of(chat), now=chat.now
    )  # fmt: skip
    if outage is not None:
        return Reply(answer_of(chat, outage), buttons=(COMPLAIN, MENU))
    zone = chat.session.get_one(Customer, chat.account.customer_id).sub_zone
    return Reply(
        words("We know of no outage in %(place)s. Does your internet not work?", place=zone.name),
        buttons=(COMPLAIN, Button("complaint_status", words("My complaints")), MENU),
    )


def running_here(chat: Chat) -> Outage | None:
    """The outage of the customer's own sub-zone."""
    customer_id = chat.account.customer_id
    return chat.once(f"outage:{customer_id}", lambda: outage_at(chat.session, customer_id=customer_id))


def outage_list(chat: Chat, _: str) -> Reply:
    """Every outage that runs."""
    running = outages.outages_running(chat.session)
    if not running:
        return Reply(words("No outage is known at the moment."), buttons=(OPEN, MENU))
    rows = tuple(
        Row(f"outage_card:{each.outage.id}", verbatim(", ".join(each.zones)),
            words("%(state)s, %(count)s reports, since %(since)s", state=STATES[each.outage.state], count=each.reports,
                  since=each.outage.started_at.astimezone(chat.zone)))
        for each in running[: ROWS_MAX - 1]
    )  # fmt: skip
    rows += (Row("flow:open_outage", words("Report an outage")),)
    return Reply(words("Outages that run now:"), rows=rows, list_button=words("Choose"))


def card(chat: Chat, key: str) -> Reply:
    """One outage with what a manager can do about it."""
    outage = _outage(chat, key)
    if outage is None:
        return Reply(words("There is no such outage."), buttons=(LIST, MENU))
    body = lines(
        words("*%(place)s*: %(state)s", place=verbatim(", ".join(zones_of(chat.session, outage.id))),
              state=STATES[outage.state]),
        words("Since %(since)s", since=outage.started_at.astimezone(chat.zone)),
        words("Cause: %(cause)s", cause=outage.cause) if outage.cause else None,
        words("We expect it to be back by *%(until)s*.", until=outage.expected_end.astimezone(chat.zone))
        if outage.expected_end and not outage.ended_at
        else None,
        words("Customers who reported it: %(count)s", count=outages.reports_of(chat.session, outage.id)),
        words("Over since %(day)s", day=outage.ended_at.astimezone(chat.zone)) if outage.ended_at else None,
    )  # fmt: skip
    if outage.state not in RUNNING:
        return Reply(body, buttons=(LIST, MENU))
    end = Button(f"outage_end:{outage.id}", words("It is over"))
    if outage.state == "confirmed":
        return Reply(body, buttons=(end, _tell_more(outage), LIST))
    confirm = Button(f"outage_confirm:{outage.id}", words("Confirm outage"))
    return Reply(body, buttons=(confirm, Button(f"outage_dismiss:{outage.id}", words("No outage")), LIST))


def confirm(chat: Chat, key: str) -> Reply:
    return _moved(chat, key, "confirm")


def dismiss(chat: Chat, key: str) -> Reply:
    return _moved(chat, key, "dismiss")


def end(chat: Chat, key: str) -> Reply:
    return _moved(chat, key, "end")


def _moved(chat: Chat, key: str, how: str) -> Reply:
    outage = _outage(chat, key)
    if outage is None:
        return Reply(words("There is no such outage."), buttons=(LIST, MENU))
    actor, told = chat.speaker.actor, 0
    try:
        with chat.session.begin_nested():
            if how == "confirm":
                _, told = confirm_outage(chat.session, outage_id=outage.id, confirmed_by=actor, now=chat.now)
            elif how == "dismiss":
                _, told = dismiss_outage(chat.session, outage_id=outage.id, dismissed_by=actor, now=chat.now)
            else:
                _, told = end_outage(
                    chat.session, outage_id=outage.id, ended_by=actor, now=chat.now, origin=chat.origin,
                    ended_at=outage.recovered_at,
                )  # fmt: skip
    except DomainError:  # somebody else was quicker: the card says how it stands
        chat.session.refresh(outage)
        return card(chat, key)
    said = {
        "confirm": words(
            "Confirmed. %(count)s customers hear it, and reminders about money wait there until it is over.", count=told
        ),
        "dismiss": words("Noted: there is no outage. %(count)s customers hear it now.", count=told),
        "end": words("The outage is over. %(count)s customers hear it now.", count=told),
    }[how]
    more = Button(f"outage_card:{outage.id}", words("Details"))
    if how == "confirm":
        return Reply(said, buttons=(_tell_more(outage), more, LIST))
    return Reply(said, buttons=(more, LIST, MENU))


def _tell_more(outage: Outage) -> Button:
    return Button(f"flow:outage_details:{outage.id}", words("Cause and time"))


def _outage(chat: Chat, key: str) -> Outage | None:
    try:
        return chat.session.get(Outage, Id(key))
    except ValueError:
        return None


CUSTOMER = (Handler("outage", ("outage",), "chat.outage", own_area, needs_account=True),)
OFFICE = (
    Handler("outages", ("outage",), "chat.outages", outage_list),
    Handler("outage_card", (), "chat.outages", card),
    Handler("outage_confirm", (), "chat.outages", confirm),
    Handler("outage_dismiss", (), "chat.outages", dismiss),
    Handler("outage_end", (), "chat.outages", end),
)
