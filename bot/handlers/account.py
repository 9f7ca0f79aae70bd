"""All that a customer asks in one turn, in the order in which a wish finds it."""

from __future__ import annotations

from bot.handlers import bills, customer, documents, outages, plans, tickets, usage

HANDLERS = (
    *bills.HANDLERS, *documents.HANDLERS, *usage.HANDLERS, *tickets.HANDLERS, *outages.CUSTOMER, *plans.HANDLERS,
    *customer.HANDLERS,
)  # fmt: skip
