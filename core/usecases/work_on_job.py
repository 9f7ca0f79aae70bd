"""A technician's steps on a job of his own, and what the customer hears at each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.crm.distance import Place
from core.errors import DomainError
from core.ids import Id
from core.inventory.item_moves import move_item, swap_items
from core.inventory.items import item_by_serial
from core.inventory.models import Item, ItemType, Movement
from core.inventory.moving import moved_before
from core.inventory.types import type_by_id
from core.inventory.using import PartInvalid, own_piece, use_part
from core.service_desk import field_work
from core.service_desk.checklists import fill_line
from core.service_desk.field_work import Arrival, own_job
from core.service_desk.job_models import Job
from core.service_desk.models import OPEN_STATES, Ticket
from core.usecases.tell_visit import tell_visit


class NoAccountYet(DomainError):
    """Parts go to a customer's account, and this person has none yet: the office opens it first."""


def start_work(session: Session, *, job_id: Id, staff_id: Id, now: datetime) -> Job:
    """He is on his way, and the customer hears it. Raises NotYourJob, JobMoveRefused."""
    job = field_work.start_job(session, job_id=job_id, staff_id=staff_id, now=now)
    if job.ticket_id is not None:
        ticket = session.get_one(Ticket, job.ticket_id)
        if ticket.state in OPEN_STATES:
            ticket.state = "in_progress"
    tell_visit(session, job, "on_the_way", now=now, mark=str(job.started_at))
    return job


def arrive(
    session: Session, *, job_id: Id, staff_id: Id, now: datetime, here: Place | None = None, note: str = ""
) -> Arrival:  # fmt: skip
    """He says he is there, and the customer is asked from his own number. Raises NotYourJob, JobMoveRefused."""
    arrival = field_work.arrive_at_job(session, job_id=job_id, staff_id=staff_id, now=now, here=here, note=note)
    tell_visit(session, arrival.job, "arrived", now=now, mark=str(arrival.job.arrived_at))
    return arrival


def block(session: Session, *, job_id: Id, staff_id: Id, reason: str, now: datetime) -> Job:
    """It cannot go on now, and the customer hears that another time is agreed. Raises as `field_work.block_job`."""
    job = field_work.block_job(session, job_id=job_id, staff_id=staff_id, reason=reason, now=now)
    tell_visit(session, job, "blocked", now=now, mark=str(now))
    return job


def nobody_there(session: Session, *, job_id: Id, staff_id: Id, now: datetime) -> Job:
    """He met nobody, and the customer is asked for another time. Raises NotYourJob, JobMoveRefused."""
    job = field_work.nobody_there(session, job_id=job_id, staff_id=staff_id, now=now)
    tell_visit(session, job, "no_show", now=now, mark=str(now))
    return job


def use_part_on_job(
    session: Session, *, job_id: Id, staff_id: Id, now: datetime, key: str, serial: str = "",
    type_id: Id | None = None, quantity: Decimal = Decimal(0), ownership: str = "rented", origin: str = "",
) -> Movement:  # fmt: skip
    """Something out of his own stock is at the customer's now, and the line of the checklist that asks for it is done.

    A piece by `serial`, or a `quantity` of a type. A repeat of the key changes nothing. Raises NotYourJob,
    NoAccountYet, and what `core.inventory.using.use_part` raises.
    """
    job = own_job(session, job_id=job_id, staff_id=staff_id)
    if job.customer_id is None:
        raise NoAccountYet(f"Job {job.number} is for somebody without an account: ask the office to open it first")
    actor = f"staff:{staff_id}"
    movement = use_part(
        session, staff_id=staff_id, customer_id=job.customer_id, actor=actor, now=now, serial=serial, type_id=type_id,
        quantity=quantity, ownership=ownership, ticket_id=job.ticket_id, site_id=job.site_id, reason=job.number,
        origin=origin, key=key,
    )  # fmt: skip
    if serial.strip():
        fill_line(session, job, kind="serial", value=serial.strip(), actor=actor, now=now)
    elif is_cable(type_by_id(session, movement.type_id)):
        fill_line(session, job, kind="metres", value=str(movement.quantity), actor=actor, now=now, what="fibre")
    return movement


def pieces_replaceable(session: Session, job: Job, *, serial: str) -> Sequence[Item]:
    """At a repair, our pieces at the customer's that are of the kind of `serial`: it may come in the place of one."""
    if job.kind != "repair" or job.customer_id is None:
        return []
    kind = item_by_serial(session, serial).kind
    at_his = select(Item).where(Item.holder_kind == "customer", Item.holder_id == job.customer_id)
    there = session.scalars(at_his.where(Item.ownership != "customer").order_by(Item.serial)).all()
    return [item for item in there if item.kind == kind]


def replace_part(
    session: Session, *, job_id: Id, staff_id: Id, old: str, new: str, condition: str, now: datetime, key: str,
    origin: str = "",
) -> Movement:  # fmt: skip
    """A piece of his own stock takes the place of the customer's, on the same terms; the old one goes into his bag.

    A sold piece is replaced within its warranty, which goes on. A repeat of the key changes nothing. Raises NotYourJob,
    PartInvalid for an old piece that is not there, SerialNotHeld, and what `swap_items` raises.
    """
    job, actor = own_job(session, job_id=job_id, staff_id=staff_id), f"staff:{staff_id}"
    gone, come = item_by_serial(session, old), item_by_serial(session, new)
    if not moved_before(session, f"{key}:old"):
        own_piece(session, staff_id=staff_id, serial=new)
        if gone.holder_kind != "customer" or gone.holder_id != job.customer_id:
            raise PartInvalid(f"Serial {gone.serial} is not with this customer")
    _, went = swap_items(
        session, old=gone, new=come, condition=condition, reason=job.number, actor=actor, now=now, origin=origin,
        ticket_id=job.ticket_id, key=key,
    )  # fmt: skip
    fill_line(session, job, kind="serial", value=come.serial, actor=actor, now=now)
    return went


def take_back_part(
    session: Session, *, job_id: Id, staff_id: Id, serial: str, condition: str, now: datetime, key: str,
    origin: str = "",
) -> Movement:  # fmt: skip
    """A piece comes from the customer into his own stock, good or faulty.

    Raises NotYourJob, PartInvalid for a piece that is not there, and what `move_item` raises.
    """
    job = own_job(session, job_id=job_id, staff_id=staff_id)
    actor = f"staff:{staff_id}"
    item = item_by_serial(session, serial)
    there = item.holder_kind == "customer" and item.holder_id == job.customer_id
    if not there and not moved_before(session, key):
        raise PartInvalid(f"Serial {item.serial} is not with this customer")
    movement = move_item(
        session, item=item, to_kind="technician", to_id=staff_id, condition=condition, reason=job.number, actor=actor,
        now=now, ticket_id=job.ticket_id, origin=origin, key=key,
    )  # fmt: skip
    fill_line(session, job, kind="serial", value=item.serial, actor=actor, now=now, what="returned")
    return movement


def is_cable(item_type: ItemType) -> bool:
    """What is measured in metres."""
    return item_type.tracking == "length"


def note_distance(session: Session, job: Job, *, metres: Decimal, actor: str, now: datetime) -> None:
    """How far the line would be, at a survey. Raises DomainError for what is no distance."""
    if not Decimal(0) < metres <= Decimal(20_000):
        raise DomainError(f"{metres} metres is no length of a line: above 0 and up to 20,000")
    fill_line(session, job, kind="metres", value=str(metres), actor=actor, now=now, what="distance")
