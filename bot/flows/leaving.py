"""A customer who wants to leave, or to rest for a while. Chat cuts nothing: whether he leaves the office decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bot.dialog import Answers, Chat, Choose, Confirm, Day, Flow, Option, Text, day_options
from bot.flows.parts import refused_as
from bot.flows.requests import days_ahead, request, told
from bot.handlers.customer import BALANCE, CHANGE_PLAN, COMPLAIN, HOW_TO_PAY, HUMAN, MENU
from bot.texts.reply import Button, Reply, Saying, lines, words
from bot.understanding.hints import gives
from core.billing.balance import account_balance
from core.billing.pauses import AlreadyPaused, PauseInvalid, running_pause
from core.billing.plan_models import BillingPolicy
from core.billing.subscription_models import Subscription
from core.billing.subscriptions import current_subscription
from core.usecases.pause_service import pause_service

PAUSE_DAYS_MAX, PAUSE_AHEAD_MAX, LEAVE_AHEAD_MAX = 90, 30, 60
REASONS = {
    "too_expensive": words("Too expensive"),
    "bad_service": words("Bad service"),
    "moving": words("Moving house"),
    "away": words("Away for some time"),
    "other_provider": words("Another provider"),
    "other": words("Something else"),
}
STAY, LEAVE = "stay", "leave"
PAUSE = Button("flow:pause_line", words("Pause the line"))
RELOCATE = Button("flow:relocate", words("Moving house"))
DISCONNECT = Button("flow:disconnect", words("End the connection"))
OFFERS: dict[str, tuple[Saying, Saying, tuple[Button, ...]]] = {
    "too_expensive": (
        words("Before you go: a smaller plan costs less, and you keep the line. Would you like to see the plans?"),
        words("Cheaper plan"),
        (CHANGE_PLAN, HUMAN, MENU),
    ),
    "bad_service": (
        words("We are sorry. May we first repair what is wrong? A technician comes, or a person calls you."),
        words("Repair it first"),
        (COMPLAIN, HUMAN, MENU),
    ),
    "moving": (
        words("You can take the connection along to the new place. Shall we do that instead?"),
        words("Take it along"),
        (RELOCATE, HUMAN, MENU),
    ),
    "away": (
        words("You can pause the line while you are away, and go on without a new installation."),
        words("Pause instead"),
        (PAUSE, HUMAN, MENU),
    ),
    "other_provider": (
        words("May a person of our team make you an offer first?"),
        words("Talk to a person"),
        (HUMAN, CHANGE_PLAN, MENU),
    ),
    "other": (words("May a person of our team talk to you first?"), words("Talk to a person"), (HUMAN, PAUSE, MENU)),
}
OFFICE_REASONS = {
    "too_expensive": "too expensive", "bad_service": "bad service", "moving": "moving house",
    "away": "away for some time", "other_provider": "another provider", "other": "other",
}  # fmt: skip


def mine(chat: Chat) -> Subscription | None:
    return chat.once("mine", lambda: current_subscription(chat.session, customer_id=chat.account.customer_id))


def has_line(chat: Chat, _answers: Answers) -> bool:
    return mine(chat) is not None


def leaves(chat: Chat, answers: Answers) -> bool:
    return has_line(chat, answers) and answers.offer == LEAVE


def leaving_days(chat: Chat, _answers: Answers) -> Sequence[Option]:
    return day_options(days_ahead(chat, 0, LEAVE_AHEAD_MAX))


def leave_summary(chat: Chat, answers: Answers) -> Saying:
    owed = account_balance(chat.session, customer_id=chat.account.customer_id, today=chat.today)
    return lines(
        words("Shall I send your request to end the connection to our manager?"),
        words("Last day: *%(day)s*", day=answers.day),
        words("Reason: %(reason)s", reason=REASONS[answers.reason]),
        words("Still to pay: %(amount)s", amount=owed.due) if owed.due else None,
        words("Our equipment is collected, and a deposit is settled with what is owed."),
        words("Nothing is cut now: our manager calls you first."),
    )


def leave(chat: Chat, answers: Answers) -> Reply:
    if not has_line(chat, answers):
        return Reply(words("There is no running connection on your account."), buttons=(BALANCE, HUMAN, MENU))
    if answers.offer == STAY:
        return Reply(words("Thank you for staying. Please choose:"), buttons=OFFERS[answers.reason][2])
    if not answers.confirmed:
        return Reply(words("All right, everything stays as it is."), buttons=(MENU,))
    detail = f": {answers.detail}" if answers.detail else ""
    ticket, is_new = request(
        chat, "disconnect", priority="high",
        said=f"Asks to end the connection on {answers.day:%d %b %Y}. Reason: {OFFICE_REASONS[answers.reason]}{detail}."
             " Retention offer declined",
    )  # fmt: skip
    return told(chat, ticket, is_new, words(
        "Your request is with our manager: *%(ticket)s*. Your internet goes on until it is decided.",
        ticket=ticket.number,
    ))  # fmt: skip


def before_leaving(chat: Chat) -> Reply | None:
    """Who is only away for some time is offered the pause at once."""
    if not gives(chat.message.text, "away"):
        return None
    return Reply(OFFERS["away"][0], buttons=(PAUSE, DISCONNECT, MENU))


def may_pause(chat: Chat, _answers: Answers) -> bool:
    return why_not(chat) is None


def why_not(chat: Chat) -> Reply | None:
    """What stands in the way of a pause, if anything does."""
    return chat.once("why_no_pause", lambda: _why_not(chat))


def _why_not(chat: Chat) -> Reply | None:
    line = mine(chat)
    if line is None:
        return Reply(words("There is no running connection on your account."), buttons=(BALANCE, HUMAN, MENU))
    if account_balance(chat.session, customer_id=chat.account.customer_id, today=chat.today).overdue > 0:
        return Reply(words("A bill is overdue. Please pay it first, then the line can be paused."),
                     buttons=(HOW_TO_PAY, HUMAN, MENU))  # fmt: skip
    running = running_pause(chat.session, subscription_id=line.id, reason="customer_request", day=chat.today)
    if running is not None:
        back = words("It goes on by itself on %(day)s.", day=running.ends_on) if running.ends_on else None
        return Reply(lines(words("Your line is paused already."), back), buttons=(HUMAN, MENU))
    if line.state != "active":
        return Reply(words("Your line is not running, so it cannot be paused."), buttons=(BALANCE, HUMAN, MENU))
    return None


def days_min(chat: Chat) -> int:
    """The shortest pause that is worth one: from here on the days are not charged."""
    return chat.once("pause_min", lambda: max(1, chat.session.scalar(select(BillingPolicy.pause_credit_days_min)) or 1))


def first_days(chat: Chat, _answers: Answers) -> Sequence[Option]:
    return day_options(days_ahead(chat, 1, PAUSE_AHEAD_MAX))


@dataclass(frozen=True)
class FirstDay(Day):
    """The first day of rest; what the wish itself names may as well be its length, so it is asked."""

    def given(self, chat: Chat) -> Any:
        return None

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        return super().read(chat, answers, tapped or Day.given(self, chat))


def back_days(chat: Chat, answers: Answers) -> Sequence[Option]:
    if answers.start is None:
        return []
    lengths = range(days_min(chat), PAUSE_DAYS_MAX + 1)
    return day_options([answers.start + timedelta(days=length) for length in lengths])


def pause_summary(_chat: Chat, answers: Answers) -> Saying:
    return lines(
        words("Shall I pause your line?"),
        words("Off from: *%(day)s*", day=answers.start),
        words("On again from: *%(day)s*", day=answers.back),
        words("These %(days)s days are not charged; what is billed already comes back to your account.",
              days=(answers.back - answers.start).days),
    )  # fmt: skip


def pause(chat: Chat, answers: Answers) -> Reply:
    refusal = why_not(chat)
    if refusal is not None:
        return refusal
    if not answers.confirmed:
        return Reply(words("All right, nothing was changed."), buttons=(MENU,))
    line = mine(chat)
    assert line is not None
    pause_service(
        chat.session, subscription_id=line.id, starts_on=answers.start, ends_on=answers.back, now=chat.now,
        actor=chat.speaker.actor, note="Asked for in chat", origin=chat.origin,
    )  # fmt: skip
    return Reply(
        words("Done: your line rests from %(start)s and is on again from %(back)s.", start=answers.start,
              back=answers.back),
        buttons=(BALANCE, MENU),
    )  # fmt: skip


disconnect = Flow(
    name="disconnect",
    intent="disconnect",
    permission="chat.requests",
    title=words("the end of your connection"),
    questions=[
        Choose(
            "reason", lambda *_: words("We are sorry to hear that. What is the reason?"),
            lambda *_: [Option(value, name) for value, name in REASONS.items()], when=has_line,
        ),
        Text("detail", lambda *_: words("Please tell us in a few words what is wrong."),
             when=lambda chat, answers: has_line(chat, answers) and answers.reason == "other"),
        Choose(
            "offer", lambda _, answers: OFFERS[answers.reason][0],
            lambda _, answers: [
                Option(STAY, OFFERS[answers.reason][1]), Option(LEAVE, words("End it anyway")),
            ],
            when=has_line,
        ),
        Day("day", lambda *_: words("Until which day do you need the internet?"), leaving_days, when=leaves),
        Confirm("confirmed", leave_summary, when=leaves),
    ],
    finish=leave,
    first=before_leaving,
)  # fmt: skip
pause_line = Flow(
    name="pause_line",
    intent="",
    permission="chat.requests",
    title=words("the pause of your line"),
    questions=[
        FirstDay("start", lambda *_: words("From which day shall the line rest?"), first_days, when=may_pause),
        Day("back", lambda *_: words("From which day do you need it again?"), back_days, when=may_pause),
        Confirm("confirmed", pause_summary, when=may_pause),
    ],
    finish=pause,
    refused=refused_as(
        words("The line cannot be paused on these days. Shall a person of our team call you?"),
        (PauseInvalid, AlreadyPaused), HUMAN, MENU,
    ),
)  # fmt: skip
