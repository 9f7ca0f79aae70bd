"""The panel's menu: groups of pages, each with the permission that shows it."""

from __future__ import annotations

NAVIGATION: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        "Today",
        (
            ("customer.view", "home", "Dashboard"),
            ("inbox.answer", "inbox", "Inbox"),
            ("claim.decide", "approvals", "Approvals"),
            ("sending.view", "sending", "Outbox"),
            ("events.view", "events", "Failed events"),
        ),
    ),
    (
        "Customers",
        (
            ("customer.view", "customers", "Customers"),
            ("ticket.view", "tickets", "Tickets"),
            ("outage.view", "outages", "Outages"),
            ("lead.manage", "leads", "New connections"),
            ("link.decide", "links", "Links to accounts"),
        ),
    ),
    (
        "Field work",
        (
            ("job.view", "dispatch", "Dispatch"),
            ("job.view", "job_checks", "Checks and calls"),
            ("desk.settings", "field_rules", "Rules and skills"),
        ),
    ),
    (
        "Billing",
        (
            ("payment.take", "counter", "Take a payment"),
            ("invoice.view", "invoices", "Invoices"),
            ("payment.view", "payments", "Payments"),
            ("claim.decide", "claims", "Claims"),
            ("payment.view", "refunds", "Refunds"),
            ("invoice.write", "write_offs", "Write-offs"),
            ("invoice.run", "billing_runs", "Invoice runs"),
            ("invoice.run", "late_fees", "Late fees"),
            ("invoice.view", "plans", "Plans"),
            ("invoice.view", "taxes", "Taxes"),
            ("voucher.write", "vouchers", "Vouchers"),
        ),
    ),
    (
        "Recovery",
        (
            ("overdue.view", "overdue", "Overdue"),
            ("recovery.view", "recovery_board", "Board"),
            ("recovery.manage", "suspension", "Suspensions"),
            ("recovery.manage", "scorecards", "Scorecards"),
            ("recovery.manage", "recovery_runs", "Daily runs"),
            ("recovery.view", "recovery_calendar", "Calendar"),
            ("recovery.view", "recovery_policy", "Policy"),
            ("cash.view", "agent_cash", "Agents' cash"),
            ("cash.view", "cash_proofs", "Unconfirmed cash"),
        ),
    ),
    (
        "Stock",
        (
            ("stock.view", "stock", "Stock"),
            ("stock.view", "stock_items", "Pieces"),
            ("stock.view", "stock_movements", "Movements"),
            ("stock.write", "receive_goods", "Receive"),
            ("stock.write", "import_serials", "Import serials"),
            ("stock.view", "restock", "Restock requests"),
            ("stock.view", "stock_counts", "Stock takes"),
            ("stock.view", "stock_types", "Item types"),
        ),
    ),
    (
        "Messaging",
        (
            ("template.view", "message_templates", "Templates"),
            ("campaign.view", "campaigns", "Campaigns"),
        ),
    ),
    (
        "Network",
        (("network.view", "network", "Devices"),),
    ),
    (
        "Books",
        (
            ("ledger.view", "reports", "Reports"),
            ("ledger.view", "manual_entries", "Entries by hand"),
            ("ledger.view", "closing", "Closing"),
            ("ledger.write", "openings", "Opening balances"),
        ),
    ),
    (
        "Office",
        (
            ("bank.view", "banks", "Banks and cash"),
            ("bank.view", "reconciliations", "Reconciliation"),
            ("vendor.write", "vendors", "Vendors"),
            ("expense.write", "expenses", "Expenses"),
            ("payroll.view", "payroll", "Payroll"),
            ("payroll.view", "commissions", "Commissions"),
        ),
    ),
    (
        "Company",
        (
            ("settings.view", "settings", "Settings"),
            ("staff.view", "staff", "Staff"),
            ("desk.settings", "desk", "Chat and coverage"),
            ("desk.settings", "alerts", "Summary and alerts"),
            ("company.choose", "companies", "Companies"),
        ),
    ),
)
"""Group → (permission, view, label)."""
