"""What a customer says from his own number about the cash on a receipt, by a tap or in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from bot.desk.cash import PERSON, tell_word
from bot.dialog import Chat
from bot.handlers.anyone import MENU
from bot.handlers.registry import Handler
from bot.texts.reply import Button, Reply, Saying, lines, words
from bot.understanding import SURE
from bot.understanding.folding import fold
from bot.understanding.hints import gives
from core.billing.cash_proof import Heard, NotYourReceipt, ReceiptTakenBack
from core.billing.cash_proof_lists import ProofRow, proof_rows
from core.errors import NotFound
from core.messaging.models import OutboundMessage
from core.messaging.outbox import READ_MARK
from core.usecases.answer_cash import say_otherwise, say_paid

WORDS_MAX = 12
SPOKEN_OF_FOR = timedelta(days=7)
"""Words are about a receipt that is no older; a tap says which one it means."""
OTHER_WISHES = ("promise_to_pay", "how_to_pay", "human", "opt_out")
YES = frozenset(fold(said) for said in ("yes", "haan", "han", "ji", "jee", "ji haan", "haan ji", "جی", "ہاں", "جی ہاں"))
NO = frozenset(fold(said) for said in ("no", "nahi", "nahin", "ji nahi", "نہیں", "جی نہیں"))
UNKNOWN = Reply(words("I do not know that receipt."), buttons=(MENU,))


def paid(chat: Chat, receipt: str) -> Reply:
    """He paid what the receipt says."""
    how = "words" if chat.message.action is None else "tap"
    return _heard(chat, receipt, lambda **who: say_paid(chat.session, how=how, **who))


def not_paid(chat: Chat, receipt: str) -> Reply:
    """He paid nothing."""
    note = chat.message.text if chat.message.action is None else ""
    return _heard(chat, receipt, lambda **who: say_otherwise(chat.session, note=note, **who))


def _heard(chat: Chat, receipt: str, say: Callable[..., Heard]) -> Reply:
    try:
        heard = say(receipt=receipt, contact_id=chat.speaker.contact_id, now=chat.now, origin=chat.origin)
    except (NotFound, NotYourReceipt):
        return UNKNOWN
    except ReceiptTakenBack:
        return taken_back(receipt)
    return answered(chat, heard)


def answered(chat: Chat, heard: Heard) -> Reply:
    """What he hears, once the office has heard it too."""
    tell_word(chat.session, heard, now=chat.now)
    facts = {"receipt": heard.payment.number, "amount": heard.payment.amount}
    if heard.proof.state == "confirmed":
        return Reply(words("Thank you. You confirm receipt *%(receipt)s*: %(amount)s.", **facts))
    if heard.proof.state == "settled":
        return Reply(
            words("The office has looked into receipt %(receipt)s of %(amount)s: it stands as it is.", **facts),
            buttons=(PERSON,),
        )
    said: Saying = words("Receipt *%(receipt)s* says %(amount)s, and you say that you did not pay.", **facts)
    if heard.proof.amount_said is not None:
        said = words("Receipt *%(receipt)s* says %(amount)s, and you say %(said)s.", said=heard.proof.amount_said,
                     **facts)  # fmt: skip
    told = words("Sorry for that. The office has been told and looks into it; until then the receipt stays.")
    return Reply(lines(said, told), buttons=(yes_button(heard.payment.number), PERSON))


def taken_back(receipt: str) -> Reply:
    return Reply(words("Receipt %(receipt)s is taken back. It does not count any more.", receipt=receipt),
                 buttons=(MENU,))  # fmt: skip


def yes_button(receipt: str) -> Button:
    return Button(f"cash_paid:{receipt}", words("Yes, I paid this"))


def asked_again(chat: Chat, receipt: str) -> Reply:
    """The question once more, where words alone do not say enough."""
    row = next((row for row in receipts_of(chat) if row.receipt == receipt), None)
    if row is None:
        return UNKNOWN
    body = words("Receipt *%(receipt)s* says that %(agent)s received %(amount)s in cash from you. Is that right?",
                 receipt=row.receipt, agent=row.agent, amount=row.amount)  # fmt: skip
    other = Button(f"flow:cash_amount:{receipt}", words("Another amount"))
    return Reply(body, buttons=(yes_button(receipt), other, Button(f"cash_not_paid:{receipt}", words("I did not pay"))))


def receipts_of(chat: Chat) -> list[ProofRow]:
    """The cash receipts of the person's accounts that still stand, the newest first."""
    customers = [account.customer_id for account in chat.speaker.accounts]
    standing = ("waiting", "unreachable", "disputed", "confirmed", "settled")
    return chat.once(
        "cash_receipts",
        lambda: proof_rows(chat.session, states=standing, customer_ids=customers, newest_first=True, limit=50),
    )


def cash_wish(chat: Chat) -> str | None:
    """The action, where a customer's words answer a receipt of the last days; None for any other words."""
    text = chat.message.text
    said = fold(text)
    if chat.speaker.role != "customer" or not said or len(said.split()) > WORDS_MAX:
        return None
    bare = said in YES or said in NO
    signs = [sign for sign in ("cash_other", "cash_denied", "cash_given") if not bare and gives(text, sign)]
    if not bare and (not signs or _wants_else(chat)):
        return None
    row = next((row for row in receipts_of(chat) if row.proof.asked_at >= chat.now - SPOKEN_OF_FOR), None)
    if row is None or row.proof.state == "settled" or (bare and not _just_sent(chat, row)):
        return None
    if bare:
        return f"cash_paid:{row.receipt}" if said in YES else f"cash_receipt:{row.receipt}"
    return _meant(chat, row, signs[0])


def _wants_else(chat: Chat) -> bool:
    """He surely speaks of something else, or of money that went another way."""
    understood = chat.understood
    sure = understood.intent in OTHER_WISHES and understood.confidence >= SURE
    return sure or gives(chat.message.text, "other_way")


def _meant(chat: Chat, row: ProofRow, sign: str) -> str:
    entities = chat.understood.entities
    amount = entities.get("amount")
    if sign == "cash_denied" and ({"amount", "date"} & set(entities) or row.proof.state == "confirmed"):
        return f"cash_receipt:{row.receipt}"
    if sign == "cash_denied":
        return f"cash_not_paid:{row.receipt}"
    if sign == "cash_other" or amount not in (None, row.amount):
        return f"flow:cash_amount:{row.receipt}"
    return f"cash_paid:{row.receipt}"


def _just_sent(chat: Chat, row: ProofRow) -> bool:
    """Whether the receipt was the last that he heard of us, so that a bare yes or no answers it."""
    last = (
        select(OutboundMessage.dedupe_key)
        .where(OutboundMessage.contact_id == chat.speaker.contact_id, OutboundMessage.kind != READ_MARK)
        .order_by(OutboundMessage.id.desc()).limit(1)
    )  # fmt: skip
    return chat.session.scalar(last) == f"receipt:{row.proof.payment_id}"


HANDLERS = (
    Handler("cash_paid", (), "chat.receipt", paid),
    Handler("cash_not_paid", (), "chat.receipt", not_paid),
    Handler("cash_receipt", (), "chat.receipt", asked_again),
)
