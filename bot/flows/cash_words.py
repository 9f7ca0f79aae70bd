"""Two small talks about cash receipts: how much the customer gave, and what the office decides about a dispute."""

from __future__ import annotations

from collections.abc import Sequence

from bot.desk import cash
from bot.dialog import Answers, Chat, Choose, Confirm, Flow, Option, Rupees, Text
from bot.flows.parts import refused_with, said_with_tap
from bot.handlers.cash_proofs import UNKNOWN, answered, receipts_of
from bot.handlers.office import FIGURES
from bot.texts.reply import Reply, Saying, lines, verbatim, words
from core.billing.cash_proof import NotYourReceipt, OwnReceipt, ProofDecided, ProofInvalid, ReceiptTakenBack
from core.billing.cash_proof_lists import ProofRow, proof_rows
from core.billing.payments import PaymentInvalid
from core.billing.taking_back import AdvanceRefunded, PaymentTakenBack
from core.errors import NotFound
from core.money import AmountInvalid
from core.usecases.answer_cash import say_otherwise

DECISIONS = {"stands": words("The agent is right"), "reverse": words("Take receipt back")}


def own_receipts(chat: Chat, _answers: Answers) -> Sequence[Option]:
    return [_option(row) for row in receipts_of(chat)]


def is_own(chat: Chat, answers: Answers) -> bool:
    """What a tap names is among his own receipts: never another in its place."""
    return _is_listed(own_receipts(chat, answers), said_with_tap(chat, "cash_amount"))


def _option(row: ProofRow) -> Option:
    return Option(row.receipt, verbatim(row.receipt), words("%(amount)s, %(agent)s", amount=row.amount,
                                                            agent=row.agent))  # fmt: skip


def _is_listed(options: Sequence[Option], named: str) -> bool:
    return any(option.value == named for option in options) if named else bool(options)


def has_receipt(_chat: Chat, answers: Answers) -> bool:
    return answers.receipt is not None


def how_much(_chat: Chat, answers: Answers) -> Saying:
    return words("How much cash did you give, for receipt %(receipt)s?", receipt=answers.receipt)


def finish_amount(chat: Chat, answers: Answers) -> Reply:
    if answers.receipt is None:
        return UNKNOWN
    heard = say_otherwise(
        chat.session, receipt=answers.receipt, contact_id=chat.speaker.contact_id, amount=answers.amount, now=chat.now,
        origin=chat.origin,
    )  # fmt: skip
    return answered(chat, heard)


amount = Flow(
    name="cash_amount",
    intent="",
    permission="chat.receipt",
    title=words("the cash you gave"),
    questions=[
        Choose("receipt", lambda *_: words("Which receipt?"), own_receipts, when=is_own),
        Rupees("amount", how_much, when=has_receipt),
    ],
    finish=finish_amount,
    refused=refused_with((NotFound, NotYourReceipt, ReceiptTakenBack, AmountInvalid)),
    needs_account=False,
)


def open_receipts(chat: Chat, _answers: Answers) -> Sequence[Option]:
    return [_option(row) for row in _unconfirmed(chat)]


def _unconfirmed(chat: Chat) -> Sequence[ProofRow]:
    return chat.once("unconfirmed_cash", lambda: proof_rows(chat.session, limit=1000))


def still_open(chat: Chat, answers: Answers) -> bool:
    return _is_listed(open_receipts(chat, answers), said_with_tap(chat, "cash_decide"))


def decisions(_chat: Chat, _answers: Answers) -> Sequence[Option]:
    return [Option(value, title) for value, title in DECISIONS.items()]


def decision_summary(chat: Chat, answers: Answers) -> Saying:
    row = next((row for row in _unconfirmed(chat) if row.receipt == answers.receipt), None)
    if row is None:
        return words("This is decided already.")
    asked = words("Shall receipt %(receipt)s be taken back? The bill is open again then.", receipt=row.receipt)
    if answers.decision == "stands":
        asked = words("Shall receipt %(receipt)s stand as it is?", receipt=row.receipt)
    return lines(asked, cash.card(row))


def finish_decision(chat: Chat, answers: Answers) -> Reply:
    buttons = (cash.UNCONFIRMED, FIGURES)
    if answers.receipt is None:
        return Reply(words("This is decided already."), buttons=buttons)
    if not answers.confirmed:
        return Reply(words("All right, nothing was changed."), buttons=buttons)
    decide = {"stands": cash.settle, "reverse": cash.undo}[answers.decision]
    decide(chat.session, receipt=answers.receipt, note=answers.note, actor=chat.speaker.actor, now=chat.now,
           origin=chat.origin)  # fmt: skip
    done = words("Receipt %(receipt)s is taken back; what it settled is open again.", receipt=answers.receipt)
    if answers.decision == "stands":
        done = words("Receipt %(receipt)s stands. What the agent earns by it is free again.", receipt=answers.receipt)
    return Reply(done, buttons=buttons)


decide = Flow(
    name="cash_decide",
    intent="",
    permission="payment.reverse",
    title=words("the decision about cash"),
    questions=[
        Choose("receipt", lambda *_: words("Which receipt?"), open_receipts, when=still_open),
        Choose("decision", lambda *_: words("What was found?"), decisions, when=has_receipt),
        Text("note", lambda *_: words("Please write in a few words what was found."), max_length=300, when=has_receipt),
        Confirm("confirmed", decision_summary, when=has_receipt),
    ],
    finish=finish_decision,
    refused=refused_with(
        (NotFound, ProofDecided, ProofInvalid, OwnReceipt, ReceiptTakenBack, PaymentTakenBack, AdvanceRefunded,
         PaymentInvalid),
        cash.UNCONFIRMED, FIGURES,
    ),
    needs_account=False,
)  # fmt: skip
