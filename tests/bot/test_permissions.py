"""Nothing is reached in chat without its permission, by whatever word or tapped id."""

from __future__ import annotations

import pytest

from bot import router
from bot.flows import ALL_FLOWS
from bot.understanding.intents import ROLES as INTENTS_OF_ROLES
from core.staff.permissions import PERMISSIONS, may

ACTIONS = sorted(
    {handler.name for handlers in router._HANDLERS.values() for handler in handlers}
    | {f"flow:{name}" for name in ALL_FLOWS}
    | {"", "flow:", "flow:none", "none", "role:owner", "account:C-2001"}
)
INTENTS = sorted({intent for intents in INTENTS_OF_ROLES.values() for intent in intents})


@pytest.mark.parametrize("role", router.ROLES)
def test_no_tapped_id_reaches_what_the_role_may_not(role: str) -> None:
    reached = {action: router.for_action(role, f"{action}:C-2001" if action else "") for action in ACTIONS}
    reached |= {action: router.for_action(role, action) for action in ACTIONS if reached[action] is None}
    targets = {action: found[0] for action, found in reached.items() if found is not None}
    assert {"menu", "language"} <= set(targets)
    assert [action for action, target in targets.items() if target.permission not in PERMISSIONS[role]] == []


@pytest.mark.parametrize("role", router.ROLES)
def test_no_wish_reaches_what_the_role_may_not(role: str) -> None:
    targets = {intent: target for intent in INTENTS if (target := router.for_intent(role, intent)) is not None}
    assert "menu" in targets
    assert [intent for intent, target in targets.items() if target.permission not in PERMISSIONS[role]] == []


@pytest.mark.parametrize("role", router.ROLES)
@pytest.mark.parametrize("flow", ALL_FLOWS)
def test_a_flow_is_open_to_exactly_the_roles_with_its_permission(role: str, flow: str) -> None:
    assert (router.flow_of(role, flow) is not None) == may(role, ALL_FLOWS[flow].permission)


def test_money_of_customers_is_for_neither_strangers_nor_technicians() -> None:
    for role in ("prospect", "technician"):
        assert not {"chat.balance", "chat.invoice", "chat.claim_payment"} & PERMISSIONS[role]


@pytest.mark.parametrize("role", router.ROLES)
def test_every_handler_listed_for_a_role_can_be_reached_by_it(role: str) -> None:
    assert [h.name for h in router._HANDLERS[role] if not may(role, h.permission)] == []
