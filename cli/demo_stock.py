"""The demo's stock: types, stores, vans, purchases, equipment at customers, requests and counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cli.demo_jobs import finish, installation
from cli.demo_timeline import ACTOR, FIELD, OFFICE
from cli.demo_town import Resident, Town
from core.clock import business_day
from core.companies import current_company
from core.crm.models import Customer
from core.inventory.item_moves import equipment_of, move_item, swap_items
from core.inventory.items import COMMON, Piece, item_by_serial
from core.inventory.models import ItemType, Warehouse
from core.inventory.places import Place, add_warehouse
from core.inventory.purchases import Goods, enter_opening_stock, receive_purchase
from core.inventory.quantities import transfer_stock
from core.inventory.restock import approve_restock, ask_restock, issue_restock, refuse_restock
from core.inventory.stock_takes import approve_stock_take, count_stock, open_stock_take
from core.inventory.types import add_item_type, type_by_code
from core.inventory.wear import wear_equipment
from core.ledger.vendors import add_vendor
from core.money import rounded
from core.staff.models import Staff
from core.usecases.work_on_job import use_part_on_job
from simulators.town import Household

ONU, ROUTER, DROP, CORD, CONNECTOR = "ONU-HG8546M", "RTR-ARCHER-C6", "DROP-1F", "CORD-SC3", "CONN-SCA"
STORES = ("Gulberg store", "Johar Town store")
TYPES: tuple[tuple[str, str, str, str, str, dict[str, Any]], ...] = (
    (ONU, "Huawei HG8546M", "onu", "serial", "3200", {
        "low_stock": Decimal(20), "van_low_stock": Decimal(1), "warranty_months": 12,
        "sale_price": Decimal("4800.00"), "deposit": Decimal("2000.00"), "life_months": 36}),
    (ROUTER, "TP-Link Archer C6", "router", "serial", "4600", {
        "low_stock": Decimal(10), "warranty_months": 24, "sale_price": Decimal("5800.00")}),
    ("DISH-LHG5", "MikroTik LHG 5", "dish", "serial", "12500", {
        "low_stock": Decimal(2), "warranty_months": 12, "deposit": Decimal("5000.00"), "life_months": 60}),
    ("STB-X96", "X96 set-top box", "set_top_box", "serial", "5200", {
        "low_stock": Decimal(3), "warranty_months": 6, "deposit": Decimal("2500.00"), "life_months": 36}),
    ("SPL-AI9", "Signal Fire AI-9 splicer", "splicing_box", "serial", "165000", {}),
    (DROP, "Drop cable, 1 core", "drop_cable", "length", "14.50", {
        "low_stock": Decimal(1000), "van_low_stock": Decimal(100)}),
    ("FIB-24F", "Fibre cable, 24 core", "fibre", "length", "68", {"low_stock": Decimal(500)}),
    ("UTP-6", "Ethernet cable, Cat 6", "ethernet", "length", "42", {"low_stock": Decimal(200)}),
    (CORD, "Patch cord SC/APC, 3 m", "patch_cord", "count", "160", {
        "low_stock": Decimal(30), "van_low_stock": Decimal(3)}),
    (CONNECTOR, "Fast connector SC/APC", "connector", "count", "75", {
        "low_stock": Decimal(100), "van_low_stock": Decimal(10)}),
)  # fmt: skip
SPARE = {ONU: 24, ROUTER: 14, "DISH-LHG5": 3, "STB-X96": 2, "SPL-AI9": 1}
MATERIAL = {DROP: "2600", "FIB-24F": "1200", "UTP-6": "340", CORD: "70", CONNECTOR: "260"}
IN_A_VAN = {DROP: "250", CORD: "8", CONNECTOR: "24"}
SWAPPED = 41
COSTS = {code: Decimal(cost) for code, _, _, _, cost, _ in TYPES}


def is_new(number: int) -> bool:
    """Whether the resident joins in the months that are told; the others were there before."""
    return number % 20 == 19


def _eve(town: Town) -> datetime:
    """Before the books begin."""
    day = town.months[0] - timedelta(days=1)
    return datetime(day.year, day.month, day.day, 5, tzinfo=UTC)


def lay_stock(session: Session, town: Town, people: Sequence[Household]) -> None:
    """Types and stores; what the residents of before have comes into stock, to be handed to them."""
    for code, name, kind, tracking, _, more in TYPES:
        add_item_type(session, code=code, name=name, kind=kind, tracking=tracking,
                      attributes=COMMON if tracking == "serial" else (), **more)  # fmt: skip
    main, _ = (add_warehouse(session, name=name) for name in STORES)
    shelf = Place("warehouse", main.id)
    old = [person for number, person in enumerate(people) if not is_new(number)]
    # What was sold before these books was their cost then.
    sold = [Piece(person.router_serial, {"mac": person.mac}) for person in old]
    _enter(session, town, shelf, [
        _pieces(session, ONU, [Piece(person.onu_serial) for person in old]),
        replace(_pieces(session, ROUTER, sold), unit_cost=Decimal(0)),
    ])  # fmt: skip


def stock_up(session: Session, town: Town) -> None:
    """Spare pieces and material in the store, and what the vans carry."""
    goods = [_some(session, code, quantity) for code, quantity in MATERIAL.items()]
    for code, count in SPARE.items():
        goods.append(_pieces(session, code, [Piece(f"{code[:3]}7{number:06d}") for number in range(count)]))
    _enter(session, town, Place("warehouse", _store(session).id), goods)
    for number, person in enumerate(town.people("technician")):
        bag = [_some(session, code, quantity) for code, quantity in IN_A_VAN.items()]
        spare = [Piece(f"HWTCAA{number:02d}{place:04d}") for place in range(3)]
        _enter(session, town, Place("technician", person.id), [*bag, _pieces(session, ONU, spare)])


def _enter(session: Session, town: Town, place: Place, goods: Sequence[Goods]) -> None:
    enter_opening_stock(session, place=place, goods=goods, actor=ACTOR, now=_eve(town), origin=ACTOR,
                        idempotency_key=f"demo:opening:{goods[0].type_id}:{place.key}")  # fmt: skip


def _pieces(session: Session, code: str, pieces: Sequence[Piece]) -> Goods:
    return Goods(type_id=_type(session, code).id, unit_cost=COSTS[code], pieces=pieces)


def _some(session: Session, code: str, quantity: str) -> Goods:
    return Goods(type_id=_type(session, code).id, unit_cost=COSTS[code], quantity=Decimal(quantity))


def _type(session: Session, code: str) -> ItemType:
    return type_by_code(session, code)


def _store(session: Session) -> Warehouse:
    return session.scalars(select(Warehouse).where(Warehouse.name == STORES[0])).one()


def equip(session: Session, town: Town, customer: Customer, person: Household) -> None:
    """A resident of before has his ONU on rent and his router bought."""
    for serial, ownership in ((person.onu_serial, "rented"), (person.router_serial, "sold")):
        move_item(session, item=item_by_serial(session, serial), to_kind="customer", to_id=customer.id,
                  reason="installation", actor=ACTOR, now=_eve(town), ownership=ownership, origin=ACTOR)  # fmt: skip


def plan_stock(town: Town) -> None:
    """Put purchases, installations, requests and counts on the timeline."""
    timeline, joining = town.timeline, [each for each in town.residents if is_new(each.number)]
    timeline.at(town.day(0, 12), OFFICE, lambda s, now: _buy_material(s, now))
    timeline.at(town.day(1, 2), OFFICE, lambda s, now: _buy_equipment(s, joining, now))
    timeline.at(town.day(1, 3), OFFICE, lambda s, now: _restock_vans(s, town, now))
    for month in range(1, len(town.months)):
        timeline.at(town.day(month, 1), OFFICE, lambda s, now: _wear(s, now))
    for resident in joining:
        timeline.at(resident.started_on, FIELD, _installation(town, resident))
    if len(town.residents) > SWAPPED:
        timeline.at(town.day(1, 22), FIELD, lambda s, now: _swap(s, town, town.residents[SWAPPED], now))
    timeline.at(town.day(2, 3), OFFICE, lambda s, now: _count_store(s, town, now))
    timeline.at(town.today, OFFICE, lambda s, now: _today(s, town, now))


def _buy(session: Session, name: str, goods: Sequence[Goods], now: datetime, ref: str, *, billed: bool = True) -> None:
    vendor = add_vendor(session, name=name, terms_days=30)
    net = sum((each.total for each in goods), Decimal(0))
    receive_purchase(
        session, vendor_id=vendor.id, warehouse_id=_store(session).id, goods=goods, actor=ACTOR, now=now, origin=ACTOR,
        idempotency_key=f"demo:goods:{ref}", vendor_ref=ref, billed=billed,
        tax=rounded(net * Decimal("0.18")) if billed else Decimal(0),
    )  # fmt: skip


def _wear(session: Session, now: datetime) -> None:
    """The month before is over: what stands at customers is worth less."""
    wear_equipment(session, today=business_day(now, current_company(session).timezone), actor="system")


def _buy_material(session: Session, now: datetime) -> None:
    bought = {DROP: ("3000", "15.20"), CORD: ("60", "155"), CONNECTOR: ("200", "78")}
    goods = [replace(_some(session, code, quantity), unit_cost=Decimal(cost))
             for code, (quantity, cost) in bought.items()]  # fmt: skip
    _buy(session, "Hall Road Fiber House", goods, now, "FH-2291")


def _buy_equipment(session: Session, joining: Sequence[Resident], now: datetime) -> None:
    onus = [Piece(each.household.onu_serial) for each in joining] + [Piece(f"HWTCB{n:07d}") for n in range(8)]
    routers = [Piece(each.household.router_serial, {"mac": each.household.mac}) for each in joining]
    goods = [replace(_pieces(session, ONU, onus), unit_cost=Decimal("3350")), _pieces(session, ROUTER, routers)]
    _buy(session, "Digital Link Traders", [each for each in goods if each.pieces], now, "DL/448")


def _restock_vans(session: Session, town: Town, now: datetime) -> None:
    """Everybody asks; one is told no, the others get what they asked for."""
    manager = f"staff:{town.people('manager')[0].id}"
    for number, person in enumerate(town.people("technician")):
        lines = [(_type(session, DROP).id, Decimal(300)), (_type(session, CONNECTOR).id, Decimal(20))]
        request = ask_restock(session, staff_id=person.id, lines=lines, now=now, note="For this week's installations",
                              idempotency_key=f"demo:restock:{person.id}")  # fmt: skip
        if number == 3:
            refuse_restock(session, request_id=request.id, decided_by=manager, now=now,
                           reason="You have 250 m in the van")  # fmt: skip
            continue
        approve_restock(session, request_id=request.id, decided_by=manager, now=now)
        issue_restock(session, request_id=request.id, warehouse_id=_store(session).id, issued_by=manager, now=now,
                      origin=ACTOR)  # fmt: skip


def _installation(town: Town, resident: Resident) -> Any:
    technicians = town.people("technician")
    person = technicians[resident.number // 20 % len(technicians)]
    return lambda session, now: _install(session, resident, person, now)


def _install(session: Session, resident: Resident, person: Staff, now: datetime) -> None:
    home = resident.household
    bag = Place("technician", person.id)
    devices = [item_by_serial(session, serial) for serial in (home.onu_serial, home.router_serial)]
    transfer_stock(session, source=Place("warehouse", _store(session).id), target=bag, items=devices, actor=ACTOR,
                   now=now, reason="for the installation", origin=ACTOR)  # fmt: skip
    job = installation(session, resident, person, now)

    def use(what: str, **more: Any) -> None:
        use_part_on_job(session, job_id=job.id, staff_id=person.id, now=now, key=f"demo:{job.number}:{what}",
                        origin=ACTOR, **more)  # fmt: skip

    use("onu", serial=home.onu_serial, ownership="rented")
    use("router", serial=home.router_serial, ownership="sold")
    for code, quantity in ((DROP, 40 + resident.number % 60), (CORD, 1), (CONNECTOR, 2)):
        use(code, type_id=_type(session, code).id, quantity=Decimal(quantity))
    finish(session, job, now=now)


def _swap(session: Session, town: Town, resident: Resident, now: datetime) -> None:
    """An ONU with a red light is changed for one out of the technician's van."""
    person = town.people("technician")[0]
    old = next(item for item in equipment_of(session, customer_id=resident.customer_id) if item.kind == "onu")
    swap_items(session, old=old, new=item_by_serial(session, "HWTCAA000000"), condition="faulty", origin=ACTOR,
               reason="red light, no signal", actor=f"staff:{person.id}", now=now)  # fmt: skip


