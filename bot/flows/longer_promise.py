"""An agent asks a manager for a promise that the rules do not allow: more days, less money."""

from __future__ import annotations

from bot.dialog import Answers, Chat, Confirm, Flow, Rupees, Text
from bot.flows.parts import refused_with
from bot.handlers.recovery_agent import WORKLIST
from bot.own_cases import OwnCase, customer_of
from bot.questions import AnyDay
from bot.texts.reply import Reply, Saying, words
from core.errors import NotFound
from core.money import AmountInvalid
from core.staff.terms import TermsInvalid
from core.usecases.grant_terms import ask_longer_promise


def has_case(_chat: Chat, answers: Answers) -> bool:
    return answers.customer is not None


def summary(_chat: Chat, answers: Answers) -> Saying:
    return words(
        "Shall I ask the manager to allow *%(amount)s* by *%(day)s* for %(customer)s?",
        amount=answers.amount, day=answers.day, customer=answers.customer,
    )  # fmt: skip


def finish(chat: Chat, answers: Answers) -> Reply:
    customer_id = customer_of(chat, answers.customer)
    if customer_id is None or not answers.confirmed:
        return Reply(words("All right, nothing was registered."), buttons=(WORKLIST,))
    request = ask_longer_promise(
        chat.session, customer_id=customer_id, amount=answers.amount, due_on=answers.day, reason=answers.reason,
        actor=chat.speaker.actor, today=chat.today, now=chat.now, key=chat.origin,
    )  # fmt: skip
    said = words("Asked for: *%(request)s*. You hear when it is decided.", request=request.number)
    return Reply(said, buttons=(WORKLIST,))


flow = Flow(
    name="longer_promise",
    intent="",
    permission="chat.own_cases",
    title=words("your request to the manager"),
    questions=[
        OwnCase("customer"),
        AnyDay("day", lambda *_: words("By which day will he pay?"), when=has_case),
        Rupees("amount", lambda *_: words("How much will he pay?"), when=has_case),
        Text("reason", lambda *_: words("Why shall the manager allow it?"), max_length=300, when=has_case),
        Confirm("confirmed", summary, when=has_case),
    ],
    finish=finish,
    refused=refused_with((TermsInvalid, AmountInvalid, NotFound), WORKLIST),
    needs_account=False,
)
