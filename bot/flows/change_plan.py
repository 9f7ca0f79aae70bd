"""Another plan: what it would cost from when is shown first, and it is changed after a yes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bot.dialog import Answers, Chat, Choose, Confirm, Flow, Option
from bot.flows.parts import refused_as
from bot.handlers.customer import BALANCE, HUMAN, MENU, PLANS
from bot.texts.reply import Reply, Saying, lines, verbatim, words
from core.billing import plan_changes
from core.billing.plan_models import Plan
from core.billing.plans import offered_plans
from core.billing.subscription_models import Subscription
from core.billing.subscriptions import current_subscription
from core.billing.terms import NoPriceOnDay
from core.errors import DomainError, NotFound
from core.ids import Id
from core.usecases.change_plan import change_plan

REFUSALS: tuple[type[DomainError], ...] = (
    plan_changes.AlreadyOnPlan, plan_changes.PlanNotComparable, plan_changes.SubscriptionEnded,
    plan_changes.ChangeDayInvalid, NoPriceOnDay, NotFound,
)  # fmt: skip
CANNOT_FOLLOW = words("This change cannot be made in chat. Shall a person of our team call you?")
ALREADY = words("You have this plan already, or the change to it is waiting.")
CANNOT: dict[type[DomainError], Saying] = {
    plan_changes.AlreadyOnPlan: words("You have this plan already, or the change to it is waiting.")
}


def mine(chat: Chat) -> Subscription | None:
    return chat.once("mine", lambda: current_subscription(chat.session, customer_id=chat.account.customer_id))


def others(chat: Chat, _answers: Answers) -> Sequence[Option]:
    """The plans on offer that may follow his."""
    running = mine(chat)
    if running is None:
        return []
    return [
        Option(
            plan.code, verbatim(plan.name), words("%(mbps)s Mbps, %(amount)s", mbps=plan.download_mbps, amount=price)
        )
        for plan, price in chat.once("offers", lambda: offered_plans(chat.session, day=chat.today))
        if plan.id != running.plan_id and (plan.validity_days is None) == (running.plan.validity_days is None)
    ]


def _price(plan: Plan, price: Decimal) -> Saying:
    return words("%(mbps)s Mbps, %(amount)s", mbps=plan.download_mbps, amount=price)


def may_change(chat: Chat, answers: Answers) -> bool:
    return bool(others(chat, answers))


def chosen(chat: Chat, code: str) -> Plan | None:
    offers = chat.once("offers", lambda: offered_plans(chat.session, day=chat.today))
    return next((plan for plan, _ in offers if plan.code == code), None)


@dataclass(frozen=True)
class OtherPlan(Choose):
    """One of the plans that may follow, named by its speed or its name as well."""

    def given(self, chat: Chat) -> Any:
        said = str(chat.understood.entities.get("plan") or "").casefold()
        names = [
            plan.code
            for plan, _ in chat.once("offers", lambda: offered_plans(chat.session, day=chat.today))
            if said and (said == f"{plan.download_mbps} mbps" or said in plan.name.casefold())
        ]
        return names[0] if len(names) == 1 else None

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        return super().read(chat, answers, tapped or self.given(chat))


def preview(chat: Chat, answers: Answers) -> Saying:
    running, plan = mine(chat), chosen(chat, answers.plan)
    assert running is not None
    if plan is None:
        return words("This plan is not on offer any more.")
    try:
        change = plan_changes.preview_plan_change(
            chat.session, subscription_id=running.id, plan_id=plan.id, today=chat.today
        )
    except REFUSALS as refusal:
        return CANNOT.get(type(refusal), CANNOT_FOLLOW)
    return lines(
        words("Change from *%(old)s* to *%(new)s*?", old=running.plan.name, new=plan.name),
        words("From: *%(day)s*", day=change.effective_on),
        words("You get back for days already billed: %(amount)s", amount=change.credited) if change.credited else None,
        words("A new bill for those days: %(amount)s", amount=change.charged) if change.charged else None,
        None if change.credited or change.charged else words("Nothing is charged now."),
    )


def finish(chat: Chat, answers: Answers) -> Reply:
    running = mine(chat)
    plan_id: Id | None = None
    if answers.plan is not None and (plan := chosen(chat, answers.plan)) is not None:
        plan_id = plan.id
    if running is None or plan_id is None:
        return Reply(words("There is no other plan to change to. Shall a person call you?"), buttons=(HUMAN, PLANS))
    if not answers.confirmed:
        return Reply(words("All right, nothing was changed."), buttons=(MENU,))
    change = change_plan(
        chat.session, subscription_id=running.id, plan_id=plan_id, now=chat.now, actor=chat.speaker.actor,
        origin=chat.origin,
    )  # fmt: skip
    said = (
        words("Done: you are on *%(plan)s* now.", plan=change.new_line.plan.name)
        if change.in_effect
        else words("Done: *%(plan)s* begins on %(day)s.", plan=change.new_line.plan.name, day=change.effective_on)
    )
    return Reply(said, buttons=(BALANCE, MENU))


flow = Flow(
    name="change_plan",
    intent="plan_change",
    permission="chat.change_plan",
    title=words("your change of plan"),
    questions=[
        OtherPlan("plan", lambda *_: words("Which plan would you like? Prices are per month, before taxes."), others,
                  when=may_change),
        Confirm("confirmed", preview, when=may_change),
    ],
    finish=finish,
    refused=refused_as(CANNOT_FOLLOW, REFUSALS, HUMAN, MENU),
)  # fmt: skip