def _count_store(session: Session, town: Town, now: datetime) -> None:
    """The store is counted; a few metres and connectors are missing."""
    manager = f"staff:{town.people('manager')[0].id}"
    take = open_stock_take(session, place=Place("warehouse", _store(session).id), opened_by=manager, now=now,
                           note="First of the month")  # fmt: skip
    for code, off in ((DROP, "-35.5"), (CONNECTOR, "-4"), (CORD, "2")):
        type_id = _type(session, code).id
        booked = count_stock(
            session, take_id=take.id, type_id=type_id, counted_by=manager, quantity=Decimal(1)
        ).expected
        count_stock(session, take_id=take.id, type_id=type_id, counted_by=manager, quantity=booked + Decimal(off))
    approve_stock_take(session, take_id=take.id, decided_by=manager, now=now, origin=ACTOR)


def _today(session: Session, town: Town, now: datetime) -> None:
    """Goods whose bill is to come, a request that waits, one to be issued, and a van being counted."""
    manager, technicians = f"staff:{town.people('manager')[0].id}", town.people("technician")
    _buy(session, "Cable Corner Lahore", [_some(session, "UTP-6", "305")], now, "CC-90", billed=False)
    for number, lines in enumerate(([(ONU, 2), (CORD, 5)], [(DROP, 400), (CONNECTOR, 30)])):
        request = ask_restock(
            session, staff_id=technicians[number].id, now=now, idempotency_key=f"demo:restock:today:{number}",
            lines=[(_type(session, code).id, Decimal(quantity)) for code, quantity in lines],
            note="Five installations tomorrow",
        )  # fmt: skip
        if number:
            approve_restock(session, request_id=request.id, decided_by=manager, now=now)
    take = open_stock_take(session, place=Place("technician", technicians[2].id), opened_by=manager, now=now)
    count_stock(session, take_id=take.id, type_id=_type(session, CORD).id, counted_by=manager, quantity=Decimal(4))
