"""Keep the routers, what they were told, what was found on them, and who was online."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guarding import OWN_ROWS, guard

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

CHANGED = ("device_id", "kind", "username", "state", "profile", "address", "mac", "throttled_kbps", "adopted")
"""Columns of `access` that a device has to follow, beside a password that takes the place of another."""


def upgrade() -> None:
    make_devices()
    make_sessions()
    make_records()
    grow_access()
    for table in ("network_device", "network_yes", "network_drift"):
        guard(table)
    guard("network_change", audited=(), append_only=True)
    guard("line_session", audited=())
    guard("suspect_reading", audited=(), append_only=True)
    follow_access()


def make_devices() -> None:
    op.create_table(
        "network_device",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=True),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("tls", sa.Boolean(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("sealed_password", sa.String(), nullable=False),
        sa.Column("options", postgresql.JSONB(), nullable=False),
        sa.Column("drift", sa.String(), nullable=False),
        sa.Column("changes_free", sa.Integer(), nullable=False),
        sa.Column("changes_share_max", sa.Integer(), nullable=False),
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("closed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("booted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("passed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("prepared", sa.String(), nullable=False),
        sa.Column("foreign_accounts", sa.Integer(), nullable=False),
        *_owned(),
        sa.CheckConstraint("drift IN ('correct', 'report')", name=op.f("ck_network_device_drift")),
        sa.CheckConstraint(
            "state IN ('ready', 'unreachable', 'misconfigured', 'retired')", name=op.f("ck_network_device_state")
        ),
        sa.CheckConstraint("vendor IN ('mikrotik', 'unifi', 'radius')", name=op.f("ck_network_device_vendor")),
        sa.CheckConstraint(
            "changes_free >= 0 AND changes_share_max BETWEEN 0 AND 100", name=op.f("ck_network_device_guard")
        ),
        sa.CheckConstraint("port BETWEEN 1 AND 65535", name=op.f("ck_network_device_port")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_network_device_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_device")),
        sa.UniqueConstraint("company_id", "name", name=op.f("uq_network_device_company_id_name")),
    )
    op.create_index(op.f("ix_network_device_area_id"), "network_device", ["area_id"], unique=False)
    op.create_table(
        "network_yes",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("count_max", sa.Integer(), nullable=False),
        sa.Column("given_by", sa.String(), nullable=False),
        *_owned(),
        sa.ForeignKeyConstraint(["device_id"], ["network_device.id"], name=op.f("fk_network_yes_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_yes")),
    )
    op.create_index(op.f("ix_network_yes_device_id"), "network_yes", ["device_id"], unique=False)


def make_sessions() -> None:
    op.create_table(
        "line_session",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bytes_down", sa.BigInteger(), nullable=False),
        sa.Column("bytes_up", sa.BigInteger(), nullable=False),
        sa.Column("counter_down", sa.BigInteger(), nullable=False),
        sa.Column("counter_up", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("mac", sa.String(), nullable=False),
        *_owned(),
        sa.CheckConstraint("bytes_down >= 0 AND bytes_up >= 0", name=op.f("ck_line_session_never_negative")),
        sa.ForeignKeyConstraint(["device_id"], ["network_device.id"], name=op.f("fk_line_session_device_id")),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"], name=op.f("fk_line_session_subscription_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_session")),
        sa.UniqueConstraint(
            "company_id",
            "device_id",
            "reference",
            "started_at",
            name=op.f("uq_line_session_company_id_device_id_reference_started_at"),
        ),
    )
    op.create_index(
        "ix_line_session_running",
        "line_session",
        ["company_id", "device_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_line_session_subscription", "line_session", ["company_id", "subscription_id", "started_at"], unique=False
    )
    op.create_table(
        "suspect_reading",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bytes_down", sa.BigInteger(), nullable=False),
        sa.Column("bytes_up", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        *_owned(),
        sa.ForeignKeyConstraint(["device_id"], ["network_device.id"], name=op.f("fk_suspect_reading_device_id")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_suspect_reading_subscription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspect_reading")),
    )
    op.create_index(op.f("ix_suspect_reading_subscription_id"), "suspect_reading", ["subscription_id"], unique=False)


def make_records() -> None:
    op.create_table(
        "network_change",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("access_id", sa.Uuid(), nullable=True),
        sa.Column("pass_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("move", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.Column("after", postgresql.JSONB(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        *_owned(),
        sa.ForeignKeyConstraint(["access_id"], ["access.id"], name=op.f("fk_network_change_access_id")),
        sa.ForeignKeyConstraint(["device_id"], ["network_device.id"], name=op.f("fk_network_change_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_change")),
    )
    op.create_index(op.f("ix_network_change_access_id"), "network_change", ["access_id"], unique=False)
    op.create_index("ix_network_change_device", "network_change", ["company_id", "device_id", "at"], unique=False)
    op.create_table(
        "network_drift",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("access_id", sa.Uuid(), nullable=True),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fields", sa.String(), nullable=False),
        sa.Column("seen", postgresql.JSONB(), nullable=False),
        sa.Column("wanted", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        *_owned(),
        sa.CheckConstraint(
            "state IN ('open', 'adopted', 'overwritten', 'ignored', 'corrected', 'gone')",
            name=op.f("ck_network_drift_state"),
        ),
        sa.CheckConstraint("what IN ('changed', 'taken', 'orphan', 'missing')", name=op.f("ck_network_drift_what")),
        sa.ForeignKeyConstraint(["access_id"], ["access.id"], name=op.f("fk_network_drift_access_id")),
        sa.ForeignKeyConstraint(["device_id"], ["network_device.id"], name=op.f("fk_network_drift_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_drift")),
    )
    op.create_index(op.f("ix_network_drift_access_id"), "network_drift", ["access_id"], unique=False)
    op.create_index(
        "uq_network_drift_open",
        "network_drift",
        ["company_id", "device_id", "kind", "key"],
        unique=True,
        postgresql_where=sa.text("state IN ('open', 'ignored')"),
    )


def grow_access() -> None:
    op.add_column("access", sa.Column("device_id", sa.Uuid(), nullable=True))
    op.add_column("access", sa.Column("kind", sa.String(), server_default="pppoe", nullable=False))
    op.add_column("access", sa.Column("sealed_password", sa.String(), server_default="", nullable=False))
    op.add_column("access", sa.Column("address", sa.String(), server_default="", nullable=False))
    op.add_column("access", sa.Column("mac", sa.String(), server_default="", nullable=False))
    op.add_column("access", sa.Column("throttled_kbps", sa.Integer(), nullable=True))
    op.add_column("access", sa.Column("adopted", sa.Boolean(), server_default="false", nullable=False))
    op.create_index(op.f("ix_access_device_id"), "access", ["device_id"], unique=False)
    op.create_index(
        "uq_access_address",
        "access",
        ["company_id", "address"],
        unique=True,
        postgresql_where=sa.text("address <> '' AND state <> 'absent'"),
    )
    op.create_foreign_key(op.f("fk_access_device_id"), "access", "network_device", ["device_id"], ["id"])
    op.create_check_constraint(op.f("ck_access_kind"), "access", "kind IN ('pppoe', 'hotspot', 'dhcp', 'wifi')")
    op.create_table(
        "access_sync",
        sa.Column("access_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("generation", sa.Integer(), server_default="1", nullable=False),
        sa.Column("applied_generation", sa.Integer(), server_default="0", nullable=False),
        sa.Column("state", sa.String(), server_default="pending", nullable=False),
        sa.Column("problem", sa.String(), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wanted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("wanted_by", sa.String(), server_default="", nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'in_sync', 'failed', 'conflict', 'held')", name=op.f("ck_access_sync_state")
        ),
        sa.ForeignKeyConstraint(
            ["access_id"], ["access.id"], name=op.f("fk_access_sync_access_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("access_id", name=op.f("pk_access_sync")),
    )
    op.create_index(
        "ix_access_sync_waiting",
        "access_sync",
        ["company_id", "next_try_at"],
        unique=False,
        postgresql_where=sa.text("state <> 'in_sync'"),
    )


def follow_access() -> None:
    """Whoever changes what is wanted of an account, by whatever statement, leaves it to be made true."""
    op.execute(f"SELECT taar_isolate('access_sync', $${OWN_ROWS}$$, $${OWN_ROWS}$$)")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON access_sync TO taar_app")
    op.execute("INSERT INTO access_sync (access_id, company_id) SELECT id, company_id FROM access")
    op.execute("""
        CREATE FUNCTION taar_access_wanted() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO access_sync (access_id, company_id, wanted_by)
            VALUES (NEW.id, NEW.company_id, coalesce(current_setting('taar.actor', true), ''))
            ON CONFLICT (access_id) DO UPDATE SET
                generation = access_sync.generation + 1, state = 'pending', problem = '', attempts = 0,
                next_try_at = NULL, wanted_at = now(), wanted_by = excluded.wanted_by;
            RETURN NULL;
        END $$
    """)
    op.execute("CREATE TRIGGER wanted_new AFTER INSERT ON access FOR EACH ROW EXECUTE FUNCTION taar_access_wanted()")
    old, new = (", ".join(f"{row}.{column}" for column in CHANGED) for row in ("OLD", "NEW"))
    op.execute(
        f"CREATE TRIGGER wanted_changed AFTER UPDATE ON access FOR EACH ROW"
        f" WHEN (({old}) IS DISTINCT FROM ({new}) OR (OLD.sealed_password <> '' AND"
        f" OLD.sealed_password <> NEW.sealed_password)) EXECUTE FUNCTION taar_access_wanted()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER wanted_changed ON access")
    op.execute("DROP TRIGGER wanted_new ON access")
    op.execute("DROP FUNCTION taar_access_wanted()")
    op.drop_constraint(op.f("ck_access_kind"), "access")
    op.drop_constraint(op.f("fk_access_device_id"), "access", type_="foreignkey")
    op.drop_index(
        "uq_access_address", table_name="access", postgresql_where=sa.text("address <> '' AND state <> 'absent'")
    )
    op.drop_index(op.f("ix_access_device_id"), table_name="access")
    op.drop_column("access", "adopted")
    op.drop_column("access", "throttled_kbps")
    op.drop_column("access", "mac")
    op.drop_column("access", "address")
    op.drop_column("access", "sealed_password")
    op.drop_column("access", "kind")
    op.drop_column("access", "device_id")
    op.drop_index(
        "uq_network_drift_open", table_name="network_drift", postgresql_where=sa.text("state IN ('open', 'ignored')")
    )
    op.drop_index(op.f("ix_network_drift_access_id"), table_name="network_drift")
    op.drop_table("network_drift")
    op.drop_index("ix_network_change_device", table_name="network_change")
    op.drop_index(op.f("ix_network_change_access_id"), table_name="network_change")
    op.drop_table("network_change")
    op.drop_index("ix_access_sync_waiting", table_name="access_sync", postgresql_where=sa.text("state <> 'in_sync'"))
    op.drop_table("access_sync")
    op.drop_index(op.f("ix_suspect_reading_subscription_id"), table_name="suspect_reading")
    op.drop_table("suspect_reading")
    op.drop_index("ix_line_session_subscription", table_name="line_session")
    op.drop_index("ix_line_session_running", table_name="line_session", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_table("line_session")
    op.drop_index(op.f("ix_network_yes_device_id"), table_name="network_yes")
    op.drop_table("network_yes")
    op.drop_index(op.f("ix_network_device_area_id"), table_name="network_device")
    op.drop_table("network_device")


def _owned() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("company_id", sa.Uuid(), server_default=sa.text("taar_company()"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
