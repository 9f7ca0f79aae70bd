"""From a wish or a tapped id to the handler or flow that the speaker's role may reach.

Every way to a handler or flow leads through here, so a permission that a role has not cannot be used.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.dialog import Flow
from bot.flows import ALL_FLOWS
from bot.handlers import (
    account,
    anyone,
    cash_doubts,
    cash_proofs,
    connection,
    figures,
    human,
    linking,
    office,
    outages,
    own_money,
    own_summary,
    prospect,
    recovery_agent,
    staff,
    talking,
    technician,
    visits,
    wordless,
)
from bot.handlers.registry import Handler
from bot.understanding.hints import HINTS, gives
from core.staff.permissions import may

FLOW_PREFIX = "flow"
HINTED: Sequence[tuple[frozenset[str], str]] = (
    (frozenset({"away"}), "flow:pause_line"),
    (frozenset({"comes_back"}), "flow:file_complaint"),
    (frozenset({"explain", "late_fee"}), "explain"),
    (frozenset({"explain", "tax"}), "explain"),
    (frozenset({"explain", "amount"}), "explain"),
    (frozenset({"explain", "bill"}), "explain"),
    (frozenset({"invoice_no"}), "invoice"),
    (frozenset({"receipt", "month"}), "invoice"),
    (frozenset({"ticket_no"}), "complaint_status"),
)
"""Signs of `bot.understanding.hints` and entities which together lead somewhere where no wish is sure."""
Target = Handler | Flow

_FRONT = (*human.HANDLERS, *connection.HANDLERS)
_ALL = (*anyone.HANDLERS, *linking.HANDLERS, *wordless.HANDLERS)
_OFFICE = (
    *office.HANDLERS,
    *cash_doubts.HANDLERS,
    *figures.HANDLERS,
    *talking.HANDLERS,
    *own_summary.HANDLERS,
    *outages.OFFICE,
)
_HANDLERS: dict[str, Sequence[Handler]] = {
    "customer": (*_FRONT, *account.HANDLERS, *visits.HANDLERS, *cash_proofs.HANDLERS, *_ALL),
    "prospect": (*_FRONT, *prospect.handlers(tuple(ALL_FLOWS.values())), *visits.HANDLERS, *_ALL),
    "technician": (*technician.HANDLERS, *_ALL, *own_money.HANDLERS, *staff.EVERYONE),
    "recovery_agent": (*recovery_agent.HANDLERS, *_ALL, *own_money.HANDLERS, *staff.EVERYONE),
    "manager": (*_OFFICE, *_ALL, *own_money.HANDLERS, *staff.EVERYONE),
    "owner": (*_OFFICE, *_ALL, *own_money.HANDLERS, *staff.EVERYONE),
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


def for_hint(role: str, text: str, entities: Collection[str]) -> Target | None:
    """What the signs in the text point to where the wish itself is not sure."""
    signs = {hint for hint in HINTS if gives(text, hint)} | set(entities)
    found = (for_action(role, action) for needed, action in HINTED if needed <= signs)
    return next((target[0] for target in found if target is not None), None)


def action_of(target: Target) -> str:
    """The id of a button that leads there."""
    return f"{FLOW_PREFIX}:{target.name}" if isinstance(target, Flow) else target.name
