"""Words for what is kept by name: wishes, categories and states of complaints, lights of the box."""

from __future__ import annotations

from bot.texts.reply import words

COMPLAINT_NAMES = {
    "no_internet": words("No internet"),
    "slow_speed": words("Slow speed"),
    "intermittent": words("Comes and goes"),
    "router_wifi": words("Router or Wi-Fi"),
    "cable_damage": words("Cable damage"),
    "billing_dispute": words("A bill is wrong"),
    "other": words("Something else"),
}
CATEGORY_NAMES = COMPLAINT_NAMES | {
    "relocation": words("Moving house"),
    "disconnect": words("Ending the connection"),
    "pause": words("Pausing the line"),
    "pick_up": words("Equipment to pick up"),
}
TICKET_STATES = {
    "open": words("received, a technician will be assigned"),
    "assigned": words("a technician is assigned"),
    "in_progress": words("a technician is working on it"),
    "resolved": words("resolved"),
    "closed": words("closed"),
}
OFFICE_STATES = {
    "open": words("received, our office has it"),
    "assigned": words("somebody of our team has it"),
    "in_progress": words("being worked on"),
}
"""Of what no technician is sent for."""
LIGHTS = {
    "red_los": words("Red light (LOS)"),
    "no_pon": words("No PON light"),
    "no_power": words("No light at all"),
    "all_fine": words("All lights as always"),
    "not_there": words("I cannot look now"),
}
INTENT_NAMES = {
    "balance": words("My balance"),
    "invoice": words("Invoice (PDF)"),
    "how_to_pay": words("How to pay"),
    "payment_made": words("I have paid"),
    "complaint_new": words("Report a problem"),
    "complaint_status": words("My complaints"),
    "plan_list": words("My plan"),
    "promise_to_pay": words("Pay later"),
    "plan_change": words("Change plan"),
    "usage": words("My usage"),
    "outage": words("Outage in my area"),
    "relocation": words("Moving house"),
    "disconnect": words("End the connection"),
    "wifi_password": words("Wi-Fi password"),
    "human": words("Talk to a person"),
    "language": words("Language"),
    "jobs": words("My jobs"),
    "worklist": words("My worklist"),
    "promise_log": words("Note a promise"),
    "attempt_log": words("Note an attempt"),
    "cash_collected": words("Cash received"),
    "cash_handover": words("Hand over cash"),
    "my_performance": words("My performance"),
    "customer_lookup": words("Find a customer"),
    "today_figures": words("Today's figures"),
    "approvals": words("Approvals"),
    "ticket_assign": words("Give a ticket"),
    "case_assign": words("Give a case"),
    "summary_settings": words("My summary"),
    "talk_to": words("Talk to a customer"),
}
