"""Rented equipment loses its worth in equal months over the life of its type (reference money 5.2, depreciation).

Every end of a month at which a piece stands at a customer takes one month of its cost: the month it came counts whole,
the month it leaves not. So months that were missed, or a life that was set late, come with the next one that is booked.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core.ids import Id, new_id
from core.inventory.models import ItemType, Movement
from core.inventory.types import lock_types
from core.inventory.wear_models import ItemWear, WearMonth
from core.ledger.cash_movements import lock_wear, wear_by_hand
from core.ledger.equipment import post_equipment_worn
from core.ledger.journal import reverse_entry
from core.ledger.periods import books_state
from core.money import ZERO


def month_to_wear(session: Session, *, today: date) -> date | None:
    """The first day of the next month to book; None while it is not over, or where no type has a life.

    A company begins with the month before today's, and passes over months whose books are closed.
    """
    if session.scalar(select(ItemType.id).where(ItemType.life_months > 0).limit(1)) is None:
        return None
    over = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    last = session.scalar(select(func.max(WearMonth.month)))
    month = over if last is None else _next_month(last)
    closed = books_state(session).soft_through
    if closed is not None:
        month = max(month, (closed + timedelta(days=1)).replace(day=1))
    return month if month <= over else None


def wear_equipment(session: Session, *, today: date, actor: str) -> WearMonth | None:
    """Book the oldest month that is over and not booked yet, in one entry: 6900 by area against 1219.

    None when nothing is left to book before `today`; the caller goes on in new transactions until then. Two at once
    take turns, and no rented piece moves meanwhile. What was written down by hand until then is taken back in the
    same transaction, since a piece's own wear counts from the day it went out: nothing is written down twice.
    """
    lock_wear(session)
    month = month_to_wear(session, today=today)
    if month is None:
        return None
    lock_types(session, set(session.scalars(select(ItemType.id).where(ItemType.life_months > 0))))
    last = _next_month(month) - timedelta(days=1)
    rows = session.execute(_WEAR, {"last": last}).all()
    worn = WearMonth(id=new_id(), month=month, amount=sum((row.amount for row in rows), ZERO),
                     pieces=sum(row.pieces for row in rows))  # fmt: skip
    session.add(worn)
    session.flush()
    if rows:
        origin = f"run:wear:{month:%Y-%m}"
        for by_hand in wear_by_hand(session, until=last):
            reverse_entry(
                session, entry_id=by_hand.id, posted_on=last, actor=actor, origin=origin,
                memo=f"{by_hand.memo}: taken back, its pieces are worn one by one",
            )  # fmt: skip
        post_equipment_worn(
            session, month_id=worn.id, by_area={row.area_id: row.amount for row in rows}, posted_on=last, actor=actor,
            origin=origin, memo=f"Wear of {worn.pieces} rented pieces, {month:%B %Y}",
        )  # fmt: skip
    return worn


def worn_of(session: Session, *, item_id: Id) -> Decimal:
    """What a piece at a customer has lost of its cost since it came there."""
    there = (
        select(Movement.id)
        .where(Movement.item_id == item_id, Movement.kind == "rented")
        .order_by(Movement.id.desc())
        .limit(1)
    )
    lost = select(func.coalesce(func.sum(ItemWear.amount), ZERO)).where(ItemWear.movement_id == there.scalar_subquery())
    return session.scalars(lost).one()


def worn_at_customers(session: Session) -> Decimal:
    """What everything at customers has lost of its cost: account 1219 but for what was booked onto it otherwise."""
    lost = session.scalars(select(func.coalesce(func.sum(ItemWear.amount), ZERO))).one()
    gone = session.scalars(select(func.coalesce(func.sum(Movement.worn), ZERO))).one()
    return lost - gone


def _next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


_WEAR = text("""
    WITH rented AS (
        SELECT m.id, m.cost, z.area_id, t.life_months AS life,
               least(t.life_months, 1 + 12 * (extract(year FROM CAST(:last AS date)) - extract(year FROM m.moved_on))
                     + extract(month FROM CAST(:last AS date)) - extract(month FROM m.moved_on)) AS months
          FROM item i
          JOIN item_type t ON t.id = i.type_id AND t.life_months > 0
          CROSS JOIN LATERAL (SELECT * FROM movement WHERE item_id = i.id ORDER BY id DESC LIMIT 1) m
          LEFT JOIN customer c ON c.id = i.holder_id
          LEFT JOIN sub_zone z ON z.id = c.sub_zone_id
         WHERE i.holder_kind = 'customer' AND m.kind = 'rented' AND m.moved_on <= :last
    ), due AS (
        SELECT r.id, r.area_id, round(r.cost * r.months / r.life, 2) - coalesce(
                   (SELECT sum(w.amount) FROM item_wear w WHERE w.movement_id = r.id), 0) AS part
          FROM rented r
    ), worn AS (
        INSERT INTO item_wear (movement_id, worn_on, amount)
        SELECT id, :last, part FROM due WHERE part > 0 ORDER BY id
    )
    SELECT area_id, sum(part) AS amount, count(*) AS pieces FROM due WHERE part > 0 GROUP BY area_id ORDER BY area_id
""")
