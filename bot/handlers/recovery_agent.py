"""What a recovery agent asks in one turn: his worklist, one of his cases, how he is doing."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from bot.dialog import ROWS_MAX, Chat
from bot.handlers.registry import Handler
from bot.localities import places_named
from bot.own_cases import CHANNELS, case_named, own_case_numbered
from bot.texts.reply import Button, Reply, Row, Saying, lines, verbatim, words
from bot.understanding.hints import gives
from core.billing.balance import account_balance
from core.billing.overdue import overdue_customers
from core.crm.coverage import Place, places_of
from core.crm.distance import route_link
from core.recovery.case_models import Attempt
from core.recovery.cases import attempts_of
from core.recovery.promises import promises_judged
from core.recovery.worklist import Narrowed, WorkItem
from core.recovery.worklist import worklist as read_worklist
from core.staff.models import Staff
from core.usecases.own_performance import own_performance

WORKLIST = Button("worklist", words("My worklist"))
HANDOVER = Button("flow:cash_handover", words("Hand over cash"))
PERFORMANCE = Button("my_performance", words("My performance"))
WHYS = {
    "promise_today": words("promised for today"),
    "promise_broken": words("promise broken"),
    "action_due": words("your own date"),
    "notice_to_bring": words("bring the notice"),
    "overdue": words("overdue"),
}
OUTCOMES = {
    "no_answer": words("No answer"),
    "not_at_home": words("Not at home"),
    "left_message": words("Left a message"),
    "refuses": words("Refuses to pay"),
    "disputes": words("Says the bill is wrong"),
    "wrong_number": words("Wrong number"),
    "moved_away": words("Moved away"),
    "equipment_returned": words("Equipment returned"),
    "promised": words("Promised to pay"),
    "part_paid": words("Paid a part"),
    "paid": words("Paid"),
}
SHOWN_ATTEMPTS = 3
LISTED_MAX = 500
"""An agent has fewer cases in hand; more than the list holds are counted."""
PLACES_MAX = 3


def menu(chat: Chat, _: str) -> Reply:
    return Reply(
        words("Salam %(name)s! What do you need?", name=chat.speaker.name), buttons=(WORKLIST, HANDOVER, PERFORMANCE)
    )


def worklist(chat: Chat, _: str) -> Reply:
    """His cases, the most pressing first, only those of a place or sum he names; where no case was given to him yet,
    who is overdue in his area.
    """
    assert chat.speaker.staff_id is not None
    narrowed = _narrowed(chat)
    items = read_worklist(
        chat.session, agent_id=chat.speaker.staff_id, today=chat.today, here=chat.here, narrowed=narrowed,
        limit=LISTED_MAX,
    )  # fmt: skip
    if not items and narrowed.conditions:
        return Reply(words("None of your cases for today is like that."), buttons=(WORKLIST,))
    if not items:
        return _overdue_in_area(chat)
    shown, left = items[:ROWS_MAX], len(items) - ROWS_MAX
    rows = tuple(Row(f"case:{item.number}", verbatim(item.name), _why(item)) for item in shown)
    way = route_link([item.place for item in shown if item.place is not None])
    order = (
        words("Your cases for today, the most pressing first and then the nearest:")
        if chat.here
        else words("Your cases for today, the most pressing first:")
    )
    body = lines(
        order, *_only(chat, narrowed), *(_line(item) for item in shown),
        words("And %(count)s more.", count=left) if left > 0 else None,
        words("All on the map: %(link)s", link=way) if way else None,
    )  # fmt: skip
    return Reply(body, rows=rows, list_button=words("Choose"))


def _narrowed(chat: Chat) -> Narrowed:
    """The place and the sum that the words name: "sirf Gulshan", "500 se upar wale"."""
    if chat.message.action is not None:
        return Narrowed()
    zones = [place.sub_zone_id for place in places_named(chat.message.text, _places(chat))]
    amount = chat.understood.entities.get("amount")
    sum_named = amount if isinstance(amount, Decimal) else None
    if gives(chat.message.text, "at_most"):
        return Narrowed(zones, at_most=sum_named)
    return Narrowed(zones, at_least=sum_named)


def _places(chat: Chat) -> Sequence[Place]:
    return chat.once("places", lambda: places_of(chat.session))


def _only(chat: Chat, narrowed: Narrowed) -> list[Saying]:
    """What was left out, so that a short list is not taken for all there is."""
    chosen = [place.label for place in _places(chat) if place.sub_zone_id in narrowed.sub_zone_ids]
    said = [words("Only %(place)s", place=", ".join(chosen[:PLACES_MAX]))] if chosen else []
    if narrowed.at_least is not None:
        said.append(words("Only from %(amount)s on", amount=narrowed.at_least))
    if narrowed.at_most is not None:
        said.append(words("Only up to %(amount)s", amount=narrowed.at_most))
    return said


def _line(item: WorkItem) -> Saying:
    said = words(
        "• %(number)s %(name)s, %(place)s: %(amount)s, %(days)s days",
        number=item.number, name=item.name, place=item.sub_zone, amount=item.amount, days=item.days,
    )  # fmt: skip
    if item.metres is not None:
        said = words("%(case)s, %(km)s km", case=said, km=f"{item.metres / 1000:.1f}")
    if item.why == "overdue":
        return said
    return words("%(case)s, *%(why)s*", case=said, why=WHYS[item.why])


def _why(item: WorkItem) -> Saying:
    return words("%(amount)s, %(why)s", amount=item.amount, why=WHYS[item.why])


def _overdue_in_area(chat: Chat) -> Reply:
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


def case(chat: Chat, number: str) -> Reply:
    """What he needs for one of his own cases: where, how to reach, how much, what was tried and promised."""
    item = own_case_numbered(chat, number or case_named(chat))
    if item is None:
        return Reply(words("That customer is not among your cases."), buttons=(WORKLIST,))
    place = item.place
    balance = account_balance(chat.session, customer_id=item.customer_id, today=chat.today)
    kept, broken = promises_judged(chat.session, customer_id=item.customer_id)
    body = lines(
        words("*%(number)s %(name)s*, %(place)s", number=item.number, name=item.name, place=item.sub_zone),
        verbatim(item.phone) if item.phone else None,
        verbatim(item.address) if item.address else None,
        verbatim(f"https://maps.google.com/?q={place.latitude},{place.longitude}") if place else None,
        words("Overdue: *%(amount)s*, %(days)s days", amount=item.amount, days=item.days),
        words("Left to pay in all: %(amount)s", amount=balance.due) if balance.due != item.amount else None,
        words("Advance: %(amount)s", amount=balance.advance) if balance.advance else None,
        words("Promised: %(amount)s by %(day)s", amount=item.promised, day=item.promised_by) if item.promised else None,
        words("Promises before: %(kept)s kept, %(broken)s broken", kept=kept, broken=broken) if kept + broken else None,
        *_tried(chat, item),
    )
    return Reply(
        body,
        buttons=(
            Button(f"flow:cash_collected:{item.number}", words("Cash received")),
            Button(f"flow:promise_log:{item.number}", words("Note a promise")),
            Button(f"flow:attempt_log:{item.number}", words("Note an attempt")),
        ),
    )


def _tried(chat: Chat, item: WorkItem) -> list[Saying]:
    attempts = attempts_of(chat.session, customer_id=item.customer_id, limit=SHOWN_ATTEMPTS)
    return [_attempt(chat, attempt) for attempt in attempts]


def _attempt(chat: Chat, attempt: Attempt) -> Saying:
    said = words(
        "%(day)s, %(how)s: %(outcome)s", day=attempt.attempted_at.astimezone(chat.zone).date(),
        how=CHANNELS[attempt.channel], outcome=OUTCOMES[attempt.outcome],
    )  # fmt: skip
    if attempt.metres is None:
        return said
    return words("%(attempt)s (%(metres)s m from the site)", attempt=said, metres=attempt.metres)


def performance(chat: Chat, _: str) -> Reply:
    """His month: money, promises are not judged here; what it earns and what the cash in his hands holds back."""
    assert chat.speaker.staff_id is not None
    own = own_performance(chat.session, staff_id=chat.speaker.staff_id, month=chat.today, today=chat.today)
    cash, money = own.cash, own.collections
    body = lines(
        words("Your month so far:"),
        words("Collected: *%(amount)s* with %(count)s receipts", amount=money.collected, count=money.receipts),
        words("Taken back: %(amount)s", amount=money.taken_back) if money.taken_back else None,
        words("Handed over: %(amount)s", amount=money.handed_over),
        words("Cash in your hands: *%(amount)s*", amount=cash.in_hand),
        words("You may take %(amount)s more.", amount=cash.left) if cash.left is not None else None,
        words("Incentive: %(amount)s", amount=money.incentive),
        words("%(amount)s more once you hand over your cash.", amount=own.incentive_waiting)
        if own.incentive_waiting > 0
        else None,
        words("Unconfirmed receipts: %(count)s", count=own.unconfirmed),
        words("Disputed by customers: %(count)s. What they earn waits for the office.", count=own.disputed)
        if own.disputed
        else None,
    )
    return Reply(body, buttons=(WORKLIST, HANDOVER))


HANDLERS = (
    Handler("menu", ("menu",), "chat.menu", menu),
    Handler("worklist", ("worklist",), "chat.worklist", worklist),
    Handler("case", ("customer_lookup",), "chat.own_cases", case),
    Handler("my_performance", ("my_performance",), "chat.performance", performance),
)
