"""Every choice of the recovery policy as a field: what it does, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from admin_web.settings import WEEKDAYS, Group, Setting
from admin_web.settings_tabs import BILLING, FEES

POLICY: Sequence[Group] = (
    Group("Debts", (
        Setting("grace_days", "Days of grace", "After the due date, before a case is opened. The ladder counts from the"
                " due date all the same.", most=365),
        Setting("tolerance", "Too small to pursue", "A debt up to this opens no case, closes an open one and restores"
                " the service.", "amount"),
        Setting("ticket_hold_days", "A fault halts the ladder for, days", "While a fault he reported is open and no"
                " older than this, nobody is pressed.", most=365),
    )),
    Group("Suspension", (
        Setting("suspension_notice_days", "Notice before it, days", "Between the written final notice and the"
                " suspension. Let a lawyer look at it.", most=90),
        Setting("cut_count_free", "A day without a yes", "So many suspensions a day need nobody's yes, whatever their"
                " share.", most=100_000),
        Setting("cut_share_max", "Share of customers a day, percent", "More than this of an area's customers, or of"
                " all, are suspended only after a manager's yes: a runaway stops here.", "percent", most=100),
        Setting("uncut_classes", "Never suspended", "Classes of customers that are reminded but spared notice,"
                " suspension, pick-up and ending; separated by commas.", "list"),
        Setting("no_cut_on_holidays", "Not on holidays", "Nobody is suspended on a public holiday or one you declared.",
                "tick"),
        Setting("no_cut_before_holidays", "Not the day before a holiday", "So that nobody is without service while the"
                " office is closed.", "tick"),
        Setting("no_cut_weekdays", "Not on", "Nobody is suspended on these weekdays; it waits for the next allowed"
                " day.", "weekdays"),
        Setting("rest_weekdays", "Nobody works on", "A promise's last day that falls on one moves to the next working"
                " day.", "weekdays"),
    )),
    Group("Messages about money", (
        Setting("contact_from", "Not before", "Reminders and notices of the night wait for this hour.", "clock"),
        Setting("contact_to", "Not after", "What was missed by then is the next day's; nobody is suspended later"
                " either.", "clock"),
        Setting("break_weekday", "Break on", "The weekday with a break, usually for the Friday prayer.", "choice",
                tuple((str(number), name) for number, name in enumerate(WEEKDAYS, 1))),
        Setting("break_from", "Break begins", "No message about money is sent in the break.", "clock"),
        Setting("break_to", "Break ends", "What waited is sent from then on.", "clock"),
        Setting("messages_a_day_max", "A day at most", "Messages about money to one customer in a day.", most=50),
        Setting("messages_a_week_max", "In seven days at most", "Bills, reminders and notices together; what is too"
                " much waits.", most=100),
    )),
    Group("Promises to pay", (
        Setting("promise_days_max", "Days ahead at most", "The last day that is offered for paying.", most=365),
        Setting("promise_share_min", "At least, percent", "The least part of what is overdue that may be promised.",
                "percent", most=100),
        Setting("promise_grace_days", "Days of grace", "After the promised day, before it counts as broken.", most=60),
        Setting("promise_extensions_max", "Extensions", "How often one promise may be moved.", most=20),
        Setting("broken_max", "Broken ones until none is offered", "Who broke so many within the days below is offered"
                " none.", most=100),
        Setting("broken_window_days", "Broken ones count for, days", "Older ones are forgiven.", most=3650),
        Setting("unreliable_below", "Unreliable below a score of", "Such a customer must promise all that is overdue,"
                " and soon.", most=100),
        Setting("unreliable_days_max", "Days ahead for the unreliable", "His last day to choose.", most=365),
        Setting("restore_on_promise", "A promise restores the service", "A suspended customer who promises is"
                " connected again, and suspended again if he breaks it.", "tick"),
    )),
    Group("Reliability score", (
        Setting("weight_promises", "Promises kept", "What kept and broken promises count in the score, beside the other"
                " two.", most=1000),
        Setting("weight_timeliness", "Bills paid in time", "What paying before the due date counts.", most=1000),
        Setting("weight_bounces", "Payments that stayed", "What bounced cheques and taken-back payments count.",
                most=1000),
    )),
    Group("Agents", (
        Setting("agent_cases_max", "Cases of one agent", "He is given no more until some are closed.", most=100_000),
        Setting("agent_amount_max", "Debt of his cases", "Together they come to no more. Empty: no limit.", "amount",
                optional=True),
        Setting("agent_cash_max", "Cash in hand", "With more than this he gets no new case until he hands over. Empty:"
                " no limit.", "amount", optional=True),
        Setting("cost_of_call", "A call costs", "For what an agent's work costs beside what he brings.", "amount"),
        Setting("cost_of_visit", "A visit costs", "The way there and back.", "amount"),
        Setting("cost_of_chat", "A chat costs", "Meta's price of a conversation, for instance.", "amount"),
    )),
    Group("Hours of the day", (
        Setting("age_at", "Cases from", "When the ageing opens and closes cases, judges promises and gives cases to"
                " agents.", "clock"),
        Setting("remind_at", "Reminders from", "When the ladder's reminders, notices and hand-overs to agents begin.",
                "clock"),
        Setting("cut_at", "Suspensions from", "When services are suspended; late enough for somebody to answer the"
                " phone.", "clock"),
    )),
)  # fmt: skip


def _of_billing(names: Sequence[str]) -> tuple[Setting, ...]:
    settings = (setting for group in (*BILLING, *FEES) for setting in group.settings)
    return tuple(setting for setting in settings if setting.name in names)


COSTS: Sequence[Group] = (Group("What a suspension costs", _of_billing(("suspended_days_billed", "reconnection_fee"))),)
"""These two are the billing policy's: a manager sees them, the owner changes them."""
AGENT = (
    Setting("cases_max", "Cases", "", optional=True, most=100_000),
    Setting("amount_max", "Debt of his cases", "", "amount", optional=True),
    Setting("cash_max", "Cash until no new case", "", "amount", optional=True),
)
"""One agent's own caps; empty takes the company's."""
