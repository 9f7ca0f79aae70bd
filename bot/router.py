"""From a wish or a tapped id to the handler or flow that the speaker's role may reach.

Every way to a handler or flow leads through here, so a permission that a role has not cannot be used.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.dialog import Flow
from bot.flows import ALL_FLOWS
from bot.handlers import anyone, connection, customer, human, linking, office, prospect, recovery_agent, staff
from bot.handlers.registry import Handler
from core.staff.permissions import may

FLOW_PREFIX = "flow"
Target = Handler | Flow

_FRONT = (*human.HANDLERS, *connection.HANDLERS)
_ALL = (*anyone.HANDLERS, *linking.HANDLERS)
_HANDLERS: dict[str, Sequence[Handler]] = {
    "customer": (*_FRONT, *customer.HANDLERS, *_ALL),
    "prospect": (*_FRONT, *prospect.handlers(tuple(ALL_FLOWS.values())), *_ALL),
    "technician": (*staff.TECHNICIAN, *_ALL, *staff.EVERYONE),
    "recovery_agent": (*recovery_agent.HANDLERS, *_ALL, *staff.EVERYONE),
    "manager": (*office.HANDLERS, *_ALL, *staff.EVERYONE),
    "owner": (*office.HANDLERS, *_ALL, *staff.EVERYONE),
}
ROLES = tuple(_HANDLERS)


def handlers_of(role: str) -> Sequence[Handler]:
    """Every handler the role may reach."""
    return tuple(handler for handler in _HANDLERS[role] if may(role, handler.permission))


def flow_of(role: str, name: str) -> Flow | None:
    """The flow of that name, if the role may use it."""
    flow = ALL_FLOWS.get(name)
    return flow if flow is not None and may(role, flow.permission) else None


def for_action(role: str, action: str) -> tuple[Target, str] | None:
    """What a tapped id means to this role, and the part after its name; None for an id of another role."""
    name, _, argument = action.partition(":")
    called, _, about = argument.partition(":")
    if name == FLOW_PREFIX and (flow := flow_of(role, called)) is not None:
        return flow, about
    named = (action, "") if name == FLOW_PREFIX else (name, argument)
    handler = next((handler for handler in handlers_of(role) if handler.name == named[0]), None)
    return (handler, named[1]) if handler else None


def for_intent(role: str, intent: str) -> Target | None:
    """What answers a wish of this role."""
    flow = next((flow for flow in ALL_FLOWS.values() if flow.intent == intent and may(role, flow.permission)), None)
    return flow or next((handler for handler in handlers_of(role) if intent in handler.intents), None)


def action_of(target: Target) -> str:
    """The id of a button that leads there."""
    return f"{FLOW_PREFIX}:{target.name}" if isinstance(target, Flow) else target.name
