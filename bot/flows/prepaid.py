"""Prepaid lines: renewed from the advance, or by a recharge card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.dialog import Answers, Chat, Choose, Flow, Option, Reject, Text
from bot.flows.parts import refused_as
from bot.handlers.customer import BALANCE, HOW_TO_PAY, HUMAN, MENU, RECHARGE
from bot.texts.reply import Reply, Saying, lines, words
from core.billing import vouchers
from core.billing.prepaid import AdvanceTooSmall, AlreadyRenewed, NotPrepaid, RenewalOffer, offer_renewal
from core.billing.subscriptions import current_subscription
from core.billing.terms import NoPriceOnDay
from core.billing.voucher_codes import typed_code
from core.billing.wrong_cards import TooManyWrongCards
from core.ids import Id
from core.usecases.renew_prepaid import renew_prepaid
from core.usecases.start_process import process_settings
from core.usecases.use_card import use_card

NEVER = "never"
CHANGED_MEANWHILE = words("Your plan has changed meanwhile. Please look at it again.")


def prepaid_id(chat: Chat) -> Id | None:
    """The customer's present subscription, where it is prepaid."""
    mine = current_subscription(chat.session, customer_id=chat.account.customer_id)
    return mine.id if mine is not None and mine.plan.validity_days is not None else None


def offer_of(chat: Chat) -> RenewalOffer | None:
    def read() -> RenewalOffer | None:
        subscription_id = prepaid_id(chat)
        if subscription_id is None:
            return None
        return offer_renewal(chat.session, subscription_id=subscription_id, now=chat.now)

    return chat.once("renewal", read)


def affordable(chat: Chat, _answers: Answers) -> bool:
    offer = offer_of(chat)
    return offer is not None and not offer.missing


def offer_saying(chat: Chat, _answers: Answers) -> Saying:
    offer = offer_of(chat)
    assert offer is not None
    return words(
        "Shall I renew your plan for *%(amount)s* from your advance? It then runs until *%(until)s*.",
        amount=offer.total, until=offer.paid_until.astimezone(chat.zone),
    )  # fmt: skip


def renewal_options(chat: Chat, _answers: Answers) -> Sequence[Option]:
    """The yes carries what is paid at present: after a renewal it is none of the options any more."""
    mine = current_subscription(chat.session, customer_id=chat.account.customer_id)
    paid_until = mine.paid_until.isoformat() if mine is not None and mine.paid_until is not None else NEVER
    return [Option(paid_until, words("Yes, renew")), Option("no", words("No"))]


def finish_renewal(chat: Chat, answers: Answers) -> Reply:
    offer = offer_of(chat)
    if offer is None:
        return Reply(words("Your plan is billed by the month: nothing needs to be renewed."), buttons=(BALANCE, MENU))
    if offer.missing:
        return Reply(
            words(
                "A renewal costs %(amount)s. Please pay %(missing)s more, or use a recharge card.",
                amount=offer.total, missing=offer.missing,
            ),
            buttons=(HOW_TO_PAY, RECHARGE, MENU),
        )  # fmt: skip
    if answers.shown_until in (None, "no"):
        return Reply(words("All right, nothing was changed."), buttons=(MENU,))
    shown = None if answers.shown_until == NEVER else datetime.fromisoformat(answers.shown_until)
    renewal = renew_prepaid(
        chat.session, subscription_id=offer.subscription_id, now=chat.now, actor=chat.speaker.actor,
        shown_until=shown, origin=chat.origin,
    )  # fmt: skip
    return Reply(_runs_until(chat, renewal.subscription.paid_until), buttons=(BALANCE, MENU))


def _runs_until(chat: Chat, until: datetime | None) -> Saying:
    assert until is not None
    return words("Your plan is renewed. It runs until *%(until)s*.", until=until.astimezone(chat.zone))


renewal = Flow(
    name="renew_prepaid",
    intent="",
    permission="chat.recharge",
    title=words("your renewal"),
    questions=[Choose("shown_until", offer_saying, renewal_options, when=affordable)],
    finish=finish_renewal,
    refused=refused_as(CHANGED_MEANWHILE, (AdvanceTooSmall, AlreadyRenewed, NotPrepaid, NoPriceOnDay), BALANCE, MENU),
)


@dataclass(frozen=True)
class CardCode(Text):
    """The sixteen letters and figures on a recharge card; a slip of the finger is noticed at once."""

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        code = typed_code(chat.message.text)
        if code is None:
            raise Reject(words("That is not a card code. Please check the sixteen letters and figures."))
        return code


def finish_card(chat: Chat, answers: Answers) -> Reply:
    used = use_card(
        chat.session, code=answers.code, customer_id=chat.account.customer_id, now=chat.now,
        secret=process_settings().secret_key.get_secret_value(), actor=chat.speaker.actor, origin=chat.origin,
    )  # fmt: skip
    if isinstance(used, vouchers.VoucherRefused):
        return card_refused(used)
    body = lines(
        words("Your card of *%(amount)s* is used.", amount=used.payment.amount),
        *(_runs_until(chat, renewal.subscription.paid_until) for renewal in used.renewals),
        words("%(amount)s more is needed to renew your plan.", amount=used.missing) if used.missing else None,
    )
    return Reply(body, buttons=(BALANCE, RECHARGE, MENU))


CARD_REFUSALS: dict[type[vouchers.VoucherRefused], Saying] = {
    vouchers.VoucherMistyped: words("That is not a card code. Please check the sixteen letters and figures."),
    vouchers.VoucherUnknown: words("There is no card with this code. Please check it."),
    vouchers.VoucherUsed: words("This card was used already."),
    vouchers.VoucherExpired: words("This card has expired."),
    vouchers.VoucherCancelled: words("This card was cancelled. Please ask where you bought it."),
    vouchers.VoucherForOtherPlan: words("This card is for another plan than yours."),
    TooManyWrongCards: words("Too many codes were wrong. Please try again later, or talk to us."),
}


def card_refused(refusal: vouchers.VoucherRefused) -> Reply:
    return Reply(CARD_REFUSALS[type(refusal)], buttons=(RECHARGE, HUMAN, MENU))


card = Flow(
    name="redeem_card",
    intent="",
    permission="chat.recharge",
    title=words("your recharge card"),
    questions=[CardCode("code", lambda *_: words("Please write the sixteen letters and figures of your card."))],
    finish=finish_card,
    refused=refused_as(CHANGED_MEANWHILE, (NoPriceOnDay,), BALANCE, MENU),
)
