"""Plans with what they cost in the end, and what a change would do to the bill."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from bot.dialog import Chat
from bot.handlers.customer import CHANGE_PLAN, HUMAN, MENU, RECHARGE, RENEW, prepaid_line
from bot.handlers.registry import Handler
from bot.texts.reply import Reply, Saying, lines, words
from core.billing.plan_quotes import PlanQuote, quote_plan, quote_plans
from core.billing.subscription_models import Subscription
from core.billing.subscriptions import current_subscription

SHOWN = 10
INTERNET = "internet"


def plan(chat: Chat, _: str) -> Reply:
    """His plan, and those on offer with taxes; for a customer how much more or less than his a month."""
    account = chat.speaker.account
    mine = current_subscription(chat.session, customer_id=account.customer_id) if account else None
    quotes = quote_plans(chat.session, customer_id=account.customer_id if account else None, day=chat.today)
    offers = _shown([quote for quote in quotes if quote.plan.service_class == INTERNET], mine)
    body = lines(
        _own(chat, mine) if mine else None,
        words("Our plans, per month with taxes:") if offers else words("There is no plan on offer at the moment."),
        *_offers(chat, mine, offers),
    )
    if mine is None:
        return Reply(body, buttons=(HUMAN, MENU))
    if mine.plan.validity_days is not None:
        return Reply(lines(prepaid_line(chat, mine), body), buttons=(RENEW, RECHARGE, MENU))
    return Reply(body, buttons=(CHANGE_PLAN, HUMAN, MENU))


def _own(chat: Chat, mine: Subscription) -> Saying:
    quote = quote_plan(chat.session, plan=mine.plan, customer_id=mine.customer_id, day=chat.today)
    said = words("Your plan: *%(plan)s* (%(mbps)s Mbps).", plan=mine.plan.name, mbps=mine.plan.download_mbps)
    agreed = next((line.agreed_price for line in mine.lines if line.role == "main" and line.ends_on is None), None)
    if quote is None or agreed is not None:
        return said
    return lines(said, words("Its price is %(price)s, with taxes *%(gross)s*.", price=quote.price,
                             gross=quote.with_taxes))  # fmt: skip


def _offers(chat: Chat, mine: Subscription | None, offers: Sequence[PlanQuote]) -> list[Saying]:
    own = quote_plan(chat.session, plan=mine.plan, customer_id=mine.customer_id, day=chat.today) if mine else None
    comparable = own if own and mine and mine.plan.validity_days is None and mine.interval_months == 1 else None
    return [_offer(quote, comparable) for quote in offers]


def _shown(offers: Sequence[PlanQuote], mine: Subscription | None) -> Sequence[PlanQuote]:
    """Those that may follow his plan, and where they are many the ones nearest to it in speed."""
    if mine is not None:
        prepaid = mine.plan.validity_days is not None
        offers = [quote for quote in offers if (quote.plan.validity_days is not None) == prepaid]
    if len(offers) <= SHOWN:
        return offers
    speed = mine.plan.download_mbps if mine else 0
    nearest = sorted(offers, key=lambda quote: abs(quote.plan.download_mbps - speed))[:SHOWN]
    return [quote for quote in offers if quote in nearest]


def _offer(quote: PlanQuote, own: PlanQuote | None) -> Saying:
    facts = {"plan": quote.plan.name, "mbps": quote.plan.download_mbps, "amount": quote.with_taxes}
    if quote.plan.validity_days is not None:
        return words(
            "• %(plan)s: %(mbps)s Mbps, *%(amount)s* for %(days)s days", days=quote.plan.validity_days, **facts
        )
    if quote.plan.kind == "metered":
        return words("• %(plan)s: %(mbps)s Mbps, from *%(amount)s*, by the GB", **facts)
    said = words("• %(plan)s: %(mbps)s Mbps, *%(amount)s*", **facts)
    if own is None or quote.plan.interval_months != 1:
        return said
    if quote.plan.id == own.plan.id:
        return words("%(offer)s (yours)", offer=said)
    return words("%(offer)s (%(effect)s)", offer=said, effect=effect(quote.with_taxes - own.with_taxes))


def effect(more: Decimal) -> Saying:
    """What a change does to the monthly bill."""
    if more == 0:
        return words("the same a month")
    return words("%(amount)s more a month", amount=more) if more > 0 else words("%(amount)s less a month", amount=-more)


HANDLERS = (Handler("plan", ("plan_list", "plan_change"), "chat.plans", plan),)
