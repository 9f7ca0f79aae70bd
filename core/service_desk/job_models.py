"""Jobs: visits of a technician, what has to be done at each, and the proof that it was."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base, Money, Owned
from core.ids import Id

KINDS = ("installation", "repair", "relocation", "pick_up", "survey")
OPEN_JOBS = ("planned", "assigned", "on_the_way", "arrived", "blocked", "no_show")
IN_HAND = ("assigned", "on_the_way", "arrived")
"""States in which a technician has the job before him."""
LINE_KINDS = ("reading", "photo", "serial", "metres", "tick")


class Job(Owned, Base):
    """One visit to one place, for a customer or for somebody who wants to become one."""

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        CheckConstraint("kind IN ('installation', 'repair', 'relocation', 'pick_up', 'survey')", name="kind"),
        CheckConstraint(
            "state IN ('planned', 'assigned', 'on_the_way', 'arrived', 'done', 'blocked', 'no_show', 'cancelled')",
            name="state",
        ),
        CheckConstraint("customer_id IS NOT NULL OR lead_id IS NOT NULL", name="for_somebody"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="place"),
        CheckConstraint("(window_start IS NULL) = (window_end IS NULL)", name="window"),
        CheckConstraint("window_end > window_start", name="window_order"),
        CheckConstraint("state NOT IN ('assigned', 'on_the_way', 'arrived') OR assigned_to IS NOT NULL", name="given"),
        CheckConstraint("confirmed_by IN ('', 'code', 'tap', 'office', 'nobody')", name="confirmed_by"),
        Index("ix_job_technician", "company_id", "assigned_to", "window_start",
              postgresql_where=text("state NOT IN ('done', 'cancelled')")),
        Index("uq_job_ticket_open", "company_id", "ticket_id", unique=True,
              postgresql_where=text("state NOT IN ('done', 'cancelled')")),
    )  # fmt: skip
    number: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default="planned")
    customer_id: Mapped[Id | None] = mapped_column(ForeignKey("customer.id"), index=True)
    lead_id: Mapped[Id | None] = mapped_column(ForeignKey("lead.id"), index=True)
    site_id: Mapped[Id | None] = mapped_column(ForeignKey("site.id"))
    ticket_id: Mapped[Id | None] = mapped_column(ForeignKey("ticket.id"))
    """The complaint or request it serves; a ticket has one open job at a time."""
    subscription_id: Mapped[Id | None] = mapped_column(ForeignKey("subscription.id"))
    area_id: Mapped[Id | None] = mapped_column(ForeignKey("area.id"), index=True)
    address: Mapped[str] = mapped_column(default="")
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    what: Mapped[str] = mapped_column(default="")
    """What is to be done, in words for the technician."""
    priority: Mapped[str] = mapped_column(default="normal")
    window_start: Mapped[datetime | None]
    window_end: Mapped[datetime | None]
    """When the customer was told that somebody comes."""
    assigned_to: Mapped[Id | None] = mapped_column(ForeignKey("staff.id"))
    created_by: Mapped[str]
    opened_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]
    arrival_metres: Mapped[int | None]
    """How far from the place he said that he had arrived; None where either place is not known."""
    arrival_confirmed_at: Mapped[datetime | None]
    """The customer said from his own number that somebody came."""
    done_at: Mapped[datetime | None]
    told: Mapped[str] = mapped_column(default="")
    """What was done, as the technician wrote it for the customer."""
    reason: Mapped[str] = mapped_column(default="")
    """Why it is blocked, was not possible, or was cancelled."""
    code_fingerprint: Mapped[str] = mapped_column(default="")
    """Of the code that the customer gives when he is satisfied; never the code itself."""
    code_expires_at: Mapped[datetime | None]
    code_tries: Mapped[int] = mapped_column(default=0)
    confirmed_by: Mapped[str] = mapped_column(default="")
    """How the customer agreed: his code, a tap on his own phone, the office's call, or not at all."""
    confirmed_at: Mapped[datetime | None]
    doubt: Mapped[str] = mapped_column(default="")
    """Why the office shall look at it: far from the place, a photo seen before, nobody confirmed."""
    looked_at_by: Mapped[str] = mapped_column(default="")
    lines: Mapped[list[JobLine]] = relationship(order_by="JobLine.position", lazy="selectin")


class JobLine(Owned, Base):
    """One thing that has to be done on a job before it may be closed."""

    __tablename__ = "job_line"
    __table_args__ = (
        UniqueConstraint("company_id", "job_id", "position"),
        CheckConstraint("kind IN ('reading', 'photo', 'serial', 'metres', 'tick')", name="kind"),
    )
    job_id: Mapped[Id] = mapped_column(ForeignKey("job.id"))
    position: Mapped[int]
    kind: Mapped[str]
    what: Mapped[str]
    """A word of `core.service_desk.checklists.WORDS`, or the company's own."""
    required: Mapped[bool] = mapped_column(default=True)
    done_at: Mapped[datetime | None]
    done_by: Mapped[str] = mapped_column(default="")
    value: Mapped[str] = mapped_column(default="")
    """The serial, metres, dBm or words that were given."""


