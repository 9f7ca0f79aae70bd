"""Figures of any span, as a manager or owner asks for them: money, complaints, lines; results and positions for owners.

What is wanted comes from the words (`find_topic`, `find_period`) or from a button: `figures:<topic>:<split>:<span>`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from bot.dialog import Chat
from bot.handlers import outages
from bot.handlers.office import APPROVALS, FIGURES, METHODS, today_figures
from bot.handlers.registry import Handler
from bot.texts.reply import Button, Reply, Saying, lines, verbatim, words
from bot.understanding.periods import Period, find_period
from bot.understanding.topics import SPLITS, Topic, find_topic
from bot.understanding.transliteration import roman
from core.crm.spoken_names import most_alike, words_of
from core.staff.agent_cash import cash_of_agents
from core.staff.people import active_staff
from core.staff.permissions import may
from core.usecases.figures_of_period import Share, collected_in, complaints_in, lines_in
from core.usecases.owner_figures import cash_position, payables_position, receivable_position, result_of

OWNER = "chat.finance"
SHOWN_MAX = 12
SPLIT_NAMES = {
    "by_method": words("By method:"),
    "by_area": words("By area:"),
    "by_agent": words("By agent:"),
}
BUCKET_NAMES = {
    "current": words("not due yet"),
    "1-30": words("1-30 days"),
    "31-60": words("31-60 days"),
    "61-90": words("61-90 days"),
    "over 90": words("over 90 days"),
}


def asked(chat: Chat, argument: str) -> Reply:
    """The figure that the words or the button name; who names none gets those of the day."""
    if argument:
        topic, period = _carried(argument, chat.today)
    elif chat.message.action is not None:
        return today_figures(chat, "")
    else:
        topic = find_topic(chat.message.text) or Topic("", "")
        period = find_period(chat.message.text, today=chat.today)
    if topic.name in ("", "recovery") and not topic.split and not argument and _agent_named(chat):
        topic = Topic("recovery", "by_agent")
    show, permission = ANSWERS.get(topic.name or ("recovery" if topic.split else "day"), ANSWERS["day"])
    if permission and not may(chat.speaker.role, permission):
        return Reply(words("That is for the owner to see. I can show you the day's figures."), buttons=(FIGURES,))
    return show(chat, period, topic.split)


def _agent_named(chat: Chat) -> bool:
    """Whether the words name somebody who collects."""
    agents = {agent.id: agent.name for agent in active_staff(chat.session) if agent.role == "recovery_agent"}
    return bool(agents) and bool(most_alike(words_of(roman(chat.message.text)), agents))


def _carried(argument: str, today: date) -> tuple[Topic, Period | None]:
    """What a button of ours carries; a foreign one is the figures of the day."""
    name, split, first, last = (*argument.split(":"), "", "", "", "")[:4]
    try:
        days = (date.fromisoformat(first), date.fromisoformat(last))
    except ValueError:
        return Topic(name, split), None
    if not days[0] <= days[1] <= today:
        return Topic(name, split), None
    return Topic(name, split if split in SPLITS else ""), _span(*days)


def _span(first: date, last: date) -> Period:
    """The span of a button; what begins with a month is compared as one."""
    within_month = first.day == 1 and (first.year, first.month) == (last.year, last.month) and first != last
    return Period(first, last, "month" if within_month else "day" if first == last else "days")


def _button(topic: str, title: Saying, period: Period, split: str = "") -> Button:
    return Button(f"figures:{topic}:{split}:{period.first}:{period.last}", title)


def _today(chat: Chat) -> Period:
    return Period(chat.today, chat.today, "day")


def _month(chat: Chat) -> Period:
    return Period(chat.today.replace(day=1), chat.today, "month")


def when(period: Period) -> Saying:
    """The days of a span, as they are said over its figures."""
    if period.first == period.last:
        return words("%(day)s", day=period.first)
    return words("%(first)s to %(last)s", first=period.first, last=period.last)


def shares(rows: Sequence[Share], names: Mapping[str, Saying], unnamed: Saying) -> list[Saying]:
    """A line for each name and amount, the smallest of many added up."""
    listed = [
        words("• %(method)s: %(amount)s", method=names.get(name, verbatim(name) if name else unnamed), amount=amount)
        for name, amount in rows[:SHOWN_MAX]
    ]
    rest = sum((amount for _, amount in rows[SHOWN_MAX:]), Decimal("0.00"))
    return [*listed, words("• others: %(amount)s", amount=rest)] if rows[SHOWN_MAX:] else listed


def recovery(chat: Chat, period: Period | None, split: str) -> Reply:
    """Money that came in, by method unless another split is asked, against the span before."""
    period = period or _today(chat)
    money = collected_in(chat.session, first=period.first, last=period.last)
    before = period.before
    split = split or "by_method"
    rows = {"by_method": money.by_method, "by_area": money.by_area, "by_agent": money.by_agent}[split]
    office = words("office and accounts")
    body = lines(
        words("Recovery, %(when)s: *%(amount)s* in %(count)s payments", when=when(period), amount=money.total,
              count=money.payments),
        SPLIT_NAMES[split] if rows else None,
        *shares(rows, METHODS if split == "by_method" else {}, office),
        words("Before that, %(when)s: %(amount)s", when=when(before),
              amount=collected_in(chat.session, first=before.first, last=before.last).total),
    )  # fmt: skip
    others = {"by_area": words("By area"), "by_agent": words("By agent"), "by_method": words("By method")}
    buttons = [_button("recovery", title, period, name) for name, title in others.items() if name != split]
    return Reply(body, buttons=(*buttons, FIGURES))


def agent_cash(chat: Chat, _period: Period | None, _split: str) -> Reply:
    """What each agent holds and has not handed over."""
    held = [cash for cash in cash_of_agents(chat.session, today=chat.today) if cash.in_hand > 0]
    body = lines(
        words("Cash in agents' hands: %(amount)s", amount=sum((cash.in_hand for cash in held), Decimal("0.00"))),
        *(
            words("• %(who)s: %(amount)s, the oldest %(days)s days", who=cash.name, amount=cash.in_hand,
                  days=cash.age_days)
            for cash in held[:SHOWN_MAX]
        ),
    )  # fmt: skip
    return Reply(body, buttons=(FIGURES, APPROVALS))


def complaints(chat: Chat, period: Period | None, _split: str) -> Reply:
    period = period or _today(chat)
    told = complaints_in(chat.session, first=period.first, last=period.last, now=chat.now)
    body = lines(
        words("Complaints, %(when)s:", when=when(period)),
        words("• new: %(count)s", count=told.opened),
        words("• solved: %(count)s", count=told.resolved),
        words("• of the new ones late (SLA): %(count)s", count=told.late),
        words("Open now: %(count)s, of these late: *%(late)s*", count=told.open_now, late=told.late_now),
    )
    return Reply(body, buttons=(Button("open_tickets", words("Open tickets")), FIGURES))


def connections(chat: Chat, period: Period | None, _split: str) -> Reply:
    """Lines won, lost and suspended; of the month where no span is named."""
    period = period or _month(chat)
    told = lines_in(chat.session, first=period.first, last=period.last)
    body = lines(
        words("Connections, %(when)s:", when=when(period)),
        words("• new: %(count)s", count=told.started),
        words("• left us: %(count)s", count=told.ended),
        words("• suspended for debt: %(count)s", count=told.cut),
        words("Now: %(active)s active, %(suspended)s suspended", active=told.active, suspended=told.suspended),
        words("Outages now: %(count)s", count=told.outages),
    )
    return Reply(body, buttons=(FIGURES, APPROVALS))


def running_outages(chat: Chat, _period: Period | None, _split: str) -> Reply:
    return outages.outage_list(chat, "")


def day(chat: Chat, period: Period | None, split: str) -> Reply:
    """Today in full, or money, complaints and lines of another span."""
    if period is None or period == _today(chat):
        return today_figures(chat, "")
    money, troubles, lines_ = (show(chat, period, split) for show in (recovery, complaints, connections))
    return Reply(lines(money.body, troubles.body, lines_.body), buttons=money.buttons)


def profit(chat: Chat, period: Period | None, _split: str) -> Reply:
    """The result of a month or to date, and of the same days before."""
    period = period or _month(chat)
    before = period.before
    now, then = (result_of(chat.session, first=each.first, last=each.last) for each in (period, before))
    body = lines(
        words("Profit and loss, %(when)s:", when=when(period)),
        words("• income: %(amount)s", amount=now.income),
        words("• direct costs: %(amount)s", amount=now.direct_costs),
        words("• gross margin: %(amount)s", amount=now.margin),
        words("• expenses: %(amount)s", amount=now.expenses),
        words("*Profit: %(amount)s*", amount=now.profit)
        if now.profit >= 0
        else words("*Loss: %(amount)s*", amount=-now.profit),
        words("Before that, %(when)s:", when=when(before)),
        words("• income: %(amount)s", amount=then.income),
        words("• profit: %(amount)s", amount=then.profit),
        words("Change of the profit: %(amount)s", amount=now.profit - then.profit),
    )
    return Reply(body, buttons=(_button("profit", words("Before that"), before), CASH, OWED))


def cash(chat: Chat, period: Period | None, _split: str) -> Reply:
    """Money by account at the end of a day, and a month before."""
    as_of = period.last if period else chat.today
    earlier = as_of.replace(day=1) - timedelta(days=1)
    position = cash_position(chat.session, as_of=as_of)
    body = lines(
        words("Cash and bank, %(day)s:", day=as_of),
        *shares(position.accounts, {}, verbatim("-")),
        words("• in agents' hands: %(amount)s", amount=position.with_agents),
        words("*Total: %(amount)s*", amount=position.total),
        words("On %(day)s it was %(amount)s.", day=earlier, amount=cash_position(chat.session, as_of=earlier).total),
    )
    return Reply(body, buttons=(PROFIT, OWED, DUE))


def receivable(chat: Chat, period: Period | None, _split: str) -> Reply:
    as_of = period.last if period else chat.today
    earlier = as_of.replace(day=1) - timedelta(days=1)
    owed = receivable_position(chat.session, as_of=as_of)
    body = lines(
        words("Customers owe us, %(day)s: *%(amount)s*", day=as_of, amount=owed.total),
        *shares(owed.buckets, BUCKET_NAMES, verbatim("-")),
        words("Overdue: %(amount)s", amount=owed.overdue),
        words("Their advances: %(amount)s", amount=owed.advance),
        words("On %(day)s it was %(amount)s.", day=earlier,
              amount=receivable_position(chat.session, as_of=earlier).total),
    )  # fmt: skip
    return Reply(body, buttons=(PROFIT, CASH, DUE))


def payables(chat: Chat, _period: Period | None, _split: str) -> Reply:
    due = payables_position(chat.session, today=chat.today)
    body = lines(
        words("We owe vendors: *%(amount)s* in %(count)s bills", amount=due.total, count=due.bills),
        words("Overdue: %(amount)s", amount=due.overdue),
        words("The next is due on %(day)s.", day=due.next_due_on) if due.next_due_on else None,
        *shares(due.largest, {}, verbatim("-")),
    )
    return Reply(body, buttons=(PROFIT, CASH, OWED))


PROFIT = Button("figures:profit", words("Profit and loss"))
CASH = Button("figures:cash", words("Cash and bank"))
OWED = Button("figures:receivable", words("Owed to us"))
DUE = Button("figures:payables", words("We owe"))
Answer = Callable[[Chat, Period | None, str], Reply]
ANSWERS: Mapping[str, tuple[Answer, str]] = {
    "day": (day, ""),
    "recovery": (recovery, ""),
    "agent_cash": (agent_cash, ""),
    "complaints": (complaints, ""),
    "sla": (complaints, ""),
    "connections": (connections, ""),
    "churn": (connections, ""),
    "suspended": (connections, ""),
    "outages": (running_outages, ""),
    "profit": (profit, OWNER),
    "cash": (cash, OWNER),
    "receivable": (receivable, OWNER),
    "payables": (payables, OWNER),
}
"""Topic → the answer, and the permission it needs beside the handler's own."""
HANDLERS = (Handler("figures", ("today_figures",), "chat.figures", asked),)
