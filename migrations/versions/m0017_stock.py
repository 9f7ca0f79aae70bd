"""Keep stock: types, warehouses, purchases, movements of pieces and metres with their cost, requests, counts."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

from migrations.guarding import guard
from migrations.kinds import renew_kinds

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql" / "stock.sql"
PLACES = "('warehouse', 'technician', 'customer', 'vendor', 'scrap', 'count', 'outside')"
CHECKS = (
    ("movement", "quantity", "quantity > 0"),
    ("movement", "cost", "cost >= 0"),
    ("movement", "places", f"from_kind IN {PLACES} AND to_kind IN {PLACES}"),
    ("movement", "moves", "(from_kind, from_id) IS DISTINCT FROM (to_kind, to_id) OR kind = 'bought_out'"),
    (
        "movement",
        "named",
        "(from_kind IN ('warehouse', 'technician', 'customer')) <= (from_id IS NOT NULL)"
        " AND (to_kind IN ('warehouse', 'technician', 'customer')) <= (to_id IS NOT NULL)",
    ),
    ("movement", "ownership", "ownership IN ('company', 'rented', 'sold', 'customer')"),
    ("movement", "condition", "condition IN ('good', 'faulty')"),
    ("item", "condition", "condition IN ('good', 'faulty')"),
)
REQUIRED = (
    ("item", "type_id"), ("movement", "type_id"), ("movement", "quantity"), ("movement", "kind"),
    ("movement", "ownership"), ("movement", "moved_on"),
)  # fmt: skip
TABLES = ("item_type", "warehouse", "purchase", "restock_request", "restock_line", "stock_take", "stock_take_line")

KEEP_WHAT_WAS = """
ALTER TABLE item DISABLE TRIGGER USER;
ALTER TABLE movement DISABLE TRIGGER USER;
INSERT INTO warehouse (company_id, name) SELECT DISTINCT company_id, 'Main store' FROM item;
INSERT INTO item_type (company_id, code, name, kind, tracking, attributes)
SELECT company_id, upper(kind || '-' || model), min(model), min(kind), 'serial',
       '[{"name": "mac", "kind": "mac"}, {"name": "pon_sn", "kind": "text"}]'::jsonb
  FROM item GROUP BY company_id, upper(kind || '-' || model);
UPDATE item SET serial = upper(regexp_replace(serial, '\\s', '', 'g')),
       attributes = CASE WHEN mac = '' THEN '{}'::jsonb ELSE jsonb_build_object('mac', upper(mac)) END,
       type_id = t.id
  FROM item_type t WHERE t.company_id = item.company_id AND t.code = upper(item.kind || '-' || item.model);
UPDATE item SET holder_id = w.id FROM warehouse w
 WHERE item.holder_kind = 'warehouse' AND item.holder_id IS NULL AND w.company_id = item.company_id;
UPDATE movement m SET type_id = i.type_id, quantity = 1,
       moved_on = (m.moved_at AT TIME ZONE c.timezone)::date,
       ownership = CASE WHEN m.to_kind = 'customer' THEN i.ownership ELSE 'company' END,
       kind = CASE WHEN m.from_kind = 'vendor' THEN 'opening' WHEN m.to_kind = 'scrap' THEN 'scrapped'
                   WHEN m.from_kind = 'customer' THEN 'returned' WHEN m.to_kind <> 'customer' THEN 'transfer'
                   WHEN i.ownership IN ('sold', 'customer') THEN 'sold' ELSE 'rented' END,
       from_id = CASE WHEN m.from_kind = 'warehouse' THEN coalesce(m.from_id, w.id) ELSE m.from_id END,
       to_id = CASE WHEN m.to_kind = 'warehouse' THEN coalesce(m.to_id, w.id) ELSE m.to_id END
  FROM item i, warehouse w, company c
 WHERE i.id = m.item_id AND w.company_id = m.company_id AND c.id = m.company_id;
UPDATE movement SET
       debit_code = CASE kind WHEN 'opening' THEN '1200' WHEN 'transfer' THEN '1200' WHEN 'returned' THEN '1200'
                              WHEN 'rented' THEN '1210' ELSE '5010' END,
       credit_code = CASE kind WHEN 'opening' THEN '3990' WHEN 'returned' THEN '1210' ELSE '1200' END;
ALTER TABLE item ENABLE TRIGGER USER;
ALTER TABLE movement ENABLE TRIGGER USER;
"""
"""Equipment that was there keeps its history, at no cost: it was never booked."""

GIVE_BACK = """
ALTER TABLE item DISABLE TRIGGER USER;
ALTER TABLE movement DISABLE TRIGGER USER;
DELETE FROM movement WHERE item_id IS NULL;
UPDATE item SET kind = t.kind, model = t.name, mac = coalesce(item.attributes ->> 'mac', '')
  FROM item_type t WHERE t.id = type_id;
