"""What the company keeps in stock, and where each piece and metre of it is: a ledger of movements."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base, Json, Money, Owned
from core.ids import Id

TRACKINGS = ("serial", "count", "length")
OWNERSHIPS = ("company", "rented", "sold", "customer")
PLACES = ("warehouse", "technician", "customer", "vendor", "scrap", "count", "outside")
_PLACE_WORDS = "('warehouse', 'technician', 'customer', 'vendor', 'scrap', 'count', 'outside')"


class ItemType(Owned, Base):
    """An article: a model of router, a sort of cable. `kind` groups articles: onu, router, cable and so on."""

    __tablename__ = "item_type"
    __table_args__ = (
        UniqueConstraint("company_id", "code"),
        CheckConstraint("tracking IN ('serial', 'count', 'length')", name="tracking"),
        CheckConstraint("low_stock >= 0 AND van_low_stock >= 0", name="low_stock"),
        CheckConstraint("warranty_months BETWEEN 0 AND 120", name="warranty_months"),
        CheckConstraint("life_months BETWEEN 0 AND 240", name="life_months"),
        CheckConstraint("sale_price >= 0 AND deposit >= 0", name="prices"),
    )
    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    tracking: Mapped[str]
    """Each piece by its serial, by count, or by length in metres."""
    attributes: Mapped[list[Json]] = mapped_column(JSONB, default=list, server_default="[]")
    """What is noted of each piece, as `core.inventory.attributes.Attribute` reads it."""
    low_stock: Mapped[Decimal] = mapped_column(Numeric(12, 2), default=Decimal(0), server_default="0")
    """A warehouse with less is reported; zero reports nothing."""
    van_low_stock: Mapped[Decimal] = mapped_column(Numeric(12, 2), default=Decimal(0), server_default="0")
    """The same for each technician."""
    warranty_months: Mapped[int] = mapped_column(default=0, server_default="0")
    """Counted from the day the customer gets it."""
    life_months: Mapped[int] = mapped_column(default=0, server_default="0")
    """The months over which a rented piece loses its cost; zero lets it keep it."""
    sale_price: Mapped[Money] = mapped_column(default=Decimal("0.00"), server_default="0")
    deposit: Mapped[Money] = mapped_column(default=Decimal("0.00"), server_default="0")
    """What a customer leaves when he rents it."""
    active: Mapped[bool] = mapped_column(default=True, server_default="true")

    @property
    def unit(self) -> str:
        """What a quantity of it counts."""
        return "m" if self.tracking == "length" else "pcs"


class Warehouse(Owned, Base):
    """A store room of the company."""

    __tablename__ = "warehouse"
    __table_args__ = (UniqueConstraint("company_id", "name"),)
    name: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True, server_default="true")


class Item(Owned, Base):
    """One piece with a serial number. Where it is, whose it is and its condition follow its last movement: the
    database sets them, and refuses any other hand."""

    __tablename__ = "item"
    __table_args__ = (
        UniqueConstraint("company_id", "serial"),
        CheckConstraint("ownership IN ('company', 'rented', 'sold', 'customer')", name="ownership"),
        CheckConstraint(f"holder_kind IN {_PLACE_WORDS}", name="holder_kind"),
        CheckConstraint("condition IN ('good', 'faulty')", name="condition"),
        Index("ix_item_holder", "holder_kind", "holder_id"),
    )
    type_id: Mapped[Id] = mapped_column(ForeignKey("item_type.id"), index=True)
    serial: Mapped[str]
    """In capitals, without spaces."""
    attributes: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    ownership: Mapped[str] = mapped_column(default="company")
    holder_kind: Mapped[str] = mapped_column(default="outside")
    holder_id: Mapped[Id | None]
    condition: Mapped[str] = mapped_column(default="good", server_default="good")
    warranty_until: Mapped[date | None]
    """The last day on which the customer's piece is replaced for nothing."""
    deposit: Mapped[Money] = mapped_column(default=Decimal("0.00"), server_default="0")
    """What was agreed as deposit when it was rented out."""
    type: Mapped[ItemType] = relationship(lazy="joined", innerjoin=True)

    @property
    def kind(self) -> str:
        """onu, router, dish and so on."""
        return self.type.kind

    @property
    def model(self) -> str:
        """The article's name."""
        return self.type.name

    @property
    def mac(self) -> str:
        """Its MAC address, where one is noted."""
        return str(self.attributes.get("mac", ""))


