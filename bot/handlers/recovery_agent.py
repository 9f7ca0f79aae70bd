"""What a recovery agent asks in one turn: his worklist, one of his cases, how he is doing."""

from __future__ import annotations

from bot.dialog import ROWS_MAX, Chat
from bot.handlers.registry import Handler
from bot.own_cases import CHANNELS, case_named, own_case_numbered
from bot.texts.reply import Button, Reply, Row, Saying, lines, verbatim, words
from core.billing.overdue import overdue_customers
from core.recovery.cases import attempts_of
from core.recovery.worklist import WorkItem
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


def menu(chat: Chat, _: str) -> Reply:
    return Reply(
        words("Salam %(name)s! What do you need?", name=chat.speaker.name), buttons=(WORKLIST, HANDOVER, PERFORMANCE)
    )


def worklist(chat: Chat, _: str) -> Reply:
    """His cases, the most pressing first; where no case was given to him yet, who is overdue in his area."""
    assert chat.speaker.staff_id is not None
    items = read_worklist(
        chat.session, agent_id=chat.speaker.staff_id, today=chat.today, here=chat.here, limit=ROWS_MAX
    )
    if not items:
        return _overdue_in_area(chat)
    rows = tuple(Row(f"case:{item.number}", verbatim(item.name), _why(item)) for item in items)
    order = (
        words("Your cases for today, the most pressing first and then the nearest:")
        if chat.here
        else words("Your cases for today, the most pressing first:")
    )
    body = lines(order, *(_line(item) for item in items))
    return Reply(body, rows=rows, list_button=words("Choose"))


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
    body = lines(
        words("*%(number)s %(name)s*, %(place)s", number=item.number, name=item.name, place=item.sub_zone),
        verbatim(item.phone) if item.phone else None,
        verbatim(item.address) if item.address else None,
        verbatim(f"https://maps.google.com/?q={place.latitude},{place.longitude}") if place else None,
        words("Overdue: *%(amount)s*, %(days)s days", amount=item.amount, days=item.days),
        words("Promised: %(amount)s by %(day)s", amount=item.promised, day=item.promised_by) if item.promised else None,
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
    return [
        words(
            "%(day)s, %(how)s: %(outcome)s", day=attempt.attempted_at.astimezone(chat.zone).date(),
            how=CHANNELS[attempt.channel], outcome=OUTCOMES[attempt.outcome],
        )
        for attempt in attempts
    ]  # fmt: skip


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
    )
    return Reply(body, buttons=(WORKLIST, HANDOVER))


HANDLERS = (
    Handler("menu", ("menu",), "chat.menu", menu),
    Handler("worklist", ("worklist",), "chat.worklist", worklist),
    Handler("case", ("customer_lookup",), "chat.own_cases", case),
    Handler("my_performance", ("my_performance",), "chat.performance", performance),
)
