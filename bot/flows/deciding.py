"""A manager's yes or no to what waits: shown once more before money moves, told to whom it concerns by the use case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from bot.dialog import Answers, Chat, Choose, Confirm, Flow, Option, Rupees, Text
from bot.flows.decisions import APPROVE, REFUSE, Decide
from bot.flows.parts import refused_with
from bot.handlers.office import APPROVALS, FIGURES, KINDS, METHODS, approval_named, approvals_of, described
from bot.texts.reply import Reply, Saying, lines, words
from core.billing import claims, payments, refunds, write_offs
from core.billing.lines import DiscountInvalid
from core.billing.plans import PriceExists
from core.crm.leads import LeadMoveRefused
from core.crm.linking import AccountUnknown, LinkDecided
from core.errors import DomainError, NotFound
from core.inventory.restock import RestockDecided, RestockInvalid
from core.ledger import expenses
from core.money import AmountInvalid
from core.recovery.cases import ProposalDecided
from core.recovery.promise_terms import PromiseRefused
from core.service_desk.jobs import JobInvalid, JobOpenAlready
from core.staff import cashiers, handovers
from core.staff.terms import OwnRequest, TermsDecided, TermsInvalid
from core.usecases import carry_out_proposal
from core.usecases.connect_lead import LeadIncomplete
from core.usecases.suspend_overdue import ApprovalInvalid
from core.usecases.waiting_approvals import PROPOSALS, TERMS

CLAIM_METHODS = ("bank", "jazzcash", "easypaisa", "card", "cash")
NEED_REASON = ("claim", "handover", "write_off", "expense", "restock", "connection", *PROPOSALS, *TERMS)
FIRST_VISITS = {"installation": words("Install it"), "survey": words("Survey first")}


def waiting(chat: Chat, _answers: Answers) -> Sequence[Option]:
    return [Option(each.name, KINDS[each.kind], described(each)) for each in approvals_of(chat)]


def still_waits(chat: Chat, _answers: Answers) -> bool:
    """Whether there is anything to decide, and what the tapped button names is among it: never another in its place."""
    verb, _, named = (chat.message.action or "").partition(":")[2].partition(":")
    if verb in ("approve", "refuse") and named:
        return approval_named(chat, named) is not None
    return bool(approvals_of(chat))


def is_kind(*kinds: str) -> Callable[[Chat, Answers], bool]:
    def check(_chat: Chat, answers: Answers) -> bool:
        return str(answers.item or "").partition("-")[0] in kinds

    return check


def needs_method(chat: Chat, answers: Answers) -> bool:
    chosen = approval_named(chat, answers.item)
    return chosen is not None and chosen.kind == "claim" and chosen.method not in CLAIM_METHODS


def may_be_surveyed(chat: Chat, answers: Answers) -> bool:
    chosen = approval_named(chat, answers.item)
    return chosen is not None and chosen.kind == "connection" and chosen.count > 0


def first_visits(_chat: Chat, _answers: Answers) -> Sequence[Option]:
    return [Option(visit, title) for visit, title in FIRST_VISITS.items()]


def methods(_chat: Chat, _answers: Answers) -> Sequence[Option]:
    return [Option(method, METHODS[method]) for method in CLAIM_METHODS]


def announced(chat: Chat, answers: Answers) -> Sequence[Decimal]:
    chosen = approval_named(chat, answers.item)
    return [chosen.amount] if chosen else []


def _summary(question: Saying, chat: Chat, answers: Answers) -> Saying:
    chosen = approval_named(chat, answers.item)
    if chosen is None:
        return words("This is decided already.")
    counted = answers.get("counted")
    return lines(
        question, KINDS[chosen.kind], described(chosen),
        words("Counted: *%(amount)s*", amount=counted) if counted is not None else None,
    )  # fmt: skip


def approve_summary(chat: Chat, answers: Answers) -> Saying:
    return _summary(words("Shall I approve this?"), chat, answers)


def refuse_summary(chat: Chat, answers: Answers) -> Saying:
    return _summary(words("Shall I refuse this?"), chat, answers)


def _finish(decide: Mapping[str, Decide], done: Saying, chat: Chat, answers: Answers) -> Reply:
    chosen = approval_named(chat, answers.item)
    if chosen is None or chosen.kind not in decide:
        return Reply(words("This is decided already."), buttons=(APPROVALS, FIGURES))
    if not answers.confirmed:
        return Reply(words("All right, nothing was changed."), buttons=(APPROVALS, FIGURES))
    said = decide[chosen.kind](chat, chosen, answers)
    return Reply(lines(said or done, described(chosen)), buttons=(APPROVALS, FIGURES))


def finish_approval(chat: Chat, answers: Answers) -> Reply:
    return _finish(APPROVE, words("Approved."), chat, answers)


def finish_refusal(chat: Chat, answers: Answers) -> Reply:
    return _finish(REFUSE, words("Refused."), chat, answers)


REFUSALS: tuple[type[DomainError], ...] = (
    claims.ClaimDecided, claims.ClaimInvalid, payments.PaymentInvalid, payments.KeyReused, payments.ChequesNotAccepted,
    handovers.HandoverNotWaiting, handovers.HandoverInvalid, cashiers.NotTheCashier, refunds.SecondPersonNeeded,
    refunds.RefundDecided, refunds.AdvanceTooSmall, write_offs.SecondPersonNeeded, write_offs.WriteOffDecided,
    write_offs.NotWritable, expenses.ExpenseNotInState, expenses.OwnApproval, ApprovalInvalid, AmountInvalid, NotFound,
    carry_out_proposal.NotCarriedOut, ProposalDecided,
    LinkDecided, AccountUnknown, RestockDecided, RestockInvalid, TermsDecided, TermsInvalid, OwnRequest,
    PromiseRefused, PriceExists, DiscountInvalid, LeadIncomplete, LeadMoveRefused, JobInvalid, JobOpenAlready,
)  # fmt: skip


def has_item(_chat: Chat, answers: Answers) -> bool:
    return answers.item is not None


approve = Flow(
    name="approve",
    intent="",
    permission="chat.approve",
    title=words("the approval"),
    questions=[
        Choose("item", lambda *_: words("What shall be decided?"), waiting, when=still_waits),
        Choose("method", lambda *_: words("How was it paid?"), methods, when=needs_method),
        Choose("visit", lambda *_: words("What comes first?"), first_visits, when=may_be_surveyed),
        Rupees("counted", lambda *_: words("How much did you count?"), when=is_kind("handover"), offers=announced),
        Confirm("confirmed", approve_summary, when=has_item),
    ],
    finish=finish_approval,
    refused=refused_with(REFUSALS, APPROVALS, FIGURES),
    needs_account=False,
)
refuse = Flow(
    name="refuse",
    intent="",
    permission="chat.approve",
    title=words("the refusal"),
    questions=[
        Choose("item", lambda *_: words("What shall be decided?"), waiting, when=still_waits),
        Text("reason", lambda *_: words("Why is it refused? A customer is told this."), max_length=300,
             when=is_kind(*NEED_REASON)),
        Confirm("confirmed", refuse_summary, when=has_item),
    ],
    finish=finish_refusal,
    refused=refused_with(REFUSALS, APPROVALS, FIGURES),
    needs_account=False,
)  # fmt: skip
