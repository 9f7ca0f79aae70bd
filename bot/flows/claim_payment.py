"""A customer says he has paid: amount, reference and a photo make a claim that the office checks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.dialog import Answers, Chat, Confirm, Flow, Photo, Rupees, Text
from bot.flows.parts import keep_photo
from bot.handlers.customer import BALANCE, MENU
from bot.texts.reply import Reply, Saying, lines, words
from bot.understanding.codes import reference_in
from core.billing.claims import claim_payment


def summary(_chat: Chat, answers: Answers) -> Saying:
    return lines(
        words("Shall I send this to our office to check?"),
        words("Amount: *%(amount)s*", amount=answers.amount),
        words("Reference: %(reference)s", reference=answers.reference),
        words("Photo: attached") if answers.photo else None,
    )


def finish(chat: Chat, answers: Answers) -> Reply:
    if not answers.confirmed:
        return Reply(words("All right, nothing was registered."), buttons=(MENU,))
    claim = claim_payment(
        chat.session, customer_id=chat.account.customer_id, amount=answers.amount,
        reference=answers.reference, method="", document_id=answers.photo, now=chat.now,
    )  # fmt: skip
    return Reply(
        words(
            "Thank you. Your payment of %(amount)s is noted as *%(claim)s*. We check it and confirm it here.",
            amount=claim.amount,
            claim=claim.number,
        ),
        buttons=(BALANCE, MENU),
    )


@dataclass(frozen=True)
class Reference(Text):
    """The transfer's number, also where it stands in the sentence that tells of the payment."""

    def given(self, chat: Chat) -> Any:
        return reference_in(chat.message.text)


flow = Flow(
    name="claim_payment",
    intent="payment_made",
    permission="chat.claim_payment",
    title=words("your payment"),
    questions=[
        Rupees("amount", lambda *_: words("How much did you pay?")),
        Reference(
            "reference",
            lambda *_: words("What is the transaction number or reference? If there is none, write how you paid."),
            max_length=100,
        ),
        Photo(
            "photo",
            lambda *_: words("Please send a photo or screenshot of the receipt."),
            save=partial(keep_photo, "payment_proof"),
        ),
        Confirm("confirmed", summary),
    ],
    finish=finish,
)
