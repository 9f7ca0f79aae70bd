"""Addresses of what an entry leads to, for those who may open it."""

from __future__ import annotations

from typing import Any

from flask import url_for

from admin_web.access import current_user
from core.usecases.trace_entry import Step

PAGES = {
    "chat": ("inbox_chat", "conversation_id", "inbox.answer"),
    "invoice_run": ("billing_run", "run_id", "invoice.run"),
    "case": ("recovery_case", "case_id", "recovery.view"),
    "outage": ("outage", "outage_id", "outage.view"),
    "bank_account": ("bank_account", "account_id", "bank.view"),
    "invoice": ("invoice", "number", "invoice.view"),
    "payment": ("payment", "number", "payment.view"),
    "customer": ("customer", "number", "customer.view"),
    "vendor": ("vendor", "vendor_id", "vendor.write"),
    "item": ("stock_item", "item_id", "stock.view"),
    "pieces": ("stock_items", "where", "stock.view"),
    "report": ("report", "name", "ledger.view"),
}


def way_to(step: Step) -> str:
    """The page of the panel, empty where there is none or the user may not see it."""
    if not step.place or not step.key:
        return ""
    user = current_user()
    endpoint, argument, permission = PAGES[step.place]
    if user is None or not user.may(permission):
        return ""
    named: dict[str, Any] = {argument: step.key}
    return url_for(f"panel.{endpoint}", **named)
