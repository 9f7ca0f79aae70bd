"""A debt that is being recovered: its case, who works on it, what was done, promised, cut and proposed."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Json, Money, Owned
from core.ids import Id

CHANNELS = ("call", "visit", "chat")
OUTCOMES = (
    "no_answer", "wrong_number", "not_at_home", "left_message", "refuses", "disputes", "promised", "part_paid", "paid",
    "moved_away", "equipment_returned",
)  # fmt: skip


class RecoveryCase(Owned, Base):
    """One customer's overdue debt from its first day to its last; at most one is open."""

    __tablename__ = "recovery_case"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'closed')", name="state"),
        CheckConstraint("(state = 'closed') = (closed_on IS NOT NULL)", name="closed_on"),
        Index("uq_recovery_case_open", "company_id", "customer_id", unique=True,
              postgresql_where=text("state = 'open'")),
        Index("ix_recovery_case_agent", "company_id", "agent_id", postgresql_where=text("state = 'open'")),
    )  # fmt: skip
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"), index=True)
    """The account that owes: the payer."""
    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"))
    sub_zone_id: Mapped[Id] = mapped_column(ForeignKey("sub_zone.id"))
    state: Mapped[str] = mapped_column(default="open")
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]
    close_reason: Mapped[str] = mapped_column(default="")
    """paid, or written_off."""
    amount_opened: Mapped[Money]
    amount: Mapped[Money]
    """What was overdue when last looked at."""
    oldest_due_on: Mapped[date]
    """The due date the ladder counts from; a payment that clears the oldest invoice moves it."""
    stage: Mapped[str] = mapped_column(default="new")
    """The last step that was taken."""
    held_by: Mapped[str] = mapped_column(default="")
    """What halted the ladder when it last looked: promise, claim, dispute, outage, ticket, notice, no_cut_day …"""
    hastened: Mapped[bool] = mapped_column(default=False)
    """A promise was broken: the next step is due at once."""
    agent_id: Mapped[Id | None] = mapped_column(ForeignKey("staff.id"))
    next_action_on: Mapped[date | None]
    """What the agent set himself with his last attempt."""


class CaseInvoice(Owned, Base):
    """An overdue invoice that belongs to a case."""

    __tablename__ = "case_invoice"
    __table_args__ = (UniqueConstraint("company_id", "case_id", "invoice_id"),)
    case_id: Mapped[Id] = mapped_column(ForeignKey("recovery_case.id"))
    invoice_id: Mapped[Id] = mapped_column(ForeignKey("invoice.id"), index=True)
    joined_on: Mapped[date]
    amount: Mapped[Money]
    """Its balance on the day it joined."""


class CaseAssignment(Owned, Base):
    """Who worked on a case from when to when, and why it was given to him."""

    __tablename__ = "case_assignment"
    __table_args__ = (
        Index("uq_case_assignment_running", "company_id", "case_id", unique=True,
              postgresql_where=text("until_at IS NULL")),
    )  # fmt: skip
    case_id: Mapped[Id] = mapped_column(ForeignKey("recovery_case.id"), index=True)
    agent_id: Mapped[Id] = mapped_column(ForeignKey("staff.id"), index=True)
    amount: Mapped[Money]
    """What was overdue when he got it."""
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    reason: Mapped[str]
    assigned_by: Mapped[str]


class StepRecord(Owned, Base):
    """A step of the ladder that was taken, or left out, in the count from one due date."""

    __tablename__ = "step_record"
    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012 - a batch's records go in together
    __table_args__ = (
        CheckConstraint("state IN ('done', 'skipped', 'by_hand', 'withdrawn')", name="state"),
        Index("uq_step_record_once", "company_id", "customer_id", "counted_from", "day", "kind", unique=True,
              postgresql_where=text("state <> 'withdrawn'")),
    )  # fmt: skip
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"))
    case_id: Mapped[Id | None] = mapped_column(ForeignKey("recovery_case.id"), index=True)
    """None for a reminder before the due date."""
    counted_from: Mapped[date]
    day: Mapped[int]
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default="done")
    """by_hand: a notice that could not be sent and waits to be handed over; withdrawn: as if never taken."""
    done_on: Mapped[date]
    announced_for: Mapped[date | None]
    """The day a notice names for the suspension."""
    note: Mapped[str] = mapped_column(default="")
    message_id: Mapped[Id | None] = mapped_column(ForeignKey("outbound_message.id", ondelete="SET NULL"))


class Attempt(Owned, Base):
    """An agent's try to reach a customer and what came of it; append only."""

    __tablename__ = "recovery_attempt"
    __table_args__ = (
        CheckConstraint("channel IN ('call', 'visit', 'chat')", name="channel"),
        CheckConstraint(
            "outcome IN ('no_answer', 'wrong_number', 'not_at_home', 'left_message', 'refuses', 'disputes', 'promised',"
            " 'part_paid', 'paid', 'moved_away', 'equipment_returned')",
            name="outcome",
        ),
        CheckConstraint("outcome <> 'disputes' OR note <> ''", name="dispute_has_reason"),
        Index("ix_recovery_attempt_agent", "company_id", "agent_id", "attempted_at"),
    )
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"), index=True)
    case_id: Mapped[Id | None] = mapped_column(ForeignKey("recovery_case.id"))
    agent_id: Mapped[Id] = mapped_column(ForeignKey("staff.id"))
    channel: Mapped[str]
    outcome: Mapped[str]
    attempted_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(default="")
    place: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    """Where he was: {"latitude", "longitude"} as text."""
    metres: Mapped[int | None]
    """How far that was from the customer's site as it stood then; None where either is not known."""
    next_action_on: Mapped[date | None]
    origin: Mapped[str] = mapped_column(default="")