class JobTemplateLine(Owned, Base):
    """A line of a company's own checklist for a kind of job; without any the usual one holds."""

    __tablename__ = "job_template_line"
    __table_args__ = (
        UniqueConstraint("company_id", "job_kind", "position"),
        CheckConstraint("kind IN ('reading', 'photo', 'serial', 'metres', 'tick')", name="kind"),
    )
    job_kind: Mapped[str]
    position: Mapped[int]
    kind: Mapped[str]
    what: Mapped[str]
    required: Mapped[bool] = mapped_column(default=True)


class JobReading(Owned, Base):
    """A signal level that was measured at a job; never changed."""

    __tablename__ = "job_reading"
    job_id: Mapped[Id] = mapped_column(ForeignKey("job.id"), index=True)
    site_id: Mapped[Id | None] = mapped_column(ForeignKey("site.id"), index=True)
    dbm: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    verdict: Mapped[str]
    measured_at: Mapped[datetime]
    measured_by: Mapped[str]


class JobProof(Owned, Base):
    """A photo of a job, compared with every earlier one."""

    __tablename__ = "job_proof"
    __table_args__ = (UniqueConstraint("company_id", "job_id", "document_id"),)
    job_id: Mapped[Id] = mapped_column(ForeignKey("job.id"))
    document_id: Mapped[Id] = mapped_column(ForeignKey("document.id"), index=True)
    what: Mapped[str] = mapped_column(default="")
    taken_at: Mapped[datetime]
    twin_id: Mapped[Id | None] = mapped_column(ForeignKey("document.id"))
    """An earlier picture that shows the same."""


class JobEvent(Owned, Base):
    """What happened to a job; never changed."""

    __tablename__ = "job_event"
    job_id: Mapped[Id] = mapped_column(ForeignKey("job.id"), index=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    what: Mapped[str]
    """The state it moved to, or `rescheduled`, `code`, `confirmed`, `note`."""
    note: Mapped[str] = mapped_column(default="")


class TechnicianCard(Owned, Base):
    """What a technician can do, and how much of it in a day."""

    __tablename__ = "technician_card"
    __table_args__ = (
        UniqueConstraint("company_id", "staff_id"),
        CheckConstraint("jobs_a_day BETWEEN 1 AND 50", name="jobs_a_day"),
    )
    staff_id: Mapped[Id] = mapped_column(ForeignKey("staff.id"))
    skills: Mapped[list[str]] = mapped_column(ARRAY(String), default=list)
    """Kinds of jobs he does; none means all."""
    jobs_a_day: Mapped[int] = mapped_column(default=8)


class JobPolicy(Owned, Base):
    """How strictly jobs are proved; a company without a row takes the defaults of `core.service_desk.job_policy`."""

    __tablename__ = "job_policy"
    __table_args__ = (
        UniqueConstraint("company_id"),
        CheckConstraint("arrival_metres > 0 AND code_hours > 0", name="sensible"),
        CheckConstraint("callback_percent BETWEEN 0 AND 100", name="callback_percent"),
        CheckConstraint("overload > very_good AND very_good > good AND good > acceptable AND acceptable > weak"
                        " AND weak > dead", name="thresholds"),
    )  # fmt: skip
    arrival_metres: Mapped[int] = mapped_column(default=200)
    """Further away than this an arrival is doubtful."""
    code_hours: Mapped[int] = mapped_column(default=12)
    installation_fee: Mapped[Money] = mapped_column(default=Decimal(0))
    """What a new connection costs where nobody agreed otherwise."""
    callback_percent: Mapped[int] = mapped_column(default=10)
    """So many of a day's finished jobs are called back by the office."""
    visit_hours: Mapped[int] = mapped_column(default=2)
    """The length of a window where nobody said otherwise."""
    overload: Mapped[Decimal] = mapped_column(Numeric(5, 2), default=Decimal("-8"))
    very_good: Mapped[Decimal] = mapped_column(Numeric(5, 2), default=Decimal("-20"))
    good: Mapped[Decimal] = mapped_column(Numeric(5, 2), default=Decimal("-24"))
    acceptable: Mapped[Decimal] = mapped_column(Numeric(5, 2), default=Decimal("-25.5"))
    weak: Mapped[Decimal] = mapped_column(Numeric(5, 2), default=Decimal("-27"))
    dead: Mapped[Decimal] = mapped_column(Numeric(5, 2), default=Decimal("-30"))
    """Received power at an ONU in dBm, the lower end of each verdict (reference/network.md 6.3)."""
