"""A case and its records: steps taken, attempts made, protections, proposals; opened and closed by the ageing run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.crm.distance import Place, metres_between, place_at
from core.crm.models import Site
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.recovery.case_models import (
    CHANNELS,
    OUTCOMES,
    Attempt,
    CaseAssignment,
    NeverCut,
    Proposal,
    RecoveryCase,
    StepRecord,
)  # fmt: skip
from core.recovery.policy import Step


class NoOpenCase(DomainError):
    """The customer owes nothing that is being recovered."""


class AttemptInvalid(DomainError):
    """The attempt names no known channel or outcome, or leaves out what its outcome needs."""


class ProtectionInvalid(DomainError):
    """A never-cut flag needs a reason, an approver and an end."""


class ProposalDecided(DomainError):
    """Somebody decided the proposal already."""


class NoticeNotWaiting(DomainError):
    """There is no notice of this case that waits to be handed over."""


def case_of(session: Session, *, customer_id: Id) -> RecoveryCase:
    """The customer's open case; raises NoOpenCase."""
    case = session.scalar(
        select(RecoveryCase).where(RecoveryCase.customer_id == customer_id, RecoveryCase.state == "open")
    )
    if case is None:
        raise NoOpenCase("This customer has no open recovery case: nothing is overdue, or it was not aged yet")
    return case


def close_case(session: Session, case: RecoveryCase, *, reason: str, today: date, now: datetime) -> None:
    """Nothing is left to recover: the case ends together with its assignment."""
    case.state, case.closed_on, case.close_reason, case.held_by = "closed", today, reason, ""
    case.hastened = False
    session.execute(
        update(CaseAssignment).where(CaseAssignment.case_id == case.id, CaseAssignment.until_at.is_(None))
        .values(until_at=now)
    )  # fmt: skip
    session.flush()


def record_step(
    session: Session, step: Step, *, customer_id: Id, case: RecoveryCase | None, counted_from: date, today: date,
    state: str = "done", note: str = "", message_id: Id | None = None, announced_for: date | None = None,
) -> StepRecord:  # fmt: skip
    """Write that a step was taken, or left out, so that it is not taken again in this count; flushed by the caller."""
    record = StepRecord(
        id=new_id(), customer_id=customer_id, case_id=case.id if case else None, counted_from=counted_from,
        day=step.day, kind=step.kind, state=state, done_on=today, note=note, message_id=message_id,
        announced_for=announced_for,
    )  # fmt: skip
    session.add(record)
    if case is not None and state != "skipped":
        case.stage, case.hastened = step.kind, False
    return record


def withdraw_steps(session: Session, *, case_id: Id, kind: str) -> None:
    """Let a step be taken again: a suspension that a promise lifted, a notice that never arrived."""
    session.execute(
        update(StepRecord)
        .where(StepRecord.case_id == case_id, StepRecord.kind == kind, StepRecord.state != "withdrawn")
        .values(state="withdrawn")
    )


def hand_over_notice(session: Session, *, case_id: Id, delivered_by: str, note: str, today: date) -> StepRecord:
    """A person brought the written notice that could not be sent; its days count from `today`.

    Raises NoticeNotWaiting.
    """
    record = session.scalars(
        select(StepRecord)
        .where(StepRecord.case_id == case_id, StepRecord.kind == "final_notice", StepRecord.state == "by_hand")
        .order_by(StepRecord.id.desc()).limit(1).with_for_update()
    ).first()  # fmt: skip
    if record is None:
        raise NoticeNotWaiting("No notice of this case waits to be handed over")
    record.state, record.done_on, record.message_id = "done", today, None
    record.note = f"handed over by {delivered_by}: {note}"
    session.flush()
    return record


def log_attempt(
    session: Session, *, customer_id: Id, agent_id: Id, channel: str, outcome: str, now: datetime, note: str = "",
    here: Place | None = None, next_action_on: date | None = None, origin: str = "",
) -> Attempt:  # fmt: skip
    """Record what came of a call, visit or chat (reference money 4.4) and set the case's next action.

    A dispute needs its reason in `note`. `here` is where the agent is: it is kept with its distance from the
    customer's site, so that a visit can be told from a call. Opens no ticket and no promise: the use cases do. Raises
    NoOpenCase, AttemptInvalid.
    """
    case = case_of(session, customer_id=customer_id)
    if channel not in CHANNELS or outcome not in OUTCOMES:
        raise AttemptInvalid(f"An attempt by {channel!r} with {outcome!r}: channels are {', '.join(CHANNELS)}, "
                             f"outcomes {', '.join(OUTCOMES)}")  # fmt: skip
    if outcome == "disputes" and not note.strip():
        raise AttemptInvalid("A dispute needs its reason in the note")
    attempt = Attempt(
        id=new_id(), customer_id=customer_id, case_id=case.id, agent_id=agent_id, channel=channel, outcome=outcome,
        attempted_at=now, note=note.strip(), next_action_on=next_action_on, origin=origin,
        place={"latitude": str(here.latitude), "longitude": str(here.longitude)} if here else None,
        metres=_metres_from_site(session, customer_id, here) if here else None,
    )  # fmt: skip
    session.add(attempt)
    case.next_action_on = next_action_on
    session.flush()
    return attempt


