"""From a wish or a tapped id to the handler or flow of the speaker's role."""

from __future__ import annotations

from collections.abc import Sequence

from bot.dialog import Flow
from bot.flows import ALL_FLOWS
from bot.handlers import anyone, customer, staff
from bot.handlers.registry import Handler

FLOW_PREFIX = "flow"

_HANDLERS: dict[str, Sequence[Handler]] = {
    "customer": (*customer.HANDLERS, *anyone.HANDLERS),
    "prospect": (*customer.HANDLERS, *anyone.HANDLERS),
    "technician": (*staff.TECHNICIAN, *anyone.HANDLERS),
    "recovery_agent": (*staff.RECOVERY_AGENT, *anyone.HANDLERS),
    "manager": (*staff.OFFICE, *anyone.HANDLERS),
    "owner": (*staff.OFFICE, *anyone.HANDLERS),
}
_FLOWS: dict[str, Sequence[Flow]] = {
    "customer": tuple(ALL_FLOWS.values()),
    "prospect": tuple(ALL_FLOWS.values()),
}


def handlers_of(role: str) -> Sequence[Handler]:
    """Every handler a role may reach."""
    return _HANDLERS[role]


def for_action(role: str, action: str) -> tuple[Handler | Flow, str] | None:
    """What a tapped id means to this role, and the part after its colon; None for an id of another role."""
    name, _, argument = action.partition(":")
    if name == FLOW_PREFIX:
        flow = next((flow for flow in _FLOWS.get(role, ()) if flow.name == argument), None)
        return (flow, "") if flow else None
    handler = next((handler for handler in _HANDLERS[role] if handler.name == name), None)
    return (handler, argument) if handler else None


def for_intent(role: str, intent: str) -> Handler | Flow | None:
    """What answers a wish of this role."""
    flow = next((flow for flow in _FLOWS.get(role, ()) if flow.intent == intent), None)
    return flow or next((handler for handler in _HANDLERS[role] if intent in handler.intents), None)
