"""What a manager's yes and no do to each kind of thing that waits for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.desk import leads, linking
from bot.dialog import Answers, Chat
from bot.texts.reply import Saying, words
from core.billing import refunds, write_offs
from core.crm.leads import lead_by_number
from core.ids import Id
from core.ledger import expenses
from core.staff import handovers
from core.staff.models import Staff
from core.usecases import carry_out_proposal, grant_terms
from core.usecases.agree_connection import agree_connection
from core.usecases.decide_claim import accept_claim, refuse_claim
from core.usecases.decide_restock import grant_restock, turn_down_restock
from core.usecases.suspend_overdue import WHOLE_COMPANY, approve_cuts
from core.usecases.waiting_approvals import PROPOSALS, TERMS, Approval

Decide = Callable[[Chat, Approval, Answers], Saying | None]


def _staff_id(chat: Chat) -> Id:
    assert chat.speaker.staff_id is not None
    return chat.speaker.staff_id


def approve_claim(chat: Chat, chosen: Approval, answers: Answers) -> None:
    accept_claim(
        chat.session, claim_id=Id(chosen.key), method=answers.method or chosen.method, received_on=chat.today,
        approved_by=chat.speaker.actor, now=chat.now, origin=chat.origin,
    )  # fmt: skip


def approve_handover(chat: Chat, chosen: Approval, answers: Answers) -> None:
    handovers.confirm_handover(
        chat.session, handover_id=Id(chosen.key), counted=answers.counted, counted_by=_staff_id(chat), now=chat.now,
        actor=chat.speaker.actor, origin=chat.origin,
    )  # fmt: skip


def approve_refund(chat: Chat, chosen: Approval, _answers: Answers) -> None:
    refunds.pay_refund(
        chat.session, refund_id=Id(chosen.key), approved_by=chat.speaker.actor, now=chat.now, origin=chat.origin
    )


def approve_write_off(chat: Chat, chosen: Approval, _answers: Answers) -> None:
    write_offs.approve_write_off(
        chat.session, write_off_id=Id(chosen.key), approved_by=chat.speaker.actor, now=chat.now, origin=chat.origin
    )


def approve_expense(chat: Chat, chosen: Approval, _answers: Answers) -> None:
    expenses.approve_expense(chat.session, expense_id=Id(chosen.key), actor=chat.speaker.actor)


def allow_cuts(chat: Chat, chosen: Approval, _answers: Answers) -> None:
    approve_cuts(
        chat.session, today=chat.today, area_id=WHOLE_COMPANY, count_max=chosen.count, approved_by=chat.speaker.actor
    )


def let_in(chat: Chat, chosen: Approval, _answers: Answers) -> None:
    linking.approve(chat.session, request_id=Id(chosen.key), decided_by=chat.speaker.actor, now=chat.now)


def keep_out(chat: Chat, chosen: Approval, answers: Answers) -> None:
    linking.refuse(
        chat.session, request_id=Id(chosen.key), decided_by=chat.speaker.actor, reason=answers.reason or "",
        now=chat.now,
    )  # fmt: skip


def reject_claim(chat: Chat, chosen: Approval, answers: Answers) -> None:
    refuse_claim(
        chat.session, claim_id=Id(chosen.key), reason=answers.reason, rejected_by=chat.speaker.actor, now=chat.now
    )


def refuse_handover(chat: Chat, chosen: Approval, answers: Answers) -> None:
    handovers.refuse_handover(
        chat.session, handover_id=Id(chosen.key), refused_by=_staff_id(chat), reason=answers.reason, now=chat.now
    )


def refuse_refund(chat: Chat, chosen: Approval, _answers: Answers) -> None:
    refunds.refuse_refund(chat.session, refund_id=Id(chosen.key), refused_by=chat.speaker.actor)


def refuse_write_off(chat: Chat, chosen: Approval, answers: Answers) -> None:
    write_offs.refuse_write_off(
        chat.session, write_off_id=Id(chosen.key), refused_by=chat.speaker.actor, note=answers.reason, now=chat.now
    )


def refuse_expense(chat: Chat, chosen: Approval, answers: Answers) -> None:
    expenses.refuse_expense(
        chat.session, expense_id=Id(chosen.key), actor=chat.speaker.actor, reason=answers.reason
    )  # fmt: skip


def approve_proposal(chat: Chat, chosen: Approval, _answers: Answers) -> Saying | None:
    decided = carry_out_proposal.decide_proposal(
        chat.session, proposal_id=Id(chosen.key), accept=True, decided_by=chat.speaker.actor, note="", now=chat.now,
        origin=chat.origin,
    )  # fmt: skip
    return words("The debt is paid meanwhile: nothing was done.") if decided.state == "lapsed" else None


def refuse_proposal(chat: Chat, chosen: Approval, answers: Answers) -> None:
    carry_out_proposal.decide_proposal(
        chat.session, proposal_id=Id(chosen.key), accept=False, decided_by=chat.speaker.actor, note=answers.reason,
        now=chat.now, origin=chat.origin,
    )  # fmt: skip


def approve_restock(chat: Chat, chosen: Approval, _answers: Answers) -> None:
    grant_restock(chat.session, request_id=Id(chosen.key), decided_by=chat.speaker.actor, now=chat.now)


def refuse_restock(chat: Chat, chosen: Approval, answers: Answers) -> None:
    turn_down_restock(
        chat.session, request_id=Id(chosen.key), decided_by=chat.speaker.actor, reason=answers.reason, now=chat.now
    )


def connect(chat: Chat, chosen: Approval, answers: Answers) -> Saying:
    survey = answers.visit == "survey"
    if survey:
        leads.move(chat.session, number=chosen.number, state="survey", author=chat.speaker.actor, note="", now=chat.now)
    job = agree_connection(chat.session, lead_id=Id(chosen.key), survey=survey, actor=chat.speaker.actor, now=chat.now)
    if not survey:
        leads.tell_person_of_lead(chat.session, lead=lead_by_number(chat.session, number=chosen.number), now=chat.now)
    technician = chat.session.get(Staff, job.assigned_to) if job.assigned_to else None
    if technician is None:
        return words("*%(job)s* is planned. Nobody has room: it waits on the board.", job=job.number)
    return words("*%(job)s* is planned and given to *%(name)s*.", job=job.number, name=technician.name)


def turn_away(chat: Chat, chosen: Approval, answers: Answers) -> None:
    leads.move(
        chat.session, number=chosen.number, state="refused", author=chat.speaker.actor, note=answers.reason,
        now=chat.now,
    )  # fmt: skip


def approve_terms(chat: Chat, chosen: Approval, _answers: Answers) -> None:
    grant_terms.approve_terms(
        chat.session, request_id=Id(chosen.key), approved_by=chat.speaker.actor, role=chat.speaker.role,
        today=chat.today, now=chat.now, origin=chat.origin,
    )  # fmt: skip


def refuse_terms(chat: Chat, chosen: Approval, answers: Answers) -> None:
    grant_terms.refuse_terms(
        chat.session, request_id=Id(chosen.key), refused_by=chat.speaker.actor, reason=answers.reason, now=chat.now
    )


APPROVE: Mapping[str, Decide] = {
    "claim": approve_claim, "handover": approve_handover, "refund": approve_refund, "write_off": approve_write_off,
    "expense": approve_expense, "cuts": allow_cuts, "link": let_in, **dict.fromkeys(PROPOSALS, approve_proposal),
    "restock": approve_restock, "connection": connect, **dict.fromkeys(TERMS, approve_terms),
}  # fmt: skip
REFUSE: Mapping[str, Decide] = {
    "claim": reject_claim, "handover": refuse_handover, "refund": refuse_refund, "write_off": refuse_write_off,
    "expense": refuse_expense, "link": keep_out, **dict.fromkeys(PROPOSALS, refuse_proposal),
    "restock": refuse_restock, "connection": turn_away, **dict.fromkeys(TERMS, refuse_terms),
}  # fmt: skip
