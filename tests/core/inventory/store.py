"""A store with a few types of goods, and short ways to move them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from core.crm.models import Customer
from core.ids import new_id
from core.inventory.attributes import Attribute
from core.inventory.items import COMMON, Piece, item_by_serial, move_item
from core.inventory.models import Item, ItemType, Movement, Warehouse
from core.inventory.places import Place, main_warehouse
from core.inventory.purchases import Goods, receive_purchase
from core.inventory.quantities import transfer_stock
from core.inventory.types import add_item_type
from core.ledger.treasury_models import Vendor
from core.ledger.vendors import add_vendor
from core.staff.models import Staff
from tests.builders import make_customer, make_staff
from tests.cast import NOW, TODAY, TestCompany
from tests.core.ledger.books import journal_balances

D = Decimal
ACTOR = "staff:store"
ORIGIN = "panel:stock"


@dataclass
class Store:
    """What a test of stock needs."""

    session: Session
    company: TestCompany
    onu: ItemType
    fibre: ItemType
    cord: ItemType
    vendor: Vendor
    room: Warehouse
    tariq: Staff
    ayesha: Customer

    @property
    def shelf(self) -> Place:
        return Place("warehouse", self.room.id)

    @property
    def bag(self) -> Place:
        return Place("technician", self.tariq.id)

    def buy(self, what: ItemType, cost: str, *serials: str, quantity: str = "0", day: int = 0) -> None:
        goods = Goods(type_id=what.id, unit_cost=D(cost), quantity=D(quantity), pieces=[Piece(s) for s in serials])
        receive_purchase(
            self.session, vendor_id=self.vendor.id, warehouse_id=self.room.id, goods=[goods], actor=ACTOR,
            now=NOW + timedelta(days=day), origin=ORIGIN, idempotency_key=str(new_id()),
        )  # fmt: skip

    def item(self, serial: str) -> Item:
        return item_by_serial(self.session, serial)

    def issue(self, *serials: str, fibre: str = "0", cord: int = 0, to: Place | None = None) -> list[Movement]:
        quantities = [(self.fibre.id, D(fibre))] * (fibre != "0") + [(self.cord.id, D(cord))] * (cord > 0)
        return transfer_stock(
            self.session, source=self.shelf, target=to or self.bag, items=[self.item(serial) for serial in serials],
            quantities=quantities, actor=ACTOR, now=NOW, reason="to the van", origin=ORIGIN,
        )  # fmt: skip

    def move(self, serial: str, to: Place, *, now: datetime = NOW, **more: object) -> Movement:
        return move_item(self.session, item=self.item(serial), to_kind=to.kind, to_id=to.id, reason="test",
                         actor=ACTOR, now=now, origin=ORIGIN, **more)  # type: ignore[arg-type] # fmt: skip

    def at(self, customer: Customer | None = None) -> Place:
        return Place("customer", (customer or self.ayesha).id)

    def books(self) -> dict[str, Decimal]:
        """Every account that stands at something."""
        return journal_balances(self.session, TODAY + timedelta(days=400))


def open_store(session: Session, company: TestCompany) -> Store:
    onu = add_item_type(
        session, code="ONU-HG8546M", name="Huawei HG8546M", kind="onu", tracking="serial", warranty_months=12,
        attributes=[*COMMON, Attribute("ports", "number")],
        deposit=D("2000.00"), sale_price=D("4500.00"), low_stock=D(5), van_low_stock=D(2),
    )  # fmt: skip
    fibre = add_item_type(session, code="DROP-1F", name="Drop cable 1F", kind="drop_cable", tracking="length",
                          low_stock=D(500))  # fmt: skip
    cord = add_item_type(session, code="CORD-3M", name="Patch cord 3 m", kind="patch_cord", tracking="count")
    return Store(
        session, company, onu, fibre, cord, add_vendor(session, name="Fiber House"), main_warehouse(session),
        make_staff(session, company, role="technician", name="Tariq"), make_customer(session, company),
    )  # fmt: skip
