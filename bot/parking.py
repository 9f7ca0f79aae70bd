"""A flow that waits: parked for another wish, or put by for its turn, and offered back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot import engine, router
from bot.dialog import Chat, Flow
from bot.texts.reply import Button, Reply, lines, words
from bot.wishes import HUMAN, waiting

State = dict[str, Any]


def may_go_on(chat: Chat, flow: Flow) -> bool:
    """Whether the account a flow is about can still be told."""
    return chat.speaker.account is not None or not flow.needs_account


def park(state: State) -> None:
    """The open flow waits; what was parked before it is forgotten."""
    if "flow" in state:
        state["parked"] = state.pop("flow")


def keep(state: State, step: engine.Step) -> None:
    """Remember how far the flow is; nothing once it is over."""
    state.pop("flow", None)
    if step.progress is not None:
        state["flow"] = step.progress


def offer_parked(chat: Chat, state: State, reply: Reply) -> Reply:
    """The answer, and what was parked or put by offered where there is room for two buttons."""
    waits = state.get("parked") or next(iter(waiting(state, chat.now)), None)
    flow = router.flow_of(chat.speaker.role, waits["flow"]) if waits and "flow" not in state else None
    if flow is None or reply.rows or reply.attachment or chat.understood.intent in (flow.intent, HUMAN):
        return reply
    offer = (Button("resume", words("Continue")), Button("drop", words("Leave it")))
    body = lines(reply.body, words("Shall we go on with %(what)s?", what=flow.title))
    return replace(reply, body=body, buttons=(*offer, *reply.buttons[:1]))


def offer_waiting(chat: Chat, state: State, reply: Reply) -> Reply:
    """Behind the end of a flow: the wish that was put by for it."""
    return offer_parked(chat, state, reply) if "flow" not in state and waiting(state, chat.now) else reply


def next_put_by(chat: Chat, state: State) -> State | None:
    """The wish whose turn it is, taken out of those that wait."""
    kept = waiting(state, chat.now)
    if not kept:
        return None
    state["later"] = kept[1:]
    return kept[0]
