"""Which wishes each role may have; the names are shared with handlers, flows and saved conversations."""

from typing import Final

CUSTOMER: Final = (
    "menu",
    "balance",
    "invoice",
    "how_to_pay",
    "payment_made",
    "usage",
    "complaint_new",
    "complaint_status",
    "outage",
    "plan_list",
    "plan_change",
    "promise_to_pay",
    "new_connection",
    "relocation",
    "disconnect",
    "wifi_password",
    "human",
    "language",
    "opt_out",
    "opt_in",
    "thanks",
    "cancel",
    "out_of_scope",
    "unclear",
)
TECHNICIAN: Final = (
    "jobs",
    "job_open",
    "job_start",
    "job_done",
    "job_blocked",
    "stock",
    "part_used",
    "restock_request",
    "signal_reading",
    "customer_lookup",
    "menu",
    "cancel",
    "out_of_scope",
    "unclear",
)
RECOVERY_AGENT: Final = (
    "worklist",
    "promise_log",
    "attempt_log",
    "cash_collected",
    "cash_handover",
    "customer_lookup",
    "my_performance",
    "menu",
    "cancel",
    "out_of_scope",
    "unclear",
)
OFFICE: Final = (
    "menu",
    "today_figures",
    "approvals",
    "ticket_assign",
    "case_assign",
    "summary_settings",
    "talk_to",
    "customer_lookup",
    "outage",
    "human",
    "language",
    "thanks",
    "cancel",
    "out_of_scope",
    "unclear",
)

ROLES: Final[dict[str, tuple[str, ...]]] = {
    "customer": CUSTOMER,
    "prospect": CUSTOMER,
    "technician": TECHNICIAN,
    "recovery_agent": RECOVERY_AGENT,
    "manager": OFFICE,
    "owner": OFFICE,
}

LEXICONS: Final[dict[str, tuple[str, ...]]] = {
    "customer": ("common", "customer"),
    "prospect": ("common", "customer", "prospect"),
    "technician": ("common", "technician"),
    "recovery_agent": ("common", "recovery_agent"),
    "manager": ("common", "manager"),
    "owner": ("common", "manager"),
}

EVERYWHERE: Final = ("menu", "cancel", "human", "language", "opt_out")