class Promise(Owned, Base):
    """An amount promised by a day; its outcome is computed from the payments, never typed."""

    __tablename__ = "promise"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("state IN ('open', 'kept', 'partial', 'broken', 'replaced')", name="state"),
        CheckConstraint("limit_on >= due_on AND due_on >= made_on", name="days"),
        Index("uq_promise_open", "company_id", "customer_id", unique=True, postgresql_where=text("state = 'open'")),
        UniqueConstraint("company_id", "replaces_id"),
    )
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"), index=True)
    case_id: Mapped[Id | None] = mapped_column(ForeignKey("recovery_case.id"))
    amount: Mapped[Money]
    made_at: Mapped[datetime]
    made_on: Mapped[date]
    due_on: Mapped[date]
    limit_on: Mapped[date]
    """The last day whose money counts: due day and grace, moved on to a working day."""
    state: Mapped[str] = mapped_column(default="open")
    received: Mapped[Money]
    """The money that counts for it so far."""
    judged_at: Mapped[datetime | None]
    taken_by: Mapped[str]
    agent_id: Mapped[Id | None] = mapped_column(ForeignKey("staff.id"), index=True)
    """The agent whose kept-rate it goes into; None when the customer promised by himself."""
    channel: Mapped[str]
    replaces_id: Mapped[Id | None] = mapped_column(ForeignKey("promise.id"))
    extension_no: Mapped[int] = mapped_column(default=0)
    origin: Mapped[str] = mapped_column(default="")


class NeverCut(Owned, Base):
    """A customer who is not to be suspended until a day, why, and on whose word."""

    __tablename__ = "never_cut"
    __table_args__ = (CheckConstraint("reason <> '' AND approved_by <> ''", name="explained"),)
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"), index=True)
    reason: Mapped[str]
    approved_by: Mapped[str]
    from_on: Mapped[date]
    until_on: Mapped[date]
    """The last day it holds."""
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(default="")


class ServiceCut(Owned, Base):
    """The service of a customer was suspended for debt, and restored; at most one is running."""

    __tablename__ = "service_cut"
    __table_args__ = (
        Index("uq_service_cut_running", "company_id", "customer_id", unique=True,
              postgresql_where=text("restored_at IS NULL")),
    )  # fmt: skip
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"))
    case_id: Mapped[Id] = mapped_column(ForeignKey("recovery_case.id"), index=True)
    cut_at: Mapped[datetime]
    cut_on: Mapped[date] = mapped_column(index=True)
    cut_by: Mapped[str]
    origin: Mapped[str] = mapped_column(default="")
    owed: Mapped[Money]
    restored_at: Mapped[datetime | None]
    restored_by: Mapped[str] = mapped_column(default="")
    restore_reason: Mapped[str] = mapped_column(default="")


class CutApproval(Owned, Base):
    """A manager's yes to more suspensions in a day than the policy allows by itself."""

    __tablename__ = "cut_approval"
    __table_args__ = (Index("ix_cut_approval_day", "company_id", "day"),)
    day: Mapped[date]
    area_id: Mapped[Id | None] = mapped_column(ForeignKey("area.id"))
    """None is for the whole company."""
    count_max: Mapped[int]
    approved_by: Mapped[str]


class Proposal(Owned, Base):
    """A step only a person may take: equipment picked up, service ended, debt written off."""

    __tablename__ = "recovery_proposal"
    __table_args__ = (
        CheckConstraint("kind IN ('pick_up', 'termination', 'write_off_proposal')", name="kind"),
        CheckConstraint("state IN ('open', 'accepted', 'refused', 'lapsed')", name="state"),
        Index("uq_recovery_proposal_open", "company_id", "case_id", "kind", unique=True,
              postgresql_where=text("state = 'open'")),
    )  # fmt: skip
    case_id: Mapped[Id] = mapped_column(ForeignKey("recovery_case.id"))
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"), index=True)
    kind: Mapped[str]
    amount: Mapped[Money]
    state: Mapped[str] = mapped_column(default="open")
    proposed_on: Mapped[date]
    decided_by: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None]
    decision_note: Mapped[str] = mapped_column(default="")
    origin: Mapped[str] = mapped_column(default="", server_default="")
    """The message or panel action that decided it."""
    carried_out_at: Mapped[datetime | None]
    """When what an accepted one asks for was done, or was found to be no longer needed."""
    outcome: Mapped[str] = mapped_column(default="", server_default="")
    """What was done, why it waits, or, of a lapsed one, that the debt was paid before."""


class RecoveryRun(Owned, Base):
    """One of the day's jobs for a company; its counts are its progress. Run again it goes on where it stopped."""

    __tablename__ = "recovery_run"
    __table_args__ = (
        UniqueConstraint("company_id", "run_day", "kind"),
        CheckConstraint("kind IN ('ageing', 'ladder', 'suspension')", name="kind"),
        CheckConstraint("state IN ('running', 'done', 'failed')", name="state"),
    )
    run_day: Mapped[date]
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default="running")
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    counts: Mapped[Json] = mapped_column(default=dict)
    error: Mapped[str] = mapped_column(default="")