class Movement(Owned, Base):
    """Something went from one place to another; append only, and balances are sums over it.

    `debit_code` and `credit_code` are the accounts the cost went to and came from; equal ones, or none, book nothing.
    """

    __tablename__ = "movement"
    __table_args__ = (
        UniqueConstraint("company_id", "idempotency_key"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("cost >= 0", name="cost"),
        CheckConstraint("worn BETWEEN 0 AND cost", name="worn"),
        CheckConstraint(f"from_kind IN {_PLACE_WORDS} AND to_kind IN {_PLACE_WORDS}", name="places"),
        CheckConstraint("(from_kind, from_id) IS DISTINCT FROM (to_kind, to_id) OR kind = 'bought_out'", name="moves"),
        CheckConstraint("(from_kind IN ('warehouse', 'technician', 'customer')) <= (from_id IS NOT NULL)"
                        " AND (to_kind IN ('warehouse', 'technician', 'customer')) <= (to_id IS NOT NULL)",
                        name="named"),
        CheckConstraint("ownership IN ('company', 'rented', 'sold', 'customer')", name="ownership"),
        CheckConstraint("condition IN ('good', 'faulty')", name="condition"),
        Index("ix_movement_to", "type_id", "to_kind", "to_id"),
        Index("ix_movement_from", "type_id", "from_kind", "from_id"),
        Index("ix_movement_customer", "to_kind", "to_id"),
    )  # fmt: skip
    type_id: Mapped[Id] = mapped_column(ForeignKey("item_type.id"))
    item_id: Mapped[Id | None] = mapped_column(ForeignKey("item.id"), index=True)
    """For a type with serials only; its quantity is one."""
    quantity: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    kind: Mapped[str]
    """One of core.inventory.events."""
    from_kind: Mapped[str]
    from_id: Mapped[Id | None]
    """A warehouse, an employee, a customer or a vendor, as `from_kind` says."""
    to_kind: Mapped[str]
    to_id: Mapped[Id | None]
    ownership: Mapped[str] = mapped_column(default="company")
    """Whose it is afterwards."""
    condition: Mapped[str] = mapped_column(default="good", server_default="good")
    cost: Mapped[Money] = mapped_column(default=Decimal("0.00"), server_default="0")
    """Of the whole quantity, at the moving average of its type when it leaves the stock."""
    worn: Mapped[Money] = mapped_column(default=Decimal("0.00"), server_default="0")
    """What of the cost a piece lost at the customer it leaves, account 1219; the rest is what is debited."""
    debit_code: Mapped[str] = mapped_column(default="", server_default="")
    credit_code: Mapped[str] = mapped_column(default="", server_default="")
    document_id: Mapped[Id | None] = mapped_column(index=True)
    """The purchase, restock request or stock take it belongs to."""
    site_id: Mapped[Id | None] = mapped_column(ForeignKey("site.id"))
    ticket_id: Mapped[Id | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    reason: Mapped[str]
    actor: Mapped[str]
    origin: Mapped[str] = mapped_column(default="", server_default="")
    moved_at: Mapped[datetime]
    moved_on: Mapped[date]
    """The accounting day."""
    idempotency_key: Mapped[str | None]


class Purchase(Owned, Base):
    """Goods that came from a vendor: Dr 1200, Cr 2310 until his bill comes."""

    __tablename__ = "purchase"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        UniqueConstraint("company_id", "idempotency_key"),
        CheckConstraint("total >= 0", name="total"),
    )
    number: Mapped[str]
    vendor_id: Mapped[Id] = mapped_column(ForeignKey("vendor.id"), index=True)
    warehouse_id: Mapped[Id] = mapped_column(ForeignKey("warehouse.id"))
    received_on: Mapped[date]
    total: Mapped[Money]
    """Net of recoverable tax: what the stock is worth."""
    vendor_ref: Mapped[str] = mapped_column(default="")
    bill_id: Mapped[Id | None] = mapped_column(ForeignKey("bill.id"))
    """The vendor's bill, where it came with the goods."""
    made_by: Mapped[str]
    idempotency_key: Mapped[str]
