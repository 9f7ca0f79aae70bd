"""Equipment that was known before there was stock keeps its history."""

from __future__ import annotations

from alembic import command
from sqlalchemy import Connection, create_engine, text

from cli.database import alembic_config
from cli.embedded import EmbeddedServers, create_database
from core.ids import Id, new_id


def see_all(connection: Connection, company_id: Id) -> None:
    """Let the owner see the company's rows."""
    connection.execute(text("SELECT set_config('taar.company_id', :id, true)"), {"id": str(company_id)})


def test_equipment_of_before_keeps_its_history_at_no_cost(servers: EmbeddedServers) -> None:
    owner_url, _ = create_database(servers, "taar_before_stock")
    config, company_id, customer_id, item_id = alembic_config(owner_url), new_id(), new_id(), new_id()
    command.upgrade(config, "0011")
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        see_all(connection, company_id)
        connection.execute(text("ALTER TABLE company DISABLE ROW LEVEL SECURITY"))
        connection.execute(text(
            "INSERT INTO company (id, slug, name, timezone, currency, country, fiscal_year_start_month,"
            " default_language, address, support_phone, tax_number, sales_tax_number, payment_methods)"
            " VALUES (:id, 'x', 'X', 'Asia/Karachi', 'PKR', 'PK', 7, 'en', '', '', '', '', '{}')"),
            {"id": company_id})  # fmt: skip
        connection.execute(text("ALTER TABLE company ENABLE ROW LEVEL SECURITY"))
        connection.execute(text(
            "INSERT INTO item (id, kind, model, serial, mac, ownership, holder_kind, holder_id)"
            " VALUES (:item, 'onu', 'HG8546M', 'hwtc 1', 'aa:bb:cc:dd:ee:ff', 'rented', 'customer', :customer)"),
            {"item": item_id, "customer": customer_id})  # fmt: skip
        connection.execute(text(
            "INSERT INTO movement (item_id, from_kind, to_kind, to_id, reason, actor, moved_at) VALUES"
            " (:item, 'vendor', 'warehouse', NULL, 'received', 'x', '2026-11-24 20:00Z'),"
            " (:item, 'warehouse', 'customer', :customer, 'installed', 'x', '2026-11-24 20:00Z')"),
            {"item": item_id, "customer": customer_id})  # fmt: skip

    command.upgrade(config, "head")

    with engine.begin() as connection:
        see_all(connection, company_id)
        item = connection.execute(text("SELECT i.serial, i.attributes, t.code, i.holder_id FROM item i"
                                       " JOIN item_type t ON t.id = i.type_id")).one()  # fmt: skip
        moved = connection.execute(text("SELECT kind, debit_code, credit_code, cost, moved_on::text, ownership"
                                        " FROM movement ORDER BY id")).all()  # fmt: skip
        account = connection.scalar(text("SELECT count(*) FROM account WHERE code = '2310'"))
    engine.dispose()
    assert tuple(item) == ("HWTC1", {"mac": "AA:BB:CC:DD:EE:FF"}, "ONU-HG8546M", customer_id)
    assert [tuple(row) for row in moved] == [
        ("opening", "1200", "3990", 0, "2026-11-25", "company"),
        ("rented", "1210", "1200", 0, "2026-11-25", "rented"),
    ]
    assert account == 1
