"""What waits for a manager's yes or no, from every domain, the oldest first within each kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.claims import pending_claims
from core.billing.payment_models import Payment, PaymentClaim, Refund
from core.billing.plan_models import Plan
from core.billing.write_offs import write_offs_waiting
from core.crm.lead_models import Lead
from core.crm.linking import waiting_links
from core.crm.masking import mask_phone
from core.crm.models import Contact, Customer
from core.ids import Id
from core.inventory.restock import restock_requests
from core.ledger.expenses import waiting_expenses
from core.printing.figures import plain
from core.recovery.case_models import RecoveryRun
from core.recovery.cases import open_proposals
from core.recovery.runs import SUSPENSION
from core.service_desk.job_models import OPEN_JOBS, Job
from core.service_desk.job_policy import job_policy_of
from core.staff.approval_models import TermsRequest
from core.staff.handovers import waiting_handovers
from core.staff.models import Staff
from core.staff.terms import waiting_terms

PROPOSALS = ("pick_up", "termination", "write_off_proposal")
TERMS = ("discount", "plan_price", "promise_extension")
KINDS = (
    "claim", "handover", "refund", "write_off", "expense", *PROPOSALS, "cuts", "link", "restock", "connection", *TERMS,
)  # fmt: skip
UNDECIDED_LEADS = ("new", "survey")


@dataclass(frozen=True)
class Approval:
    """One decision that waits; `key` with `kind` names it. Amounts in the company's currency."""

    kind: str
    key: str
    number: str
    who: str
    """The customer, the agent, or what the money is for."""
    amount: Decimal
    why: str = ""
    """The reference of a claim, the reason of a refund or write-off."""
    asked_by: str = ""
    method: str = ""
    document_id: Id | None = None
    """The picture of the proof, where there is one."""
    same_as: str = ""
    """A claim that came with the same reference or picture before."""
    paid_with: str = ""
    """The receipt that the reference of a claim was booked with already."""
    count: int = 0
    """How many suspensions a yes would have to cover."""

    @property
    def name(self) -> str:
        """`claim-<id>`, as buttons carry it."""
        return f"{self.kind}-{self.key}"


def waiting_approvals(session: Session, *, today: date) -> list[Approval]:
    """Claims, handovers, refunds, write-offs, expenses, steps of the ladder, stopped suspensions, links to accounts,
    technicians' requests to the store, requests for a connection, and terms beyond what the asker may grant.
    """
    return [
        *_claims(session), *_handovers(session), *_refunds(session), *_write_offs(session), *_expenses(session),
        *_proposals(session), *_cuts(session, today), *_links(session), *_restock(session), *_connections(session),
        *_terms(session),
    ]  # fmt: skip


def _claims(session: Session) -> list[Approval]:
    claims = pending_claims(session)
    whose = _customers(session, [claim.customer_id for claim in claims])
    same = _numbers(session, PaymentClaim, [claim.duplicate_of for claim in claims])
    paid = _numbers(session, Payment, [claim.paid_already for claim in claims])
    return [
        Approval(
            "claim", str(claim.id), claim.number, whose[claim.customer_id], claim.amount, claim.reference,
            method=claim.method, document_id=claim.document_id, same_as=same.get(claim.duplicate_of, ""),
            paid_with=paid.get(claim.paid_already, ""),
        )
        for claim in claims
    ]  # fmt: skip


def _handovers(session: Session) -> list[Approval]:
    waiting = waiting_handovers(session)
    ids = [handover.staff_id for handover in waiting]
    names = {row.id: row.name for row in session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(ids)))}
    return [
        Approval("handover", str(each.id), each.number, names[each.staff_id], each.announced, each.slip,
                 asked_by=f"staff:{each.staff_id}")
        for each in waiting
    ]  # fmt: skip


def _refunds(session: Session) -> list[Approval]:
    waiting = session.scalars(select(Refund).where(Refund.state == "asked").order_by(Refund.id)).all()
    whose = _customers(session, [refund.customer_id for refund in waiting])
    return [
        Approval("refund", str(each.id), each.number, whose[each.customer_id], each.amount, each.reason, each.asked_by)
        for each in waiting
    ]


def _write_offs(session: Session) -> list[Approval]:
    waiting = write_offs_waiting(session)
    whose = _customers(session, [write_off.customer_id for write_off in waiting])
    return [
        Approval("write_off", str(each.id), "", whose[each.customer_id], each.amount, each.reason, each.asked_by)
        for each in waiting
    ]