def _metres_from_site(session: Session, customer_id: Id, here: Place) -> int | None:
    """To the nearest of the customer's sites whose place is known."""
    sites = session.execute(select(Site.latitude, Site.longitude).where(Site.customer_id == customer_id)).all()
    places = [place for site in sites if (place := place_at(*site)) is not None]
    return min((metres_between(here, place) for place in places), default=None)


def attempts_of(session: Session, *, customer_id: Id, limit: int = 20) -> Sequence[Attempt]:
    """What was tried, the newest first."""
    tried = select(Attempt).where(Attempt.customer_id == customer_id)
    return session.scalars(tried.order_by(Attempt.attempted_at.desc()).limit(limit)).all()


def attempt_counts(session: Session, *, case_id: Id) -> dict[str, int]:
    """Calls, visits and chats of a case, each counted apart."""
    counted = session.execute(
        select(Attempt.channel, func.count()).where(Attempt.case_id == case_id).group_by(Attempt.channel)
    )
    return dict.fromkeys(CHANNELS, 0) | {row[0]: row[1] for row in counted}


def protect(
    session: Session, *, customer_id: Id, reason: str, approved_by: str, from_on: date, until_on: date
) -> NeverCut:  # fmt: skip
    """Flag a customer as never to be suspended from a day up to and including another.

    Raises ProtectionInvalid.
    """
    if not reason.strip() or not approved_by.strip() or until_on < from_on:
        raise ProtectionInvalid("A never-cut flag needs a reason, who approves it, and an end after its beginning")
    flag = NeverCut(
        id=new_id(), customer_id=customer_id, reason=reason.strip(), approved_by=approved_by, from_on=from_on,
        until_on=until_on,
    )  # fmt: skip
    session.add(flag)
    session.flush()
    return flag


def end_protection(session: Session, *, customer_id: Id, ended_by: str, now: datetime) -> int:
    """Take the customer's never-cut flags away before their time; returns how many."""
    ended = session.execute(
        update(NeverCut).where(NeverCut.customer_id == customer_id, NeverCut.ended_at.is_(None))
        .values(ended_at=now, ended_by=ended_by)
    )  # fmt: skip
    count: int = ended.rowcount  # type: ignore[attr-defined]
    return count


def propose(session: Session, *, case: RecoveryCase, kind: str, amount: Decimal, today: date) -> Proposal:
    """Lay a step before a person: pick_up, termination or write_off_proposal; an open one stays the only one."""
    standing = session.scalar(
        select(Proposal).where(Proposal.case_id == case.id, Proposal.kind == kind, Proposal.state == "open")
    )
    if standing is not None:
        return standing
    proposal = Proposal(
        id=new_id(), case_id=case.id, customer_id=case.customer_id, kind=kind, amount=amount, proposed_on=today
    )
    session.add(proposal)
    session.flush()
    return proposal


def decide_proposal(
    session: Session, *, proposal_id: Id, accept: bool, decided_by: str, note: str, now: datetime
) -> Proposal:  # fmt: skip
    """A person's yes or no; `carry_out_proposal` does what was accepted. Raises NotFound, ProposalDecided."""
    proposal = session.get(Proposal, proposal_id, with_for_update=True)
    if proposal is None:
        raise NotFound("There is no such proposal")
    if proposal.state != "open":
        raise ProposalDecided(f"The proposal was {proposal.state} by {proposal.decided_by}")
    proposal.state = "accepted" if accept else "refused"
    proposal.decided_by, proposal.decided_at, proposal.decision_note = decided_by, now, note
    session.flush()
    return proposal


def open_proposals(session: Session, *, kind: str = "") -> Sequence[Proposal]:
    """What waits for a person, the oldest first."""
    waiting = select(Proposal).where(Proposal.state == "open").order_by(Proposal.id)
    return session.scalars(waiting.where(Proposal.kind == kind) if kind else waiting).all()


def proposals_waiting(session: Session) -> bool:
    """Whether an accepted proposal is still to be carried out."""
    accepted = select(Proposal.id).where(Proposal.state == "accepted", Proposal.carried_out_at.is_(None))
    return session.scalar(accepted.limit(1)) is not None
