"""Who may do what: one table of roles and permissions; every handler, flow and page names the one it needs."""

from __future__ import annotations

CUSTOMER = frozenset({
    "chat.menu", "chat.balance", "chat.invoice", "chat.how_to_pay", "chat.complaint_status", "chat.plans",
    "chat.human", "chat.complain", "chat.claim_payment", "chat.receipt", "chat.promise", "chat.recharge",
    "chat.change_plan", "chat.usage", "chat.outage", "chat.requests", "chat.connection", "chat.link", "chat.unlink",
    "chat.visits",
})  # fmt: skip
RECOVERY = frozenset({
    "chat.menu", "chat.own_money", "chat.worklist", "chat.own_cases", "chat.collect", "chat.performance", "panel.home",
    "overdue.view",
    "recovery.view",
})  # fmt: skip
OPERATIONS = frozenset({
    "chat.menu", "chat.own_money", "chat.figures", "panel.home", "customer.view", "invoice.view", "ticket.view",
    "overdue.view",
    "staff.view", "invoice.run", "invoice.write", "payment.view", "payment.take", "payment.reverse", "claim.decide",
    "refund.decide", "recovery.view", "recovery.manage", "cash.view", "cash.count", "bank.view", "bank.write",
    "expense.write", "vendor.write", "voucher.write",
    "chat.approve", "chat.lookup", "chat.outages", "stock.view", "stock.write", "stock.approve", "ticket.write",
    "network.view", "network.write", "inbox.answer", "link.decide", "lead.manage", "lead.papers", "desk.settings",
    "outage.view", "outage.write", "outage.settings", "job.view", "job.write", "settings.view",
    "sending.view", "sending.write",
    "template.view", "template.write", "campaign.view", "campaign.write", "campaign.approve",
})  # fmt: skip
OWNERSHIP = frozenset({
    "ledger.view", "ledger.write", "ledger.close", "payroll.view", "payroll.write", "staff.invite", "chat.finance",
    "company.settings",
})  # fmt: skip

PERMISSIONS: dict[str, frozenset[str]] = {
    "prospect": frozenset({"chat.menu", "chat.visits", "chat.plans", "chat.human", "chat.connection", "chat.link"}),
    "customer": CUSTOMER,
    "technician": frozenset({"chat.menu", "chat.own_money", "chat.jobs", "chat.stock"}),
    "recovery_agent": RECOVERY,
    "manager": OPERATIONS,
    "owner": OPERATIONS | OWNERSHIP,
    "super_admin": OPERATIONS | OWNERSHIP | {"company.choose", "events.view", "events.replay"},
}


def may(role: str, permission: str) -> bool:
    """Whether the role has the permission."""
    return permission in PERMISSIONS.get(role, frozenset())