def _expenses(session: Session) -> list[Approval]:
    return [
        Approval("expense", str(each.id), each.number, each.description, each.total, asked_by=each.asked_by,
                 document_id=each.document_id)
        for each in waiting_expenses(session) if each.state == "asked"
    ]  # fmt: skip


def _proposals(session: Session) -> list[Approval]:
    waiting = open_proposals(session)
    whose = _customers(session, [proposal.customer_id for proposal in waiting])
    return [Approval(each.kind, str(each.id), "", whose[each.customer_id], each.amount) for each in waiting]


def _cuts(session: Session, today: date) -> list[Approval]:
    """What today's suspension run has stopped for, as it last counted."""
    run = session.scalar(select(RecoveryRun).where(RecoveryRun.run_day == today, RecoveryRun.kind == SUSPENSION))
    count = int(run.counts.get("needs_yes", 0)) if run is not None else 0
    return [Approval("cuts", today.isoformat(), "", "", Decimal(0), count=count)] if count else []


def _links(session: Session) -> list[Approval]:
    """Who asks for an account without a code; `count` is 0 where there is no such account."""
    waiting = waiting_links(session)
    people = session.scalars(select(Contact).where(Contact.id.in_([each.contact_id for each in waiting]))).all()
    phones = {person.id: mask_phone(person.phone) if person.phone else person.name or "-" for person in people}
    return [
        Approval("link", str(each.id), each.wanted, phones[each.contact_id], Decimal(0), each.note,
                 count=int(each.customer_id is not None))
        for each in waiting
    ]  # fmt: skip


def _restock(session: Session) -> list[Approval]:
    waiting = restock_requests(session, states=("asked",))
    ids = [request.staff_id for request in waiting]
    names = {row.id: row.name for row in session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(ids)))}
    return [
        Approval(
            "restock", str(each.id), each.number, names[each.staff_id], Decimal(0),
            ", ".join(f"{plain(line.quantity)} {line.type.unit} {line.type.name}" for line in each.lines),
            asked_by=f"staff:{each.staff_id}",
        )
        for each in waiting
    ]  # fmt: skip


def _connections(session: Session) -> list[Approval]:
    """Requests that nobody has decided and nobody is out to survey; `count` is 1 where a survey could come first."""
    visited = select(Job.id).where(Job.lead_id == Lead.id, Job.state.in_(OPEN_JOBS))
    asked = session.execute(
        select(Lead, Plan.name).outerjoin(Plan, Plan.id == Lead.plan_id)
        .where(Lead.state.in_(UNDECIDED_LEADS), ~visited.exists()).order_by(Lead.asked_at, Lead.id)
    )  # fmt: skip
    fee = job_policy_of(session).installation_fee
    return [
        Approval(
            "connection", str(lead.id), lead.number, lead.name,
            lead.installation_fee if lead.installation_fee is not None else fee,
            ", ".join(part for part in (plan or "", lead.sub_zone.name if lead.sub_zone else lead.place, lead.address)
                      if part),
            count=int(lead.state == "new"),
        )
        for lead, plan in asked
    ]  # fmt: skip


def _terms(session: Session) -> list[Approval]:
    return [
        Approval(each.kind, str(each.id), each.number, each.subject, each.amount, _said(each), asked_by=each.asked_by)
        for each in waiting_terms(session)
    ]


def _said(request: TermsRequest) -> str:
    """What is wished, and why."""
    terms = request.terms
    wished = [
        f"{terms['percent']} %" if terms.get("percent") else "",
        f"{terms['periods']} ×" if terms.get("periods") else "",
        str(terms.get("due_on") or terms.get("valid_from") or ""),
    ]
    return " · ".join(part for part in (*wished, request.reason) if part)


def _customers(session: Session, ids: Sequence[Id]) -> dict[Id, str]:
    rows = session.execute(select(Customer.id, Customer.number, Customer.name).where(Customer.id.in_(ids)))
    return {row.id: f"{row.number} {row.name}" for row in rows}


def _numbers(
    session: Session, model: type[PaymentClaim] | type[Payment], ids: Sequence[Id | None]
) -> dict[Id | None, str]:  # fmt: skip
    wanted = [key for key in ids if key is not None]
    if not wanted:
        return {}
    return {row[0]: row[1] for row in session.execute(select(model.id, model.number).where(model.id.in_(wanted)))}
