"""An agent's work with one of his cases, and his cash: an attempt noted, cash received, cash handed over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bot.dialog import Answers, Chat, Choose, Confirm, Flow, Option, Reject, Rupees, Text
from bot.flows.parts import refused_with
from bot.handlers.recovery_agent import HANDOVER, OUTCOMES, WORKLIST
from bot.own_cases import Channel, OwnCase, customer_of, own_case_numbered
from bot.questions import Place
from bot.texts.reply import Reply, Saying, lines, words
from core.billing import payments
from core.crm.distance import Place as Point
from core.errors import NotFound
from core.ids import Id
from core.money import ZERO, AmountInvalid
from core.recovery.cases import AttemptInvalid, NoOpenCase
from core.staff import handovers
from core.staff.agent_cash import CashInHand, CashLimitReached, cash_limit_left
from core.usecases.collect_cash import collect_cash
from core.usecases.record_attempt import record_attempt

HEARD_AS = {
    "refused": "refuses", "not_home": "not_at_home", "will_call_back": "left_message",
}  # fmt: skip
"""Outcomes as agents say them, by the names of the records."""
HOW_IT_WAS_TRIED = {"no_answer": "call", "wrong_number": "call", "not_at_home": "visit", "equipment_returned": "visit"}
LOGGED_BY_OTHERS = ("promised", "part_paid", "paid")
"""What a promise or a receipt tells by itself."""


@dataclass(frozen=True)
class Outcome(Choose):
    """What came of an attempt, also in the agent's own words."""

    entity: str = "outcome"

    def given(self, chat: Chat) -> Any:
        said = chat.understood.entities.get(self.entity)
        return HEARD_AS.get(str(said), said)

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        return super().read(chat, answers, tapped or self.given(chat))


def has_case(_chat: Chat, answers: Answers) -> bool:
    return answers.customer is not None


def outcomes(_chat: Chat, _answers: Answers) -> Sequence[Option]:
    return [Option(value, name) for value, name in OUTCOMES.items() if value not in LOGGED_BY_OTHERS]


def finish_attempt(chat: Chat, answers: Answers) -> Reply:
    customer_id, agent_id = customer_of(chat, answers.customer), chat.speaker.staff_id
    if customer_id is None or agent_id is None:
        return Reply(words("You have no open case."), buttons=(WORKLIST,))
    attempt = record_attempt(
        chat.session, customer_id=customer_id, agent_id=agent_id, outcome=answers.outcome, note=answers.note or "",
        channel=answers.channel or HOW_IT_WAS_TRIED[answers.outcome], now=chat.now, origin=chat.origin,
        here=Point(*answers.place) if answers.place else None,
    )  # fmt: skip
    noted = words("Noted for %(customer)s: %(outcome)s.", customer=answers.customer, outcome=OUTCOMES[attempt.outcome])
    far = words("You were %(metres)s m from the site on file.", metres=attempt.metres)
    return Reply(lines(noted, far if attempt.metres is not None else None), buttons=(WORKLIST,))


def was_visit(chat: Chat, answers: Answers) -> bool:
    """A visit is asked where it was; a place shared for the worklist hours ago would tell of another door."""
    if not has_case(chat, answers):
        return False
    return (answers.channel or HOW_IT_WAS_TRIED.get(answers.outcome)) == "visit"


attempt = Flow(
    name="attempt_log",
    intent="attempt_log",
    permission="chat.own_cases",
    title=words("your report"),
    questions=[
        OwnCase("customer"),
        Outcome("outcome", lambda *_: words("What came of it?"), outcomes, when=has_case),
        Channel(
            "channel", lambda *_: words("How did you try?"),
            when=lambda chat, answers: has_case(chat, answers) and answers.outcome not in HOW_IT_WAS_TRIED,
        ),
        Text(
            "note", lambda *_: words("What does he say is wrong with the bill?"), max_length=500,
            when=lambda _, answers: answers.outcome == "disputes",
        ),
        Place(
            "place", lambda *_: words("Please share your location, so that the visit counts."),
            when=was_visit,
        ),
    ],
    finish=finish_attempt,
    refused=refused_with((NoOpenCase, AttemptInvalid, NotFound), WORKLIST),
    needs_account=False,
)  # fmt: skip


def cash_of(chat: Chat) -> CashInHand:
    agent_id = chat.speaker.staff_id
    assert agent_id is not None
    return chat.once("cash", lambda: cash_limit_left(chat.session, staff_id=agent_id, today=chat.today))


def check_room(chat: Chat, _answers: Answers, amount: Decimal) -> None:
    cash = cash_of(chat)
    if cash.left is None or amount <= cash.left:
        return
    raise Reject(
        words(
            "You hold %(held)s and may take only %(left)s more in cash. Please hand over first.",
            held=cash.in_hand, left=cash.left,
        ),
        meant=True,
    )  # fmt: skip


def owed(chat: Chat, answers: Answers) -> Sequence[Decimal]:
    case = own_case_numbered(chat, answers.customer)
    return [case.amount] if case else []


