"""The panel's menu: groups of pages, each with the permission that shows it."""

from __future__ import annotations

NAVIGATION: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    ("Today", (("customer.view", "home", "Dashboard"), ("events.view", "events", "Failed events"))),
    ("Customers", (("customer.view", "customers", "Customers"), ("ticket.view", "tickets", "Tickets"))),
    (
        "Recovery",
        (
            ("overdue.view", "overdue", "Overdue"),
            ("recovery.view", "recovery_board", "Board"),
            ("recovery.manage", "suspension", "Suspensions"),
            ("recovery.manage", "scorecards", "Scorecards"),
            ("recovery.view", "recovery_calendar", "Calendar"),
            ("recovery.view", "recovery_policy", "Policy"),
            ("cash.view", "agent_cash", "Agents' cash"),
        ),
    ),
    (
        "Books",
        (
            ("ledger.view", "reports", "Reports"),
            ("ledger.view", "manual_entries", "Entries by hand"),
            ("ledger.view", "closing", "Closing"),
        ),
    ),
    ("Company", (("staff.view", "staff", "Staff"), ("company.choose", "companies", "Companies"))),
)
"""Group → (permission, view, label)."""