UPDATE item SET holder_kind = 'scrap', holder_id = NULL WHERE holder_kind IN ('vendor', 'count', 'outside');
ALTER TABLE item ENABLE TRIGGER USER;
ALTER TABLE movement ENABLE TRIGGER USER;
"""


def upgrade() -> None:
    renew_kinds()
    create_tables()
    force("NO FORCE")
    op.execute(
        "INSERT INTO account (company_id, code, name, type, control)"
        " SELECT id, '2310', 'Goods received, not billed yet', 'liability', '' FROM company ON CONFLICT DO NOTHING"
    )
    extend_tables()
    force("FORCE")
    for table in TABLES:
        guard(table, may_delete=table not in ("purchase", "restock_request", "stock_take", "item_type"))
    op.execute(
        "CREATE TRIGGER frozen BEFORE UPDATE ON purchase FOR EACH ROW EXECUTE FUNCTION taar_only_columns('bill_id')"
    )
    op.execute(SQL.read_text())


def downgrade() -> None:
    for table, trigger in (("movement", "moves"), ("item", "arrives"), ("item", "carried"), ("item", "kept")):
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
    op.execute("DROP FUNCTION taar_move_stock(), taar_guard_item()")
    force("NO FORCE", "item_type", "posting")
    shrink_tables()
    op.execute(
        "DELETE FROM account a WHERE code = '2310' AND NOT EXISTS (SELECT 1 FROM posting p WHERE p.account_id = a.id)"
    )
    force("FORCE", "posting")
    for table in reversed(TABLES):
        op.drop_table(table)


def force(how: str, *more: str) -> None:
    """Row-level security holds the owner too, who has to see every company's rows while they change; the audit trail
    is for what people change."""
    op.execute(f"ALTER TABLE account {'DISABLE' if how == 'NO FORCE' else 'ENABLE'} TRIGGER audit")
    for table in ("company", "account", "item", "movement", *more):
        op.execute(f"ALTER TABLE {table} {how} ROW LEVEL SECURITY")


def create_tables() -> None:
    op.create_table(
        "item_type",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("tracking", sa.String(), nullable=False),
        sa.Column("attributes", postgresql.JSONB(astext_type=Text()), server_default="[]", nullable=False),
        sa.Column("low_stock", sa.Numeric(precision=12, scale=2), server_default="0", nullable=False),
        sa.Column("van_low_stock", sa.Numeric(precision=12, scale=2), server_default="0", nullable=False),
        sa.Column("warranty_months", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sale_price", sa.Numeric(precision=14, scale=2), server_default="0", nullable=False),
        sa.Column("deposit", sa.Numeric(precision=14, scale=2), server_default="0", nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("tracking IN ('serial', 'count', 'length')", name=op.f("ck_item_type_tracking")),
        sa.CheckConstraint("low_stock >= 0 AND van_low_stock >= 0", name=op.f("ck_item_type_low_stock")),
        sa.CheckConstraint("sale_price >= 0 AND deposit >= 0", name=op.f("ck_item_type_prices")),
        sa.CheckConstraint("warranty_months BETWEEN 0 AND 120", name=op.f("ck_item_type_warranty_months")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_type")),
        sa.UniqueConstraint("company_id", "code", name=op.f("uq_item_type_company_id_code")),
    )
    op.create_table(
        "stock_take",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("place_kind", sa.String(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(state = 'open') = (decided_by IS NULL)", name=op.f("ck_stock_take_decided")),
        sa.CheckConstraint("place_kind IN ('warehouse', 'technician')", name=op.f("ck_stock_take_place_kind")),
        sa.CheckConstraint("state IN ('open', 'approved', 'dropped')", name=op.f("ck_stock_take_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_take")),
        sa.UniqueConstraint("company_id", "number", name=op.f("uq_stock_take_company_id_number")),
    )
    op.create_table(
        "warehouse",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warehouse")),
        sa.UniqueConstraint("company_id", "name", name=op.f("uq_warehouse_company_id_name")),
    )
    op.create_table(
        "stock_take_line",
        sa.Column("take_id", sa.Uuid(), nullable=False),
        sa.Column("type_id", sa.Uuid(), nullable=False),
        sa.Column("counted", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("expected", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("missing", postgresql.JSONB(astext_type=Text()), server_default="[]", nullable=False),
        sa.Column("found", postgresql.JSONB(astext_type=Text()), server_default="[]", nullable=False),
        sa.Column("counted_by", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("counted >= 0 AND expected >= 0", name=op.f("ck_stock_take_line_quantity")),
        sa.ForeignKeyConstraint(["take_id"], ["stock_take.id"], name=op.f("fk_stock_take_line_take_id")),
        sa.ForeignKeyConstraint(["type_id"], ["item_type.id"], name=op.f("fk_stock_take_line_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_take_line")),
        sa.UniqueConstraint(
            "company_id", "take_id", "type_id", name=op.f("uq_stock_take_line_company_id_take_id_type_id")
        ),
    )
    op.create_index(op.f("ix_stock_take_line_take_id"), "stock_take_line", ["take_id"], unique=False)
    op.create_table(
        "restock_request",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=True),
        sa.Column("issued_by", sa.String(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(state = 'issued') = (issued_at IS NOT NULL)", name=op.f("ck_restock_request_issued")),
        sa.CheckConstraint(
            "(state IN ('approved', 'refused', 'issued')) <= (decided_by IS NOT NULL)",
            name=op.f("ck_restock_request_decided"),
        ),
        sa.CheckConstraint(
            "state IN ('asked', 'approved', 'refused', 'issued', 'withdrawn')", name=op.f("ck_restock_request_state")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_restock_request_staff_id")),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name=op.f("fk_restock_request_warehouse_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restock_request")),
        sa.UniqueConstraint(
            "company_id", "idempotency_key", name=op.f("uq_restock_request_company_id_idempotency_key")
        ),
        sa.UniqueConstraint("company_id", "number", name=op.f("uq_restock_request_company_id_number")),
    )
    op.create_index(op.f("ix_restock_request_staff_id"), "restock_request", ["staff_id"], unique=False)
    op.create_index(op.f("ix_restock_request_state"), "restock_request", ["state"], unique=False)
    op.create_table(
        "restock_line",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("type_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("approved", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "quantity > 0 AND (approved IS NULL OR approved >= 0)", name=op.f("ck_restock_line_quantity")
        ),
        sa.ForeignKeyConstraint(["request_id"], ["restock_request.id"], name=op.f("fk_restock_line_request_id")),
        sa.ForeignKeyConstraint(["type_id"], ["item_type.id"], name=op.f("fk_restock_line_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restock_line")),
        sa.UniqueConstraint(
            "company_id", "request_id", "type_id", name=op.f("uq_restock_line_company_id_request_id_type_id")
        ),
    )
    op.create_index(op.f("ix_restock_line_request_id"), "restock_line", ["request_id"], unique=False)
    op.create_table(
        "purchase",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("total", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("vendor_ref", sa.String(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("total >= 0", name=op.f("ck_purchase_total")),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_purchase_bill_id")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_purchase_vendor_id")),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name=op.f("fk_purchase_warehouse_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase")),
        sa.UniqueConstraint("company_id", "idempotency_key", name=op.f("uq_purchase_company_id_idempotency_key")),
        sa.UniqueConstraint("company_id", "number", name=op.f("uq_purchase_company_id_number")),
    )
    op.create_index(op.f("ix_purchase_vendor_id"), "purchase", ["vendor_id"], unique=False)


def extend_tables() -> None:
    op.add_column("item", sa.Column("type_id", sa.Uuid(), nullable=True))
    op.add_column(
        "item", sa.Column("attributes", postgresql.JSONB(astext_type=Text()), server_default="{}", nullable=False)
    )
    op.add_column("item", sa.Column("condition", sa.String(), server_default="good", nullable=False))
    op.add_column("item", sa.Column("warranty_until", sa.Date(), nullable=True))
    op.add_column("item", sa.Column("deposit", sa.Numeric(precision=14, scale=2), server_default="0", nullable=False))
    op.add_column("movement", sa.Column("type_id", sa.Uuid(), nullable=True))
    op.add_column("movement", sa.Column("quantity", sa.Numeric(precision=12, scale=2), nullable=True))
    op.add_column("movement", sa.Column("kind", sa.String(), nullable=True))
    op.add_column("movement", sa.Column("ownership", sa.String(), nullable=True))
    op.add_column("movement", sa.Column("condition", sa.String(), server_default="good", nullable=False))
    op.add_column("movement", sa.Column("cost", sa.Numeric(precision=14, scale=2), server_default="0", nullable=False))
    op.add_column("movement", sa.Column("debit_code", sa.String(), server_default="", nullable=False))
    op.add_column("movement", sa.Column("credit_code", sa.String(), server_default="", nullable=False))
    op.add_column("movement", sa.Column("document_id", sa.Uuid(), nullable=True))
    op.add_column("movement", sa.Column("site_id", sa.Uuid(), nullable=True))
    op.add_column("movement", sa.Column("ticket_id", sa.Uuid(), nullable=True))
    op.add_column("movement", sa.Column("origin", sa.String(), server_default="", nullable=False))
    op.add_column("movement", sa.Column("moved_on", sa.Date(), nullable=True))
    op.add_column("movement", sa.Column("idempotency_key", sa.String(), nullable=True))
    op.drop_constraint(op.f("ck_item_holder_kind"), "item")
    op.alter_column("movement", "item_id", existing_type=sa.UUID(), nullable=True)
    op.execute(KEEP_WHAT_WAS)
    op.create_check_constraint(op.f("ck_item_holder_kind"), "item", f"holder_kind IN {PLACES}")
    for table, column in REQUIRED:
        op.alter_column(table, column, nullable=False)
    for table, name, condition in CHECKS:
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
    for column in ("model", "mac", "kind"):
        op.drop_column("item", column)
    op.drop_index(op.f("ix_item_holder_id"), table_name="item")
    op.create_index("ix_item_holder", "item", ["holder_kind", "holder_id"], unique=False)
    op.create_index(op.f("ix_item_type_id"), "item", ["type_id"], unique=False)
    op.create_foreign_key(op.f("fk_item_type_id"), "item", "item_type", ["type_id"], ["id"])
    op.create_index("ix_movement_customer", "movement", ["to_kind", "to_id"], unique=False)
    op.create_index(op.f("ix_movement_document_id"), "movement", ["document_id"], unique=False)
    op.create_index("ix_movement_from", "movement", ["type_id", "from_kind", "from_id"], unique=False)
    op.create_index(op.f("ix_movement_ticket_id"), "movement", ["ticket_id"], unique=False)
    op.create_index("ix_movement_to", "movement", ["type_id", "to_kind", "to_id"], unique=False)
    op.create_unique_constraint(
        op.f("uq_movement_company_id_idempotency_key"), "movement", ["company_id", "idempotency_key"]
    )
    op.create_foreign_key(op.f("fk_movement_ticket_id"), "movement", "ticket", ["ticket_id"], ["id"])
    op.create_foreign_key(op.f("fk_movement_type_id"), "movement", "item_type", ["type_id"], ["id"])
    op.create_foreign_key(op.f("fk_movement_site_id"), "movement", "site", ["site_id"], ["id"])


def shrink_tables() -> None:
    for column in ("kind", "model", "mac"):
        op.add_column("item", sa.Column(column, sa.String(), server_default="", nullable=False))
    for table, name, _ in CHECKS:
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    op.drop_constraint(op.f("ck_item_holder_kind"), "item")
    op.execute(GIVE_BACK)
    op.create_check_constraint(
        op.f("ck_item_holder_kind"), "item", "holder_kind IN ('warehouse', 'technician', 'customer', 'scrap')"
    )
    for column in ("kind", "model", "mac"):
        op.alter_column("item", column, server_default=None)
    op.drop_constraint(op.f("fk_movement_site_id"), "movement", type_="foreignkey")
    op.drop_constraint(op.f("fk_movement_type_id"), "movement", type_="foreignkey")
    op.drop_constraint(op.f("fk_movement_ticket_id"), "movement", type_="foreignkey")
    op.drop_constraint(op.f("uq_movement_company_id_idempotency_key"), "movement", type_="unique")
    op.drop_index("ix_movement_to", table_name="movement")
    op.drop_index(op.f("ix_movement_ticket_id"), table_name="movement")
    op.drop_index("ix_movement_from", table_name="movement")
    op.drop_index(op.f("ix_movement_document_id"), table_name="movement")
    op.drop_index("ix_movement_customer", table_name="movement")
    op.alter_column("movement", "item_id", existing_type=sa.UUID(), nullable=False)
    op.drop_column("movement", "idempotency_key")
    op.drop_column("movement", "moved_on")
    op.drop_column("movement", "origin")
    op.drop_column("movement", "ticket_id")
    op.drop_column("movement", "site_id")
    op.drop_column("movement", "document_id")
    op.drop_column("movement", "credit_code")
    op.drop_column("movement", "debit_code")
    op.drop_column("movement", "cost")
    op.drop_column("movement", "condition")
    op.drop_column("movement", "ownership")
    op.drop_column("movement", "kind")
    op.drop_column("movement", "quantity")
    op.drop_column("movement", "type_id")
    op.drop_constraint(op.f("fk_item_type_id"), "item", type_="foreignkey")
    op.drop_index(op.f("ix_item_type_id"), table_name="item")
    op.drop_index("ix_item_holder", table_name="item")
    op.create_index(op.f("ix_item_holder_id"), "item", ["holder_id"], unique=False)
    op.drop_column("item", "deposit")
    op.drop_column("item", "warranty_until")
    op.drop_column("item", "condition")
    op.drop_column("item", "attributes")
    op.drop_column("item", "type_id")