def cash_summary(chat: Chat, answers: Answers) -> Saying:
    case = own_case_numbered(chat, answers.customer)
    return lines(
        words("Did you receive this cash?"),
        words("Customer: *%(number)s %(name)s*", number=answers.customer, name=case.name if case else ""),
        words("Amount: *%(amount)s*", amount=answers.amount),
        words("The customer gets the receipt from us at once."),
    )


def finish_cash(chat: Chat, answers: Answers) -> Reply:
    customer_id, agent_id = customer_of(chat, answers.customer), chat.speaker.staff_id
    if customer_id is None or agent_id is None:
        return Reply(words("You have no open case."), buttons=(WORKLIST,))
    if not answers.confirmed:
        return Reply(words("All right, nothing was registered."), buttons=(WORKLIST,))
    taken = collect_cash(
        chat.session, agent_id=agent_id, customer_id=customer_id, amount=answers.amount,
        idempotency_key=chat.origin, actor=chat.speaker.actor, now=chat.now, origin=chat.origin,
    )  # fmt: skip
    body = lines(
        words("Receipt *%(receipt)s*: %(amount)s.", receipt=taken.payment.number, amount=taken.payment.amount),
        words("Left to pay: %(amount)s", amount=taken.balance.due),
        None
        if taken.receipt_id
        else words("We do not know this customer on WhatsApp: please give the receipt number by hand."),
        _hand_over_soon(chat, agent_id),
    )
    return Reply(body, buttons=(WORKLIST, HANDOVER))


def _hand_over_soon(chat: Chat, agent_id: Id) -> Saying | None:
    cash = cash_limit_left(chat.session, staff_id=agent_id, today=chat.today)
    if not cash.nearly_full:
        return None
    return words("You hold %(held)s now, and may hold %(limit)s. Please hand over soon.", held=cash.in_hand,
                 limit=cash.limit)  # fmt: skip


def limit_reached(_refusal: Any) -> Reply:
    return Reply(words("You hold too much cash to take more. Please hand over first."), buttons=(HANDOVER, WORKLIST))


cash = Flow(
    name="cash_collected",
    intent="cash_collected",
    permission="chat.collect",
    title=words("the cash you received"),
    questions=[
        OwnCase("customer"),
        Rupees("amount", lambda *_: words("How much cash did you receive?"), check=check_room, when=has_case,
               offers=owed),
        Confirm("confirmed", cash_summary, when=has_case),
    ],
    finish=finish_cash,
    refused={
        CashLimitReached: limit_reached, payments.CashLimitReached: limit_reached,
        **refused_with((payments.PaymentInvalid, payments.KeyReused, AmountInvalid, NotFound), WORKLIST),
    },
    needs_account=False,
)  # fmt: skip


def to_hand_over(chat: Chat) -> Decimal:
    """What he holds and has not announced yet."""
    agent_id = chat.speaker.staff_id
    waiting = chat.once("waiting", lambda: handovers.waiting_handovers(chat.session, staff_id=agent_id))
    return cash_of(chat).in_hand - sum((handover.announced for handover in waiting), ZERO)


def check_in_hand(chat: Chat, _answers: Answers, amount: Decimal) -> None:
    if amount > to_hand_over(chat):
        raise Reject(
            words("You hold %(held)s by your receipts, which is less than %(amount)s.", held=to_hand_over(chat),
                  amount=amount),
            meant=True,
        )  # fmt: skip


def holds_cash(chat: Chat, _answers: Answers) -> bool:
    return to_hand_over(chat) > ZERO


def handover_summary(_chat: Chat, answers: Answers) -> Saying:
    return words("Shall I tell the office that you hand over *%(amount)s* in cash?", amount=answers.amount)


def finish_handover(chat: Chat, answers: Answers) -> Reply:
    if answers.amount is None:
        return Reply(
            words("You hold %(amount)s in cash that is not announced yet.", amount=max(to_hand_over(chat), ZERO)),
            buttons=(WORKLIST,),
        )
    if not answers.confirmed:
        return Reply(words("All right, nothing was registered."), buttons=(WORKLIST,))
    assert chat.speaker.staff_id is not None
    handover = handovers.announce_handover(
        chat.session, staff_id=chat.speaker.staff_id, amount=answers.amount, idempotency_key=chat.origin, now=chat.now
    )
    return Reply(
        words(
            "*%(handover)s*: %(amount)s announced. It is booked when the office has counted it.",
            handover=handover.number, amount=handover.announced,
        ),
        buttons=(WORKLIST,),
    )  # fmt: skip


handover = Flow(
    name="cash_handover",
    intent="cash_handover",
    permission="chat.collect",
    title=words("your handover"),
    questions=[
        Rupees(
            "amount",
            lambda chat, _: words("You hold %(amount)s in cash. How much do you hand over?", amount=to_hand_over(chat)),
            check=check_in_hand, when=holds_cash, offers=lambda chat, _: [to_hand_over(chat)],
        ),
        Confirm("confirmed", handover_summary, when=lambda _, answers: answers.amount is not None),
    ],
    finish=finish_handover,
    refused=refused_with(
        (handovers.MoreThanInHand, handovers.HandoverInvalid, handovers.HandoverKeyReused, AmountInvalid), WORKLIST
    ),
    needs_account=False,
)  # fmt: skip
