"""A promise to pay: by the customer himself, or taken down by the agent who has his case.

Both are offered the same days and amounts, those that `promise_offers` allows; what is typed is checked against them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from bot.dialog import Answers, Chat, Confirm, Day, Flow, Option, Question, Reject, Rupees, day_options
from bot.flows.parts import refused_as, refused_with
from bot.handlers.customer import BALANCE, HAVE_PAID, HOW_TO_PAY, HUMAN, MENU
from bot.handlers.recovery_agent import WORKLIST
from bot.own_cases import Channel, OwnCase, customer_of
from bot.texts.reply import Button, Reply, Saying, lines, words
from core.ids import Id
from core.money import AmountInvalid
from core.recovery.case_models import Promise
from core.recovery.promise_terms import PromiseRefused, PromiseTerms
from core.recovery.promises import ExtensionsUsedUp, PromiseStillRunning, open_promise
from core.usecases.log_promise import log_promise, promise_offers

Who = Callable[[Chat, Answers], Id | None]
ASK_MANAGER = Button("flow:longer_promise", words("Ask the manager"))


@dataclass(frozen=True)
class Facts:
    """What is allowed to whom: read once a turn."""

    terms: PromiseTerms
    running: Promise | None


def facts_of(who: Who, chat: Chat, answers: Answers) -> Facts | None:
    customer_id = who(chat, answers)
    if customer_id is None:
        return None

    def read() -> Facts:
        terms = promise_offers(chat.session, customer_id=customer_id, today=chat.today)
        return Facts(terms, open_promise(chat.session, customer_id=customer_id))

    return chat.once(f"promise:{customer_id}", read)


def may_promise(who: Who, chat: Chat, answers: Answers) -> bool:
    facts = facts_of(who, chat, answers)
    return facts is not None and bool(facts.terms.days)


def would_move(who: Who, chat: Chat, answers: Answers) -> bool:
    facts = facts_of(who, chat, answers)
    return may_promise(who, chat, answers) and facts is not None and facts.running is not None


def goes_on(who: Who, chat: Chat, answers: Answers) -> bool:
    return may_promise(who, chat, answers) and answers.move is not False


def move_saying(who: Who, chat: Chat, answers: Answers) -> Saying:
    facts = facts_of(who, chat, answers)
    assert facts is not None and facts.running is not None
    return words(
        "%(amount)s is promised for %(day)s already. Shall this promise be changed?",
        amount=facts.running.amount, day=facts.running.due_on,
    )  # fmt: skip


def days_of(who: Who, chat: Chat, answers: Answers) -> Sequence[Option]:
    facts = facts_of(who, chat, answers)
    return day_options(facts.terms.days) if facts else []


def day_saying(who: Who, chat: Chat, answers: Answers) -> Saying:
    facts = facts_of(who, chat, answers)
    assert facts is not None
    return words("By which day will it be paid? At the latest on %(day)s.", day=facts.terms.days[-1])


def amounts_of(who: Who, chat: Chat, answers: Answers) -> Sequence[Decimal]:
    facts = facts_of(who, chat, answers)
    return sorted({facts.terms.amount_max, facts.terms.amount_min}, reverse=True) if facts else []


def amount_saying(who: Who, chat: Chat, answers: Answers) -> Saying:
    facts = facts_of(who, chat, answers)
    assert facts is not None
    return words(
        "How much will be paid by then? From %(least)s to %(most)s.",
        least=facts.terms.amount_min, most=facts.terms.amount_max,
    )  # fmt: skip


def check_amount(who: Who, chat: Chat, answers: Answers, amount: Decimal) -> None:
    facts = facts_of(who, chat, answers)
    if facts is None or not facts.terms.days:
        return
    if not facts.terms.amount_min <= amount <= facts.terms.amount_max:
        raise Reject(
            words(
                "%(amount)s cannot be promised: it must be from %(least)s to %(most)s.",
                amount=amount, least=facts.terms.amount_min, most=facts.terms.amount_max,
            ),
            meant=True,
        )  # fmt: skip


def summary(_chat: Chat, answers: Answers) -> Saying:
    return lines(
        words("Shall I note this promise?"),
        words("Amount: *%(amount)s*", amount=answers.amount),
        words("Until: *%(day)s*", day=answers.day),
    )


def questions(who: Who) -> list[Question]:
    """What is asked of a promise, once it is known whose it is."""
    return [
        Confirm("move", partial(move_saying, who), when=partial(would_move, who)),
        Day("day", partial(day_saying, who), partial(days_of, who), when=partial(goes_on, who)),
        Rupees(
            "amount", partial(amount_saying, who), check=partial(check_amount, who), when=partial(goes_on, who),
            offers=partial(amounts_of, who),
        ),
        Confirm("confirmed", summary, when=partial(goes_on, who)),
    ]  # fmt: skip


def cannot(facts: Facts) -> Saying:
    """Why no promise can be taken."""
    if facts.terms.nothing_owed:
        return words("Nothing is owed, so nothing needs to be promised.")
    if facts.running is not None:
        return words(
            "The promise of %(amount)s by %(day)s stands: it was changed as often as is allowed.",
            amount=facts.running.amount, day=facts.running.due_on,
        )  # fmt: skip
    return words("No promise can be taken now, because earlier promises were not kept. Please pay, or talk to us.")


def own_account(chat: Chat, _answers: Answers) -> Id:
    return chat.account.customer_id


def finish_own(chat: Chat, answers: Answers) -> Reply:
    facts = facts_of(own_account, chat, answers)
    assert facts is not None
    if not facts.terms.days:
        owes = not facts.terms.nothing_owed
        return Reply(cannot(facts), buttons=(HOW_TO_PAY, HUMAN, MENU) if owes else (BALANCE, MENU))
    if answers.move is False or not answers.confirmed:
        return Reply(words("All right, nothing was changed."), buttons=(BALANCE, MENU))
    promise = log_promise(
        chat.session, customer_id=chat.account.customer_id, amount=answers.amount, due_on=answers.day,
        taken_by=chat.speaker.actor, channel="chat", now=chat.now, extend=facts.running is not None, origin=chat.origin,
    )  # fmt: skip
    return Reply(
        words(
            "Thank you. I have noted your promise: *%(amount)s* by *%(day)s*.",
            amount=promise.amount, day=promise.due_on,
        ),
        buttons=(HOW_TO_PAY, HAVE_PAID, MENU),
    )  # fmt: skip


def own_case(chat: Chat, answers: Answers) -> Id | None:
    return customer_of(chat, answers.customer)


def finish_for(chat: Chat, answers: Answers) -> Reply:
    facts = facts_of(own_case, chat, answers)
    if facts is None:
        return Reply(words("You have no open case."), buttons=(WORKLIST,))
    if not facts.terms.days:
        return Reply(cannot(facts), buttons=(WORKLIST,))
    if answers.move is False or not answers.confirmed:
        return Reply(words("All right, nothing was changed."), buttons=(WORKLIST,))
    customer_id, agent_id = own_case(chat, answers), chat.speaker.staff_id
    assert customer_id is not None and agent_id is not None
    promise = log_promise(
        chat.session, customer_id=customer_id, amount=answers.amount, due_on=answers.day,
        taken_by=chat.speaker.actor, channel=answers.channel, now=chat.now, agent_id=agent_id,
        extend=facts.running is not None, origin=chat.origin,
    )  # fmt: skip
    return Reply(
        words(
            "Noted for %(customer)s: *%(amount)s* by *%(day)s*.",
            customer=answers.customer, amount=promise.amount, day=promise.due_on,
        ),
        buttons=(WORKLIST,),
    )  # fmt: skip


CHANGED_MEANWHILE = words("What may be promised has changed meanwhile. Please look at your balance and try again.")
REFUSED = (PromiseRefused, PromiseStillRunning, ExtensionsUsedUp, AmountInvalid)

promise = Flow(
    name="promise_to_pay",
    intent="promise_to_pay",
    permission="chat.promise",
    title=words("your promise"),
    questions=questions(own_account),
    finish=finish_own,
    refused=refused_as(CHANGED_MEANWHILE, REFUSED, BALANCE, HUMAN, MENU),
)
promise_of_customer = Flow(
    name="promise_log",
    intent="promise_log",
    permission="chat.own_cases",
    title=words("the promise"),
    questions=[
        OwnCase("customer"),
        *questions(own_case)[:-1],
        Channel(
            "channel",
            lambda *_: words("Did he promise by a call, a visit or in chat?"),
            when=partial(goes_on, own_case),
        ),
        *questions(own_case)[-1:],
    ],
    finish=finish_for,
    refused=refused_with(REFUSED, ASK_MANAGER, WORKLIST),
    needs_account=False,
)
